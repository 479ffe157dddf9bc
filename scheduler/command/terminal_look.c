#include "scheduler/command/terminal.h"

#include "scheduler/base/utf8.h"

#include <assert.h>
#include <string.h>

const char *terminal_style(const struct terminal *terminal, enum terminal_style style)
{
    if (!terminal->has_color)
        return "";
    switch (style) {
    case TERMINAL_STYLE_PLAIN:
        return "\033[0m";
    case TERMINAL_STYLE_BOLD:
        return "\033[1m";
    case TERMINAL_STYLE_DIM:
        return "\033[2m";
    case TERMINAL_STYLE_RED:
        return "\033[31m";
    case TERMINAL_STYLE_GREEN:
        return "\033[32m";
    case TERMINAL_STYLE_YELLOW:
        return "\033[33m";
    case TERMINAL_STYLE_BLUE:
        return "\033[34m";
    case TERMINAL_STYLE_MAGENTA:
        return "\033[35m";
    case TERMINAL_STYLE_CYAN:
        return "\033[36m";
    case TERMINAL_STYLE_ERROR:
        return "\033[1;31m";
    case TERMINAL_STYLE_WARNING:
        return "\033[1;33m";
    }
    return "";
}

const char *terminal_glyph(const struct terminal *terminal, enum terminal_glyph glyph)
{
    bool utf8 = terminal->has_utf8;
    switch (glyph) {
    case TERMINAL_GLYPH_OK:
        return utf8 ? "✓" : "ok";
    case TERMINAL_GLYPH_FAILED:
        return utf8 ? "✗" : "x";
    case TERMINAL_GLYPH_RUNNING:
        return utf8 ? "▶" : ">";
    case TERMINAL_GLYPH_WAITING:
        return utf8 ? "○" : "-";
    case TERMINAL_GLYPH_BLOCKED:
        return utf8 ? "△" : "^";
    case TERMINAL_GLYPH_STOPPED:
        return utf8 ? "■" : "#";
    case TERMINAL_GLYPH_SKIPPED:
        return utf8 ? "»" : ">>";
    case TERMINAL_GLYPH_FROZEN:
        return utf8 ? "❄" : "*";
    case TERMINAL_GLYPH_WARNING:
        return "!";
    case TERMINAL_GLYPH_ARROW:
        return utf8 ? "→" : "->";
    case TERMINAL_GLYPH_BACK:
        return utf8 ? "←" : "<-";
    case TERMINAL_GLYPH_DOTS:
        return utf8 ? "…" : "...";
    case TERMINAL_GLYPH_RULE:
        return utf8 ? "─" : "-";
    case TERMINAL_GLYPH_BAR_FULL:
        return utf8 ? "━" : "=";
    case TERMINAL_GLYPH_BAR_HEAD:
        return utf8 ? "╺" : ">";
    case TERMINAL_GLYPH_DATE_RANGE:
        return utf8 ? "…" : "..";
    }
    return "";
}

struct state_look {
    const char *state;
    enum terminal_glyph glyph;
    enum terminal_style style;
};

static const struct state_look state_looks[] = {
    {"success", TERMINAL_GLYPH_OK, TERMINAL_STYLE_GREEN},
    {"failed", TERMINAL_GLYPH_FAILED, TERMINAL_STYLE_RED},
    {"running", TERMINAL_GLYPH_RUNNING, TERMINAL_STYLE_BLUE},
    {"waiting", TERMINAL_GLYPH_WAITING, TERMINAL_STYLE_DIM},
    {"blocked", TERMINAL_GLYPH_BLOCKED, TERMINAL_STYLE_YELLOW},
    {"stopped", TERMINAL_GLYPH_STOPPED, TERMINAL_STYLE_DIM},
    {"skipped", TERMINAL_GLYPH_SKIPPED, TERMINAL_STYLE_MAGENTA},
    {"frozen", TERMINAL_GLYPH_FROZEN, TERMINAL_STYLE_CYAN},
    {"paused", TERMINAL_GLYPH_STOPPED, TERMINAL_STYLE_YELLOW},
};

static const struct state_look *find_look(const char *state)
{
    for (size_t i = 0; i < sizeof state_looks / sizeof state_looks[0]; i++) {
        if (strcmp(state_looks[i].state, state) == 0)
            return &state_looks[i];
    }
    return NULL;
}

enum terminal_glyph terminal_state_glyph(const char *state)
{
    const struct state_look *look = find_look(state);
    return look != NULL ? look->glyph : TERMINAL_GLYPH_WARNING;
}

enum terminal_style terminal_state_style(const char *state)
{
    const struct state_look *look = find_look(state);
    return look != NULL ? look->style : TERMINAL_STYLE_PLAIN;
}

void terminal_append_state(const struct terminal *terminal, struct text *text, const char *state)
{
    text_append(text, terminal_style(terminal, terminal_state_style(state)));
    text_append(text, terminal_glyph(terminal, terminal_state_glyph(state)));
    text_append_char(text, ' ');
    text_append(text, state);
    text_append(text, terminal_style(terminal, TERMINAL_STYLE_PLAIN));
}

/* Bytes of an escape sequence of ours (ESC [ … letter) at the start of `string`, else 0. */
static size_t escape_length(const char *string)
{
    if (string[0] != '\033' || string[1] != '[')
        return 0;
    size_t length = 2 + strspn(string + 2, "0123456789;");
    return string[length] != '\0' ? length + 1 : length;
}

/* Calls for each piece of text between escape sequences would be one loop in two places; this walks
 * up to `width` columns and returns the bytes walked. */
static size_t walk_columns(const char *string, size_t width, size_t *ret_columns)
{
    size_t at = 0;
    size_t columns = 0;
    while (string[at] != '\0') {
        size_t escape = escape_length(string + at);
        if (escape > 0) {
            at += escape;
            continue;
        }
        int32_t code;
        size_t length = utf8_decode(string + at, strlen(string + at), &code);
        size_t wide = code < 0 ? 1 : (size_t)utf8_code_width(code);
        if (columns + wide > width)
            break;
        columns += wide;
        at += length;
    }
    *ret_columns = columns;
    return at;
}

size_t terminal_width_of(const char *string)
{
    size_t columns;
    walk_columns(string, SIZE_MAX, &columns);
    return columns;
}

void terminal_append_cut(const struct terminal *terminal, struct text *text, const char *string,
                         size_t width)
{
    size_t columns;
    size_t whole = walk_columns(string, width, &columns);
    if (string[whole] == '\0') {
        text_append(text, string);
        return;
    }
    const char *dots = terminal_glyph(terminal, TERMINAL_GLYPH_DOTS);
    size_t dots_width = terminal_width_of(dots);
    if (dots_width > width) {
        text_append_bytes(text, string, whole);
        return;
    }
    size_t kept = walk_columns(string, width - dots_width, &columns);
    text_append_bytes(text, string, kept);
    text_append(text, dots);
    text_append(
        text, strchr(string, '\033') != NULL ? terminal_style(terminal, TERMINAL_STYLE_PLAIN) : "");
}

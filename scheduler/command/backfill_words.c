#include "scheduler/command/backfill_words.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"

#include <inttypes.h>
#include <string.h>

size_t backfill_words_columns(const struct terminal *terminal)
{
    return terminal->width > 0 ? (size_t)terminal->width : BACKFILL_WORDS_PIPE_COLUMNS;
}

static void append_stretch(const struct terminal *terminal, const struct backfill_stretch *stretch,
                           struct text *text)
{
    text_append(text, stretch->first);
    if (strcmp(stretch->first, stretch->last) != 0)
        text_append_format(text, " %s %s", terminal_glyph(terminal, TERMINAL_GLYPH_DATE_RANGE),
                           stretch->last);
}

/* `, … and 12 more`; in a narrow window `, …`. */
static void append_rest(const struct terminal *terminal, int64_t rest, size_t columns,
                        struct text *text)
{
    SCOPED_TEXT struct text words = {0};
    const char *dots = terminal_glyph(terminal, TERMINAL_GLYPH_DOTS);
    text_append_format(&words, ", %s and %" PRId64 " more", dots, rest);
    if (terminal_width_of(text_string(&words)) <= columns)
        text_append(text, text_string(&words));
    else
        text_append_format(text, ", %s", dots);
}

/* Columns that `… and N more` would take. */
static size_t width_of_rest(const struct terminal *terminal, int64_t rest)
{
    SCOPED_TEXT struct text text = {0};
    if (rest > 0)
        append_rest(terminal, rest, SIZE_MAX, &text);
    return terminal_width_of(text_string(&text));
}

void backfill_words_stretches(const struct terminal *terminal,
                              const struct backfill_stretches *stretches, size_t columns,
                              struct text *text)
{
    int64_t rest = 0;
    for (size_t i = 0; i < stretches->count; i++)
        rest += stretches->items[i].count;
    size_t used = 0;
    for (size_t i = 0; i < stretches->count; i++) {
        SCOPED_TEXT struct text piece = {0};
        text_append(&piece, i > 0 ? ", " : "");
        append_stretch(terminal, &stretches->items[i], &piece);
        size_t width = terminal_width_of(text_string(&piece));
        int64_t after = rest - stretches->items[i].count;
        if (i > 0 && used + width + width_of_rest(terminal, after) > columns) {
            append_rest(terminal, rest, columns > used ? columns - used : 0, text);
            return;
        }
        text_append(text, text_string(&piece));
        used += width;
        rest = after;
    }
}

void backfill_words_wrapped(const struct backfill_words_box *box, const char *string,
                            struct text *text)
{
    size_t used = box->used;
    bool is_line_start = true;
    while (*string != '\0') {
        size_t length = strcspn(string, " ");
        size_t width = utf8_width(string, length);
        if (!is_line_start && used + 1 + width > box->columns) {
            text_append_char(text, '\n');
            text_append_repeat(text, ' ', box->indent);
            used = box->indent;
        } else if (!is_line_start) {
            text_append_char(text, ' ');
            used++;
        }
        utf8_append_safe(text, string, length);
        used += width;
        is_line_start = false;
        string += length;
        string += *string == ' ';
    }
    text_append_char(text, '\n');
}

static void append_glyphs(const char *glyph, size_t count, struct text *text)
{
    for (size_t i = 0; i < count; i++)
        text_append(text, glyph);
}

void backfill_words_bar(const struct terminal *terminal, int64_t done, int64_t total,
                        size_t columns, struct text *text)
{
    size_t full = total > 0 ? (size_t)((double)done / (double)total * (double)columns) : 0;
    full = full > columns ? columns : full;
    bool is_whole = done >= total;
    const char *bar = terminal_glyph(terminal, TERMINAL_GLYPH_BAR_FULL);
    text_append(text, terminal_style(terminal, TERMINAL_STYLE_GREEN));
    append_glyphs(bar, is_whole ? columns : full, text);
    text_append(text, terminal_style(terminal, TERMINAL_STYLE_PLAIN));
    if (is_whole || full == columns)
        return;
    text_append(text, terminal_style(terminal, TERMINAL_STYLE_DIM));
    text_append(text, terminal_glyph(terminal, TERMINAL_GLYPH_BAR_HEAD));
    append_glyphs(terminal->has_utf8 ? bar : "-", columns - full - 1, text);
    text_append(text, terminal_style(terminal, TERMINAL_STYLE_PLAIN));
}

const char *backfill_words_date(const char *bizdate, const char *cyctime, bool has_time,
                                struct arena *arena)
{
    if (!has_time || strlen(cyctime) < 16)
        return arena_copy_string(arena, bizdate);
    return arena_format(arena, "%sT%.5s", bizdate, cyctime + 11);
}

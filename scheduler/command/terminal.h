/* One output stream: whether it is a terminal, what it can show, and writing to it.
 *
 * Output is collected and written with one write() per flush, so that a line or a frame is never
 * torn. stdout carries data, stderr progress, notes and errors; each is judged by itself. Text from
 * outside (names, messages, logs) goes through terminal_put(), which lets no control character
 * pass; the format functions are for our own text. */
#ifndef DATEMILL_COMMAND_TERMINAL_H
#define DATEMILL_COMMAND_TERMINAL_H

#include "scheduler/base/error.h"
#include "scheduler/base/text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define TERMINAL_DEFAULT_WIDTH 80
#define TERMINAL_DEFAULT_HEIGHT 24

/* What stands on the screen and goes when something else is written: a frame (frame.h). */
struct terminal_live {
    void *owner;
    void (*append_erase)(void *owner, struct text *text); /* what removes it; it counts as gone */
};

enum terminal_color_when {
    TERMINAL_COLOR_AUTO,
    TERMINAL_COLOR_ALWAYS,
    TERMINAL_COLOR_NEVER
};

/* What decides about colours and glyphs. Strings may be NULL: not set. */
struct terminal_settings {
    enum terminal_color_when color; /* --color */
    bool wants_ascii;               /* --ascii */
    const char *no_color;           /* NO_COLOR: counts when it is not empty */
    const char *clicolor_force;     /* CLICOLOR_FORCE: counts when it is neither empty nor 0 */
    const char *term;               /* TERM: `dumb` shows no colour and no frames */
    const char *locale;             /* the first of LC_ALL, LC_CTYPE, LANG that is not empty */
};

enum terminal_style {
    TERMINAL_STYLE_PLAIN,
    TERMINAL_STYLE_BOLD,
    TERMINAL_STYLE_DIM,
    TERMINAL_STYLE_RED,
    TERMINAL_STYLE_GREEN,
    TERMINAL_STYLE_YELLOW,
    TERMINAL_STYLE_BLUE,
    TERMINAL_STYLE_MAGENTA,
    TERMINAL_STYLE_CYAN,
    TERMINAL_STYLE_ERROR,  /* bold red: "error" */
    TERMINAL_STYLE_WARNING /* bold yellow: "warning" */
};

enum terminal_glyph {
    TERMINAL_GLYPH_OK,        /* ✓ ok */
    TERMINAL_GLYPH_FAILED,    /* ✗ x */
    TERMINAL_GLYPH_RUNNING,   /* ▶ > */
    TERMINAL_GLYPH_WAITING,   /* ○ - */
    TERMINAL_GLYPH_BLOCKED,   /* △ ^ */
    TERMINAL_GLYPH_STOPPED,   /* ■ # */
    TERMINAL_GLYPH_SKIPPED,   /* » >> */
    TERMINAL_GLYPH_FROZEN,    /* ❄ * */
    TERMINAL_GLYPH_WARNING,   /* ! ! */
    TERMINAL_GLYPH_ARROW,     /* → -> */
    TERMINAL_GLYPH_BACK,      /* ← <- */
    TERMINAL_GLYPH_DOTS,      /* … ... */
    TERMINAL_GLYPH_RULE,      /* ─ - */
    TERMINAL_GLYPH_BAR_FULL,  /* ━ = */
    TERMINAL_GLYPH_BAR_HEAD,  /* ╺ > */
    TERMINAL_GLYPH_DATE_RANGE /* … .. between two dates */
};

struct terminal {
    int fd;
    bool is_terminal;
    bool has_color;
    bool has_utf8;   /* else glyphs are ASCII */
    bool has_cursor; /* a terminal that can move the cursor: frames may be shown */
    bool is_closed;  /* the reader went away (EPIPE): what is written is dropped */
    bool is_failed;  /* a write failed otherwise; `error` says why */
    int width;       /* columns; 0 = not a terminal, no limit */
    int height;      /* lines; 0 = not a terminal */
    struct text pending;
    struct error error;
    struct terminal_live *live; /* what stands on the screen, NULL = nothing */
    struct terminal *peer; /* the other stream: if both are one screen its frame is erased first */
};

/* Settings from the environment; `color` and `wants_ascii` stay as they are. */
void terminal_settings_from_environment(struct terminal_settings *settings);

/* `fd` stays the caller's. */
void terminal_init(struct terminal *terminal, int fd, const struct terminal_settings *settings);
void terminal_free(struct terminal *terminal); /* what is pending is dropped */

/* Two streams of one process know of each other's frame. */
void terminal_join(struct terminal *a, struct terminal *b);

/* Asks the kernel for the size again (SIGWINCH); frame_show() does it by itself. */
void terminal_update_size(struct terminal *terminal);

void terminal_print(struct terminal *terminal, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void terminal_print_args(struct terminal *terminal, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
void terminal_print_styled(struct terminal *terminal, enum terminal_style style, const char *format,
                           ...) __attribute__((format(printf, 3, 4)));

/* A line `name      text`; what the format makes is text from outside. */
void terminal_print_fact(struct terminal *terminal, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Text from outside; control characters but newline and tab become U+FFFD. */
void terminal_put(struct terminal *terminal, const char *text);
void terminal_put_bytes(struct terminal *terminal, const char *bytes, size_t length);

/* Writes what is pending with one write (more only if the kernel takes less), a frame on the screen
 * erased before it; what is pending for the peer goes before. 0, or -1 when the stream is closed or
 * failed. */
int terminal_flush(struct terminal *terminal);

/* Escape sequence that starts a style, "" without colour; TERMINAL_STYLE_PLAIN ends all. */
const char *terminal_style(const struct terminal *terminal, enum terminal_style style);
const char *terminal_glyph(const struct terminal *terminal, enum terminal_glyph glyph);

/* How a state is shown, by its name (`success`, `failed`, `paused`, …); an unknown one is plain. */
enum terminal_glyph terminal_state_glyph(const char *state);
enum terminal_style terminal_state_style(const char *state);

/* Appends glyph and word in the state's colour: `✗ failed`. */
void terminal_append_state(const struct terminal *terminal, struct text *text, const char *state);

/* Appends `text` cut to `width` columns, with "…" at the end if it was cut. */
void terminal_append_cut(const struct terminal *terminal, struct text *text, const char *string,
                         size_t width);

/* Columns of a text that may hold escape sequences of ours. */
size_t terminal_width_of(const char *string);

#endif

#include "scheduler/command/terminal.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PENDING_FLUSH_BYTES                                                                        \
    ((size_t)64 << 10) /* a stream of data is written in pieces of this size */

static const char *first_filled(const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0')
            return value;
    }
    return NULL;
}

void terminal_settings_from_environment(struct terminal_settings *settings)
{
    static const char *const locale_names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    settings->no_color = getenv("NO_COLOR");
    settings->clicolor_force = getenv("CLICOLOR_FORCE");
    settings->term = getenv("TERM");
    settings->locale = first_filled(locale_names, sizeof locale_names / sizeof locale_names[0]);
}

static bool is_dumb(const struct terminal_settings *settings)
{
    return settings->term == NULL || settings->term[0] == '\0' ||
           strcmp(settings->term, "dumb") == 0;
}

/* --color, then NO_COLOR, then CLICOLOR_FORCE, then whether it is a terminal that can. */
static bool decide_color(const struct terminal_settings *settings, bool is_terminal)
{
    switch (settings->color) {
    case TERMINAL_COLOR_ALWAYS:
        return true;
    case TERMINAL_COLOR_NEVER:
        return false;
    case TERMINAL_COLOR_AUTO:
        break;
    }
    if (settings->no_color != NULL && settings->no_color[0] != '\0')
        return false;
    const char *force = settings->clicolor_force;
    if (force != NULL && force[0] != '\0' && strcmp(force, "0") != 0)
        return true;
    return is_terminal && !is_dumb(settings);
}

static bool locale_is_utf8(const char *locale)
{
    const char *charset = locale != NULL ? strchr(locale, '.') : NULL;
    return charset != NULL &&
           (strncasecmp(charset, ".UTF-8", 6) == 0 || strncasecmp(charset, ".UTF8", 5) == 0);
}

void terminal_init(struct terminal *terminal, int fd, const struct terminal_settings *settings)
{
    *terminal = (struct terminal){.fd = fd, .is_terminal = isatty(fd) == 1};
    terminal->has_color = decide_color(settings, terminal->is_terminal);
    terminal->has_utf8 = !settings->wants_ascii && locale_is_utf8(settings->locale);
    terminal->has_cursor = terminal->is_terminal && !is_dumb(settings);
    terminal_update_size(terminal);
}

void terminal_free(struct terminal *terminal)
{
    text_free(&terminal->pending);
}

void terminal_join(struct terminal *a, struct terminal *b)
{
    a->peer = b;
    b->peer = a;
}

void terminal_update_size(struct terminal *terminal)
{
    if (!terminal->is_terminal)
        return;
    struct winsize size = {0};
    bool is_known = ioctl(terminal->fd, TIOCGWINSZ, &size) == 0;
    terminal->width = is_known && size.ws_col > 0 ? size.ws_col : TERMINAL_DEFAULT_WIDTH;
    terminal->height = is_known && size.ws_row > 0 ? size.ws_row : TERMINAL_DEFAULT_HEIGHT;
}

static void note_failure(struct terminal *terminal, int number)
{
    if (number == EPIPE) {
        terminal->is_closed = true;
        return;
    }
    if (terminal->is_failed)
        return;
    terminal->is_failed = true;
    errno = number;
    error_set_errno(&terminal->error, ERROR_KIND_PRECONDITION, "the output cannot be written");
}

/* A stream that somebody made non-blocking is waited for. */
static bool wait_writable(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
    return poll(&poll_fd, 1, -1) >= 0 || errno == EINTR;
}

static void write_all(struct terminal *terminal, const char *bytes, size_t length)
{
    size_t written = 0;
    while (written < length) {
        ssize_t count = write(terminal->fd, bytes + written, length - written);
        if (count >= 0) {
            written += (size_t)count;
            continue;
        }
        if (errno == EINTR)
            continue;
        if ((errno == EAGAIN || errno == EWOULDBLOCK) && wait_writable(terminal->fd))
            continue;
        note_failure(terminal, errno);
        return;
    }
}

/* Takes away what stands on the screen of a stream; the sequence is written with what is pending.
 * */
static void erase_live(struct terminal *terminal)
{
    struct terminal_live *live = terminal->live;
    if (live == NULL)
        return;
    terminal->live = NULL;
    struct text together = {0};
    live->append_erase(live->owner, &together);
    text_append_bytes(&together, text_string(&terminal->pending), terminal->pending.length);
    text_free(&terminal->pending);
    terminal->pending = together;
}

static bool can_write(const struct terminal *terminal)
{
    return !terminal->is_closed && !terminal->is_failed;
}

static void write_pending(struct terminal *terminal)
{
    struct terminal *peer = terminal->peer;
    bool is_drawn_over = terminal->pending.length > 0 && terminal->is_terminal && peer != NULL &&
                         peer->live != NULL && can_write(peer);
    if (is_drawn_over) {
        erase_live(peer);
        write_all(peer, text_string(&peer->pending), peer->pending.length);
        text_clear(&peer->pending);
    }
    if (terminal->pending.length > 0 && can_write(terminal)) {
        erase_live(terminal);
        write_all(terminal, text_string(&terminal->pending), terminal->pending.length);
    }
    text_clear(&terminal->pending);
}

int terminal_flush(struct terminal *terminal)
{
    if (terminal->peer != NULL)
        write_pending(terminal->peer); /* what was said first is seen first */
    write_pending(terminal);
    return can_write(terminal) ? 0 : -1;
}

static void flush_if_large(struct terminal *terminal)
{
    if (terminal->pending.length >= PENDING_FLUSH_BYTES)
        terminal_flush(terminal);
}

void terminal_print_args(struct terminal *terminal, const char *format, va_list args)
{
    text_append_args(&terminal->pending, format, args);
    flush_if_large(terminal);
}

void terminal_print(struct terminal *terminal, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    terminal_print_args(terminal, format, args);
    va_end(args);
}

void terminal_print_styled(struct terminal *terminal, enum terminal_style style, const char *format,
                           ...)
{
    text_append(&terminal->pending, terminal_style(terminal, style));
    va_list args;
    va_start(args, format);
    text_append_args(&terminal->pending, format, args);
    va_end(args);
    text_append(&terminal->pending, terminal_style(terminal, TERMINAL_STYLE_PLAIN));
    flush_if_large(terminal);
}

void terminal_print_fact(struct terminal *terminal, const char *name, const char *format, ...)
{
    SCOPED_TEXT struct text text = {0};
    va_list args;
    va_start(args, format);
    text_append_args(&text, format, args);
    va_end(args);
    terminal_print(terminal, "%-9s ", name);
    terminal_put(terminal, text_string(&text));
    terminal_print(terminal, "\n");
}

void terminal_put_bytes(struct terminal *terminal, const char *bytes, size_t length)
{
    utf8_append_safe(&terminal->pending, bytes, length);
    flush_if_large(terminal);
}

void terminal_put(struct terminal *terminal, const char *text)
{
    terminal_put_bytes(terminal, text, strlen(text));
}

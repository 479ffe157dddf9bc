#include "scheduler/command/frame.h"

#include "scheduler/base/scope.h"

#include <assert.h>
#include <string.h>

void frame_init(struct frame *frame, struct terminal *terminal)
{
    *frame = (struct frame){.terminal = terminal};
}

void frame_free(struct frame *frame)
{
    frame_erase(frame);
    text_free(&frame->lines);
}

void frame_begin(struct frame *frame)
{
    text_clear(&frame->lines);
    frame->line_count = 0;
    if (frame->terminal->has_cursor)
        terminal_update_size(frame->terminal);
}

void frame_add(struct frame *frame, const char *format, ...)
{
    struct terminal *terminal = frame->terminal;
    if (!terminal->has_cursor || frame->line_count + 1 >= (size_t)terminal->height)
        return;
    SCOPED_TEXT struct text line = {0};
    va_list args;
    va_start(args, format);
    text_append_args(&line, format, args);
    va_end(args);
    assert(strchr(text_string(&line), '\n') == NULL);
    terminal_append_cut(terminal, &frame->lines, text_string(&line), (size_t)terminal->width);
    text_append_char(&frame->lines, '\n');
    frame->line_count++;
}

/* A window that got narrower since has broken lines in two: count the rows they take now. */
static size_t rows_on_screen(const struct frame *frame)
{
    int width = frame->terminal->width;
    if (width >= frame->shown_width || width <= 0)
        return frame->shown;
    size_t each = (size_t)((frame->shown_columns + width - 1) / width);
    return frame->shown * (each > 0 ? each : 1);
}

/* The cursor stands below the frame: up to its first line, and away with all from there on. */
static void append_erase(void *owner, struct text *text)
{
    struct frame *frame = owner;
    size_t rows = rows_on_screen(frame);
    size_t most = frame->terminal->height > 1 ? (size_t)frame->terminal->height - 1 : 1;
    if (rows > 0)
        text_append_format(text, "\r\033[%zuA\033[J", rows < most ? rows : most);
    frame->shown = 0;
}

static int widest_line(const char *lines)
{
    size_t widest = 0;
    while (*lines != '\0') {
        size_t length = strcspn(lines, "\n");
        char *line = strndup(lines, length);
        size_t width = line != NULL ? terminal_width_of(line) : 0;
        free(line);
        widest = width > widest ? width : widest;
        lines += length + (lines[length] == '\n');
    }
    return (int)widest;
}

void frame_show(struct frame *frame)
{
    struct terminal *terminal = frame->terminal;
    if (!terminal->has_cursor)
        return;
    text_append(&terminal->pending, text_string(&frame->lines));
    if (terminal->pending.length == 0)
        frame_erase(frame);
    terminal_flush(terminal); /* what stood there before goes in the same write */
    frame->shown = frame->line_count;
    frame->shown_width = terminal->width;
    frame->shown_columns = widest_line(text_string(&frame->lines));
    frame->live = (struct terminal_live){frame, append_erase};
    terminal->live = frame->shown > 0 ? &frame->live : NULL;
}

void frame_erase(struct frame *frame)
{
    struct terminal *terminal = frame->terminal;
    if (frame->shown == 0 || terminal->live != &frame->live)
        return;
    terminal->live = NULL;
    SCOPED_TEXT struct text erase = {0};
    append_erase(frame, &erase);
    text_append(&erase, text_string(&terminal->pending));
    text_clear(&terminal->pending);
    text_append(&terminal->pending, text_string(&erase));
    terminal_flush(terminal);
}

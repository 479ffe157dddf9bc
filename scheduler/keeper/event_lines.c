#include "scheduler/keeper/event_lines.h"

#include "scheduler/keeper/lazy_file.h"
#include "scheduler/system/keeper_protocol.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

/* Keeps the line in the file, with its newline. */
static int keep(struct event_lines *lines)
{
    if (lines->fd < 0)
        lines->fd = lazy_file_open(lines->dir_fd, lines->path);
    if (lines->fd < 0)
        return -1;
    text_append_char(&lines->partial, '\n');
    ssize_t length = (ssize_t)lines->partial.length;
    ssize_t count = pwrite(lines->fd, lines->partial.data, lines->partial.length, lines->size);
    lines->partial.data[--lines->partial.length] = '\0';
    if (count != length) {
        int result = ftruncate(lines->fd, lines->size);
        (void)result;
        return -1;
    }
    lines->size += length;
    return 0;
}

static void end_line(struct event_lines *lines)
{
    bool is_bad = lines->is_skipping;
    lines->is_skipping = false;
    if (!is_bad && lines->partial.length == 0)
        return;
    lines->taken += (int64_t)lines->partial.length + 1;
    if (is_bad || lines->taken > (int64_t)KEEPER_MAX_EVENTS_BYTES || keep(lines) < 0) {
        if (lines->dropped < INT32_MAX)
            lines->dropped++;
    } else {
        lines->call(lines->owner, text_string(&lines->partial));
    }
    text_clear(&lines->partial);
}

static void add(struct event_lines *lines, const char *bytes, size_t length)
{
    if (lines->is_skipping)
        return;
    if (lines->partial.length + length > KEEPER_MAX_EVENT_BYTES ||
        memchr(bytes, '\0', length) != NULL) {
        lines->is_skipping = true;
        text_clear(&lines->partial);
        return;
    }
    text_append_bytes(&lines->partial, bytes, length);
}

void event_lines_write(struct event_lines *lines, const char *bytes, size_t length)
{
    while (length > 0) {
        const char *newline = memchr(bytes, '\n', length);
        size_t part = newline == NULL ? length : (size_t)(newline - bytes);
        add(lines, bytes, part);
        if (newline == NULL)
            return;
        end_line(lines);
        bytes += part + 1;
        length -= part + 1;
    }
}

void event_lines_finish(struct event_lines *lines)
{
    end_line(lines);
    text_free(&lines->partial);
    if (lines->fd >= 0)
        close(lines->fd);
    lines->fd = -1;
}

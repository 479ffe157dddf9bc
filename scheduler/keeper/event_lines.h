/* The JSON lines that an attempt writes to descriptor 3: cut into lines, limited, kept in a file
 * that is created with the first of them. What a line says is not looked at. */
#ifndef DATEMILL_KEEPER_EVENT_LINES_H
#define DATEMILL_KEEPER_EVENT_LINES_H

#include "scheduler/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_lines {
    int dir_fd;       /* what a relative path is relative to; borrowed */
    const char *path; /* borrowed */
    void (*call)(void *owner, const char *line);
    void *owner;
    int fd;              /* -1 until the first line */
    int64_t size;        /* bytes of the file */
    int64_t taken;       /* bytes of all lines, against KEEPER_MAX_EVENTS_BYTES */
    struct text partial; /* the line that has not ended */
    bool is_skipping;    /* the present line is too long, or has a NUL: to its end it is dropped */
    int32_t dropped;     /* lines dropped: too long, with a NUL, above the limit, or not written */
};

/* Bytes as they came. */
void event_lines_write(struct event_lines *lines, const char *bytes, size_t length);

/* The end: a last line without a newline counts as a line. Closes the file. */
void event_lines_finish(struct event_lines *lines);

#endif

/* The log of one attempt, in the line format of the Kubernetes container runtimes:
 *
 *     2026-11-22T10:31:02.123456000+00:00 stdout F a whole line
 *     2026-11-22T10:31:02.123457000+00:00 stderr P a piece that no newline followed (yet)
 *     2026-11-22T10:31:02.123458000+00:00 datemill F a note of the keeper's
 *
 * Times are UTC. F: a newline followed the text; P: none did, and the next piece of that stream
 * continues it. Lines above 16 KiB come in pieces. The file is created with the first byte.
 *
 * The file never grows beyond its limit: of too much output its first half and its last half are
 * kept. The last half is written to two files beside it, <path>.tail0 and .tail1 in turns, and
 * appended at the end; a line of the keeper's says at the place how much is missing. A disk that is
 * full costs output, which is counted as lost, and never holds up the program. */
#ifndef DATEMILL_KEEPER_ATTEMPT_LOG_H
#define DATEMILL_KEEPER_ATTEMPT_LOG_H

#include "scheduler/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ATTEMPT_LOG_PIECE_BYTES ((size_t)16 << 10)

enum attempt_log_stream {
    ATTEMPT_LOG_STDOUT,
    ATTEMPT_LOG_STDERR,
    ATTEMPT_LOG_NOTE
};

struct attempt_log_tail {
    int fd;          /* -1 = not there */
    int64_t size;    /* bytes of the file */
    int64_t payload; /* bytes of output in it */
};

struct attempt_log {
    int dir_fd;       /* what a relative path is relative to; borrowed */
    const char *path; /* borrowed */
    int64_t limit;    /* bytes of the file at most */
    int fd;           /* -1 until the first byte */
    int64_t size;     /* bytes of the file */
    int64_t lost;     /* bytes of output that are not kept */
    int error;        /* errno of the last write that failed, 0 = none */
    bool is_in_tail;  /* the first half is full */
    bool is_joining;  /* the last lines are written: they go to the head, however full */
    int tail;         /* index of the one that is written */
    struct attempt_log_tail tails[2];
    struct text partial[2]; /* per stream: the line that has not ended */
    struct text out;        /* formatted, not yet written */
    int64_t out_payload;    /* bytes of output in it */
    char stamp[64];         /* the time of the present chunk, formatted */
};

void attempt_log_init(struct attempt_log *log, int dir_fd, const char *path, int64_t limit);

/* Takes bytes as they came from a stream. */
void attempt_log_write(struct attempt_log *log, enum attempt_log_stream stream, const char *bytes,
                       size_t length);

/* A line of the keeper's own; control characters are shown as `?`. */
void attempt_log_note(struct attempt_log *log, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Writes what is left, joins the tail to the head and closes. `size` and `lost` stay valid. */
void attempt_log_finish(struct attempt_log *log);

/* Joins the tail of a log whose keeper died, and adds a note. Does nothing if there is no log. */
void attempt_log_recover(int dir_fd, const char *path, const char *note);

#endif

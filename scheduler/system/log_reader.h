/* Lines of an attempt's log in order, from a file that may still grow and may be larger than
 * memory.
 *
 *     log_reader_open(&reader, path); // a log that is not there yet has no lines
 *     while (log_reader_next(&reader, is_ended, &line)) // until there is none for the moment
 *         …
 */
#ifndef DATEMILL_SYSTEM_LOG_READER_H
#define DATEMILL_SYSTEM_LOG_READER_H

#include "scheduler/base/text.h"
#include "scheduler/system/attempt_log.h"

#include <stdbool.h>
#include <stdint.h>

#define LOG_READER_MAX_LINE ((size_t)1 << 20) /* a longer line is given in pieces of this size */

struct log_reader {
    const char *path; /* borrowed; NULL = there is only `fd` */
    int fd;           /* -1 = not opened yet */
    int64_t offset;   /* in the file, of the next read */
    int64_t end;      /* nothing is read from here on; 0 = the file's end */
    struct text bytes;
    size_t used; /* of `bytes`: given already */
    struct log_reader_open_line {
        struct text text;
        struct instant at;        /* of its newest part */
        int64_t offset;           /* of its first part */
    } open[ATTEMPT_LOG_NOTE + 1]; /* by stream: parts of a line that has not ended */
    struct text *given;           /* what the last line was, to be cleared; NULL = nothing */
    int64_t line_offset;          /* in the file, of the line given last: it never changes */
};

void log_reader_open(struct log_reader *reader, const char *path);

/* Reads a file that is open already and is closed by log_reader_close(); -1 = no log. */
void log_reader_open_fd(struct log_reader *reader, int fd);
void log_reader_close(struct log_reader *reader);

/* The next line; its text lives until the next call. False when there is none now, or never will
 * be: ask again later. With `is_end`, what is left without a newline counts as a line too. */
bool log_reader_next(struct log_reader *reader, bool is_end, struct attempt_log_line *ret_line);

/* Goes to the last `lines` lines; 0 = stays at the start. */
void log_reader_seek_tail(struct log_reader *reader, int64_t lines);

/* Goes to the last `lines` lines before the line at `offset`, which are then all that is read: ask
 * with `is_end`. An offset in the middle of a line cuts it; one behind the end is the end. */
void log_reader_seek_before(struct log_reader *reader, int64_t offset, int64_t lines);

/* Lines before `offset`, counted without reading more than `max_bytes`; -1 = that is not enough. */
int64_t log_reader_count(struct log_reader *reader, int64_t offset, int64_t max_bytes);

#endif

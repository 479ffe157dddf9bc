/* Lines of an attempt's log in order, from a file that may still grow and may be larger than
 * memory.
 *
 *     log_reader_open(&reader, path); // a log that is not there yet has no lines
 *     while (log_reader_next(&reader, is_ended, &line)) // until there is none for the moment
 *         …
 */
#ifndef DATEMILL_COMMAND_LOG_READER_H
#define DATEMILL_COMMAND_LOG_READER_H

#include "scheduler/base/text.h"
#include "scheduler/system/attempt_log.h"

#include <stdbool.h>
#include <stdint.h>

#define LOG_READER_MAX_LINE ((size_t)1 << 20) /* a longer line is given in pieces of this size */

struct log_reader {
    const char *path; /* borrowed */
    int fd;           /* -1 = not opened yet */
    int64_t offset;   /* of the next read */
    struct text bytes;
    size_t used; /* of `bytes`: given already */
    struct log_reader_open_line {
        struct text text;
        struct instant at;        /* of its newest part */
    } open[ATTEMPT_LOG_NOTE + 1]; /* by stream: parts of a line that has not ended */
    struct text *given;           /* what the last line was, to be cleared; NULL = nothing */
};

void log_reader_open(struct log_reader *reader, const char *path);
void log_reader_close(struct log_reader *reader);

/* The next line; its text lives until the next call. False when there is none now, or never will
 * be: ask again later. With `is_end`, what is left without a newline counts as a line too. */
bool log_reader_next(struct log_reader *reader, bool is_end, struct attempt_log_line *ret_line);

/* Goes to the last `lines` lines; 0 = stays at the start. */
void log_reader_seek_tail(struct log_reader *reader, int64_t lines);

#endif

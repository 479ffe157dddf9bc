/* Reading the log of an attempt, as the keeper writes it: one record a line in the format of the
 * Container Runtime Interface,
 *
 *     2026-11-22T10:31:02.123456789+00:00 stdout F text of the line
 *
 * where F ends a line and P is a part of one. A log may be longer than memory: what is read is
 * bounded. Lines that are not of this format are given as they stand. */
#ifndef DATEMILL_SYSTEM_ATTEMPT_LOG_H
#define DATEMILL_SYSTEM_ATTEMPT_LOG_H

#include "scheduler/base/arena.h"
#include "scheduler/base/error.h"
#include "scheduler/base/instant.h"

#include <stdbool.h>
#include <stddef.h>

#define ATTEMPT_LOG_TAIL_BYTES ((size_t)256 << 10) /* read from the end */

enum attempt_log_stream {
    ATTEMPT_LOG_STDOUT,
    ATTEMPT_LOG_STDERR,
    ATTEMPT_LOG_NOTE /* the keeper's own words: what was lost, leftovers */
};

struct attempt_log_line {
    struct instant at; /* of its last part */
    enum attempt_log_stream stream;
    const char *text; /* parts joined, no newline; may hold any other byte but NUL */
    size_t length;
};

/* Reads one record of [bytes, bytes + length), which is a line without its newline. */
void attempt_log_parse(const char *bytes, size_t length, struct attempt_log_line *ret_line,
                       bool *ret_is_part);

struct attempt_log_tail {
    const struct attempt_log_line *lines; /* oldest first */
    size_t count;
    size_t total;  /* lines in the part that was read */
    bool is_whole; /* that part is the whole log: `total` is exact */
};

/* The last `max_lines` lines. No log at all is an empty tail. Memory belongs to `arena`. */
int attempt_log_tail(const char *path, size_t max_lines, struct arena *arena,
                     struct attempt_log_tail *ret_tail, struct error *err);

/* Whether the line has one of the words that errors are told with. */
bool attempt_log_speaks_of_error(const struct attempt_log_line *line);

/* The line of a tail that most likely says why the attempt failed: the last one that speaks of an
 * error, else the last one of stderr; NULL = none. */
const struct attempt_log_line *attempt_log_find_error(const struct attempt_log_tail *tail);

#endif

/* Lines of an attempt's log on a page: the last ones, or those before a place in it.
 *
 * A log is named by its attempt's row in the store, never by a URL, and opened beneath the state
 * folder. A page shows at most LOG_PART_LINES lines and LOG_PART_BYTES of them; longer lines are
 * cut, all of it is in the file that can be downloaded. */
#ifndef DATEMILL_WEB_PAGES_LOG_PART_H
#define DATEMILL_WEB_PAGES_LOG_PART_H

#include "scheduler/store/view_run.h"
#include "scheduler/system/attempt_log.h"
#include "web/site/visit.h"

#define LOG_PART_LINES 200
#define LOG_PART_LINE_BYTES 2000
#define LOG_PART_BYTES ((size_t)96 << 10)

struct log_part_line {
    struct attempt_log_line line; /* text belongs to the visit's arena, cut */
    int64_t number;               /* in the log, from 1; where that is not known, its offset */
    size_t left_out;              /* bytes of it */
};

struct log_part {
    const struct view_attempt *attempt; /* NULL = there is none */
    struct log_part_line *lines;        /* oldest first */
    size_t count;
    int64_t first;  /* offset of the first line; 0 = the log's start */
    int64_t total;  /* lines of the log; -1 = too many to count */
    int64_t bytes;  /* of the log */
    size_t error;   /* the line that most likely says why; SIZE_MAX = none */
    bool is_there;  /* there is a log */
    bool is_at_end; /* it was read from the end */
};

/* The log of an attempt is gone, or was never there: an empty part. `before` 0 = the end. */
void log_part_read(struct visit *visit, const struct view_attempt *attempt, int64_t before,
                   struct log_part *ret_part);

/* <pre class="log">; `key` is the value of data-log, with which a script goes to its end and adds
 * what comes; NULL = none. */
void log_part_write(struct visit *visit, const struct log_part *part, const struct zone *zone,
                    const char *key);

/* `L12`, the fragment of a line. */
const char *log_part_anchor(struct visit *visit, const struct log_part_line *line);

/* Opens the log's file, read-only; -1 = there is none. */
int log_part_open(struct visit *visit, const struct view_attempt *attempt, int64_t *ret_bytes);

#endif

/* The words of `backfill` that say which dates: on the command line, in files, on stdin. */
#ifndef DATEMILL_COMMAND_BACKFILL_RANGE_H
#define DATEMILL_COMMAND_BACKFILL_RANGE_H

#include "scheduler/command/context.h"
#include "scheduler/plan/plan_dates.h"

#define BACKFILL_RANGE_MAX_BYTES ((size_t)8 << 20) /* of one file, or of standard input */

struct backfill_range {
    struct plan_dates dates;
    const char *typed; /* as the user wrote it: `2021-11-01..2021-11-11`, `@dates.txt` */
};

/* Reads the arguments from `first` on: words of plan_dates.h, `@FILE` and `-` for lines of them.
 * `today` is of the flow's zone. A wrong word of the command line is marked; one of a file has been
 * shown with its line. ERROR_KIND_PRECONDITION for a file that cannot be read. */
struct backfill_range_request {
    size_t first; /* argument */
    struct civil_date today;
    bool only_weekdays;
};

int backfill_range_read(struct context *context, const struct options *options,
                        const struct backfill_range_request *request,
                        struct backfill_range *ret_range, struct error *err);

#endif

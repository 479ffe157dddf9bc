/* How fast a backfill goes, and how long it will take: from the last dates that ended. */
#ifndef DATEMILL_COMMAND_BACKFILL_RATE_H
#define DATEMILL_COMMAND_BACKFILL_RATE_H

#include "scheduler/base/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BACKFILL_RATE_SAMPLES 20
#define BACKFILL_RATE_ENOUGH 3 /* ends before anything is said from them */
#define BACKFILL_RATE_LATE_MS 5000

struct backfill_rate { /* {0} is empty */
    struct duration took[BACKFILL_RATE_SAMPLES];
    struct duration ended[BACKFILL_RATE_SAMPLES]; /* monotonic */
    int64_t count;                                /* of all ends */
};

void backfill_rate_add(struct backfill_rate *rate, struct duration took, struct duration now);

/* Dates a minute, by the last ends; 0 = not known. */
double backfill_rate_per_minute(const struct backfill_rate *rate);

struct backfill_left {
    struct duration left;
    bool is_known;
    bool is_estimate; /* from the plan, before enough dates have ended */
};

/* Median of the last ends × remaining / parallel; before there are enough, `per_date` (of the plan,
 * 0 = unknown) for the median. */
struct backfill_left backfill_rate_left(const struct backfill_rate *rate, int64_t remaining,
                                        int64_t parallel, struct duration per_date);

/* Nothing has ended for so long (twice a date's time, and five seconds) that what the last ends say
 * is no longer true: dates hang, or wait to be tried again. `began` counts as an end. */
bool backfill_rate_is_late(const struct backfill_rate *rate, struct duration per_date,
                           struct duration began, struct duration now);

#endif

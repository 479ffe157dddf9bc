/* A look at some dates of a backfill as their runs will be, for backfill_plan.c. */
#ifndef DATEMILL_DAEMON_BACKFILL_SAMPLE_H
#define DATEMILL_DAEMON_BACKFILL_SAMPLE_H

#include "scheduler/flow/flow.h"
#include "scheduler/store/store_backfill.h"

#define BACKFILL_SAMPLE_DATES 32
#define BACKFILL_SAMPLE_NODES 4096 /* nodes times dates; two dates at least */

struct backfill_sample {
    const struct flow *flow;
    const struct store_date *dates;
    size_t count;
    const struct node_setting *vars; /* --var */
    size_t var_count;
    const bool *selected; /* over the flow's nodes */
};

struct backfill_shared {
    const char *const *tables; /* ascending */
    size_t count;
};

/* Evaluates the first dates that are to run (the first instance when none is): a --var that no
 * parameter has the name of, and values that cannot be, fail. The tables that two of these dates
 * replace, as far as the nodes' fields tell, belong to the arena. */
int backfill_sample_look(const struct backfill_sample *sample, struct arena *arena,
                         struct backfill_shared *ret_shared, struct error *err);

#endif

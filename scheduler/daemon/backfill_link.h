/* Which dates of a flow need which dates of another one that is backfilled with it. Pure. */
#ifndef DATEMILL_DAEMON_BACKFILL_LINK_H
#define DATEMILL_DAEMON_BACKFILL_LINK_H

#include "scheduler/plan/plan.h"
#include "scheduler/plan/plan_time.h"
#include "scheduler/store/store_backfill.h"
#include "scheduler/store/view_history.h"

/* A flow of the same request whose dates come first. */
struct backfill_upstream {
    const struct flow *flow;
    const char *selection; /* of its nodes; NULL or "" = all */
    const struct store_date *dates;
    size_t count;
};

/* What the nodes of `flow` need of the upstream flow's selected nodes. */
struct backfill_link {
    const struct flow *flow;
    const struct backfill_upstream *upstream;
    const struct plan_external *needs; /* each once, whatever node of the flow has it */
    size_t need_count;
    const struct store_date **dates; /* that have an instance, by planned time */
    size_t date_count;
    int32_t reach_days; /* how much later than a date of the upstream flow what needs it may be */
};

/* Memory belongs to `arena`. USAGE for a bad selection. */
int backfill_link_make(const struct flow *flow, const struct backfill_upstream *upstream,
                       struct arena *arena, struct backfill_link *ret_link, struct error *err);

/* The first of the upstream dates that an instance of the flow needs; NULL = none. With
 * `only_to_run` of those that are to run or run again. */
const struct store_date *backfill_link_find(const struct backfill_link *link,
                                            const struct plan_time *time, bool only_to_run);

/* Whether an instance of the flow needs an upstream instance that is neither one of the dates nor
 * done: it would wait for it for ever. *ret_why, in the arena: `needs up/load of 2021-11-09, which
 * has not been done`; NULL = it does not. `store` may be NULL: nothing ever ran. */
int backfill_link_find_missing(const struct backfill_link *link, struct store *store,
                               const struct plan_time *time, struct arena *arena,
                               const char **ret_why);

#endif

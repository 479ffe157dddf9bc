/* What a backfill would do, date by date, with the reason: the dates that were asked for, the
 * flow's planned times on them, and how these stand in the store. The same for a preview by a
 * command (or a page) and for the engine that carries it out. Writes nothing. */
#ifndef DATEMILL_DAEMON_BACKFILL_PLAN_H
#define DATEMILL_DAEMON_BACKFILL_PLAN_H

#include "scheduler/flow/flow.h"
#include "scheduler/plan/plan_dates.h"
#include "scheduler/store/view_backfill.h"

#define BACKFILL_MAX_INSTANCES 1000000

struct backfill_upstream; /* backfill_link.h */

struct backfill_wish {
    const struct flow *flow;
    const struct plan_dates *dates;
    enum backfill_redo redo;
    bool is_descending;
    int32_t parallel;                /* dates at once, at least 1 */
    const char *selection;           /* plan_select(); NULL or "" = all */
    const struct node_setting *vars; /* --var: checked against the flow */
    size_t var_count;
    const struct backfill_upstream *upstream; /* flows of the same request that it may need: a date
                                                 that is green runs again when what it needs does,
                                                 unless redo is NEVER */
    size_t upstream_count;
};

struct backfill_plan {
    struct arena arena;             /* of everything below; freed by backfill_plan_free() */
    const struct store_date *dates; /* by position; one per planned time, one for a date without */
    size_t count;
    int64_t decided[DATE_DECISION_COUNT];
    int64_t to_run;           /* decided as RUN or REDO */
    struct duration per_date; /* median of the flow's successful runs; 0 = never ran */
    int32_t samples;
    struct duration estimate; /* to_run × per_date / parallel, or / to_run if that is less */
    const char *const *shared_tables; /* replaced by more than one of the dates to run, so that
                                         order may matter: `commodity_new`. As far as fields tell,
                                         that is of sync nodes: what SQL writes is not read here.
                                         Found in the first 32 dates that run */
    size_t shared_table_count;
};

/* `store` may be NULL: nothing ever ran. USAGE for a bad selection or variable, for more than
 * BACKFILL_MAX_INSTANCES, or when a selected node needs its own flow's cycle before and the order
 * is descending (the help says so); INVALID for parameters that cannot be evaluated on the first
 * dates; NOT_FOUND when no date has an instance; REFUSED for a flow that is frozen as a whole for a
 * date that is to run (who and why).
 *
 * A date that the schedule skips is NONE, its cyctime ""; a CONFLICT has the state IN_CONFLICT. */
int backfill_plan_make(struct store *store, const struct backfill_wish *wish,
                       struct backfill_plan **ret_plan, struct error *err);
/* Tells whether two plans do the same: of the flow, its selection, variables and order, and of what
 * is decided for each date. */
#define BACKFILL_PLAN_HASH_BYTES 17
const char *backfill_plan_hash(const struct backfill_wish *wish, const struct backfill_plan *plan,
                               char buffer[BACKFILL_PLAN_HASH_BYTES]);

/* Whether a date comes more than once: then it is shown with its time. */
bool backfill_plan_has_times(const struct backfill_plan *plan);

/* The plan as an object: `{"dates":11,"run":[…],…}`. */
struct json_out;
void backfill_plan_write(const struct backfill_wish *wish, const struct backfill_plan *plan,
                         struct json_out *json);

void backfill_plan_free(struct backfill_plan *plan); /* NULL is fine */

/* A stretch of dates next to each other in the order of dates, with the same decision:
 * `2021-11-01 … 2021-11-03`. For people: a plan in a few lines. */
struct backfill_stretch {
    const char *first;
    const char *last; /* = first for one */
    int64_t count;
};

/* The stretches of a decision, ascending; belongs to `arena`. Dates of other decisions break a
 * stretch; dates that were not asked for or have no instance (NONE) do not. */
size_t backfill_plan_stretches(const struct backfill_plan *plan, enum date_decision decision,
                               struct arena *arena, const struct backfill_stretch **ret_stretches);

#endif

/* Which instances a need outside the run means. */
#ifndef DATEMILL_PLAN_PLAN_NEED_H
#define DATEMILL_PLAN_PLAN_NEED_H

#include "scheduler/plan/plan.h"
#include "scheduler/plan/plan_time.h"

#define PLAN_NEED_MAX_DAYS                                                                         \
    3000 /* how far back a cycle is looked for: 29 February has eight years */

/* A need of a node of a plan. */
struct plan_need {
    const struct plan *plan;
    const struct plan_external *external;
    const struct flow *other; /* the flow that external->flow names; plan->flow for its own */
};

/* The planned times of the other flow that must be done before; ret_times->count 0 = there is
 * nothing to wait for.
 *
 *   same business date   all of the other flow's times of that date; if this flow has several times
 *                        that day too, the latest that is not after its own, else the first
 *   the cycle before     this flow: the planned time before. Another: what stands before the above,
 *                        which is all of its last date before where either has one time a day
 *
 *   so many days before  all of the other flow's times of that date (`@-1d`)
 *   a time of day        of the date's times those planned then (`@13:00`); in an hour that comes
 *                        twice both
 *
 * Dates that a schedule skips have no instances. The items belong to the arena. Fails as
 * plan_planned_times() does, and with NOT_FOUND for a time of day that the other flow has never. */
int plan_need_times(const struct plan_need *need, struct arena *arena, struct plan_times *ret_times,
                    struct error *err);

#endif

/* What a schedule owes now: of the instances between a place in its calendar and now, which are to
 * start and which are left out. Pure: asked again with the same it answers the same. */
#ifndef DATEMILL_PLAN_PLAN_DUE_H
#define DATEMILL_PLAN_PLAN_DUE_H

#include "scheduler/plan/plan_time.h"

#define PLAN_DUE_MAX_STEPS                                                                         \
    20000 /* instances that are looked at one by one; of more the newest are */

struct plan_due_request {
    struct plan_time place; /* the last instance decided on, or plan_calendar_after() */
    struct instant now;
    struct instant missed_before; /* what fires earlier is missed, and the catch-up's to decide */
    size_t max_items;             /* give no more at once; at least 1 */
};

/* The instances behind the place that fire up to now, in their order: first those left out, then
 * those that are to start. With `has_more` there are more to start: ask again from the last one;
 * the answer goes on where this one ended. */
struct plan_due {
    struct plan_time *items; /* in the arena given */
    size_t count;
    bool has_more;
    int64_t left_out;
    bool is_at_least; /* there are more left out than were counted */
    struct plan_time first_left_out;
    struct plan_time last_left_out;
};

/* By the flow's schedule, its catch-up policy and zone; nothing else of the flow is looked at. */
void plan_due(const struct flow *flow, const struct plan_due_request *request, struct arena *arena,
              struct plan_due *ret_due);

#endif

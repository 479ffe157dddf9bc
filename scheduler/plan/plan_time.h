/* From a business date to the planned times of a flow. */
#ifndef DATEMILL_PLAN_PLAN_TIME_H
#define DATEMILL_PLAN_PLAN_TIME_H

#include "scheduler/base/arena.h"
#include "scheduler/base/civil.h"
#include "scheduler/base/error.h"
#include "scheduler/base/instant.h"
#include "scheduler/flow/flow.h"

#include <stdbool.h>
#include <stddef.h>

/* One planned time. With its flow it identifies a date's instance: the wall time, and of a time
 * that comes twice which of the two. */
struct plan_time {
    struct civil_time planned;
    bool is_second;        /* of a wall time that comes twice, the second */
    struct instant firing; /* when it fires; of a skipped wall time the first instant after it */
    bool is_moved;         /* the wall time is skipped that day */
};

/* What was asked for. */
struct plan_date {
    struct civil_date bizdate;
    const struct civil_time *time; /* its date is ignored; NULL = all times of that day */
};

struct plan_times {
    const struct plan_time *items; /* in the order of firing; in the arena given */
    size_t count;                  /* 0: there is no instance, and `remark` says why */
    bool is_off_schedule;          /* the schedule skips that day: it runs all the same */
    const char *remark;            /* what was decided for the user, one sentence; "" = nothing */
};

/* By firing; of those that fire together (a gap moved them) by wall time. Zero: the same one. */
int plan_time_compare(const struct plan_time *a, const struct plan_time *b);

/* The planned times of a business date: the flow's times on the day after; 00:00 without a
 * schedule. `time` (its date is ignored) picks one of them; NULL = all.
 *
 * A fixed time (no rule's is_interval) that the zone skips fires at the first instant
 * after it and keeps its wall time; one that comes twice fires the first time. Of interval forms,
 * skipped times fall out and repeated ones come twice. A date the zone never had has no times at
 * all.
 *
 * Fails if `time` is none of the flow's (NOT_FOUND, with the times there are as help), or the day
 * after is past the year 9999 (INVALID). */
int plan_planned_times(const struct flow *flow, struct plan_date date, struct arena *arena,
                       struct plan_times *ret_times, struct error *err);

/* Whether the schedule fires on that (planned) date. Always true for a flow without one. */
bool plan_schedule_has_date(const struct flow *flow, struct civil_date date);

/* Whether the node runs on that (planned) date, by its `on`; always true without one. */
bool plan_node_has_date(const struct flow_node *node, struct civil_date date);

/* Whether a date has one instance at most, so that the date alone names it. */
bool plan_schedule_is_daily(const struct flow *flow);

/* Where a planned time stands in the flow's zone. False for a date the zone never had. */
bool plan_time_locate(const struct flow *flow, struct civil_time planned, bool is_second,
                      struct plan_time *ret_time);

#endif

/* The instances that a schedule owes, one after another in the order of firing.
 *
 * Nothing is kept between two questions: the next time follows from the one before, so that what
 * is asked again after a crash is the same. */
#ifndef DATEMILL_PLAN_PLAN_CALENDAR_H
#define DATEMILL_PLAN_PLAN_CALENDAR_H

#include "scheduler/plan/plan_time.h"

/* A place between two planned times: all that fire up to and at `instant` lie before it. */
struct plan_time plan_calendar_after(struct instant instant);

/* The first planned time of the flow's schedule behind `after`, which is a planned time of it or
 * a place. False when there is none any more (`until`, the year 9999) or the flow has no schedule.
 * Times that fire together come by their wall time; each comes once. */
bool plan_calendar_next(const struct flow *flow, const struct plan_time *after,
                        struct plan_time *ret_next);

#endif

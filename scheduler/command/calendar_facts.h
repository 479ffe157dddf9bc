/* What the schedules of a project owe next, for `status` and `serve`. Nothing here looks at what
 * has run: it is the calendar alone. Strings belong to the context's arena. */
#ifndef DATEMILL_COMMAND_CALENDAR_FACTS_H
#define DATEMILL_COMMAND_CALENDAR_FACTS_H

#include "scheduler/base/json_out.h"
#include "scheduler/command/context.h"
#include "scheduler/plan/plan_calendar.h"

#define CALENDAR_FACTS_NEXT 5
#define CALENDAR_FACTS_MAX_TO_COME 1000 /* of one flow; more are counted as so many */

struct calendar_item {
    const char *flow;
    const char *bizdate; /* 2021-11-11 */
    const char *at;      /* RFC 3339 in the flow's zone, or that of --tz */
    struct instant fires_at;
};

struct calendar_facts {
    struct instant now;
    struct instant day_end;                         /* of the project's zone */
    struct calendar_item next[CALENDAR_FACTS_NEXT]; /* by their instants */
    size_t count;
    size_t to_come; /* until the day's end */
};

/* Empty, as of now. The context has its project. */
void calendar_facts_begin(struct context *context, struct calendar_facts *ret_facts);

/* Adds what a flow owes. */
void calendar_facts_add(struct context *context, struct calendar_facts *facts,
                        const struct flow *flow);

/* `02:30 in 5h 12m  smartrm_study for 2021-11-12`, with the date where it is not today's. */
const char *calendar_facts_line(struct context *context, const struct calendar_facts *facts,
                                size_t index);

/* [{"flow","at","bizdate"},…] */
void calendar_facts_write(const struct calendar_facts *facts, struct json_out *json);

#endif

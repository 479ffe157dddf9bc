/* A flow as its schedule's keeper knows it: when it fires, and what is owed. Inside of firing.h. */
#ifndef DATEMILL_DAEMON_FIRING_FLOW_H
#define DATEMILL_DAEMON_FIRING_FLOW_H

#include "scheduler/daemon/daemon_state.h"
#include "scheduler/plan/plan_due.h"

#include <time.h>

#define FIRING_GRACE_S 60 /* what fires later than that was missed */

/* A file as it was when it was read; zero: never. */
struct firing_stamp {
    struct timespec changed; /* st_ctim */
    int64_t size;
    uint64_t number;
};

/* A zone that flows share. */
struct firing_zone {
    struct firing_zone *next;
    struct zone *zone;
};

struct firing_flow {
    char *name;
    char *path; /* relative to the project */
    struct firing_stamp stamp;
    bool is_there;  /* its file; of one that is gone the place is kept */
    uint32_t round; /* of the last look at the folder that saw it */

    /* The schedule: its rules' texts, then `from D` and `until D`, `; ` between; "" = none. They
       are read again when they are needed, since a struct cron with its times is large. */
    char *text;
    const struct zone *zone;
    enum flow_catchup catchup;
    int32_t catchup_limit;
    enum flow_overlap overlap;
    int32_t max_runs;

    struct plan_time place; /* the last instance decided on */
    struct instant seen;    /* when this schedule was seen first */
    struct instant next;    /* when it fires next; NEVER while it waits for a run */
    int64_t waits_for;      /* a run of the next planned time; 0 = none */
    struct instant waits_from;
    char *problem; /* why its file cannot be read; NULL = it can */
};

struct firing {
    struct daemon *daemon;
    struct firing_flow **flows; /* by name */
    size_t flow_count;
    size_t flow_capacity;
    struct firing_zone *zones;
    struct firing_stamp project_stamp;
    uint32_t round;         /* looks at the folder */
    struct loop_timer soon; /* looks again in the next turn */
    bool is_stopped;
};

/* ---- firing_flow.c ---- */

void firing_flow_free(struct firing_flow *flow);

/* The schedule in a flow that has nothing else; what it points to is in the arena, the zone is
 * borrowed. */
void firing_flow_shape(const struct firing_flow *flow, struct arena *arena, struct flow *ret_shape);

/* `daily 00:30; from 2021-11-01`; in the arena. */
const char *firing_flow_text(const struct flow_schedule *schedule, struct arena *arena);

/* Takes over the schedule of the flow as it was read, and tells when it is another one: then it
 * owes from now on. */
void firing_flow_adopt(struct firing *firing, struct firing_flow *flow, const struct flow *read);

/* The flow fires no more: its file is gone, or has no schedule any more. */
void firing_flow_retire(struct firing *firing, struct firing_flow *flow);

/* Looks at a place that lies far ahead of now. */
void firing_flow_check_clock(struct firing *firing, struct firing_flow *flow);

/* NULL for a name that there is not. The firing's own. */
const struct zone *firing_flow_zone(struct firing *firing, const char *name);

void firing_flow_find_next(struct firing_flow *flow);

/* ---- what joins the turn ---- */
void firing_put_place(struct firing *firing, const struct firing_flow *flow);
void firing_note(struct firing *firing, const struct firing_flow *flow, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Says which instances are left out and how they are run all the same. */
struct firing_left_out {
    int64_t count;
    bool is_at_least;
    const struct plan_time *first;
    const struct plan_time *last;
    const char *why;
};
void firing_note_left_out(struct firing *firing, const struct firing_flow *flow,
                          const struct firing_left_out *left_out);

/* ---- firing_make.c ---- */

/* Starts what is due of a flow; whether more of it is. */
bool firing_make_due(struct firing *firing, struct firing_flow *flow, struct instant now);

/* Holds and releases the open runs that the schedule made, in the order of their times. */
void firing_make_order(struct firing *firing, const struct firing_flow *flow);

#endif

/* How far each flow is in its calendar. Moves in the transaction that stores the run, so that an
 * instance is neither lost nor made twice. */
#ifndef DATEMILL_STORE_STORE_SCHEDULE_H
#define DATEMILL_STORE_STORE_SCHEDULE_H

#include "scheduler/base/arena.h"
#include "scheduler/store/store_load.h"

struct store_schedule {
    const char *flow;
    const char *text;        /* of the schedule, normalised; "" = it has none any more */
    const char *zone;        /* of the flow */
    const char *cyctime;     /* planned time decided on last; "" = all up to `fires_at` are */
    bool is_second;          /* of a wall time that comes twice, the second */
    struct instant fires_at; /* its instant */
    struct instant seen_at;  /* when this schedule was seen first */
};

/* Within a batch: the flow's place, in the stead of the one before. */
int store_put_schedule(struct store *store, const struct store_schedule *schedule,
                       struct error *err);

/* All of them, by the names of the flows; in the arena. */
struct load_schedules {
    const struct store_schedule *items;
    size_t count;
};

int load_schedules(struct store *store, struct arena *arena, struct load_schedules *ret_schedules,
                   struct error *err);

/* The run that the schedule made of a flow and planned time, open or not; 0 = none. */
int load_scheduled_run(struct store *store, const struct load_planned *planned, int64_t *ret_run_id,
                       struct error *err);

/* The version of the flow that was put in last; 0 = none. */
int load_newest_version(struct store *store, const char *flow, int64_t *ret_version_id,
                        struct error *err);

#endif

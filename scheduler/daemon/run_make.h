/* A new run: from a planned time to a plan, and from there into the engine and the turn. */
#ifndef DATEMILL_DAEMON_RUN_MAKE_H
#define DATEMILL_DAEMON_RUN_MAKE_H

#include "scheduler/daemon/daemon_state.h"
#include "scheduler/engine/run_image.h"
#include "scheduler/plan/plan_time.h"

/* What is wanted; all borrowed for the call. */
struct run_wish {
    struct definition *definition;
    enum store_run_kind kind;
    const char *trigger;   /* "cli by lin", "backfill 12" */
    const char *request;   /* key of the request, "" = none */
    const char *reason;    /* given with it */
    const char *selection; /* NULL or "" = all nodes */
    const char *remark;    /* "" = none */
    enum run_hold hold;    /* RUN_HOLD_NONE = it may go on at once */
    int32_t priority;      /* 1 to 8; 0 = the flow's */
    int32_t parallel;      /* attempts at once, 0 = no limit */
    int64_t backfill_id;   /* 0 = of none */
    int32_t position;      /* of its date there */
    const struct node_setting *vars;
    size_t var_count;
};

/* The plan of the run with that id (store_take_run_id()). Fails as plan_make(); changes nothing. */
int run_make_plan(const struct run_wish *wish, const struct plan_time *time, int64_t run_id,
                  struct plan **ret_plan, struct error *err);

/* Takes over the plan, also on failure. The run is in memory, in the engine and in the turn;
 * whoever drives it says so (watch_add_interest). Fails when what it needs elsewhere cannot be
 * found; one that the schedule makes waits for it then. */
int run_make(struct daemon *daemon, const struct run_wish *wish, struct plan *plan,
             struct daemon_run **ret_run, struct error *err);

/* What is stored of it, but for the version. Texts belong to the run's plan or to `arena`. */
void run_make_row(const struct daemon_run *run, const struct run_wish *wish,
                  const struct run_image *image, struct arena *arena, struct store_run *row);

/* The run in memory of that flow and time that is not over; NULL = none. */
struct daemon_run *run_make_find_open(struct daemon *daemon, const char *flow,
                                      const struct plan_time *time);

/* The settings of a request, copied; they live as long as the arena. */
const struct node_setting *run_make_copy_vars(struct arena *arena, const struct request *request);

#endif

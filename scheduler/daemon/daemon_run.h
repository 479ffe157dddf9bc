/* Runs and open attempts as the daemon keeps them in memory. */
#ifndef DATEMILL_DAEMON_DAEMON_RUN_H
#define DATEMILL_DAEMON_DAEMON_RUN_H

#include "scheduler/daemon/definition.h"
#include "scheduler/plan/plan.h"
#include "scheduler/store/store_backfill.h"

/* A run in the engine's memory. */
struct daemon_run {
    int64_t id;
    struct definition *definition; /* one use */
    struct plan *plan;
    char *zone;
    char *log_dir;         /* relative to the state folder: logs/2021-11-12/12 */
    char *remark;          /* "" = none */
    struct instant opened; /* when this opening began */
    bool *is_done;         /* by node: it was told as final */
    int64_t done;          /* how many of them */
    bool is_scheduled;     /* made by the schedule */
    bool is_draining;      /* stop what waits as soon as nothing runs */
    bool is_over;          /* final and told; leaves at the end of the turn */
    uint32_t failed_node;  /* the first that failed, STORE_NO_NODE = none */
    struct needs *needs;   /* outside the run; NULL = none */

    int64_t backfill_id;        /* 0 = of none */
    int32_t position;           /* of its date there; -1 = not known yet, nor is its state */
    enum date_state date_state; /* with the changes of the turn */
    char *failure;              /* `node: reason` of the first that failed, or why it is blocked */
    bool is_late_told;          /* of its deadline */
    bool is_blocked;            /* by a date before it: stopped for that */
};

/* An attempt that is granted or runs. */
struct daemon_attempt {
    int64_t id;
    int64_t run_id;
    uint32_t node;
    int32_t number;
    char *log_path;         /* relative to the state folder */
    struct instant started; /* 0 = not yet */
    bool has_events;        /* it may have said something on fd 3 */
};

/* ---- in memory: daemon_runs.c ---- */

struct daemon;

struct daemon_run *daemon_runs_find(const struct daemon *daemon,
                                    int64_t run_id); /* NULL = not in memory */
void daemon_runs_add(struct daemon *daemon, struct daemon_run *run);
struct daemon_run *daemon_runs_make(struct definition *definition, struct plan *plan,
                                    int64_t run_id, struct instant created);
void daemon_runs_free(struct daemon *daemon, struct daemon_run *run);
void daemon_runs_remove(struct daemon *daemon, int64_t run_id);
struct daemon_attempt *daemon_runs_find_attempt(struct daemon *daemon, int64_t attempt_id);
struct daemon_attempt *daemon_runs_add_attempt(struct daemon *daemon, int64_t attempt_id);
void daemon_runs_remove_attempt(struct daemon *daemon, int64_t attempt_id);

#endif

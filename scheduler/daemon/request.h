/* What may be asked of the engine; how it travels is notice.h's. Strings may be NULL for "". */
#ifndef DATEMILL_DAEMON_REQUEST_H
#define DATEMILL_DAEMON_REQUEST_H

#include "scheduler/base/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NOTICE_MAX_RUNS 64 /* runs of one request: the times of one business date */

enum request_kind {
    REQUEST_KIND_RUN,    /* create runs of a flow, drive and watch them */
    REQUEST_KIND_CLAIM,  /* drive and watch runs that exist; opens nothing */
    REQUEST_KIND_WATCH,  /* watch runs only */
    REQUEST_KIND_RERUN,  /* re-open a run, drive and watch it */
    REQUEST_KIND_STOP,   /* stop a run */
    REQUEST_KIND_STATUS, /* who are you? `state`, `done` of `total` slots are used, `running` runs
                            are open; the error's text says it in a line; `reason`: why it cannot
                            go on for the moment, "" = it can; items: pools and their places,
                            `1 of 2` */

    /* About backfills; the reply names it. The first four drive and watch it. */
    REQUEST_KIND_BACKFILL,        /* make one, or go on with an equal one that is unfinished */
    REQUEST_KIND_BACKFILL_CLAIM,  /* drive and watch it; changes nothing else */
    REQUEST_KIND_BACKFILL_RESUME, /* a paused or stopped one goes on, its stopped dates again */
    REQUEST_KIND_BACKFILL_RETRY,  /* the same, and what failed or was in conflict again */
    REQUEST_KIND_BACKFILL_WATCH,
    REQUEST_KIND_BACKFILL_PAUSE, /* no new dates; what runs is treated as `force` says */
    REQUEST_KIND_BACKFILL_STOP,  /* the same, and it is over */
    REQUEST_KIND_BACKFILL_SET,   /* dates_parallel, max_failures: where they are not negative */

    /* Operations; not driven by whoever asks. */
    REQUEST_KIND_SKIP,     /* `nodes` of run_ids[0] */
    REQUEST_KIND_MARK,     /* `nodes` of run_ids[0] as `is_success` */
    REQUEST_KIND_FREEZE,   /* flow, or `nodes` of it, for business dates before `until` */
    REQUEST_KIND_UNFREEZE, /* flow, or `nodes` of it */
    REQUEST_KIND_EXPLAIN,  /* what does each waiting node of run_ids[0] wait for? Changes nothing */
    REQUEST_KIND_PRUNE,    /* forget runs and logs; the reply is its end, and so is its asker's */
    REQUEST_KIND_STEP_DOWN /* let the asker be the engine: frees the lock right after the reply */
};

enum request_scope { /* of a rerun */
    REQUEST_SCOPE_FAILED,
    REQUEST_SCOPE_ALL,
    REQUEST_SCOPE_FROM,
    REQUEST_SCOPE_ONLY
};

enum request_force {     /* of a stop */
    REQUEST_FORCE_DRAIN, /* start nothing more; what runs may finish */
    REQUEST_FORCE_STOP,  /* SIGTERM, then SIGKILL after the grace */
    REQUEST_FORCE_KILL   /* SIGKILL */
};

struct request_setting {
    const char *name;
    const char *text;
};

struct request {
    enum request_kind kind;
    int64_t number;    /* chosen by the asker; comes back in the reply */
    const char *who;   /* "lin", from the peer's uid when it comes over the socket */
    const char *via;   /* RUN: what it was asked with, "web"; "" = a command, "cli" */
    bool needs_server; /* RUN, RERUN, BACKFILL, _RESUME, _RETRY: refused (PRECONDITION) by an engine
                          in the foreground, which drives only what somebody watches */
    const char *key;   /* RUN: random; the same request sent again after a crash finds its runs */
    const char *flow;  /* RUN */
    const char *date;  /* RUN: business date, 2021-11-11 */
    const char *time;  /* RUN: wall time of the day after, "" = each planned one */
    const char *nodes; /* RUN: selection, "" = all; RERUN: the node of FROM and ONLY */
    const char *reason;
    const struct request_setting *vars; /* RUN: literal values */
    size_t var_count;
    int64_t run_ids[NOTICE_MAX_RUNS]; /* CLAIM, WATCH, RERUN, STOP */
    size_t run_count;
    enum request_scope scope;
    bool uses_current_version; /* RERUN */
    enum request_force force;
    int32_t parallel; /* RUN: attempts of this run at once, 0 = no limit of its own */

    /* BACKFILL: flow, nodes, vars, reason as of RUN */
    int64_t backfill_id;
    const char *ranges; /* plan_dates_write(): the dates, weekdays and all applied */
    const char *typed;  /* the range as the user wrote it */
    const char *redo;   /* never, failed, always */
    bool is_descending;
    int32_t dates_parallel; /* dates at once; 0 = as many as the project has slots */
    const char *plan_hash;  /* BACKFILL: backfill_plan_hash() of what was shown; another plan is
                               refused (FAILED, E029); "" = whatever the plan is */
    const struct request_setting *downstream; /* BACKFILL: flows that need it, and their dates as in
                                                 `ranges`; who needs another comes after it */
    size_t downstream_count;
    int32_t max_failures; /* since it began or was taken up again: then it pauses; 0 = never */

    bool is_success;   /* MARK */
    const char *until; /* FREEZE: first business date that is not frozen, "" = no end */

    /* PRUNE: what ended longer ago goes; 0 = runs stay, logs stay as long as their run */
    struct duration keep_runs;
    struct duration keep_logs;
};

#endif

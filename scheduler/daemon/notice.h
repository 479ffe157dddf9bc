/* What the engine tells those who watch a run, and what they may ask of it.
 *
 * Both travel as JSON over the control socket and as these structs within one process, so that a
 * command behaves the same whether it is the engine itself or a client of another. Strings are
 * borrowed for the call that delivers them. */
#ifndef DATEMILL_DAEMON_NOTICE_H
#define DATEMILL_DAEMON_NOTICE_H

#include "scheduler/base/arena.h"
#include "scheduler/base/error.h"
#include "scheduler/base/instant.h"
#include "scheduler/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NOTICE_MAX_RUNS 64     /* runs of one request: the times of one business date */
#define NOTICE_MAX_ITEMS 65536 /* of one notice that lists */
#define NOTICE_HOLDS_UP '>'
#define NOTICE_STATE_SERVER "server"   /* REPLY to STATUS: who the engine is */
#define NOTICE_STATE_COMMAND "command" /* one in the foreground */

enum notice_kind {
    NOTICE_KIND_REPLY,    /* the answer to a request; `error` or the run ids */
    NOTICE_KIND_RUN,      /* a run was opened, or one was asked for: its facts */
    NOTICE_KIND_NODE,     /* a node changed its state */
    NOTICE_KIND_PROGRESS, /* a running node told how far it is */
    NOTICE_KIND_RUN_END,  /* a run has reached a final state */
    NOTICE_KIND_TROUBLE,  /* the engine cannot go on for the moment, as on a full disk; "" = over */
    NOTICE_KIND_BACKFILL, /* how a backfill stands: after changes, and a few times a second */
    NOTICE_KIND_DATE,     /* a date of a backfill has ended, or is in conflict */
    NOTICE_KIND_PRUNE     /* how far a prune is, to whoever asked for it */
};

/* What notices list: nodes with what they wait for, dates with what runs. */
struct notice_item {
    const char *key;
    const char *text;
};

struct notice_pruned {
    int64_t runs;
    int64_t backfills;
    int64_t logs;  /* runs whose logs went */
    int64_t bytes; /* of them */
    int64_t left;  /* files that are in the way and stay */
};

struct notice {
    enum notice_kind kind;
    int64_t run_id;
    struct instant at;

    /* REPLY */
    int64_t request;    /* the number the asker gave */
    struct error error; /* kind NONE = done */
    int64_t run_ids[NOTICE_MAX_RUNS];
    size_t run_count;

    /* RUN, RUN_END */
    const char *flow;
    const char *bizdate; /* 2021-11-11 */
    const char *cyctime; /* 2021-11-12T00:30:00 */
    const char *zone;
    const char *version; /* commit or content hash, "+" at the end when dirty */
    const char *remark;  /* what was decided for the user, "" = nothing */
    int64_t node_count;
    const char *state; /* of the run or the node, by name */

    /* NODE, PROGRESS */
    const char *node;
    const char *type;
    const char *reason;   /* why it waits or how it failed, one line; "" = none */
    const char *result;   /* what it wrote: `10 rows → commodity_new`; "" = none */
    const char *log_path; /* absolute; "" = no log */
    int32_t attempt;      /* 0 = none yet */
    int32_t attempts_max;
    struct duration duration; /* of the attempt, or of the run */
    int64_t done;             /* PROGRESS */
    int64_t total;            /* 0 = unknown */
    const char *unit;

    /* REPLY to a request about a backfill, BACKFILL, DATE: done and total are dates; `done` counts
       those that ended in whatever way. The state is one of backfill_state_name(), of a DATE that
       of date_state_name(); `reason`: why it is paused, or how the date failed; a DATE's `node` is
       the first that failed. */
    int64_t backfill_id;
    int64_t failed;         /* dates that are failed, stopped, blocked or in conflict */
    int64_t running;        /* dates */
    int64_t dates_parallel; /* dates at once */

    /* REPLY to SKIP and MARK: `node` and its `state` now, `reason`: what comes before it has the
       state that was asked for, `result`: the run's state, `remark`: why nothing was changed;
       items: nodes that may run now. To FREEZE and UNFREEZE: `remark` is what was there before. */
    const char *hold; /* why the run starts nothing; "" = it does */

    /* REPLY to EXPLAIN: a node and one thing it waits for, several for a node; with
       NOTICE_HOLDS_UP before the node, what waits for it. BACKFILL: a date (2021-11-11, with a time
       where there are several) and `sales_stat 12s`. At most NOTICE_MAX_ITEMS of them. */
    const struct notice_item *items;
    size_t item_count;

    struct notice_pruned pruned; /* PRUNE and its REPLY: so far; `remark`: the first of `left` */
};

enum request_kind {
    REQUEST_KIND_RUN,    /* create runs of a flow, drive and watch them */
    REQUEST_KIND_CLAIM,  /* drive and watch runs that exist; opens nothing */
    REQUEST_KIND_WATCH,  /* watch runs only */
    REQUEST_KIND_RERUN,  /* re-open a run, drive and watch it */
    REQUEST_KIND_STOP,   /* stop a run */
    REQUEST_KIND_STATUS, /* who are you? `state`, `done` of `total` slots are used, `running` runs
                            are open; the error's text says it in a line */

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
    int32_t max_failures;   /* since it began or was taken up again: then it pauses; 0 = never */

    bool is_success;   /* MARK */
    const char *until; /* FREEZE: first business date that is not frozen, "" = no end */

    /* PRUNE: what ended longer ago goes; 0 = runs stay, logs stay as long as their run */
    struct duration keep_runs;
    struct duration keep_logs;
};

void notice_write(const struct notice *notice, struct text *ret_json);
void request_write(const struct request *request, struct text *ret_json);

/* Strings belong to the arena. JSON that is no notice or request is an error. */
struct json;
int notice_from_json(const struct json *json, struct arena *arena, struct notice *ret_notice,
                     struct error *err);
int request_from_json(const struct json *json, struct arena *arena, struct request *ret_request,
                      struct error *err);

#endif

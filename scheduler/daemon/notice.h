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
#include "scheduler/daemon/request.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
    int64_t backfill_id;    /* 0 in a REPLY: there is nothing to run, `remark` says why */
    int64_t failed;         /* dates that are failed, stopped, blocked or in conflict */
    int64_t running;        /* dates */
    int64_t dates_parallel; /* dates at once */
    int64_t
        backfill_count; /* REPLY: how many were asked for together; each is told by a BACKFILL */

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

void notice_write(const struct notice *notice, struct text *ret_json);
void request_write(const struct request *request, struct text *ret_json);

/* Strings belong to the arena. JSON that is no notice or request is an error. */
struct json;
int notice_from_json(const struct json *json, struct arena *arena, struct notice *ret_notice,
                     struct error *err);
int request_from_json(const struct json *json, struct arena *arena, struct request *ret_request,
                      struct error *err);

#endif

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

#define NOTICE_MAX_RUNS 64 /* runs of one request: the times of one business date */

enum notice_kind {
    NOTICE_KIND_REPLY,    /* the answer to a request; `error` or the run ids */
    NOTICE_KIND_RUN,      /* a run was opened, or one was asked for: its facts */
    NOTICE_KIND_NODE,     /* a node changed its state */
    NOTICE_KIND_PROGRESS, /* a running node told how far it is */
    NOTICE_KIND_RUN_END,  /* a run has reached a final state */
    NOTICE_KIND_TROUBLE   /* the engine cannot go on for the moment, as on a full disk; "" = over */
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
};

enum request_kind {
    REQUEST_KIND_RUN,   /* create runs of a flow, drive and watch them */
    REQUEST_KIND_CLAIM, /* drive and watch runs that exist; opens nothing */
    REQUEST_KIND_WATCH, /* watch runs only */
    REQUEST_KIND_RERUN, /* re-open a run, drive and watch it */
    REQUEST_KIND_STOP,  /* stop a run */
    REQUEST_KIND_STATUS /* who are you? The reply's error text is a line about the engine */
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

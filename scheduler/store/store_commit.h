/* Everything that is ever written: the only INSERT, UPDATE and DELETE of the project are in
 * store_commit*.c.
 *
 * All of these are called within a batch (store.h) but store_next_epoch(). Strings are borrowed for
 * the call; NULL is stored as "". A call that fails spoils its batch: store_rollback(), then the
 * same batch again or not. Nothing here reads a clock: times come with the arguments. */
#ifndef DATEMILL_STORE_STORE_COMMIT_H
#define DATEMILL_STORE_STORE_COMMIT_H

#include "nodes/node_type.h"
#include "scheduler/engine/action.h"
#include "scheduler/flow/flow.h"
#include "scheduler/store/store.h"

#define STORE_NO_NODE UINT32_MAX
#define STORE_MAX_REASON_BYTES 500 /* of a one-line error; cut at a character */

/* Counts the engine's epoch up, durably: it begins and commits by itself. `boot_id` is the
 * machine's present boot. */
int store_next_epoch(struct store *store, const char *boot_id, struct instant now,
                     int64_t *ret_epoch, struct error *err);

/* ---- definitions ---- */

/* What a run was made of. Bytes are stored once per content, whichever runs share them. */
struct store_version {
    const char *flow;
    const char *hash;   /* flow->hash */
    const char *commit; /* full id, "" = none */
    const char *short_commit;
    bool is_dirty;
    const char *note; /* why there is no commit, "" = nothing to say */
    const struct flow_file *files;
    size_t file_count;
};

/* The id of an equal version that is there already, or of a new one. */
int store_put_version(struct store *store, const struct store_version *version, struct instant now,
                      int64_t *ret_version_id, struct error *err);

/* ---- runs ---- */

enum store_run_kind { /* numbers are kept in the store: never change one */
    STORE_RUN_SCHEDULE = 0,
    STORE_RUN_BACKFILL = 1,
    STORE_RUN_MANUAL = 2
};

struct store_param {
    const char *name;
    const char *value;
    const char *explanation; /* how it came about */
    const char *written;     /* as in the file, "" = not there */
    const char *node;        /* whose it is; NULL = the flow's */
    bool is_overridden;      /* by --var */
};

struct store_run_node { /* by index: position in the array */
    const char *name;
    const char *type;
    enum task_state state; /* waiting, frozen, or skipped when not selected */
    bool is_selected;
};

struct store_run {
    int64_t run_id; /* from store_take_run_id() */
    const char *flow;
    int64_t version_id;
    const char *cyctime; /* planned local time, 2021-11-12T00:30:00 */
    bool is_second;      /* of a wall time that comes twice */
    const char *bizdate; /* 2021-11-11 */
    const char *zone;
    struct instant fires_at;
    struct instant created_at;
    enum store_run_kind kind;
    const char *trigger; /* "schedule", "cli by lin", "backfill 12": the first word is a kind of its
                            own for `trigger:` */
    const char *request; /* key of the request that asked for it, "" = none */
    const char *reason;
    const char *selection; /* as typed, "" = all nodes */
    int32_t priority;
    int32_t parallel;
    enum run_hold hold;
    const struct node_setting *vars; /* --var */
    size_t var_count;
    const struct store_param *params;
    size_t param_count;
    const struct store_run_node *nodes;
    size_t node_count;
};

/* BUSY when a run of that flow and planned time is open (the text names it), or when the schedule
 * made one already. */
int store_put_run(struct store *store, const struct store_run *run, struct error *err);

/* A run that is over takes another version: of `run` run_id, flow, version_id, created_at (now),
 * vars, params, nodes with the states they are to have. What is known of a node moves by its name.
 * Nodes that are gone stay behind all others, skipped, of type "", with their story. */
int store_set_run_version(struct store *store, const struct store_run *run, struct error *err);

/* The three RECORD kinds; anything else is our mistake. A task's record also writes its line of the
 * story (event). The records of a step go in as they came, after the run itself. */
int store_apply(struct store *store, const struct action *action, struct error *err);

int store_set_hold(struct store *store, int64_t run_id, enum run_hold hold, struct error *err);

/* ---- attempts: what the engine does not know ---- */

struct store_grant { /* after the record that granted it */
    int64_t attempt_id;
    const char *executor; /* "local" */
    const char *token;
    const char *boot_id;
    const char *log_path;  /* relative to the state folder */
    const char *text;      /* what runs, rendered; stored once per content */
    size_t text_length;    /* bytes */
    const char *text_hash; /* git blob id of it, in hex; "" = there is no text */
};

int store_put_grant(struct store *store, const struct store_grant *grant, struct error *err);

int store_put_started(struct store *store, int64_t attempt_id, int64_t pid, struct error *err);

struct store_table { /* a table the attempt wrote */
    const char *table;
    const char *partition; /* "dt=20211111", "" = not partitioned */
    const char *mode;      /* "overwrite", "append" */
    int64_t rows;          /* -1 = not told */
};

struct store_end {
    int64_t attempt_id;
    const char *code;   /* "E204", "" = none */
    const char *reason; /* one line, what went wrong; "" after success */
    struct duration cpu;
    int64_t peak_bytes;
    int64_t log_bytes;
    int64_t log_lost_bytes;
    int32_t leftovers; /* processes that were left of the tree */
    const struct store_table *tables;
    size_t table_count;
    const struct node_setting *outputs;
    size_t output_count;
};

int store_put_end(struct store *store, const struct store_end *end, struct error *err);

/* ---- operations, freezes, the story ---- */

enum store_operation_kind { /* numbers are kept in the store: never change one */
    STORE_OPERATION_RUN = 0,
    STORE_OPERATION_RERUN = 1,
    STORE_OPERATION_STOP = 2,
    STORE_OPERATION_SKIP = 3,
    STORE_OPERATION_MARK = 4,
    STORE_OPERATION_FREEZE = 5,
    STORE_OPERATION_UNFREEZE = 6,
    STORE_OPERATION_OTHER = 7,
    STORE_OPERATION_BACKFILL = 8, /* one was made */
    STORE_OPERATION_PAUSE = 9,
    STORE_OPERATION_RESUME = 10,
    STORE_OPERATION_RETRY = 11,
    STORE_OPERATION_SET = 12,
    STORE_OPERATION_PRUNE = 13
};
#define STORE_OPERATION_COUNT 14

struct store_operation {
    enum store_operation_kind kind;
    struct instant at;
    const char *who;
    const char *reason;
    const char *detail;  /* "from failed", "success", "now" */
    const char *flow;    /* "" when a run is named */
    int64_t run_id;      /* 0 = about no run */
    uint32_t node;       /* in the run, or STORE_NO_NODE */
    int64_t backfill_id; /* 0 = about no backfill */
};

/* SKIP, MARK and FREEZE of a node also become its tag ("marked by lin: reason"). */
int store_put_operation(struct store *store, const struct store_operation *operation,
                        struct error *err);

struct store_freeze {
    const char *flow;
    const char *node; /* "" = the whole flow */
    struct instant since;
    const char *until; /* YYYY-MM-DD, the first business date that is not frozen; "" = no end */
    const char *who;
    const char *reason;
};

int store_put_freeze(struct store *store, const struct store_freeze *freeze, struct error *err);
int store_remove_freeze(struct store *store, const char *flow, const char *node, struct error *err);

/* A line of the story that is no task's or run's change: "engine started", "schedule changed". */
int store_put_note(struct store *store, const char *flow, const char *text, struct instant at,
                   struct error *err);

#endif

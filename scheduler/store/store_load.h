/* What an engine needs from the store: after a restart, and before it makes a run.
 *
 * The graph of a run is not stored twice: it follows from its captured definition
 * (load_definition(), then flow_load() from the capture), once per version, however many runs
 * share it. Rows come in the order of their indexes. Everything returned belongs to the arena. */
#ifndef DATEMILL_STORE_STORE_LOAD_H
#define DATEMILL_STORE_STORE_LOAD_H

#include "scheduler/base/arena.h"
#include "scheduler/engine/recover.h"
#include "scheduler/store/store_commit.h"

struct load_node {
    const char *name;
    const char *type;
    enum task_state state;
    enum task_wish wish;
    bool is_selected;
    int32_t attempts;
    int32_t tries;
    enum task_reason reason;
    struct instant ready_at; /* 0 = at once */
    int64_t attempt_id;      /* granted or running, 0 = none */
    int32_t attempt_number;
    bool attempt_is_running;
};

struct load_run {
    int64_t run_id;
    const char *flow;
    int64_t version_id;
    const char *cyctime;
    bool is_second;
    const char *bizdate;
    const char *zone;
    struct instant fires_at;
    struct instant queued_at; /* created, or opened again by the last rerun */
    enum store_run_kind kind;
    const char *trigger;
    const char *selection;
    int32_t priority;
    int32_t parallel;
    enum run_hold hold;
    int32_t opening;
    enum run_state state;
    const struct load_node *nodes; /* [i] is the node with index i; none that left the flow */
    size_t node_count;
};

struct load_runs {
    const struct load_run *items; /* ascending ids */
    size_t count;
};

/* All runs that are not final, with their nodes. */
int load_open_runs(struct store *store, struct arena *arena, struct load_runs *ret_runs,
                   struct error *err);

/* One run, open or final, as for a rerun. NOT_FOUND. */
int load_run(struct store *store, int64_t run_id, struct arena *arena, struct load_run *ret_run,
             struct error *err);

/* Attempts granted or running, ascending ids, as recover_events() takes them; `boot_id` is the boot
 * of now. A granted attempt whose boot was not put in counts as of this boot. */
struct load_attempts {
    const struct recover_open *items;
    size_t count;
};

int load_open_attempts(struct store *store, const char *boot_id, struct arena *arena,
                       struct load_attempts *ret_attempts, struct error *err);

/* What an attempt was granted with, to hand it to the keeper again or to find its log; else
 * NOT_FOUND. */
struct load_attempt {
    int64_t run_id;
    uint32_t node;
    int32_t number;
    enum attempt_state state;
    const char *executor;
    const char *token;
    const char *boot_id;
    const char *log_path;
    struct instant started_at; /* 0 = not known */
};

int load_attempt(struct store *store, int64_t attempt_id, struct arena *arena,
                 struct load_attempt *ret_attempt, struct error *err);

/* The captured definition. [0] of the files is the flow's own, in the order they were put in. */
struct load_definition {
    const char *flow;
    const char *hash;
    const char *commit; /* "" = none */
    const char *short_commit;
    bool is_dirty;
    const char *note;
    const struct flow_file *files;
    size_t file_count;
};

int load_definition(struct store *store, int64_t version_id, struct arena *arena,
                    struct load_definition *ret_definition, struct error *err);

/* What was fixed when the run was made. Not sorted: in the order they were put in. */
struct load_values {
    const struct store_param *params;
    size_t param_count;
    const struct node_setting *vars;
    size_t var_count;
};

int load_values(struct store *store, int64_t run_id, struct arena *arena,
                struct load_values *ret_values, struct error *err);

/* Everything that is frozen by hand. */
struct load_freezes {
    const struct store_freeze *items;
    size_t count;
};

int load_freezes(struct store *store, struct arena *arena, struct load_freezes *ret_freezes,
                 struct error *err);

/* The open run of a flow and planned time, 0 = none. */
struct load_planned {
    const char *flow;
    const char *cyctime;
    bool is_second;
};

int load_open_run_of(struct store *store, const struct load_planned *planned, int64_t *ret_run_id,
                     struct error *err);

/* The runs that a request made, ascending; none: count 0. */
struct load_ids {
    const int64_t *items;
    size_t count;
};

int load_runs_of_request(struct store *store, const char *request, struct arena *arena,
                         struct load_ids *ret_ids, struct error *err);

/* Runs of a flow in which that node (node "": any) is frozen, newest first, at most `limit`. */
struct load_node_place {
    const char *flow;
    const char *node;
    int32_t limit;
};

int load_frozen_runs(struct store *store, const struct load_node_place *place, struct arena *arena,
                     struct load_ids *ret_ids, struct error *err);

/* The engine's epoch and boot as last stored; 0 and "" in a new store. */
struct load_engine {
    int64_t epoch;
    const char *boot_id;
};

int load_engine(struct store *store, struct arena *arena, struct load_engine *ret_engine,
                struct error *err);

#endif

/* Questions of commands and pages: read-only, answered from one file with indexes made for them.
 *
 * Rows are plain structs; what they point to belongs to the arena. Texts are never NULL. Instants
 * are 0 where there is none. Lists come newest first and page by key, never by offset: the answer
 * holds `next`, which is what to ask for `after` to get the page behind it. */
#ifndef DATEMILL_STORE_VIEW_H
#define DATEMILL_STORE_VIEW_H

#include "scheduler/base/arena.h"
#include "scheduler/engine/action.h"
#include "scheduler/store/run_query.h"
#include "scheduler/store/store.h"
#include "scheduler/store/store_commit.h"

#define VIEW_MAX_ROWS 1000 /* of one page */

struct view_page {
    int32_t limit;                 /* rows, 1 to VIEW_MAX_ROWS */
    int64_t after;                 /* `next` of the page before; 0 = from the newest */
    const struct run_query *query; /* lists of runs: which; NULL = all */
};

/* What went wrong first in a run that is failed: the node and its attempt's one line. */
struct view_failure {
    const char *node; /* "" = nothing */
    const char *code; /* "E204", or "" */
    const char *text;
    int64_t attempt_id; /* 0 = none, as for a node marked failed */
};

struct view_run {
    int64_t id;
    const char *flow;
    const char *bizdate;
    const char *cyctime;
    bool is_second;
    const char *zone;
    enum run_state state;
    enum store_run_kind kind;
    int32_t opening; /* `attempt` in JSON: counts re-openings, from 1 */
    const char *trigger;
    const char *version; /* short commit, else the first 12 of the content hash; "+" when dirty */
    int64_t version_id;
    enum run_hold hold;
    struct instant fires_at;
    struct instant created_at;
    struct instant queued_at; /* opened: created, or re-opened by the last rerun */
    struct instant started_at;
    struct instant ended_at;
    uint32_t counts[TASK_STATE_COUNT]; /* nodes in each state */
    struct view_failure failure;
};

struct view_runs {
    const struct view_run *items;
    size_t count;
    int64_t next;    /* 0 = this is the end */
    bool is_partial; /* the search ended early after many runs that do not match; go on with `next`,
                        there may be more behind it (also when count is 0) */
};

/* Runs that match a query, by id, newest first. `now` is what `since:` counts from. */
int view_list_runs(struct store *store, const struct view_page *page, struct arena *arena,
                   struct view_runs *ret_runs, struct error *err);

/* One run's row. NOT_FOUND names the newest run there is. */
int view_find_run(struct store *store, int64_t run_id, struct arena *arena,
                  struct view_run *ret_run, struct error *err);

/* The newest runs of each flow, up to `each` (1 to 100) a flow, flows in the order of their names:
 * for `status` and the page of flows. */
struct view_flow {
    const char *name;
    const struct view_run *runs; /* newest first; at least one */
    size_t run_count;
    bool is_frozen;
};

struct view_flows {
    const struct view_flow *items;
    size_t count;
};

int view_list_flows(struct store *store, int32_t each, struct arena *arena,
                    struct view_flows *ret_flows, struct error *err);

/* Names of all flows that ever ran, sorted; for did-you-mean. */
int view_flow_names(struct store *store, struct arena *arena, const char *const **ret_names,
                    size_t *ret_count, struct error *err);

const char *store_run_kind_name(enum store_run_kind kind);             /* "schedule", … */
const char *store_operation_kind_name(enum store_operation_kind kind); /* "rerun", … */

#endif

/* What the files view*.c share. */
#ifndef DATEMILL_STORE_VIEW_INTERNAL_H
#define DATEMILL_STORE_VIEW_INTERNAL_H

#include "scheduler/store/statement.h"
#include "scheduler/store/view_history.h"

#define VIEW_MAX_EXAMINED 50000 /* runs that one list looks at before it says "partial" */
#define VIEW_MIN_EXAMINED 1000  /* of one stream of it */

/* One question sees one moment: a read transaction, unless the caller has one open. */
struct view_moment {
    struct store *store; /* NULL = nothing to end */
};

#define VIEW_MOMENT(name) SCOPED(view_leave) struct view_moment name = {.store = NULL}

int view_enter(struct view_moment *moment, struct store *store, struct error *err);
void view_leave(struct view_moment *moment);

/* Something happened to a node that was started, or decided by hand; not to one that only waits,
 * was left out, or is blocked without a start. `event_id` is that of its row. */
bool view_has_happened(enum task_state state, int64_t attempts, int64_t event_id);

/* What was left out everywhere still waits for its turn. `event_id` is of what happened, 0 =
 * nothing. */
enum task_state view_state_of_date(enum task_state state, int64_t event_id);

/* So many numbers from 0 to `most`, with commas. */
bool view_parse_numbers(const char *text, int64_t most, int64_t *ret_numbers, size_t count);

/* run.counts: eight numbers with commas. */
bool view_parse_counts(const char *text, uint32_t ret_counts[TASK_STATE_COUNT]);

/* Rows of runs by their ids; a run that is not there is damage. */
struct view_ids {
    const int64_t *items;
    size_t count;
    int64_t next;    /* as in struct view_runs */
    bool is_partial; /* same */
};

int view_read_runs(struct store *store, const struct view_ids *ids, struct arena *arena,
                   const struct view_run **ret_runs, struct error *err);

/* What view_run.version is, of the columns short_commit, hash and is_dirty from `column` on. */
const char *view_read_version(struct statement *statement, int column, struct arena *arena);

/* What failed first in a run; untouched where nothing did. */
int view_read_failure(struct store *store, int64_t run_id, struct arena *arena,
                      struct view_failure *failure, struct error *err);

/* The median of the first column of the rows to come, at most VIEW_MEDIAN_SAMPLES of them. */
int view_read_median(struct statement *statement, struct view_median *ret_median,
                     struct error *err);

/* The ids of a page of a list. */
int view_find_ids(struct store *store, const struct view_page *page, struct arena *arena,
                  struct view_ids *ret_ids, struct error *err);

/* Attempts: the columns of VIEW_ATTEMPT_COLUMNS into a struct; the name is not among them. */
#define VIEW_ATTEMPT_COLUMNS                                                                       \
    "attempt.id, attempt.run_id, attempt.node, number, opening, attempt.state, outcome, code,"     \
    " executor, granted_at, attempt.started_at, attempt.ended_at, error_code, attempt.reason,"     \
    " pid, cpu_us, peak_bytes, log_path, log_bytes, log_lost_bytes, leftovers,"                    \
    " (SELECT hash FROM blob WHERE blob.id = text_id)"
#define VIEW_ATTEMPT_COLUMN_COUNT 22

void view_read_attempt(struct statement *statement, struct arena *arena,
                       struct view_attempt *attempt);

/* Operations: INDEXED BY and WHERE are the caller's, between and behind the two. */
#define VIEW_OPERATION_SELECT                                                                      \
    "SELECT operation.id, kind, at, who, operation.reason, detail, flow.name,"                     \
    " coalesce(operation.run_id, 0), operation.node, node.name, coalesce(backfill_id, 0)"          \
    " FROM operation "
#define VIEW_OPERATION_JOIN                                                                        \
    " LEFT JOIN flow ON flow.id = operation.flow_id"                                               \
    " LEFT JOIN node_run ON node_run.run_id = operation.run_id"                                    \
    "  AND node_run.node = operation.node"                                                         \
    " LEFT JOIN node ON node.id = node_run.node_id "

int view_read_operations(struct statement *statement, struct arena *arena,
                         struct view_operations *ret_operations, struct error *err);

#endif

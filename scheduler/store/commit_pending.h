/* What the open batch says about attempts and nodes of runs, before it is written to their rows.
 *
 * A short attempt is told in five calls (granted and its details; started and its process; ended
 * and what it cost), its node in two. Written one by one these were seven statements, and they are
 * what a node costs. Here calls about the same row become one statement: an INSERT for a grant, an
 * UPDATE for the rest, an UPDATE of the node's row. Lines of the story are not combined.
 *
 * Nothing outlives its batch, and statement_open() writes everything before any other statement
 * runs: who reads or writes through it sees the rows as they are. */
#ifndef DATEMILL_STORE_COMMIT_PENDING_H
#define DATEMILL_STORE_COMMIT_PENDING_H

#include "scheduler/store/commit_internal.h"

#define PENDING_MAX 128 /* rows of each kind; more, and all are written */

/* A new attempt or, when `is_granted` is not set, what has changed about one. */
struct pending_attempt {
    int64_t id;
    bool is_granted;
    bool is_started;
    bool has_pid;
    bool is_ended;
    struct record_attempt granted;
    struct instant started_at;
    struct instant ended_at;
    struct attempt_outcome outcome;
    int64_t pid;
};

struct pending_task {
    struct record_task row; /* the last one */
    bool is_changed;        /* its state differed from the row's on the way */
    enum task_why why;      /* of the last change of state, as the next two */
    struct instant changed_at;
    int64_t event_id;
    int64_t started_at; /* instant, 0 = none any more, -1 = as it was */
};

struct pending {
    size_t attempt_count;
    size_t task_count;
    struct pending_attempt attempts[PENDING_MAX];
    struct pending_task tasks[PENDING_MAX];
};

/* The one of that id, or a new one. NULL: something could not be written. */
struct pending_attempt *pending_attempt(struct store *store, int64_t id, struct error *err);

/* NULL when there is none. */
struct pending_attempt *pending_find_attempt(struct store *store, int64_t id);

/* Its row has been written in another way. */
void pending_drop_attempt(struct store *store, struct pending_attempt *attempt);

/* `event_id` is the line of the story about it. */
int pending_add_task(struct store *store, const struct record_task *task, int64_t event_id,
                     struct error *err);

/* Writes what is known of an attempt that is not new; `end` and its one-line `reason` may be
 * NULL. */
int pending_update_attempt(struct store *store, const struct pending_attempt *attempt,
                           const struct store_end *end, const char *reason, struct error *err);

#endif

/* What the open batch says about attempts, nodes, runs and the counts of a backfill, before it is
 * written to their rows.
 *
 * A short attempt is told in five calls (granted and its details; started and its process; ended
 * and what it cost), its node in two, its run in two. Written one by one these were ten statements,
 * and they are what a node costs. Here calls about the same row become one statement: an INSERT for
 * a grant, an UPDATE for the rest, an UPDATE of the node's row, one of the run's. Lines of the
 * story are not combined.
 *
 * Nothing outlives its batch, and statement_open() writes everything before any other statement
 * runs: who reads or writes through it sees the rows as they are. */
#ifndef DATEMILL_STORE_COMMIT_PENDING_H
#define DATEMILL_STORE_COMMIT_PENDING_H

#include "scheduler/store/commit_internal.h"
#include "scheduler/store/store_backfill.h"

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

struct pending_run {
    struct record_run row;       /* the last one */
    bool is_changed;             /* its state differed from the one before, within the batch */
    struct instant opened_at;    /* when this opening began, should it be a new one */
    struct instant new_started;  /* when it began to run, in a new opening; 0 = it has not */
    struct instant more_started; /* the same, where the opening is not new and it had not before */
    struct instant ended_at;     /* last change of state */
};

/* How many more dates of a backfill are in each state. */
struct pending_dates {
    int64_t backfill_id; /* 0 = of none */
    int64_t more[DATE_STATE_COUNT];
};

struct pending {
    size_t attempt_count;
    size_t task_count;
    size_t run_count;
    struct pending_dates dates;
    struct pending_run runs[PENDING_MAX];
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

int pending_add_run(struct store *store, const struct record_run *run, struct error *err);

/* A date goes from one state to another. */
int pending_move_date(struct store *store, int64_t backfill_id, int from, int to,
                      struct error *err);

/* Writes what is known of an attempt that is not new; `end` and its one-line `reason` may be
 * NULL. */
int pending_update_attempt(struct store *store, const struct pending_attempt *attempt,
                           const struct store_end *end, const char *reason, struct error *err);

#endif

/* Questions across runs: trends, the state of a date, what is going on, the story. Conventions:
 * view.h. */
#ifndef DATEMILL_STORE_VIEW_HISTORY_H
#define DATEMILL_STORE_VIEW_HISTORY_H

#include "scheduler/base/civil.h"
#include "scheduler/store/view_run.h"

#define VIEW_MEDIAN_SAMPLES 20

/* A node of a flow, by name. */
struct view_place {
    const char *flow;
    const char *node; /* "" = the flow as a whole, where that makes sense */
};

/* A node through the runs of its flow: the newest attempt in each run, newest run first; `after`
 * and `next` are run ids. A run in which it had none is left out. */
struct view_node_list {
    struct view_place place;
    struct view_page page;
};

int view_node_history(struct store *store, const struct view_node_list *list, struct arena *arena,
                      struct view_attempts *ret_attempts, struct error *err);

/* Median of the last VIEW_MEDIAN_SAMPLES successes among the newest 1,000 runs: of whole runs (all
 * nodes selected, opened once), or of a node's newest attempts. */
struct view_median {
    struct duration median;
    int32_t samples; /* 0 = there is none */
};

int view_median(struct store *store, const struct view_place *place, struct view_median *ret_median,
                struct error *err);

/* The median of every node of a flow, from its first start to its end, in the last
 * VIEW_MEDIAN_SAMPLES runs that went well at the first opening, of the newest 200. */
struct view_node_median {
    const char *name;
    struct view_median median;
};

struct view_node_medians {
    const struct view_node_median *items; /* by the ids of their names */
    size_t count;
};

int view_node_medians(struct store *store, const char *flow, struct arena *arena,
                      struct view_node_medians *ret_medians, struct error *err);

/* The state of a date: per node that of its newest attempt (or mark, skip) in any run of the flow
 * and planned time. A node that never had one has the state of the newest run; one that was only
 * left out by selections waits. */
struct view_date_node {
    const char *name;
    enum task_state state;
    int64_t run_id;
    int64_t attempt_id; /* newest of that run, 0 = none */
    struct instant changed_at;
    bool is_by_hand; /* marked or skipped by a person */
};

struct view_date {
    int64_t newest_run_id; /* 0 = no run of that time */
    const struct view_date_node
        *nodes; /* in the newest run's order, then what only older ones have */
    size_t node_count;
    size_t newest_count; /* of them, the first so many are the newest run's */
};

/* Whether a node of the date lets go on what needs it; `*`: all of the newest run do. If not,
 * *ret_undone is the (first) one that does not, NULL when no run has it. */
bool view_date_is_done(const struct view_date *date, const char *node,
                       const struct view_date_node **ret_undone);

struct view_planned {
    const char *flow;
    const char *cyctime;
    bool is_second;
};

int view_date_state(struct store *store, const struct view_planned *planned, struct arena *arena,
                    struct view_date *ret_date, struct error *err);

/* The earliest planned time that a flow has a run of, in a buffer of CIVIL_TIME_BYTES; "" when it
 * never ran. */
int view_first_planned(struct store *store, const char *flow, char ret_cyctime[CIVIL_TIME_BYTES],
                       struct error *err);

/* When an attempt began and ended; 0 where it did not yet, or there is no such attempt. */
int view_attempt_times(struct store *store, int64_t attempt_id, struct instant *ret_started,
                       struct instant *ret_ended, struct error *err);

/* ---- what is going on ---- */

struct view_status {
    const struct view_run *open; /* newest first, at most VIEW_MAX_ROWS */
    size_t open_count;
    bool has_more_open;
    const struct view_run *attention; /* newest run of a flow and it is failed or stopped */
    size_t attention_count;
    const struct store_freeze *freezes;
    size_t freeze_count;
    int64_t granted; /* attempts */
    int64_t running; /* attempts */
    int64_t newest_event;
};

int view_status(struct store *store, struct arena *arena, struct view_status *ret_status,
                struct error *err);

/* How many runs match, counted up to `at_most`: "100+". */
int view_count_runs(struct store *store, const struct run_query *query, int32_t at_most,
                    int32_t *ret_count, struct error *err);

/* ---- the story ---- */

enum view_event_kind { /* numbers are kept in the store: never change one */
    VIEW_EVENT_RUN_ADDED = 0,
    VIEW_EVENT_RUN = 1,  /* a run changed its state */
    VIEW_EVENT_TASK = 2, /* a task's record */
    VIEW_EVENT_OPERATION = 3,
    VIEW_EVENT_NOTE = 4
};

struct view_event {
    int64_t id;
    enum view_event_kind kind;
    struct instant at;
    int64_t run_id;          /* 0 = none */
    uint32_t node;           /* TASK, OPERATION: or STORE_NO_NODE */
    const char *node_name;   /* "" = none */
    int32_t state;           /* RUN: enum run_state, TASK: enum task_state; else -1 */
    enum task_why why;       /* TASK */
    enum task_reason reason; /* TASK that waits */
    int64_t attempt_id;      /* TASK: STARTED and ENDED */
    int32_t tries;           /* TASK */
    const char *flow;        /* NOTE, OPERATION */
    const char *text;        /* NOTE: the text; OPERATION: "rerun from failed" */
};

struct view_events {
    const struct view_event *items; /* ascending ids */
    size_t count;
    int64_t next; /* the last id, or `after` when there is none */
};

/* Up to page.limit events with ids above page.after, of one run (run_id 0: of all). */
struct view_event_list {
    int64_t run_id;
    struct view_page page;
};

int view_events(struct store *store, const struct view_event_list *list, struct arena *arena,
                struct view_events *ret_events, struct error *err);

/* The newest event's id, of one run or of all (0); 0 = none. One look-up, for ETags. */
int view_newest_event(struct store *store, int64_t run_id, int64_t *ret_event_id,
                      struct error *err);

#endif

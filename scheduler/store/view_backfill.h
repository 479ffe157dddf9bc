/* Questions about backfills and about the dates of a flow. Conventions: view.h. */
#ifndef DATEMILL_STORE_VIEW_BACKFILL_H
#define DATEMILL_STORE_VIEW_BACKFILL_H

#include "scheduler/store/store_backfill.h"
#include "scheduler/store/view_history.h"

struct view_backfill {
    struct store_backfill row;
    const char *version;                  /* as view_run.version */
    struct date_counts counts;            /* dates by state */
    int64_t decided[DATE_DECISION_COUNT]; /* and by decision */
    const char *first;                    /* business dates */
    const char *last;
};

struct view_backfills {
    const struct view_backfill *items; /* newest first */
    size_t count;
    int64_t next;
};

struct view_backfill_list {
    const char *flow;      /* NULL = of all flows */
    struct view_page page; /* its query is not used */
};

int view_list_backfills(struct store *store, const struct view_backfill_list *list,
                        struct arena *arena, struct view_backfills *ret_backfills,
                        struct error *err);

int view_find_backfill(struct store *store, int64_t backfill_id, struct arena *arena,
                       struct view_backfill *ret_backfill, struct error *err);

/* A date with how its run went. */
struct view_date_run {
    struct store_date date;
    struct instant started_at;
    struct instant ended_at;
    struct view_failure failure;
};

struct view_date_runs {
    const struct view_date_run *items; /* ascending positions */
    size_t count;
    int64_t next; /* what to give as `after`; -1 = this is the end */
};

int view_backfill_dates(struct store *store, const struct load_dates_of *which, struct arena *arena,
                        struct view_date_runs *ret_dates, struct error *err);

/* Oldest first. */
int view_backfill_operations(struct store *store, int64_t backfill_id, struct arena *arena,
                             struct view_operations *ret_operations, struct error *err);

/* Of what it finished: its last VIEW_MEDIAN_SAMPLES dates that are success. */
int view_backfill_median(struct store *store, int64_t backfill_id, struct view_median *ret_median,
                         struct error *err);

/* ---- how the dates of a flow stand, as a backfill asks: in bulk ---- */

enum view_instance_verdict {
    VIEW_INSTANCE_SUCCESS, /* each node asked for is success in its newest attempt, or was marked so
                              or skipped by hand */
    VIEW_INSTANCE_NOT,     /* `node` is the first that is not; one that was left out of all runs, or
                              that none of them has, is waiting */
    VIEW_INSTANCE_OPEN     /* `run_id` is open */
};

struct view_instance {
    const char *bizdate;
    const char *cyctime;
    bool is_second;
    enum view_instance_verdict verdict;
    int64_t run_id;   /* the newest, or the open one */
    const char *node; /* NOT: the first in the newest run's order that is not success; else "" */
    enum task_state state; /* of it */
    const char *reason;    /* of its newest attempt, or who marked it; one line; "" = none */
};

struct view_instances_of {
    const char *flow;
    const char *from; /* business dates, both included */
    const char *to;
    const char *const *nodes; /* names asked for; NULL = all of the newest run */
    size_t node_count;
};

struct view_instances {
    const struct view_instance *items; /* ascending (cyctime, is_second); only those with a run */
    size_t count;
};

/* 365 dates of 20 nodes in a few milliseconds, 10,000 dates in a tenth of a second. A date whose
 * newest run is a success of all nodes is decided by that row alone, if nothing happened in an
 * older run since. */
int view_instances(struct store *store, const struct view_instances_of *which, struct arena *arena,
                   struct view_instances *ret_instances, struct error *err);

#endif

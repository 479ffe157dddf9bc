/* Backfills in the store: what was asked for, which dates, how each stands.
 *
 * Writing is within a batch, as store_commit.h says. A backfill and the rows of its dates are made
 * together; after that a date changes in the same batch as the run that changed it. */
#ifndef DATEMILL_STORE_STORE_BACKFILL_H
#define DATEMILL_STORE_STORE_BACKFILL_H

#include "scheduler/store/store_commit.h"

enum backfill_state { /* numbers are kept in the store: never change one */
    BACKFILL_RUNNING = 0,
    BACKFILL_PAUSED = 1,
    BACKFILL_SUCCESS = 2, /* every date that was to run is success */
    BACKFILL_FAILED = 3,  /* through, and not every one is */
    BACKFILL_STOPPED = 4  /* by a person; resume and retry open it again */
};
#define BACKFILL_STATE_COUNT 5

enum backfill_redo {          /* numbers are kept in the store */
    BACKFILL_REDO_NEVER = 0,  /* only dates that never ran */
    BACKFILL_REDO_FAILED = 1, /* and those whose selected nodes are not all success */
    BACKFILL_REDO_ALWAYS = 2
};
#define BACKFILL_REDO_COUNT 3

enum date_decision { /* numbers are kept in the store; the order they are shown in */
    DATE_KEEP = 0,
    DATE_REDO = 1,
    DATE_RUN = 2,
    DATE_CONFLICT = 3, /* another run of it is open */
    DATE_NONE = 4      /* the schedule or the zone has no instance on that date */
};
#define DATE_DECISION_COUNT 5

enum date_state { /* numbers are kept in the store: never change one */
    DATE_WAITING = 0,
    DATE_OPEN = 1, /* its run is there and not final */
    DATE_SUCCESS = 2,
    DATE_FAILED = 3,
    DATE_STOPPED = 4,
    DATE_BLOCKED = 5,     /* an earlier date of the backfill that it needs is not success */
    DATE_IN_CONFLICT = 6, /* another run of it was open when its turn came */
    DATE_LEFT_OUT = 7     /* KEEP, NONE */
};
#define DATE_STATE_COUNT 8

const char *backfill_state_name(enum backfill_state state); /* "running", … */
const char *backfill_redo_name(enum backfill_redo redo);
const char *date_decision_name(enum date_decision decision); /* "keep", "redo", "run", … */
const char *date_state_name(enum date_state state);          /* "waiting", … "in conflict" */

struct store_date {
    int32_t position; /* from 0, in the order in which they are to run */
    const char *bizdate;
    const char *cyctime;
    bool is_second;
    enum date_decision decision;
    enum date_state state;
    int64_t run_id;     /* the run that decided it, or the backfill's own; 0 = none */
    const char *reason; /* of the decision, or why it is as it is; one line */
};

struct store_backfill {
    int64_t id; /* from store_take_backfill_id() */
    const char *flow;
    int64_t version_id;  /* of the definition that its runs are made of */
    const char *request; /* key */
    const char *typed;   /* the range as the user wrote it */
    const char *ranges;  /* plan_dates_write() of all dates */
    enum backfill_redo redo;
    bool is_descending;
    int32_t parallel;     /* dates at once */
    int32_t max_failures; /* 0 = no limit */
    int32_t priority;     /* of its runs */
    const char *selection;
    const char *who;
    const char *reason;
    struct instant created_at;
    enum backfill_state state;
    const char *state_reason; /* why it is paused or stopped, "" = nothing */
    struct instant opened_at; /* created, resumed or retried last */
    struct instant ended_at;  /* 0 = not yet */
    int64_t opening_failures; /* dates that failed since opened_at */
    int64_t leader_id;        /* of the backfills that were asked for together the first, also of
                                 itself; 0 = it was asked for alone */
    const struct node_setting *vars;
    size_t var_count;
};

/* Never given twice, as run ids. */
int64_t store_take_backfill_id(struct store *store);

int store_put_backfill(struct store *store, const struct store_backfill *backfill,
                       const struct store_date *dates, size_t date_count, struct error *err);

/* Stores what may change: leader_id (0 leaves it as it is), version_id, parallel, max_failures,
 * state, state_reason, opened_at, ended_at, opening_failures. */
int store_set_backfill(struct store *store, const struct store_backfill *backfill,
                       struct error *err);

/* Stores a date's state, run_id and reason; by backfill and position. */
int store_set_date(struct store *store, int64_t backfill_id, const struct store_date *date,
                   struct error *err);

/* All dates in one of these states (bit n: date_state n) are waiting again, without a run: how
 * resume and retry begin. */
int store_reset_dates(struct store *store, int64_t backfill_id, uint32_t states, int64_t *ret_count,
                      struct error *err);

/* ---- for the engine; texts belong to the arena ---- */

struct load_backfills {
    const struct store_backfill *items; /* ascending ids */
    size_t count;
};

/* Those that are running or paused. */
int load_open_backfills(struct store *store, struct arena *arena,
                        struct load_backfills *ret_backfills, struct error *err);

/* NOT_FOUND names the newest there is. */
int load_backfill(struct store *store, int64_t backfill_id, struct arena *arena,
                  struct store_backfill *ret_backfill, struct error *err);

/* The backfills that were asked for together, the leader among them. */
int load_backfill_group(struct store *store, int64_t leader_id, struct arena *arena,
                        struct load_backfills *ret_backfills, struct error *err);

int load_backfill_of_request(struct store *store, const char *request, int64_t *ret_backfill_id,
                             struct error *err); /* 0 = none */

struct load_dates {
    const struct store_date *items; /* ascending positions */
    size_t count;
};

/* Which dates: of these states (bit n), behind a position, at most so many. */
struct load_dates_of {
    int64_t backfill_id;
    uint32_t states;
    int32_t after; /* -1 = from the first */
    int32_t limit;
};

int load_dates(struct store *store, const struct load_dates_of *which, struct arena *arena,
               struct load_dates *ret_dates, struct error *err);

/* The date of a planned time; its position is -1 when the backfill has none. */
struct load_date_of {
    int64_t backfill_id;
    const char *bizdate;
    const char *cyctime;
    bool is_second;
};

int load_date(struct store *store, const struct load_date_of *which, struct arena *arena,
              struct store_date *ret_date, struct error *err);

/* How many dates are in each state. */
struct date_counts {
    int64_t items[DATE_STATE_COUNT];
};

int load_date_counts(struct store *store, int64_t backfill_id, struct date_counts *ret_counts,
                     struct error *err);

#endif

/* Backfills that are at work: what the engine keeps of one in memory.
 *
 * One is in memory while a run of it is open or somebody watches it, and is loaded from the store
 * when it is asked for. Its dates are not: a page of those that come next, and the runs of those
 * that are open (struct daemon_run). What changes here is stored with the turn. */
#ifndef DATEMILL_DAEMON_BACKFILL_H
#define DATEMILL_DAEMON_BACKFILL_H

#include "scheduler/daemon/backfill_plan.h"
#include "scheduler/daemon/daemon_state.h"

#define BACKFILL_PAGE_DATES 64
#define BACKFILL_MAX_PARALLEL 1000 /* dates at once */

struct backfill {
    struct backfill *next;
    struct daemon *daemon;
    struct arena arena; /* of the row's texts */
    struct store_backfill row;
    struct definition *definition; /* one use; NULL = not read yet */
    struct backfill_plan *plan;    /* of a new one, until it is stored */
    struct date_counts counts;     /* with the changes of the turn */
    bool is_stopping;              /* stopped as soon as none of its dates is open */

    struct arena page_arena; /* dates that wait, in their order */
    struct load_dates page;
    size_t page_next;
    int32_t after;      /* the last position that was loaded */
    bool is_at_end;     /* none waits behind it */
    bool must_commit;   /* some wait again, or are new: the store knows it after the commit */
    bool is_in_turn;    /* the row is stored with the turn */
    bool must_tell;     /* its state or settings: right after the commit */
    bool has_news;      /* that its watchers were not told */
    bool is_told_again; /* by the timer, although nothing changes: runs grow older */
    struct loop_timer tell_timer;
};

/* ---- the collection ---- */

struct backfill *backfill_find(struct daemon *daemon, int64_t backfill_id); /* NULL = not here */

/* From memory, or else from the store. NOT_FOUND. */
int backfill_load(struct daemon *daemon, int64_t backfill_id, struct backfill **ret_backfill,
                  struct error *err);

/* A new one, to be stored with the turn; takes over the plan and a use of the definition. Texts of
 * the row are copied. */
struct backfill *backfill_add(struct daemon *daemon, const struct store_backfill *row,
                              struct backfill_plan *plan, struct definition *definition);

/* A server takes up all that are to run. */
int backfill_load_running(struct daemon *daemon, struct error *err);

/* Lets go of those that nobody needs. */
void backfill_tidy(struct daemon *daemon);
void backfill_free_all(struct daemon *daemon);

/* ---- changes; all join the turn ---- */

void backfill_change(struct backfill *backfill); /* something of the row */
void backfill_set_state(struct backfill *backfill, enum backfill_state state, const char *reason);

/* Dates in one of these states (bit n: date_state n) wait again; how many. */
int64_t backfill_reset(struct backfill *backfill, uint32_t states);

/* A date goes from one state to another. Of the text fields bizdate and reason count. */
struct backfill_date_change {
    const char *bizdate;
    const char *cyctime;
    int32_t position;
    enum date_state from;
    enum date_state to;
    int64_t run_id;
    const char *reason; /* one line */
    const char *node;   /* the first that failed, "" = none */
    struct duration duration;
};
void backfill_set_date(struct backfill *backfill, const struct backfill_date_change *change);

/* The whole backfill is over, or was only paused or stopped until now, when that is so. */
void backfill_settle(struct backfill *backfill);

/* ---- dates ---- */

/* The next date that waits, borrowed until the next call. False: there is none for now. */
int backfill_next(struct backfill *backfill, const struct store_date **ret_date, struct error *err);

/* The run's place and state in its backfill, where they are not known yet. A run that has none any
 * more is of no backfill afterwards. */
int backfill_find_date(struct backfill *backfill, struct daemon_run *run, struct error *err);

/* Whether the run's definition is there to make more runs of. */
int backfill_read_definition(struct backfill *backfill, struct error *err);

/* ---- needs between dates, and between backfills that were asked for together ---- */

enum backfill_verdict {
    BACKFILL_NEED_OUTSIDE, /* no date of the backfill that runs: the store decides */
    BACKFILL_NEED_OPEN,
    BACKFILL_NEED_MET,
    BACKFILL_NEED_HOPELESS, /* its date is over without it */
    BACKFILL_NEED_PUT_OFF   /* both backfills are paused, and its date has not begun */
};

struct backfill_need {
    const struct daemon_run *run; /* that needs another date, or another flow's */
    const char *flow;
    const char *cyctime;
    bool is_second;
    const char *node;
};

/* `ret_why`: `needs 2021-11-04, which failed`, in the arena, when it is hopeless. */
int backfill_look_need(struct daemon *daemon, const struct backfill_need *need, struct arena *arena,
                       enum backfill_verdict *ret_verdict, const char **ret_why);

/* ---- figures ---- */
int64_t backfill_total(const struct backfill *backfill);  /* dates that are to run or ran */
int64_t backfill_done(const struct backfill *backfill);   /* ended in whatever way */
int64_t backfill_failed(const struct backfill *backfill); /* did not end well */

/* ---- the turn's ---- */
int backfill_store(struct daemon *daemon, struct error *err); /* within its batch */
void backfill_committed(struct daemon *daemon);

#endif

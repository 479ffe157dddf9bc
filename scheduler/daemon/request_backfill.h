/* What requests about backfills share. */
#ifndef DATEMILL_DAEMON_REQUEST_BACKFILL_H
#define DATEMILL_DAEMON_REQUEST_BACKFILL_H

#include "scheduler/daemon/backfill.h"

/* A request about a backfill, while it is worked on. */
struct backfill_request {
    struct daemon *daemon;
    struct daemon_watcher *watcher;
    const struct request *request;
    bool is_quiet; /* one of several that one answer is given for */
};

/* The answer, told after the commit, and how it stands. */
void request_backfill_reply(const struct backfill_request *work, const struct backfill *backfill,
                            const char *remark);

/* Notes who asked for what, and why. */
void request_backfill_note(const struct backfill_request *work, const struct backfill *backfill,
                           enum store_operation_kind kind, const char *detail);

const char *request_backfill_who(const struct backfill_request *work);

/* It goes on, driven by who asks, in a definition whose use it takes over (also on failure); dates
 * in one of these states wait again. `remark` begins that of the answer. */
struct backfill_resume {
    struct backfill *backfill;
    struct definition *definition;
    enum store_operation_kind kind;
    uint32_t states;
    const char *remark;
};
int request_backfill_go_on(const struct backfill_request *work,
                           const struct backfill_resume *resume, struct error *err);

/* ---- request_backfill.c ---- */

/* What is asked for of a flow: the row that would be stored, but for its id. */
int request_backfill_read_row(const struct backfill_request *work, const struct flow *flow,
                              struct store_backfill *ret_row, struct error *err);
/* The dates of a row, in the arena. */
int request_backfill_read_dates(const struct flow *flow, const struct store_backfill *row,
                                struct arena *arena, struct plan_dates *ret_dates,
                                struct error *err);
/* The newest unfinished one that does the same; NULL when there is none. */
int request_backfill_find_equal(const struct backfill_request *work,
                                const struct store_backfill *row, struct backfill **ret_backfill,
                                struct error *err);
/* Goes on with it, driven by who asks; takes over the use of the definition. BUSY when it runs. */
int request_backfill_go_on_with_equal(const struct backfill_request *work,
                                      struct backfill *backfill, struct definition *definition,
                                      struct error *err);
/* A new one, driven by who asks; takes over the plan and the definition. */
struct backfill *request_backfill_make(const struct backfill_request *work,
                                       struct store_backfill *row, struct backfill_plan *plan,
                                       struct definition *definition);
void request_backfill_reply_nothing(const struct backfill_request *work, int64_t keep,
                                    int64_t conflict);

/* ---- request_backfill_group.c ---- */

/* A flow with those that need it: all or none. */
int request_backfill_group(const struct backfill_request *work, struct error *err);

/* The others that were asked for with it: is called for each, loaded. */
int request_backfill_each_mate(struct daemon *daemon, const struct backfill *backfill,
                               void (*call)(void *owner, struct backfill *mate), void *owner,
                               struct error *err);
int64_t request_backfill_count(struct daemon *daemon, const struct backfill *backfill);

/* ---- request_backfill_change.c ---- */

/* CLAIM and WATCH. */
int request_backfill_follow(const struct backfill_request *work, int64_t backfill_id, bool drives,
                            struct error *err);

/* All that name one: RESUME and RETRY, PAUSE and STOP, SET. */
int request_backfill_change(const struct backfill_request *work, struct error *err);

#endif

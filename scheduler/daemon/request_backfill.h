/* What requests about backfills share. */
#ifndef DATEMILL_DAEMON_REQUEST_BACKFILL_H
#define DATEMILL_DAEMON_REQUEST_BACKFILL_H

#include "scheduler/daemon/backfill.h"

/* A request about a backfill, while it is worked on. */
struct backfill_request {
    struct daemon *daemon;
    struct daemon_watcher *watcher;
    const struct request *request;
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

/* CLAIM and WATCH. */
int request_backfill_follow(const struct backfill_request *work, int64_t backfill_id, bool drives,
                            struct error *err);

/* All that name one: RESUME and RETRY, PAUSE and STOP, SET. */
int request_backfill_change(const struct backfill_request *work, struct error *err);

#endif

/* What one transaction holds, in the order of storing, and who is told after it. Types only; what
 * is done with them is turn.c's. */
#ifndef DATEMILL_DAEMON_TURN_ITEMS_H
#define DATEMILL_DAEMON_TURN_ITEMS_H

#include "scheduler/daemon/attempt_result.h"
#include "scheduler/daemon/notice.h"
#include "scheduler/engine/action.h"
#include "scheduler/store/store_backfill.h"
#include "scheduler/store/store_message.h"
#include "scheduler/store/store_schedule.h"
#include "scheduler/system/keeper_protocol.h"

struct daemon_run;
struct daemon_watcher;
struct backfill;

struct turn_run { /* a new run */
    struct turn_run *next;
    struct daemon_run *run;
    struct store_run row; /* but for version_id */
    int64_t version_id;
};

struct turn_version { /* a run that is over takes another version, before it is opened again */
    struct turn_version *next;
    struct daemon_run *run;
    struct store_run row; /* but for version_id */
    int64_t version_id;
};

struct turn_grant { /* the command of a grant */
    struct turn_grant *next;
    struct store_grant row;
    struct keeper_start start;
    const char *problem; /* why there is no command; NULL = there is one */
};

struct turn_started {
    struct turn_started *next;
    int64_t attempt_id;
    int64_t pid;
};

struct turn_end {
    struct turn_end *next;
    int64_t run_id;
    uint32_t node;
    int32_t number;
    struct duration elapsed;
    const char *log_path; /* absolute */
    struct attempt_result result;
    struct store_end row;
};

struct turn_operation {
    struct turn_operation *next;
    struct store_operation row;
};

struct turn_freeze {
    struct turn_freeze *next;
    struct store_freeze row;
    bool is_removed;
};

struct turn_hold {
    struct turn_hold *next;
    int64_t run_id;
    enum run_hold hold;
};

struct turn_schedule { /* how far a flow is in its calendar */
    struct turn_schedule *next;
    struct store_schedule row;
};

struct turn_note { /* a line of the story */
    struct turn_note *next;
    const char *flow;
    const char *text;
    struct instant at;
};

enum turn_backfill_kind {
    TURN_BACKFILL_PUT,   /* a new one with its dates; its row is as it is when it is stored */
    TURN_BACKFILL_SET,   /* its row */
    TURN_BACKFILL_RESET, /* dates wait again */
    TURN_BACKFILL_DATE
};

struct turn_backfill { /* a change of a backfill; they are stored in their order, after the runs */
    struct turn_backfill *next;
    enum turn_backfill_kind kind;
    struct backfill *backfill;
    uint32_t states;        /* RESET: bit n: date_state n */
    struct store_date date; /* DATE */
    bool is_end;            /* DATE: `notice` is told after the commit */
    struct notice notice;
};

enum turn_message_kind {
    TURN_MESSAGE_PUT,
    TURN_MESSAGE_SET,
    TURN_MESSAGE_FOLD /* those up to `id` are told in the one that is `about` that */
};

struct turn_message { /* what people are told */
    struct turn_message *next;
    enum turn_message_kind kind;
    struct store_message row;
};

struct turn_reply {
    struct turn_reply *next;
    struct daemon_watcher *watcher; /* NULL when it went away meanwhile */
    bool tells_runs;                /* how its runs stand follows it */
    struct notice notice;
};

/* A list that is added to at its end. */
#define TURN_LIST(type)                                                                            \
    struct {                                                                                       \
        struct type *first;                                                                        \
        struct type *last;                                                                         \
    }

#define TURN_ADD(list, item)                                                                       \
    do {                                                                                           \
        if ((list).first == NULL)                                                                  \
            (list).first = (item);                                                                 \
        else                                                                                       \
            (list).last->next = (item);                                                            \
        (list).last = (item);                                                                      \
    } while (0)

struct turn {
    struct arena arena; /* everything of the turn */
    struct action_list actions;
    size_t noted; /* actions that backfills have looked at */
    size_t told;  /* actions that the outbox has looked at */
    TURN_LIST(turn_run) runs;
    TURN_LIST(turn_version) versions;
    TURN_LIST(turn_grant) grants;
    TURN_LIST(turn_started) started;
    TURN_LIST(turn_end) ends;
    TURN_LIST(turn_operation) operations;
    TURN_LIST(turn_freeze) freezes;
    TURN_LIST(turn_hold) holds;
    TURN_LIST(turn_backfill) backfills;
    TURN_LIST(turn_schedule) schedules;
    TURN_LIST(turn_note) notes;
    TURN_LIST(turn_message) messages;
    TURN_LIST(turn_reply) replies;
};

#endif

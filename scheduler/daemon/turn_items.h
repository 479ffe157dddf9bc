/* What one transaction holds, in the order of storing, and who is told after it. Types only; what
 * is done with them is turn.c's. */
#ifndef DATEMILL_DAEMON_TURN_ITEMS_H
#define DATEMILL_DAEMON_TURN_ITEMS_H

#include "scheduler/daemon/attempt_result.h"
#include "scheduler/daemon/notice.h"
#include "scheduler/engine/action.h"
#include "scheduler/store/store_commit.h"
#include "scheduler/system/keeper_protocol.h"

struct daemon_run;
struct daemon_watcher;

struct turn_run { /* a new run */
    struct turn_run *next;
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
    TURN_LIST(turn_run) runs;
    TURN_LIST(turn_grant) grants;
    TURN_LIST(turn_started) started;
    TURN_LIST(turn_end) ends;
    TURN_LIST(turn_operation) operations;
    TURN_LIST(turn_freeze) freezes;
    TURN_LIST(turn_hold) holds;
    TURN_LIST(turn_reply) replies;
};

#endif

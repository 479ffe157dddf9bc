/* Why a node of an open run does not run, and who waits for it, in words: promise 9. */
#ifndef DATEMILL_DAEMON_EXPLAIN_TEXT_H
#define DATEMILL_DAEMON_EXPLAIN_TEXT_H

#include "scheduler/daemon/daemon_state.h"

#define EXPLAIN_MAX_ITEMS 4000
#define EXPLAIN_MAX_HOLDERS 8 /* of slots or a pool, by name */

/* An explanation that grows; its texts belong to the arena. */
struct explanation {
    struct daemon *daemon;
    const struct daemon_run *run;
    struct arena *arena;
    struct instant now;
    struct engine_reasons reasons; /* free with engine_reasons_free() */
    struct notice_item *items;
    size_t count;
    size_t capacity;
};

/* A line for each thing that a waiting, blocked or frozen node waits for; nothing for others. */
void explain_node(struct explanation *explanation, uint32_t node);

/* How a waiting node waits, in a few words for a line of its own: "again in 4m". */
void explain_in_short(const struct daemon *daemon, const struct daemon_run *run, uint32_t node,
                      const struct engine_task *task, struct text *text);

/* A line, its key marked with NOTICE_HOLDS_UP, for each node of this run and of open runs that
 * waits for a node of this run; `node` STORE_NO_NODE: for any of them. */
void explain_waiters(struct explanation *explanation, uint32_t node);

#endif

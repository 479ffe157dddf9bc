/* What the nodes of a run wait for as far as the store knows: for runs that are over, and where no
 * engine is at work. One that is knows better (REQUEST_KIND_EXPLAIN). */
#ifndef DATEMILL_DAEMON_EXPLAIN_STORE_H
#define DATEMILL_DAEMON_EXPLAIN_STORE_H

#include "scheduler/base/zone.h"
#include "scheduler/daemon/notice.h"
#include "scheduler/store/store_load.h"
#include "scheduler/store/view_run.h"

struct explain_store {
    const struct view_run *run;
    const struct view_nodes *nodes;
    const struct flow *flow; /* the run's definition; NULL = not known */
    struct instant now;
    const struct zone *zone; /* of times in the texts */

    /* Another flow as it is now, NULL = gone or wrong. Borrowed for the call. */
    const struct flow *(*find_flow)(void *owner, const char *name);
    void *owner;
};

/* Items as those of a reply to REQUEST_KIND_EXPLAIN. */
struct explain_list {
    const struct notice_item *items;
    size_t count;
};

void explain_store(struct store *store, const struct explain_store *of, struct arena *arena,
                   struct explain_list *ret_list);

/* `file oss: event/${var}data`, as written: what a node with `wait` set waits for. */
const char *explain_store_wait(const struct flow_node *node, struct arena *arena);

/* The freeze by hand of a node of a run; NULL = none, or it cannot be read (-1). */
int explain_store_freeze(struct store *store, const struct view_run *run, const char *node,
                         struct arena *arena, const struct store_freeze **ret_freeze);

#endif

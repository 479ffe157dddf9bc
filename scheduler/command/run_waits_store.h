/* What the nodes of a run wait for as far as the store knows: for runs that are over, and where no
 * engine is at work. */
#ifndef DATEMILL_COMMAND_RUN_WAITS_STORE_H
#define DATEMILL_COMMAND_RUN_WAITS_STORE_H

#include "scheduler/command/run_facts.h"
#include "scheduler/daemon/notice.h"

/* Items as of a reply to REQUEST_KIND_EXPLAIN; all belongs to the context's arena. */
struct run_waits {
    const struct notice_item *items;
    size_t count;
    const char *remark; /* "" = nothing to say */
    bool is_of_engine;
};

/* Keeps the remark that is there. */
void run_waits_from_store(struct context *context, const struct run_facts_nodes *run,
                          struct run_waits *waits);

/* The freeze by hand of a node of a run, from the store; NULL = none. */
const struct store_freeze *run_waits_freeze(struct context *context, const struct view_run *run,
                                            const char *node);

#endif

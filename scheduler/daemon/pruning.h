/* Forgetting old history while the engine goes on: a step, a pause, a step. Who asked for it is
 * either a watcher (`runs prune`) or the server itself (retention.h). */
#ifndef DATEMILL_DAEMON_PRUNING_H
#define DATEMILL_DAEMON_PRUNING_H

#include "scheduler/daemon/daemon_state.h"
#include "scheduler/daemon/prune.h"

struct pruning_options {
    struct duration keep_runs;    /* 0 = runs stay */
    struct duration keep_logs;    /* 0 = as long as their runs */
    bool is_silent_about_nothing; /* no line in the story when nothing went */

    /* Now and then, and at the end, with the error if it failed. After the end nothing more. */
    void (*tell)(void *owner, const struct prune_result *result, bool is_over,
                 const struct error *error);
    void *owner;
};

/* BUSY when one is going on. */
int pruning_start(struct daemon *daemon, const struct pruning_options *options, struct error *err);

/* Goes no further, and tells nothing, if it is this owner's; NULL: whoever's. */
void pruning_end(struct daemon *daemon, const void *owner);

#endif

/* What the nodes of a run need of other flows and of the cycle before.
 *
 * The instances they mean are found once, by the other flow's schedule; how those stand is looked
 * up in the store after the commits that may have changed it. */
#ifndef DATEMILL_DAEMON_NEEDS_H
#define DATEMILL_DAEMON_NEEDS_H

#include "scheduler/daemon/daemon_state.h"

/* What the nodes of a plan need of other flows and of the cycle before; NULL = nothing. All of it
 * counts as open until needs_look(). */
struct needs *needs_new(const struct plan *plan);
void needs_free(struct needs *needs); /* NULL is fine */

/* Finds the instances that are meant, in the folder as it is now; again does nothing. Fails when a
 * flow that is needed is wrong or not there. */
int needs_find(struct daemon *daemon, struct daemon_run *run, struct error *err);

/* The same for a run that comes without somebody to tell: a flow that is wrong or gone is taken as
 * it last was right; of one that never was, the need stays open with the problem. */
void needs_find_anyway(struct daemon *daemon, struct daemon_run *run);

/* A flow of the folder has changed, come or gone: who waits for instances of it finds them anew and
 * looks at them with the next needs_look(). */
void needs_flow_changed(struct daemon *daemon, const char *flow);

/* Looks in the store which needs are met and tells the engine. After a commit: those that `done`
 * may have changed, and those of runs that were not looked at yet. NULL = all. */
void needs_look(struct daemon *daemon, const struct turn *done);

/* Something of a backfill or its dates has changed that no action tells: runs of it, and of those
 * that were asked for with it, look again. */
struct backfill;
void needs_look_again(struct daemon *daemon, const struct backfill *backfill);

/* Appends what a node waits for outside its run: `waits for shop/load of 2021-11-03 (…)`. */
void needs_describe(const struct daemon_run *run, uint32_t node, struct text *text);

/* Why the run can never go on: nothing of it runs, and all that waits in it waits for dates of
 * its backfill that are over without what it needs. NULL = it can. Borrowed until they are looked
 * at. */
const char *needs_hopeless(const struct daemon *daemon, const struct daemon_run *run);

/* Whether that is so only until backfills that are paused go on. */
bool needs_are_put_off(const struct daemon_run *run);

/* Whether an open run waits for something of that flow, or may do so. */
bool needs_wait_for(const struct daemon *daemon, const char *flow);

/* An instance that a node waits for. Strings are the run's. */
struct needs_open {
    uint32_t node;       /* of the run */
    const char *flow;    /* what it waits for, as the following */
    const char *needed;  /* node */
    const char *cyctime; /* "" with a problem */
    bool is_second;
    bool is_by_hand;     /* its flow has no schedule */
    bool is_daily;       /* a date of its flow is one instance */
    bool is_gone;        /* its flow is not there any more */
    struct instant due;  /* when its flow's schedule fires it */
    const char *problem; /* why it is not known which instance that is; NULL = it is */
};

/* The open ones, by node, ascending: the next at or after *cursor, which is moved behind it; false
 * at the end. Start with 0. */
bool needs_next(const struct daemon_run *run, size_t *cursor, struct needs_open *ret_open);

#endif

/* What the schedules owe: instances that are due become runs. A server's part of the daemon.
 *
 * A flow that is seen for the first time owes its instances from that moment on. From then its
 * place in its calendar (the last instance that was decided on) is in the store, and moves in the
 * same transaction that stores the run: an instance is never lost between firing and commit, and
 * never made twice (the store's unique index on scheduled runs says so, too).
 *
 * Instances that were due while nobody was there are `catchup`'s; how late one may be before it
 * counts as missed is FIRING_GRACE_S. What is left out is told in the story (a note), by the dates
 * to backfill. `overlap` and the flow's max_runs hold an instance back as a waiting run, or leave
 * it out.
 *
 * Of a flow only its schedule is kept in memory; the flow is read when an instance fires. A file
 * that is wrong keeps the last good schedule and the last good definition; its problem is told
 * in the story. A flow whose file is gone fires no more. */
#ifndef DATEMILL_DAEMON_FIRING_H
#define DATEMILL_DAEMON_FIRING_H

#include "scheduler/daemon/daemon_state.h"

struct firing;

/* Reads the flows of the project and their places. Wrong files are no failure. */
int firing_open(struct daemon *daemon, struct firing **ret_firing, struct error *err);
void firing_close(struct firing *firing); /* NULL is fine */

/* Reads what has changed of the flows' files, then fires what is due. */
void firing_reload(struct firing *firing);

/* Stops, as a server that drains does. */
void firing_stop(struct firing *firing);

/* The schedule and zone that a flow goes on with, also while its file is wrong, as a flow that has
 * nothing else; in the arena, the zone is borrowed. False: there is none, or `firing` is NULL. */
bool firing_schedule(const struct firing *firing, const char *flow, struct arena *arena,
                     struct flow *ret_shape);

/* After a commit: runs that wait for an earlier one of their flow may be free now. */
void firing_after_turn(struct firing *firing, const struct turn *done);

#endif

/* What backfills do in a turn: dates end, the next ones begin. */
#ifndef DATEMILL_DAEMON_BACKFILL_WORK_H
#define DATEMILL_DAEMON_BACKFILL_WORK_H

#include "scheduler/daemon/backfill.h"

#define BACKFILL_TAKE_AT_ONCE 64 /* dates of one backfill that begin in one turn */

/* Before a commit: what the turn's actions mean for dates joins the turn. On -1 it must not be
 * committed; calling again goes on where it failed. */
int backfill_note(struct daemon *daemon, struct error *err);

/* Next dates begin where there is room. Once per turn of the loop. */
void backfill_fill(struct daemon *daemon);

/* After a commit: who watches is told, runs that wait for what never comes are stopped. */
void backfill_after_commit(struct daemon *daemon, const struct turn *done);

/* Stops the open runs of a backfill. */
void backfill_stop_runs(struct backfill *backfill, bool is_kill);

#endif

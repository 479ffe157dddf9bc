/* How backfills stand, for those who watch them. */
#ifndef DATEMILL_DAEMON_BACKFILL_TELL_H
#define DATEMILL_DAEMON_BACKFILL_TELL_H

#include "scheduler/daemon/backfill.h"

#define BACKFILL_UNDRIVEN "no scheduler is running, no new dates begin"

#define BACKFILL_TELL_MS 200     /* between two notices while dates run */
#define BACKFILL_REFRESH_MS 1000 /* the same when nothing changes but how long they have run */
#define BACKFILL_MAX_ITEMS 64    /* dates that run, of one notice */

/* The fields of a notice that say how it stands. Texts live as long as the backfill. */
void backfill_tell_fill(const struct backfill *backfill, struct notice *notice);

/* One watcher hears how it stands now. */
void backfill_tell_one(struct backfill *backfill, struct daemon_watcher *watcher);

/* After a commit: dates that ended in it, backfills that it changed; what runs, a little later. */
void backfill_tell_turn(struct daemon *daemon, const struct turn *done);

#endif

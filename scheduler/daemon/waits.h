/* Who looks whether the data is there that nodes wait for.
 *
 * The engine asks by a LOOK and decides what an answer means; here it is found out. A look at a
 * file or a partition is a short-lived program (datemill-look), since it may hang on a dead mount.
 * Looks are repeated when the kernel tells of a change in the folder (inotify), and at `every`
 * where it does not (mounts); a time of day is a timer. Nothing else wakes up. */
#ifndef DATEMILL_DAEMON_WAITS_H
#define DATEMILL_DAEMON_WAITS_H

#include "scheduler/daemon/daemon_state.h"

#define WAITS_MAX_LOOKS 4     /* programs at once */
#define WAITS_LOOK_SECONDS 30 /* then it is killed: the mount hangs */
#define WAITS_SETTLE_MS 200   /* changes that come together are one */

/* ACTION_LOOK: look now, and again whenever it may have come. */
void waits_look(struct daemon *daemon, int64_t run_id, uint32_t node);

/* After a commit: what nobody waits for any more is forgotten. */
void waits_tidy(struct daemon *daemon);

/* The clock was set: times of day are others. */
void waits_set_clock(struct daemon *daemon);

/* `file oss: event/x/20211111data` */
void waits_name(const struct daemon *daemon, const struct daemon_run *run, uint32_t node,
                struct text *text);

/* How the last look went: `, not there at 01:20:03`; nothing before the first. */
void waits_append_sight(const struct daemon *daemon, const struct daemon_run *run, uint32_t node,
                        struct text *text);

void waits_close(struct daemon *daemon);

#endif

/* `keep:` of datemill.yaml: a server forgets old runs and logs by itself.
 *
 * It looks soon after its start and then each RETENTION_SHARE-th of the shortest time kept, at most
 * once a day; what it does is a pruning (pruning.h), in small steps between turns. What went is a
 * line of the story. While somebody's `runs prune` is going on it waits for the next time. */
#ifndef DATEMILL_DAEMON_RETENTION_H
#define DATEMILL_DAEMON_RETENTION_H

#include "scheduler/daemon/daemon_state.h"

#define RETENTION_SHARE 24
#define RETENTION_FIRST_MS 2000 /* after the start, and the shortest pause */

struct retention;

struct retention *retention_open(struct daemon *daemon); /* as the project says that was read */
void retention_close(struct retention *retention);       /* ends its pruning; NULL is fine */

/* The project was read again. NULL is fine. */
void retention_read(struct retention *retention);

#endif

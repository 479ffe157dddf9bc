/* For commands that only read: let what the keeper knows become known to the store, if no engine is
 * at work. */
#ifndef DATEMILL_DAEMON_SETTLE_H
#define DATEMILL_DAEMON_SETTLE_H

#include "scheduler/daemon/daemon.h"

#define SETTLE_WAIT_MS 3000 /* for a keeper that does not answer */

/* Tries the engine's lock once, without waiting. With it, and with attempts open in the store, asks
 * the keeper how they are and commits that; nothing is started. A store of an older version is
 * brought up to date. 0 also when there is nothing to do or an engine is at work. */
int daemon_settle(const struct daemon_place *place, struct error *err);

#endif

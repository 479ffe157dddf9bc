/* Freeze and unfreeze. Private to this folder. */
#ifndef DATEMILL_DAEMON_REQUEST_FREEZE_H
#define DATEMILL_DAEMON_REQUEST_FREEZE_H

#include "scheduler/daemon/daemon_state.h"

/* FREEZE, UNFREEZE. The reply: `flow`, `node`, `remark` (what was there before), `items` (node, and
 * what became of it in which open run), and of UNFREEZE the newest runs that ended with it frozen
 * as its run ids. */
int request_freeze(struct daemon *daemon, struct daemon_watcher *watcher,
                   const struct request *request, struct error *err);

#endif

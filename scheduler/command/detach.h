/* --detach: the work is handed to `datemill serve`, and the command returns. */
#ifndef DATEMILL_COMMAND_DETACH_H
#define DATEMILL_COMMAND_DETACH_H

#include "scheduler/command/context.h"
#include "scheduler/daemon/notice.h"

#define DETACH_PATIENCE_S 30 /* for a server that is busy, or is being started again */

/* Sends a RUN, RERUN, BACKFILL, BACKFILL_RESUME or BACKFILL_RETRY, and prints the ids and how to
 * go on looking. Returns 0, or -1: ERROR_KIND_PRECONDITION without a server, or what it refused. A
 * server that dies meanwhile is waited for: what it had begun is not begun again. */
int detach_hand_over(struct context *context, const struct request *request, struct error *err);

#endif

/* Questions to the engine of the project, if there is one: this process never becomes it
 * (daemon/session.h is for commands that may). */
#ifndef DATEMILL_COMMAND_ENGINE_ASK_H
#define DATEMILL_COMMAND_ENGINE_ASK_H

#include "scheduler/command/context.h"
#include "scheduler/daemon/notice.h"

struct engine_talk; /* a connection */

/* NOT_FOUND when no engine listens. */
int engine_talk_open(struct context *context, struct engine_talk **ret_talk, struct error *err);
void engine_talk_close(struct engine_talk *talk); /* NULL is fine */

/* Asks, and waits at most `max_wait` for the reply. Its strings belong to the context's arena; none
 * is NULL. What was refused is in its `error`, which of a STATUS is the line about the engine.
 * ERROR_KIND_BUSY when it does not answer in time, or goes away before. */
int engine_talk_ask(struct engine_talk *talk, const struct request *request,
                    struct duration max_wait, struct notice *ret_reply, struct error *err);

/* The reply to STATUS of whoever is the engine now. Waits for a moment only. */
int engine_ask_status(struct context *context, struct notice *ret_reply, struct error *err);

#endif

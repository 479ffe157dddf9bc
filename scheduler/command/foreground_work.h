/* What commands that stay in the foreground have in common: the loop, the line to the engine
 * (daemon/session.h), signals, the beat of the live part, and an engine that is silent or locked.
 *
 * What is shown and what Ctrl-C means is the command's. */
#ifndef DATEMILL_COMMAND_FOREGROUND_WORK_H
#define DATEMILL_COMMAND_FOREGROUND_WORK_H

#include "scheduler/command/context.h"
#include "scheduler/daemon/notice.h"

#include <stdbool.h>

struct foreground_work; /* one that is being done */

struct foreground_actions {
    void *owner;

    /* The request of the work was accepted. */
    void (*reply)(void *owner, struct foreground_work *work, const struct notice *notice);

    /* Any other notice but replies. */
    void (*notice)(void *owner, struct foreground_work *work, const struct notice *notice);

    /* The n-th Ctrl-C (or SIGTERM, SIGHUP) after the reply; NULL = the first ends the work. */
    void (*interrupt)(void *owner, struct foreground_work *work, int times);

    void (*say)(void *owner, const char *line); /* one line above the live part */
    bool (*tick)(void *owner);                  /* draws; false = never again */
    void (*flush)(void *owner);                 /* writes out what has piled up */
};

/* Sends the request and lets things happen until foreground_work_end(). Returns 0, 130, 143 or 129
 * by the first signal that came, or -1 with `err` when the request was refused or the engine
 * failed; a lock that another holds has been shown then. */
int foreground_work_do(struct context *context, const struct foreground_actions *actions,
                       const struct request *request, struct error *err);

/* Within the calls of the actions: a further request, whose reply is nobody's, and the end. */
void foreground_work_send(struct foreground_work *work, const struct request *request);
void foreground_work_end(struct foreground_work *work);

#endif

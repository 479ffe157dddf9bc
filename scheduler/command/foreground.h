/* Commands that stay in the foreground until their runs are done: run, rerun, runs watch.
 *
 * They show what happens (run_view.h), and turn Ctrl-C into requests: the first starts nothing more
 * and lets running attempts finish, the second stops them, the third kills them. Closing the
 * terminal counts as the first. */
#ifndef DATEMILL_COMMAND_FOREGROUND_H
#define DATEMILL_COMMAND_FOREGROUND_H

#include "scheduler/command/context.h"
#include "scheduler/daemon/notice.h"

struct foreground_options {
    const struct request *request;
    const char *said_date; /* what DATE became; "" = as typed */
    bool only_watches;     /* Ctrl-C leaves the runs alone */
};

/* Returns the exit code, or -1 with `err` when the request was refused or the engine failed. */
int foreground_follow(struct context *context, const struct foreground_options *options,
                      struct error *err);

/* Who is at the keyboard, for the record of operations; belongs to the context's arena. */
const char *foreground_user(struct context *context);

#endif

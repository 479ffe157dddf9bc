/* Commands that stay in the foreground until a backfill is over or paused: backfill, backfill
 * resume, retry and watch; and those that ask something of one and leave it.
 *
 * The first Ctrl-C pauses it and lets the dates that run finish, the second stops them, the third
 * kills them. Closing the terminal counts as the first. */
#ifndef DATEMILL_COMMAND_FOREGROUND_BACKFILL_H
#define DATEMILL_COMMAND_FOREGROUND_BACKFILL_H

#include "scheduler/command/backfill_view.h"
#include "scheduler/command/context.h"
#include "scheduler/daemon/notice.h"

struct foreground_backfill_options {
    const struct request *request;
    const struct backfill_view_options *view;
    int64_t asked;        /* dates of the plan, for `306 of 315 dates`; 0 = not known */
    const char *order;    /* `oldest first, ` for the opening line; "" = not said */
    bool only_watches;    /* Ctrl-C leaves it alone */
    bool waits_for_quiet; /* foreground_backfill_ask(): until none of its dates runs */
};

/* Returns the exit code: 0 when it ended well, 1 when it did not or is paused, 130, 143 or 129 when
 * a signal paused it; or -1 with `err`. */
int foreground_backfill_follow(struct context *context,
                               const struct foreground_backfill_options *options,
                               struct error *err);

/* Asks, and returns once that is done; *ret_standing is how it stands then, its texts belong to the
 * context's arena. 0, a signal's exit code, or -1 with `err`. */
int foreground_backfill_ask(struct context *context,
                            const struct foreground_backfill_options *options,
                            struct backfill_standing *ret_standing, struct error *err);

#endif

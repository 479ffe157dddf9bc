/* The part of `status` about backfills that are not over. */
#ifndef DATEMILL_COMMAND_STATUS_BACKFILLS_H
#define DATEMILL_COMMAND_STATUS_BACKFILLS_H

#include "scheduler/base/json_out.h"
#include "scheduler/command/context.h"
#include "scheduler/store/view_backfill.h"

/* Those that are running or paused, newest first; `flow` NULL = of all flows. Belongs to the
 * context's arena. */
int status_backfills_load(struct context *context, struct store *store, const char *flow,
                          struct view_backfills *ret_backfills, struct error *err);

/* A heading and a line for each, with the command to go on with; nothing where there is none. */
void status_backfills_print(struct context *context, const struct view_backfills *backfills);

/* The key `backfills` and an array of their objects. */
void status_backfills_write(struct context *context, const struct view_backfills *backfills,
                            struct json_out *json);

#endif

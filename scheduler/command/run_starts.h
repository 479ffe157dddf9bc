/* Why each attempt of a run was started when it was, in words and as JSON. */
#ifndef DATEMILL_COMMAND_RUN_STARTS_H
#define DATEMILL_COMMAND_RUN_STARTS_H

#include "scheduler/base/json_out.h"
#include "scheduler/command/context.h"
#include "scheduler/store/view_run.h"

/* `when extract had ended; 1.2s later, when load of run 12 left the pool; 3 others went first`;
 * belongs to the arena. */
const char *run_starts_words(const struct view_start *start, struct arena *arena);

/* A table, a line for each attempt. */
void run_starts_print(struct context *context, const struct view_run *run,
                      const struct view_starts *starts);

/* Member `start` of an attempt's object; null where it is not known. */
void run_starts_write(const struct view_starts *starts, int64_t attempt_id, const struct zone *zone,
                      struct json_out *json);

#endif

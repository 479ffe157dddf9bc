/* What `status` says of the engine: whether `datemill serve` runs, or a command is the engine. */
#ifndef DATEMILL_COMMAND_STATUS_SCHEDULER_H
#define DATEMILL_COMMAND_STATUS_SCHEDULER_H

#include "scheduler/base/json_out.h"
#include "scheduler/command/context.h"
#include "scheduler/system/lock_file.h"

struct status_scheduler {
    struct lock_holder holder; /* of the engine's lock; pid 0 = nobody */
    bool has_answered;         /* else what follows is not known */
    bool is_server;
    int64_t slots;
    int64_t slots_used;
    const char *trouble; /* why it cannot go on for the moment; "" = it can */
};

/* Asks the engine, waiting for a moment only. The context has its project. */
void status_scheduler_load(struct context *context, struct status_scheduler *ret_scheduler);

/* `running    pid 4121, up 3d 4h, 2 of 12 slots used`: a word, and what is to be said beside it. */
const char *status_scheduler_word(const struct status_scheduler *scheduler);
const char *status_scheduler_text(struct context *context,
                                  const struct status_scheduler *scheduler);

void status_scheduler_write(struct context *context, const struct status_scheduler *scheduler,
                            struct json_out *json);

#endif

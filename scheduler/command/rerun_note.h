/* Whether a rerun leaves something out: its flow has changed since the run was made. */
#ifndef DATEMILL_COMMAND_RERUN_NOTE_H
#define DATEMILL_COMMAND_RERUN_NOTE_H

#include "scheduler/command/context.h"

#include <stdint.h>

/* `note: shop.yaml changed since then; --use-version current takes 41d07e9`, or nothing. */
void rerun_note(struct context *context, int64_t run_id);

#endif

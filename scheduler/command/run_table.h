/* Runs as a table. */
#ifndef DATEMILL_COMMAND_RUN_TABLE_H
#define DATEMILL_COMMAND_RUN_TABLE_H

#include "scheduler/command/context.h"
#include "scheduler/store/view.h"

#include <stddef.h>

/* Prints RUN FLOW BIZDATE STATE DUR TRIGGER ERROR to context->out; the bizdate has the planned time
 * of day with it when two of the runs differ in nothing else. */
void run_table_print(struct context *context, const struct view_run *runs, size_t count);

#endif

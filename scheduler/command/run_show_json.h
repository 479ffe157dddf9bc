/* All that `runs show` knows, and its JSON. */
#ifndef DATEMILL_COMMAND_RUN_SHOW_JSON_H
#define DATEMILL_COMMAND_RUN_SHOW_JSON_H

#include "scheduler/command/context.h"
#include "scheduler/command/run_facts.h"
#include "scheduler/command/run_waits.h"
#include "scheduler/store/view_run.h"

struct run_show {
    struct run_facts_nodes of;
    struct view_details details;
    struct view_attempts attempts;
    struct view_starts starts;
    struct view_files files;
    struct run_waits waits;
};

/* One object on one line: that of `runs list` and more. */
void run_show_print_json(struct context *context, const struct run_show *show);

#endif

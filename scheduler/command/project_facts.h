/* How a project is doing, for `status` and `doctor`. Strings belong to the context's arena. */
#ifndef DATEMILL_COMMAND_PROJECT_FACTS_H
#define DATEMILL_COMMAND_PROJECT_FACTS_H

#include "scheduler/command/calendar_facts.h"
#include "scheduler/command/context.h"
#include "scheduler/system/lock_file.h"

#include <stddef.h>
#include <stdint.h>

/* `339 MB`, `4.1 kB`: powers of ten. */
const char *project_facts_bytes(struct arena *arena, int64_t bytes);

/* Who holds a lock of the state folder; pid 0 = nobody. */
struct lock_holder project_facts_holder(struct context *context, const char *lock_name);

/* `3d 4h`, for an instant in the past. */
const char *project_facts_ago(struct arena *arena, struct instant since);

/* A flow whose file has problems. */
struct project_invalid {
    const char *flow;
    const char *file;    /* as messages show it, with the line: x.yaml:14 */
    const char *message; /* of the first problem */
    size_t errors;
};

struct project_flows {
    size_t scheduled; /* valid, with a schedule */
    size_t manual;    /* valid, without one */
    const struct project_invalid *invalid;
    size_t invalid_count;
    struct calendar_facts calendar;
};

/* Loads every flow of the project. */
int project_facts_flows(struct context *context, struct project_flows *ret_flows,
                        struct error *err);

#endif

#include "scheduler/command/run_table.h"

#include "scheduler/command/run_facts.h"
#include "scheduler/command/table.h"

#include <inttypes.h>
#include <string.h>

static const struct table_column columns[] = {
    {.title = "RUN"},
    {.title = "FLOW", .shrink_to = 8},
    {.title = "BIZDATE"},
    {.title = "STATE"},
    {.title = "DUR", .rank = 2},
    {.title = "TRIGGER", .shrink_to = 10, .rank = 3},
    {.title = "ERROR", .shrink_to = 12, .rank = 1},
    {.title = NULL},
};

/* Flows with several times a day are told apart by the time. */
static bool needs_time(const struct view_run *runs, size_t count, const struct view_run *run)
{
    for (size_t i = 0; i < count; i++) {
        bool is_other_time = strcmp(runs[i].flow, run->flow) == 0 &&
                             strcmp(runs[i].bizdate, run->bizdate) == 0 &&
                             strcmp(runs[i].cyctime, run->cyctime) != 0;
        if (is_other_time)
            return true;
    }
    return false;
}

void run_table_print(struct context *context, const struct view_run *runs, size_t count)
{
    struct table table;
    table_init(&table, columns, &context->arena);
    for (size_t i = 0; i < count; i++) {
        const struct view_run *run = &runs[i];
        table_cell_format(&table, "%" PRId64, run->id);
        table_cell(&table, run->flow);
        if (needs_time(runs, count, run))
            table_cell_format(&table, "%sT%.5s", run->bizdate, run->cyctime + 11);
        else
            table_cell(&table, run->bizdate);
        table_cell_state(&table, context->out, run_state_name(run->state));
        table_cell(&table, run_facts_duration(context, run->started_at, run->ended_at));
        table_cell(&table, run->trigger);
        table_cell(&table, run_facts_failure(context, run));
    }
    table_print(&table, context->out, true);
}

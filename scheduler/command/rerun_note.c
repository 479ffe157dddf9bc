#include "scheduler/command/rerun_note.h"

#include "scheduler/command/flow_facts.h"
#include "scheduler/store/view_run.h"

#include <string.h>

/* The first of the flow's files that is not as it was, or the flow's own when one is gone. */
static const char *find_changed_file(const struct flow *flow, const struct view_files *was)
{
    for (size_t i = 0; i < flow->file_count; i++) {
        bool is_same = false;
        for (size_t n = 0; n < was->count && !is_same; n++)
            is_same = strcmp(was->items[n].path, flow->files[i].path) == 0 &&
                      strcmp(was->items[n].hash, flow->files[i].hash) == 0;
        if (!is_same)
            return flow->files[i].path;
    }
    return flow->files[0].path;
}

void rerun_note(struct context *context, int64_t run_id)
{
    struct store *store;
    struct view_run run;
    struct view_details details;
    struct view_files files;
    struct arena *arena = &context->arena;
    struct error ignored = {0};
    if (context_store(context, &store, &ignored) < 0 ||
        view_find_run(store, run_id, arena, &run, &ignored) < 0 ||
        view_run_details(store, run_id, arena, &details, &ignored) < 0 ||
        view_version_files(store, run.version_id, arena, &files, &ignored) < 0)
        return;
    const struct flow *flow = flow_facts_present(context, run.flow);
    if (flow == NULL || strcmp(flow->hash, details.hash) == 0)
        return;
    const char *shown =
        flow_source_shown_path(context->source, find_changed_file(flow, &files), arena);
    context_note(context, "%s changed since then; --use-version current takes %.12s", shown,
                 flow_facts_version_id(context, flow));
}

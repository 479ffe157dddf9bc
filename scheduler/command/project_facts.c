#include "scheduler/command/project_facts.h"

#include "scheduler/flow/flow_load.h"
#include "scheduler/system/clock.h"

#include <fcntl.h>
#include <inttypes.h>

const char *project_facts_bytes(struct arena *arena, int64_t bytes)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB"};
    if (bytes < 1000)
        return arena_format(arena, "%" PRId64 " B", bytes);
    int64_t tenths = bytes / 100;
    size_t unit = 0;
    while (tenths >= 10000 && unit + 1 < sizeof units / sizeof units[0]) {
        tenths /= 1000;
        unit++;
    }
    if (tenths < 100)
        return arena_format(arena, "%" PRId64 ".%" PRId64 " %s", tenths / 10, tenths % 10,
                            units[unit]);
    return arena_format(arena, "%" PRId64 " %s", tenths / 10, units[unit]);
}

struct lock_holder project_facts_holder(struct context *context, const char *lock_name)
{
    struct lock_holder holder = {0};
    struct error ignored = {0};
    const char *path =
        arena_format(&context->arena, "%s/%s", context->project->state_dir, lock_name);
    if (lock_file_holder(AT_FDCWD, path, &holder, &ignored) < 0)
        holder = (struct lock_holder){0};
    return holder;
}

const char *project_facts_ago(struct arena *arena, struct instant since)
{
    char text[DURATION_TEXT_BYTES];
    return arena_copy_string(arena, duration_format(instant_elapsed(since, clock_now()), text));
}

static struct project_invalid describe(struct context *context, const char *path,
                                       const struct diagnostics *problems)
{
    struct arena *arena = &context->arena;
    struct project_invalid invalid = {.flow = flow_source_flow_name(path, arena),
                                      .file = flow_source_shown_path(context->source, path, arena),
                                      .message = "",
                                      .errors = problems->error_count};
    const struct diagnostic **sorted = diagnostics_sorted(problems, arena);
    for (size_t i = 0; i < problems->count; i++) {
        if (sorted[i]->severity != DIAGNOSTIC_ERROR)
            continue;
        invalid.message = arena_copy_string(arena, sorted[i]->message);
        if (sorted[i]->label_count > 0) {
            const char *label = sorted[i]->labels[0].text;
            if (label[0] != '\0')
                invalid.message = arena_format(arena, "%s: %s", invalid.message, label);
            const struct diagnostic_place *place = &sorted[i]->labels[0].place;
            invalid.file =
                arena_format(arena, "%s:%u", problems->sources[place->source].name, place->line);
        }
        break;
    }
    return invalid;
}

int project_facts_flows(struct context *context, struct project_flows *ret_flows, struct error *err)
{
    struct flow_paths paths;
    if (flow_source_list(context->source, &context->arena, &paths, err) < 0)
        return -1;
    struct project_flows flows = {0};
    calendar_facts_begin(context, &flows.calendar);
    struct project_invalid *invalid = NULL;
    size_t capacity = 0;
    for (size_t i = 0; i < paths.count; i++) {
        struct diagnostics problems;
        struct flow *flow;
        diagnostics_init(&problems);
        if (flow_load(context->project, context->source, paths.paths[i], &problems, &flow) < 0) {
            invalid = arena_grow(&context->arena, invalid, flows.invalid_count, &capacity,
                                 sizeof *invalid);
            invalid[flows.invalid_count++] = describe(context, paths.paths[i], &problems);
        } else {
            flows.scheduled += flow->schedule.rule_count > 0;
            flows.manual += flow->schedule.rule_count == 0;
            calendar_facts_add(context, &flows.calendar, flow);
            flow_free(flow);
        }
        diagnostics_free(&problems);
    }
    flows.invalid = invalid;
    *ret_flows = flows;
    return 0;
}

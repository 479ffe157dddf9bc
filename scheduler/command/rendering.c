#include "scheduler/command/rendering.h"

#include "scheduler/command/flow_facts.h"
#include "scheduler/flow/reference.h"
#include "scheduler/plan/plan_prepare.h"

#include <stdlib.h>
#include <string.h>

int rendering_plan(const struct flow *flow, const struct plan_time *time,
                   const struct rendering_vars *vars, struct plan **ret_plan, struct error *err)
{
    struct plan_request request = {.planned = time->planned,
                                   .is_second = time->is_second,
                                   .vars = vars != NULL ? vars->items : NULL,
                                   .var_count = vars != NULL ? vars->count : 0};
    return plan_make(flow, &request, ret_plan, err);
}

/* What attempts get from the engine's own environment; a preview has the one of this command. */
static size_t fill_environment(struct node_setting *settings)
{
    static const char *const names[] = {"PATH", "HOME", "USER", "LANG"};
    size_t count = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL)
            settings[count++] = (struct node_setting){names[i], value};
    }
    return count;
}

/* The file whose content is this text of the node; NULL when it stands in the flow's own. */
static const struct flow_file *find_text_file(const struct flow *flow,
                                              const struct field_value *values, struct arena *arena)
{
    for (size_t i = 0; i < values->item_count; i++) {
        const struct field_value *value = &values->items[i];
        if (value->kind != FIELD_KIND_SQL_FILE)
            continue;
        const char *path = flow_source_join(flow->files[0].path, value->text, arena);
        for (size_t file = 1; path != NULL && file < flow->file_count; file++) {
            if (strcmp(flow->files[file].path, path) == 0)
                return &flow->files[file];
        }
    }
    return NULL;
}

static void find_substitutions(struct arena *arena, const struct reference_finder *finder,
                               const struct flow_file *file, struct rendering *rendering)
{
    struct reference_walk walk;
    reference_walk_init(&walk, file->bytes, file->length);
    size_t *lines = NULL;
    size_t capacity = 0;
    struct reference reference;
    struct error ignored;
    for (int found; (found = reference_next(finder, &walk, &reference, &ignored)) != 0;) {
        if (found < 0 || reference.is_escape)
            continue;
        rendering->substitutions++;
        size_t line = (size_t)reference.line;
        if (rendering->line_count > 0 && lines[rendering->line_count - 1] == line)
            continue;
        lines = arena_grow(arena, lines, rendering->line_count, &capacity, sizeof *lines);
        lines[rendering->line_count++] = line;
    }
    rendering->lines = lines;
}

int rendering_make(struct context *context, const struct plan *plan, size_t node,
                   struct rendering *ret_rendering, struct error *err)
{
    const struct flow_node *flow_node = plan->nodes[node].node;
    struct rendering rendering = {.node = flow_node, .text = ""};
    if (!flow_node->type->has_process) {
        *ret_rendering = rendering;
        return 0;
    }
    struct node_setting environment[4];
    struct reference_finder *finder = reference_finder_new();
    struct plan_facts facts = {.node = node,
                               .attempt = 1,
                               .libexec_dir =
                                   context->libexec_dir != NULL ? context->libexec_dir : "",
                               .version = plan->flow->hash,
                               .reject_file = "/dev/null",
                               .environment = environment,
                               .environment_count = fill_environment(environment),
                               .finder = finder};
    struct plan_start start;
    int result = plan_prepare(plan, &facts, &context->arena, &start, err);
    if (result == 0) {
        rendering.text = start.command.shown_text != NULL ? start.command.shown_text : "";
        const struct flow_file *file =
            find_text_file(plan->flow, &flow_node->values, &context->arena);
        if (file != NULL) {
            rendering.file = flow_source_shown_path(context->source, file->path, &context->arena);
            find_substitutions(&context->arena, finder, file, &rendering);
        }
        *ret_rendering = rendering;
    }
    reference_finder_free(finder);
    return result;
}

int rendering_check(struct context *context, const struct flow *flow, const struct plan_time *time,
                    struct error *err)
{
    struct plan *plan;
    if (rendering_plan(flow, time, NULL, &plan, err) < 0)
        return -1;
    int result = 0;
    for (size_t i = 0; i < plan->node_count && result == 0; i++) {
        struct rendering rendering;
        result = rendering_make(context, plan, i, &rendering, err);
    }
    plan_free(plan);
    return result;
}

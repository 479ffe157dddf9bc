#include "scheduler/command/context_internal.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"
#include "scheduler/daemon/daemon.h"
#include "scheduler/flow/flow_load.h"
#include "scheduler/flow/flow_preflight.h"

#include <string.h>
#include <sys/stat.h>

/* A flow that was loaded, in a list from the newest to the oldest. */
struct context_flow {
    struct flow *flow;
    struct context_flow *next;
};

static int set_code(struct error *err, const char *code)
{
    if (err != NULL && err->code[0] == '\0')
        memcpy(err->code, code, strlen(code) + 1);
    return -1;
}

/* What went wrong has been shown. */
static int fail_shown(struct error *err)
{
    if (err != NULL)
        *err = (struct error){.kind = ERROR_KIND_INVALID};
    return -1;
}

static void mark_directory(struct context *context)
{
    for (size_t i = 1; context->dir != NULL && i < context->line->count; i++) {
        if (context->line->words[i] == context->dir)
            command_line_mark(context->line, i, 0, 0);
    }
}

void context_start_at(struct context *context, const char *word)
{
    const char *slash = strrchr(word, '/');
    if (context->source != NULL || context->dir != NULL || slash == NULL)
        return;
    size_t length = slash > word ? (size_t)(slash - word) : 1;
    const char *folder = arena_copy(&context->arena, word, length);
    struct stat status;
    if (stat(folder, &status) == 0 && S_ISDIR(status.st_mode))
        context->dir = folder;
}

int context_source(struct context *context, struct flow_source **ret_source, struct error *err)
{
    if (context->source == NULL) {
        SCOPED_FREE char *dir = NULL;
        if (flow_source_find_project(context->dir, &dir, err) < 0) {
            mark_directory(context);
            return set_code(err, "E010");
        }
        if (flow_source_open_folder(dir, &context->source, err) < 0)
            return set_code(err, "E010");
    }
    *ret_source = context->source;
    return 0;
}

int context_project(struct context *context, const struct project **ret_project, struct error *err)
{
    struct flow_source *source;
    if (context_source(context, &source, err) < 0)
        return -1;
    if (context->project == NULL) {
        struct diagnostics problems;
        diagnostics_init(&problems);
        struct project_types types = {context->types, context->type_count};
        int result = project_load(source, &types, &problems, &context->project);
        bool is_shown = result < 0 || (context->is_verbose && problems.count > 0);
        if (is_shown)
            context_show_problems(context, &problems);
        diagnostics_free(&problems);
        if (result < 0)
            return fail_shown(err);
    }
    *ret_project = context->project;
    return 0;
}

void context_keep_flow(struct context *context, struct flow *flow)
{
    struct context_flow *item = arena_alloc(&context->arena, sizeof *item);
    *item = (struct context_flow){flow, context->flows};
    context->flows = item;
}

struct flow *context_newest_flow(const struct context *context)
{
    return context->flows == NULL ? NULL : context->flows->flow;
}

static int load_flow(struct context *context, const char *path,
                     int (*load)(const struct project *, struct flow_source *, const char *,
                                 struct diagnostics *, struct flow **),
                     struct diagnostics *problems, struct error *err)
{
    const struct project *project;
    if (context_project(context, &project, err) < 0)
        return -1;
    struct flow *flow;
    if (load(project, context->source, path, problems, &flow) < 0)
        return fail_shown(err);
    context_keep_flow(context, flow);
    return 0;
}

int context_load_flow(struct context *context, const char *path, struct diagnostics *problems,
                      const struct flow **ret_flow, struct error *err)
{
    if (load_flow(context, path, flow_load, problems, err) < 0)
        return -1;
    *ret_flow = context_newest_flow(context);
    return 0;
}

int context_check_flow(struct context *context, const char *path, struct diagnostics *problems,
                       const struct flow **ret_flow, struct error *err)
{
    if (load_flow(context, path, flow_load_among_others, problems, err) < 0)
        return -1;
    *ret_flow = context_newest_flow(context);
    return 0;
}

int context_flow(struct context *context, const struct options *options, size_t index,
                 const struct flow **ret_flow, struct error *err)
{
    const struct project *project;
    const char *name = options_argument(options, index, "");
    context_start_at(context, name);
    if (context_project(context, &project, err) < 0)
        return -1;
    const char *path;
    if (flow_source_find(context->source, name, &context->arena, &path, err) < 0) {
        command_line_mark_argument(options, index);
        return set_code(err, "E011");
    }
    struct diagnostics problems;
    diagnostics_init(&problems);
    int result = context_check_flow(context, path, &problems, ret_flow, err);
    bool is_shown = result < 0 || (context->is_verbose && problems.count > 0);
    if (is_shown)
        context_show_problems(context, &problems);
    diagnostics_free(&problems);
    return result;
}

int context_unknown_node(const char *whose, const char *wrong, const char *const *names,
                         size_t count, struct error *err)
{
    error_set(err, ERROR_KIND_NOT_FOUND, "%s has no node `%s`", whose, wrong);
    const char *best = suggest_among(wrong, names, count);
    struct text list = {.limit = 300};
    for (size_t i = 0; i < count; i++)
        text_append_format(&list, "%s%s", i > 0 ? ", " : "", names[i]);
    if (best != NULL)
        error_help(err, "did you mean `%s`?", best);
    else
        error_help(err, "it has: %s%s", text_string(&list), list.is_cut ? " …" : "");
    text_free(&list);
    return set_code(err, "E012");
}

const struct node_setting *context_vars(struct context *context, const struct options *options,
                                        size_t *ret_count)
{
    struct node_setting *vars = arena_array(&context->arena, options->given_count, sizeof *vars);
    size_t cursor = 0;
    size_t count = 0;
    const struct option_given *given;
    while ((given = options_each(options, "var", &cursor)) != NULL) {
        const char *equals = strchr(given->text, '=');
        vars[count++] = (struct node_setting){
            arena_copy(&context->arena, given->text, (size_t)(equals - given->text)), equals + 1};
    }
    *ret_count = count;
    return vars;
}

int context_node(const struct flow *flow, const char *name, size_t *ret_index, struct error *err)
{
    size_t index = flow_find_node(flow, name);
    if (index != FLOW_NONE) {
        *ret_index = index;
        return 0;
    }
    SCOPED_ARENA struct arena arena = {0};
    const char **names = arena_array(&arena, flow->node_count, sizeof *names);
    for (size_t i = 0; i < flow->node_count; i++)
        names[i] = flow->nodes[i].name;
    return context_unknown_node(arena_format(&arena, "flow %s", flow->name), name, names,
                                flow->node_count, err);
}

int context_zone(struct context *context, const struct options *options,
                 const struct zone *fallback, const struct zone **ret_zone, struct error *err)
{
    bool needs_zone = context->zone == NULL && (context->zone_name != NULL || fallback == NULL);
    if (needs_zone) {
        const char *name = context->zone_name != NULL ? context->zone_name : "UTC";
        if (zone_load(name, &context->zone, err) < 0) {
            const struct option_given *given = options_find(options, "tz");
            if (given != NULL)
                command_line_mark_given(options, given);
            if (err != NULL)
                err->kind = ERROR_KIND_USAGE;
            return set_code(err, "E025");
        }
    }
    *ret_zone = context->zone != NULL ? context->zone : fallback;
    return 0;
}

void context_free_project(struct context *context)
{
    for (struct context_flow *item = context->flows; item != NULL; item = item->next)
        flow_free(item->flow);
    if (context->project != NULL)
        project_free(context->project);
    flow_source_close(context->source);
    zone_free(context->zone);
}

int context_preflight(struct context *context, const struct flow *flow, struct error *err)
{
    struct flow_source *source;
    if (context_source(context, &source, err) < 0)
        return -1;
    struct diagnostics problems;
    diagnostics_init(&problems);
    struct flow_preflight facts = {.path = DAEMON_PATH,
                                   .whose = "the PATH of nodes, not of your shell"};
    size_t count = flow_preflight(flow, source, &facts, &problems);
    if (count > 0)
        context_show_problems(context, &problems);
    diagnostics_free(&problems);
    if (count == 0)
        return 0;
    *err = (struct error){.kind = ERROR_KIND_PRECONDITION};
    return -1;
}

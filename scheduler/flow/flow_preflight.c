#include "scheduler/flow/flow_preflight.h"

#include "scheduler/base/scope.h"
#include "scheduler/flow/flow_report.h"
#include "scheduler/flow/name_index.h"

#include <string.h>

/* Programs that were looked for already, and whether they were there. */
struct looked {
    struct arena arena;
    struct name_index *index; /* "PATH\nname" to 0 or 1 */
};

static bool is_found(struct looked *looked, const char *name, const char *path)
{
    const char *key = arena_format(&looked->arena, "%s\n%s", path, name);
    size_t known = name_index_find(looked->index, key);
    if (known != NAME_INDEX_NONE)
        return known == 1;
    bool found = flow_source_has_program(name, path);
    name_index_add(looked->index, key, found ? 1 : 0);
    return found;
}

/* The PATH of a node: its own `env`, the project's, else what everyone gets. */
static const char *path_of(const struct flow_node *node, const struct flow *flow,
                           const struct flow_preflight *facts, bool *ret_is_own)
{
    const struct field_value *own = field_find(node->env, "PATH");
    if (own == NULL)
        own = field_find(flow->project->env, "PATH");
    *ret_is_own = own != NULL && !own->is_secret;
    return *ret_is_own ? own->text : facts->path;
}

static struct flow_report make_report(const struct flow *flow, struct flow_source *source,
                                      struct diagnostics *problems, struct arena *arena)
{
    struct flow_report report = {
        .list = problems, .files = flow->files, .file_count = flow->file_count};
    const struct flow_file *file = &flow->files[0];
    report.first_source = diagnostics_add_source(
        problems, flow_source_shown_path(source, file->path, arena), file->bytes, file->length);
    return report;
}

static void report_missing(const struct flow_report *report, const struct flow_node *node,
                           const struct node_program *program, const char *note)
{
    struct field_place place = node->place;
    if (program->value != NULL)
        place = flow_report_inside(report, program->value, program->offset, program->length);
    bool is_path = strchr(program->name, '/') != NULL;
    struct diagnostic *problem = flow_report_error(
        report, place, "E202", "node `%s` cannot start: `%s` %s", node->name, program->name,
        is_path ? "is not there, or not executable" : "was not found");
    if (is_path) {
        diagnostic_help(problem, "check the path, or: chmod +x %s; nothing was run", program->name);
        return;
    }
    diagnostic_note(problem, "%s", note);
    diagnostic_help(problem,
                    "give a full path, or set `env: {PATH: …}` on the node; nothing was run");
}

static bool check_node(const struct flow *flow, const struct flow_node *node,
                       const struct flow_preflight *facts, const struct flow_report *report,
                       struct looked *looked)
{
    struct node_values values = {
        .resolved = &node->values, .written = &node->values, .file_names = flow->file_names};
    struct node_facts names = {.project_dir = flow->project->dir,
                               .state_dir = flow->project->state_dir,
                               .flow_dir = flow->dir,
                               .flow = flow->name,
                               .node = node->name};
    struct node_work work = {&values, &names, &looked->arena};
    struct node_program program;
    if (node->type->find_program == NULL || !node->type->find_program(node->type, &work, &program))
        return true;
    /* What is named by its path may be made by a node before this one. */
    if (strchr(program.name, '/') != NULL && program.value != NULL && node->need_count > 0)
        return true;
    bool is_own;
    const char *path = path_of(node, flow, facts, &is_own);
    /* What holds a reference is known only when the node starts. */
    if (strchr(path, '$') != NULL || is_found(looked, program.name, path))
        return true;
    SCOPED_TEXT struct text note = {0};
    text_append_format(&note, "searched PATH=%s", path);
    if (is_own)
        text_append(&note, " (from `env:`)");
    else if (facts->whose != NULL)
        text_append_format(&note, " (%s)", facts->whose);
    report_missing(report, node, &program, text_string(&note));
    return false;
}

size_t flow_preflight(const struct flow *flow, struct flow_source *source,
                      const struct flow_preflight *facts, struct diagnostics *problems)
{
    struct looked looked;
    arena_init(&looked.arena, 0);
    looked.index = name_index_new(&looked.arena, 16);
    struct flow_report report = make_report(flow, source, problems, &looked.arena);
    size_t missing = 0;
    for (size_t i = 0; i < flow->node_count; i++) {
        if (!check_node(flow, &flow->nodes[i], facts, &report, &looked))
            missing++;
    }
    arena_free(&looked.arena);
    return missing;
}

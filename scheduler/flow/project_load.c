#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/flow/field_read.h"
#include "scheduler/flow/field_table.h"
#include "scheduler/flow/flow_load.h"
#include "scheduler/flow/manifest.h"
#include "scheduler/flow/notify.h"

#include <string.h>

#define MAX_NODE_TYPES 200
#define DEFAULT_STOP_GRACE (10 * DURATION_SECOND_US)
#define DEFAULT_LOG_LIMIT (INT64_C(64) << 20)

struct loader {
    struct flow_source *source;
    struct project *project;
    struct flow_report report;
    struct field_value block;
};

static int read_project_file(struct loader *loader)
{
    struct arena *arena = &loader->project->arena;
    struct error err;
    if (flow_source_read(loader->source, FLOW_SOURCE_PROJECT_FILE, arena, &loader->project->file,
                         &err) != 0) {
        diagnostics_add(loader->report.list, DIAGNOSTIC_ERROR, "E105",
                        "cannot read " FLOW_SOURCE_PROJECT_FILE ": %s", err.text);
        return -1;
    }
    const struct flow_file *file = &loader->project->file;
    loader->report.files = file;
    loader->report.file_count = 1;
    loader->report.first_source = diagnostics_add_source(
        loader->report.list, flow_source_shown_path(loader->source, file->path, arena), file->bytes,
        file->length);
    struct yaml_input input = {.file = file, .report = &loader->report, .arena = arena};
    struct field_reader reader = {
        .arena = arena, .report = &loader->report, .what = FLOW_SOURCE_PROJECT_FILE};
    /* A project without settings is a project. */
    if (strspn(file->bytes, " \n\r\t") == file->length) {
        loader->block = (struct field_value){.kind = FIELD_KIND_BLOCK, .text = ""};
        return 0;
    }
    const struct yaml_node *tree;
    if (yaml_tree_read(&input, &tree) != 0)
        return -1;
    return field_read(&reader, tree, field_table_project, &loader->block);
}

static void read_pools(struct loader *loader)
{
    const struct field_value *map = field_find(&loader->block, "pools");
    size_t count = map == NULL ? 0 : map->item_count;
    struct flow_pool *pools = arena_array(&loader->project->arena, count + 1, sizeof *pools);
    for (size_t i = 0; i < count; i++)
        pools[i] = (struct flow_pool){map->items[i].name, (int32_t)map->items[i].number};
    loader->project->pools = pools;
    loader->project->pool_count = count;
}

/* A path of the project's file as an absolute one, without `.` and doubled slashes. `..` stays: it
 * may lead through a link. */
static const char *absolute_path(const struct project *project, const char *text,
                                 struct arena *arena)
{
    char *path = text[0] == '/' ? arena_copy_string(arena, text)
                                : arena_format(arena, "%s/%s", project->dir, text);
    char *out = path;
    for (const char *at = path; *at != '\0';) {
        size_t slashes = strspn(at, "/");
        size_t length = strcspn(at + slashes, "/");
        bool is_here = length == 0 || (length == 1 && at[slashes] == '.');
        if (!is_here) {
            *out++ = '/';
            memmove(out, at + slashes, length);
            out += length;
        }
        at += slashes + length;
    }
    if (out == path)
        *out++ = '/';
    *out = '\0';
    return path;
}

static void read_connections(struct loader *loader)
{
    struct project *project = loader->project;
    const struct field_value *map = field_find(&loader->block, "connections");
    size_t count = map == NULL ? 0 : map->item_count;
    struct node_connection *connections =
        arena_array(&project->arena, count + 1, sizeof *connections);
    for (size_t i = 0; i < count; i++) {
        const struct field_value *block = &map->items[i];
        const struct field_value *path = field_find(block, "path");
        const char *text = path == NULL ? "" : path->text;
        if (path != NULL && text[0] == '\0')
            flow_report_error(&loader->report, path->place, "E104", "`path` is empty");
        bool is_home = text[0] == '~';
        if (is_home)
            flow_report_error(&loader->report, path->place, "E104",
                              "`~` is not known here: write the whole path");
        connections[i].name = block->name;
        connections[i].type = field_text(block, block->field->fields, "type");
        connections[i].path = absolute_path(project, text, &project->arena);
        connections[i].block = block;
    }
    project->connections = connections;
    project->connection_count = count;
}

static void check_zone(struct loader *loader)
{
    const struct field_value *value = field_find(&loader->block, "timezone");
    struct zone *zone;
    struct error err;
    loader->project->timezone = field_text(&loader->block, field_table_project, "timezone");
    if (value == NULL)
        return;
    if (zone_load(value->text, &zone, &err) == 0) {
        zone_free(zone);
        return;
    }
    struct diagnostic *problem =
        flow_report_error(&loader->report, value->place, "E118", "%s", err.text);
    diagnostic_help(problem, "%s",
                    err.help[0] != '\0' ? err.help
                                        : "a name of the tz database: Asia/Shanghai, UTC");
}

static void read_keep(struct loader *loader)
{
    struct project *project = loader->project;
    const struct field_value *keep = field_find(&loader->block, "keep");
    const struct field_value *logs = keep == NULL ? NULL : field_find(keep, "logs");
    if (keep == NULL)
        return;
    project->keep_runs.us = field_number(keep, "runs", 0);
    project->keep_logs.us = field_number(keep, "logs", 0);
    if (project->keep_runs.us == 0 || project->keep_logs.us < project->keep_runs.us)
        return;
    struct diagnostic *problem = flow_report_error(&loader->report, logs->place, "E107",
                                                   "logs go with their runs at the latest");
    diagnostic_help(problem, "a shorter time than that of `runs`, or leave `logs` out");
}

static void read_node_type(struct loader *loader, const struct field_value *value,
                           const struct node_type **types)
{
    struct project *project = loader->project;
    struct arena *arena = &project->arena;
    const char *path = arena_format(arena, "%s/" MANIFEST_FILE, value->text);
    struct flow_file *file = arena_alloc(arena, sizeof *file);
    struct error err;
    if (flow_source_read_anywhere(loader->source, path, arena, file, &err) != 0) {
        flow_report_error(&loader->report, value->place, "E105", "cannot read %s: %s", path,
                          err.text);
        return;
    }
    struct flow_report report = {.list = loader->report.list, .files = file, .file_count = 1};
    report.first_source =
        diagnostics_add_source(report.list, flow_source_shown_path(loader->source, path, arena),
                               file->bytes, file->length);
    struct manifest_input input = {.file = file,
                                   .report = &report,
                                   .dir = absolute_path(project, value->text, arena),
                                   .arena = arena};
    const struct node_type *type;
    if (manifest_read(&input, &type) != 0)
        return;
    if (field_read_type(types, project->type_count, type->name) != NULL)
        flow_report_error(&loader->report, value->place, "E132", "a node type `%s` exists already",
                          type->name);
    else
        types[project->type_count++] = type;
}

static void read_node_types(struct loader *loader, const struct project_types *builtin)
{
    const struct field_value *list = field_find(&loader->block, "node_types");
    size_t count = list == NULL ? 0 : list->item_count;
    if (count > MAX_NODE_TYPES) {
        flow_report_error(&loader->report, list->place, "E107", "more than %d node types",
                          MAX_NODE_TYPES);
        count = 0;
    }
    struct project *project = loader->project;
    const struct node_type **types =
        arena_array(&project->arena, builtin->count + count + 1, sizeof *types);
    for (size_t i = 0; i < builtin->count; i++)
        types[i] = builtin->types[i];
    project->type_count = builtin->count;
    for (size_t i = 0; i < count; i++)
        read_node_type(loader, &list->items[i], types);
    project->types = types;
}

static void read_settings(struct loader *loader)
{
    struct project *project = loader->project;
    const struct field_value *env = field_find(&loader->block, "env");
    if (env != NULL) {
        struct field_value *copy = arena_alloc(&project->arena, sizeof *copy);
        *copy = *env;
        project->env = copy;
    }
    project->slots = (int32_t)field_number(&loader->block, "slots", 0);
    project->stop_grace.us = field_number(&loader->block, "stop_grace", DEFAULT_STOP_GRACE);
    project->log_limit = field_number(&loader->block, "log_limit", DEFAULT_LOG_LIMIT);
}

int project_load(struct flow_source *source, const struct project_types *builtin,
                 struct diagnostics *problems, struct project **ret_project)
{
    size_t errors = problems->error_count;
    struct project *project = memory_new(1, sizeof *project);
    arena_init(&project->arena, 0);
    struct loader loader = {.source = source, .project = project, .report = {.list = problems}};
    const char *dir = flow_source_dir(source);
    project->dir = arena_copy_string(&project->arena, dir == NULL ? "/" : dir);
    project->state_dir = arena_format(&project->arena, "%s/" FLOW_SOURCE_STATE_DIR, project->dir);
    if (read_project_file(&loader) == 0) {
        read_pools(&loader);
        read_connections(&loader);
        check_zone(&loader);
        read_settings(&loader);
        project->notify =
            notify_read_project(&loader.block, source, &loader.report, &project->arena);
        read_keep(&loader);
        read_node_types(&loader, builtin);
    }
    if (problems->error_count > errors) {
        project_free(project);
        return -1;
    }
    *ret_project = project;
    return 0;
}

void project_free(struct project *project)
{
    if (project == NULL)
        return;
    arena_free(&project->arena);
    free(project);
}

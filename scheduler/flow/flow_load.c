#include "scheduler/flow/flow_load.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/flow/field_read.h"
#include "scheduler/flow/field_table.h"
#include "scheduler/flow/flow_loader.h"

#include <string.h>

/* Takes a file that was read into the flow. Sources of the collection are in the same order. */
static size_t keep_file(struct flow_loader *loader, const struct flow_file *file)
{
    struct flow *flow = loader->flow;
    size_t index = flow->file_count;
    loader->files = arena_grow(&flow->arena, loader->files, index, &loader->file_capacity,
                               sizeof *loader->files);
    loader->files[index] = *file;
    flow->files = loader->report.files = loader->files;
    flow->file_count = loader->report.file_count = index + 1;
    const char *shown = flow_source_shown_path(loader->source, file->path, &flow->arena);
    size_t source = diagnostics_add_source(loader->report.list, shown, file->bytes, file->length);
    if (index == 0)
        loader->report.first_source = source;
    loader->total_bytes += file->length;
    name_index_add(loader->file_index, loader->files[index].path, index);
    return index;
}

size_t flow_loader_add_file(struct flow_loader *loader, const char *name, struct field_place place)
{
    struct arena *arena = &loader->flow->arena;
    const char *path = flow_source_join(loader->files[0].path, name, arena);
    struct flow_file file = {0};
    struct error err = {0};
    if (path != NULL) {
        size_t known = name_index_find(loader->file_index, path);
        if (known != NAME_INDEX_NONE)
            return known;
    }
    if (path == NULL)
        error_set(&err, ERROR_KIND_PRECONDITION, "lies outside the project");
    else if (loader->flow->file_count == FLOW_LOADER_MAX_FILES ||
             loader->total_bytes > FLOW_LOADER_MAX_BYTES)
        error_set(&err, ERROR_KIND_PRECONDITION, "a flow reads at most %d files and %zu MiB",
                  FLOW_LOADER_MAX_FILES, FLOW_LOADER_MAX_BYTES >> 20);
    else if (flow_source_read(loader->source, path, arena, &file, &err) == 0 &&
             memchr(file.bytes, '\0', file.length) != NULL)
        error_set(&err, ERROR_KIND_PRECONDITION, "holds a NUL byte");
    if (err.text[0] == '\0')
        return keep_file(loader, &file);
    struct diagnostic *problem =
        diagnostics_add(loader->report.list, DIAGNOSTIC_ERROR, "E105", "cannot read %s",
                        path == NULL ? name : flow_source_shown_path(loader->source, path, arena));
    diagnostic_label(problem, flow_report_place(&loader->report, place), "%s", err.text);
    return FLOW_NONE;
}

static int read_yaml(struct flow_loader *loader, const char *path)
{
    struct flow *flow = loader->flow;
    struct flow_file file;
    struct error err;
    if (flow_source_read(loader->source, path, &flow->arena, &file, &err) != 0) {
        diagnostics_add(loader->report.list, DIAGNOSTIC_ERROR, "E105", "cannot read %s: %s",
                        flow_source_shown_path(loader->source, path, &flow->arena), err.text);
        return -1;
    }
    keep_file(loader, &file);
    struct yaml_input input = {
        .file = &loader->files[0], .report = &loader->report, .arena = &flow->arena};
    struct field_reader reader = {.arena = &flow->arena,
                                  .report = &loader->report,
                                  .types = loader->project->types,
                                  .type_count = loader->project->type_count,
                                  .what = "a flow"};
    const struct yaml_node *tree;
    if (yaml_tree_read(&input, &tree) != 0)
        return -1;
    return field_read(&reader, tree, field_table_flow, &loader->block);
}

/* The version where there is no commit: over the names and contents of all files. */
static void hash_files(struct flow *flow)
{
    SCOPED_TEXT struct text list = {0};
    const char **names = arena_array(&flow->arena, flow->file_count + 1, sizeof *names);
    for (size_t i = 0; i < flow->file_count; i++) {
        names[i] = flow->files[i].path;
        text_append_format(&list, "%s %s\n", flow->files[i].hash, flow->files[i].path);
    }
    flow->file_names = names;
    flow_source_hash(text_string(&list), list.length, flow->hash);
}

static void check_all(struct flow_loader *loader)
{
    flow_build_head(loader);
    flow_build_tables(loader);
    flow_build_params(loader);
    flow_build_nodes(loader);
    flow_check_schedule(loader);
    flow_check_days(loader);
    hash_files(loader->flow);
    flow_check_types(loader);
    flow_check_texts(loader);
    flow_check_needs(loader);
    flow_check_circles(loader);
}

/* What is loaded, and how far its needs are followed. */
struct load_request {
    const struct project *project;
    struct flow_source *source;
    const char *path;
    bool follows_needs;
};

static int load(const struct load_request *request, struct diagnostics *problems,
                struct flow **ret_flow)
{
    const struct project *project = request->project;
    size_t errors = problems->error_count;
    struct flow *flow = memory_new(1, sizeof *flow);
    arena_init(&flow->arena, 0);
    flow->project = project;
    struct flow_loader loader = {.project = project,
                                 .source = request->source,
                                 .flow = flow,
                                 .report = {.list = problems},
                                 .errors_before = errors,
                                 .file_index = name_index_new(&flow->arena, 4)};
    loader.finder = reference_finder_new();
    if (read_yaml(&loader, request->path) == 0)
        check_all(&loader);
    if (request->follows_needs && problems->error_count == errors)
        flow_check_circle_of_flows(&loader);
    reference_finder_free(loader.finder);
    if (problems->error_count > errors) {
        flow_free(flow);
        return -1;
    }
    *ret_flow = flow;
    return 0;
}

int flow_load(const struct project *project, struct flow_source *source, const char *path,
              struct diagnostics *problems, struct flow **ret_flow)
{
    struct load_request request = {.project = project, .source = source, .path = path};
    return load(&request, problems, ret_flow);
}

int flow_load_among_others(const struct project *project, struct flow_source *source,
                           const char *path, struct diagnostics *problems, struct flow **ret_flow)
{
    struct load_request request = {project, source, path, true};
    return load(&request, problems, ret_flow);
}

size_t flow_find_node(const struct flow *flow, const char *name)
{
    size_t index = name_index_find(flow->node_index, name);
    return index == NAME_INDEX_NONE ? FLOW_NONE : index;
}

void flow_free(struct flow *flow)
{
    if (flow == NULL)
        return;
    zone_free(flow->zone);
    arena_free(&flow->arena);
    free(flow);
}

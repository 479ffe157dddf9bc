#include "scheduler/daemon/definition.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/text.h"
#include "scheduler/flow/flow_other.h"
#include "scheduler/system/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void definition_free(struct definition *definition)
{
    if (definition == NULL)
        return;
    if (!definition->is_borrowed) {
        if (definition->flow != NULL)
            flow_free(definition->flow);
        if (definition->project != NULL)
            project_free(definition->project);
        flow_source_close(definition->source);
    }
    free(definition->problem);
    free(definition);
}

int definition_problem(const struct diagnostics *problems, struct error *err)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct diagnostic *problem = problems->items[i];
        if (problem->severity != DIAGNOSTIC_ERROR)
            continue;
        const char *label = problem->label_count > 0 ? problem->labels[0].text : "";
        error_set(err, ERROR_KIND_INVALID, "%s%s%s", problem->message, label[0] != '\0' ? ": " : "",
                  label);
        if (problem->label_count > 0) {
            const struct diagnostic_place *at = &problem->labels[0].place;
            const char *name = problems->sources[at->source].name;
            error_prefix(err, "%s:%u:%u", name, at->line, at->column);
        }
        return error_help(err, "datemill validate shows all problems");
    }
    return error_set(err, ERROR_KIND_INVALID, "the flow could not be read");
}

static void show_version(struct definition *definition)
{
    const struct flow_version *version = &definition->version;
    if (version->short_commit[0] != '\0')
        snprintf(definition->shown_version, sizeof definition->shown_version, "%s%s",
                 version->short_commit, version->is_dirty ? "+" : "");
    else
        snprintf(definition->shown_version, sizeof definition->shown_version, "%.12s",
                 definition->flow->hash);
}

void definition_set_version(struct definition *definition, const char *commit,
                            const char *short_commit, bool is_dirty)
{
    struct flow_version *version = &definition->version;
    snprintf(version->commit, sizeof version->commit, "%s", commit);
    snprintf(version->short_commit, sizeof version->short_commit, "%s", short_commit);
    version->is_dirty = is_dirty;
    show_version(definition);
}

static void describe_version(struct definition *definition)
{
    const struct flow *flow = definition->flow;
    const char **paths = memory_new(flow->file_count + 1, sizeof *paths);
    for (size_t i = 0; i < flow->file_count; i++)
        paths[i] = flow->files[i].path;
    paths[flow->file_count] = definition->project->file.path;
    flow_source_version(definition->source, paths, flow->file_count + 1, &definition->version);
    free(paths);
    show_version(definition);
}

static int load(struct definition *definition, const struct daemon_place *place, const char *path,
                struct flow_source *files, struct error *err)
{
    struct flow_source *folder = definition->source;
    struct diagnostics problems;
    diagnostics_init(&problems);
    int result = project_load(folder, place->types, &problems, &definition->project);
    if (result == 0)
        result = flow_load(definition->project, files, path, &problems, &definition->flow);
    flow_others_forget(files);
    if (result < 0)
        definition_problem(&problems, err);
    diagnostics_free(&problems);
    return result;
}

static bool is_same(const struct definition *a, const struct definition *b)
{
    return strcmp(a->flow->hash, b->flow->hash) == 0 && strcmp(a->flow->name, b->flow->name) == 0 &&
           strcmp(a->project->file.hash, b->project->file.hash) == 0 &&
           strcmp(a->shown_version, b->shown_version) == 0;
}

static struct definition *keep(struct definitions *all, struct definition *definition)
{
    for (struct definition *other = all->first; other != NULL; other = other->next) {
        if (is_same(other, definition)) {
            definition_free(definition);
            other->users++;
            return other;
        }
    }
    definition->users = 1;
    definition->next = all->first;
    all->first = definition;
    return definition;
}

static bool take_ready(const struct daemon_ready *ready, const char *flow,
                       struct definition *definition)
{
    if (ready == NULL || strcmp(ready->flow->name, flow) != 0 ||
        clock_monotonic().us > ready->until.us)
        return false;
    definition->is_borrowed = true;
    definition->source = ready->source;
    definition->project = ready->project;
    definition->flow = ready->flow;
    return true;
}

int definition_from_folder(struct definitions *all, const struct daemon_place *place,
                           const char *flow, struct definition **ret_definition, struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    struct definition *definition = memory_new(1, sizeof *definition);
    const char *path = NULL;
    if (!take_ready(place->ready, flow, definition) &&
        (flow_source_open_folder(place->project_dir, &definition->source, err) < 0 ||
         flow_source_find(definition->source, flow, &arena, &path, err) < 0 ||
         load(definition, place, path, definition->source, err) < 0)) {
        definition_free(definition);
        return -1;
    }
    describe_version(definition);
    *ret_definition = keep(all, definition);
    return 0;
}

static int check_circles(const struct definition *definition, struct error *err)
{
    struct diagnostics problems;
    struct flow *flow = NULL;
    diagnostics_init(&problems);
    int result = flow_load_among_others(definition->project, definition->source,
                                        definition->flow->files[0].path, &problems, &flow);
    flow_others_forget(definition->source);
    flow_free(flow);
    if (result < 0)
        definition_problem(&problems, err);
    diagnostics_free(&problems);
    return result;
}

int definition_for_request(struct definitions *all, const struct daemon_place *place,
                           const char *flow, struct definition **ret_definition, struct error *err)
{
    struct definition *definition;
    if (definition_from_folder(all, place, flow, &definition, err) < 0)
        return -1;
    if (!definition->is_borrowed && check_circles(definition, err) < 0) {
        definition_release(all, definition);
        return -1;
    }
    *ret_definition = definition;
    return 0;
}

/* Loads from files that are no longer in the folder. */
static int load_captured(struct definitions *all, const struct daemon_place *place,
                         const struct definition_capture *capture,
                         struct definition **ret_definition, struct error *err)
{
    struct definition *definition = memory_new(1, sizeof *definition);
    struct flow_source *kept = NULL;
    if (flow_source_open_folder(place->project_dir, &definition->source, err) < 0 ||
        flow_source_open_capture(capture->files, capture->file_count, &kept, err) < 0 ||
        load(definition, place, capture->files[0].path, kept, err) < 0) {
        flow_source_close(kept);
        definition_free(definition);
        return -1;
    }
    flow_source_close(kept);
    definition->version_id = capture->version_id;
    definition->users = 1;
    definition->next = all->first;
    all->first = definition;
    *ret_definition = definition;
    return 0;
}

int definition_from_capture(struct definitions *all, const struct daemon_place *place,
                            const struct definition_capture *capture,
                            struct definition **ret_definition, struct error *err)
{
    if (capture->file_count == 0)
        return error_set(err, ERROR_KIND_NOT_FOUND, "the definition of this run is not kept");
    return load_captured(all, place, capture, ret_definition, err);
}

int definition_make_stand_in(struct definitions *all, const struct daemon_place *place,
                             const struct definition_stand_in *wanted,
                             struct definition **ret_definition, struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    SCOPED_TEXT struct text yaml = {0};
    text_append_format(&yaml, "flow: %s\nschedule: {at: daily 00:00, timezone: %s}\nnodes:\n",
                       wanted->flow, wanted->zone);
    for (size_t i = 0; i < wanted->node_count; i++)
        text_append_format(&yaml, "  %s: {run: \"true\"}\n", wanted->nodes[i]);
    struct flow_file file = {.path = arena_format(&arena, "%s.yaml", wanted->flow),
                             .bytes = text_string(&yaml),
                             .length = yaml.length};
    flow_source_hash(file.bytes, file.length, file.hash);
    struct definition_capture capture = {.files = &file, .file_count = 1};
    if (load_captured(all, place, &capture, ret_definition, err) < 0)
        return -1;
    struct definition *definition = *ret_definition;
    definition->problem = memory_copy_string(wanted->problem);
    snprintf(definition->shown_version, sizeof definition->shown_version, "?");
    return 0;
}

struct definition *definition_find(struct definitions *all, int64_t version_id)
{
    for (struct definition *each = all->first; each != NULL; each = each->next) {
        if (each->version_id == version_id) {
            each->users++;
            return each;
        }
    }
    return NULL;
}

void definition_release(struct definitions *all, struct definition *definition)
{
    if (definition == NULL || --definition->users > 0)
        return;
    struct definition **place = &all->first;
    while (*place != definition)
        place = &(*place)->next;
    *place = definition->next;
    definition_free(definition);
}

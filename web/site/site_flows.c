#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"
#include "scheduler/system/clock.h"
#include "web/site/site_state.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOK_S 1      /* how long what was read is taken for what is on disk */
#define KEPT_FLOWS 64 /* read flows that are kept */

/* A flow that was read, right or wrong. */
struct site_flow_entry {
    struct site_flow_entry *next;
    char *name;
    struct flow *flow; /* NULL = it is wrong: `problems` */
    struct diagnostics problems;
    uint64_t signature; /* of its files as they were */
    struct duration seen;
};

/* ---- whether files are still the same ---- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * UINT64_C(1099511628211);
}

static uint64_t mix_file(uint64_t hash, const char *path)
{
    struct stat status;
    if (stat(path, &status) < 0)
        return mix(hash, 1);
    hash = mix(hash, (uint64_t)status.st_mtim.tv_sec);
    hash = mix(hash, (uint64_t)status.st_mtim.tv_nsec);
    hash = mix(hash, (uint64_t)status.st_size);
    return mix(hash, (uint64_t)status.st_ino);
}

/* Files and their folders: a new table's file changes its folder. */
static uint64_t signature_of(struct site *site, const struct flow *flow)
{
    SCOPED_ARENA struct arena arena = {0};
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < flow->file_count; i++) {
        char *path = arena_format(&arena, "%s/%s", site->options.project_dir, flow->files[i].path);
        hash = mix_file(hash, path);
        *strrchr(path, '/') = '\0';
        hash = mix_file(hash, path);
    }
    return hash;
}

static bool is_late(struct duration seen)
{
    return clock_monotonic().us - seen.us > duration_seconds(LOOK_S).us;
}

/* ---- datemill.yaml ---- */

static int fail_with(const struct diagnostics *problems, const char *what, struct error *err)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct diagnostic *problem = problems->items[i];
        if (problem->severity == DIAGNOSTIC_ERROR)
            return error_set(err, ERROR_KIND_INVALID, "%s: %s", what, problem->message);
    }
    return error_set(err, ERROR_KIND_INVALID, "%s is wrong", what);
}

static void forget_project(struct site *site)
{
    site_forget_flows(site);
    project_free(site->project);
    site->project = NULL;
    diagnostics_free(&site->project_problems);
    diagnostics_init(&site->project_problems);
}

static bool is_project_same(struct site *site)
{
    SCOPED_ARENA struct arena arena = {0};
    struct stat now;
    const char *path =
        arena_format(&arena, "%s/%s", site->options.project_dir, FLOW_SOURCE_PROJECT_FILE);
    if (stat(path, &now) < 0)
        now = (struct stat){0};
    bool is_same = now.st_mtim.tv_sec == site->project_file.st_mtim.tv_sec &&
                   now.st_mtim.tv_nsec == site->project_file.st_mtim.tv_nsec &&
                   now.st_size == site->project_file.st_size &&
                   now.st_ino == site->project_file.st_ino;
    site->project_file = now;
    return is_same;
}

int site_project(struct site *site, const struct project **ret_project, struct error *err)
{
    if (site->project == NULL || is_late(site->project_seen)) {
        bool is_same = is_project_same(site);
        site->project_seen = clock_monotonic();
        if (site->project != NULL && !is_same)
            forget_project(site);
    }
    if (site->project == NULL) {
        forget_project(site);
        if (project_load(site->source, &site->options.types, &site->project_problems,
                         &site->project) < 0)
            return fail_with(&site->project_problems, FLOW_SOURCE_PROJECT_FILE, err);
    }
    *ret_project = site->project;
    return 0;
}

/* ---- flows ---- */

static void free_entry(struct site_flow_entry *entry)
{
    flow_free(entry->flow);
    diagnostics_free(&entry->problems);
    free(entry->name);
    free(entry);
}

void site_forget_flows(struct site *site)
{
    while (site->flows != NULL) {
        struct site_flow_entry *entry = site->flows;
        site->flows = entry->next;
        free_entry(entry);
    }
}

/* The entry, moved to the front; NULL = none. */
static struct site_flow_entry *find_entry(struct site *site, const char *name)
{
    struct site_flow_entry **place = &site->flows;
    while (*place != NULL && strcmp((*place)->name, name) != 0)
        place = &(*place)->next;
    struct site_flow_entry *entry = *place;
    if (entry == NULL)
        return NULL;
    *place = entry->next;
    entry->next = site->flows;
    site->flows = entry;
    return entry;
}

static void drop_oldest(struct site *site)
{
    struct site_flow_entry **place = &site->flows;
    for (size_t i = 0; i < KEPT_FLOWS && *place != NULL; i++)
        place = &(*place)->next;
    while (*place != NULL) {
        struct site_flow_entry *entry = *place;
        *place = entry->next;
        free_entry(entry);
    }
}

static void read_entry(struct site *site, struct site_flow_entry *entry, const char *path)
{
    flow_free(entry->flow);
    entry->flow = NULL;
    diagnostics_free(&entry->problems);
    diagnostics_init(&entry->problems);
    if (flow_load(site->project, site->source, path, &entry->problems, &entry->flow) == 0)
        entry->signature = signature_of(site, entry->flow);
    entry->seen = clock_monotonic();
}

static bool is_fresh(struct site *site, struct site_flow_entry *entry)
{
    if (!is_late(entry->seen))
        return true;
    if (entry->flow == NULL || signature_of(site, entry->flow) != entry->signature)
        return false;
    entry->seen = clock_monotonic();
    return true;
}

int site_flow(struct site *site, const char *name, const struct flow **ret_flow, struct error *err)
{
    const struct project *project;
    if (site_project(site, &project, err) < 0)
        return -1;
    struct site_flow_entry *entry = find_entry(site, name);
    if (entry == NULL || !is_fresh(site, entry)) {
        SCOPED_ARENA struct arena arena = {0};
        const char *path;
        if (strchr(name, '/') != NULL || strchr(name, '.') != NULL)
            return error_set(err, ERROR_KIND_NOT_FOUND, "there is no flow `%s`", name);
        if (flow_source_find(site->source, name, &arena, &path, err) < 0)
            return -1;
        if (entry == NULL) {
            entry = memory_new(1, sizeof *entry);
            entry->name = memory_copy_string(name);
            diagnostics_init(&entry->problems);
            entry->next = site->flows;
            site->flows = entry;
            drop_oldest(site);
        }
        read_entry(site, entry, path);
    }
    if (entry->flow == NULL)
        return fail_with(&entry->problems, name, err);
    *ret_flow = entry->flow;
    return 0;
}

const struct diagnostics *site_flow_problems(struct site *site, const char *name)
{
    const struct flow *flow;
    if (site_flow(site, name, &flow, NULL) < 0 && find_entry(site, name) == NULL)
        return &site->project_problems;
    return &find_entry(site, name)->problems;
}

int32_t site_commits_behind(struct site *site, const char *commit)
{
    return flow_source_commits_behind(site->source, commit);
}

int site_flow_names(struct site *site, struct arena *arena, const char *const **ret_names,
                    size_t *ret_count, struct error *err)
{
    struct flow_paths paths;
    if (flow_source_list(site->source, arena, &paths, err) < 0)
        return -1;
    const char **names = arena_array(arena, paths.count, sizeof *names);
    for (size_t i = 0; i < paths.count; i++)
        names[i] = flow_source_flow_name(paths.paths[i], arena);
    *ret_names = names;
    *ret_count = paths.count;
    return 0;
}

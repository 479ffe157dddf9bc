#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"
#include "scheduler/flow/field_scalar.h"
#include "scheduler/flow/flow_source.h"
#include "scheduler/flow/flow_source_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define FLOW_FILE "flow.yaml"
#define YAML_ENDING ".yaml"
#define PROJECT_NAME "datemill"

/* A list of paths that grows in an arena. */
struct path_list {
    struct arena *arena;
    const char **paths;
    size_t count;
    size_t capacity;
};

static void add_path(struct path_list *list, const char *path)
{
    list->paths =
        arena_grow(list->arena, list->paths, list->count, &list->capacity, sizeof *list->paths);
    list->paths[list->count++] = path;
}

static int compare_strings(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int finish(struct path_list *list, struct flow_paths *ret_paths, struct error *err)
{
    if (list->count > FLOW_SOURCE_MAX_FILES)
        return error_set(err, ERROR_KIND_PRECONDITION, "matches more than %d files",
                         FLOW_SOURCE_MAX_FILES);
    if (list->count > 0)
        qsort(list->paths, list->count, sizeof *list->paths, compare_strings);
    *ret_paths = (struct flow_paths){list->paths, list->count};
    return 0;
}

static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

static int glob_folder(const struct flow_source *source, const char *pattern,
                       struct path_list *list, struct error *err)
{
    size_t length = folder_length(pattern);
    const char *folder = length == 0 ? "." : arena_copy(list->arena, pattern, length - 1);
    int fd = flow_source_open_beneath(source, folder, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? 0
                   : error_set(err, ERROR_KIND_PRECONDITION, "%s: %s", folder,
                               errno == EXDEV ? "lies outside the project" : strerror(errno));
    SCOPED_DIR DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        close(fd);
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "%s", folder);
    }
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL && list->count <= FLOW_SOURCE_MAX_FILES) {
        if (fnmatch(pattern + length, entry->d_name, FNM_PERIOD | FNM_NOESCAPE) != 0)
            continue;
        const char *path = arena_format(list->arena, "%.*s%s", (int)length, pattern, entry->d_name);
        if (entry->d_type == DT_REG || flow_source_has_file((struct flow_source *)source, path))
            add_path(list, path);
    }
    return 0;
}

int flow_source_glob(struct flow_source *source, const char *pattern, struct arena *arena,
                     struct flow_paths *ret_paths, struct error *err)
{
    struct path_list list = {.arena = arena};
    size_t length = folder_length(pattern);
    if (strcspn(pattern, "*?") < length)
        return error_set(err, ERROR_KIND_PRECONDITION,
                         "only the last part of a path can have `*` or `?`");
    if (source->dir_fd >= 0) {
        if (glob_folder(source, pattern, &list, err) != 0)
            return -1;
        return finish(&list, ret_paths, err);
    }
    for (size_t i = 0; i < source->file_count; i++) {
        const char *path = source->files[i].path;
        if (folder_length(path) == length && strncmp(path, pattern, length) == 0 &&
            fnmatch(pattern + length, path + length, FNM_PERIOD | FNM_NOESCAPE) == 0)
            add_path(&list, arena_copy_string(arena, path));
    }
    return finish(&list, ret_paths, err);
}

static bool is_flow_name(const char *name, size_t length)
{
    return field_is_name(name, length) &&
           !(length == strlen(PROJECT_NAME) && memcmp(name, PROJECT_NAME, length) == 0);
}

const char *flow_source_flow_name(const char *path, struct arena *arena)
{
    size_t length = strlen(path);
    size_t ending = strlen(YAML_ENDING);
    const char *slash = strchr(path, '/');
    if (slash != NULL) {
        size_t name_length = (size_t)(slash - path);
        bool is_flow = strcmp(slash + 1, FLOW_FILE) == 0 && is_flow_name(path, name_length);
        return arena_copy(arena, path, is_flow ? name_length : 0);
    }
    bool is_flow = length > ending && strcmp(path + length - ending, YAML_ENDING) == 0 &&
                   is_flow_name(path, length - ending);
    return arena_copy(arena, path, is_flow ? length - ending : 0);
}

static void add_flow(struct flow_source *source, const struct dirent *entry, struct path_list *list)
{
    const char *name = entry->d_name;
    if (*flow_source_flow_name(name, list->arena) != '\0' && flow_source_has_file(source, name)) {
        add_path(list, arena_copy_string(list->arena, name));
        return;
    }
    if (!is_flow_name(name, strlen(name)) || entry->d_type == DT_REG)
        return;
    const char *path = arena_format(list->arena, "%s/" FLOW_FILE, name);
    if (flow_source_has_file(source, path))
        add_path(list, path);
}

int flow_source_list(struct flow_source *source, struct arena *arena, struct flow_paths *ret_paths,
                     struct error *err)
{
    struct path_list list = {.arena = arena};
    for (size_t i = 0; i < source->file_count; i++) {
        if (*flow_source_flow_name(source->files[i].path, arena) != '\0')
            add_path(&list, arena_copy_string(arena, source->files[i].path));
    }
    if (source->dir_fd < 0)
        return finish(&list, ret_paths, err);
    int fd = flow_source_open_beneath(source, ".", O_RDONLY | O_DIRECTORY);
    SCOPED_DIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        error_set_errno(err, ERROR_KIND_PRECONDITION, "%s", source->dir);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL && list.count <= FLOW_SOURCE_MAX_FILES)
        add_flow(source, entry, &list);
    return finish(&list, ret_paths, err);
}

/* `path` as it lies beneath the project, NULL if it does not. */
static const char *beneath(const struct flow_source *source, const char *path, struct arena *arena)
{
    char resolved[PATH_MAX];
    if (source->dir == NULL || realpath(path, resolved) == NULL)
        return NULL;
    size_t length = strcmp(source->dir, "/") == 0 ? 0 : strlen(source->dir);
    if (strncmp(resolved, source->dir, length) != 0 || resolved[length] != '/')
        return NULL;
    return arena_copy_string(arena, resolved + length + 1);
}

static int find_by_path(struct flow_source *source, const char *name, struct arena *arena,
                        const char **ret_path, struct error *err)
{
    const char *candidates[4] = {beneath(source, name, arena)};
    const char *inside = flow_source_join("", name, arena);
    candidates[1] =
        candidates[0] == NULL ? NULL : arena_format(arena, "%s/" FLOW_FILE, candidates[0]);
    candidates[2] = inside;
    candidates[3] = inside == NULL ? NULL : arena_format(arena, "%s/" FLOW_FILE, inside);
    for (size_t i = 0; i < 4; i++) {
        if (candidates[i] != NULL && flow_source_has_file(source, candidates[i])) {
            *ret_path = candidates[i];
            return 0;
        }
    }
    error_set(err, ERROR_KIND_NOT_FOUND, "no flow file `%s` in this project", name);
    return error_help(err, "the project is %s",
                      source->dir == NULL ? "a kept definition" : source->dir);
}

static int say_unknown(struct flow_source *source, const char *name, struct arena *arena,
                       struct error *err)
{
    error_set(err, ERROR_KIND_NOT_FOUND, "no flow `%s` in this project", name);
    struct flow_paths flows;
    if (flow_source_list(source, arena, &flows, NULL) != 0 || flows.count == 0)
        return error_help(err, "a flow is NAME.yaml or NAME/flow.yaml beside datemill.yaml; make "
                               "one with `datemill new NAME`");
    struct suggest suggest;
    suggest_begin(&suggest, name);
    struct text names = {.limit = 512};
    for (size_t i = 0; i < flows.count; i++) {
        const char *flow = flow_source_flow_name(flows.paths[i], arena);
        suggest_offer(&suggest, flow);
        text_append_format(&names, "%s%s", i == 0 ? "" : ", ", flow);
    }
    const char *best = suggest_best(&suggest);
    if (best != NULL)
        error_help(err, "did you mean `%s`?", best);
    else
        error_help(err, "the flows are: %s%s", text_string(&names), names.is_cut ? "…" : "");
    text_free(&names);
    return -1;
}

int flow_source_find(struct flow_source *source, const char *name, struct arena *arena,
                     const char **ret_path, struct error *err)
{
    size_t length = strlen(name);
    size_t ending = strlen(YAML_ENDING);
    bool is_path = strchr(name, '/') != NULL ||
                   (length > ending && strcmp(name + length - ending, YAML_ENDING) == 0);
    if (is_path)
        return find_by_path(source, name, arena, ret_path, err);
    if (!is_flow_name(name, length))
        return say_unknown(source, name, arena, err);
    const char *file = arena_format(arena, "%s" YAML_ENDING, name);
    const char *inside = arena_format(arena, "%s/" FLOW_FILE, name);
    bool has_file = flow_source_has_file(source, file);
    bool has_inside = flow_source_has_file(source, inside);
    if (has_file && has_inside)
        return error_set(err, ERROR_KIND_INVALID, "flow `%s` is both %s and %s: remove one", name,
                         file, inside);
    if (!has_file && !has_inside)
        return say_unknown(source, name, arena, err);
    *ret_path = has_file ? file : inside;
    return 0;
}

#include "scheduler/flow/flow_source.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/flow/flow_source_git.h"
#include "scheduler/flow/flow_source_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int flow_source_find_project(const char *start, char **ret_dir, struct error *err)
{
    char dir[PATH_MAX];
    if (realpath(start == NULL ? "." : start, dir) == NULL)
        return error_set_errno(err, ERROR_KIND_NOT_FOUND, "%s", start == NULL ? "." : start);
    for (;;) {
        char file[PATH_MAX + sizeof FLOW_SOURCE_PROJECT_FILE + 1];
        size_t length = strlen(dir);
        snprintf(file, sizeof file, "%s/" FLOW_SOURCE_PROJECT_FILE, length == 1 ? "" : dir);
        if (access(file, F_OK) == 0) {
            *ret_dir = memory_copy_string(dir);
            return 0;
        }
        char *slash = strrchr(dir, '/');
        if (slash == NULL || length == 1)
            break;
        slash[slash == dir ? 1 : 0] = '\0';
    }
    error_set(err, ERROR_KIND_NOT_FOUND,
              "no project here: no " FLOW_SOURCE_PROJECT_FILE " in %s or above it",
              start == NULL || strcmp(start, ".") == 0 ? "this folder" : start);
    return error_help(err, "make one with `datemill init`, or name its folder with -C DIR");
}

/* A project can run programs, so that whoever may write it acts as us. */
static int check_owner(int dir_fd, const char *name, const char *shown, struct error *err)
{
    struct stat status;
    if (fstatat(dir_fd, name, &status, name[0] == '\0' ? AT_EMPTY_PATH : 0) != 0)
        return error_set_errno(err, ERROR_KIND_NOT_FOUND, "%s", shown);
    if (status.st_uid == geteuid() || status.st_uid == 0)
        return 0;
    error_set(err, ERROR_KIND_REFUSED, "%s belongs to another user (uid %u)", shown,
              (unsigned)status.st_uid);
    return error_help(err,
                      "a project can run programs; run datemill as its owner, or take it over: "
                      "sudo chown -R \"$USER\" the folder");
}

/* What to put before a path of the project so that it is right in the working folder. */
static char *find_shown_prefix(const char *dir)
{
    char cwd[PATH_MAX];
    struct text prefix = {0};
    if (getcwd(cwd, sizeof cwd) == NULL) {
        text_append_format(&prefix, "%s/", dir);
        return text_take(&prefix);
    }
    size_t cwd_length = strcmp(cwd, "/") == 0 ? 0 : strlen(cwd);
    size_t dir_length = strcmp(dir, "/") == 0 ? 0 : strlen(dir);
    bool is_at_or_below =
        strncmp(dir, cwd, cwd_length) == 0 && (dir[cwd_length] == '/' || dir[cwd_length] == '\0');
    bool is_above = strncmp(cwd, dir, dir_length) == 0 && cwd[dir_length] == '/';
    if (is_at_or_below && dir_length > cwd_length)
        text_append_format(&prefix, "%s/", dir + cwd_length + 1);
    else if (!is_at_or_below && is_above) {
        for (const char *at = cwd + dir_length; *at != '\0'; at++)
            text_append(&prefix, *at == '/' ? "../" : "");
    } else if (!is_at_or_below)
        text_append_format(&prefix, "%s/", dir);
    return text_take(&prefix);
}

int flow_source_open_folder(const char *dir, struct flow_source **ret_source, struct error *err)
{
    SCOPED_FREE char *resolved = realpath(dir, NULL);
    if (resolved == NULL)
        return error_set_errno(err, ERROR_KIND_NOT_FOUND, "%s", dir);
    SCOPED_FD int fd = open(resolved, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, ERROR_KIND_NOT_FOUND, "%s", dir);
    if (check_owner(fd, "", resolved, err) != 0)
        return -1;
    if (faccessat(fd, FLOW_SOURCE_PROJECT_FILE, F_OK, 0) == 0 &&
        check_owner(fd, FLOW_SOURCE_PROJECT_FILE, FLOW_SOURCE_PROJECT_FILE, err) != 0)
        return -1;
    struct flow_source *source = memory_new(1, sizeof *source);
    arena_init(&source->arena, 0);
    source->dir = resolved;
    resolved = NULL;
    source->dir_fd = fd;
    fd = -1;
    source->shown_prefix = find_shown_prefix(source->dir);
    source->git = flow_source_git_open();
    *ret_source = source;
    return 0;
}

int flow_source_open_capture(const struct flow_file *files, size_t count,
                             struct flow_source **ret_source, struct error *err)
{
    if (count == 0 || count > FLOW_SOURCE_MAX_FILES)
        return error_set(err, ERROR_KIND_INVALID, "a definition of %zu files", count);
    struct flow_source *source = memory_new(1, sizeof *source);
    arena_init(&source->arena, 0);
    source->dir_fd = -1;
    source->git = flow_source_git_open();
    struct flow_file *copies = arena_array(&source->arena, count, sizeof *copies);
    for (size_t i = 0; i < count; i++) {
        copies[i].path = arena_copy_string(&source->arena, files[i].path);
        copies[i].bytes = arena_copy(&source->arena, files[i].bytes, files[i].length);
        copies[i].length = files[i].length;
        flow_source_hash(copies[i].bytes, copies[i].length, copies[i].hash);
    }
    source->files = copies;
    source->file_count = count;
    *ret_source = source;
    return 0;
}

void flow_source_close(struct flow_source *source)
{
    if (source == NULL)
        return;
    if (source->dir_fd >= 0)
        close(source->dir_fd);
    free(source->dir);
    free(source->shown_prefix);
    arena_free(&source->arena);
    flow_source_git_close(source->git);
    if (source->others != NULL)
        source->free_others(source->others);
    free(source);
}

const char *flow_source_dir(const struct flow_source *source)
{
    return source->dir;
}

const char *flow_source_shown_path(const struct flow_source *source, const char *path,
                                   struct arena *arena)
{
    if (source->shown_prefix == NULL || path[0] == '/')
        return arena_copy_string(arena, path);
    return arena_format(arena, "%s%s", source->shown_prefix, path);
}

static const struct flow_file *find_captured(const struct flow_source *source, const char *path)
{
    for (size_t i = 0; i < source->file_count; i++) {
        if (strcmp(source->files[i].path, path) == 0)
            return &source->files[i];
    }
    return NULL;
}

int flow_source_read(struct flow_source *source, const char *path, struct arena *arena,
                     struct flow_file *ret_file, struct error *err)
{
    if (source->dir_fd >= 0) {
        SCOPED_FD int fd = flow_source_open_beneath(source, path, O_RDONLY);
        return flow_source_read_fd(fd, path, arena, ret_file, err);
    }
    const struct flow_file *file = find_captured(source, path);
    if (file == NULL)
        return error_set(err, ERROR_KIND_PRECONDITION, "no such file in the kept definition");
    *ret_file = *file;
    ret_file->path = arena_copy_string(arena, file->path);
    ret_file->bytes = arena_copy(arena, file->bytes, file->length);
    return 0;
}

int flow_source_read_anywhere(struct flow_source *source, const char *path, struct arena *arena,
                              struct flow_file *ret_file, struct error *err)
{
    if (source->dir_fd < 0)
        return error_set(err, ERROR_KIND_PRECONDITION, "no such file in the kept definition");
    SCOPED_FD int fd = openat(source->dir_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    return flow_source_read_fd(fd, path, arena, ret_file, err);
}

bool flow_source_has_file(struct flow_source *source, const char *path)
{
    if (source->dir_fd < 0)
        return find_captured(source, path) != NULL;
    SCOPED_FD int fd = flow_source_open_beneath(source, path, O_PATH);
    struct stat status;
    return fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

static bool is_program(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

bool flow_source_has_program(const char *name, const char *path)
{
    if (strchr(name, '/') != NULL)
        return is_program(name);
    for (const char *at = path; at != NULL;) {
        size_t length = strcspn(at, ":");
        SCOPED_TEXT struct text file = {.limit = PATH_MAX};
        text_append_format(&file, "%.*s/%s", length == 0 ? 1 : (int)length, length == 0 ? "." : at,
                           name);
        if (is_program(text_string(&file)))
            return true;
        at = at[length] == ':' ? at + length + 1 : NULL;
    }
    return false;
}

int32_t flow_source_commits_behind(struct flow_source *source, const char *commit)
{
    return source->dir == NULL ? -1 : flow_source_git_behind(source->git, source->dir, commit);
}

void flow_source_version(struct flow_source *source, const char *const *paths, size_t count,
                         struct flow_version *ret_version)
{
    if (source->dir == NULL)
        *ret_version = (struct flow_version){0};
    else
        flow_source_git_version(source->git, source->dir, paths, count, ret_version);
}

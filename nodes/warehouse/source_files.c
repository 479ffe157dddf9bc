#include "nodes/warehouse/source_files.h"

#include "nodes/warehouse/failure.h"
#include "scheduler/base/beneath.h"
#include "scheduler/base/civil.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHOWN_FILES 3
#define MAX_LISTED 10000 /* entries looked at for a message */

static int open_beneath(int root_fd, const char *path, int flags)
{
    return beneath_open(root_fd, *path == '\0' ? "." : path, flags | O_RDONLY | O_NONBLOCK);
}

int source_open_root(const char *root, int *ret_fd, struct error *err)
{
    int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        int number = errno;
        failure_set_errno(err, "cannot open the connection's folder %s", root);
        if (err != NULL && number == ENOENT)
            err->kind = ERROR_KIND_PRECONDITION;
        return -1;
    }
    *ret_fd = fd;
    return 0;
}

bool source_is_pattern(const char *pattern)
{
    return strchr(pattern, '*') != NULL;
}

/* `*` is any run of bytes; one is gone back to at most. */
static bool matches(const char *pattern, const char *name)
{
    const char *back_pattern = NULL;
    const char *back_name = NULL;
    if (*name == '.' && *pattern != '.')
        return false;
    while (*name != '\0') {
        if (*pattern == '*') {
            back_pattern = ++pattern;
            back_name = name;
        } else if (*pattern == *name) {
            pattern++;
            name++;
        } else if (back_pattern != NULL) {
            pattern = back_pattern;
            name = ++back_name;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

struct names {
    const char **items;
    size_t count;
    size_t capacity;
};

static int order_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Where a pattern is looked for. */
struct search {
    int root_fd;
    struct arena *arena;
};

static int add_name(const struct search *search, struct names *names, const char *name,
                    struct error *err)
{
    if (names->count == SOURCE_MAX_FILES)
        return error_set(err, ERROR_KIND_INVALID, "the pattern matches more than %d files",
                         SOURCE_MAX_FILES);
    names->items = arena_grow(search->arena, names->items, names->count, &names->capacity,
                              sizeof *names->items);
    names->items[names->count++] = name;
    return 0;
}

static const char *joined(struct arena *arena, const char *folder, const char *name)
{
    return *folder == '\0' ? arena_copy_string(arena, name)
                           : arena_format(arena, "%s/%s", folder, name);
}

/* A folder that is not there matches nothing. */
static int list_matches(const struct search *search, const char *folder, const char *pattern,
                        struct names *found, struct error *err)
{
    int fd = open_beneath(search->root_fd, folder, O_DIRECTORY);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (fd < 0)
        return failure_set_errno(err, "cannot open the folder %s", folder);
    SCOPED_DIR DIR *entries = fdopendir(fd);
    struct dirent *entry;
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        bool is_self = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        if (!is_self && matches(pattern, entry->d_name) &&
            add_name(search, found, joined(search->arena, folder, entry->d_name), err) != 0)
            return -1;
    }
    return 0;
}

static int expand_level(const struct search *search, const struct names *folders, const char *level,
                        struct names *found, struct error *err)
{
    for (size_t i = 0; i < folders->count; i++) {
        int result =
            source_is_pattern(level)
                ? list_matches(search, folders->items[i], level, found, err)
                : add_name(search, found, joined(search->arena, folders->items[i], level), err);
        if (result != 0)
            return -1;
    }
    return 0;
}

static int add_file(int root_fd, const char *path, struct arena *arena, struct source_files *files,
                    struct error *err)
{
    SCOPED_FD int fd = open_beneath(root_fd, path, 0);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (fd < 0 && errno == EXDEV)
        return error_set(err, ERROR_KIND_REFUSED, "%s leads out of the connection's folder", path);
    if (fd < 0)
        return failure_set_errno(err, "cannot open %s", path);
    struct stat status;
    if (fstat(fd, &status) != 0)
        return failure_set_errno(err, "cannot look at %s", path);
    if (S_ISDIR(status.st_mode))
        return 0;
    if (!S_ISREG(status.st_mode))
        return error_set(err, ERROR_KIND_INVALID, "%s is not a file", path);
    files->items =
        arena_grow(arena, files->items, files->count, &files->capacity, sizeof *files->items);
    files->items[files->count++] = (struct source_file){
        .path = path,
        .bytes = (int64_t)status.st_size,
        .modified_us = (int64_t)status.st_mtim.tv_sec * 1000000 + status.st_mtim.tv_nsec / 1000};
    files->bytes += (int64_t)status.st_size;
    return 0;
}

static int check_pattern(const char *pattern, struct error *err)
{
    if (*pattern == '\0' || strlen(pattern) > SOURCE_MAX_PATH_BYTES)
        return error_set(err, ERROR_KIND_INVALID, "the file's name is empty or too long");
    if (*pattern == '/')
        return error_set(err, ERROR_KIND_INVALID,
                         "%s: a file is named beneath the connection's folder, without a leading "
                         "`/`",
                         pattern);
    return 0;
}

static int expand(const struct search *search, const char *pattern, struct names *names,
                  struct error *err)
{
    struct arena *arena = search->arena;
    const char *at = pattern;
    int levels = 0;
    names->items = arena_array(arena, 1, sizeof *names->items);
    names->items[0] = "";
    names->count = names->capacity = 1;
    while (*at != '\0' && names->count > 0) {
        size_t length = strcspn(at, "/");
        const char *level = arena_copy(arena, at, length);
        at += length + (at[length] == '/' ? 1 : 0);
        if (*level == '\0' || strcmp(level, ".") == 0)
            continue;
        if (strcmp(level, "..") == 0)
            return error_set(err, ERROR_KIND_REFUSED,
                             "%s leads out of the connection's folder: `..` is not allowed",
                             pattern);
        if (++levels > SOURCE_MAX_LEVELS)
            return error_set(err, ERROR_KIND_INVALID, "%s has more than %d levels", pattern,
                             SOURCE_MAX_LEVELS);
        struct names found = {0};
        if (expand_level(search, names, level, &found, err) != 0)
            return -1;
        *names = found;
    }
    return 0;
}

int source_find(int root_fd, const char *pattern, struct arena *arena,
                struct source_files *ret_files, struct error *err)
{
    struct source_files files = {0};
    struct names names = {0};
    const struct search search = {.root_fd = root_fd, .arena = arena};
    if (check_pattern(pattern, err) != 0 || expand(&search, pattern, &names, err) != 0)
        return -1;
    if (names.count > 0)
        qsort(names.items, names.count, sizeof *names.items, order_names);
    for (size_t i = 0; i < names.count; i++) {
        if (add_file(root_fd, names.items[i], arena, &files, err) != 0)
            return -1;
    }
    *ret_files = files;
    return 0;
}

int source_open(int root_fd, const char *path, int *ret_fd, struct error *err)
{
    int fd = open_beneath(root_fd, path, 0);
    if (fd < 0 && errno == EXDEV)
        return error_set(err, ERROR_KIND_REFUSED, "%s leads out of the connection's folder", path);
    if (fd < 0)
        return failure_set_errno(err, "cannot open %s", path);
    *ret_fd = fd;
    return 0;
}

static void show_bytes(int64_t bytes, struct text *out)
{
    if (bytes < 1000)
        text_append_format(out, "%lld B", (long long)bytes);
    else if (bytes < 1000000)
        text_append_format(out, "%.1f kB", (double)bytes / 1e3);
    else if (bytes < 1000000000)
        text_append_format(out, "%.1f MB", (double)bytes / 1e6);
    else
        text_append_format(out, "%.1f GB", (double)bytes / 1e9);
}

/* Keeps the newest few, the newest first. */
static void keep_newest(struct source_file *newest, size_t *count, struct source_file file)
{
    size_t at = *count;
    while (at > 0 && newest[at - 1].modified_us < file.modified_us)
        at--;
    if (at == SHOWN_FILES)
        return;
    if (*count < SHOWN_FILES)
        (*count)++;
    memmove(&newest[at + 1], &newest[at], (*count - at - 1) * sizeof *newest);
    newest[at] = file;
}

static size_t list_newest(int fd, DIR *entries, struct arena *arena, struct source_file *newest,
                          size_t *ret_all)
{
    size_t count = 0;
    struct dirent *entry;
    while ((entry = readdir(entries)) != NULL && *ret_all < MAX_LISTED) {
        struct stat status;
        if (entry->d_name[0] == '.')
            continue;
        (*ret_all)++;
        if (fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(status.st_mode))
            keep_newest(
                newest, &count,
                (struct source_file){.path = arena_copy_string(arena, entry->d_name),
                                     .bytes = (int64_t)status.st_size,
                                     .modified_us = (int64_t)status.st_mtim.tv_sec * 1000000 +
                                                    status.st_mtim.tv_nsec / 1000});
    }
    return count;
}

static void show_newest(const struct source_file *newest, size_t count, struct text *out)
{
    text_append(out, "the directory exists; newest files there: ");
    for (size_t i = 0; i < count; i++) {
        struct civil_time time = civil_from_seconds(newest[i].modified_us / 1000000);
        text_append(out, i == 0 ? "" : ", ");
        utf8_append_safe(out, newest[i].path, strlen(newest[i].path));
        text_append(out, " (");
        show_bytes(newest[i].bytes, out);
        text_append_format(out, ", %04d-%02d-%02d %02d:%02d UTC)", time.date.year, time.date.month,
                           time.date.day, time.hour, time.minute);
    }
}

void source_explain_missing(int root_fd, const char *root, const char *pattern, struct text *out)
{
    SCOPED_ARENA struct arena arena;
    arena_init(&arena, 0);
    struct source_file newest[SHOWN_FILES + 1];
    size_t all = 0;
    const char *slash = strrchr(pattern, '/');
    const char *folder =
        slash == NULL ? "" : arena_copy(&arena, pattern, (size_t)(slash - pattern));
    int top = open_beneath(root_fd, "", O_DIRECTORY);
    SCOPED_DIR DIR *top_entries = top < 0 ? NULL : fdopendir(top);
    if (top_entries != NULL)
        list_newest(top, top_entries, &arena, newest, &all);
    if (top_entries != NULL && all == 0) {
        text_append_format(out, "%s is empty: is the bucket mounted?", root);
        return;
    }
    int fd = open_beneath(root_fd, folder, O_DIRECTORY);
    SCOPED_DIR DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (entries == NULL) {
        text_append_format(out, "there is no directory %s/%s", root, folder);
        return;
    }
    all = 0;
    size_t count = list_newest(fd, entries, &arena, newest, &all);
    if (count == 0)
        text_append_format(out, "the directory %s/%s holds no files", root, folder);
    else
        show_newest(newest, count, out);
}

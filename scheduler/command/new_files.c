#include "scheduler/command/new_files.h"

#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDER_MODE 0777 /* less the umask */
#define FILE_MODE 0666
#define NAME_COLUMN 34

void new_files_add(struct new_files *files, const char *path, const char *content,
                   const char *remark)
{
    assert(files->count < NEW_FILES_MAX);
    files->items[files->count++] = (struct new_file){path, content, remark};
}

static const char *full_path(struct context *context, const struct new_files *files, size_t index)
{
    return arena_format(&context->arena, "%s/%s", files->dir, files->items[index].path);
}

static int ask_to_replace(struct context *context, const struct new_files *files, struct error *err)
{
    SCOPED_TEXT struct text there = {.limit = 400};
    for (size_t i = 0; i < files->count; i++) {
        struct stat status;
        if (lstat(full_path(context, files, i), &status) != 0)
            continue;
        text_append(&there, there.length > 0 ? ", " : "");
        text_append(&there, files->items[i].path);
    }
    if (there.length == 0 || files->replaces)
        return 0;
    const char *question =
        arena_format(&context->arena, "replace %s, which exists", text_string(&there));
    return context_confirm(context, question, "--yes", err);
}

/* Makes the folders above a path, as far as they are missing. */
static int make_folders(struct context *context, const char *path, struct error *err)
{
    char *copy = arena_copy_string(&context->arena, path);
    for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(copy, FOLDER_MODE) != 0 && errno != EEXIST)
            return error_set_errno(err, ERROR_KIND_PRECONDITION, "the folder %s cannot be made",
                                   copy);
        *slash = '/';
    }
    return 0;
}

static int write_file(struct context *context, const char *path, const char *content,
                      struct error *err)
{
    const char *temporary = arena_format(&context->arena, "%s.%d.part", path, getpid());
    SCOPED_FD int fd =
        open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (fd < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "%s cannot be written", path);
    size_t length = strlen(content);
    ssize_t written = write(fd, content, length);
    bool is_whole = written >= 0 && (size_t)written == length && fsync(fd) == 0;
    if (written >= 0 && (size_t)written < length)
        errno = ENOSPC;
    if (is_whole && rename(temporary, path) == 0)
        return 0;
    error_set_errno(err, ERROR_KIND_PRECONDITION, "%s cannot be written", path);
    unlink(temporary);
    return -1;
}

static void tell(struct context *context, const struct new_file *file)
{
    if (context->is_json)
        return;
    struct terminal *out = context->out;
    terminal_print_styled(out, TERMINAL_STYLE_GREEN, "created");
    terminal_print(out, "  ");
    if (file->remark[0] == '\0')
        terminal_put(out, file->path);
    else
        terminal_print(out, "%-*s %s", NAME_COLUMN, file->path, file->remark);
    terminal_print(out, "\n");
}

int new_files_write(struct context *context, const struct new_files *files, struct error *err)
{
    if (ask_to_replace(context, files, err) < 0)
        return -1;
    for (size_t i = 0; i < files->count; i++) {
        const char *path = full_path(context, files, i);
        if (make_folders(context, path, err) < 0 ||
            write_file(context, path, files->items[i].content, err) < 0)
            return -1;
        tell(context, &files->items[i]);
    }
    return 0;
}

void new_files_print_json(struct context *context, const struct new_files *files,
                          const char *const *next)
{
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_int(&json, "schema", 1);
    json_out_pair_string(&json, "dir", files->dir);
    json_out_key(&json, "created");
    json_out_begin_array(&json);
    for (size_t i = 0; i < files->count; i++)
        json_out_string(&json, files->items[i].path);
    json_out_end_array(&json);
    json_out_key(&json, "next");
    json_out_begin_array(&json);
    for (size_t i = 0; next[i] != NULL; i++)
        json_out_string(&json, next[i]);
    json_out_end_array(&json);
    json_out_end_object(&json);
    terminal_print(context->out, "%s\n", text_string(&text));
}

void new_files_print_next(struct context *context, const char *const *next)
{
    for (size_t i = 0; next[i] != NULL; i++)
        terminal_print(context->out, "%-9s%s\n", i == 0 ? "next" : "", next[i]);
}

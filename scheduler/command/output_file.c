#include "scheduler/command/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MODE 0666 /* less the umask */

int output_file_begin(struct output_file *file, const char *path, struct terminal *terminal,
                      struct error *err)
{
    file->path = path;
    file->terminal = terminal;
    int length = snprintf(file->temporary, sizeof file->temporary, "%s.%d.part", path, getpid());
    if (length < 0 || (size_t)length >= sizeof file->temporary)
        return error_set(err, ERROR_KIND_USAGE, "the name of the file is too long");
    int fd = open(file->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "%s cannot be written", path);
    terminal_flush(terminal);
    file->saved = *terminal;
    terminal->fd = fd;
    terminal->is_terminal = terminal->has_color = terminal->has_cursor = false;
    terminal->width = terminal->height = 0;
    return 0;
}

static void restore(struct output_file *file)
{
    struct text pending = file->terminal->pending;
    *file->terminal = file->saved;
    file->terminal->pending = pending;
}

int output_file_end(struct output_file *file, struct error *err)
{
    int fd = file->terminal->fd;
    bool is_written = terminal_flush(file->terminal) == 0;
    struct error problem = file->terminal->error;
    restore(file);
    bool is_whole = is_written && fsync(fd) == 0 && close(fd) == 0;
    if (is_whole && rename(file->temporary, file->path) == 0)
        return 0;
    if (is_written)
        error_set_errno(&problem, ERROR_KIND_PRECONDITION, "%s cannot be written", file->path);
    unlink(file->temporary);
    if (err != NULL)
        *err = problem;
    return -1;
}

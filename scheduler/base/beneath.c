#include "scheduler/base/beneath.h"

#include "scheduler/base/scope.h"

#include <linux/openat2.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OPEN_TRIES 16
#define MAX_LINKS 40 /* as the kernel has it */

/* A path on its way from what was asked for to what it leads to. */
struct walk {
    int dir_fd;
    char done[PATH_MAX]; /* without links, `.` and `..`; no slash at its ends */
    char rest[PATH_MAX]; /* still to be looked at */
    int links;
};

static int fail(int number)
{
    errno = number;
    return -1;
}

/* A path without `.` and `..`, "" for the folder itself; no link is followed anywhere. */
static int open_plain(int dir_fd, const char *path, int flags)
{
    SCOPED_FD int folder = -1;
    for (;;) {
        char part[NAME_MAX + 1];
        size_t length = strcspn(path, "/");
        bool is_last = path[length] == '\0';
        if (length >= sizeof part)
            return fail(ENAMETOOLONG);
        memcpy(part, path, length);
        part[length] = '\0';
        int fd = openat(folder < 0 ? dir_fd : folder, length == 0 ? "." : part,
                        (is_last ? flags : O_PATH | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC);
        if (is_last || fd < 0)
            return fd;
        if (folder >= 0)
            close(folder);
        folder = fd;
        path += length + 1;
    }
}

static int step_up(struct walk *walk)
{
    char *slash = strrchr(walk->done, '/');
    if (walk->done[0] == '\0')
        return fail(EXDEV);
    *(slash == NULL ? walk->done : slash) = '\0';
    return 0;
}

/* The target goes before what is still to be looked at. */
static int follow(struct walk *walk, const char *target)
{
    size_t length = strlen(target);
    size_t rest = strlen(walk->rest);
    if (target[0] == '/')
        return fail(EXDEV);
    if (++walk->links > MAX_LINKS)
        return fail(ELOOP);
    if (length + rest + 2 > sizeof walk->rest)
        return fail(ENAMETOOLONG);
    memmove(walk->rest + length + 1, walk->rest, rest + 1);
    memcpy(walk->rest, target, length);
    walk->rest[length] = '/';
    return 0;
}

static int step_into(struct walk *walk, const char *part)
{
    char target[PATH_MAX];
    SCOPED_FD int folder = open_plain(walk->dir_fd, walk->done, O_PATH | O_DIRECTORY);
    if (folder < 0)
        return -1;
    ssize_t length = readlinkat(folder, part, target, sizeof target - 1);
    if (length >= 0) {
        target[length] = '\0';
        return follow(walk, target);
    }
    if (errno != EINVAL)
        return -1;
    size_t before = strlen(walk->done);
    size_t added = strlen(part);
    if (before + added + 2 > sizeof walk->done)
        return fail(ENAMETOOLONG);
    if (before > 0)
        walk->done[before++] = '/';
    memcpy(walk->done + before, part, added + 1);
    return 0;
}

/* The first part of `rest` into `part`: 1, or 0 when there is none, -1. */
static int take_part(struct walk *walk, char part[NAME_MAX + 1])
{
    char *start = walk->rest + strspn(walk->rest, "/");
    size_t length = strcspn(start, "/");
    if (length > NAME_MAX)
        return fail(ENAMETOOLONG);
    memcpy(part, start, length);
    part[length] = '\0';
    memmove(walk->rest, start + length, strlen(start + length) + 1);
    return length > 0;
}

int beneath_open_by_steps(int dir_fd, const char *path, int flags)
{
    struct walk walk = {.dir_fd = dir_fd};
    char part[NAME_MAX + 1];
    if (path[0] == '/')
        return fail(EXDEV);
    if (path[0] == '\0')
        return fail(ENOENT);
    size_t length = strlen(path);
    if (length >= sizeof walk.rest)
        return fail(ENAMETOOLONG);
    memcpy(walk.rest, path, length + 1);
    int result;
    while ((result = take_part(&walk, part)) > 0) {
        if (strcmp(part, "..") == 0)
            result = step_up(&walk);
        else if (strcmp(part, ".") != 0)
            result = step_into(&walk, part);
        if (result < 0)
            return -1;
    }
    if (result < 0)
        return -1;
    return open_plain(dir_fd, walk.done, flags);
}

int beneath_open(int dir_fd, const char *path, int flags)
{
    struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC),
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    long fd = -1;
    /* EAGAIN: something was renamed while the kernel looked. */
    for (int i = 0; i < OPEN_TRIES; i++) {
        fd = syscall(SYS_openat2, dir_fd, path, &how, sizeof how);
        if (fd >= 0 || errno != EAGAIN)
            break;
    }
    bool is_missing = fd < 0 && (errno == ENOSYS || errno == EPERM);
    return is_missing ? beneath_open_by_steps(dir_fd, path, flags) : (int)fd;
}

int beneath_try_to_make(int dir_fd)
{
    char name[64];
    snprintf(name, sizeof name, ".try-%ld", (long)getpid());
    int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    close(fd);
    unlinkat(dir_fd, name, 0);
    return 0;
}

#include "scheduler/keeper/lazy_file.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define LAZY_FILE_TRIES 5 /* an empty folder may be tidied away just as it is made */

static int open_empty(int dir_fd, const char *path)
{
    return openat(dir_fd, path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static void make_folders(int dir_fd, const char *path)
{
    SCOPED_FREE char *copy = memory_copy_string(path);
    for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdirat(dir_fd, copy, 0700);
        *slash = '/';
    }
}

int lazy_file_open(int dir_fd, const char *path)
{
    int fd = open_empty(dir_fd, path);
    for (int i = 0; fd < 0 && errno == ENOENT && path[0] != '\0' && i < LAZY_FILE_TRIES; i++) {
        make_folders(dir_fd, path);
        fd = open_empty(dir_fd, path);
    }
    return fd;
}

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

static int make_gitignore(int dir_fd, const char *state_dir, struct error *err)
{
    SCOPED_FD int fd = openat(dir_fd, STORE_GITIGNORE_NAME,
                              O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EEXIST ? 0
                               : error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make %s/%s",
                                                 state_dir, STORE_GITIGNORE_NAME);
    ssize_t written = write(fd, "*\n", 2);
    if (written == 2)
        return 0;
    if (written >= 0)
        errno = ENOSPC; /* why else would two bytes be cut */
    error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot write %s/%s", state_dir,
                    STORE_GITIGNORE_NAME);
    unlinkat(dir_fd, STORE_GITIGNORE_NAME, 0);
    return -1;
}

/* SQLite would open a file that it may not write for reading, and say why much later. */
static int check_writable(const struct store *store, struct error *err)
{
    const char *path = store->dir;
    if (access(path, W_OK) == 0)
        path = store->path;
    if (access(path, W_OK) == 0 || errno == ENOENT)
        return 0;
    error_set_errno(err, ERROR_KIND_REFUSED, "cannot write %s", path);
    if (err != NULL)
        snprintf(err->code, sizeof err->code, "E505");
    return -1;
}

/* Of a new store the folder's own name must last as long as what is committed in it. */
static int sync_name_of_new(int dir_fd, const char *state_dir, struct error *err)
{
    if (faccessat(dir_fd, STORE_FILE_NAME, F_OK, 0) == 0)
        return 0;
    SCOPED_FD int parent = openat(dir_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0 && errno == EACCES) /* may be walked through, not opened */
        return 0;
    if (parent < 0 || fsync(parent) != 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot sync the folder above %s",
                               state_dir);
    return 0;
}

int store_make_folder(const struct store *store, struct error *err)
{
    const char *state_dir = store->dir;
    if (mkdir(state_dir, 0700) != 0 && errno != EEXIST)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make the folder %s",
                               state_dir);
    SCOPED_FD int fd = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot open the folder %s",
                               state_dir);
    struct stat facts;
    if (fstat(fd, &facts) != 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot look at %s", state_dir);
    if (facts.st_uid == geteuid() && (facts.st_mode & 077) != 0 && fchmod(fd, 0700) != 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot close %s to others",
                               state_dir);
    if (check_writable(store, err) != 0 || sync_name_of_new(fd, state_dir, err) != 0)
        return -1;
    return make_gitignore(fd, state_dir, err);
}

/* Cuts the last part of an absolute path; false at the root. */
static bool cut_last_part(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash == NULL || path[1] == '\0')
        return false;
    slash[slash == path ? 1 : 0] = '\0';
    return true;
}

int store_find_space(const char *path, char *ret_mount, size_t mount_size, int64_t *ret_free)
{
    SCOPED_FREE char *place = realpath(path, NULL);
    struct stat facts;
    struct statvfs space;
    if (place == NULL || stat(place, &facts) != 0 || statvfs(place, &space) != 0)
        return -1;
    dev_t device = facts.st_dev;
    SCOPED_FREE char *mount = memory_copy_string(place);
    while (cut_last_part(place) && stat(place, &facts) == 0 && facts.st_dev == device)
        memcpy(mount, place, strlen(place) + 1);
    snprintf(ret_mount, mount_size, "%s", mount);
    *ret_free = (int64_t)space.f_bavail * (int64_t)space.f_frsize;
    return 0;
}

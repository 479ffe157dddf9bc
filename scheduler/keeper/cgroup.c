#include "scheduler/keeper/cgroup.h"

#include "scheduler/base/scope.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define TOKEN_CHARACTERS 16
#define MAX_DEPTH 16
#define MAX_GROUPS 1024

/* The path of the keeper's cgroup below the mount: the line `0::/path`. */
static int read_own_path(char *ret_path, size_t size)
{
    SCOPED_FILE FILE *file = fopen("/proc/self/cgroup", "re");
    char line[PATH_MAX];
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "0::/", 4) == 0 && strlen(line + 3) < size) {
            memcpy(ret_path, line + 3, strlen(line + 3) + 1);
            return 0;
        }
    }
    return -1;
}

/* Where cgroup version 2 is mounted: "id parent major:minor root mount options - cgroup2 …". */
static int read_mount(char *ret_mount, size_t size)
{
    SCOPED_FILE FILE *file = fopen("/proc/self/mountinfo", "re");
    char line[PATH_MAX * 2];
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        char mount[PATH_MAX];
        if (strstr(line, " - cgroup2 ") != NULL &&
            sscanf(line, "%*s %*s %*s / %4095s", mount) == 1 && strlen(mount) < size) {
            memcpy(ret_mount, mount, strlen(mount) + 1);
            return 0;
        }
    }
    return -1;
}

static bool is_delegated(int fd)
{
    char value[2] = "";
    return (fgetxattr(fd, "user.delegate", value, sizeof value) == 1 && value[0] == '1') ||
           (fgetxattr(fd, "trusted.delegate", value, sizeof value) == 1 && value[0] == '1');
}

struct cgroup_root cgroup_find_root(void)
{
    struct cgroup_root root = {.fd = -1};
    char own[PATH_MAX];
    char mount[PATH_MAX];
    char path[PATH_MAX * 2];
    if (read_own_path(own, sizeof own) < 0 || read_mount(mount, sizeof mount) < 0)
        return root;
    snprintf(path, sizeof path, "%s%s", mount, own);
    SCOPED_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || !is_delegated(fd))
        return root;
    root.fd = fd;
    fd = -1;
    return root;
}

void cgroup_close_root(struct cgroup_root *root)
{
    scope_close_fd(&root->fd);
    root->fd = -1;
}

static void make_name(int64_t attempt_id, const char *token, char ret_name[CGROUP_NAME_BYTES])
{
    snprintf(ret_name, CGROUP_NAME_BYTES, "datemill-%" PRId64 "-%.*s", attempt_id, TOKEN_CHARACTERS,
             token);
    for (char *at = ret_name; *at != '\0'; at++) {
        if (*at == '/' || *at == '.')
            *at = '_';
    }
}

struct cgroup cgroup_make(const struct cgroup_root *root, int64_t attempt_id, const char *token)
{
    struct cgroup cgroup = {.fd = -1};
    if (root->fd < 0)
        return cgroup;
    make_name(attempt_id, token, cgroup.name);
    if (mkdirat(root->fd, cgroup.name, 0755) < 0)
        return cgroup;
    cgroup.fd = openat(root->fd, cgroup.name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return cgroup;
}

bool cgroup_is_populated(const struct cgroup *cgroup)
{
    char events[256] = "";
    SCOPED_FD int fd = openat(cgroup->fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, events, sizeof events - 1) <= 0)
        return true;
    return strstr(events, "populated 0") == NULL;
}

void cgroup_list(const struct cgroup *cgroup, void (*call)(void *owner, pid_t pid), void *owner)
{
    int fd = openat(cgroup->fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    SCOPED_FILE FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    char line[32];
    if (fd >= 0 && file == NULL)
        close(fd);
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        long pid = strtol(line, NULL, 10);
        if (pid > 0)
            call(owner, (pid_t)pid);
    }
}

void cgroup_kill(const struct cgroup *cgroup)
{
    SCOPED_FD int fd = openat(cgroup->fd, "cgroup.kill", O_WRONLY | O_CLOEXEC);
    ssize_t count = fd < 0 ? -1 : write(fd, "1", 1);
    (void)count;
}

/* The name of a group inside the one at `fd`; false if there is none. */
static bool find_inner(int fd, char ret_name[NAME_MAX + 1])
{
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    SCOPED_DIR DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    struct dirent *entry;
    if (copy >= 0 && dir == NULL)
        close(copy);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
            strcmp(entry->d_name, "..") != 0) {
            snprintf(ret_name, NAME_MAX + 1, "%s", entry->d_name);
            return true;
        }
    }
    return false;
}

/* Removes the groups inside, the innermost first. Each round goes down from the top as deep as it
 * gets and removes one; the number of rounds is limited. */
static void remove_inner(int fd)
{
    for (int round = 0; round < MAX_GROUPS; round++) {
        int parent = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        char name[NAME_MAX + 1];
        char deeper[NAME_MAX + 1];
        if (parent < 0 || !find_inner(parent, name)) {
            scope_close_fd(&parent);
            return;
        }
        for (int depth = 0; depth < MAX_DEPTH; depth++) {
            int inner = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            if (inner < 0 || !find_inner(inner, deeper)) {
                scope_close_fd(&inner);
                break;
            }
            close(parent);
            parent = inner;
            memcpy(name, deeper, sizeof name);
        }
        int result = unlinkat(parent, name, AT_REMOVEDIR);
        close(parent);
        if (result < 0)
            return;
    }
}

void cgroup_remove(const struct cgroup_root *root, struct cgroup *cgroup)
{
    if (cgroup->fd < 0)
        return;
    if (unlinkat(root->fd, cgroup->name, AT_REMOVEDIR) < 0) {
        remove_inner(cgroup->fd);
        unlinkat(root->fd, cgroup->name, AT_REMOVEDIR);
    }
    close(cgroup->fd);
    cgroup->fd = -1;
}

bool cgroup_clear(const struct cgroup_root *root, int64_t attempt_id, const char *token)
{
    struct cgroup cgroup = {.fd = -1};
    if (root->fd < 0)
        return true;
    make_name(attempt_id, token, cgroup.name);
    cgroup.fd = openat(root->fd, cgroup.name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (cgroup.fd < 0)
        return true;
    if (!cgroup_is_populated(&cgroup)) {
        cgroup_remove(root, &cgroup);
        return true;
    }
    cgroup_kill(&cgroup);
    close(cgroup.fd);
    return false;
}

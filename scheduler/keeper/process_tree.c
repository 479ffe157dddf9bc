#include "scheduler/keeper/process_tree.h"

#include "scheduler/base/scope.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_ENVIRONMENT_BYTES ((size_t)4 << 20) /* the kernel's own limit is lower */
#define MAX_PID_BYTES 24                        /* of a line of `children` */
#define MAX_PROCESSES 4194304                   /* the kernel's limit of pids */
#define CHUNK_BYTES 16384

struct process {
    pid_t pid;
    pid_t parent;
    pid_t session;
    bool is_dead; /* a zombie: nothing of it runs */
    char name[PROCESS_TREE_NAME_BYTES];
};

static int open_of(pid_t pid, const char *file)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, file);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static int read_process(pid_t pid, struct process *ret_process)
{
    char stat[1024];
    SCOPED_FD int fd = open_of(pid, "stat");
    ssize_t count = fd < 0 ? -1 : read(fd, stat, sizeof stat - 1);
    if (count <= 0)
        return -1;
    stat[count] = '\0';
    char *open_bracket = strchr(stat, '(');
    char *close_bracket = strrchr(stat, ')');
    char state;
    long parent;
    long session;
    if (open_bracket == NULL || close_bracket == NULL ||
        sscanf(close_bracket + 1, " %c %ld %*d %ld", &state, &parent, &session) != 3)
        return -1;
    *close_bracket = '\0';
    struct process process = {.pid = pid, .parent = (pid_t)parent, .session = (pid_t)session};
    process.is_dead = state == 'Z' || state == 'X';
    snprintf(process.name, sizeof process.name, "%.16s", open_bracket + 1);
    *ret_process = process;
    return 0;
}

/* Which target has the token in `bytes` (whole variables, each with a NUL); count if none. */
static size_t find_token(const char *bytes, size_t length, const struct process_tree_scan *scan)
{
    const size_t name_length = strlen(PROCESS_TREE_TOKEN_NAME);
    const char *end = bytes + length;
    for (const char *at = bytes; at < end; at += strlen(at) + 1) {
        if (strncmp(at, PROCESS_TREE_TOKEN_NAME, name_length) != 0)
            continue;
        for (size_t i = 0; i < scan->count; i++) {
            if (strcmp(at + name_length, scan->targets[i].token) == 0)
                return i;
        }
    }
    return scan->count;
}

/* The environment is read in chunks; a variable cut by the end of one is looked at with the next. A
 * variable longer than a chunk cannot be a token and is passed over. */
static size_t match_environment(pid_t pid, const struct process_tree_scan *scan)
{
    char chunk[CHUNK_BYTES + 1];
    size_t held = 0;
    SCOPED_FD int fd = open_of(pid, "environ");
    for (size_t total = 0; fd >= 0 && total < MAX_ENVIRONMENT_BYTES;) {
        ssize_t count = read(fd, chunk + held, CHUNK_BYTES - held);
        if (count <= 0)
            break;
        total += (size_t)count;
        held += (size_t)count;
        chunk[held] = '\0';
        const char *last = memrchr(chunk, '\0', held);
        size_t whole = last == NULL ? 0 : (size_t)(last - chunk) + 1;
        size_t found = find_token(chunk, whole, scan);
        if (found < scan->count)
            return found;
        held -= whole;
        memmove(chunk, chunk + whole, held);
        if (held == CHUNK_BYTES)
            held = 0;
    }
    return scan->count;
}

static size_t match(const struct process *process, const struct process_tree_scan *scan)
{
    if (process->is_dead)
        return scan->count;
    if (process->parent == getpid()) {
        for (size_t i = 0; i < scan->count; i++) {
            if (scan->targets[i].session != 0 && scan->targets[i].session == process->session)
                return i;
        }
    }
    return match_environment(process->pid, scan);
}

/* Kills through a pidfd: what is looked at once more after it was opened is what it stands for. */
static void kill_process(pid_t pid, const struct process_tree_scan *scan)
{
    SCOPED_FD int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct process again;
    if (pidfd >= 0 && read_process(pid, &again) == 0 && match(&again, scan) < scan->count)
        syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
}

size_t process_tree_scan(const struct process_tree_scan *scan)
{
    SCOPED_DIR DIR *proc = opendir("/proc");
    size_t matches = 0;
    for (int i = 0; proc != NULL && i < MAX_PROCESSES; i++) {
        struct dirent *entry = readdir(proc);
        struct process process;
        if (entry == NULL)
            break;
        long pid = strtol(entry->d_name, NULL, 10); /* 0 for what is no number */
        if (pid <= 0 || pid == getpid() || read_process((pid_t)pid, &process) < 0)
            continue;
        size_t target = match(&process, scan);
        if (target == scan->count)
            continue;
        matches++;
        struct process_tree_found found = {.pid = process.pid, .target = target};
        snprintf(found.name, sizeof found.name, "%s", process.name);
        if (scan->call != NULL)
            scan->call(scan->owner, &found);
        if (scan->is_kill)
            kill_process(process.pid, scan);
    }
    return matches;
}

bool process_tree_has(const struct process_tree_target *target, pid_t pid)
{
    struct process_tree_scan scan = {.targets = target, .count = 1};
    struct process process;
    return read_process(pid, &process) == 0 && match(&process, &scan) == 0;
}

void process_tree_name(pid_t pid, char ret_name[PROCESS_TREE_NAME_BYTES])
{
    struct process process = {.name = "?"};
    read_process(pid, &process);
    memcpy(ret_name, process.name, sizeof process.name);
}

int process_tree_open_children(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)syscall(SYS_gettid));
    return open(path, O_RDONLY | O_CLOEXEC);
}

bool process_tree_has_orphans(int children_fd, const struct process_tree_target *target,
                              bool (*is_known)(void *owner, pid_t pid), void *owner)
{
    char chunk[4096];
    long pid = 0;
    if (children_fd < 0)
        return true;
    for (off_t offset = 0;;) {
        ssize_t count = pread(children_fd, chunk, sizeof chunk, offset);
        if (count < 0)
            return true;
        if (count == 0)
            return false;
        for (ssize_t i = 0; i < count; i++) {
            if (chunk[i] >= '0' && chunk[i] <= '9') {
                pid = pid * 10 + (chunk[i] - '0');
                continue;
            }
            if (pid > 0 && !is_known(owner, (pid_t)pid) && process_tree_has(target, (pid_t)pid))
                return true;
            pid = 0;
        }
        if ((size_t)count + MAX_PID_BYTES < sizeof chunk)
            return false; /* another one would have fitted */
        offset += count;
    }
}

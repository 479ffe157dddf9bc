#include "scheduler/system/lock_file.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/text.h"
#include "scheduler/system/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_FILE_MAX_BYTES 2048
#define LOCK_FILE_POLL_US 5000

/* Reads a small file whole; returns its length, -1 if it cannot be read. */
static ssize_t read_small(int dir_fd, const char *name, char *buffer, size_t size)
{
    SCOPED_FD int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t count = read(fd, buffer, size - 1);
    buffer[count < 0 ? 0 : count] = '\0';
    return count;
}

static void read_command(char command[LOCK_FILE_COMMAND_BYTES])
{
    ssize_t count = read_small(AT_FDCWD, "/proc/self/cmdline", command, LOCK_FILE_COMMAND_BYTES);
    for (ssize_t i = 0; i < count; i++) {
        if ((unsigned char)command[i] < ' ')
            command[i] = i + 1 < count ? ' ' : '\0';
    }
}

static void write_user(char user[LOCK_FILE_USER_BYTES])
{
    char buffer[4096];
    struct passwd entry;
    struct passwd *found = NULL;
    if (getpwuid_r(geteuid(), &entry, buffer, sizeof buffer, &found) == 0 && found != NULL)
        snprintf(user, LOCK_FILE_USER_BYTES, "%s", found->pw_name);
    else
        snprintf(user, LOCK_FILE_USER_BYTES, "%ld", (long)geteuid());
}

/* What cannot be written (a full disk) only makes messages poorer: the lock itself is held. */
static void write_holder(int fd)
{
    char command[LOCK_FILE_COMMAND_BYTES] = "";
    char user[LOCK_FILE_USER_BYTES];
    char record[LOCK_FILE_MAX_BYTES];
    read_command(command);
    write_user(user);
    int length =
        snprintf(record, sizeof record,
                 "pid %ld\nsince %" PRId64 "\nstarted %" PRId64 "\nuser %s\ncommand %s\n",
                 (long)getpid(), clock_now().us, clock_process_started().us, user, command);
    if (length <= 0 || (size_t)length >= sizeof record || ftruncate(fd, 0) < 0)
        return;
    ssize_t written = pwrite(fd, record, (size_t)length, 0);
    (void)written;
}

static int read_holder(int fd, struct lock_holder *ret_holder)
{
    char record[LOCK_FILE_MAX_BYTES];
    ssize_t count = pread(fd, record, sizeof record - 1, 0);
    if (count <= 0)
        return -1;
    record[count] = '\0';
    struct lock_holder holder = {0};
    int fields =
        sscanf(record,
               "pid %" SCNd64 "\nsince %" SCNd64 "\nstarted %" SCNd64
               "\nuser %63[^\n]\ncommand %511[^\n]\n",
               &holder.pid, &holder.since.us, &holder.started.us, holder.user, holder.command);
    if (fields < 4 || holder.pid <= 0)
        return -1;
    *ret_holder = holder;
    return 0;
}

static int open_lock(int dir_fd, const char *name, struct error *err)
{
    int fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot open the lock file %s", name);
    return fd;
}

static int fail_busy(int fd, const char *name, struct error *err)
{
    struct lock_holder holder;
    if (read_holder(fd, &holder) < 0)
        return error_set(err, ERROR_KIND_BUSY, "%s is held by another process", name);
    return error_set(err, ERROR_KIND_BUSY, "%s is held by pid %" PRId64 ": %s (%s)", name,
                     holder.pid, holder.command, holder.user);
}

int lock_file_try(int dir_fd, const char *name, struct lock_file *ret_lock, struct error *err)
{
    SCOPED_FD int fd = open_lock(dir_fd, name, err);
    if (fd < 0)
        return -1;
    int result;
    do
        result = flock(fd, LOCK_EX | LOCK_NB);
    while (result < 0 && errno == EINTR);
    if (result < 0 && errno == EWOULDBLOCK)
        return fail_busy(fd, name, err);
    if (result < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot lock %s", name);
    write_holder(fd);
    ret_lock->fd = fd;
    fd = -1;
    return 0;
}

int lock_file_wait(int dir_fd, const char *name, struct duration max_wait,
                   struct lock_file *ret_lock, struct error *err)
{
    int64_t until = clock_monotonic().us + max_wait.us;
    for (;;) {
        struct error busy = {0};
        if (lock_file_try(dir_fd, name, ret_lock, &busy) == 0)
            return 0;
        if (busy.kind != ERROR_KIND_BUSY || clock_monotonic().us >= until) {
            if (err != NULL)
                *err = busy;
            return -1;
        }
        struct timespec pause = {.tv_nsec = (long)LOCK_FILE_POLL_US * 1000};
        nanosleep(&pause, NULL);
    }
}

void lock_file_release(struct lock_file *lock)
{
    if (lock->fd < 0)
        return;
    /* emptied first, so that nobody reads the name of a holder that is none any more */
    int result = ftruncate(lock->fd, 0);
    (void)result;
    close(lock->fd);
    lock->fd = -1;
}

int lock_file_holder(int dir_fd, const char *name, struct lock_holder *ret_holder,
                     struct error *err)
{
    SCOPED_FD int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno != ENOENT)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot open the lock file %s", name);
    struct lock_holder holder = {0};
    /* a shared lock is refused exactly while somebody holds the exclusive one */
    if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && read_holder(fd, &holder) < 0)
        holder = (struct lock_holder){0};
    *ret_holder = holder;
    return 0;
}

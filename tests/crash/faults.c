/* Preloaded into a program of ours (LD_PRELOAD), it counts the calls that write, and at the n-th
 * kills or stops the process, or lets the call fail; it also moves the wall clock. README.md names
 * the variables. It calls the kernel itself, so that it works under a sanitizer, too. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* Shared with the test by a file (FAULTS_STATE): text would need locks. */
struct shared {
    int64_t calls;     /* that write, until now */
    int64_t struck;    /* of them, how many were not let through */
    int64_t offset_us; /* of the wall clock */
};

enum how {
    HOW_COUNT,
    HOW_KILL, /* half of what a write was to write is written */
    HOW_STOP, /* SIGSTOP; the call goes through when somebody sends SIGCONT */
    HOW_SHORT,
    HOW_FAIL
};

struct faults {
    bool is_on;
    enum how how;
    int number; /* errno of HOW_FAIL */
    int64_t at;
    char under[PATH_MAX];
    char while_path[PATH_MAX];
    char boot_path[PATH_MAX]; /* read in place of the kernel's boot id */
    struct shared *shared;
    struct shared own; /* where no file is named */
};

/* A preloaded function has no argument to hang it on. */
static struct faults faults = {.shared = &faults.own};

static void must(bool is_true, const char *what)
{
    if (is_true)
        return;
    dprintf(STDERR_FILENO, "faults: %s: %s\n", what, strerror(errno));
    _exit(98);
}

static void take_how(const char *text)
{
    static const struct {
        const char *name;
        enum how how;
        int number;
    } names[] = {
        {"count", HOW_COUNT, 0}, {"stop", HOW_STOP, 0},        {"kill", HOW_KILL, 0},
        {"short", HOW_SHORT, 0}, {"ENOSPC", HOW_FAIL, ENOSPC}, {"EDQUOT", HOW_FAIL, EDQUOT},
        {"EIO", HOW_FAIL, EIO},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i].name) != 0)
            continue;
        faults.how = names[i].how;
        faults.number = names[i].number;
        return;
    }
    must(false, text);
}

static const char *setting(const char *name)
{
    const char *text = getenv(name);
    return text == NULL ? "" : text;
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = setting("FAULTS_STATE");
    if (*path == '\0')
        return;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    must(fd >= 0 && syscall(SYS_ftruncate, fd, sizeof(struct shared)) == 0, path);
    void *memory = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    must(memory != MAP_FAILED, path);
    close(fd);
    faults.shared = memory;
    faults.at = strtoll(setting("FAULTS_AT"), NULL, 10);
    snprintf(faults.under, sizeof faults.under, "%s", setting("FAULTS_UNDER"));
    snprintf(faults.while_path, sizeof faults.while_path, "%s", setting("FAULTS_WHILE"));
    snprintf(faults.boot_path, sizeof faults.boot_path, "%s", setting("FAULTS_BOOT"));
    take_how(*setting("FAULTS_HOW") == '\0' ? "count" : setting("FAULTS_HOW"));
    faults.is_on = true;
}

/* ---- which calls count ---- */

static bool is_beneath(const char *path)
{
    return strncmp(path, faults.under, strlen(faults.under)) == 0;
}

static bool is_fd_ours(int fd)
{
    char name[64];
    char path[PATH_MAX];
    if (faults.under[0] == '\0')
        return true;
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(name, path, sizeof path - 1);
    if (length < 0)
        return false;
    path[length] = '\0';
    return is_beneath(path);
}

static bool is_path_ours(int dir_fd, const char *path)
{
    char folder[PATH_MAX];
    if (faults.under[0] == '\0' || path[0] == '/')
        return is_beneath(path);
    if (dir_fd != AT_FDCWD)
        return is_fd_ours(dir_fd);
    return getcwd(folder, sizeof folder) != NULL && is_beneath(folder);
}

static bool is_there(int dir_fd, const char *path)
{
    return syscall(SYS_faccessat, dir_fd, path, F_OK) == 0;
}

/* Whether this call is one that must not go through. */
static bool is_struck(bool is_ours)
{
    int saved = errno;
    bool is_now = false;
    if (faults.is_on && is_ours) {
        int64_t number = __atomic_add_fetch(&faults.shared->calls, 1, __ATOMIC_SEQ_CST);
        bool has_while = faults.while_path[0] != '\0';
        is_now = faults.how != HOW_COUNT &&
                 (has_while ? number >= faults.at && is_there(AT_FDCWD, faults.while_path)
                            : number == faults.at);
    }
    if (is_now && faults.how == HOW_STOP) {
        syscall(SYS_kill, getpid(), SIGSTOP);
        is_now = false;
    }
    errno = saved;
    return is_now;
}

/* Does not return when the process is to die; else what a call without bytes gives. */
static int strike(void)
{
    __atomic_add_fetch(&faults.shared->struck, 1, __ATOMIC_SEQ_CST);
    if (faults.how == HOW_KILL) {
        syscall(SYS_kill, getpid(), SIGKILL);
        pause();
    }
    errno = faults.how == HOW_FAIL ? faults.number : EIO;
    return -1;
}

/* How many bytes of `length` are still written; the rest is struck. */
static size_t part_of(size_t length)
{
    return faults.how == HOW_FAIL ? 0 : length / 2;
}

/* ---- in place of libc's: bytes ---- */

EXPORT ssize_t write(int fd, const void *bytes, size_t length)
{
    if (!is_struck(is_fd_ours(fd)))
        return syscall(SYS_write, fd, bytes, length);
    ssize_t done = part_of(length) == 0 ? 0 : syscall(SYS_write, fd, bytes, part_of(length));
    if (faults.how != HOW_SHORT || done <= 0)
        return strike();
    __atomic_add_fetch(&faults.shared->struck, 1, __ATOMIC_SEQ_CST);
    return done;
}

EXPORT ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset)
{
    if (!is_struck(is_fd_ours(fd)))
        return syscall(SYS_pwrite64, fd, bytes, length, offset);
    ssize_t done =
        part_of(length) == 0 ? 0 : syscall(SYS_pwrite64, fd, bytes, part_of(length), offset);
    if (faults.how != HOW_SHORT || done <= 0)
        return strike();
    __atomic_add_fetch(&faults.shared->struck, 1, __ATOMIC_SEQ_CST);
    return done;
}

EXPORT ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset)
{
    return pwrite64(fd, bytes, length, offset);
}

EXPORT ssize_t writev(int fd, const struct iovec *parts, int count)
{
    return is_struck(is_fd_ours(fd)) ? strike() : syscall(SYS_writev, fd, parts, count);
}

EXPORT int fsync(int fd)
{
    return is_struck(is_fd_ours(fd)) ? strike() : (int)syscall(SYS_fsync, fd);
}

EXPORT int fdatasync(int fd)
{
    return is_struck(is_fd_ours(fd)) ? strike() : (int)syscall(SYS_fdatasync, fd);
}

EXPORT int ftruncate64(int fd, off64_t length)
{
    return is_struck(is_fd_ours(fd)) ? strike() : (int)syscall(SYS_ftruncate, fd, length);
}

EXPORT int ftruncate(int fd, off_t length)
{
    return ftruncate64(fd, length);
}

EXPORT int fallocate64(int fd, int mode, off64_t offset, off64_t length)
{
    return is_struck(is_fd_ours(fd)) ? strike()
                                     : (int)syscall(SYS_fallocate, fd, mode, offset, length);
}

EXPORT int fallocate(int fd, int mode, off_t offset, off_t length)
{
    return fallocate64(fd, mode, offset, length);
}

/* ---- names ---- */

static int open_any(int dir_fd, const char *path, int flags, mode_t mode)
{
    if (faults.boot_path[0] != '\0' && strcmp(path, "/proc/sys/kernel/random/boot_id") == 0)
        path = faults.boot_path;
    bool is_made = (flags & O_CREAT) != 0 && !is_there(dir_fd, path);
    if (is_made && is_struck(is_path_ours(dir_fd, path)))
        return strike();
    return (int)syscall(SYS_openat, dir_fd, path, flags, mode);
}

static mode_t mode_of(int flags, va_list more)
{
    return (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
}

#define OPEN_AS(name, head, dir_fd)                                                                \
    EXPORT int name head                                                                           \
    {                                                                                              \
        va_list more;                                                                              \
        va_start(more, flags);                                                                     \
        int fd = open_any(dir_fd, path, flags, mode_of(flags, more));                              \
        va_end(more);                                                                              \
        return fd;                                                                                 \
    }

OPEN_AS(open, (const char *path, int flags, ...), AT_FDCWD)
OPEN_AS(open64, (const char *path, int flags, ...), AT_FDCWD)
OPEN_AS(openat, (int folder, const char *path, int flags, ...), folder)
OPEN_AS(openat64, (int folder, const char *path, int flags, ...), folder)

EXPORT int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    return is_struck(is_path_ours(to_fd, to))
               ? strike()
               : (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, 0);
}

EXPORT int rename(const char *from, const char *to)
{
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

EXPORT int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    return is_struck(is_path_ours(to_fd, to))
               ? strike()
               : (int)syscall(SYS_linkat, from_fd, from, to_fd, to, flags);
}

EXPORT int link(const char *from, const char *to)
{
    return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* Takes no space, so that it fails of EIO alone. */
EXPORT int unlinkat(int dir_fd, const char *path, int flags)
{
    bool is_counted = faults.how != HOW_FAIL || faults.number == EIO;
    return is_counted && is_struck(is_path_ours(dir_fd, path))
               ? strike()
               : (int)syscall(SYS_unlinkat, dir_fd, path, flags);
}

EXPORT int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

EXPORT int mkdirat(int dir_fd, const char *path, mode_t mode)
{
    bool is_made = !is_there(dir_fd, path);
    return is_made && is_struck(is_path_ours(dir_fd, path))
               ? strike()
               : (int)syscall(SYS_mkdirat, dir_fd, path, mode);
}

EXPORT int mkdir(const char *path, mode_t mode)
{
    return mkdirat(AT_FDCWD, path, mode);
}

/* ---- the wall clock: a gate sees to it that our programs read it in no other way ---- */

static bool is_wall(clockid_t clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
}

EXPORT int clock_gettime(clockid_t clock, struct timespec *time)
{
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    int64_t offset = __atomic_load_n(&faults.shared->offset_us, __ATOMIC_SEQ_CST);
    if (result != 0 || !is_wall(clock) || offset == 0)
        return result;
    int64_t us = (int64_t)time->tv_sec * 1000000 + time->tv_nsec / 1000 + offset;
    time->tv_sec = (time_t)(us / 1000000);
    time->tv_nsec = (long)(us % 1000000) * 1000;
    return 0;
}

/* datemill-keeper: starts attempts and records how they end. Started by the engine. */
#include "scheduler/base/instant.h"
#include "scheduler/base/scope.h"
#include "scheduler/keeper/keeper.h"
#include "scheduler/keeper/short_slice.h"
#include "scheduler/system/keeper_protocol.h"
#include "scheduler/system/keeper_spawn.h"
#include "scheduler/system/lock_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KERNEL_SIGSET_BYTES 8
#define LOG_NAME "keeper.log"
#define LOG_MAX_BYTES ((off_t)1 << 20)
#define LOWEST_FREE_FD 4 /* 0 to 3 are those an attempt's process gets */

struct arguments {
    const char *state_dir;
    struct duration idle;
    bool is_foreground;
};

static int read_arguments(int argc, char **argv, struct arguments *ret_arguments, struct error *err)
{
    struct arguments arguments = {.idle = duration_seconds(60)};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--foreground") == 0)
            arguments.is_foreground = true;
        else if (strcmp(argv[i], "--state-dir") == 0 && i + 1 < argc)
            arguments.state_dir = argv[++i];
        else if (strcmp(argv[i], "--idle") == 0 && i + 1 < argc) {
            if (duration_parse(argv[++i], &arguments.idle, err) < 0)
                return error_prefix(err, "--idle");
        } else
            return error_set(err, ERROR_KIND_USAGE, "unknown argument `%s`", argv[i]);
    }
    if (arguments.state_dir == NULL)
        return error_set(err, ERROR_KIND_USAGE,
                         "usage: datemill-keeper --state-dir DIR [--idle TIME] [--foreground]");
    *ret_arguments = arguments;
    return 0;
}

/* Nothing is ignored any more, which attempts inherit without a further word: what must not end
 * the keeper is blocked, not ignored. In the kernel's form ("default, no flags, no mask", 32 bytes
 * at most), since libc refuses to touch the two that it keeps for itself, and posix_spawn() makes
 * whoever it starts ignore them. */
static int default_signals(struct error *err)
{
    const unsigned long by_default[8] = {0};
    const int blocked[] = {SIGPIPE, SIGHUP, SIGINT, SIGQUIT, SIGXFSZ, SIGTSTP, SIGTTIN, SIGTTOU};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof blocked / sizeof blocked[0]; i++)
        sigaddset(&set, blocked[i]);
    if (sigprocmask(SIG_SETMASK, &set, NULL) < 0)
        return error_set_errno(err, ERROR_KIND_BUG, "cannot block signals");
    for (int number = 1; number < NSIG; number++) {
        unsigned long before[8] = {0};
        syscall(SYS_rt_sigaction, number, NULL, before, KERNEL_SIGSET_BYTES);
        if (before[0] == (unsigned long)SIG_IGN)
            syscall(SYS_rt_sigaction, number, by_default, NULL, KERNEL_SIGSET_BYTES);
    }
    return 0;
}

/* Nothing of who started us stays: no descriptor but the three, no signal setting, no variable. */
static int shed(struct error *err)
{
    if (default_signals(err) < 0)
        return -1;
    if (syscall(SYS_close_range, STDERR_FILENO + 1, UINT_MAX, 0) < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot close descriptors");
    for (int fd = 0; fd < LOWEST_FREE_FD;) {
        fd = open("/dev/null", O_RDWR);
        if (fd < 0)
            return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot open /dev/null");
        if (fd >= LOWEST_FREE_FD)
            close(fd);
    }
    umask(077);
    clearenv();
    return 0;
}

static int open_folder(int dir_fd, const char *path, struct error *err)
{
    int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot open %s", path);
    return fd;
}

static int open_own_folder(int state_dir_fd, struct error *err)
{
    if (mkdirat(state_dir_fd, KEEPER_FOLDER_NAME, 0700) < 0 && errno != EEXIST)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make the keeper's folder");
    return open_folder(state_dir_fd, KEEPER_FOLDER_NAME, err);
}

/* Our complaints go to a file of our own from now on. */
static void open_own_log(int folder_fd)
{
    SCOPED_FD int fd = openat(folder_fd, LOG_NAME, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct stat status;
    if (fd < 0)
        return;
    if (fstat(fd, &status) == 0 && status.st_size > LOG_MAX_BYTES && ftruncate(fd, 0) < 0)
        return;
    dup2(fd, STDERR_FILENO);
}

/* Tells who started us, and lets go of the line. */
static void say(const char *text)
{
    ssize_t count = write(STDOUT_FILENO, text, strlen(text));
    (void)count;
    SCOPED_FD int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd >= 0)
        dup2(fd, STDOUT_FILENO);
}

static int serve(const struct arguments *arguments, struct error *err)
{
    SCOPED_FD int state_dir_fd = open_folder(AT_FDCWD, arguments->state_dir, err);
    if (state_dir_fd < 0)
        return -1;
    SCOPED_FD int folder_fd = open_own_folder(state_dir_fd, err);
    if (folder_fd < 0)
        return -1;
    struct lock_file lock;
    if (lock_file_try(state_dir_fd, KEEPER_LOCK_NAME, &lock, err) < 0)
        return -1;
    open_own_log(folder_fd);
    short_slice_take();
    struct keeper *keeper = NULL;
    struct keeper_options options = {
        .state_dir_fd = state_dir_fd, .folder_fd = folder_fd, .idle = arguments->idle};
    int result = chdir("/");
    if (result < 0)
        error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot enter /");
    else
        result = keeper_open(&options, &keeper, err);
    if (result == 0) {
        say(KEEPER_SAYS_READY);
        result = keeper_run(keeper, err);
        keeper_close(keeper);
    }
    lock_file_release(&lock);
    return result;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct error err = {0};
    if (read_arguments(argc, argv, &arguments, &err) < 0 || shed(&err) < 0) {
        fprintf(stderr, "datemill-keeper: %s\n", err.text);
        say(err.text);
        return err.kind == ERROR_KIND_USAGE ? 2 : 1;
    }
    if (!arguments.is_foreground) {
        /* the one that stays is no leader of its session: it can never get a terminal */
        setsid();
        pid_t pid = fork();
        if (pid != 0)
            return pid < 0 ? 1 : 0;
    }
    if (serve(&arguments, &err) < 0) {
        fprintf(stderr, "datemill-keeper: %s\n", err.text);
        say(err.kind == ERROR_KIND_BUSY ? KEEPER_SAYS_BUSY : err.text);
        return 1;
    }
    return 0;
}

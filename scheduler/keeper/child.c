#include "scheduler/keeper/child.h"

#include "scheduler/base/scope.h"
#include "scheduler/keeper/child_syscall.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"
#define PLACE_BYTES ((size_t)64 << 10) /* a launch, and behind it the child's stack */
#define KERNEL_SIGSET_BYTES 8
#define MAX_CANDIDATES 256

enum child_step {
    CHILD_STEP_NONE,
    CHILD_STEP_SETUP,
    CHILD_STEP_FOLDER,
    CHILD_STEP_EXEC
};

/* What the child needs, ready to use: between clone and exec it may only make system calls. Lies in
 * memory that both share. */
struct child_launch {
    struct child_options options;
    const char *const *candidates; /* paths to try in order, up to a NULL; in `arena` */
    struct arena arena;
    pid_t keeper;
    struct rlimit limits;
    bool has_limits;
    bool is_used;
    int is_sharing; /* the kernel sets it to 0 when the child leaves the memory */
    enum child_step failed;
    int number; /* errno of what failed; 0 = nothing has */
};

/* The first errors that mean "not here" are passed over, as a shell does. */
NO_SANITIZE static int exec_first(const struct child_launch *launch)
{
    long number = ENOENT;
    for (size_t i = 0; launch->candidates[i] != NULL; i++) {
        long found = -child_syscall(SYS_execve, (long)launch->candidates[i],
                                    (long)launch->options.argv, (long)launch->options.env, 0);
        if (found != ENOENT && found != ENOTDIR && found != EACCES)
            return (int)found;
        if (found == EACCES || launch->candidates[1] == NULL)
            number = found;
    }
    return (int)number;
}

NO_SANITIZE static long set_up(const struct child_launch *launch)
{
    const uint64_t no_signals = 0;
    long result = child_syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0);
    if (result < 0)
        return result;
    if (child_syscall(SYS_getppid, 0, 0, 0, 0) != launch->keeper)
        child_syscall(SYS_exit_group, 127, 0, 0, 0); /* it died before it could be noticed */
    child_syscall(SYS_setsid, 0, 0, 0, 0);
    child_syscall(SYS_umask, 022, 0, 0, 0);
    for (int i = 0; i < CHILD_FDS; i++) {
        result = child_syscall(SYS_dup3, launch->options.fds[i], i, 0, 0);
        if (result < 0)
            return result;
    }
    result = child_syscall(SYS_close_range, CHILD_FDS, UINT_MAX, 0, 0);
    if (result < 0)
        return result;
    if (launch->has_limits)
        child_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, (long)&launch->limits, 0);
    return child_syscall(SYS_rt_sigprocmask, SIG_SETMASK, (long)&no_signals, 0,
                         KERNEL_SIGSET_BYTES);
}

NO_SANITIZE static int run_child(void *argument)
{
    struct child_launch *launch = argument;
    launch->failed = CHILD_STEP_SETUP;
    long result = set_up(launch);
    if (result == 0) {
        launch->failed = CHILD_STEP_FOLDER;
        result = child_syscall(SYS_chdir, (long)launch->options.folder, 0, 0, 0);
    }
    if (result == 0) {
        launch->failed = CHILD_STEP_EXEC;
        result = -exec_first(launch);
    }
    launch->number = (int)-result;
    child_syscall(SYS_exit_group, 127, 0, 0, 0);
    return 127;
}

/* --- before: where the program may be --------------------------------------------- */

static const char *path_of(const char *const *env)
{
    for (size_t i = 0; env[i] != NULL; i++) {
        if (strncmp(env[i], "PATH=", 5) == 0)
            return env[i] + 5;
    }
    return DEFAULT_PATH;
}

static const char *const *find_candidates(const struct child_options *options, struct arena *arena)
{
    const char *program = options->argv[0];
    const char **candidates = arena_array(arena, MAX_CANDIDATES + 1, sizeof *candidates);
    if (strchr(program, '/') != NULL) {
        candidates[0] = program;
        return candidates;
    }
    const char *path = path_of(options->env);
    for (size_t count = 0; count < MAX_CANDIDATES; count++) {
        size_t length = strcspn(path, ":");
        candidates[count] = length == 0
                                ? arena_format(arena, "./%s", program)
                                : arena_format(arena, "%.*s/%s", (int)length, path, program);
        if (path[length] == '\0')
            break;
        path += length + 1;
    }
    return candidates;
}

/* --- after: why it did not work --------------------------------------------- */

/* The interpreter that the #! line of a script names; false if it is no such script. */
static bool read_interpreter(const char *folder, const char *program, char ret_name[256])
{
    SCOPED_FD int folder_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    SCOPED_FD int fd = openat(folder_fd, program, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char head[256] = {0};
    if (fd < 0 || read(fd, head, sizeof head - 1) < 3 || head[0] != '#' || head[1] != '!')
        return false;
    char *name = head + 2 + strspn(head + 2, " \t");
    name[strcspn(name, " \t\r\n")] = '\0';
    snprintf(ret_name, 256, "%s", name);
    return true;
}

static bool is_there(const char *folder, const char *program)
{
    SCOPED_FD int folder_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return faccessat(folder_fd, program, F_OK, AT_EACCESS) == 0;
}

static int explain_missing(const struct child_options *options, struct error *err)
{
    const char *program = options->argv[0];
    char interpreter[256];
    if (strchr(program, '/') == NULL)
        return error_set(err, ERROR_KIND_PRECONDITION, "`%s` was not found (searched PATH=%s)",
                         program, path_of(options->env));
    if (!is_there(options->folder, program))
        return error_set(err, ERROR_KIND_PRECONDITION, "`%s` was not found", program);
    if (read_interpreter(options->folder, program, interpreter))
        return error_set(err, ERROR_KIND_PRECONDITION,
                         "`%s` cannot run: its interpreter `%s` was not found", program,
                         interpreter);
    return error_set(err, ERROR_KIND_PRECONDITION,
                     "`%s` cannot run: the loader or interpreter it needs was not found", program);
}

static int explain_exec(const struct child_options *options, int number, struct error *err)
{
    const char *program = options->argv[0];
    if (number == ENOENT || number == ENOTDIR)
        return explain_missing(options, err);
    if (number == EACCES)
        return error_set(err, ERROR_KIND_PRECONDITION, "`%s` is not an executable file", program);
    if (number == ENOEXEC)
        return error_set(err, ERROR_KIND_PRECONDITION,
                         "`%s` is neither a program of this machine nor a script with a #! line",
                         program);
    if (number == E2BIG)
        return error_set(err, ERROR_KIND_PRECONDITION,
                         "the arguments and variables for `%s` are too long", program);
    errno = number;
    return error_set_errno(err, ERROR_KIND_PRECONDITION, "`%s` cannot be started", program);
}

static int explain(const struct child_launch *launch, struct error *err)
{
    errno = launch->number;
    switch (launch->failed) {
    case CHILD_STEP_FOLDER:
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot enter the folder %s",
                               launch->options.folder);
    case CHILD_STEP_EXEC:
        return explain_exec(&launch->options, launch->number, err);
    case CHILD_STEP_NONE:
    case CHILD_STEP_SETUP:
        break;
    }
    return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot prepare a process");
}

/* --- making it -------------------------------------------------------------------------------- */

int child_maker_open(struct child_maker *maker, struct error *err)
{
    size_t size = CHILD_LAUNCHES * PLACE_BYTES;
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make processes");
    *maker = (struct child_maker){.memory = memory, .size = size, .keeper = getpid()};
    getrlimit(RLIMIT_NOFILE, &maker->present_limit);
    return 0;
}

void child_maker_close(struct child_maker *maker)
{
    if (maker->memory != NULL)
        munmap(maker->memory, maker->size);
    maker->memory = NULL;
}

static struct child_launch *place_at(const struct child_maker *maker, size_t index)
{
    return (struct child_launch *)(void *)((char *)maker->memory + index * PLACE_BYTES);
}

/* The last place is for those that are waited for: it is always free. */
static struct child_launch *find_place(const struct child_maker *maker, bool *ret_waits)
{
    size_t index = 0;
    while (index < CHILD_LAUNCHES - 1 && place_at(maker, index)->is_used)
        index++;
    *ret_waits = !CHILD_HAS_SYSCALLS || index == CHILD_LAUNCHES - 1;
    return place_at(maker, *ret_waits ? CHILD_LAUNCHES - 1 : index);
}

/* Born in its cgroup. That needs clone3(), which without a stack of its own for the child cannot
 * share memory: it is a fork that waits for the exec. */
static pid_t clone_into_cgroup(struct child_launch *launch)
{
    struct clone_args arguments = {.flags = CLONE_VFORK | CLONE_INTO_CGROUP,
                                   .exit_signal = SIGCHLD,
                                   .cgroup = (unsigned int)launch->options.cgroup_fd};
    long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0)
        run_child(launch);
    return (pid_t)pid;
}

/* No signal has a handler here that the child could run before its exec. */
static pid_t make_process(struct child_launch *launch, bool waits)
{
    char *stack = (char *)launch + PLACE_BYTES;
    int flags = CLONE_VM | SIGCHLD | (waits ? CLONE_VFORK : CLONE_CHILD_CLEARTID);
    if (launch->options.cgroup_fd >= 0)
        return clone_into_cgroup(launch);
    return clone(run_child, stack, flags, launch, NULL, NULL, &launch->is_sharing);
}

static void free_launch(struct child_launch *launch)
{
    arena_free(&launch->arena);
    launch->is_used = false;
}

int child_start(const struct child_maker *maker, const struct child_options *options,
                struct child *ret_child, struct error *err)
{
    bool waits;
    struct child_launch *launch = find_place(maker, &waits);
    const struct rlimit *limits = options->limits;
    *launch = (struct child_launch){.options = *options, .keeper = maker->keeper, .is_used = true};
    launch->has_limits = limits != NULL && (limits->rlim_cur != maker->present_limit.rlim_cur ||
                                            limits->rlim_max != maker->present_limit.rlim_max);
    if (launch->has_limits)
        launch->limits = *limits;
    launch->candidates = find_candidates(options, &launch->arena);
    waits = waits || options->cgroup_fd >= 0;
    launch->is_sharing = !waits;
    *ret_child = (struct child){.pid = make_process(launch, waits)};
    if (ret_child->pid < 0) {
        ret_child->number = errno;
        free_launch(launch);
        errno = ret_child->number;
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make a process");
    }
    if (!waits) {
        ret_child->launch = launch;
        return 0;
    }
    while (launch->number != 0 && waitpid(ret_child->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    return child_launch_end(launch, &ret_child->number, err);
}

enum child_progress child_launch_progress(const struct child_launch *launch)
{
    if (__atomic_load_n(&launch->is_sharing, __ATOMIC_ACQUIRE) != 0)
        return CHILD_LAUNCHING;
    return launch->number == 0 ? CHILD_RUNNING : CHILD_FAILED;
}

int child_launch_end(struct child_launch *launch, int *ret_errno, struct error *err)
{
    assert(launch->is_used);
    int result = 0;
    if (launch->number != 0) {
        *ret_errno = launch->number;
        result = explain(launch, err);
    }
    free_launch(launch);
    return result;
}

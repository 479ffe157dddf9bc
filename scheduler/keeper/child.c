#include "scheduler/keeper/child.h"

#include "scheduler/base/arena.h"
#include "scheduler/base/scope.h"

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
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"
#define STACK_BYTES ((size_t)64 << 10)
#define MAX_CANDIDATES 256
#define KERNEL_SIGSET_BYTES 8
#define NO_SANITIZE __attribute__((no_sanitize("address", "undefined")))

enum child_step {
    CHILD_STEP_NONE,
    CHILD_STEP_SETUP,
    CHILD_STEP_FOLDER,
    CHILD_STEP_EXEC
};

/* What the child needs, ready to use: between clone and exec it may only make system calls. Lies in
 * memory that both share. */
struct child_plan {
    const struct child_options *options;
    const char *const *candidates; /* paths to try in order, up to a NULL */
    pid_t keeper;
    enum child_step failed;
    int number; /* errno */
};

/* The first errors that mean "not here" are passed over, as a shell does. */
NO_SANITIZE static int exec_first(const struct child_plan *plan)
{
    int number = ENOENT;
    for (size_t i = 0; plan->candidates[i] != NULL; i++) {
        execve(plan->candidates[i], (char *const *)plan->options->argv,
               (char *const *)plan->options->env);
        if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
            return errno;
        if (errno == EACCES || plan->candidates[1] == NULL)
            number = errno;
    }
    return number;
}

NO_SANITIZE static int set_up(const struct child_plan *plan)
{
    /* the kernel's form of "default, no flags, no mask", 32 bytes at most: libc refuses to touch
     * the two signals it keeps for itself, and posix_spawn() makes whoever it starts ignore them */
    const unsigned long by_default[8] = {0};
    sigset_t none;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        return -1;
    if (getppid() != plan->keeper)
        _exit(127); /* the keeper died before it could be noticed */
    for (int number = 1; number < NSIG; number++)
        syscall(SYS_rt_sigaction, number, by_default, NULL, KERNEL_SIGSET_BYTES);
    setsid();
    umask(022);
    for (int i = 0; i < CHILD_FDS; i++) {
        if (dup2(plan->options->fds[i], i) < 0)
            return -1;
    }
    if (syscall(SYS_close_range, CHILD_FDS, UINT_MAX, 0) < 0)
        return -1;
    if (plan->options->limits != NULL)
        setrlimit(RLIMIT_NOFILE, plan->options->limits);
    sigemptyset(&none);
    return sigprocmask(SIG_SETMASK, &none, NULL);
}

NO_SANITIZE static int run_child(void *argument)
{
    struct child_plan *plan = argument;
    plan->failed = CHILD_STEP_SETUP;
    if (set_up(plan) < 0) {
        plan->number = errno;
        _exit(127);
    }
    plan->failed = CHILD_STEP_FOLDER;
    if (chdir(plan->options->folder) < 0) {
        plan->number = errno;
        _exit(127);
    }
    plan->failed = CHILD_STEP_EXEC;
    plan->number = exec_first(plan);
    _exit(127);
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

static int explain(const struct child_plan *plan, struct error *err)
{
    errno = plan->number;
    switch (plan->failed) {
    case CHILD_STEP_FOLDER:
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot enter the folder %s",
                               plan->options->folder);
    case CHILD_STEP_EXEC:
        return explain_exec(plan->options, plan->number, err);
    case CHILD_STEP_NONE:
    case CHILD_STEP_SETUP:
        break;
    }
    return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot prepare a process");
}

/* --- making it -------------------------------------------------------------------------------- */

/* The memory shared with the child: first the plan, then its stack. */
static struct child_plan *map_plan(size_t *ret_size)
{
    *ret_size = 4096 + STACK_BYTES;
    void *memory = mmap(NULL, *ret_size, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

/* Born in its cgroup. That needs clone3(), which without a stack of its own for the child cannot
 * share memory: it is a fork that waits for the exec. */
static pid_t clone_into_cgroup(struct child_plan *plan)
{
    struct clone_args arguments = {.flags = CLONE_VFORK | CLONE_INTO_CGROUP,
                                   .exit_signal = SIGCHLD,
                                   .cgroup = (unsigned int)plan->options->cgroup_fd};
    long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0)
        run_child(plan);
    return (pid_t)pid;
}

static pid_t make_process(struct child_plan *plan, size_t size)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid;
    if (plan->options->cgroup_fd >= 0)
        pid = clone_into_cgroup(plan);
    else
        pid = clone(run_child, (char *)plan + size, CLONE_VM | CLONE_VFORK | SIGCHLD, plan);
    int number = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = number;
    return pid;
}

int child_start(const struct child_options *options, pid_t *ret_pid, int *ret_errno,
                struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    size_t size;
    struct child_plan *plan = map_plan(&size);
    if (plan == NULL) {
        *ret_errno = errno;
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make a process");
    }
    *plan = (struct child_plan){
        .options = options, .candidates = find_candidates(options, &arena), .keeper = getpid()};
    pid_t pid = make_process(plan, size);
    int result = 0;
    if (pid < 0) {
        *ret_errno = errno;
        result = error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make a process");
    } else if (plan->number != 0) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
        }
        *ret_errno = plan->number;
        result = explain(plan, err);
    } else {
        *ret_pid = pid;
    }
    munmap(plan, size);
    return result;
}

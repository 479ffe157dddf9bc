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
#define PLAN_BYTES ((size_t)4096)
#define STACK_BYTES ((size_t)64 << 10)
#define MAX_CANDIDATES 256
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
    const struct rlimit *limits; /* NULL = leave them */
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
    sigset_t none;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        return -1;
    if (getppid() != plan->keeper)
        _exit(127); /* the keeper died before it could be noticed */
    setsid();
    umask(022);
    for (int i = 0; i < CHILD_FDS; i++) {
        if (dup2(plan->options->fds[i], i) < 0)
            return -1;
    }
    if (syscall(SYS_close_range, CHILD_FDS, UINT_MAX, 0) < 0)
        return -1;
    if (plan->limits != NULL)
        setrlimit(RLIMIT_NOFILE, plan->limits);
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

int child_maker_open(struct child_maker *maker, struct error *err)
{
    size_t size = PLAN_BYTES + STACK_BYTES;
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

/* One child at a time uses the memory: this returns when it has come to its exec, or has failed. No
 * signal has a handler here that the child could run before that. */
static pid_t make_process(struct child_plan *plan, size_t size)
{
    if (plan->options->cgroup_fd >= 0)
        return clone_into_cgroup(plan);
    return clone(run_child, (char *)plan + size, CLONE_VM | CLONE_VFORK | SIGCHLD, plan);
}

int child_start(const struct child_maker *maker, const struct child_options *options,
                pid_t *ret_pid, int *ret_errno, struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    struct child_plan *plan = maker->memory;
    const struct rlimit *limits = options->limits;
    bool is_same = limits == NULL || (limits->rlim_cur == maker->present_limit.rlim_cur &&
                                      limits->rlim_max == maker->present_limit.rlim_max);
    *plan = (struct child_plan){.options = options,
                                .candidates = find_candidates(options, &arena),
                                .keeper = maker->keeper,
                                .limits = is_same ? NULL : limits};
    pid_t pid = make_process(plan, maker->size);
    if (pid < 0) {
        *ret_errno = errno;
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make a process");
    }
    if (plan->number != 0) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
        }
        *ret_errno = plan->number;
        return explain(plan, err);
    }
    *ret_pid = pid;
    return 0;
}

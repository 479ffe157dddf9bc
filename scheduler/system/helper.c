#include "scheduler/system/helper.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

#define KILLED_MS 100 /* to wait for the end of one that was killed */

struct helper {
    struct loop *loop;
    pid_t pid;
    int pid_fd;
    int output_fd; /* -1 after its end */
    struct loop_fd *pid_source;
    struct loop_fd *output_source;
    struct loop_timer timer;
    bool is_killed;
    struct text output;
    void (*ended)(void *owner, const struct helper_end *end);
    void *owner;
};

/* One that is killed dies at once, unless it hangs in the kernel: then it stays as it is until our
 * own end. */
static void reap_killed(const struct helper *helper)
{
    struct pollfd end = {.fd = helper->pid_fd, .events = POLLIN};
    poll(&end, 1, KILLED_MS);
    waitpid(helper->pid, NULL, WNOHANG);
}

static void stop_reading(struct helper *helper)
{
    loop_remove_fd(helper->loop, helper->output_source);
    helper->output_source = NULL;
    if (helper->output_fd >= 0)
        close(helper->output_fd);
    helper->output_fd = -1;
}

static void free_helper(struct helper *helper)
{
    stop_reading(helper);
    loop_cancel_timer(helper->loop, &helper->timer);
    loop_remove_fd(helper->loop, helper->pid_source);
    if (helper->pid_fd >= 0)
        close(helper->pid_fd);
    text_free(&helper->output);
    free(helper);
}

static void kill_group(const struct helper *helper)
{
    kill(-helper->pid, SIGKILL);
}

/* True: it has ended, and is reaped. */
static bool reap(const struct helper *helper, siginfo_t *ret_info)
{
    *ret_info = (siginfo_t){0};
    int result = waitid((idtype_t)P_PIDFD, (id_t)helper->pid_fd, ret_info, WEXITED | WNOHANG);
    return result == 0 && ret_info->si_pid != 0;
}

static void finish(struct helper *helper, struct helper_end end)
{
    void (*ended)(void *owner, const struct helper_end *end) = helper->ended;
    void *owner = helper->owner;
    SCOPED_TEXT struct text output = helper->output;
    helper->output = (struct text){0};
    free_helper(helper);
    end.output = text_string(&output);
    end.output_length = output.length;
    ended(owner, &end);
}

static void read_output(struct helper *helper)
{
    char buffer[4096];
    ssize_t count;
    while (helper->output_fd >= 0 &&
           (count = read(helper->output_fd, buffer, sizeof buffer)) != 0) {
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return;
        text_append_bytes(&helper->output, buffer, (size_t)count);
    }
    stop_reading(helper);
}

static void on_output(void *owner, uint32_t events)
{
    (void)events;
    read_output(owner);
}

/* Whatever it has left behind goes with it. */
static void on_exit_of(void *owner, uint32_t events)
{
    struct helper *helper = owner;
    siginfo_t info;
    (void)events;
    kill_group(helper);
    if (!reap(helper, &info))
        return;
    read_output(helper);
    struct helper_end end = {.kind = HELPER_END_SIGNALED, .status = info.si_status};
    if (helper->is_killed)
        end.kind = HELPER_END_TOO_LONG;
    else if (info.si_code == CLD_EXITED)
        end.kind = HELPER_END_EXITED;
    finish(helper, end);
}

static void on_limit(void *owner)
{
    struct helper *helper = owner;
    if (helper->is_killed) {
        reap_killed(helper);
        finish(helper, (struct helper_end){.kind = HELPER_END_TOO_LONG});
        return;
    }
    helper->is_killed = true;
    kill_group(helper);
    loop_set_timer(helper->loop, &helper->timer, duration_seconds(HELPER_KILL_SECONDS));
}

/* The input as a file in memory: nobody waits for its being read. */
static int make_input(const struct helper_options *options, int *ret_fd, struct error *err)
{
    SCOPED_FD int fd = memfd_create("input", MFD_CLOEXEC);
    size_t done = 0;
    if (fd < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make a file in memory");
    while (done < options->input_length) {
        ssize_t count = write(fd, options->input + done, options->input_length - done);
        if (count < 0 && errno != EINTR)
            return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot write in memory");
        done += count < 0 ? 0 : (size_t)count;
    }
    lseek(fd, 0, SEEK_SET);
    *ret_fd = fd;
    fd = -1;
    return 0;
}

static int spawn_with(const struct helper_options *options, int input_fd, int output_fd,
                      pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t all;
    char *nothing[] = {NULL};
    char *const *environment =
        options->environment == NULL ? nothing : (char *const *)options->environment;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, input_fd, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output_fd, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (options->folder != NULL)
        posix_spawn_file_actions_addchdir_np(&actions, options->folder);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETPGROUP);
    int result = posix_spawn(ret_pid, options->arguments[0], &actions, &attributes,
                             (char *const *)options->arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return result;
}

static int watch(struct helper *helper, struct error *err)
{
    struct loop_fd_options pid = {
        .fd = helper->pid_fd, .events = LOOP_READ, .call = on_exit_of, .owner = helper};
    struct loop_fd_options output = {
        .fd = helper->output_fd, .events = LOOP_READ, .call = on_output, .owner = helper};
    if (loop_add_fd(helper->loop, &output, &helper->output_source, err) < 0 ||
        loop_add_fd(helper->loop, &pid, &helper->pid_source, err) < 0)
        return -1;
    return 0;
}

static int start(struct helper *helper, const struct helper_options *options, struct error *err)
{
    SCOPED_FD int input_fd = -1;
    int ends[2];
    if (make_input(options, &input_fd, err) < 0)
        return -1;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make a pipe");
    helper->output_fd = ends[0];
    SCOPED_FD int write_end = ends[1];
    fcntl(helper->output_fd, F_SETFL, O_NONBLOCK);
    errno = spawn_with(options, input_fd, write_end, &helper->pid);
    if (errno != 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot start %s",
                               options->arguments[0]);
    helper->pid_fd = (int)syscall(SYS_pidfd_open, helper->pid, 0);
    if (helper->pid_fd < 0 || watch(helper, err) < 0) {
        kill_group(helper);
        waitpid(helper->pid, NULL, 0);
        return helper->pid_fd >= 0
                   ? -1
                   : error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot watch a process");
    }
    return 0;
}

int helper_start(const struct helper_options *options, struct helper **ret_helper,
                 struct error *err)
{
    struct helper *helper = memory_new(1, sizeof *helper);
    helper->loop = options->loop;
    helper->ended = options->ended;
    helper->owner = options->owner;
    helper->pid_fd = -1;
    helper->output_fd = -1;
    helper->timer = (struct loop_timer){.call = on_limit, .owner = helper};
    text_init(&helper->output, options->output_limit);
    if (start(helper, options, err) < 0) {
        free_helper(helper);
        return -1;
    }
    loop_set_timer(helper->loop, &helper->timer, options->limit);
    *ret_helper = helper;
    return 0;
}

void helper_cancel(struct helper *helper)
{
    if (helper == NULL)
        return;
    kill_group(helper);
    reap_killed(helper);
    free_helper(helper);
}

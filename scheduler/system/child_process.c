#include "scheduler/system/child_process.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_BYTES 65536

/* One of the two streams. */
struct output {
    struct child_process *child;
    struct loop_fd *source;
    struct text text;
    int fd; /* -1 = at its end, or not collected */
};

struct child_process {
    struct child_process_options options;
    struct output out;
    struct output errors;
    struct loop_fd *end_source;
    struct loop_timer timer;
    pid_t pid;
    int pidfd;
    int status;
    bool has_ended;
    bool is_late;
};

/* ---- its end ---- */

static void close_output(struct output *output)
{
    loop_remove_fd(output->child->options.loop, output->source);
    output->source = NULL;
    if (output->fd >= 0)
        close(output->fd);
    output->fd = -1;
}

static void free_child(struct child_process *child)
{
    close_output(&child->out);
    close_output(&child->errors);
    loop_remove_fd(child->options.loop, child->end_source);
    loop_cancel_timer(child->options.loop, &child->timer);
    if (child->pidfd >= 0)
        close(child->pidfd);
    text_free(&child->out.text);
    text_free(&child->errors.text);
    free(child);
}

static void reap(struct child_process *child)
{
    while (waitpid(child->pid, &child->status, 0) < 0 && errno == EINTR) {
    }
    child->has_ended = true;
}

static void tell_end(struct child_process *child)
{
    if (!child->has_ended || child->out.fd >= 0 || child->errors.fd >= 0)
        return;
    struct child_process_end end = {.status = child->status,
                                    .output = &child->out.text,
                                    .errors = &child->errors.text,
                                    .is_late = child->is_late};
    if (child->options.ended != NULL)
        child->options.ended(child->options.owner, &end);
    free_child(child);
}

static void take_end(void *owner, uint32_t events)
{
    struct child_process *child = owner;
    (void)events;
    reap(child);
    loop_remove_fd(child->options.loop, child->end_source);
    child->end_source = NULL;
    tell_end(child);
}

static void send_signal(struct child_process *child, int number)
{
    if (!child->has_ended)
        syscall(SYS_pidfd_send_signal, child->pidfd, number, NULL, 0);
}

/* A child of the child may hold the pipes open: they are not waited for. */
static void take_lateness(void *owner)
{
    struct child_process *child = owner;
    child->is_late = true;
    send_signal(child, SIGKILL);
    close_output(&child->out);
    close_output(&child->errors);
    tell_end(child);
}

/* ---- what it prints ---- */

/* The whole lines of what has come, and at the end what is left. */
static void tell_lines(struct output *output, bool is_end)
{
    struct child_process *child = output->child;
    char *at = output->text.data;
    size_t left = output->text.length;
    while (left > 0) {
        char *newline = memchr(at, '\n', left);
        if (newline == NULL && !is_end && left < CHILD_PROCESS_LINE_BYTES)
            break;
        size_t length = newline == NULL ? left : (size_t)(newline - at);
        char *line = memory_new(length + 1, 1);
        memcpy(line, at, length);
        child->options.line(child->options.owner, line);
        free(line);
        at += length + (newline != NULL);
        left -= length + (newline != NULL);
    }
    if (left > 0)
        memmove(output->text.data, at, left);
    output->text.length = left;
}

static bool tells_lines(const struct output *output)
{
    return output == &output->child->errors && output->child->options.line != NULL;
}

static void take_output(void *owner, uint32_t events)
{
    struct output *output = owner;
    char bytes[READ_BYTES];
    (void)events;
    ssize_t got = read(output->fd, bytes, sizeof bytes);
    if (got > 0) {
        text_append_bytes(&output->text, bytes, (size_t)got);
        if (tells_lines(output))
            tell_lines(output, false);
        return;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (tells_lines(output))
        tell_lines(output, true);
    close_output(output);
    tell_end(output->child);
}

static int open_output(struct output *output, size_t limit, int *ret_write_end, struct error *err)
{
    int ends[2];
    *ret_write_end = -1;
    if (limit == 0)
        return 0;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make a pipe");
    text_init(&output->text, limit);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    output->fd = ends[0];
    *ret_write_end = ends[1];
    struct loop_fd_options options = {
        .fd = output->fd, .events = LOOP_READ, .call = take_output, .owner = output};
    return loop_add_fd(output->child->options.loop, &options, &output->source, err);
}

/* ---- its beginning ---- */

static int spawn(struct child_process *child, int out_fd, int errors_fd)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (out_fd >= 0)
        posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
    else
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (errors_fd >= 0)
        posix_spawn_file_actions_adddup2(&actions, errors_fd, STDERR_FILENO);
    if (child->options.passed_fd > 0)
        posix_spawn_file_actions_adddup2(&actions, child->options.passed_fd, CHILD_PROCESS_FD);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int result = posix_spawn(&child->pid, child->options.argv[0], &actions, &attributes,
                             (char *const *)child->options.argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return result;
}

static int start(struct child_process *child, struct error *err)
{
    SCOPED_FD int out_fd = -1;
    SCOPED_FD int errors_fd = -1;
    size_t errors_limit = child->options.errors_limit;
    if (child->options.line != NULL)
        errors_limit = CHILD_PROCESS_LINE_BYTES + READ_BYTES;
    if (open_output(&child->out, child->options.output_limit, &out_fd, err) < 0 ||
        open_output(&child->errors, errors_limit, &errors_fd, err) < 0)
        return -1;
    errno = spawn(child, out_fd, errors_fd);
    if (errno != 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot start %s",
                               child->options.argv[0]);
    child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
    struct loop_fd_options options = {
        .fd = child->pidfd, .events = LOOP_READ, .call = take_end, .owner = child};
    if (child->pidfd >= 0 &&
        loop_add_fd(child->options.loop, &options, &child->end_source, err) == 0)
        return 0;
    kill(child->pid, SIGKILL);
    reap(child);
    return error_set(err, ERROR_KIND_PRECONDITION, "cannot watch %s", child->options.argv[0]);
}

int child_process_start(const struct child_process_options *options,
                        struct child_process **ret_child, struct error *err)
{
    struct child_process *child = memory_new(1, sizeof *child);
    child->options = *options;
    child->out = (struct output){.child = child, .fd = -1};
    child->errors = (struct output){.child = child, .fd = -1};
    child->timer = (struct loop_timer){.call = take_lateness, .owner = child};
    child->pidfd = -1;
    if (start(child, err) < 0) {
        free_child(child);
        return -1;
    }
    if (options->limit.us > 0)
        loop_set_timer(options->loop, &child->timer, options->limit);
    *ret_child = child;
    return 0;
}

int child_process_pid(const struct child_process *child)
{
    return child->pid;
}

void child_process_stop(struct child_process *child, struct duration patience)
{
    if (child == NULL)
        return;
    if (!child->has_ended && patience.us > 0) {
        struct pollfd wait = {.fd = child->pidfd, .events = POLLIN};
        send_signal(child, SIGTERM);
        poll(&wait, 1, (int)(patience.us / 1000));
    }
    if (!child->has_ended) {
        send_signal(child, SIGKILL);
        reap(child);
    }
    free_child(child);
}

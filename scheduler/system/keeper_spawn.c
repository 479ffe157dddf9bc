#include "scheduler/system/keeper_spawn.h"

#include "scheduler/base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Standard output is the pipe; all else that is open here is close-on-exec. */
static int spawn_with(const char *const *argv, int pipe_fd, pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, pipe_fd, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    char *environment[] = {NULL};
    int result =
        posix_spawn(ret_pid, argv[0], &actions, &attributes, (char *const *)argv, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return result;
}

int keeper_spawn(const char *program, const char *state_dir, struct duration idle,
                 struct keeper_spawn *ret_spawn, struct error *err)
{
    int ends[2];
    char idle_text[32];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make a pipe");
    SCOPED_FD int read_end = ends[0];
    SCOPED_FD int write_end = ends[1];
    fcntl(read_end, F_SETFL, O_NONBLOCK);
    snprintf(idle_text, sizeof idle_text, "%" PRId64 "ms", idle.us / 1000);
    const char *argv[] = {program, "--state-dir", state_dir, "--idle", idle_text, NULL};
    errno = spawn_with(argv, write_end, &ret_spawn->pid);
    if (errno != 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot start %s", program);
    ret_spawn->pipe_fd = read_end;
    read_end = -1;
    return 0;
}

void keeper_spawn_reap(const struct keeper_spawn *spawn)
{
    while (waitpid(spawn->pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

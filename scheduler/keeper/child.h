/* Making a process: clone with CLONE_VFORK, so that it costs what posix_spawn costs, and exec.
 *
 * The child is in a session of its own, dies with the keeper (PR_SET_PDEATHSIG), has every signal
 * at its default (as it must be in the keeper, which blocks and does not ignore) and unblocked,
 * file mode mask 022, the descriptors 0 to 3 and no others. Whether exec worked is known when
 * child_start() returns. */
#ifndef DATEMILL_KEEPER_CHILD_H
#define DATEMILL_KEEPER_CHILD_H

#include "scheduler/base/error.h"

#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

#define CHILD_FDS 4

struct child_options {
    const char *const *argv; /* argv[0] without a slash is searched in PATH of `env` */
    const char *const *env;
    const char *folder;
    int fds[CHILD_FDS];          /* become 0 to 3; each is at least CHILD_FDS itself */
    int cgroup_fd;               /* folder of the cgroup to be born in, -1 = the keeper's */
    const struct rlimit *limits; /* of open files, as the keeper got it; NULL = leave it */
};

/* What all starts of a process share: memory for the child before its exec. */
struct child_maker {
    void *memory; /* NULL = not open */
    size_t size;
    pid_t keeper;                /* this process */
    struct rlimit present_limit; /* of open files, in this process */
};

int child_maker_open(struct child_maker *maker, struct error *err);
void child_maker_close(struct child_maker *maker);

/* Fails with a text for people; *ret_errno says why, too. */
int child_start(const struct child_maker *maker, const struct child_options *options,
                pid_t *ret_pid, int *ret_errno, struct error *err);

#endif

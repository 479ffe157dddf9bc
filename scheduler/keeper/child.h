/* Making a process: clone with shared memory, as posix_spawn does it, and exec; but the keeper goes
 * on meanwhile (posix_spawn waits for the exec), so that others are started and their ends noted
 * while a program is being loaded, from a dead network mount perhaps.
 *
 * The child is in a session of its own, dies with the keeper (PR_SET_PDEATHSIG), has every signal
 * at its default (as it must be in the keeper, which blocks and does not ignore) and unblocked,
 * file mode mask 022, the descriptors 0 to 3 and no others. */
#ifndef DATEMILL_KEEPER_CHILD_H
#define DATEMILL_KEEPER_CHILD_H

#include "scheduler/base/arena.h"
#include "scheduler/base/error.h"

#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

#define CHILD_FDS 4
#define CHILD_LAUNCHES 17 /* at once; one more than 16 waits for its exec */

struct child_options {
    const char *const *argv; /* argv[0] without a slash is searched in PATH of `env` */
    const char *const *env;
    const char *folder;
    int fds[CHILD_FDS];          /* become 0 to 3; each is at least CHILD_FDS itself */
    int cgroup_fd;               /* folder of the cgroup to be born in, -1 = the keeper's */
    const struct rlimit *limits; /* of open files, as the keeper got it; NULL = leave it */
};

/* A process that may not have come to its exec. */
struct child_launch;

struct child {
    pid_t pid;
    struct child_launch *launch; /* NULL: its exec has worked */
    int number;                  /* errno of what failed */
};

enum child_progress {
    CHILD_LAUNCHING, /* not known yet */
    CHILD_RUNNING,   /* exec worked */
    CHILD_FAILED     /* no program runs; the process ends at once */
};

/* What all starts of a process share: memory for the children before their exec. */
struct child_maker {
    void *memory; /* NULL = not open */
    size_t size;
    pid_t keeper;                /* this process */
    struct rlimit present_limit; /* of open files, in this process */
};

int child_maker_open(struct child_maker *maker, struct error *err);
void child_maker_close(struct child_maker *maker); /* no launch may be left */

/* Makes the process. While there is a launch, argv, env and folder must stay as they are (until
 * child_launch_end()), the descriptors need not; after a start into a cgroup there is none. Fails
 * with a text for people. */
int child_start(const struct child_maker *maker, const struct child_options *options,
                struct child *ret_child, struct error *err);

enum child_progress child_launch_progress(const struct child_launch *launch);

/* The launch is over: its progress is RUNNING, or its process has been waited for. Fails if its
 * exec did, with a text for people. */
int child_launch_end(struct child_launch *launch, int *ret_errno, struct error *err);

#endif

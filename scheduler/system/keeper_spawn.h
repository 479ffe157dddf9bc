/* Starting the keeper program. Only keeper_client.c uses it. */
#ifndef DATEMILL_SYSTEM_KEEPER_SPAWN_H
#define DATEMILL_SYSTEM_KEEPER_SPAWN_H

#include "scheduler/base/error.h"
#include "scheduler/base/instant.h"

#include <stdint.h>
#include <sys/types.h>

/* What the keeper says on its standard output once it listens, and when another one lives. Anything
 * else it says is the reason why it cannot. */
#define KEEPER_SAYS_READY "ready"
#define KEEPER_SAYS_BUSY "busy"

struct keeper_spawn {
    pid_t pid;   /* of the process that makes itself the keeper's parent and ends at once */
    int pipe_fd; /* what the keeper says, then its end; non-blocking, the caller closes it */
};

/* Starts `program --state-dir DIR --idle TIME` with nothing inherited: no descriptor, no
 * environment variable, no signal setting. It puts itself in the background. */
int keeper_spawn(const char *program, const char *state_dir, struct duration idle,
                 struct keeper_spawn *ret_spawn, struct error *err);

/* Takes leave of the process that was started; call it when the pipe has ended. */
void keeper_spawn_reap(const struct keeper_spawn *spawn);

#endif

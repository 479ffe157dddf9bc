/* How `serve` becomes the engine of a project. */
#ifndef DATEMILL_COMMAND_SERVE_LOCK_H
#define DATEMILL_COMMAND_SERVE_LOCK_H

#include "scheduler/command/context.h"
#include "scheduler/system/lock_file.h"

#define SERVE_LOCK_PATIENCE_S 60 /* for a command that was asked to step down */

/* Takes the engine's lock. A command in the foreground that has it is asked to step down, and goes
 * on as a client. Fails with ERROR_KIND_BUSY, naming who, when another server has it, or when it
 * does not become free. Blocks. Makes the state folder where it is missing. */
int serve_lock_take(struct context *context, int state_dir_fd, struct lock_file *ret_lock,
                    struct error *err);

#endif

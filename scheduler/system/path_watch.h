/* Tells when something in one of several folders has changed (inotify), not beneath them.
 *
 * For those who wait for a file: whoever is called looks again. Several may watch one folder.
 * Nothing wakes up while nothing changes. Not for folders on mounts: the kernel may hang there. */
#ifndef DATEMILL_SYSTEM_PATH_WATCH_H
#define DATEMILL_SYSTEM_PATH_WATCH_H

#include "scheduler/base/error.h"
#include "scheduler/system/loop.h"

#include <stdbool.h>

struct path_watch;

/* `changed` gets the watch of path_watch_add() once per folder and turn, or -1: the kernel lost
 * count, look at everything. It may add and remove. */
int path_watch_open(struct loop *loop, void (*changed)(void *owner, int watch), void *owner,
                    struct path_watch **ret_watch, struct error *err);
void path_watch_close(struct path_watch *watch); /* NULL is fine */

/* *ret_watch is the folder's number, the same for each who adds it; it counts how often it was
 * added. Fails when the folder is gone or the kernel watches no more. */
int path_watch_add(struct path_watch *watch, const char *folder, int *ret_watch, struct error *err);
/* False: the folder is gone, or is another one by that name. */
bool path_watch_has(const struct path_watch *watch, int number);
void path_watch_remove(struct path_watch *watch, int number);

#endif

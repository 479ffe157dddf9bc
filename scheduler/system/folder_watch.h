/* Tells when something has changed in a folder and the folders beneath it (inotify).
 *
 * Changes that come together are told once: when it has been quiet for FOLDER_WATCH_QUIET_MS, and
 * at the latest FOLDER_WATCH_LATEST_MS after the first. What has changed is not told: whoever is
 * called looks again. Nothing wakes up while nothing changes.
 *
 * Followed are new folders, folders that are moved in or away, files replaced by a rename, and a
 * kernel that lost count (all of it is looked at again). Symbolic links to folders are not. */
#ifndef DATEMILL_SYSTEM_FOLDER_WATCH_H
#define DATEMILL_SYSTEM_FOLDER_WATCH_H

#include "scheduler/base/error.h"
#include "scheduler/system/loop.h"

#include <stdbool.h>
#include <stddef.h>

#define FOLDER_WATCH_QUIET_MS 200
#define FOLDER_WATCH_LATEST_MS 2000
#define FOLDER_WATCH_MAX_DEPTH 4      /* folders deeper than a/b/c/d are not watched */
#define FOLDER_WATCH_MAX_FOLDERS 4096 /* further ones are not, and folder_watch_note() says so */

struct folder_watch;

struct folder_watch_options {
    struct loop *loop;
    const char *dir; /* absolute; copied */

    /* Whether a folder is watched, or a change of a file is told. `path` is relative to `dir` and
     * borrowed. It must not call back. */
    bool (*wants)(void *owner, const char *path, bool is_folder);

    void (*changed)(void *owner); /* may close the watch */
    void *owner;
};

/* Fails when the folder cannot be watched: the kernel's limit (`fs.inotify`), a file system that
 * does not offer it. */
int folder_watch_open(const struct folder_watch_options *options, struct folder_watch **ret_watch,
                      struct error *err);
void folder_watch_close(struct folder_watch *watch); /* NULL is fine */

/* Why some changes will not be told, one sentence; "" = all will. Borrowed, until the next turn. */
const char *folder_watch_note(const struct folder_watch *watch);

#endif

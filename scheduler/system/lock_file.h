/* A lock that is a file of its own (flock): it is held as long as the descriptor is open, so a dead
 * holder frees it whatever it died of. The file stays; it names its holder for messages. */
#ifndef DATEMILL_SYSTEM_LOCK_FILE_H
#define DATEMILL_SYSTEM_LOCK_FILE_H

#include "scheduler/base/error.h"
#include "scheduler/base/instant.h"

#include <stdint.h>

#define LOCK_FILE_COMMAND_BYTES 512
#define LOCK_FILE_USER_BYTES 64

struct lock_file {
    int fd; /* close-on-exec; -1 = not held */
};

/* Who holds a lock, as the holder wrote it down. */
struct lock_holder {
    int64_t pid;                           /* 0 = nobody, or it cannot be told */
    struct instant since;                  /* when it took the lock */
    struct instant started;                /* when its process started */
    char user[LOCK_FILE_USER_BYTES];       /* login name, or the uid in digits */
    char command[LOCK_FILE_COMMAND_BYTES]; /* its command line, words with a space between; cut */
};

/* Takes the lock `name` in the folder `dir_fd` (AT_FDCWD: a path) without waiting. Held by another:
 * ERROR_KIND_BUSY, with a text that names the holder. */
int lock_file_try(int dir_fd, const char *name, struct lock_file *ret_lock, struct error *err);

/* The same, waiting up to `max_wait` for it (it looks every few milliseconds). Blocks. */
int lock_file_wait(int dir_fd, const char *name, struct duration max_wait,
                   struct lock_file *ret_lock, struct error *err);

/* Frees the lock. Fine for one that is not held. */
void lock_file_release(struct lock_file *lock);

/* Who holds it now. pid is 0 when the lock is free or was never there. Looking does not disturb: a
 * concurrent lock_file_try() may see BUSY for some microseconds only if it uses this function. */
int lock_file_holder(int dir_fd, const char *name, struct lock_holder *ret_holder,
                     struct error *err);

#endif

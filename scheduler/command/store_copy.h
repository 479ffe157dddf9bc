/* What `backup` and `restore` share: words about copies of the store, and Ctrl-C between two
 * steps of copying, after which nothing half done is left. */
#ifndef DATEMILL_COMMAND_STORE_COPY_H
#define DATEMILL_COMMAND_STORE_COPY_H

#include "scheduler/command/context.h"
#include "scheduler/store/store_backup.h"

#include <signal.h>

/* The signals that would end the process wait from here on … */
struct store_copy_signals {
    sigset_t before;
};
void store_copy_hold_signals(struct store_copy_signals *signals);

/* … until they are let go: then one that has come ends it. */
void store_copy_free_signals(const struct store_copy_signals *signals);

/* Copying that goes on until one of them has come. */
struct store_copying store_copy_until_signal(void);

/* `812 runs, up to 2021-11-12 03:00:12 +08:00`; belongs to the context's arena. */
const char *store_copy_words(struct context *context, const struct store_copy *copy);

#endif

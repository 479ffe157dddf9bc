/* Messages that more than one command prints, each in one place. */
#ifndef DATEMILL_FLOW_MESSAGE_H
#define DATEMILL_FLOW_MESSAGE_H

#include "scheduler/base/diagnostic.h"
#include "scheduler/base/error.h"

#include <stdint.h>

/* E020: a wrong word on the command line, quoted with a caret. `words` is the command line as typed
 * (argv), `offset` and `length` the bytes within words[index]. */
struct message_word {
    const char *const *words;
    size_t count;
    size_t index;
    size_t offset;
    size_t length;
};

void message_bad_word(struct diagnostics *list, const char *code, const struct message_word *word,
                      const struct error *err);

/* E501: another process is the engine of this project. */
struct message_lock {
    const char *store_path; /* as shown: .datemill/state.db */
    const char *lock_path;  /* as shown: .datemill/engine.lock */
    int64_t pid;
    const char *command;  /* its command line */
    const char *user;     /* its owner's name */
    const char *started;  /* when it started, as shown: 10:41:07 */
    int64_t held_seconds; /* since it took the lock */
    int64_t waited_seconds;
};

void message_lock_held(struct diagnostics *list, const struct message_lock *lock);

#endif

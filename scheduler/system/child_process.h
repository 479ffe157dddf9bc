/* A program of ours as a child inside the loop: the page under `serve`, a companion that reads the
 * warehouse for the page. Attempts are the keeper's, not these.
 *
 * It gets no standard input, this process's standard error, and nothing else that is open here but
 * what is named. What it prints is collected, up to a limit; it is killed when its time is over. */
#ifndef DATEMILL_SYSTEM_CHILD_PROCESS_H
#define DATEMILL_SYSTEM_CHILD_PROCESS_H

#include "scheduler/base/error.h"
#include "scheduler/base/text.h"
#include "scheduler/system/loop.h"

#include <stdbool.h>

#define CHILD_PROCESS_LINE_BYTES ((size_t)8192) /* a longer line is told in pieces */
#define CHILD_PROCESS_FD 3                      /* where the child finds `passed_fd` */

struct child_process;

struct child_process_end {
    int status;                /* as waitpid() gives it */
    const struct text *output; /* borrowed; is_cut: it was longer than the limit */
    const struct text *errors; /* standard error, where it was collected */
    bool is_late;              /* it was killed because its time was over */
};

struct child_process_options {
    struct loop *loop;
    const char *const *argv; /* argv[0]: absolute; NULL at the end */
    int passed_fd;           /* becomes CHILD_PROCESS_FD; stays the caller's. 0 = none */
    size_t output_limit;     /* bytes of standard output that are kept; 0 = it goes to /dev/null */
    size_t errors_limit;     /* the same; 0 = this process's standard error */
    struct duration limit;   /* 0 = for ever */

    /* A line of its standard error as it comes, without the newline, as it was printed; it is not
     * collected then. NULL = see errors_limit. */
    void (*line)(void *owner, const char *line);

    /* It has ended, and everything it printed was read. The child is freed after the call. */
    void (*ended)(void *owner, const struct child_process_end *end);
    void *owner;
};

int child_process_start(const struct child_process_options *options,
                        struct child_process **ret_child, struct error *err);

int child_process_pid(const struct child_process *child);

/* SIGTERM, and SIGKILL after `patience` (0 = at once); waits for its end and frees it without
 * calling `ended`. NULL is fine. */
void child_process_stop(struct child_process *child, struct duration patience);

#endif

/* A short-lived helper program: looks at a mount, delivers a message. What it does may hang;
 * nothing here waits for it.
 *
 * It gets the bytes of `input` as standard input (in memory, never on disk or on a command line),
 * its own process group, and nothing of our environment. Output beyond the limit is dropped.
 * At its time limit its group is killed; one that cannot die (a dead mount) is given up on 2 s
 * later and told as HELPER_END_TOO_LONG. */
#ifndef DATEMILL_SYSTEM_HELPER_H
#define DATEMILL_SYSTEM_HELPER_H

#include "scheduler/base/error.h"
#include "scheduler/system/loop.h"

#include <stddef.h>

#define HELPER_KILL_SECONDS 2

struct helper;

enum helper_end_kind {
    HELPER_END_EXITED,   /* status is the exit code */
    HELPER_END_SIGNALED, /* status is the signal */
    HELPER_END_TOO_LONG
};

struct helper_end {
    enum helper_end_kind kind;
    int status;
    const char *output; /* of standard output, NUL behind it; borrowed for the call */
    size_t output_length;
};

struct helper_options {
    struct loop *loop;
    const char *const *arguments;   /* argv, [0] is the program; NULL at the end */
    const char *const *environment; /* `name=text`, NULL at the end; NULL = none */
    const char *folder;             /* working folder; NULL = ours */
    const char *input;              /* copied */
    size_t input_length;
    size_t output_limit; /* bytes kept */
    struct duration limit;
    void (*ended)(void *owner, const struct helper_end *end); /* once; the helper is gone then */
    void *owner;
};

/* All of the options is copied or used before it returns. Fails when it cannot be started. */
int helper_start(const struct helper_options *options, struct helper **ret_helper,
                 struct error *err);

/* Kills its group and forgets it; `ended` is not called. NULL is fine. */
void helper_cancel(struct helper *helper);

#endif

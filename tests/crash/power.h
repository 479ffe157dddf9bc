/* A power cut at every sync of a piece of work, and what must be true afterwards.
 *
 * The work runs in a process of its own and tells what it is about to do and what it was promised
 * (power_begin, power_done); then the parent looks at what the disk kept. */
#ifndef TESTS_CRASH_POWER_H
#define TESTS_CRASH_POWER_H

#include "scheduler/base/error.h"
#include "tests/crash/disk.h"

#include <stdbool.h>
#include <stddef.h>

struct power_told {
    int begun; /* the highest number that was begun */
    int done;  /* the highest number that was acknowledged */
};

struct power_work {
    const char *what;                 /* "the store" */
    const char *lies_about;           /* a lying disk forgets these: the test must notice */
    void (*play)(const char *folder); /* in the child */

    /* 0: all is as it must be after a cut; `err` says what is not. */
    int (*look)(const char *folder, struct power_told told, struct error *err);
};

void power_begin(int number);
void power_done(int number);
void power_must(int result, const struct error *err); /* ends the child on -1 */

/* TAP. Options: --full: every sync with many seeds. */
int power_main(const struct power_work *work, int argc, char **argv);

#endif

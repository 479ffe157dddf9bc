/* A timer, as its owner keeps it (loop.h says how it is set). */
#ifndef DATEMILL_SYSTEM_LOOP_TIMER_H
#define DATEMILL_SYSTEM_LOOP_TIMER_H

#include "scheduler/base/instant.h"

#include <stddef.h>
#include <stdint.h>

/* A place inside its owner; `call` and `owner` are set by the owner, the rest is the loop's. It
 * must be cancelled before its memory goes away. */
struct loop_timer {
    void (*call)(void *owner); /* once; the timer is not set any more and may be set again */
    void *owner;
    struct duration at; /* clock_monotonic() time */
    uint64_t order;     /* among timers of the same time: first set, first called */
    size_t place;       /* 1 + index in the loop's heap; 0 = not set */
};

#endif

/* The timers of a loop: a heap of what is set, and one timerfd for the earliest. Only loop.c uses
 * it. */
#ifndef DATEMILL_SYSTEM_LOOP_TIMERS_H
#define DATEMILL_SYSTEM_LOOP_TIMERS_H

#include "scheduler/base/error.h"
#include "scheduler/base/instant.h"
#include "scheduler/system/loop_timer.h"

#include <stddef.h>
#include <stdint.h>

struct loop_timers {
    int fd;                   /* timerfd, CLOCK_MONOTONIC */
    struct loop_timer **heap; /* by time, then by order of setting */
    size_t count;
    size_t capacity;
    uint64_t order;        /* timers set so far */
    struct duration armed; /* the time the timerfd is set to; 0 = not set */
};

int loop_timers_open(struct loop_timers *timers, struct error *err);
void loop_timers_close(struct loop_timers *timers);

void loop_timers_set(struct loop_timers *timers, struct loop_timer *timer, struct duration delay);
void loop_timers_cancel(struct loop_timers *timers, struct loop_timer *timer);

/* Sets the timerfd to the earliest timer, if that has changed. */
void loop_timers_arm(struct loop_timers *timers);

/* The timerfd has fired: takes that from it. */
void loop_timers_acknowledge(struct loop_timers *timers);

/* Calls what is due at `now`; what is set meanwhile waits for the next turn. */
void loop_timers_run(struct loop_timers *timers, struct duration now);

#endif

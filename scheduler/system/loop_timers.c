#include "scheduler/system/loop_timers.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/system/clock.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/timerfd.h>

int loop_timers_open(struct loop_timers *timers, struct error *err)
{
    *timers = (struct loop_timers){0};
    timers->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (timers->fd < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make a timer");
    return 0;
}

void loop_timers_close(struct loop_timers *timers)
{
    for (size_t i = 0; i < timers->count; i++)
        timers->heap[i]->place = 0;
    free(timers->heap);
    scope_close_fd(&timers->fd);
}

static bool is_before(const struct loop_timer *a, const struct loop_timer *b)
{
    return a->at.us != b->at.us ? a->at.us < b->at.us : a->order < b->order;
}

static void put(struct loop_timers *timers, size_t index, struct loop_timer *timer)
{
    timers->heap[index] = timer;
    timer->place = index + 1;
}

static void move_up(struct loop_timers *timers, size_t index)
{
    struct loop_timer *timer = timers->heap[index];
    while (index > 0 && is_before(timer, timers->heap[(index - 1) / 2])) {
        put(timers, index, timers->heap[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    put(timers, index, timer);
}

static void move_down(struct loop_timers *timers, size_t index)
{
    struct loop_timer *timer = timers->heap[index];
    for (size_t child = 2 * index + 1; child < timers->count; child = 2 * index + 1) {
        if (child + 1 < timers->count && is_before(timers->heap[child + 1], timers->heap[child]))
            child++;
        if (!is_before(timers->heap[child], timer))
            break;
        put(timers, index, timers->heap[child]);
        index = child;
    }
    put(timers, index, timer);
}

void loop_timers_cancel(struct loop_timers *timers, struct loop_timer *timer)
{
    if (timer->place == 0)
        return;
    size_t index = timer->place - 1;
    assert(index < timers->count && timers->heap[index] == timer);
    timer->place = 0;
    struct loop_timer *last = timers->heap[--timers->count];
    if (last == timer)
        return;
    put(timers, index, last);
    move_up(timers, index);
    move_down(timers, last->place - 1);
}

void loop_timers_set(struct loop_timers *timers, struct loop_timer *timer, struct duration delay)
{
    loop_timers_cancel(timers, timer);
    int64_t now = clock_monotonic().us;
    int64_t wait = delay.us < 0 ? 0 : delay.us;
    timer->at.us = wait > INT64_MAX - now ? INT64_MAX : now + wait;
    timer->order = ++timers->order;
    timers->heap =
        memory_grow(timers->heap, timers->count, &timers->capacity, sizeof *timers->heap);
    timers->heap[timers->count] = timer;
    timers->count++;
    move_up(timers, timers->count - 1);
}

void loop_timers_arm(struct loop_timers *timers)
{
    struct duration wanted = timers->count == 0 ? (struct duration){0} : timers->heap[0]->at;
    if (wanted.us == timers->armed.us)
        return;
    struct itimerspec spec = {0};
    spec.it_value.tv_sec = (time_t)(wanted.us / DURATION_SECOND_US);
    spec.it_value.tv_nsec = (long)(wanted.us % DURATION_SECOND_US) * 1000;
    int result = timerfd_settime(timers->fd, TFD_TIMER_ABSTIME, &spec, NULL);
    assert(result == 0);
    (void)result;
    timers->armed = wanted;
}

void loop_timers_acknowledge(struct loop_timers *timers)
{
    uint64_t expirations;
    if (read(timers->fd, &expirations, sizeof expirations) == (ssize_t)sizeof expirations)
        timers->armed.us = 0;
}

void loop_timers_run(struct loop_timers *timers, struct duration now)
{
    uint64_t last = timers->order;
    while (timers->count > 0 && timers->heap[0]->at.us <= now.us &&
           timers->heap[0]->order <= last) {
        struct loop_timer *timer = timers->heap[0];
        loop_timers_cancel(timers, timer);
        timer->call(timer->owner);
    }
}

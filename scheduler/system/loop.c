#include "scheduler/system/loop.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/system/clock.h"
#include "scheduler/system/loop_timers.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#define LOOP_EVENTS_PER_TURN 256
#define LOOP_SIGNALS 65
#define LOOP_SIGNALS_PER_TURN 8 /* of a standard signal at most one is pending */

struct loop_fd {
    int fd;
    uint32_t events;
    void (*call)(void *owner, uint32_t events);
    void *owner;
    bool is_removed; /* waits in `removed` for the end of the turn */
    struct loop_fd *next;
    struct loop_fd *previous;
};

struct loop_signal {
    void (*call)(void *owner, int number);
    void *owner;
};

struct loop {
    int epoll_fd;
    int signal_fd; /* -1 until the first signal */
    int wall_fd;   /* -1 until the first wall timer */
    bool is_stopping;
    bool is_wanted[LOOP_PHASE_SEND + 1]; /* there is something for its hooks: no turn waits */
    struct loop_fd *fds;                 /* all that were not removed */
    struct loop_fd *removed;             /* freed at the end of the turn */
    struct loop_timers timers;
    struct loop_fd *signal_source;
    struct loop_fd *wall_source;
    struct loop_wall_options wall;
    bool is_wall_set;
    struct loop_signal signals[LOOP_SIGNALS];
    sigset_t signal_mask;
    struct loop_hook *hooks[LOOP_PHASE_SEND + 1];
    struct loop_hook *next_hook; /* the one to be called after the present one */
};

static uint32_t to_epoll(uint32_t events)
{
    return ((events & LOOP_READ) != 0 ? (uint32_t)EPOLLIN : 0) |
           ((events & LOOP_WRITE) != 0 ? (uint32_t)EPOLLOUT : 0);
}

static uint32_t from_epoll(uint32_t events)
{
    return ((events & EPOLLIN) != 0 ? LOOP_READ : 0) | ((events & EPOLLOUT) != 0 ? LOOP_WRITE : 0) |
           ((events & (EPOLLHUP | EPOLLERR)) != 0 ? LOOP_HUP : 0);
}

int loop_add_fd(struct loop *loop, const struct loop_fd_options *options, struct loop_fd **ret_fd,
                struct error *err)
{
    struct loop_fd *fd = memory_new(1, sizeof *fd);
    *fd = (struct loop_fd){.fd = options->fd,
                           .events = options->events,
                           .call = options->call,
                           .owner = options->owner,
                           .next = loop->fds};
    struct epoll_event event = {.events = to_epoll(options->events), .data.ptr = fd};
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, options->fd, &event) < 0) {
        free(fd);
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot wait for a descriptor");
    }
    if (loop->fds != NULL)
        loop->fds->previous = fd;
    loop->fds = fd;
    *ret_fd = fd;
    return 0;
}

void loop_change_fd(struct loop *loop, struct loop_fd *fd, uint32_t events)
{
    assert(!fd->is_removed);
    if (fd->events == events)
        return;
    struct epoll_event event = {.events = to_epoll(events), .data.ptr = fd};
    int result = epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, fd->fd, &event);
    assert(result == 0);
    (void)result;
    fd->events = events;
}

void loop_remove_fd(struct loop *loop, struct loop_fd *fd)
{
    if (fd == NULL)
        return;
    assert(!fd->is_removed);
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd->fd, NULL);
    if (fd->previous != NULL)
        fd->previous->next = fd->next;
    else
        loop->fds = fd->next;
    if (fd->next != NULL)
        fd->next->previous = fd->previous;
    fd->is_removed = true;
    fd->next = loop->removed;
    loop->removed = fd;
}

static void free_list(struct loop_fd **list)
{
    struct loop_fd *fd = *list;
    *list = NULL;
    while (fd != NULL) {
        struct loop_fd *next = fd->next;
        free(fd);
        fd = next;
    }
}

static void on_timer_fd(void *owner, uint32_t events)
{
    (void)events;
    struct loop *loop = owner;
    loop_timers_acknowledge(&loop->timers);
}

int loop_open(struct loop **ret_loop, struct error *err)
{
    struct loop *loop = memory_new(1, sizeof *loop);
    loop->signal_fd = -1;
    loop->wall_fd = -1;
    sigemptyset(&loop->signal_mask);
    struct loop_fd *timer_source = NULL;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0) {
        error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make an event loop");
        free(loop);
        return -1;
    }
    if (loop_timers_open(&loop->timers, err) < 0)
        goto out;
    struct loop_fd_options options = {
        .fd = loop->timers.fd, .events = LOOP_READ, .call = on_timer_fd, .owner = loop};
    if (loop_add_fd(loop, &options, &timer_source, err) < 0)
        goto out;
    *ret_loop = loop;
    return 0;
out:
    loop_close(loop);
    return -1;
}

void loop_close(struct loop *loop)
{
    if (loop == NULL)
        return;
    free_list(&loop->fds);
    free_list(&loop->removed);
    loop_timers_close(&loop->timers);
    scope_close_fd(&loop->signal_fd);
    scope_close_fd(&loop->wall_fd);
    scope_close_fd(&loop->epoll_fd);
    free(loop);
}

static int wait_ms(struct duration max_wait)
{
    if (max_wait.us < 0)
        return -1;
    int64_t milliseconds = (max_wait.us + 999) / 1000;
    return milliseconds > INT32_MAX ? INT32_MAX : (int)milliseconds;
}

static void call_hooks(struct loop *loop)
{
    for (size_t phase = 0; phase <= LOOP_PHASE_SEND; phase++) {
        struct loop_hook *hook = loop->hooks[phase];
        loop->is_wanted[phase] = false; /* what was wanted comes now */
        while (hook != NULL) {
            loop->next_hook = hook->next;
            hook->call(hook->owner);
            hook = loop->next_hook;
        }
    }
    loop->next_hook = NULL;
}

int loop_turn(struct loop *loop, struct duration max_wait, struct error *err)
{
    struct epoll_event ready[LOOP_EVENTS_PER_TURN];
    loop_timers_arm(&loop->timers);
    bool is_wanted = loop->is_wanted[LOOP_PHASE_COMMIT] || loop->is_wanted[LOOP_PHASE_SEND];
    int wait = is_wanted ? 0 : wait_ms(max_wait);
    int count = epoll_wait(loop->epoll_fd, ready, LOOP_EVENTS_PER_TURN, wait);
    if (count < 0 && errno != EINTR)
        return error_set_errno(err, ERROR_KIND_BUG, "cannot wait for events");
    for (int i = 0; i < count; i++) {
        struct loop_fd *fd = ready[i].data.ptr;
        if (!fd->is_removed)
            fd->call(fd->owner, from_epoll(ready[i].events));
    }
    loop_timers_run(&loop->timers, clock_monotonic());
    call_hooks(loop);
    free_list(&loop->removed);
    return 0;
}

int loop_run(struct loop *loop, struct error *err)
{
    loop->is_stopping = false;
    while (!loop->is_stopping) {
        if (loop_turn(loop, (struct duration){-1}, err) < 0)
            return -1;
    }
    return 0;
}

void loop_want_turn(struct loop *loop)
{
    loop->is_wanted[LOOP_PHASE_COMMIT] = true;
}

void loop_want_send(struct loop *loop)
{
    loop->is_wanted[LOOP_PHASE_SEND] = true;
}

void loop_stop(struct loop *loop)
{
    loop->is_stopping = true;
}

void loop_set_timer(struct loop *loop, struct loop_timer *timer, struct duration delay)
{
    loop_timers_set(&loop->timers, timer, delay);
}

void loop_cancel_timer(struct loop *loop, struct loop_timer *timer)
{
    loop_timers_cancel(&loop->timers, timer);
}

bool loop_timer_is_set(const struct loop_timer *timer)
{
    return timer->place != 0;
}

/* --- the wall clock --------------------------------------------------------------------------- */

static void on_wall_fd(void *owner, uint32_t events)
{
    (void)events;
    struct loop *loop = owner;
    uint64_t expirations;
    ssize_t count = read(loop->wall_fd, &expirations, sizeof expirations);
    bool is_clock_set = count < 0 && errno == ECANCELED;
    if ((count < 0 && !is_clock_set) || !loop->is_wall_set)
        return;
    struct loop_wall_options wall = loop->wall;
    loop->is_wall_set = false;
    wall.call(wall.owner, is_clock_set);
}

static int open_wall(struct loop *loop, struct error *err)
{
    loop->wall_fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (loop->wall_fd < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make a timer");
    struct loop_fd_options options = {
        .fd = loop->wall_fd, .events = LOOP_READ, .call = on_wall_fd, .owner = loop};
    return loop_add_fd(loop, &options, &loop->wall_source, err);
}

int loop_set_wall_timer(struct loop *loop, const struct loop_wall_options *options,
                        struct error *err)
{
    if (loop->wall_source == NULL && open_wall(loop, err) < 0)
        return -1;
    /* "never" is a far time, since only an armed timer tells about a clock that was set; a time
     * before 1970 has come, and zero would disarm */
    int64_t at = options->at.us < 1 ? 1 : options->at.us;
    struct itimerspec spec = {0};
    spec.it_value.tv_sec = (time_t)(at / DURATION_SECOND_US);
    spec.it_value.tv_nsec = (long)(at % DURATION_SECOND_US) * 1000;
    int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
    if (timerfd_settime(loop->wall_fd, flags, &spec, NULL) < 0 && errno != ECANCELED)
        return error_set_errno(err, ERROR_KIND_BUG, "cannot set a timer");
    loop->wall = *options;
    loop->is_wall_set = true;
    return 0;
}

void loop_cancel_wall_timer(struct loop *loop)
{
    struct itimerspec spec = {0};
    if (loop->wall_fd >= 0)
        timerfd_settime(loop->wall_fd, 0, &spec, NULL);
    loop->is_wall_set = false;
}

/* --- signals ---------------------------------------------------------------------------------- */

static void on_signal_fd(void *owner, uint32_t events)
{
    (void)events;
    struct loop *loop = owner;
    struct signalfd_siginfo infos[LOOP_SIGNALS_PER_TURN];
    ssize_t length = read(loop->signal_fd, infos, sizeof infos);
    for (size_t i = 0; length > 0 && i < (size_t)length / sizeof *infos; i++) {
        uint32_t number = infos[i].ssi_signo;
        if (number < LOOP_SIGNALS && loop->signals[number].call != NULL) {
            struct loop_signal signal = loop->signals[number];
            signal.call(signal.owner, (int)number);
        }
    }
}

int loop_add_signal(struct loop *loop, int number, void (*call)(void *owner, int number),
                    void *owner, struct error *err)
{
    assert(number > 0 && number < LOOP_SIGNALS && loop->signals[number].call == NULL);
    sigaddset(&loop->signal_mask, number);
    if (sigprocmask(SIG_BLOCK, &loop->signal_mask, NULL) < 0)
        return error_set_errno(err, ERROR_KIND_BUG, "cannot block a signal");
    int fd = signalfd(loop->signal_fd, &loop->signal_mask, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot wait for signals");
    loop->signal_fd = fd;
    loop->signals[number] = (struct loop_signal){.call = call, .owner = owner};
    if (loop->signal_source != NULL)
        return 0;
    struct loop_fd_options options = {
        .fd = fd, .events = LOOP_READ, .call = on_signal_fd, .owner = loop};
    return loop_add_fd(loop, &options, &loop->signal_source, err);
}

/* --- hooks ------------------------------------------------------------------------------------ */

void loop_add_hook(struct loop *loop, enum loop_phase phase, struct loop_hook *hook)
{
    struct loop_hook **end = &loop->hooks[phase];
    while (*end != NULL)
        end = &(*end)->next;
    hook->next = NULL;
    *end = hook;
}

void loop_remove_hook(struct loop *loop, struct loop_hook *hook)
{
    if (loop->next_hook == hook)
        loop->next_hook = hook->next;
    for (size_t phase = 0; phase <= LOOP_PHASE_SEND; phase++) {
        struct loop_hook **place = &loop->hooks[phase];
        while (*place != NULL && *place != hook)
            place = &(*place)->next;
        if (*place == hook)
            *place = hook->next;
    }
    hook->next = NULL;
}

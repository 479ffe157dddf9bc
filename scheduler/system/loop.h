/* The event loop: epoll, signalfd, timerfd. Single-threaded.
 *
 * One turn: wait, call every ready callback, then the hooks: all of LOOP_PHASE_COMMIT, then all of
 * LOOP_PHASE_SEND. The daemon commits in the first; what talks to other processes (keeper client,
 * control server) sends what has piled up in the second, so that nothing leaves before its commit
 * and a turn costs one write per peer. Hooks run once per turn, also after a turn that only woke.
 *
 * Any callback may add and remove anything, itself included: what was removed is not called any
 * more in this turn, what was added is called from the next turn on. Callbacks must not block and
 * must not call loop_turn() or loop_run(). The loop never wakes up without a reason. */
#ifndef DATEMILL_SYSTEM_LOOP_H
#define DATEMILL_SYSTEM_LOOP_H

#include "scheduler/base/error.h"
#include "scheduler/base/instant.h"
#include "scheduler/system/loop_timer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;

int loop_open(struct loop **ret_loop, struct error *err);

/* Takes what is still added with it, closes none of the callers' descriptors; the signals of
 * loop_add_signal() stay blocked. NULL is fine. */
void loop_close(struct loop *loop);

/* Turns until loop_stop(). Fails only if the kernel refuses to wait. */
int loop_run(struct loop *loop, struct error *err);

/* One turn that waits at most `max_wait` (negative: until something happens). */
int loop_turn(struct loop *loop, struct duration max_wait, struct error *err);

/* There is something for the hooks: if nothing else happens the next turn does not wait. Needed by
 * whoever queues something outside of a turn, or in a hook; between, it costs nothing. */
void loop_want_turn(struct loop *loop);

/* The same for what LOOP_PHASE_SEND alone takes: also in a LOOP_PHASE_COMMIT it costs nothing. */
void loop_want_send(struct loop *loop);

/* loop_run() returns at the end of this turn, after its hooks. */
void loop_stop(struct loop *loop);

/* --- descriptors ------------------------------------------------------------------------------ */

#define LOOP_READ 1u  /* there is something to read, or the end */
#define LOOP_WRITE 2u /* there is room */
#define LOOP_HUP 4u   /* the other side is gone or in error; always reported, never asked for */

struct loop_fd; /* belongs to the loop from loop_add_fd() to loop_remove_fd() */

struct loop_fd_options {
    int fd;          /* stays the caller's, who closes it after loop_remove_fd() */
    uint32_t events; /* LOOP_READ | LOOP_WRITE; 0 = only LOOP_HUP */
    void (*call)(void *owner, uint32_t events); /* level-triggered */
    void *owner;
};

int loop_add_fd(struct loop *loop, const struct loop_fd_options *options, struct loop_fd **ret_fd,
                struct error *err);
void loop_change_fd(struct loop *loop, struct loop_fd *fd, uint32_t events);
void loop_remove_fd(struct loop *loop, struct loop_fd *fd); /* NULL is fine */

/* --- timers (monotonic) ----------------------------------------------------------------------- */

/* struct loop_timer is in loop_timer.h. */

/* Sets it, or sets it anew. A delay of zero or less means the next turn. */
void loop_set_timer(struct loop *loop, struct loop_timer *timer, struct duration delay);
void loop_cancel_timer(struct loop *loop, struct loop_timer *timer);
bool loop_timer_is_set(const struct loop_timer *timer);

/* --- the wall clock --------------------------------------------------------------------------- */

/* One realtime timer per loop. `call` comes when `at` is reached, and at once, with
 * `is_clock_set`, when somebody set the machine's clock: the owner then looks again at what is
 * due. It is not set any more after either. INSTANT_NEVER still tells about a set clock. */
struct loop_wall_options {
    struct instant at;
    void (*call)(void *owner, bool is_clock_set);
    void *owner;
};

int loop_set_wall_timer(struct loop *loop, const struct loop_wall_options *options,
                        struct error *err);
void loop_cancel_wall_timer(struct loop *loop);

/* --- signals ---------------------------------------------------------------------------------- */

/* Blocks the signal for the process and calls `call` when it comes. Several of the same signal may
 * come as one. A signal is added at most once. */
int loop_add_signal(struct loop *loop, int number, void (*call)(void *owner, int number),
                    void *owner, struct error *err);

/* --- end of a turn ---------------------------------------------------------------------------- */

enum loop_phase {
    LOOP_PHASE_COMMIT,
    LOOP_PHASE_SEND
};

/* A place inside its owner, as a timer. */
struct loop_hook {
    void (*call)(void *owner);
    void *owner;
    struct loop_hook *next; /* the loop's */
};

/* Hooks of a phase are called in the order in which they were added. */
void loop_add_hook(struct loop *loop, enum loop_phase phase, struct loop_hook *hook);
void loop_remove_hook(struct loop *loop, struct loop_hook *hook);

#endif

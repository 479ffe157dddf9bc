/* A task in the engine's memory. Private to this folder.
 *
 * Where a task is, besides its state:
 *
 *   phase  its attempt: none, granted, revoking (granted, and REVOKE is said), running
 *   place  which queue it stands in, when phase is none: nowhere, timer (until ready_at), ready (in
 *          the heap of its pool), parked (ready, but its run has as many open as it may), wait
 *          (among the timers, until ready_at), asked (too long: a last look is to be answered) */
#ifndef DATEMILL_ENGINE_TASK_H
#define DATEMILL_ENGINE_TASK_H

#include "scheduler/engine/action.h"

enum task_phase {
    PHASE_NONE,
    PHASE_GRANTED,
    PHASE_REVOKING,
    PHASE_RUNNING
};

enum task_place {
    PLACE_NONE,
    PLACE_TIMER,
    PLACE_READY,
    PLACE_PARKED,
    PLACE_WAIT,
    PLACE_ASKED
};

struct run;

struct task {
    struct run *run;
    uint32_t node; /* index in the run */
    uint32_t rank; /* topological position */
    uint32_t pool; /* 0 = none, else one more than the pool's index: index in engine->pools */
    int32_t priority;
    bool has_process;
    bool is_off_day;
    bool is_selected;
    bool is_on_work_list;
    bool is_chosen; /* rerun.c */
    enum task_state state;
    enum task_wish wish;
    enum task_phase phase;
    enum task_place place;

    uint32_t blockers;      /* needs in this run that do not let it go on; may start at zero */
    uint32_t bad_needs;     /* of them final ones: it is blocked while there are any */
    uint32_t external_open; /* needs outside the run that are open */

    const uint32_t *needs;      /* in run->edges */
    const uint32_t *dependents; /* same */
    uint32_t need_count;
    uint32_t dependent_count;

    struct event_wait wait;
    struct instant wait_since; /* everything else was met; 0 = it does not wait for `wait` */
    bool wait_is_over;         /* it was there, in this try */

    struct event_retry retry; /* its codes are in run->codes */
    int32_t attempts;         /* granted or started in all openings: the number of the newest one */
    int32_t tries;            /* the same in this opening */
    struct instant ready_at;  /* not before; 0 = at once; with wait_since: its timeout */
    int64_t attempt_id;       /* of the open attempt; 0 = none */

    struct instant queued_at; /* ready since then */
    int64_t queued_before;    /* the attempt id that was next then */
    uint64_t queued_step;     /* of the engine */
    uint64_t timer_step;      /* in which its pause was over */
    uint64_t met_step;        /* in which the last need was met … */
    uint32_t met_need;        /* … which was this node */
    enum start_cause queued_cause;

    size_t heap_index; /* in the heap that `place` names */
    struct task *work_next;
    struct task *chosen_next; /* rerun.c */
};

#endif

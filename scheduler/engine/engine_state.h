/* What the engine remembers. Private to this folder.
 *
 * One step goes: the event changes tasks (attempt.c, operate.c, run_add.c); each task whose
 * situation may have changed is put on the work list; settle.c takes them from the list until it
 * is empty; grant.c hands out attempts; run states are derived and recorded. */
#ifndef DATEMILL_ENGINE_ENGINE_STATE_H
#define DATEMILL_ENGINE_ENGINE_STATE_H

#include "scheduler/engine/action.h"
#include "scheduler/engine/event.h"
#include "scheduler/engine/task.h"
#include "scheduler/engine/task_heap.h"

#define REVOKED_DELAY_US DURATION_SECOND_US /* before a grant that the keeper gave back unasked */

struct run {
    int64_t run_id;
    int32_t priority;
    int32_t parallel; /* 0 = no limit */
    int32_t opening;
    enum run_hold hold;
    enum run_state state; /* as last recorded */
    bool has_started;     /* was recorded as something else than waiting at some time */
    bool is_dirty;        /* on the list of runs whose state may have changed */
    bool must_record;     /* also if the state is the same: a new opening */
    uint32_t open;        /* attempts granted or running */
    uint32_t counts[TASK_STATE_COUNT];
    struct task *tasks;
    size_t task_count;
    uint32_t *edges; /* needs and dependents of all tasks */
    int32_t *codes;
    struct task_heap *parked; /* per pool, as engine->pools; NULL without `parallel` */
    uint32_t *ready_count;    /* per pool: tasks of this run in the engine's heap; same */
    size_t parked_count;      /* entries in these two */
    struct run *dirty_next;
};

struct pool {
    struct task_heap ready;
    uint32_t size;    /* places; UINT32_MAX for [0], which is no pool */
    uint32_t used;    /* attempts granted or running */
    uint32_t granted; /* of them in phase granted */
};

struct engine {
    bool has_begun;
    int32_t slots;
    int32_t grant_ahead;
    int64_t next_attempt_id;

    struct run **runs; /* sorted by run_id */
    size_t run_count;
    size_t run_capacity;

    struct pool *pools; /* [0]: tasks without a pool */
    size_t pool_count;  /* with [0] */
    struct task_heap timers;

    struct task **open; /* open attempts, sorted by attempt_id */
    size_t open_count;
    size_t open_capacity;
    uint32_t granted_count[ENGINE_MAX_PRIORITY + 1]; /* in phase granted, by the run's priority */
    size_t running_count;

    struct task *work_first; /* tasks to settle */
    struct task *work_last;
    struct run *dirty_first;

    uint64_t step_number;

    /* valid during a step */
    enum event_kind event_kind;
    struct { /* the attempt that was closed last; id 0 = none */
        int64_t attempt_id;
        int64_t run_id;
        uint32_t pool;
    } freed;
    struct instant now;
    struct action_list *actions;
};

/* The loaded run with that id, or NULL; where it is in engine->runs, or would be (runs.c). */
struct run *runs_find(const struct engine *engine, int64_t run_id);
size_t runs_position(const struct engine *engine, int64_t run_id);

#endif

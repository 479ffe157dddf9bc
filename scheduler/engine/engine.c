#include "scheduler/engine/engine.h"

#include "scheduler/base/memory.h"
#include "scheduler/engine/grant.h"
#include "scheduler/engine/handlers.h"
#include "scheduler/engine/open.h"
#include "scheduler/engine/ready.h"
#include "scheduler/engine/settle.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void init_pool(struct pool *pool, uint32_t size)
{
    *pool = (struct pool){.size = size};
    task_heap_init(&pool->ready, ready_is_before);
}

struct engine *engine_new(const struct engine_options *options)
{
    assert(options->next_attempt_id >= 1 && options->grant_ahead >= 0);
    struct engine *engine = memory_new(1, sizeof *engine);
    engine->next_attempt_id = options->next_attempt_id;
    engine->grant_ahead = options->grant_ahead;
    engine->slots = 1;
    engine->pools = memory_new(1, sizeof *engine->pools);
    engine->pool_count = 1;
    init_pool(&engine->pools[0], UINT32_MAX);
    task_heap_init(&engine->timers, ready_timer_is_before);
    open_reserve(engine, (size_t)engine->slots + (size_t)engine->grant_ahead);
    return engine;
}

void engine_free(struct engine *engine)
{
    if (engine == NULL)
        return;
    for (size_t i = 0; i < engine->run_count; i++)
        run_free(engine->runs[i]);
    for (size_t i = 0; i < engine->pool_count; i++)
        task_heap_free(&engine->pools[i].ready);
    task_heap_free(&engine->timers);
    free(engine->runs);
    free(engine->pools);
    free(engine->open);
    free(engine);
}

static int set_capacity(struct engine *engine, const struct event *event, struct error *err)
{
    size_t count = event->capacity.pool_count + 1;
    int32_t slots = event->capacity.slots;
    if (slots < 1 || slots > ENGINE_MAX_SLOTS)
        return error_set(err, ERROR_KIND_INVALID, "%" PRId32 " slots: must be 1 to %d", slots,
                         ENGINE_MAX_SLOTS);
    if (count < engine->pool_count || count > ENGINE_MAX_POOLS + 1)
        return error_set(err, ERROR_KIND_INVALID, "%zu pools after %zu", count - 1,
                         engine->pool_count - 1);
    for (size_t i = 1; i < count; i++) {
        if (event->capacity.pools[i - 1] < 1)
            return error_set(err, ERROR_KIND_INVALID, "pool %zu has no places", i - 1);
    }
    engine->slots = slots;
    open_reserve(engine, engine->open_count + (size_t)slots + (size_t)engine->grant_ahead);
    engine->pools = memory_resize(engine->pools, count, sizeof *engine->pools);
    for (; engine->pool_count < count; engine->pool_count++)
        init_pool(&engine->pools[engine->pool_count], 1);
    for (size_t i = 1; i < count; i++)
        engine->pools[i].size = (uint32_t)event->capacity.pools[i - 1];
    return 0;
}

static int set_hold(struct engine *engine, const struct event *event, struct error *err)
{
    struct run *run = runs_find(engine, event->run_id);
    if (run == NULL)
        return error_set(err, ERROR_KIND_NOT_FOUND, "run %" PRId64 " is not open", event->run_id);
    enum run_hold hold = event->kind == EVENT_RELEASE ? RUN_HOLD_NONE : event->hold;
    if (hold == run->hold)
        return 0;
    run->hold = hold;
    settle_run_later(engine, run);
    return 0;
}

static int set_external(struct engine *engine, const struct event *event, struct error *err)
{
    struct run *run = runs_find(engine, event->run_id);
    if (run == NULL || event->node >= run->task_count)
        return error_set(err, ERROR_KIND_NOT_FOUND, "run %" PRId64 " has no node %" PRIu32,
                         event->run_id, event->node);
    struct task *task = &run->tasks[event->node];
    task->external_open = event->external_open;
    settle_later(engine, task);
    return 0;
}

static int looked(struct engine *engine, const struct event *event, struct error *err)
{
    struct run *run = runs_find(engine, event->run_id);
    if (run == NULL || event->node >= run->task_count)
        return error_set(err, ERROR_KIND_NOT_FOUND, "run %" PRId64 " has no node %" PRIu32,
                         event->run_id, event->node);
    settle_look(engine, &run->tasks[event->node], event->is_there);
    return 0;
}

/* Whoever was to be stopped before a crash is told (again): the order may never have arrived. */
static void begin(struct engine *engine)
{
    engine->has_begun = true;
    for (size_t i = 0; i < engine->open_count; i++) {
        const struct task *task = engine->open[i];
        if (task->phase == PHASE_RUNNING && open_wants_stop(task->wish))
            open_order(engine, ACTION_STOP, task);
    }
    for (size_t i = 0; i < engine->run_count; i++)
        settle_run_later(engine, engine->runs[i]);
}

/* What waits for a time waits as long as it would have: the time moves with the clock. */
static void set_clock(struct engine *engine, struct duration by)
{
    for (size_t i = 0; i < engine->run_count && by.us != 0; i++) {
        struct run *run = engine->runs[i];
        for (size_t node = 0; node < run->task_count; node++) {
            struct task *task = &run->tasks[node];
            if (task->ready_at.us == 0)
                continue;
            task->ready_at = instant_add(task->ready_at, by);
            bool is_waiting = settle_waits(task);
            if (is_waiting)
                task->wait_since = instant_add(task->wait_since, by);
            if (task->place == PLACE_TIMER || is_waiting)
                settle_record(
                    engine, task,
                    &(struct task_cause){.why = is_waiting ? TASK_WHY_WAIT : TASK_WHY_RETRY,
                                         .at = engine->now});
        }
    }
}

static int handle(struct engine *engine, const struct event *event, struct error *err)
{
    switch (event->kind) {
    case EVENT_BEGIN:
        begin(engine);
        return 0;
    case EVENT_TIME:
        set_clock(engine, event->clock_set_by);
        return 0;
    case EVENT_RUN_ADDED:
        return run_add(engine, event->run, err);
    case EVENT_ATTEMPT_STARTED:
        return attempt_started(engine, event, err);
    case EVENT_ATTEMPT_ENDED:
        return attempt_ended(engine, event, err);
    case EVENT_ATTEMPT_REVOKED:
        return attempt_revoked(engine, event, err);
    case EVENT_ATTEMPT_QUEUED:
    case EVENT_ATTEMPT_UNKNOWN:
        return attempt_seen(engine, event, err);
    case EVENT_STOP_RUN:
        return operate_stop(engine, event, err);
    case EVENT_RERUN:
        return operate_rerun(engine, event, err);
    case EVENT_SKIP:
        return operate_skip(engine, event, err);
    case EVENT_MARK:
        return operate_mark(engine, event, err);
    case EVENT_FREEZE:
        return operate_freeze(engine, event, err);
    case EVENT_UNFREEZE:
        return operate_unfreeze(engine, event, err);
    case EVENT_NEEDS_MET:
        return set_external(engine, event, err);
    case EVENT_LOOKED:
        return looked(engine, event, err);
    case EVENT_HOLD:
    case EVENT_RELEASE:
        return set_hold(engine, event, err);
    case EVENT_SET_CAPACITY:
        return set_capacity(engine, event, err);
    case EVENT_RUN_FORGET:
        return run_forget(engine, event, err);
    }
    return error_set(err, ERROR_KIND_BUG, "event %d does not exist", (int)event->kind);
}

int engine_step(struct engine *engine, const struct event *event, struct action_list *actions,
                struct error *err)
{
    engine->now = event->now;
    engine->actions = actions;
    engine->step_number++;
    engine->event_kind = event->kind;
    engine->freed.attempt_id = 0;
    int result = handle(engine, event, err);
    if (result == 0) {
        settle_all(engine);
        grant_drive(engine);
        settle_runs(engine);
    }
    engine->actions = NULL;
    return result;
}

struct instant engine_next_wakeup(const struct engine *engine)
{
    const struct task *first = task_heap_first(&engine->timers);
    return first == NULL ? INSTANT_NEVER : first->ready_at;
}

#include "scheduler/engine/engine.h"

#include "scheduler/base/memory.h"
#include "scheduler/engine/ready.h"
#include "scheduler/engine/settle.h"

#include <inttypes.h>
#include <stdlib.h>

static struct engine_reason *add(struct engine_reasons *reasons, enum engine_reason_kind kind)
{
    reasons->items =
        memory_grow(reasons->items, reasons->count, &reasons->capacity, sizeof *reasons->items);
    struct engine_reason *reason = &reasons->items[reasons->count];
    reasons->count++;
    *reason = (struct engine_reason){.kind = kind};
    return reason;
}

static void add_upstream(const struct task *task, struct engine_reasons *reasons)
{
    for (uint32_t i = 0; i < task->need_count; i++) {
        const struct task *need = &task->run->tasks[task->needs[i]];
        if (task_states[need->state].lets_go_on)
            continue;
        struct engine_reason *reason = add(reasons, ENGINE_REASON_UPSTREAM);
        reason->run_id = need->run->run_id;
        reason->node = need->node;
        reason->state = need->state;
    }
}

/* Ready tasks of all pools that come before it. */
static size_t count_ready_before(const struct engine *engine, const struct task *task)
{
    size_t before = 0;
    for (size_t i = 0; i < engine->pool_count; i++) {
        const struct task_heap *ready = &engine->pools[i].ready;
        for (size_t j = 0; j < ready->count; j++)
            before += ready_is_before(ready->items[j], task);
    }
    return before;
}

static size_t count_granted_before(const struct engine *engine, int64_t attempt_id)
{
    size_t before = 0;
    for (size_t i = 0; i < engine->open_count; i++) {
        const struct task *task = engine->open[i];
        before += task->phase != PHASE_RUNNING && task->attempt_id < attempt_id;
    }
    return before;
}

static void add_queue(const struct engine *engine, const struct task *task,
                      struct engine_reasons *reasons)
{
    struct engine_reason *reason = add(reasons, ENGINE_REASON_SLOT);
    reason->is_granted = task->phase != PHASE_NONE;
    if (reason->is_granted) {
        reason->count = count_granted_before(engine, task->attempt_id);
        return;
    }
    reason->count = count_granted_before(engine, INT64_MAX) + count_ready_before(engine, task);
}

static void add_pool(const struct engine *engine, const struct task *task,
                     struct engine_reasons *reasons)
{
    const struct pool *pool = &engine->pools[task->pool];
    if (task->pool == 0 || pool->used < pool->size)
        return;
    for (size_t i = 0; i < engine->open_count; i++) {
        const struct task *holder = engine->open[i];
        if (holder->pool != task->pool)
            continue;
        struct engine_reason *reason = add(reasons, ENGINE_REASON_POOL);
        reason->pool = task->pool - 1;
        reason->run_id = holder->run->run_id;
        reason->node = holder->node;
    }
}

static void add_limits(const struct engine *engine, const struct task *task,
                       struct engine_reasons *reasons)
{
    const struct run *run = task->run;
    if (!engine->has_begun)
        add(reasons, ENGINE_REASON_RECOVERING);
    if (task->place != PLACE_READY && task->place != PLACE_PARKED && task->phase == PHASE_NONE)
        return;
    if (task->phase == PHASE_NONE) {
        size_t count = reasons->count;
        add_pool(engine, task, reasons);
        if (run->parallel > 0 && run->open >= (uint32_t)run->parallel)
            add(reasons, ENGINE_REASON_PARALLEL)->count = run->open;
        if (reasons->count > count && engine->open_count < (size_t)engine->slots)
            return; /* a slot is free, and of no use to it */
    }
    add_queue(engine, task, reasons);
}

static void explain_waiting(const struct engine *engine, const struct task *task,
                            struct engine_reasons *reasons)
{
    if (task->wish != TASK_WISH_NONE)
        add(reasons, ENGINE_REASON_WISH)->wish = task->wish;
    add_upstream(task, reasons);
    if (task->external_open > 0)
        add(reasons, ENGINE_REASON_EXTERNAL)->count = task->external_open;
    if (task->run->hold != RUN_HOLD_NONE)
        add(reasons, ENGINE_REASON_HELD)->hold = task->run->hold;
    if (settle_waits(task)) {
        struct engine_reason *reason = add(reasons, ENGINE_REASON_WAIT);
        reason->since = task->wait_since;
        reason->at = task->ready_at;
    } else if (task->phase == PHASE_NONE && instant_compare(task->ready_at, engine->now) > 0) {
        add(reasons, ENGINE_REASON_RETRY)->at = task->ready_at;
    }
    add_limits(engine, task, reasons);
}

static int find(const struct engine *engine, int64_t run_id, uint32_t node,
                const struct task **ret_task, struct error *err)
{
    const struct run *run = runs_find(engine, run_id);
    if (run == NULL || node >= run->task_count)
        return error_set(err, ERROR_KIND_NOT_FOUND, "run %" PRId64 " has no node %" PRIu32, run_id,
                         node);
    *ret_task = &run->tasks[node];
    return 0;
}

int engine_explain(const struct engine *engine, int64_t run_id, uint32_t node,
                   struct engine_reasons *reasons, struct error *err)
{
    const struct task *task;
    if (find(engine, run_id, node, &task, err) < 0)
        return -1;
    reasons->count = 0;
    switch (task->state) {
    case TASK_WAITING:
        explain_waiting(engine, task, reasons);
        break;
    case TASK_BLOCKED:
        add_upstream(task, reasons);
        break;
    case TASK_FROZEN:
        add(reasons, ENGINE_REASON_FROZEN);
        break;
    case TASK_RUNNING:
    case TASK_SUCCESS:
    case TASK_FAILED:
    case TASK_STOPPED:
    case TASK_SKIPPED:
        break;
    }
    return 0;
}

void engine_reasons_free(struct engine_reasons *reasons)
{
    free(reasons->items);
    *reasons = (struct engine_reasons){0};
}

int engine_look(const struct engine *engine, int64_t run_id, uint32_t node,
                struct engine_task *ret_task, struct error *err)
{
    const struct task *task;
    if (find(engine, run_id, node, &task, err) < 0)
        return -1;
    *ret_task = (struct engine_task){
        .state = task->state,
        .reason = settle_reason(engine, task),
        .wish = task->wish,
        .attempts = task->attempts,
        .tries = task->tries,
        .ready_at = task->ready_at,
        .wait_since = settle_waits(task) ? task->wait_since : (struct instant){0},
        .is_looked_for = task->place == PLACE_WAIT || task->place == PLACE_ASKED,
        .attempt_id = task->attempt_id,
        .is_granted = task->phase == PHASE_GRANTED || task->phase == PHASE_REVOKING};
    return 0;
}

int engine_look_run(const struct engine *engine, int64_t run_id, struct engine_run_facts *ret_facts,
                    struct error *err)
{
    const struct run *run = runs_find(engine, run_id);
    if (run == NULL)
        return error_set(err, ERROR_KIND_NOT_FOUND, "run %" PRId64 " is not open", run_id);
    *ret_facts = (struct engine_run_facts){.state = run->state,
                                           .hold = run->hold,
                                           .opening = run->opening,
                                           .open_attempts = run->open};
    for (size_t i = 0; i < TASK_STATE_COUNT; i++)
        ret_facts->counts[i] = run->counts[i];
    return 0;
}

uint32_t engine_pool_used(const struct engine *engine, size_t pool)
{
    return pool + 1 < engine->pool_count ? engine->pools[pool + 1].used : 0;
}

struct engine_counts engine_count(const struct engine *engine)
{
    struct engine_counts counts = {.runs = engine->run_count,
                                   .running = engine->running_count,
                                   .granted = engine->open_count - engine->running_count,
                                   .next_attempt_id = engine->next_attempt_id};
    for (size_t i = 0; i < engine->run_count; i++) {
        const struct run *run = engine->runs[i];
        counts.open_runs += !run_state_is_final(run->state);
        for (size_t j = 0; j < run->parked_count; j++)
            counts.ready += run->parked[j].count;
    }
    for (size_t i = 0; i < engine->pool_count; i++)
        counts.ready += engine->pools[i].ready.count;
    return counts;
}

struct engine_open_attempt *engine_open_attempts(const struct engine *engine, size_t *ret_count)
{
    *ret_count = engine->open_count;
    if (engine->open_count == 0)
        return NULL;
    struct engine_open_attempt *list = memory_new(engine->open_count, sizeof *list);
    for (size_t i = 0; i < engine->open_count; i++) {
        const struct task *task = engine->open[i];
        list[i] = (struct engine_open_attempt){.attempt_id = task->attempt_id,
                                               .run_id = task->run->run_id,
                                               .node = task->node,
                                               .is_running = task->phase == PHASE_RUNNING};
    }
    return list;
}

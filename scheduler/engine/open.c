#include "scheduler/engine/open.h"

#include "scheduler/base/memory.h"
#include "scheduler/engine/ready.h"

#include <assert.h>
#include <string.h>

static size_t open_position(const struct engine *engine, int64_t attempt_id)
{
    size_t low = 0;
    size_t high = engine->open_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (engine->open[middle]->attempt_id < attempt_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct task *open_find(const struct engine *engine, int64_t attempt_id)
{
    size_t position = open_position(engine, attempt_id);
    if (position == engine->open_count || engine->open[position]->attempt_id != attempt_id)
        return NULL;
    return engine->open[position];
}

void open_reserve(struct engine *engine, size_t count)
{
    if (count <= engine->open_capacity)
        return;
    engine->open = memory_resize(engine->open, count, sizeof(struct task *));
    engine->open_capacity = count;
}

void open_order(struct engine *engine, enum action_kind kind, const struct task *task)
{
    struct action *action = action_list_add(engine->actions, kind);
    action->order.attempt_id = task->attempt_id;
    action->order.run_id = task->run->run_id;
    action->order.node = task->node;
    action->order.number = task->attempts;
    action->order.is_kill = kind == ACTION_STOP && task->wish == TASK_WISH_KILL;
}

bool open_wants_stop(enum task_wish wish)
{
    return wish != TASK_WISH_NONE && wish != TASK_WISH_FREEZE;
}

void open_set_phase(struct engine *engine, struct task *task, enum task_phase phase)
{
    struct pool *pool = &engine->pools[task->pool];
    if (task->phase == PHASE_GRANTED) {
        engine->granted_count[task->run->priority]--;
        pool->granted--;
    }
    engine->running_count -= task->phase == PHASE_RUNNING;
    task->phase = phase;
    if (phase == PHASE_GRANTED) {
        engine->granted_count[task->run->priority]++;
        pool->granted++;
    }
    engine->running_count += phase == PHASE_RUNNING;
}

void open_add(struct engine *engine, struct task *task, int64_t attempt_id, enum task_phase phase)
{
    assert(task->phase == PHASE_NONE && engine->open_count < engine->open_capacity);
    size_t position = open_position(engine, attempt_id);
    memmove(&engine->open[position + 1], &engine->open[position],
            (engine->open_count - position) * sizeof(struct task *));
    engine->open[position] = task;
    engine->open_count++;
    engine->pools[task->pool].used++;
    task->run->open++;
    task->attempt_id = attempt_id;
    open_set_phase(engine, task, phase);
}

void open_close(struct engine *engine, struct task *task)
{
    size_t position = open_position(engine, task->attempt_id);
    assert(engine->open[position] == task);
    engine->open_count--;
    memmove(&engine->open[position], &engine->open[position + 1],
            (engine->open_count - position) * sizeof(struct task *));
    engine->pools[task->pool].used--;
    task->run->open--;
    if (engine->event_kind == EVENT_ATTEMPT_ENDED)
        engine->freed.attempt_id = task->attempt_id;
    engine->freed.run_id = task->run->run_id;
    engine->freed.pool = task->pool;
    open_set_phase(engine, task, PHASE_NONE);
    task->attempt_id = 0;
    ready_unpark(engine, task->run);
}

void open_revoke(struct engine *engine, struct task *task)
{
    assert(task->phase == PHASE_GRANTED);
    open_set_phase(engine, task, PHASE_REVOKING);
    open_order(engine, ACTION_REVOKE, task);
}

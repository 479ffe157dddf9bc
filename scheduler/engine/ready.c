#include "scheduler/engine/ready.h"

#include <assert.h>

bool ready_is_before(const struct task *a, const struct task *b)
{
    if (a->run->priority != b->run->priority)
        return a->run->priority > b->run->priority;
    if (a->priority != b->priority)
        return a->priority > b->priority;
    if (a->run->run_id != b->run->run_id)
        return a->run->run_id < b->run->run_id;
    return a->rank < b->rank;
}

bool ready_timer_is_before(const struct task *a, const struct task *b)
{
    int order = instant_compare(a->ready_at, b->ready_at);
    return order != 0 ? order < 0 : ready_is_before(a, b);
}

static bool has_limit(const struct run *run)
{
    return run->parallel > 0;
}

static bool is_at_limit(const struct run *run)
{
    return has_limit(run) && run->open >= (uint32_t)run->parallel;
}

void ready_add(struct engine *engine, struct task *task)
{
    assert(task->place == PLACE_READY);
    task_heap_add(&engine->pools[task->pool].ready, task);
    if (has_limit(task->run))
        task->run->ready_count[task->pool]++;
}

static void remove_ready(struct engine *engine, struct task *task)
{
    task_heap_remove(&engine->pools[task->pool].ready, task);
    if (has_limit(task->run))
        task->run->ready_count[task->pool]--;
}

void ready_remove(struct engine *engine, struct task *task)
{
    if (task->place == PLACE_PARKED) {
        task_heap_remove(&task->run->parked[task->pool], task);
        return;
    }
    assert(task->place == PLACE_READY);
    remove_ready(engine, task);
}

struct task *ready_first(struct engine *engine, struct pool *pool)
{
    struct task *task = task_heap_first(&pool->ready);
    while (task != NULL && is_at_limit(task->run)) {
        remove_ready(engine, task);
        task->place = PLACE_PARKED;
        task_heap_add(&task->run->parked[task->pool], task);
        task = task_heap_first(&pool->ready);
    }
    return task;
}

/* Below its limit, a run with parked tasks of a pool has its best one in that pool's heap: more
 * would only have to be parked again. */
void ready_unpark(struct engine *engine, struct run *run)
{
    if (!has_limit(run) || is_at_limit(run))
        return;
    for (size_t i = 0; i < run->parked_count; i++) {
        struct task *task = task_heap_first(&run->parked[i]);
        if (task == NULL || run->ready_count[i] > 0)
            continue;
        task_heap_remove(&run->parked[i], task);
        task->place = PLACE_READY;
        ready_add(engine, task);
    }
}

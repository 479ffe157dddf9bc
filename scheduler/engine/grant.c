#include "scheduler/engine/grant.h"

#include "scheduler/engine/open.h"
#include "scheduler/engine/ready.h"
#include "scheduler/engine/settle.h"

#include <assert.h>

/* The place that it takes was free in this step at the earliest: what kept it away? */
static enum start_wait wait_of(const struct engine *engine, const struct task *task)
{
    const struct pool *pool = &engine->pools[task->pool];
    const struct run *run = task->run;
    if (task->queued_step == engine->step_number)
        return START_WAIT_NONE;
    if (engine->event_kind == EVENT_BEGIN)
        return START_WAIT_ENGINE;
    if (engine->event_kind == EVENT_SET_CAPACITY)
        return START_WAIT_SETTING;
    if (engine->freed.attempt_id == 0)
        return START_WAIT_SLOT;
    if (task->pool != 0 && task->pool == engine->freed.pool && pool->used >= pool->size)
        return START_WAIT_POOL;
    if (run->parallel > 0 && run->run_id == engine->freed.run_id &&
        run->open >= (uint32_t)run->parallel)
        return START_WAIT_RUN;
    return START_WAIT_SLOT;
}

static struct attempt_start start_of(const struct engine *engine, const struct task *task)
{
    enum start_wait wait = wait_of(engine, task);
    bool has_place = wait == START_WAIT_SLOT || wait == START_WAIT_POOL || wait == START_WAIT_RUN;
    return (struct attempt_start){.ready = task->queued_at,
                                  .cause = task->queued_cause,
                                  .need = task->met_need,
                                  .wait = wait,
                                  .freed_by = has_place ? engine->freed.attempt_id : 0,
                                  .overtaken = task->attempt_id - task->queued_before};
}

static void grant(struct engine *engine, struct task *task)
{
    settle_place(engine, task, PLACE_NONE);
    task->attempts++;
    task->tries++;
    open_add(engine, task, engine->next_attempt_id, PHASE_GRANTED);
    engine->next_attempt_id++;
    ready_unpark(engine, task->run);
    struct action *action = action_list_add(engine->actions, ACTION_RECORD_ATTEMPT);
    action->attempt = (struct record_attempt){.attempt_id = task->attempt_id,
                                              .run_id = task->run->run_id,
                                              .node = task->node,
                                              .number = task->attempts,
                                              .state = ATTEMPT_GRANTED,
                                              .start = start_of(engine, task),
                                              .at = engine->now};
    open_order(engine, ACTION_GRANT, task);
}

/* The best of all ready tasks; those of full pools only if a revoke may free a place. */
static struct task *best_task(struct engine *engine, bool after_revoke)
{
    struct task *best = NULL;
    for (size_t i = 0; i < engine->pool_count; i++) {
        struct pool *pool = &engine->pools[i];
        if (pool->ready.count == 0)
            continue;
        if (pool->used >= pool->size && !(after_revoke && pool->granted > 0))
            continue;
        struct task *task = ready_first(engine, pool);
        if (task != NULL && (best == NULL || ready_is_before(task, best)))
            best = task;
    }
    return best;
}

/* Whoever waits at the keeper is taken back if a run outranks all of them. */
static void revoke_outranked(struct engine *engine)
{
    int32_t highest = ENGINE_MAX_PRIORITY;
    while (highest > 0 && engine->granted_count[highest] == 0)
        highest--;
    if (highest == 0)
        return;
    const struct task *best = best_task(engine, true);
    if (best == NULL || best->run->priority <= highest)
        return;
    for (size_t i = 0; i < engine->open_count; i++) {
        if (engine->open[i]->phase == PHASE_GRANTED)
            open_revoke(engine, engine->open[i]);
    }
}

void grant_drive(struct engine *engine)
{
    if (!engine->has_begun)
        return;
    revoke_outranked(engine);
    size_t limit = (size_t)engine->slots + (size_t)engine->grant_ahead;
    while (engine->open_count < limit) {
        struct task *task = best_task(engine, false);
        if (task == NULL)
            return;
        grant(engine, task);
    }
}

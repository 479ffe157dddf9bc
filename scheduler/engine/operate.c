/* What people ask for: stop, skip, mark, freeze, unfreeze. */
#include "scheduler/engine/handlers.h"
#include "scheduler/engine/open.h"
#include "scheduler/engine/settle.h"

#include <inttypes.h>

static int find_node(const struct engine *engine, const struct event *event, struct task **ret_task,
                     struct error *err)
{
    struct run *run = runs_find(engine, event->run_id);
    if (run == NULL)
        return error_set(err, ERROR_KIND_NOT_FOUND, "run %" PRId64 " is not open", event->run_id);
    if (event->node >= run->task_count)
        return error_set(err, ERROR_KIND_NOT_FOUND, "run %" PRId64 " has no node %" PRIu32,
                         event->run_id, event->node);
    *ret_task = &run->tasks[event->node];
    return 0;
}

/* Notes the wish of a task whose attempt is open. The attempt is taken back if it has not started,
 * and ended if it runs and the wish cannot be had otherwise. */
static void wish(struct engine *engine, struct task *task, enum task_wish asked, enum task_why why)
{
    task->wish = asked;
    settle_record(engine, task, &(struct task_cause){.why = why, .at = engine->now});
    if (task->phase == PHASE_GRANTED)
        open_revoke(engine, task);
    else if (task->phase == PHASE_RUNNING && open_wants_stop(asked))
        open_order(engine, ACTION_STOP, task);
}

/* A kill follows a stop; what was asked for before (skip, mark) ends the attempt too and stays. */
static void stop_open(struct engine *engine, struct task *task, bool is_kill)
{
    enum task_wish asked = is_kill ? TASK_WISH_KILL : TASK_WISH_STOP;
    if (!open_wants_stop(task->wish) || (task->wish == TASK_WISH_STOP && is_kill))
        wish(engine, task, asked, TASK_WHY_STOP);
    else if (task->phase == PHASE_RUNNING)
        open_order(engine, ACTION_STOP, task);
}

int operate_stop(struct engine *engine, const struct event *event, struct error *err)
{
    struct run *run = runs_find(engine, event->run_id);
    if (run == NULL)
        return error_set(err, ERROR_KIND_NOT_FOUND, "run %" PRId64 " is not open", event->run_id);
    for (size_t i = 0; i < run->task_count; i++) {
        struct task *task = &run->tasks[i];
        if (task->phase != PHASE_NONE)
            stop_open(engine, task, event->is_kill);
        else if (task->state == TASK_WAITING)
            settle_state(engine, task, TASK_STOPPED, TASK_WHY_STOP);
    }
    return 0;
}

static int refuse(struct error *err, const struct task *task, const char *what)
{
    return error_set(err, ERROR_KIND_REFUSED, "a node that is %s cannot be %s",
                     task_state_name(task->state), what);
}

int operate_skip(struct engine *engine, const struct event *event, struct error *err)
{
    struct task *task;
    if (find_node(engine, event, &task, err) < 0)
        return -1;
    if (task->state == TASK_SKIPPED)
        return 0;
    if (!task_state_may_follow(task->state, TASK_SKIPPED))
        return refuse(err, task, "skipped");
    if (task->phase != PHASE_NONE)
        wish(engine, task, TASK_WISH_SKIP, TASK_WHY_SKIP);
    else
        settle_state(engine, task, TASK_SKIPPED, TASK_WHY_SKIP);
    return 0;
}

int operate_mark(struct engine *engine, const struct event *event, struct error *err)
{
    struct task *task;
    enum task_state state = event->is_success ? TASK_SUCCESS : TASK_FAILED;
    if (find_node(engine, event, &task, err) < 0)
        return -1;
    if (task->state == state)
        return 0;
    if (!task_state_may_follow(task->state, state))
        return refuse(err, task, "marked");
    if (task->phase != PHASE_NONE)
        wish(engine, task, event->is_success ? TASK_WISH_MARK_SUCCESS : TASK_WISH_MARK_FAILED,
             TASK_WHY_MARK);
    else
        settle_state(engine, task, state, TASK_WHY_MARK);
    return 0;
}

int operate_freeze(struct engine *engine, const struct event *event, struct error *err)
{
    struct task *task;
    if (find_node(engine, event, &task, err) < 0)
        return -1;
    if (task->state == TASK_FROZEN || task->wish == TASK_WISH_FREEZE)
        return 0;
    if (task->phase != PHASE_NONE) {
        if (task->wish != TASK_WISH_NONE)
            return refuse(err, task, "frozen: something else is asked for already");
        wish(engine, task, TASK_WISH_FREEZE, TASK_WHY_FREEZE);
        return 0;
    }
    if (!task_state_may_follow(task->state, TASK_FROZEN))
        return refuse(err, task, "frozen");
    settle_state(engine, task, TASK_FROZEN, TASK_WHY_FREEZE);
    return 0;
}

int operate_unfreeze(struct engine *engine, const struct event *event, struct error *err)
{
    struct task *task;
    if (find_node(engine, event, &task, err) < 0)
        return -1;
    if (task->wish == TASK_WISH_FREEZE) {
        task->wish = TASK_WISH_NONE;
        settle_record(engine, task,
                      &(struct task_cause){.why = TASK_WHY_UNFREEZE, .at = engine->now});
    } else if (task->state == TASK_FROZEN) {
        settle_forget_wait(task);
        task->ready_at = (struct instant){0}; /* whoever lets it go does not wait for a retry */
        settle_state(engine, task, TASK_WAITING, TASK_WHY_UNFREEZE);
    }
    return 0;
}

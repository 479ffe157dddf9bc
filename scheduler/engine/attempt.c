#include "scheduler/engine/handlers.h"
#include "scheduler/engine/open.h"
#include "scheduler/engine/retry.h"
#include "scheduler/engine/settle.h"

#include <inttypes.h>

/* The task whose open attempt it is. 0 with NULL: settled before, nothing to do. */
static int find_task(const struct engine *engine, int64_t attempt_id, struct task **ret_task,
                     struct error *err)
{
    if (attempt_id <= 0 || attempt_id >= engine->next_attempt_id)
        return error_set(err, ERROR_KIND_BUG, "attempt %" PRId64 " was never granted", attempt_id);
    *ret_task = open_find(engine, attempt_id);
    return 0;
}

static void note_start(struct engine *engine, struct run *run)
{
    run->has_started = true;
    settle_run_dirty(engine, run);
}

static struct record_attempt *record_attempt(struct engine *engine, const struct task *task,
                                             enum attempt_state state, struct instant at)
{
    struct action *action = action_list_add(engine->actions, ACTION_RECORD_ATTEMPT);
    action->attempt = (struct record_attempt){.attempt_id = task->attempt_id,
                                              .run_id = task->run->run_id,
                                              .node = task->node,
                                              .number = task->attempts,
                                              .state = state,
                                              .at = at};
    return &action->attempt;
}

int attempt_started(struct engine *engine, const struct event *event, struct error *err)
{
    struct task *task;
    if (find_task(engine, event->attempt.id, &task, err) < 0)
        return -1;
    if (task == NULL)
        return 0;
    if (task->phase != PHASE_RUNNING) {
        open_set_phase(engine, task, PHASE_RUNNING);
        note_start(engine, task->run);
        task->ready_at = (struct instant){0};
        record_attempt(engine, task, ATTEMPT_RUNNING, event->attempt.at);
        settle_attempt_state(engine, task, TASK_RUNNING,
                             &(struct task_cause){.why = TASK_WHY_STARTED,
                                                  .at = event->attempt.at,
                                                  .attempt_id = task->attempt_id});
    }
    if (open_wants_stop(task->wish))
        open_order(engine, ACTION_STOP, task);
    return 0;
}

/* What becomes of a task whose attempt did not succeed: a retry, or the end. */
static void settle_failure(struct engine *engine, struct task *task, struct attempt_outcome outcome,
                           struct task_cause *cause)
{
    enum task_wish wish = task->wish;
    task->wish = TASK_WISH_NONE;
    enum task_state state = TASK_FAILED;
    if (outcome.end == ATTEMPT_END_STOPPED) {
        state = TASK_STOPPED;
    } else if (retry_allows(&task->retry, outcome, task->tries)) {
        task->ready_at = instant_add(engine->now, retry_delay(&task->retry, task->tries));
        state = TASK_WAITING;
        cause->why = TASK_WHY_RETRY;
        if (wish == TASK_WISH_FREEZE) {
            state = TASK_FROZEN;
            cause->why = TASK_WHY_FREEZE;
        } else if (wish != TASK_WISH_NONE) {
            state = TASK_STOPPED;
            cause->why = TASK_WHY_STOP;
            task->ready_at = (struct instant){0};
        }
    }
    settle_attempt_state(engine, task, state, cause);
}

int attempt_ended(struct engine *engine, const struct event *event, struct error *err)
{
    struct task *task;
    if (find_task(engine, event->attempt.id, &task, err) < 0)
        return -1;
    if (task == NULL)
        return 0;
    struct attempt_outcome outcome = event->attempt.outcome;
    record_attempt(engine, task, ATTEMPT_ENDED, event->attempt.at)->outcome = outcome;
    struct task_cause cause = {
        .why = TASK_WHY_ENDED, .at = event->attempt.at, .attempt_id = task->attempt_id};
    open_close(engine, task);
    note_start(engine, task->run);
    task->ready_at = (struct instant){0};
    bool is_marked = task->wish == TASK_WISH_MARK_SUCCESS || task->wish == TASK_WISH_MARK_FAILED;
    if (outcome.end == ATTEMPT_END_SUCCESS && !is_marked) {
        task->wish = TASK_WISH_NONE;
        settle_attempt_state(engine, task, TASK_SUCCESS, &cause);
    } else if (is_marked || task->wish == TASK_WISH_SKIP) {
        settle_wish(engine, task);
    } else {
        settle_failure(engine, task, outcome, &cause);
    }
    return 0;
}

int attempt_revoked(struct engine *engine, const struct event *event, struct error *err)
{
    struct task *task;
    if (find_task(engine, event->attempt.id, &task, err) < 0)
        return -1;
    if (task == NULL)
        return 0;
    if (task->phase == PHASE_RUNNING)
        return error_set(err, ERROR_KIND_BUG, "attempt %" PRId64 " runs and cannot be revoked",
                         event->attempt.id);
    bool was_asked = task->phase == PHASE_REVOKING;
    record_attempt(engine, task, ATTEMPT_ENDED, engine->now)->outcome.end = ATTEMPT_END_REVOKED;
    task->attempts--;
    task->tries--;
    open_close(engine, task);
    if (settle_wish(engine, task))
        return 0;
    if (!was_asked)
        task->ready_at = instant_add(engine->now, (struct duration){REVOKED_DELAY_US});
    settle_state(engine, task, TASK_WAITING, TASK_WHY_REVOKED);
    return 0;
}

/* The keeper was asked about everything (recover.h): what may have been lost is said again. */
int attempt_seen(struct engine *engine, const struct event *event, struct error *err)
{
    struct task *task;
    if (find_task(engine, event->attempt.id, &task, err) < 0)
        return -1;
    if (task == NULL)
        return 0;
    if (task->phase == PHASE_RUNNING)
        return error_set(err, ERROR_KIND_BUG, "attempt %" PRId64 " runs and is unknown or queued",
                         event->attempt.id);
    if (task->phase == PHASE_REVOKING)
        open_order(engine, ACTION_REVOKE, task);
    else if (!settle_is_wanted(task))
        open_revoke(engine, task);
    else if (event->kind == EVENT_ATTEMPT_UNKNOWN)
        open_order(engine, ACTION_GRANT, task);
    return 0;
}

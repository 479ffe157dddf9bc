#include "scheduler/engine/settle.h"

#include "scheduler/engine/open.h"
#include "scheduler/engine/ready.h"

#include <assert.h>

void settle_later(struct engine *engine, struct task *task)
{
    if (task->is_on_work_list)
        return;
    task->is_on_work_list = true;
    task->work_next = NULL;
    if (engine->work_last == NULL)
        engine->work_first = task;
    else
        engine->work_last->work_next = task;
    engine->work_last = task;
}

void settle_run_later(struct engine *engine, struct run *run)
{
    for (size_t i = 0; i < run->task_count; i++)
        settle_later(engine, &run->tasks[i]);
}

void settle_run_dirty(struct engine *engine, struct run *run)
{
    if (run->is_dirty)
        return;
    run->is_dirty = true;
    run->dirty_next = engine->dirty_first;
    engine->dirty_first = run;
}

bool settle_waits(const struct task *task)
{
    return task->wait_since.us != 0 && !task->wait_is_over;
}

void settle_forget_wait(struct task *task)
{
    if (task->wait_since.us != 0)
        task->ready_at = (struct instant){0};
    task->wait_since = (struct instant){0};
    task->wait_is_over = false;
}

enum task_reason settle_reason(const struct engine *engine, const struct task *task)
{
    if (task->state != TASK_WAITING)
        return TASK_REASON_NONE;
    if (task->blockers > 0)
        return TASK_REASON_UPSTREAM;
    if (task->external_open > 0)
        return TASK_REASON_EXTERNAL;
    if (settle_waits(task))
        return TASK_REASON_WAIT;
    return instant_compare(task->ready_at, engine->now) > 0 ? TASK_REASON_RETRY : TASK_REASON_SLOT;
}

void settle_record(struct engine *engine, const struct task *task, const struct task_cause *cause)
{
    struct action *action = action_list_add(engine->actions, ACTION_RECORD_TASK);
    action->task = (struct record_task){.run_id = task->run->run_id,
                                        .node = task->node,
                                        .state = task->state,
                                        .reason = settle_reason(engine, task),
                                        .wish = task->wish,
                                        .why = cause->why,
                                        .attempts = task->attempts,
                                        .tries = task->tries,
                                        .ready_at = task->ready_at,
                                        .wait_since = settle_waits(task) ? task->wait_since
                                                                         : (struct instant){0},
                                        .at = cause->at,
                                        .attempt_id = cause->attempt_id};
}

/* Tells the dependents that a need of theirs went from one state to another. */
static void tell_dependents(struct engine *engine, const struct task *task, enum task_state from)
{
    const struct task_state_row *before = &task_states[from];
    const struct task_state_row *after = &task_states[task->state];
    if (before->lets_go_on == after->lets_go_on &&
        before->blocks_downstream == after->blocks_downstream)
        return;
    for (uint32_t i = 0; i < task->dependent_count; i++) {
        struct task *dependent = &task->run->tasks[task->dependents[i]];
        dependent->blockers += before->lets_go_on;
        dependent->blockers -= after->lets_go_on;
        if (dependent->blockers == 0) {
            dependent->met_step = engine->step_number;
            dependent->met_need = task->node;
        }
        dependent->bad_needs -= before->blocks_downstream;
        dependent->bad_needs += after->blocks_downstream;
        if (dependent->state == TASK_WAITING || dependent->state == TASK_BLOCKED)
            settle_later(engine, dependent);
    }
}

static void change_state(struct engine *engine, struct task *task, enum task_state state)
{
    enum task_state from = task->state;
    if (from == state)
        return;
    settle_place(engine, task, PLACE_NONE);
    task_state_change(&task->state, state);
    if (task->wait.is_set && from == TASK_WAITING)
        settle_forget_wait(task);
    if (task_states[state].is_final && state != TASK_BLOCKED && state != TASK_FROZEN)
        task->ready_at = (struct instant){0};
    task->run->counts[from]--;
    task->run->counts[state]++;
    settle_run_dirty(engine, task->run);
    tell_dependents(engine, task, from);
}

void settle_attempt_state(struct engine *engine, struct task *task, enum task_state state,
                          const struct task_cause *cause)
{
    change_state(engine, task, state);
    settle_record(engine, task, cause);
    settle_later(engine, task);
}

void settle_state(struct engine *engine, struct task *task, enum task_state state,
                  enum task_why why)
{
    settle_attempt_state(engine, task, state, &(struct task_cause){.why = why, .at = engine->now});
}

void settle_place(struct engine *engine, struct task *task, enum task_place place)
{
    if (task->place == place)
        return;
    enum task_place old = task->place;
    if (old == PLACE_TIMER || old == PLACE_WAIT)
        task_heap_remove(&engine->timers, task);
    else if (old == PLACE_READY || old == PLACE_PARKED)
        ready_remove(engine, task);
    task->place = place;
    if (place == PLACE_TIMER || place == PLACE_WAIT)
        task_heap_add(&engine->timers, task);
    else if (place == PLACE_READY)
        ready_add(engine, task);
    if (old == PLACE_READY)
        ready_unpark(engine, task->run);
}

bool settle_is_wanted(const struct task *task)
{
    return task->state == TASK_WAITING && task->wish == TASK_WISH_NONE && task->blockers == 0 &&
           task->external_open == 0 && task->run->hold == RUN_HOLD_NONE;
}

bool settle_wish(struct engine *engine, struct task *task)
{
    enum task_wish wish = task->wish;
    task->wish = TASK_WISH_NONE;
    switch (wish) {
    case TASK_WISH_NONE:
        return false;
    case TASK_WISH_STOP:
    case TASK_WISH_KILL:
        settle_state(engine, task, TASK_STOPPED, TASK_WHY_STOP);
        return true;
    case TASK_WISH_SKIP:
        settle_state(engine, task, TASK_SKIPPED, TASK_WHY_SKIP);
        return true;
    case TASK_WISH_MARK_SUCCESS:
        settle_state(engine, task, TASK_SUCCESS, TASK_WHY_MARK);
        return true;
    case TASK_WISH_MARK_FAILED:
        settle_state(engine, task, TASK_FAILED, TASK_WHY_MARK);
        return true;
    case TASK_WISH_FREEZE:
        settle_state(engine, task, TASK_FROZEN, TASK_WHY_FREEZE);
        return true;
    }
    return false;
}

static void end_virtual(struct engine *engine, struct task *task)
{
    task->run->has_started = true;
    if (task->is_off_day)
        settle_state(engine, task, TASK_SKIPPED, TASK_WHY_OFF_DAY);
    else
        settle_state(engine, task, TASK_SUCCESS,
                     task->wait.is_set ? TASK_WHY_WAIT : TASK_WHY_VIRTUAL);
}

static bool waits_for_nothing_else(const struct task *task)
{
    return task->blockers == 0 && task->external_open == 0;
}

/* All else is met: the task waits for its data or its time, and holds nothing meanwhile. */
static void settle_wait(struct engine *engine, struct task *task)
{
    if (task->place == PLACE_WAIT || task->place == PLACE_ASKED || !engine->has_begun)
        return;
    settle_place(engine, task, PLACE_NONE);
    if (task->wait_since.us == 0) {
        task->wait_since = engine->now;
        task->ready_at = instant_add(engine->now, task->wait.timeout);
        settle_record(engine, task, &(struct task_cause){.why = TASK_WHY_WAIT, .at = engine->now});
    }
    bool is_too_long = instant_compare(task->ready_at, engine->now) <= 0;
    settle_place(engine, task, is_too_long ? PLACE_ASKED : PLACE_WAIT);
    open_order(engine, ACTION_LOOK, task);
}

void settle_look(struct engine *engine, struct task *task, bool is_there)
{
    bool is_too_long = instant_compare(task->ready_at, engine->now) <= 0;
    if (task->place != PLACE_WAIT && task->place != PLACE_ASKED)
        return;
    if (is_there) {
        settle_place(engine, task, PLACE_NONE);
        task->wait_is_over = true;
        task->ready_at = (struct instant){0};
        if (task->has_process)
            settle_record(engine, task,
                          &(struct task_cause){.why = TASK_WHY_WAIT, .at = engine->now});
        settle_later(engine, task);
    } else if (is_too_long) {
        task->run->has_started = true;
        settle_state(engine, task, task->wait.is_skipped ? TASK_SKIPPED : TASK_FAILED,
                     TASK_WHY_WAIT_TIMEOUT);
    } else {
        settle_place(engine, task, PLACE_WAIT);
    }
}

static enum start_cause cause_of(const struct engine *engine, const struct task *task)
{
    if (task->met_step == engine->step_number)
        return START_CAUSE_NEED;
    if (task->timer_step == engine->step_number)
        return START_CAUSE_PAUSE;
    if (!engine->has_begun && engine->event_kind != EVENT_RERUN)
        return START_CAUSE_ENGINE;
    switch (engine->event_kind) {
    case EVENT_NEEDS_MET:
        return START_CAUSE_OUTSIDE;
    case EVENT_RELEASE:
        return START_CAUSE_RELEASE;
    case EVENT_RERUN:
        return START_CAUSE_RERUN;
    case EVENT_SKIP:
    case EVENT_MARK:
    case EVENT_FREEZE:
    case EVENT_UNFREEZE:
        return START_CAUSE_HAND;
    case EVENT_LOOKED:
        return START_CAUSE_DATA;
    case EVENT_BEGIN:
        return START_CAUSE_ENGINE;
    case EVENT_TIME:
    case EVENT_RUN_ADDED:
    case EVENT_ATTEMPT_STARTED:
    case EVENT_ATTEMPT_ENDED:
    case EVENT_ATTEMPT_REVOKED:
    case EVENT_ATTEMPT_QUEUED:
    case EVENT_ATTEMPT_UNKNOWN:
    case EVENT_STOP_RUN:
    case EVENT_HOLD:
    case EVENT_SET_CAPACITY:
    case EVENT_RUN_FORGET:
        break;
    }
    return START_CAUSE_RUN;
}

/* What was handed over and is taken back has been ready all the time. */
static void queue(struct engine *engine, struct task *task)
{
    if (task->place == PLACE_READY)
        return;
    if (engine->event_kind != EVENT_ATTEMPT_REVOKED || task->queued_step == 0) {
        task->queued_cause = cause_of(engine, task);
        task->queued_at = engine->now;
        task->queued_before = engine->next_attempt_id;
        task->queued_step = engine->step_number;
    }
    settle_place(engine, task, PLACE_READY);
}

/* A task without an attempt: blocked or not, and which queue it stands in. */
static void settle_idle(struct engine *engine, struct task *task)
{
    if (task->state == TASK_WAITING && task->bad_needs > 0)
        settle_state(engine, task, TASK_BLOCKED, TASK_WHY_UPSTREAM);
    else if (task->state == TASK_BLOCKED && task->bad_needs == 0)
        settle_state(engine, task, TASK_WAITING, TASK_WHY_UPSTREAM);
    if (!waits_for_nothing_else(task) && settle_waits(task)) {
        settle_place(engine, task, PLACE_NONE);
        settle_forget_wait(task);
        settle_record(engine, task,
                      &(struct task_cause){.why = TASK_WHY_UPSTREAM, .at = engine->now});
    }
    bool is_retry = task->wait_since.us == 0 && instant_compare(task->ready_at, engine->now) > 0;
    if (!settle_is_wanted(task))
        settle_place(engine, task, PLACE_NONE);
    else if (task->wait.is_set && !task->wait_is_over && !is_retry)
        settle_wait(engine, task);
    else if (instant_compare(task->ready_at, engine->now) > 0)
        settle_place(engine, task, PLACE_TIMER);
    else if (task->has_process && task->place != PLACE_PARKED)
        queue(engine, task);
    else if (task->has_process)
        return;
    else if (engine->has_begun)
        end_virtual(engine, task);
}

static void settle(struct engine *engine, struct task *task)
{
    switch (task->phase) {
    case PHASE_NONE:
        settle_idle(engine, task);
        return;
    case PHASE_GRANTED:
        if (engine->has_begun && !settle_is_wanted(task))
            open_revoke(engine, task);
        return;
    case PHASE_REVOKING:
    case PHASE_RUNNING:
        return;
    }
}

void settle_all(struct engine *engine)
{
    struct task *due = task_heap_first(&engine->timers);
    while (due != NULL && instant_compare(due->ready_at, engine->now) <= 0) {
        settle_place(engine, due, PLACE_NONE);
        due->timer_step = engine->step_number;
        settle_later(engine, due);
        due = task_heap_first(&engine->timers);
    }
    while (engine->work_first != NULL) {
        struct task *task = engine->work_first;
        engine->work_first = task->work_next;
        if (engine->work_first == NULL)
            engine->work_last = NULL;
        task->is_on_work_list = false;
        settle(engine, task);
    }
}

void settle_runs(struct engine *engine)
{
    while (engine->dirty_first != NULL) {
        struct run *run = engine->dirty_first;
        engine->dirty_first = run->dirty_next;
        run->is_dirty = false;
        enum run_state state = run_state_derive(run->counts, run->has_started);
        if (state == run->state && !run->must_record)
            continue;
        run->state = state;
        run->must_record = false;
        run->has_started = run->has_started || state != RUN_WAITING;
        struct action *action = action_list_add(engine->actions, ACTION_RECORD_RUN);
        action->run = (struct record_run){
            .run_id = run->run_id, .state = state, .opening = run->opening, .at = engine->now};
    }
}

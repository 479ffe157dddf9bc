/* The rules that hold at every moment, and at the end. */
#include "tests/sim/sim.h"

#include <inttypes.h>
#include <string.h>

static bool is_running(const struct sim_process *process)
{
    return process->state == PROCESS_RUNNING || process->state == PROCESS_ORPHAN;
}

bool sim_is_alive(const struct sim_world *world, uint32_t run, uint32_t node)
{
    for (int64_t id = 1; id < world->committed.next_attempt_id; id++) {
        const struct sim_attempt_row *row = &world->committed.attempts[id - 1];
        if (row->run == run && row->node == node && is_running(&world->processes[id - 1]))
            return true;
    }
    return false;
}

struct tally { /* of attempts */
    uint32_t in_pool;
    uint32_t in_run;
    uint32_t of_node;
    uint32_t all;
};

static void count_row(const struct sim_world *world, const struct sim_attempt_row *row,
                      const struct sim_attempt_row *mine, struct tally *tally)
{
    uint32_t pool = world->runs[mine->run].nodes[mine->node].pool;
    tally->all++;
    tally->in_run += row->run == mine->run;
    tally->of_node += row->run == mine->run && row->node == mine->node;
    tally->in_pool += pool != ENGINE_NO_POOL && world->runs[row->run].nodes[row->node].pool == pool;
}

static void check_limits(struct sim_world *world, const struct sim_attempt_row *mine,
                         const struct tally *tally, const char *what)
{
    const struct sim_run *run = &world->runs[mine->run];
    uint32_t pool = run->nodes[mine->node].pool;
    int32_t parallel = run->image.parallel;
    if (pool != ENGINE_NO_POOL && tally->in_pool > (uint32_t)world->pools[pool])
        sim_fail(world, "pool %" PRIu32 " has %" PRIu32 " attempts %s", pool, tally->in_pool, what);
    if (parallel > 0 && tally->in_run > (uint32_t)parallel)
        sim_fail(world, "run %" PRId64 " has %" PRIu32 " attempts %s", run->image.run_id,
                 tally->in_run, what);
    if (tally->of_node > 1)
        sim_fail(world, "node %" PRId64 "/%" PRIu32 " has two attempts %s", run->image.run_id,
                 mine->node, what);
}

static void check_start_limits(struct sim_world *world, int64_t attempt_id)
{
    const struct sim_attempt_row *mine = &world->committed.attempts[attempt_id - 1];
    struct tally alive = {0};
    uint32_t starts = 0;
    for (int64_t id = 1; id < world->committed.next_attempt_id; id++) {
        const struct sim_attempt_row *row = &world->committed.attempts[id - 1];
        if (row->run == mine->run && row->node == mine->node)
            starts += world->processes[id - 1].starts;
        if (id == attempt_id || is_running(&world->processes[id - 1]))
            count_row(world, row, mine, &alive);
    }
    check_limits(world, mine, &alive, "alive");
    if (alive.all > (uint32_t)world->keeper_slots)
        sim_fail(world, "%" PRIu32 " attempts alive with %" PRId32 " slots", alive.all,
                 world->keeper_slots);
    if (starts > world->committed.allowed[mine->run][mine->node])
        sim_fail(world, "attempt %" PRId64 " is start %" PRIu32 " of its node, %" PRIu32 " allowed",
                 attempt_id, starts, world->committed.allowed[mine->run][mine->node]);
}

static size_t run_of(const struct sim_world *world, int64_t run_id)
{
    return (size_t)(run_id - world->runs[0].image.run_id) / 3;
}

static bool needs_are_done(const struct sim_world *world, const struct sim_store *store, size_t run,
                           uint32_t node)
{
    const struct event_node *image = &world->runs[run].nodes[node];
    for (size_t i = 0; i < image->need_count; i++) {
        if (!task_states[store->tasks[run][image->needs[i]].state].lets_go_on)
            return false;
    }
    return true;
}

static bool has_bad_need(const struct sim_world *world, const struct sim_store *store, size_t run,
                         uint32_t node)
{
    const struct event_node *image = &world->runs[run].nodes[node];
    for (size_t i = 0; i < image->need_count; i++) {
        if (task_states[store->tasks[run][image->needs[i]].state].blocks_downstream)
            return true;
    }
    return false;
}

/* Whether a node may start now, by the rows and the facts outside the engine. */
static const char *unwanted(const struct sim_world *world, const struct sim_store *store,
                            size_t run, uint32_t node)
{
    const struct sim_task_row *row = &store->tasks[run][node];
    if (!needs_are_done(world, store, run, node))
        return "before its needs are done";
    if (row->wish != TASK_WISH_NONE)
        return "although something else is asked for";
    if (world->is_held[run])
        return "in a held run";
    return world->runs[run].own[node].external_open > 0 ? "before an external need" : NULL;
}

static void check_open_limits(struct sim_world *world, const struct sim_attempt_row *mine)
{
    struct tally open = {0};
    for (int64_t id = 1; id < world->ahead.next_attempt_id; id++) {
        if (world->ahead.attempts[id - 1].state != ATTEMPT_ENDED)
            count_row(world, &world->ahead.attempts[id - 1], mine, &open);
    }
    check_limits(world, mine, &open, "open");
    if (open.all > (uint32_t)(world->slots + world->grant_ahead))
        sim_fail(world, "%" PRIu32 " attempts open", open.all);
}

static bool is_revoke_on_its_way(const struct sim_world *world, int64_t attempt_id)
{
    for (size_t i = 0; i < world->order_count; i++) {
        const struct sim_order *order = &world->orders[(world->order_first + i) % SIM_MAX_QUEUE];
        if (order->attempt_id == attempt_id && order->kind == ACTION_REVOKE)
            return true;
    }
    return false;
}

void sim_check_start(struct sim_world *world, int64_t attempt_id)
{
    const struct sim_attempt_row *mine = &world->committed.attempts[attempt_id - 1];
    if (world->processes[attempt_id - 1].starts != 1)
        sim_fail(world, "attempt %" PRId64 " starts a second time", attempt_id);
    if (mine->state == ATTEMPT_ENDED)
        sim_fail(world, "attempt %" PRId64 " starts after its end was stored", attempt_id);
    check_start_limits(world, attempt_id);
    const char *why_not = unwanted(world, &world->committed, mine->run, mine->node);
    bool engine_has_spoken =
        world->engine != NULL && world->is_connected && world->pending.count == 0;
    if (why_not != NULL && engine_has_spoken && !is_revoke_on_its_way(world, attempt_id))
        sim_fail(world, "attempt %" PRId64 " starts %s, and is not revoked", attempt_id, why_not);
}

/* Looked at beside what the store will be. After a broken connection an old grant is repeated. */
void sim_check_grant(struct sim_world *world, const struct action *action, bool is_new)
{
    size_t run = run_of(world, action->order.run_id);
    uint32_t node = action->order.node;
    const struct sim_task_row *row = &world->ahead.tasks[run][node];
    const char *why_not = unwanted(world, &world->ahead, run, node);
    if (why_not != NULL)
        sim_fail(world, "a grant %s", why_not);
    if (row->state != TASK_WAITING)
        sim_fail(world, "a grant of a node that is %s", task_state_name(row->state));
    if (!world->runs[run].nodes[node].has_process)
        sim_fail(world, "a grant of a virtual node");
    if (!is_new)
        return;
    if (instant_compare(row->ready_at, world->now) > 0)
        sim_fail(world, "a grant before its time");
    if (world->runs[run].nodes[node].wait.is_set &&
        instant_compare(world->runs[run].own[node].there_at, world->now) > 0)
        sim_fail(world, "a grant before what it waits for is there");
    check_open_limits(world, &world->ahead.attempts[action->order.attempt_id - 1]);
}

/* design.md section 5, said once more: tries counts the attempt that has ended. */
static bool is_retry_due(const struct event_retry *retry, struct attempt_outcome outcome,
                         int32_t tries)
{
    bool has_code = retry->code_count == 0;
    for (size_t i = 0; i < retry->code_count; i++)
        has_code =
            has_code || (outcome.end == ATTEMPT_END_FAILURE && retry->codes[i] == outcome.code);
    if (outcome.end == ATTEMPT_END_SUCCESS || outcome.end == ATTEMPT_END_STOPPED)
        return false;
    if (outcome.end == ATTEMPT_END_TIMEOUT)
        has_code = retry->on_timeout;
    if (outcome.end == ATTEMPT_END_LOST)
        has_code = retry->on_lost;
    return has_code && tries < retry->max + 1;
}

static int64_t delay_after(const struct event_retry *retry, int32_t tries)
{
    int64_t us = retry->delay.us;
    for (int32_t i = 1; i <= tries; i++) {
        if (i > 1)
            us = us * retry->backoff_percent / 100;
        if (retry->max_delay.us > 0 && us > retry->max_delay.us)
            us = retry->max_delay.us;
    }
    return us;
}

static void check_ended(struct sim_world *world, const struct record_task *task,
                        const struct event_retry *retry)
{
    struct attempt_outcome outcome = world->ahead.attempts[task->attempt_id - 1].outcome;
    bool is_due = is_retry_due(retry, outcome, task->tries);
    if (task->why == TASK_WHY_RETRY) {
        if (!is_due)
            sim_fail(world, "a retry after %s, try %" PRId32, attempt_end_name(outcome.end),
                     task->tries);
        if (task->ready_at.us != world->now.us + delay_after(retry, task->tries))
            sim_fail(world, "a retry at the wrong time");
        return;
    }
    if (task->state == TASK_FAILED && is_due)
        sim_fail(world, "no retry after %s, try %" PRId32, attempt_end_name(outcome.end),
                 task->tries);
    if ((task->state == TASK_SUCCESS) != (outcome.end == ATTEMPT_END_SUCCESS) ||
        (task->state == TASK_STOPPED) != (outcome.end == ATTEMPT_END_STOPPED))
        sim_fail(world, "%s after %s", task_state_name(task->state), attempt_end_name(outcome.end));
}

/* `before` is the row that the record changes. */
void sim_check_timeout(struct sim_world *world, size_t run, const struct sim_task_row *before,
                       const struct record_task *record)
{
    const struct event_wait *wait = &world->runs[run].nodes[record->node].wait;
    struct instant too_long = instant_add(before->wait_since, wait->timeout);
    if (before->state != TASK_WAITING || before->wait_since.us == 0 ||
        instant_compare(record->at, too_long) < 0)
        sim_fail(world, "node %" PRId64 "/%" PRIu32 " waited too long too early", record->run_id,
                 record->node);
    if (record->state != (wait->is_skipped ? TASK_SKIPPED : TASK_FAILED))
        sim_fail(world, "waited too long, and is %s", task_state_name(record->state));
}

static void check_wait(struct sim_world *world, const struct sim_store *store,
                       const struct record_task *task)
{
    size_t run = run_of(world, task->run_id);
    const struct event_node *node = &world->runs[run].nodes[task->node];
    if (!node->wait.is_set)
        sim_fail(world, "a node waits for nothing that exists");
    if (!needs_are_done(world, store, run, task->node) || world->is_held[run] ||
        world->runs[run].own[task->node].external_open > 0)
        sim_fail(world, "a node waits for data before all else is met");
    bool is_over = task->wait_since.us == 0;
    if (is_over && instant_compare(world->runs[run].own[task->node].there_at, world->now) > 0)
        sim_fail(world, "a node goes on before what it waits for is there");
    if (is_over && (task->state == TASK_SUCCESS) == node->has_process)
        sim_fail(world, "what it waits for is there, and it is %s", task_state_name(task->state));
}

static void check_task(struct sim_world *world, const struct sim_store *store,
                       const struct record_task *task)
{
    size_t run = run_of(world, task->run_id);
    const struct event_node *node = &world->runs[run].nodes[task->node];
    if (task->why == TASK_WHY_WAIT)
        check_wait(world, store, task);
    if (task->why == TASK_WHY_RETRY || task->why == TASK_WHY_ENDED)
        check_ended(world, task, &node->retry);
    bool is_empty = task->why == TASK_WHY_VIRTUAL || task->why == TASK_WHY_OFF_DAY;
    if (is_empty && (node->has_process || !needs_are_done(world, store, run, task->node)))
        sim_fail(world, "a virtual node ends before its needs are done");
    if (is_empty && node->is_off_day != (task->state == TASK_SKIPPED))
        sim_fail(world, "%s on a day that is %s", task_state_name(task->state),
                 node->is_off_day ? "left out" : "its own");
    if (task->state == TASK_BLOCKED && task->why == TASK_WHY_UPSTREAM &&
        !has_bad_need(world, store, run, task->node))
        sim_fail(world, "blocked by nothing");
    bool is_settled = task_states[task->state].is_final && task->state != TASK_BLOCKED &&
                      task->state != TASK_FROZEN;
    if (is_settled && (task->ready_at.us != 0 || task->wish != TASK_WISH_NONE))
        sim_fail(world, "%s, and still something to come", task_state_name(task->state));
    if (task->state == TASK_STOPPED && sim_is_alive(world, (uint32_t)run, task->node))
        sim_fail(world, "stopped while a process is alive");
    if (task->why == TASK_WHY_RERUN &&
        (task->tries != 0 || task->ready_at.us != 0 ||
         (task->state != TASK_WAITING && task->state != TASK_BLOCKED)))
        sim_fail(world, "a rerun that does not begin anew");
    if (task->why == TASK_WHY_STARTED && world->processes[task->attempt_id - 1].starts == 0)
        sim_fail(world, "running without a process");
}

void sim_check_record(struct sim_world *world, const struct sim_store *store,
                      const struct action *action)
{
    if (action->kind == ACTION_RECORD_TASK && !sim_has_failed(world))
        check_task(world, store, &action->task);
}

/* After a stop nothing is left that could start, and what is open is to end. */
void sim_check_stopped_run(struct sim_world *world, size_t run)
{
    for (size_t i = 0; i < world->runs[run].image.node_count; i++) {
        const struct sim_task_row *row = &world->ahead.tasks[run][i];
        bool is_open = row->state == TASK_WAITING || row->state == TASK_RUNNING;
        if (is_open && (row->wish == TASK_WISH_NONE || row->wish == TASK_WISH_FREEZE))
            sim_fail(world, "a node goes on after its run was stopped");
    }
}

/* When nothing is on its way, whoever is to be stopped has been told. */
void sim_check_stops(struct sim_world *world)
{
    for (int64_t id = 1; id < world->committed.next_attempt_id; id++) {
        const struct sim_attempt_row *row = &world->committed.attempts[id - 1];
        const struct sim_process *process = &world->processes[id - 1];
        enum task_wish wish = world->committed.tasks[row->run][row->node].wish;
        if (process->state == PROCESS_RUNNING && row->state == ATTEMPT_RUNNING &&
            wish != TASK_WISH_NONE && wish != TASK_WISH_FREEZE && !process->is_stopping)
            sim_fail(world, "attempt %" PRId64 " is to be stopped and was not told", id);
    }
}

static void check_reasons(struct sim_world *world, size_t run, uint32_t node,
                          const struct engine_task *task)
{
    struct engine_reasons reasons = {0};
    int64_t run_id = world->runs[run].image.run_id;
    struct engine_counts counts = engine_count(world->engine);
    bool has_room = counts.granted + counts.running < (size_t)(world->slots + world->grant_ahead);
    bool is_ready = false;
    bool is_hindered = false;
    bool waits =
        task->state == TASK_WAITING || task->state == TASK_BLOCKED || task->state == TASK_FROZEN;
    engine_explain(world->engine, run_id, node, &reasons, NULL);
    for (size_t i = 0; i < reasons.count; i++) {
        enum engine_reason_kind kind = reasons.items[i].kind;
        is_ready = is_ready || (kind == ENGINE_REASON_SLOT && !reasons.items[i].is_granted);
        is_hindered = is_hindered || kind == ENGINE_REASON_POOL || kind == ENGINE_REASON_PARALLEL ||
                      kind == ENGINE_REASON_RECOVERING;
    }
    if (waits != (reasons.count > 0))
        sim_fail(world, "%" PRId64 "/%" PRIu32 " is %s and has %zu reasons", run_id, node,
                 task_state_name(task->state), reasons.count);
    if (is_ready && has_room && !is_hindered)
        sim_fail(world, "%" PRId64 "/%" PRIu32 " is ready, there is room, and it is not granted",
                 run_id, node);
    engine_reasons_free(&reasons);
}

static void check_node(struct sim_world *world, size_t run, uint32_t node)
{
    const struct sim_task_row *row = &world->ahead.tasks[run][node];
    struct engine_task task;
    engine_look(world->engine, world->runs[run].image.run_id, node, &task, NULL);
    int32_t granted = task.is_granted ? 1 : 0;
    bool is_same = task.state == row->state && task.wish == row->wish &&
                   task.ready_at.us == row->ready_at.us &&
                   task.wait_since.us == row->wait_since.us &&
                   task.attempts - row->attempts <= granted && task.attempts - row->attempts >= 0 &&
                   task.attempts - row->attempts == task.tries - row->tries;
    if (task.attempt_id != 0)
        is_same = is_same && world->ahead.attempts[task.attempt_id - 1].state ==
                                 (task.is_granted ? ATTEMPT_GRANTED : ATTEMPT_RUNNING);
    if (!is_same)
        sim_fail(world, "%" PRId64 "/%" PRIu32 ": the records do not lead to the engine's state",
                 world->runs[run].image.run_id, node);
    check_reasons(world, run, node, &task);
}

/* The records so far, replayed, are what the engine thinks; and every waiting node knows why. */
void sim_check_engine(struct sim_world *world)
{
    for (size_t i = 0; world->engine != NULL && i < world->run_count; i++) {
        struct engine_run_facts facts;
        if (!world->is_loaded[i] || sim_has_failed(world))
            continue;
        engine_look_run(world->engine, world->runs[i].image.run_id, &facts, NULL);
        if (facts.state != world->ahead.run_state[i] || facts.opening != world->ahead.opening[i])
            sim_fail(world, "run %" PRId64 ": the records do not lead to its state",
                     world->runs[i].image.run_id);
        for (uint32_t node = 0; node < world->runs[i].image.node_count; node++)
            check_node(world, i, node);
    }
}

static void check_attempt_end(struct sim_world *world, int64_t id)
{
    const struct sim_attempt_row *row = &world->committed.attempts[id - 1];
    const struct sim_process *process = &world->processes[id - 1];
    if (row->state != ATTEMPT_ENDED)
        sim_fail(world, "attempt %" PRId64 " never ended", id);
    if (process->state != PROCESS_NONE)
        sim_fail(world, "the keeper still has attempt %" PRId64, id);
    world->counts->lost += row->outcome.end == ATTEMPT_END_LOST;
    if (process->starts == 0 && row->outcome.end != ATTEMPT_END_REVOKED &&
        row->outcome.end != ATTEMPT_END_LOST)
        sim_fail(world, "attempt %" PRId64 " never started and is stored as %s", id,
                 attempt_end_name(row->outcome.end));
    bool is_true =
        row->outcome.end == process->truth.end && row->outcome.code == process->truth.code;
    bool may_be_lost = process->end_may_vanish && row->outcome.end == ATTEMPT_END_LOST;
    if (process->has_truth && !is_true && !may_be_lost)
        sim_fail(world, "attempt %" PRId64 " ended with %s and is stored as %s", id,
                 attempt_end_name(process->truth.end), attempt_end_name(row->outcome.end));
    if (process->starts > 0 && !process->has_truth && row->outcome.end != ATTEMPT_END_LOST)
        sim_fail(world, "the fate of attempt %" PRId64 " is unknown and is stored as %s", id,
                 attempt_end_name(row->outcome.end));
}

void sim_check_end(struct sim_world *world)
{
    for (size_t i = 0; i < world->run_count; i++) {
        if (!run_state_is_final(world->committed.run_state[i]))
            sim_fail(world, "run %" PRId64 " did not finish", world->runs[i].image.run_id);
    }
    for (int64_t id = 1; id < world->committed.next_attempt_id; id++)
        check_attempt_end(world, id);
    struct engine_counts counts = engine_count(world->engine);
    if (counts.granted + counts.running + counts.ready + counts.open_runs > 0)
        sim_fail(world, "the engine is not at rest");
    if (!instant_is_never(engine_next_wakeup(world->engine)))
        sim_fail(world, "the engine wants to be woken for nothing");
}

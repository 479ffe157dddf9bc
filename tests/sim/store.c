/* The store as rows. Records are applied to it, and nothing else changes it. */
#include "tests/sim/sim.h"

#include <inttypes.h>

static size_t run_index(const struct sim_world *world, int64_t run_id)
{
    for (size_t i = 0; i < world->run_count; i++) {
        if (world->runs[i].image.run_id == run_id)
            return i;
    }
    return SIM_MAX_RUNS;
}

void sim_store_add_run(struct sim_world *world, struct sim_store *store, size_t run)
{
    const struct sim_run *source = &world->runs[run];
    store->has_run[run] = true;
    store->run_state[run] = RUN_WAITING;
    store->opening[run] = 1;
    for (size_t i = 0; i < source->image.node_count; i++) {
        store->tasks[run][i] = (struct sim_task_row){.state = source->nodes[i].state};
        store->allowed[run][i] = (uint32_t)source->nodes[i].retry.max + 1;
    }
}

static void apply_task(struct sim_world *world, struct sim_store *store,
                       const struct record_task *record)
{
    size_t run = run_index(world, record->run_id);
    if (run == SIM_MAX_RUNS || !store->has_run[run]) {
        sim_fail(world, "a record of run %" PRId64 ", which is not stored", record->run_id);
        return;
    }
    struct sim_task_row *row = &store->tasks[run][record->node];
    if (row->state != record->state && !task_state_may_follow(row->state, record->state))
        sim_fail(world, "stored state %s became %s", task_state_name(row->state),
                 task_state_name(record->state));
    if (record->why == TASK_WHY_WAIT_TIMEOUT)
        sim_check_timeout(world, run, row, record);
    *row = (struct sim_task_row){.state = record->state,
                                 .wish = record->wish,
                                 .attempts = record->attempts,
                                 .tries = record->tries,
                                 .ready_at = record->ready_at,
                                 .wait_since = record->wait_since};
    if (record->why == TASK_WHY_RERUN)
        store->allowed[run][record->node] +=
            (uint32_t)world->runs[run].nodes[record->node].retry.max + 1;
}

/* Numbers count what started, so that a revoked attempt gives its number back. */
static int32_t next_number(struct sim_world *world, const struct sim_store *store, uint32_t run,
                           uint32_t node)
{
    int32_t number = 1;
    for (int64_t id = 1; id < store->next_attempt_id; id++) {
        const struct sim_attempt_row *row = &store->attempts[id - 1];
        if (row->run != run || row->node != node)
            continue;
        if (row->state != ATTEMPT_ENDED)
            sim_fail(world, "a grant while attempt %" PRId64 " of the same node is open", id);
        number += row->outcome.end != ATTEMPT_END_REVOKED;
    }
    return number;
}

static void grant_attempt(struct sim_world *world, struct sim_store *store,
                          const struct record_attempt *record)
{
    if (record->attempt_id != store->next_attempt_id || record->attempt_id > SIM_MAX_ATTEMPTS) {
        sim_fail(world, "attempt %" PRId64 " granted where %" PRId64 " comes next",
                 record->attempt_id, store->next_attempt_id);
        return;
    }
    uint32_t run = (uint32_t)run_index(world, record->run_id);
    if (record->number != next_number(world, store, run, record->node))
        sim_fail(world, "attempt %" PRId64 " has number %" PRId32, record->attempt_id,
                 record->number);
    store->next_attempt_id++;
    store->attempts[record->attempt_id - 1] = (struct sim_attempt_row){.run = run,
                                                                       .node = record->node,
                                                                       .number = record->number,
                                                                       .state = ATTEMPT_GRANTED,
                                                                       .boot = world->boot};
}

static void apply_attempt(struct sim_world *world, struct sim_store *store,
                          const struct record_attempt *record)
{
    if (record->state == ATTEMPT_GRANTED) {
        grant_attempt(world, store, record);
        return;
    }
    if (record->attempt_id < 1 || record->attempt_id >= store->next_attempt_id) {
        sim_fail(world, "a record of attempt %" PRId64 ", which is not stored", record->attempt_id);
        return;
    }
    struct sim_attempt_row *row = &store->attempts[record->attempt_id - 1];
    if (row->state == ATTEMPT_ENDED || record->state <= row->state)
        sim_fail(world, "attempt %" PRId64 " was %s and became %s", record->attempt_id,
                 attempt_state_name(row->state), attempt_state_name(record->state));
    if (row->number != record->number)
        sim_fail(world, "attempt %" PRId64 " changed its number", record->attempt_id);
    row->state = record->state;
    row->outcome = record->outcome;
}

void sim_store_apply(struct sim_world *world, struct sim_store *store, const struct action *action)
{
    switch (action->kind) {
    case ACTION_RECORD_TASK:
        apply_task(world, store, &action->task);
        return;
    case ACTION_RECORD_ATTEMPT:
        apply_attempt(world, store, &action->attempt);
        return;
    case ACTION_RECORD_RUN: {
        size_t run = run_index(world, action->run.run_id);
        store->run_state[run] = action->run.state;
        store->opening[run] = action->run.opening;
        return;
    }
    case ACTION_GRANT:
    case ACTION_REVOKE:
    case ACTION_STOP:
    case ACTION_LOOK:
        return;
    }
}

/* A run comes into the engine's memory, and leaves it. */
#include "scheduler/base/memory.h"
#include "scheduler/engine/handlers.h"
#include "scheduler/engine/open.h"
#include "scheduler/engine/ready.h"
#include "scheduler/engine/retry.h"
#include "scheduler/engine/settle.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int invalid(struct error *err, const struct event_run *image, size_t node, const char *what)
{
    return error_set(err, ERROR_KIND_INVALID, "run %" PRId64 ", node %zu: %s", image->run_id, node,
                     what);
}

static bool is_priority(int32_t priority)
{
    return priority >= ENGINE_MIN_PRIORITY && priority <= ENGINE_MAX_PRIORITY;
}

/* A need comes before who needs it in the order of ranks, so that there is no circle. */
static bool needs_are_valid(const struct event_run *image, const struct event_node *node)
{
    for (size_t i = 0; i < node->need_count; i++) {
        uint32_t need = node->needs[i];
        if (need >= image->node_count || image->nodes[need].rank >= node->rank)
            return false;
    }
    return true;
}

static bool attempt_is_valid(const struct engine *engine, const struct event_node *node)
{
    if (node->attempt_id == 0)
        return !node->attempt_is_running && node->state != TASK_RUNNING &&
               node->wish == TASK_WISH_NONE;
    if (node->attempt_id < 0 || node->attempt_id >= engine->next_attempt_id ||
        open_find(engine, node->attempt_id) != NULL)
        return false;
    if (!node->has_process || node->attempt_number < node->attempts || node->attempt_number < 1)
        return false;
    return node->state == (node->attempt_is_running ? TASK_RUNNING : TASK_WAITING);
}

static int check_node(const struct engine *engine, const struct event_run *image, size_t index,
                      struct error *err)
{
    const struct event_node *node = &image->nodes[index];
    if (!is_priority(node->priority))
        return invalid(err, image, index, "the priority is not 1 to 8");
    if (node->pool != ENGINE_NO_POOL && node->pool + 1 >= engine->pool_count)
        return invalid(err, image, index, "there is no such pool");
    if (node->rank >= image->node_count || !needs_are_valid(image, node))
        return invalid(err, image, index, "its needs do not come before it");
    if ((uint32_t)node->state >= TASK_STATE_COUNT || (uint32_t)node->wish > TASK_WISH_FREEZE)
        return invalid(err, image, index, "there is no such state");
    if (node->retry.max < 0 || node->retry.delay.us < 0 || node->retry.backoff_percent < 0)
        return invalid(err, image, index, "its retry is negative");
    if (node->is_off_day && node->has_process)
        return invalid(err, image, index, "it has a process on a day that it leaves out");
    if (node->attempts < 0 || node->tries < 0 || node->tries > node->attempts)
        return invalid(err, image, index, "its attempts do not add up");
    if (node->wait.is_set && node->wait.timeout.us <= 0)
        return invalid(err, image, index, "it waits without a limit");
    if (!attempt_is_valid(engine, node))
        return invalid(err, image, index, "its open attempt does not fit its state");
    return 0;
}

static int check_attempt_ids(const struct event_run *image, struct error *err)
{
    for (size_t i = 0; i < image->node_count; i++) {
        if (image->nodes[i].attempt_id == 0)
            continue;
        for (size_t j = 0; j < i; j++) {
            if (image->nodes[j].attempt_id == image->nodes[i].attempt_id)
                return invalid(err, image, i, "its open attempt belongs to another node too");
        }
    }
    return 0;
}

static int check(const struct engine *engine, const struct event_run *image, struct error *err)
{
    if (image->run_id <= 0 || runs_find(engine, image->run_id) != NULL)
        return error_set(err, ERROR_KIND_INVALID, "run %" PRId64 " is there already",
                         image->run_id);
    if (image->node_count < 1 || image->node_count > ENGINE_MAX_NODES)
        return error_set(err, ERROR_KIND_INVALID, "run %" PRId64 " has %zu nodes", image->run_id,
                         image->node_count);
    if (!is_priority(image->priority) || image->parallel < 0 || image->opening < 1)
        return error_set(err, ERROR_KIND_INVALID, "run %" PRId64 " has a bad priority or limit",
                         image->run_id);
    for (size_t i = 0; i < image->node_count; i++) {
        if (check_node(engine, image, i, err) < 0)
            return -1;
    }
    return check_attempt_ids(image, err);
}

/* Needs as given, then for each task its dependents: one array. */
static void copy_edges(struct run *run, const struct event_run *image)
{
    size_t edge_count = 0;
    for (size_t i = 0; i < image->node_count; i++)
        edge_count += image->nodes[i].need_count;
    run->edges = memory_new(edge_count * 2, sizeof *run->edges);
    uint32_t *next = run->edges;
    for (size_t i = 0; i < image->node_count; i++) {
        const struct event_node *node = &image->nodes[i];
        run->tasks[i].needs = next;
        run->tasks[i].need_count = (uint32_t)node->need_count;
        if (node->need_count > 0)
            memcpy(next, node->needs, node->need_count * sizeof *next);
        next += node->need_count;
        for (size_t j = 0; j < node->need_count; j++)
            run->tasks[node->needs[j]].dependent_count++;
    }
    for (size_t i = 0; i < image->node_count; i++) {
        run->tasks[i].dependents = next;
        next += run->tasks[i].dependent_count;
        run->tasks[i].dependent_count = 0;
    }
    for (size_t i = 0; i < image->node_count; i++) {
        for (uint32_t j = 0; j < run->tasks[i].need_count; j++) {
            struct task *need = &run->tasks[run->tasks[i].needs[j]];
            run->edges[(need->dependents - run->edges) + need->dependent_count] = (uint32_t)i;
            need->dependent_count++;
        }
    }
}

static void copy_codes(struct run *run, const struct event_run *image)
{
    size_t count = 0;
    for (size_t i = 0; i < image->node_count; i++)
        count += image->nodes[i].retry.code_count;
    run->codes = memory_new(count, sizeof *run->codes);
    int32_t *next = run->codes;
    for (size_t i = 0; i < image->node_count; i++) {
        struct event_retry *retry = &run->tasks[i].retry;
        if (retry->code_count > 0)
            memcpy(next, retry->codes, retry->code_count * sizeof *next);
        retry->codes = next;
        next += retry->code_count;
    }
}

/* A clock that was set back while no engine was there makes nobody wait longer than its delay. */
static struct instant ready_at(const struct engine *engine, const struct event_node *node)
{
    if (node->wait.is_set && node->wait_since.us != 0)
        return instant_add(instant_earlier(node->wait_since, engine->now), node->wait.timeout);
    struct duration delay = retry_delay(&node->retry, node->tries > 0 ? node->tries : 1);
    if (delay.us < REVOKED_DELAY_US)
        delay.us = REVOKED_DELAY_US;
    return instant_earlier(node->ready_at, instant_add(engine->now, delay));
}

static void copy_node(struct run *run, const struct event_node *node, struct task *task)
{
    task->run = run;
    task->rank = node->rank;
    task->pool = node->pool == ENGINE_NO_POOL ? 0 : node->pool + 1;
    task->priority = node->priority;
    task->has_process = node->has_process;
    task->is_off_day = node->is_off_day;
    task->is_selected = node->is_selected;
    task->external_open = node->external_open;
    task->retry = node->retry;
    task->wait = node->wait;
    task->state = node->state;
    task->wish = node->wish;
    task->attempts = node->attempts;
    task->tries = node->tries;
    run->counts[task->state]++;
}

static void count_blockers(struct run *run, struct task *task)
{
    for (uint32_t i = 0; i < task->need_count; i++) {
        const struct task_state_row *row = &task_states[run->tasks[task->needs[i]].state];
        task->blockers += !row->lets_go_on;
        task->bad_needs += row->blocks_downstream;
    }
}

static void reserve_parked(const struct engine *engine, struct run *run)
{
    run->parked_count = engine->pool_count;
    run->parked = memory_new(run->parked_count, sizeof *run->parked);
    run->ready_count = memory_new(run->parked_count, sizeof *run->ready_count);
    for (size_t i = 0; i < run->parked_count; i++)
        task_heap_init(&run->parked[i], ready_is_before);
    for (size_t i = 0; i < run->task_count; i++)
        task_heap_reserve(&run->parked[run->tasks[i].pool], 1);
}

static void reserve(struct engine *engine, struct run *run, size_t open_count)
{
    task_heap_reserve(&engine->timers, run->task_count);
    for (size_t i = 0; i < run->task_count; i++)
        task_heap_reserve(&engine->pools[run->tasks[i].pool].ready, 1);
    size_t limit = (size_t)engine->slots + (size_t)engine->grant_ahead;
    open_reserve(engine, engine->open_count + open_count + limit);
    if (run->parallel > 0)
        reserve_parked(engine, run);
}

static void insert(struct engine *engine, struct run *run)
{
    size_t position = runs_position(engine, run->run_id);
    engine->runs =
        memory_grow(engine->runs, engine->run_count, &engine->run_capacity, sizeof *engine->runs);
    memmove(&engine->runs[position + 1], &engine->runs[position],
            (engine->run_count - position) * sizeof *engine->runs);
    engine->runs[position] = run;
    engine->run_count++;
}

static void restore_attempt(struct engine *engine, struct task *task, const struct event_node *node)
{
    if (node->attempt_id == 0)
        return;
    task->tries += node->attempt_number - task->attempts;
    task->attempts = node->attempt_number;
    task->wait_since = (struct instant){0};
    task->wait_is_over = task->wait.is_set && !node->attempt_is_running;
    open_add(engine, task, node->attempt_id,
             node->attempt_is_running ? PHASE_RUNNING : PHASE_GRANTED);
}

int run_add(struct engine *engine, const struct event_run *image, struct error *err)
{
    if (check(engine, image, err) < 0)
        return -1;
    struct run *run = memory_new(1, sizeof *run);
    *run = (struct run){.run_id = image->run_id,
                        .priority = image->priority,
                        .parallel = image->parallel,
                        .opening = image->opening,
                        .hold = image->hold,
                        .state = image->state,
                        .has_started = image->state != RUN_WAITING,
                        .task_count = image->node_count};
    run->tasks = memory_new(run->task_count, sizeof *run->tasks);
    size_t open_count = 0;
    for (size_t i = 0; i < run->task_count; i++) {
        run->tasks[i].node = (uint32_t)i;
        copy_node(run, &image->nodes[i], &run->tasks[i]);
        run->tasks[i].ready_at = ready_at(engine, &image->nodes[i]);
        if (run->tasks[i].wait.is_set)
            run->tasks[i].wait_since = instant_earlier(image->nodes[i].wait_since, engine->now);
        open_count += image->nodes[i].attempt_id != 0;
    }
    copy_edges(run, image);
    copy_codes(run, image);
    reserve(engine, run, open_count);
    for (size_t i = 0; i < run->task_count; i++) {
        count_blockers(run, &run->tasks[i]);
        restore_attempt(engine, &run->tasks[i], &image->nodes[i]);
    }
    insert(engine, run);
    settle_run_later(engine, run);
    settle_run_dirty(engine, run);
    return 0;
}

int run_forget(struct engine *engine, const struct event *event, struct error *err)
{
    size_t position = runs_position(engine, event->run_id);
    struct run *run = runs_find(engine, event->run_id);
    if (run == NULL)
        return error_set(err, ERROR_KIND_NOT_FOUND, "run %" PRId64 " is not open", event->run_id);
    if (!run_state_is_final(run->state))
        return error_set(err, ERROR_KIND_BUSY, "run %" PRId64 " is %s", run->run_id,
                         run_state_name(run->state));
    assert(run->open == 0);
    task_heap_unreserve(&engine->timers, run->task_count);
    for (size_t i = 0; i < run->task_count; i++)
        task_heap_unreserve(&engine->pools[run->tasks[i].pool].ready, 1);
    engine->run_count--;
    memmove(&engine->runs[position], &engine->runs[position + 1],
            (engine->run_count - position) * sizeof *engine->runs);
    run_free(run);
    return 0;
}

void run_free(struct run *run)
{
    for (size_t i = 0; i < run->parked_count; i++)
        task_heap_free(&run->parked[i]);
    free(run->parked);
    free(run->ready_count);
    free(run->edges);
    free(run->codes);
    free(run->tasks);
    free(run);
}

/* links datemill_engine */
#include "scheduler/engine/engine.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_NODES 6
#define MAX_STEPS 400

/* Rows as a damaged store might hold them, and events in any order: whatever comes, the engine
 * refuses it or goes on, and its counts stay together. */
struct bytes {
    const uint8_t *data;
    size_t left;
};

static uint32_t take(struct bytes *bytes, uint32_t bound)
{
    if (bytes->left == 0)
        return 0;
    bytes->left--;
    bytes->data++;
    return bytes->data[-1] % bound;
}

/* Mostly what is allowed, now and then one more. */
static void make_node(struct bytes *bytes, uint32_t index, uint32_t *needs, struct event_node *node)
{
    static const int32_t codes[] = {1, 75};
    *node = (struct event_node){.needs = needs, .rank = index};
    for (uint32_t i = 0; i < index + (take(bytes, 64) == 0); i++) {
        if (take(bytes, 3) == 0)
            needs[node->need_count++] = i;
    }
    node->retry = (struct event_retry){.max = (int32_t)take(bytes, 4),
                                       .delay = duration_seconds(take(bytes, 5)),
                                       .backoff_percent = (int32_t)take(bytes, 250),
                                       .on_timeout = take(bytes, 2),
                                       .on_lost = take(bytes, 2),
                                       .codes = codes,
                                       .code_count = take(bytes, 3)};
    node->pool = take(bytes, 2) == 0 ? ENGINE_NO_POOL : take(bytes, 3);
    node->priority = (int32_t)take(bytes, 10);
    node->has_process = take(bytes, 4) != 0;
    node->is_selected = take(bytes, 8) != 0;
    node->external_open = take(bytes, 8) == 0;
    if (take(bytes, 3) != 0)
        return;
    node->state = (enum task_state)take(bytes, TASK_STATE_COUNT + 1);
    node->wish = (enum task_wish)take(bytes, 8);
    node->attempts = (int32_t)take(bytes, 4);
    node->tries = (int32_t)take(bytes, 4);
    node->ready_at.us = take(bytes, 40) * DURATION_SECOND_US;
    node->attempt_id = (int64_t)take(bytes, 12) - 1;
    node->attempt_number = (int32_t)take(bytes, 5);
    node->attempt_is_running = take(bytes, 2);
}

static int add_run(struct engine *engine, struct bytes *bytes, struct instant now,
                   struct action_list *actions)
{
    struct event_node nodes[MAX_NODES];
    uint32_t needs[MAX_NODES][MAX_NODES + 1];
    struct event_run run = {.run_id = take(bytes, 5),
                            .priority = (int32_t)take(bytes, 9),
                            .parallel = (int32_t)take(bytes, 3),
                            .opening = 1 + (int32_t)take(bytes, 2),
                            .hold = take(bytes, 4) == 0 ? RUN_HOLD_DRAIN : RUN_HOLD_NONE,
                            .state = (enum run_state)take(bytes, 4),
                            .nodes = nodes,
                            .node_count = take(bytes, MAX_NODES + 1)};
    for (uint32_t i = 0; i < run.node_count; i++)
        make_node(bytes, i, needs[i], &nodes[i]);
    return engine_step(engine, &(struct event){.kind = EVENT_RUN_ADDED, .now = now, .run = &run},
                       actions, NULL);
}

static struct event make_event(struct bytes *bytes, struct instant now)
{
    static const int32_t pools[] = {1, 2};
    struct event event = {.kind = (enum event_kind)take(bytes, EVENT_RUN_FORGET + 1),
                          .now = now,
                          .run_id = take(bytes, 5),
                          .node = take(bytes, MAX_NODES + 1)};
    if (event.kind >= EVENT_ATTEMPT_STARTED && event.kind <= EVENT_ATTEMPT_UNKNOWN) {
        event.attempt.id = take(bytes, 64);
        event.attempt.outcome.end = (enum attempt_end)take(bytes, ATTEMPT_END_REVOKED);
        event.attempt.outcome.code = (int32_t)take(bytes, 80);
    } else if (event.kind == EVENT_SET_CAPACITY) {
        event.capacity.slots = (int32_t)take(bytes, 5);
        event.capacity.pools = pools;
        event.capacity.pool_count = take(bytes, 3);
    } else if (event.kind == EVENT_RERUN) {
        event.scope = (enum rerun_scope)take(bytes, 4);
    } else if (event.kind == EVENT_HOLD) {
        event.hold = (enum run_hold)take(bytes, 4);
    } else if (event.kind == EVENT_NEEDS_MET) {
        event.external_open = take(bytes, 2);
    } else {
        event.is_success = take(bytes, 2);
    }
    return event;
}

static void check(const struct engine *engine)
{
    size_t count;
    struct engine_counts counts = engine_count(engine);
    struct engine_open_attempt *open = engine_open_attempts(engine, &count);
    assert(count == counts.granted + counts.running);
    for (size_t i = 1; i < count; i++)
        assert(open[i].attempt_id > open[i - 1].attempt_id);
    free(open);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes bytes = {data, size};
    struct action_list actions = {0};
    struct instant now = {0};
    struct engine *engine = engine_new(
        &(struct engine_options){.next_attempt_id = 10, .grant_ahead = (int32_t)take(&bytes, 4)});
    for (int i = 0; i < MAX_STEPS && bytes.left > 0; i++) {
        now = instant_add(now, duration_seconds(take(&bytes, 4)));
        size_t before = actions.count;
        struct event event = make_event(&bytes, now);
        int result = event.kind == EVENT_RUN_ADDED ? add_run(engine, &bytes, now, &actions)
                                                   : engine_step(engine, &event, &actions, NULL);
        assert(result == 0 || actions.count == before);
        check(engine);
    }
    engine_free(engine);
    action_list_free(&actions);
    return 0;
}

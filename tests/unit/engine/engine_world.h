/* A small world for the engine's tests: the trace is the test.
 *
 *     struct world world;
 *     world_open(&world, 2);
 *     world_add(&world, 7, (struct spec[]){{.needs = ""}, {.needs = "0"}}, 2);
 *     world_begin(&world);
 *     world_expect(&world, "attempt 1 7/0 #1 granted\n"
 *                          "grant 1 7/0 #1\n");
 *
 * Time is in seconds and stands still until it is set. */
#ifndef TESTS_UNIT_ENGINE_ENGINE_WORLD_H
#define TESTS_UNIT_ENGINE_ENGINE_WORLD_H

#include "scheduler/base/text.h"
#include "scheduler/engine/engine.h"
#include "scheduler/engine/recover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WORLD_MAX_NODES 32
#define WORLD_EPOCH_S 1000

struct spec {
    const char *needs; /* digits: indexes below 10 */
    struct event_retry retry;
    enum task_state state;
    int32_t priority; /* 0 = 1 */
    uint32_t pool;    /* 0 = none, else one more than the index */
    uint32_t external;
    bool is_virtual;
    bool is_unselected;
};

struct world {
    struct engine *engine;
    struct action_list actions;
    struct text trace;
    int64_t second;
    struct error err;
};

static inline struct instant world_now(const struct world *world)
{
    return (struct instant){world->second * DURATION_SECOND_US};
}

/* Returns what engine_step() returns; the actions go to the trace. */
static inline int world_step(struct world *world, struct event event)
{
    event.now = world_now(world);
    if (event.kind == EVENT_ATTEMPT_STARTED || event.kind == EVENT_ATTEMPT_ENDED)
        event.attempt.at = event.now;
    action_list_clear(&world->actions);
    int result = engine_step(world->engine, &event, &world->actions, &world->err);
    for (size_t i = 0; i < world->actions.count; i++) {
        action_format(&world->actions.items[i], &world->trace);
        text_append(&world->trace, "\n");
    }
    return result;
}

static inline void world_do(struct world *world, struct event event)
{
    if (world_step(world, event) != 0)
        fail_msg("refused: %s", world->err.text);
}

static inline void world_refuse(struct world *world, struct event event, enum error_kind kind)
{
    assert_int_equal(world_step(world, event), -1);
    assert_int_equal(world->err.kind, kind);
    assert_int_equal(world->actions.count, 0);
}

static inline void world_expect(struct world *world, const char *trace)
{
    assert_string_equal(text_string(&world->trace), trace);
    text_clear(&world->trace);
}

static inline void world_ignore(struct world *world)
{
    text_clear(&world->trace);
}

static inline void world_capacity(struct world *world, int32_t slots, const int32_t *pools,
                                  size_t pool_count)
{
    world_do(world,
             (struct event){.kind = EVENT_SET_CAPACITY, .capacity = {slots, pools, pool_count}});
}

static inline void world_open_ahead(struct world *world, int32_t slots, int32_t ahead)
{
    struct engine_options options = {.next_attempt_id = 1, .grant_ahead = ahead};
    *world = (struct world){.engine = engine_new(&options), .second = WORLD_EPOCH_S};
    world_capacity(world, slots, NULL, 0);
}

static inline void world_open(struct world *world, int32_t slots)
{
    world_open_ahead(world, slots, ENGINE_GRANT_AHEAD);
}

static inline void world_close(struct world *world)
{
    assert_string_equal(text_string(&world->trace), "");
    engine_free(world->engine);
    action_list_free(&world->actions);
    text_free(&world->trace);
}

/* Nodes stand in topological order. */
static inline void world_make_nodes(const struct spec *specs, size_t count,
                                    struct event_node *nodes, uint32_t needs[][WORLD_MAX_NODES])
{
    assert_true(count <= WORLD_MAX_NODES);
    for (size_t i = 0; i < count; i++) {
        const struct spec *spec = &specs[i];
        size_t need_count = spec->needs == NULL ? 0 : strlen(spec->needs);
        for (size_t j = 0; j < need_count; j++)
            needs[i][j] = (uint32_t)(spec->needs[j] - '0');
        nodes[i] = (struct event_node){.retry = spec->retry,
                                       .needs = needs[i],
                                       .need_count = need_count,
                                       .rank = (uint32_t)i,
                                       .pool = spec->pool == 0 ? ENGINE_NO_POOL : spec->pool - 1,
                                       .priority = spec->priority == 0 ? 1 : spec->priority,
                                       .has_process = !spec->is_virtual,
                                       .is_selected = !spec->is_unselected,
                                       .external_open = spec->external,
                                       .state = spec->state};
    }
}

static inline void world_add_run(struct world *world, struct event_run run,
                                 const struct spec *specs, size_t count)
{
    struct event_node nodes[WORLD_MAX_NODES];
    uint32_t needs[WORLD_MAX_NODES][WORLD_MAX_NODES];
    world_make_nodes(specs, count, nodes, needs);
    run.nodes = nodes;
    run.node_count = count;
    run.opening = run.opening == 0 ? 1 : run.opening;
    run.priority = run.priority == 0 ? 1 : run.priority;
    world_do(world, (struct event){.kind = EVENT_RUN_ADDED, .run = &run});
}

static inline void world_add(struct world *world, int64_t run_id, const struct spec *specs,
                             size_t count)
{
    world_add_run(world, (struct event_run){.run_id = run_id}, specs, count);
}

static inline void world_begin(struct world *world)
{
    world_do(world, (struct event){.kind = EVENT_BEGIN});
}

static inline void world_started(struct world *world, int64_t id)
{
    world_do(world, (struct event){.kind = EVENT_ATTEMPT_STARTED, .attempt = {.id = id}});
}

static inline void world_ended(struct world *world, int64_t id, enum attempt_end end, int32_t code)
{
    world_do(world, (struct event){.kind = EVENT_ATTEMPT_ENDED,
                                   .attempt = {.id = id, .outcome = {end, code}}});
}

/* Starts and ends well, without a look at the trace. */
static inline void world_succeed(struct world *world, int64_t id)
{
    world_started(world, id);
    world_ended(world, id, ATTEMPT_END_SUCCESS, 0);
    world_ignore(world);
}

static inline void world_revoked(struct world *world, int64_t id)
{
    world_do(world, (struct event){.kind = EVENT_ATTEMPT_REVOKED, .attempt = {.id = id}});
}

static inline void world_at(struct world *world, int64_t second)
{
    world->second = second;
    world_do(world, (struct event){.kind = EVENT_TIME});
}

static inline struct event world_node_event(enum event_kind kind, int64_t run_id, uint32_t node)
{
    return (struct event){.kind = kind, .run_id = run_id, .node = node};
}

static inline struct event_retry world_retry(int32_t max, int64_t delay_s)
{
    return (struct event_retry){
        .max = max, .delay = duration_seconds(delay_s), .backoff_percent = 100};
}

#endif

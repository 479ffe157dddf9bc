/* Random flows: chains, fans, layers, virtual nodes, retries, pools, priorities. */
#include "tests/sim/sim.h"

#include <string.h>

static uint32_t below(struct sim_world *world, uint32_t bound)
{
    return (uint32_t)random_below(&world->random, bound);
}

enum shape {
    SHAPE_CHAIN,
    SHAPE_FAN_OUT,
    SHAPE_FAN_IN,
    SHAPE_RANDOM,
    SHAPE_LOOSE,
    SHAPE_COUNT
};

static bool is_needed(struct sim_world *world, enum shape shape, uint32_t node, uint32_t need,
                      uint32_t count)
{
    switch (shape) {
    case SHAPE_CHAIN:
        return need + 1 == node;
    case SHAPE_FAN_OUT:
        return need == 0;
    case SHAPE_FAN_IN:
        return node + 1 == count;
    case SHAPE_RANDOM:
        return random_chance(&world->random, 300);
    case SHAPE_LOOSE:
    case SHAPE_COUNT:
        break;
    }
    return random_chance(&world->random, 60);
}

static void make_retry(struct sim_world *world, struct event_retry *retry, struct sim_node *own)
{
    static const int32_t backoffs[] = {100, 200, 150, 50};
    retry->max = (int32_t)below(world, 4);
    retry->delay = duration_seconds(below(world, 3) == 0 ? 0 : below(world, 90));
    retry->backoff_percent = backoffs[below(world, 4)];
    retry->max_delay = duration_seconds(below(world, 2) == 0 ? 0 : 60);
    retry->on_timeout = below(world, 2) == 0;
    retry->on_lost = below(world, 2) == 0;
    own->codes[0] = 75;
    own->codes[1] = 3;
    retry->codes = own->codes;
    retry->code_count = below(world, 4) == 0 ? 1 + below(world, 2) : 0;
}

static enum task_state first_state(struct sim_world *world, bool is_selected)
{
    if (!is_selected)
        return TASK_SKIPPED;
    return random_chance(&world->random, 30) ? TASK_FROZEN : TASK_WAITING;
}

static void make_node(struct sim_world *world, struct sim_run *run, uint32_t index,
                      enum shape shape)
{
    struct event_node *node = &run->nodes[index];
    struct sim_node *own = &run->own[index];
    *node = (struct event_node){.needs = own->needs, .rank = index};
    for (uint32_t need = 0; need < index; need++) {
        if (is_needed(world, shape, index, need, (uint32_t)run->image.node_count))
            own->needs[node->need_count++] = need;
    }
    make_retry(world, &node->retry, own);
    node->pool = ENGINE_NO_POOL;
    if (world->pool_count > 0 && below(world, 2) == 0)
        node->pool = below(world, (uint32_t)world->pool_count);
    node->priority = below(world, 3) == 0 ? 1 + (int32_t)below(world, 8) : 1;
    node->has_process = !random_chance(&world->random, 120);
    node->is_off_day = random_chance(&world->random, 60);
    node->has_process = node->has_process && !node->is_off_day;
    node->is_selected = !random_chance(&world->random, 60);
    node->state = first_state(world, node->is_selected);
    own->external_open = random_chance(&world->random, 60) ? 1 + below(world, 2) : 0;
    if (!node->is_off_day && random_chance(&world->random, 120)) {
        node->wait = (struct event_wait){.is_set = true,
                                         .timeout = duration_seconds(1 + below(world, 200)),
                                         .is_skipped = below(world, 2) == 0};
        own->there_at = instant_add(world->now, duration_seconds(below(world, 400)));
    }
    own->timeout = duration_seconds(below(world, 4) == 0 ? 40 : 0);
    own->failures = below(world, 3) == 0 ? below(world, 900) : 100;
}

static void make_run(struct sim_world *world, size_t index)
{
    struct sim_run *run = &world->runs[index];
    uint32_t count = 1 + below(world, SIM_MAX_NODES);
    enum shape shape = (enum shape)below(world, SHAPE_COUNT);
    run->image =
        (struct event_run){.run_id = (int64_t)(10 + index * 3),
                           .priority = below(world, 2) == 0 ? 1 : 1 + (int32_t)below(world, 8),
                           .parallel = below(world, 4) == 0 ? 1 + (int32_t)below(world, 3) : 0,
                           .opening = 1,
                           .nodes = run->nodes,
                           .node_count = count};
    for (uint32_t i = 0; i < count; i++)
        make_node(world, run, i, shape);
}

void sim_make_world(struct sim_world *world)
{
    world->now = (struct instant){1000 * DURATION_SECOND_US};
    world->slots = 1 + (int32_t)below(world, 4);
    world->grant_ahead = below(world, 3) == 0 ? (int32_t)below(world, 3) : 16;
    world->pool_count = below(world, SIM_MAX_POOLS + 1);
    for (size_t i = 0; i < world->pool_count; i++)
        world->pools[i] = 1 + (int32_t)below(world, 3);
    world->run_count = 1 + below(world, SIM_MAX_RUNS);
    for (size_t i = 0; i < world->run_count; i++)
        make_run(world, i);
}

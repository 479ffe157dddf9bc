/* What people do, at random; and what they do at last, so that everything can finish. */
#include "tests/sim/sim.h"

#include <inttypes.h>

#define QUIET_AFTER_ATTEMPTS 300

static bool is_quiet(const struct sim_world *world)
{
    return world->ahead.next_attempt_id > QUIET_AFTER_ATTEMPTS;
}

/* People may be refused; then nothing has happened. */
static bool ask(struct sim_world *world, struct event event)
{
    struct error err;
    if (sim_engine_step(world, event, &err) == 0)
        return true;
    bool is_answer = err.kind == ERROR_KIND_BUSY || err.kind == ERROR_KIND_REFUSED ||
                     err.kind == ERROR_KIND_NOT_FOUND;
    if (!is_answer)
        sim_fail(world, "people were answered with kind %d: %s", (int)err.kind, err.text);
    sim_trace(world, "      refused: %s", err.text);
    return false;
}

static void add_run(struct sim_world *world)
{
    for (size_t i = 0; i < world->run_count; i++) {
        if (!world->ahead.has_run[i]) {
            sim_load_run(world, i);
            return;
        }
    }
}

static void change_slots(struct sim_world *world)
{
    world->slots = 1 + (int32_t)random_below(&world->random, 4);
    if (world->is_connected)
        world->keeper_slots = world->slots;
    ask(world, (struct event){.kind = EVENT_SET_CAPACITY,
                              .capacity = {world->slots, world->pools, world->pool_count}});
}

static void meet_need(struct sim_world *world, size_t run, uint32_t node)
{
    uint32_t *open = &world->runs[run].own[node].external_open;
    if (*open == 0)
        return;
    (*open)--;
    ask(world, (struct event){.kind = EVENT_NEEDS_MET,
                              .run_id = world->runs[run].image.run_id,
                              .node = node,
                              .external_open = *open});
}

static void hold(struct sim_world *world, size_t run, bool is_held)
{
    world->is_held[run] = is_held;
    ask(world, (struct event){.kind = is_held ? EVENT_HOLD : EVENT_RELEASE,
                              .run_id = world->runs[run].image.run_id,
                              .hold = RUN_HOLD_DRAIN});
}

static void forget(struct sim_world *world, size_t run)
{
    if (!run_state_is_final(world->ahead.run_state[run]))
        return;
    ask(world, (struct event){.kind = EVENT_RUN_FORGET, .run_id = world->runs[run].image.run_id});
    world->is_loaded[run] = false;
}

static void operate_node(struct sim_world *world, size_t run, uint32_t node)
{
    static const enum event_kind kinds[] = {EVENT_SKIP, EVENT_MARK, EVENT_FREEZE, EVENT_UNFREEZE,
                                            EVENT_UNFREEZE};
    ask(world, (struct event){.kind = kinds[random_below(&world->random, 5)],
                              .run_id = world->runs[run].image.run_id,
                              .node = node,
                              .is_success = random_chance(&world->random, 600)});
}

static void operate_run(struct sim_world *world, size_t run, uint32_t node)
{
    struct event event = {.run_id = world->runs[run].image.run_id, .node = node};
    switch (random_below(&world->random, 8)) {
    case 0:
        event.kind = EVENT_STOP_RUN;
        event.is_kill = random_chance(&world->random, 300);
        if (ask(world, event))
            sim_check_stopped_run(world, run);
        return;
    case 1:
    case 2:
        event.kind = EVENT_RERUN;
        event.scope = (enum rerun_scope)random_below(&world->random, 4);
        ask(world, event);
        return;
    case 3:
    case 4:
        operate_node(world, run, node);
        return;
    case 5:
        hold(world, run, random_chance(&world->random, 400));
        return;
    case 6:
        forget(world, run);
        return;
    default:
        meet_need(world, run, node);
        return;
    }
}

void sim_operate(struct sim_world *world)
{
    if (world->engine == NULL || is_quiet(world))
        return;
    world->counts->operations++;
    if (random_chance(&world->random, 250)) {
        add_run(world);
        return;
    }
    if (random_chance(&world->random, 50)) {
        change_slots(world);
        return;
    }
    size_t run = (size_t)random_below(&world->random, world->run_count);
    if (!world->ahead.has_run[run])
        return;
    if (!world->is_loaded[run] && world->committed.has_run[run] && world->pending.count == 0)
        sim_load_run(world, run);
    uint64_t count = world->runs[run].image.node_count;
    operate_run(world, run, (uint32_t)random_below(&world->random, count));
}

static void release_node(struct sim_world *world, size_t run, uint32_t node)
{
    while (world->runs[run].own[node].external_open > 0)
        meet_need(world, run, node);
    enum task_state state = world->ahead.tasks[run][node].state;
    if (state == TASK_FROZEN || world->ahead.tasks[run][node].wish == TASK_WISH_FREEZE)
        ask(world, (struct event){.kind = EVENT_UNFREEZE,
                                  .run_id = world->runs[run].image.run_id,
                                  .node = node});
}

void sim_calm_down(struct sim_world *world)
{
    sim_trace(world, "        it is calm");
    world->is_calm = true;
    sim_engine_commit(world);
    if (!world->keeper_is_alive)
        sim_keeper_start(world);
    if (world->engine == NULL)
        sim_engine_start(world);
    sim_engine_connect(world);
    for (size_t i = 0; i < world->run_count; i++) {
        if (!world->ahead.has_run[i])
            add_run(world);
        else if (!world->is_loaded[i])
            sim_load_run(world, i);
        hold(world, i, false);
        for (uint32_t node = 0; node < world->runs[i].image.node_count; node++)
            release_node(world, i, node);
    }
    sim_engine_commit(world);
}

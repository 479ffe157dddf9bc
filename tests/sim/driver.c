/* What the daemon does around the engine: step, commit, act, receive, recover. */
#include "tests/sim/sim.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool breaks_now(struct sim_world *world)
{
    return !world->is_calm && random_chance(&world->random, 12);
}

void sim_disconnect(struct sim_world *world)
{
    if (!world->is_connected)
        return;
    /* what was sent before the end may or may not be read */
    while (world->keeper_is_alive && world->order_count > 0 && random_chance(&world->random, 500))
        sim_keeper_receive(world);
    world->is_connected = false;
    world->order_count = 0;
    world->message_count = 0;
}

void sim_engine_crash(struct sim_world *world)
{
    if (world->engine == NULL)
        return;
    sim_trace(world, "        the engine dies");
    world->counts->engine_crashes++;
    engine_free(world->engine);
    world->engine = NULL;
    action_list_clear(&world->pending);
    memcpy(&world->ahead, &world->committed, sizeof world->ahead);
    memset(world->is_loaded, 0, sizeof world->is_loaded);
    world->look_count = 0;
    sim_disconnect(world);
}

static void trace_step(struct sim_world *world, const struct event *event, size_t first)
{
    if (world->trace == NULL)
        return;
    text_append(world->trace, "  ");
    event_format(event, world->trace);
    text_append(world->trace, "\n");
    for (size_t i = first; i < world->pending.count; i++) {
        text_append(world->trace, "      ");
        action_format(&world->pending.items[i], world->trace);
        text_append(world->trace, "\n");
    }
}

static bool is_record(const struct action *action)
{
    return action->kind <= ACTION_RECORD_RUN;
}

int sim_engine_step(struct sim_world *world, struct event event, struct error *err)
{
    size_t first = world->pending.count;
    event.now = world->now;
    int result = engine_step(world->engine, &event, &world->pending, err);
    world->counts->steps++;
    trace_step(world, &event, first);
    if (result != 0 && world->pending.count != first)
        sim_fail(world, "a refused event left actions behind");
    for (size_t i = first; i < world->pending.count && !sim_has_failed(world); i++) {
        const struct action *action = &world->pending.items[i];
        if (is_record(action)) {
            sim_store_apply(world, &world->ahead, action);
            sim_check_record(world, &world->ahead, action);
        } else if (action->kind == ACTION_GRANT) {
            bool is_new = i > first && world->pending.items[i - 1].kind == ACTION_RECORD_ATTEMPT;
            sim_check_grant(world, action, is_new);
        }
    }
    return result;
}

/* An event that the engine may not refuse. */
static void must_step(struct sim_world *world, struct event event)
{
    struct error err;
    if (world->engine != NULL && sim_engine_step(world, event, &err) != 0)
        sim_fail(world, "the engine refused an event: %s", err.text);
}

static void commit(struct sim_world *world)
{
    for (size_t i = 0; i < world->run_count; i++) {
        if (world->ahead.has_run[i] && !world->committed.has_run[i])
            sim_store_add_run(world, &world->committed, i);
    }
    for (size_t i = 0; i < world->pending.count; i++) {
        const struct action *action = &world->pending.items[i];
        bool is_dropped = world->plant == PLANT_DROP_RECORD && !world->is_calm &&
                          action->kind == ACTION_RECORD_TASK && random_chance(&world->random, 20);
        if (is_record(action) && !is_dropped) {
            sim_store_apply(world, &world->committed, action);
            world->records++;
        }
    }
    world->counts->commits++;
}

static void note_look(struct sim_world *world, const struct action *action)
{
    size_t run = 0;
    while (world->runs[run].image.run_id != action->order.run_id)
        run++;
    if (world->look_count == SIM_MAX_LOOKS)
        sim_fail(world, "too many looks are asked for");
    else
        world->looks[world->look_count++] = (struct sim_look){run, action->order.node};
}

/* Carries out the orders and settles the ends of the pending list; false: died in the middle. */
static bool act(struct sim_world *world)
{
    for (size_t i = 0; i < world->pending.count; i++) {
        const struct action *action = &world->pending.items[i];
        if (breaks_now(world))
            return false;
        if (action->kind == ACTION_LOOK)
            note_look(world, action);
        else if (!is_record(action))
            sim_send_order(world, (struct sim_order){.kind = action->kind,
                                                     .attempt_id = action->order.attempt_id,
                                                     .is_kill = action->order.is_kill});
        else if (action->kind == ACTION_RECORD_ATTEMPT && action->attempt.state == ATTEMPT_ENDED &&
                 action->attempt.outcome.end != ATTEMPT_END_REVOKED)
            sim_send_order(world, (struct sim_order){.attempt_id = action->attempt.attempt_id,
                                                     .is_settled = true});
    }
    return true;
}

void sim_engine_commit(struct sim_world *world)
{
    if (world->engine == NULL || sim_has_failed(world))
        return;
    bool acts_first = world->plant == PLANT_ACT_BEFORE_COMMIT;
    bool is_fine = !acts_first || act(world);
    is_fine = is_fine && !breaks_now(world);
    if (is_fine) {
        commit(world);
        is_fine = acts_first || act(world);
    }
    action_list_clear(&world->pending);
    if (!is_fine)
        sim_engine_crash(world);
}

static void take_message(struct sim_world *world, const struct sim_message *message)
{
    struct event event = {
        .kind = message->kind,
        .attempt = {.id = message->attempt_id, .at = message->at, .outcome = message->outcome}};
    if (message->kind == EVENT_ATTEMPT_REVOKED) {
        world->counts->revokes++;
        if (world->plant == PLANT_FORGET_REVOKED)
            return;
    }
    must_step(world, event);
}

void sim_engine_receive(struct sim_world *world)
{
    uint64_t count = world->is_calm ? world->message_count : random_below(&world->random, 5);
    for (; count > 0 && world->message_count > 0 && !sim_has_failed(world); count--) {
        struct sim_message message = world->messages[world->message_first];
        world->message_first = (world->message_first + 1) % SIM_MAX_QUEUE;
        world->message_count--;
        take_message(world, &message);
    }
}

/* The open attempt of a node as the store has it, 0 = none. */
static int64_t stored_attempt(const struct sim_world *world, size_t run, size_t node)
{
    for (int64_t id = world->committed.next_attempt_id - 1; id > 0; id--) {
        const struct sim_attempt_row *row = &world->committed.attempts[id - 1];
        if (row->run == run && row->node == node && row->state != ATTEMPT_ENDED)
            return id;
    }
    return 0;
}

static void restore_node(const struct sim_world *world, size_t run, size_t index,
                         struct event_node *node)
{
    const struct sim_task_row *row = &world->committed.tasks[run][index];
    node->state = row->state;
    node->wish = row->wish;
    node->attempts = row->attempts;
    node->tries = row->tries;
    node->ready_at = row->ready_at;
    node->wait_since = row->wait_since;
    node->attempt_id = stored_attempt(world, run, index);
    if (node->attempt_id == 0)
        return;
    if (world->plant == PLANT_GRANT_AFTER_CRASH) {
        node->attempt_id = 0;
        node->state = TASK_WAITING;
        node->wish = TASK_WISH_NONE;
        return;
    }
    const struct sim_attempt_row *attempt = &world->committed.attempts[node->attempt_id - 1];
    node->attempt_number = attempt->number;
    node->attempt_is_running = attempt->state == ATTEMPT_RUNNING;
}

void sim_load_run(struct sim_world *world, size_t run)
{
    struct event_run image = world->runs[run].image;
    struct event_node nodes[SIM_MAX_NODES];
    image.nodes = nodes;
    image.hold = world->is_held[run] ? RUN_HOLD_NO_SCHEDULER : RUN_HOLD_NONE;
    for (size_t i = 0; i < image.node_count; i++) {
        nodes[i] = world->runs[run].nodes[i];
        nodes[i].external_open = world->runs[run].own[i].external_open;
        if (world->committed.has_run[run])
            restore_node(world, run, i, &nodes[i]);
    }
    if (world->committed.has_run[run]) {
        image.state = world->committed.run_state[run];
        image.opening = world->committed.opening[run];
    } else {
        sim_store_add_run(world, &world->ahead, run);
    }
    world->is_loaded[run] = true;
    must_step(world, (struct event){.kind = EVENT_RUN_ADDED, .run = &image});
}

static void spoil_recovery(const struct sim_world *world, struct event *event)
{
    bool is_lost =
        event->kind == EVENT_ATTEMPT_ENDED && event->attempt.outcome.end == ATTEMPT_END_LOST;
    if (world->plant == PLANT_LOST_IS_SUCCESS && is_lost)
        event->attempt.outcome.end = ATTEMPT_END_SUCCESS;
    if (world->plant == PLANT_DROP_END && event->kind == EVENT_ATTEMPT_ENDED)
        event->attempt.outcome.end = ATTEMPT_END_LOST;
}

static void settle_old_ends(struct sim_world *world, const struct recover_known *known,
                            size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool is_stored = world->committed.attempts[known[i].attempt_id - 1].state == ATTEMPT_ENDED;
        if (known[i].kind == RECOVER_ENDED && is_stored)
            sim_send_order(
                world, (struct sim_order){.attempt_id = known[i].attempt_id, .is_settled = true});
    }
}

void sim_engine_connect(struct sim_world *world)
{
    if (world->engine == NULL || !world->keeper_is_alive || world->is_connected)
        return;
    if (world->plant != PLANT_RECOVER_TOO_EARLY)
        sim_engine_commit(world);
    if (world->engine == NULL)
        return;
    world->is_connected = true;
    world->keeper_slots = world->slots;
    struct recover_known known[SIM_MAX_ATTEMPTS];
    struct recover_open open[SIM_MAX_ATTEMPTS];
    size_t known_count = sim_keeper_snapshot(world, known);
    size_t open_count;
    struct engine_open_attempt *list = engine_open_attempts(world->engine, &open_count);
    for (size_t i = 0; i < open_count; i++)
        open[i] = (struct recover_open){
            .attempt_id = list[i].attempt_id,
            .is_running = list[i].is_running,
            .is_this_boot = world->ahead.attempts[list[i].attempt_id - 1].boot == world->boot};
    free(list);
    recover_events(&(struct recover_input){open, open_count, known, known_count, world->now},
                   &world->recovered);
    for (size_t i = 0; i < world->recovered.orders.count; i++) {
        const struct action *action = &world->recovered.orders.items[i];
        sim_send_order(world, (struct sim_order){.kind = action->kind,
                                                 .attempt_id = action->order.attempt_id,
                                                 .is_kill = action->order.is_kill});
    }
    settle_old_ends(world, known, known_count);
    for (size_t i = 0; i < world->recovered.event_count && !sim_has_failed(world); i++) {
        spoil_recovery(world, &world->recovered.events[i]);
        must_step(world, world->recovered.events[i]);
    }
}

static bool is_there(const struct sim_world *world, size_t run, uint32_t node)
{
    return world->plant == PLANT_SEE_TOO_EARLY ||
           instant_compare(world->runs[run].own[node].there_at, world->now) <= 0;
}

static void look(struct sim_world *world, size_t run, uint32_t node)
{
    must_step(world, (struct event){.kind = EVENT_LOOKED,
                                    .run_id = world->runs[run].image.run_id,
                                    .node = node,
                                    .is_there = is_there(world, run, node)});
}

static bool is_looked_for(const struct sim_world *world, size_t run, uint32_t node)
{
    struct engine_task task;
    return world->is_loaded[run] &&
           engine_look(world->engine, world->runs[run].image.run_id, node, &task, NULL) == 0 &&
           task.is_looked_for;
}

void sim_engine_look(struct sim_world *world)
{
    size_t count = world->look_count;
    world->look_count = 0;
    if (world->plant == PLANT_NO_LOOK)
        return;
    for (size_t i = 0; i < count && !sim_has_failed(world); i++) {
        if (world->is_loaded[world->looks[i].run])
            look(world, world->looks[i].run, world->looks[i].node);
    }
    for (size_t run = 0; run < world->run_count; run++) {
        for (uint32_t node = 0; node < world->runs[run].image.node_count; node++) {
            if (is_looked_for(world, run, node) && is_there(world, run, node))
                look(world, run, node);
        }
    }
}

struct instant sim_engine_next_look(const struct sim_world *world)
{
    struct instant next = INSTANT_NEVER;
    for (size_t run = 0; run < world->run_count && world->plant != PLANT_NO_LOOK; run++) {
        for (uint32_t node = 0; node < world->runs[run].image.node_count; node++) {
            if (is_looked_for(world, run, node))
                next = instant_earlier(next, world->runs[run].own[node].there_at);
        }
    }
    return next;
}

void sim_engine_start(struct sim_world *world)
{
    struct engine_options options = {.next_attempt_id = world->committed.next_attempt_id,
                                     .grant_ahead = world->grant_ahead};
    sim_trace(world, "        an engine starts");
    world->engine = engine_new(&options);
    must_step(world, (struct event){.kind = EVENT_SET_CAPACITY,
                                    .capacity = {world->slots, world->pools, world->pool_count}});
    for (size_t i = 0; i < world->run_count; i++) {
        if (!world->committed.has_run[i] || sim_has_failed(world))
            continue;
        bool is_final = run_state_is_final(world->committed.run_state[i]);
        if (!is_final || random_chance(&world->random, 500))
            sim_load_run(world, i);
    }
    sim_check_engine(world);
    if (random_chance(&world->random, 800))
        sim_engine_connect(world);
    if (world->engine == NULL)
        return;
    must_step(world, (struct event){.kind = EVENT_BEGIN});
    sim_engine_commit(world);
}

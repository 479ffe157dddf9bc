/* The keeper and its processes: it starts what is granted when a slot is free, remembers how each
 * ended until that is settled, survives the engine, and dies in its own way. */
#include "tests/sim/sim.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define LONGEST_RUN_S 100
#define LONGEST_GRACE_S 10

void sim_send_order(struct sim_world *world, struct sim_order order)
{
    if (!world->is_connected)
        return;
    assert(world->order_count < SIM_MAX_QUEUE);
    world->orders[(world->order_first + world->order_count) % SIM_MAX_QUEUE] = order;
    world->order_count++;
}

static void send_message(struct sim_world *world, enum event_kind kind, int64_t attempt_id)
{
    if (!world->is_connected)
        return;
    assert(world->message_count < SIM_MAX_QUEUE);
    const struct sim_process *process = &world->processes[attempt_id - 1];
    world->messages[(world->message_first + world->message_count) % SIM_MAX_QUEUE] =
        (struct sim_message){
            .kind = kind, .attempt_id = attempt_id, .at = process->at, .outcome = process->outcome};
    world->message_count++;
}

static void answer(struct sim_world *world, int64_t id)
{
    const struct sim_process *process = &world->processes[id - 1];
    if (process->state == PROCESS_RUNNING)
        send_message(world, EVENT_ATTEMPT_STARTED, id);
    else if (process->state == PROCESS_ENDED)
        send_message(world, EVENT_ATTEMPT_ENDED, id);
}

static void enqueue(struct sim_world *world, int64_t id)
{
    if (id < 1 || id > SIM_MAX_ATTEMPTS || id >= world->committed.next_attempt_id) {
        sim_fail(world, "the keeper was granted attempt %" PRId64 ", which is not committed", id);
        return;
    }
    struct sim_process *process = &world->processes[id - 1];
    if (process->state != PROCESS_NONE) {
        answer(world, id);
        return;
    }
    if (world->committed.attempts[id - 1].state == ATTEMPT_ENDED)
        sim_fail(world, "the keeper was granted attempt %" PRId64 ", which has ended", id);
    process->state = PROCESS_QUEUED;
    world->queue[world->queue_count] = id;
    world->queue_count++;
}

static void dequeue(struct sim_world *world, size_t position)
{
    world->queue_count--;
    memmove(&world->queue[position], &world->queue[position + 1],
            (world->queue_count - position) * sizeof world->queue[0]);
}

static void revoke(struct sim_world *world, int64_t id)
{
    struct sim_process *process = &world->processes[id - 1];
    if (process->state != PROCESS_NONE && process->state != PROCESS_QUEUED)
        return;
    for (size_t i = 0; i < world->queue_count; i++) {
        if (world->queue[i] == id) {
            dequeue(world, i);
            break;
        }
    }
    process->state = PROCESS_NONE;
    send_message(world, EVENT_ATTEMPT_REVOKED, id);
}

static void stop(struct sim_world *world, int64_t id, bool is_kill)
{
    struct sim_process *process = &world->processes[id - 1];
    if (process->state == PROCESS_QUEUED)
        revoke(world, id);
    if (process->state != PROCESS_RUNNING)
        return;
    process->is_stopping = true;
    uint64_t grace = is_kill ? 0 : random_below(&world->random, LONGEST_GRACE_S + 1);
    struct instant end = instant_add(world->now, duration_seconds((int64_t)grace));
    if (instant_compare(end, process->end) >= 0)
        return;
    process->end = end;
    process->outcome = (struct attempt_outcome){.end = ATTEMPT_END_STOPPED};
}

static void take_order(struct sim_world *world, const struct sim_order *order)
{
    int64_t id = order->attempt_id;
    if (order->is_settled) {
        world->processes[id - 1].state = PROCESS_NONE;
        world->processes[id - 1].is_settled = true;
    } else if (order->kind == ACTION_GRANT) {
        enqueue(world, id);
    } else if (order->kind == ACTION_REVOKE) {
        revoke(world, id);
    } else {
        stop(world, id, order->is_kill);
    }
}

void sim_keeper_receive(struct sim_world *world)
{
    uint64_t count = world->is_calm ? world->order_count : random_below(&world->random, 6);
    for (; count > 0 && world->order_count > 0 && !sim_has_failed(world); count--) {
        struct sim_order order = world->orders[world->order_first];
        world->order_first = (world->order_first + 1) % SIM_MAX_QUEUE;
        world->order_count--;
        take_order(world, &order);
    }
    bool gives_back = !world->is_calm && random_chance(&world->random, 5);
    if (gives_back && world->queue_count > 0)
        revoke(world, world->queue[random_below(&world->random, world->queue_count)]);
}

static struct attempt_outcome failing_outcome(struct sim_world *world)
{
    static const int32_t codes[] = {75, 3, 1};
    if (random_chance(&world->random, 150))
        return (struct attempt_outcome){ATTEMPT_END_SIGNAL, 11};
    return (struct attempt_outcome){ATTEMPT_END_FAILURE, codes[random_below(&world->random, 3)]};
}

/* What will become of it if nobody interferes. */
static void foresee(struct sim_world *world, const struct sim_node *own,
                    struct sim_process *process)
{
    int64_t seconds = (int64_t)random_below(&world->random, LONGEST_RUN_S);
    if (random_chance(&world->random, 300))
        seconds = 0;
    process->outcome = random_chance(&world->random, own->failures)
                           ? failing_outcome(world)
                           : (struct attempt_outcome){.end = ATTEMPT_END_SUCCESS};
    struct duration length = duration_seconds(seconds);
    if (own->timeout.us != 0 && length.us > own->timeout.us) {
        length = own->timeout;
        process->outcome = (struct attempt_outcome){.end = ATTEMPT_END_TIMEOUT};
    }
    process->end = instant_add(world->now, length);
}

static void end(struct sim_world *world, int64_t id)
{
    struct sim_process *process = &world->processes[id - 1];
    process->state = PROCESS_ENDED;
    process->at = world->now;
    process->truth = process->outcome;
    process->has_truth = true;
    world->counts->ends++;
    sim_trace(world, "        attempt %" PRId64 " ends: %s", id,
              attempt_end_name(process->outcome.end));
    send_message(world, EVENT_ATTEMPT_ENDED, id);
}

static void start(struct sim_world *world, int64_t id)
{
    struct sim_process *process = &world->processes[id - 1];
    const struct sim_attempt_row *row = &world->committed.attempts[id - 1];
    process->starts++;
    process->at = world->now;
    world->counts->starts++;
    sim_trace(world, "        attempt %" PRId64 " starts: %" PRId64 "/%" PRIu32, id,
              world->runs[row->run].image.run_id, row->node);
    sim_check_start(world, id);
    if (random_chance(&world->random, 20)) {
        process->outcome = (struct attempt_outcome){.end = ATTEMPT_END_COULD_NOT_START};
        end(world, id);
        return;
    }
    process->state = PROCESS_RUNNING;
    foresee(world, &world->runs[row->run].own[row->node], process);
    send_message(world, EVENT_ATTEMPT_STARTED, id);
}

void sim_keeper_work(struct sim_world *world)
{
    if (!world->keeper_is_alive)
        return;
    int32_t running = 0;
    int64_t last = world->committed.next_attempt_id;
    for (int64_t id = 1; id < last; id++) {
        struct sim_process *process = &world->processes[id - 1];
        if (process->state != PROCESS_RUNNING)
            continue;
        if (instant_compare(process->end, world->now) <= 0)
            end(world, id);
        else
            running++;
    }
    while (world->queue_count > 0 && running < world->keeper_slots && !sim_has_failed(world)) {
        int64_t id = world->queue[0];
        dequeue(world, 0);
        start(world, id);
        running += world->processes[id - 1].state == PROCESS_RUNNING;
    }
}

struct instant sim_keeper_next(const struct sim_world *world)
{
    struct instant next = INSTANT_NEVER;
    for (int64_t id = 1; id < world->committed.next_attempt_id; id++) {
        const struct sim_process *process = &world->processes[id - 1];
        if (process->state == PROCESS_RUNNING)
            next = instant_earlier(next, process->end);
    }
    return next;
}

void sim_keeper_start(struct sim_world *world)
{
    world->keeper_is_alive = true;
    world->keeper_slots = world->slots;
    for (int64_t id = 1; id < world->committed.next_attempt_id; id++) {
        struct sim_process *process = &world->processes[id - 1];
        if (process->state != PROCESS_ORPHAN)
            continue;
        process->state = PROCESS_ENDED;
        process->at = world->now;
        process->outcome = (struct attempt_outcome){.end = ATTEMPT_END_LOST};
    }
}

void sim_keeper_crash(struct sim_world *world)
{
    sim_trace(world, "        the keeper dies");
    world->counts->keeper_crashes++;
    sim_disconnect(world);
    world->keeper_is_alive = false;
    world->queue_count = 0;
    for (int64_t id = 1; id < world->committed.next_attempt_id; id++) {
        struct sim_process *process = &world->processes[id - 1];
        if (process->state == PROCESS_QUEUED)
            process->state = PROCESS_NONE;
        else if (process->state == PROCESS_RUNNING)
            process->state = PROCESS_ORPHAN;
    }
}

/* Nothing is alive afterwards; what the journal had not on disk is gone, an end or even a start. */
void sim_keeper_power_cut(struct sim_world *world)
{
    sim_keeper_crash(world);
    world->boot++;
    world->counts->power_cuts++;
    for (int64_t id = 1; id < world->committed.next_attempt_id; id++) {
        struct sim_process *process = &world->processes[id - 1];
        if (process->state == PROCESS_NONE || !random_chance(&world->random, 500))
            continue;
        process->end_may_vanish = true;
        process->state = PROCESS_NONE;
    }
}

size_t sim_keeper_snapshot(const struct sim_world *world, struct recover_known *ret_known)
{
    size_t count = 0;
    for (int64_t id = 1; id < world->committed.next_attempt_id; id++) {
        const struct sim_process *process = &world->processes[id - 1];
        if (process->state == PROCESS_NONE)
            continue;
        enum recover_kind kind = process->state == PROCESS_QUEUED    ? RECOVER_QUEUED
                                 : process->state == PROCESS_RUNNING ? RECOVER_RUNNING
                                                                     : RECOVER_ENDED;
        ret_known[count] = (struct recover_known){
            .attempt_id = id, .kind = kind, .at = process->at, .outcome = process->outcome};
        count++;
    }
    return count;
}

#include "tests/sim/sim.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define CALM_TURNS 20000
#define IDLE_TURNS 12 /* without any record, in the calm */

const char *const sim_plant_names[SIM_PLANT_COUNT] = {
    [PLANT_NONE] = "none",
    [PLANT_ACT_BEFORE_COMMIT] = "act_before_commit",
    [PLANT_FORGET_REVOKED] = "forget_revoked",
    [PLANT_GRANT_AFTER_CRASH] = "grant_after_crash",
    [PLANT_LOST_IS_SUCCESS] = "lost_is_success",
    [PLANT_DROP_END] = "drop_end",
    [PLANT_DROP_RECORD] = "drop_record",
    [PLANT_NO_TIME] = "no_time",
    [PLANT_RECOVER_TOO_EARLY] = "recover_too_early",
    [PLANT_SEE_TOO_EARLY] = "see_too_early",
    [PLANT_NO_LOOK] = "no_look",
};

bool sim_has_failed(const struct sim_world *world)
{
    return world->failure.length > 0;
}

void sim_fail(struct sim_world *world, const char *format, ...)
{
    if (sim_has_failed(world))
        return;
    va_list args;
    va_start(args, format);
    text_append_args(&world->failure, format, args);
    va_end(args);
    sim_trace(world, "FAILED: %s", text_string(&world->failure));
}

void sim_trace(struct sim_world *world, const char *format, ...)
{
    if (world->trace == NULL)
        return;
    va_list args;
    va_start(args, format);
    text_append_args(world->trace, format, args);
    va_end(args);
    text_append(world->trace, "\n");
}

static bool happens(struct sim_world *world, uint32_t per_thousand)
{
    return random_chance(&world->random, per_thousand);
}

static void break_something(struct sim_world *world)
{
    if (happens(world, 15))
        sim_engine_crash(world);
    if (world->keeper_is_alive && happens(world, 10))
        sim_keeper_crash(world);
    if (world->is_connected && happens(world, 10)) {
        sim_trace(world, "        the connection breaks");
        world->counts->broken_connections++;
        sim_disconnect(world);
    }
    if (happens(world, 3)) {
        sim_trace(world, "        power cut");
        sim_engine_crash(world);
        sim_keeper_power_cut(world);
    }
}

static void mend_something(struct sim_world *world)
{
    if (!world->keeper_is_alive && happens(world, 400))
        sim_keeper_start(world);
    if (world->engine == NULL && happens(world, 400))
        sim_engine_start(world);
    if (world->engine != NULL && !world->is_connected && happens(world, 500))
        sim_engine_connect(world);
}

static void wake_engine(struct sim_world *world)
{
    if (world->engine == NULL || world->plant == PLANT_NO_TIME)
        return;
    struct error err;
    if (instant_compare(engine_next_wakeup(world->engine), world->now) <= 0)
        sim_engine_step(world, (struct event){.kind = EVENT_TIME}, &err);
}

static void wild_turn(struct sim_world *world)
{
    world->now = instant_add(world->now, duration_ms((int64_t)random_below(&world->random, 9000)));
    if (happens(world, 400))
        sim_operate(world);
    wake_engine(world);
    if (world->keeper_is_alive) {
        sim_keeper_receive(world);
        sim_keeper_work(world);
    }
    if (world->engine != NULL)
        sim_engine_receive(world);
    if (world->engine != NULL && happens(world, 600))
        sim_engine_look(world);
    mend_something(world);
    if (happens(world, 150))
        sim_check_engine(world);
    if (happens(world, 800))
        sim_engine_commit(world);
    break_something(world);
}

static struct instant next_instant(const struct sim_world *world)
{
    struct instant wakeup =
        world->plant == PLANT_NO_TIME ? INSTANT_NEVER : engine_next_wakeup(world->engine);
    return instant_earlier(instant_earlier(wakeup, sim_engine_next_look(world)),
                           sim_keeper_next(world));
}

/* Everything that is on its way arrives; then the clock goes to what comes next. */
static void calm_turn(struct sim_world *world)
{
    sim_keeper_receive(world);
    sim_keeper_work(world);
    sim_engine_receive(world);
    wake_engine(world);
    sim_engine_look(world);
    sim_engine_commit(world);
    if (world->order_count > 0 || world->message_count > 0 || world->look_count > 0)
        return;
    sim_check_stops(world);
    struct instant next = next_instant(world);
    if (!instant_is_never(next) && instant_compare(next, world->now) > 0)
        world->now = next;
}

static bool is_all_done(const struct sim_world *world)
{
    for (size_t i = 0; i < world->run_count; i++) {
        if (!run_state_is_final(world->committed.run_state[i]))
            return false;
    }
    return world->order_count == 0 && world->message_count == 0 &&
           instant_is_never(sim_keeper_next(world));
}

static void finish(struct sim_world *world)
{
    uint32_t idle = 0;
    sim_calm_down(world);
    for (uint32_t turn = 0; turn < CALM_TURNS && !sim_has_failed(world); turn++) {
        uint64_t before = world->records;
        if (is_all_done(world))
            break;
        calm_turn(world);
        idle = world->records == before ? idle + 1 : 0;
        if (idle > IDLE_TURNS)
            sim_fail(world, "no progress in the calm");
    }
    if (!sim_has_failed(world))
        sim_check_engine(world);
    if (!sim_has_failed(world))
        sim_check_end(world);
}

static void reset(struct sim_world *world, uint64_t seed)
{
    struct sim_counts *counts = world->counts;
    struct text *trace = world->trace;
    enum sim_plant plant = world->plant;
    struct action_list pending = world->pending;
    struct recover_result recovered = world->recovered;
    struct text failure = world->failure;
    memset(world, 0, sizeof *world);
    action_list_clear(&pending);
    text_clear(&failure);
    world->counts = counts;
    world->trace = trace;
    world->plant = plant;
    world->pending = pending;
    world->recovered = recovered;
    world->failure = failure;
    random_seed(&world->random, seed);
    world->committed.next_attempt_id = 1;
    world->ahead.next_attempt_id = 1;
}

bool sim_play(struct sim_world *world, uint64_t seed)
{
    reset(world, seed);
    sim_make_world(world);
    world->counts->seeds++;
    sim_keeper_start(world);
    sim_engine_start(world);
    uint64_t turns = 4 * (4 + random_below(&world->random, 60));
    for (uint64_t turn = 0; turn < turns && !sim_has_failed(world); turn++)
        wild_turn(world);
    if (!sim_has_failed(world))
        finish(world);
    engine_free(world->engine);
    world->engine = NULL;
    return !sim_has_failed(world);
}

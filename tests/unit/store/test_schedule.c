/* How far flows are in their calendars. */
#include "tests/unit/store/store_world.h"

#include "scheduler/store/store_schedule.h"

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    world_open(world);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    world_close(*state);
    free(*state);
    return 0;
}

static void places_of_schedules_move(void **state)
{
    struct world *world = *state;
    struct store_schedule first = {"f", "daily 00:30", "UTC", "", false, {T0}, {T0}};
    struct store_schedule other = {"a", "every 5m", "Asia/Shanghai", "", false, {T0 + 1}, {T0}};
    struct load_schedules places;
    OK(load_schedules(world->store, &world->arena, &places, ok));
    assert_int_equal(places.count, 0);
    OK(store_begin(world->store, ok));
    OK(store_put_schedule(world->store, &first, ok));
    OK(store_put_schedule(world->store, &other, ok));
    first.cyctime = "2021-11-07T01:30:00";
    first.is_second = true;
    first.fires_at.us = T0 + 9;
    OK(store_put_schedule(world->store, &first, ok));
    OK(store_commit(world->store, ok));
    OK(store_begin(world->store, ok));
    first.fires_at.us = T0 + 10;
    OK(store_put_schedule(world->store, &first, ok));
    store_rollback(world->store);
    world_reopen(world);
    OK(load_schedules(world->store, &world->arena, &places, ok));
    assert_int_equal(places.count, 2);
    assert_string_equal(places.items[0].flow, "a");
    assert_string_equal(places.items[0].zone, "Asia/Shanghai");
    assert_string_equal(places.items[1].text, "daily 00:30");
    assert_string_equal(places.items[1].cyctime, "2021-11-07T01:30:00");
    assert_true(places.items[1].is_second);
    assert_int_equal(places.items[1].fires_at.us, T0 + 9);
    assert_int_equal(places.items[1].seen_at.us, T0);
}

/* By what a schedule asks before it makes a run. */
static void the_run_of_a_planned_time_is_found(void **state)
{
    struct world *world = *state;
    int64_t id = world_start(world);
    int64_t found = -1;
    struct load_run run;
    OK(load_newest_version(world->store, "nobody", &found, ok));
    assert_int_equal(found, 0);
    OK(load_run(world->store, id, &world->arena, &run, ok));
    OK(load_newest_version(world->store, run.flow, &found, ok));
    assert_int_equal(found, run.version_id);
    struct load_planned planned = {run.flow, run.cyctime, run.is_second};
    OK(load_scheduled_run(world->store, &planned, &found, ok));
    assert_int_equal(found, run.kind == STORE_RUN_SCHEDULE ? id : 0);
    OK(store_begin(world->store, ok));
    OK(store_execute(world->store, "UPDATE run SET kind = 0", ok));
    OK(store_commit(world->store, ok));
    OK(load_scheduled_run(world->store, &planned, &found, ok));
    assert_int_equal(found, id);
    planned.is_second = !planned.is_second;
    OK(load_scheduled_run(world->store, &planned, &found, ok));
    assert_int_equal(found, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(places_of_schedules_move),
        TEST(the_run_of_a_planned_time_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

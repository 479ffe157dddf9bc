/* Questions across runs: the state of a date, trends, what is going on. */
#include "tests/unit/store/store_world.h"

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

static void the_state_of_a_date_is_that_of_the_newest_attempts(void **state)
{
    struct world *world = *state;
    static const struct store_run_node part[] = {
        {"start", "virtual", TASK_SKIPPED, false}, {"load", "shell", TASK_WAITING, true},
        {"stat", "sql", TASK_SKIPPED, false},      {"extra", "shell", TASK_WAITING, true},
        {"other", "shell", TASK_SKIPPED, false},
    };
    OK(store_begin(world->store, ok));
    int64_t first = world_done(world, "f", "2021-11-12T00:30:00", "2021-11-11", false);
    int64_t other = world_done(world, "f", "2021-11-12T01:30:00", "2021-11-11", true);
    struct store_run run =
        world_run(world, "f", world_version(world, "f"), "2021-11-12T00:30:00", "2021-11-11");
    run.nodes = part;
    run.node_count = 5;
    OK(store_put_run(world->store, &run, ok));
    struct view_planned planned = {"f", "2021-11-12T00:30:00", false};
    struct view_date date;
    OK(view_date_state(world->store, &planned, &world->arena, &date, ok));
    assert_int_equal(date.newest_run_id, run.run_id);
    assert_int_equal(date.node_count, 5);
    assert_string_equal(date.nodes[1].name, "load");
    assert_int_equal(date.nodes[1].state, TASK_SUCCESS); /* nothing happened to it in the new run */
    assert_int_equal(date.nodes[1].run_id, first);
    assert_int_equal(date.nodes[2].state, TASK_SUCCESS); /* left out there */
    assert_int_equal(date.nodes[3].state, TASK_WAITING);
    assert_int_equal(date.nodes[3].run_id, run.run_id);
    assert_int_equal(date.nodes[4].state, TASK_WAITING); /* left out everywhere: it is not done */
    world_task_at(world, (struct record_task){.run_id = run.run_id,
                                              .node = 1,
                                              .state = TASK_FAILED,
                                              .why = TASK_WHY_ENDED,
                                              .attempts = 1,
                                              .tries = 1,
                                              .at = {T0 - 5000000}}); /* the clock went back */
    OK(view_date_state(world->store, &planned, &world->arena, &date, ok));
    assert_int_equal(date.nodes[1].state, TASK_FAILED);
    assert_int_equal(date.nodes[1].run_id, run.run_id);
    /* A later rerun within the older run is newer than both. */
    world_task_at(world, (struct record_task){.run_id = first,
                                              .node = 1,
                                              .state = TASK_WAITING,
                                              .why = TASK_WHY_RERUN,
                                              .attempts = 1,
                                              .at = {T0}});
    world_task_at(world, (struct record_task){.run_id = first,
                                              .node = 1,
                                              .state = TASK_SUCCESS,
                                              .why = TASK_WHY_ENDED,
                                              .attempts = 2,
                                              .at = {T0}});
    OK(view_date_state(world->store, &planned, &world->arena, &date, ok));
    assert_int_equal(date.nodes[1].run_id, first);
    planned.cyctime = "2021-11-12T01:30:00";
    OK(view_date_state(world->store, &planned, &world->arena, &date, ok));
    assert_int_equal(date.newest_run_id, other);
    assert_int_equal(date.nodes[1].state, TASK_FAILED);
    planned.cyctime = "2021-11-13T01:30:00";
    OK(view_date_state(world->store, &planned, &world->arena, &date, ok));
    assert_int_equal(date.newest_run_id, 0);
    assert_int_equal(date.node_count, 0);
    store_rollback(world->store);
}

static void the_earliest_planned_time_is_found(void **state)
{
    struct world *world = *state;
    char earliest[CIVIL_TIME_BYTES];
    OK(store_begin(world->store, ok));
    OK(view_first_planned(world->store, "f", earliest, ok));
    assert_string_equal(earliest, "");
    world_done(world, "f", "2021-11-12T01:30:00", "2021-11-11", true);
    world_done(world, "f", "2021-11-12T00:30:00", "2021-11-11", false);
    OK(view_first_planned(world->store, "f", earliest, ok));
    assert_string_equal(earliest, "2021-11-12T00:30:00");
    world_done(world, "f", "2020-02-29T13:00:00", "2020-02-28", false);
    OK(view_first_planned(world->store, "f", earliest, ok));
    assert_string_equal(earliest, "2020-02-29T13:00:00");
    OK(view_first_planned(world->store, "g", earliest, ok));
    assert_string_equal(earliest, "");
    store_rollback(world->store);
}

/* One run per day whose node `load` took `seconds`. */
static int64_t timed_run(struct world *world, int day, int64_t seconds)
{
    char cyctime[48];
    char bizdate[48];
    snprintf(cyctime, sizeof cyctime, "2022-%02d-%02dT00:30:00", day / 28 + 1, day % 28 + 1);
    snprintf(bizdate, sizeof bizdate, "2021-%02d-%02d", day / 28 + 1, day % 28 + 1);
    struct store_run run = world_run(world, "f", world_version(world, "f"), cyctime, bizdate);
    struct record_attempt attempt = {.attempt_id = store_next_attempt_id(world->store),
                                     .run_id = run.run_id,
                                     .node = 1,
                                     .number = 1,
                                     .at = {T0}};
    OK(store_put_run(world->store, &run, ok));
    world_attempt(world, attempt);
    attempt.state = ATTEMPT_RUNNING;
    world_attempt(world, attempt);
    world_task_at(world, (struct record_task){.run_id = run.run_id,
                                              .node = 1,
                                              .state = TASK_RUNNING,
                                              .why = TASK_WHY_STARTED,
                                              .attempts = 1,
                                              .tries = 1,
                                              .at = attempt.at,
                                              .attempt_id = attempt.attempt_id});
    world_state(world, run.run_id, RUN_RUNNING, T0);
    attempt.state = ATTEMPT_ENDED;
    attempt.at.us = T0 + seconds * 1000000;
    world_attempt(world, attempt);
    world_task_at(world, (struct record_task){.run_id = run.run_id,
                                              .node = 1,
                                              .state = TASK_SUCCESS,
                                              .why = TASK_WHY_ENDED,
                                              .attempts = 1,
                                              .tries = 1,
                                              .at = attempt.at});
    world_state(world, run.run_id, RUN_SUCCESS, T0 + seconds * 1000000);
    return run.run_id;
}

static void medians_are_of_the_last_twenty(void **state)
{
    struct world *world = *state;
    struct view_place flow = {"f", ""};
    struct view_place node = {"f", "load"};
    struct view_median median;
    OK(view_median(world->store, &flow, &median, ok));
    assert_int_equal(median.samples, 0);
    OK(store_begin(world->store, ok));
    timed_run(world, 0, 10);
    timed_run(world, 1, 20);
    OK(view_median(world->store, &flow, &median, ok));
    assert_int_equal(median.samples, 2);
    assert_int_equal(median.median.us, 15000000);
    for (int i = 2; i < 30; i++)
        timed_run(world, i, 100 + i);
    OK(view_median(world->store, &flow, &median, ok));
    assert_int_equal(median.samples, 20);
    assert_int_equal(median.median.us, 119500000); /* 110 … 129 */
    OK(view_median(world->store, &node, &median, ok));
    assert_int_equal(median.samples, 20);
    assert_int_equal(median.median.us, 119500000);
    node.node = "stat";
    OK(view_median(world->store, &node, &median, ok));
    assert_int_equal(median.samples, 0);
    struct view_node_medians all;
    OK(view_node_medians(world->store, "f", &world->arena, &all, ok));
    assert_int_equal(all.count, 1);
    assert_string_equal(all.items[0].name, "load");
    assert_int_equal(all.items[0].median.samples, 20);
    assert_int_equal(all.items[0].median.median.us, 119500000);
    OK(view_node_medians(world->store, "nobody", &world->arena, &all, ok));
    assert_int_equal(all.count, 0);
    OK(store_commit(world->store, ok));
}

static void a_node_has_a_history(void **state)
{
    struct world *world = *state;
    struct view_node_list list = {.place = {"f", "load"}, .page = {.limit = 10}};
    struct view_attempts attempts;
    OK(store_begin(world->store, ok));
    for (int i = 0; i < 25; i++)
        timed_run(world, i, i);
    OK(store_commit(world->store, ok));
    int64_t last = INT64_MAX;
    size_t seen = 0;
    do {
        OK(view_node_history(world->store, &list, &world->arena, &attempts, ok));
        for (size_t i = 0; i < attempts.count; i++) {
            assert_true(attempts.items[i].run_id < last);
            assert_string_equal(attempts.items[i].node_name, "load");
            last = attempts.items[i].run_id;
        }
        seen += attempts.count;
        list.page.after = attempts.next;
    } while (attempts.next != 0);
    assert_int_equal(seen, 25);
    list = (struct view_node_list){.place = {"f", "stat"}, .page = {.limit = 10}};
    OK(view_node_history(world->store, &list, &world->arena, &attempts, ok));
    assert_int_equal(attempts.count, 0);
}

static void status_tells_what_is_open_and_what_failed_last(void **state)
{
    struct world *world = *state;
    struct view_status status;
    OK(view_status(world->store, &world->arena, &status, ok));
    assert_int_equal(status.open_count, 0);
    OK(store_begin(world->store, ok));
    struct store_run run =
        world_run(world, "f", world_version(world, "f"), "2021-11-12T00:30:00", "2021-11-11");
    OK(store_put_run(world->store, &run, ok));
    world_attempt(world, (struct record_attempt){
                             .attempt_id = 5, .run_id = run.run_id, .node = 1, .number = 1});
    world_done(world, "good", "2021-11-12T00:30:00", "2021-11-11", true);
    world_done(world, "good", "2021-11-13T00:30:00", "2021-11-12", false);
    int64_t bad = world_done(world, "bad", "2021-11-13T00:30:00", "2021-11-12", true);
    OK(store_commit(world->store, ok));
    OK(view_status(world->store, &world->arena, &status, ok));
    assert_int_equal(status.open_count, 1);
    assert_int_equal(status.open[0].id, run.run_id);
    assert_int_equal(status.attention_count, 1);
    assert_int_equal(status.attention[0].id, bad);
    assert_int_equal(status.running, 0);
    assert_int_equal(status.granted, 1);
    assert_false(status.has_more_open);
    struct view_flows flows;
    OK(view_list_flows(world->store, 2, &world->arena, &flows, ok));
    assert_int_equal(flows.count, 3);
    assert_string_equal(flows.items[0].name, "bad");
    assert_int_equal(flows.items[2].run_count, 2);
    const char *const *names;
    size_t count;
    OK(view_flow_names(world->store, &world->arena, &names, &count, ok));
    assert_int_equal(count, 3);
    assert_string_equal(names[1], "f");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_state_of_a_date_is_that_of_the_newest_attempts),
        TEST(the_earliest_planned_time_is_found),
        TEST(medians_are_of_the_last_twenty),
        TEST(a_node_has_a_history),
        TEST(status_tells_what_is_open_and_what_failed_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

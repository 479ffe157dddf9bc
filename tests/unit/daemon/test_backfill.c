#include "tests/unit/daemon/backfill_world.h"

static void test_window(void **state)
{
    (void)state;
    struct world *world = world_new(PROJECT, SIMPLE);
    world_write(world, "gate", "");
    begin(world, "2021-11-01..2021-11-09");
    assert_int_equal(world->reply.total, 9);
    assert_string_equal(world->reply.state, "running");
    world_until(world, world_lines(world, "ledger") == 2);
    world_until(world, world->backfill.item_count == 2);
    world_wait(world, 200);
    assert_int_equal(world_lines(world, "ledger"), 2);
    assert_int_equal(world->backfill.running, 2);
    assert_string_equal(world->backfill.items[0].key, "2021-11-01");
    assert_string_equal(world->backfill.items[1].key, "2021-11-02");
    assert_int_equal(strncmp(world->backfill.items[0].text, "load ", 5), 0);
    open_gate(world);
    world_until(world, is_state(world, "success"));
    check_ledger(world, 9, 1);
    assert_int_equal(world->date_count, 9);
    assert_string_equal(world->dates[8].state, "success");
    assert_int_equal(world->dates[8].done, 9);
    assert_int_equal(world->run_notices, 0);
    check_nothing_open(world);
    struct request again = backfill_of("2021-11-01..2021-11-09");
    world_ask_well(world, &again);
    assert_int_equal(world->reply.total, 0);
    assert_int_equal(world->reply.backfill_id, 0);
    assert_string_equal(world->reply.remark, "nothing to run: 9 dates are already green");
    world_free(world);
}

static void test_failure_holds_up_nobody_and_retry_mends_it(void **state)
{
    (void)state;
    struct world *world = world_new(PROJECT, SIMPLE);
    world_write(world, "bad", "2021-11-02\n2021-11-04\n");
    begin(world, "2021-11-01..2021-11-06");
    world_until(world, is_state(world, "failed"));
    check_ledger(world, 6, 1);
    assert_int_equal(world->backfill.failed, 2);
    assert_int_equal(world->backfill.done, 6);
    const struct notice *failed = world_find_date(world, "2021-11-04");
    assert_string_equal(failed->state, "failed");
    assert_string_equal(failed->node, "load");
    assert_string_equal(failed->reason, "exit 1");
    struct request resume = about(REQUEST_KIND_BACKFILL_RESUME, 1);
    world_ask(world, &resume);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_REFUSED);
    world_remove(world, "bad");
    struct request retry = about(REQUEST_KIND_BACKFILL_RETRY, 1);
    world_ask_well(world, &retry);
    assert_string_equal(world->reply.state, "running");
    world_until(world, is_state(world, "success"));
    assert_int_equal(world_lines(world, "ledger"), 8);
    assert_int_equal(world->backfill.failed, 0);
    check_nothing_open(world);
    world_ask(world, &retry);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_REFUSED);
    world_free(world);
}

static void test_max_failures(void **state)
{
    (void)state;
    struct world *world = world_new(PROJECT, SIMPLE);
    world_write(world, "bad", "2021-11-01\n2021-11-02\n2021-11-03\n");
    struct request request = backfill_of("2021-11-01..2021-11-09");
    request.max_failures = 3;
    request.dates_parallel = 1;
    world_ask_well(world, &request);
    world_until(world, is_state(world, "paused") && world->backfill.running == 0);
    assert_string_equal(world->backfill.reason, "3 dates failed");
    assert_int_equal(world_lines(world, "ledger"), 3);
    world_remove(world, "bad");
    struct request resume = about(REQUEST_KIND_BACKFILL_RESUME, 1);
    world_ask_well(world, &resume);
    world_until(world, is_state(world, "failed"));
    check_ledger(world, 9, 1);
    assert_int_equal(count_dates(world, DATE_FAILED), 3);
    world_free(world);
}

static void test_pause_drains(void **state)
{
    (void)state;
    struct world *world = world_new(PROJECT, SIMPLE);
    world_write(world, "gate", "");
    begin(world, "2021-11-01..2021-11-07");
    world_until(world, world_lines(world, "ledger") == 2);
    struct request pause = about(REQUEST_KIND_BACKFILL_PAUSE, 1);
    pause.force = REQUEST_FORCE_DRAIN;
    pause.reason = "the disk";
    world_ask_well(world, &pause);
    assert_int_equal(stored_state(world), BACKFILL_PAUSED);
    world_until(world, is_state(world, "paused"));
    assert_int_equal(world->backfill.running, 2);
    assert_string_equal(world->backfill.reason, "paused by wang: the disk");
    open_gate(world);
    world_until(world, world->backfill.running == 0);
    world_wait(world, 200);
    assert_int_equal(world_lines(world, "ledger"), 2);
    assert_int_equal(world->backfill.done, 2);
    assert_true(is_state(world, "paused"));
    check_nothing_open(world);
    struct request resume = about(REQUEST_KIND_BACKFILL_RESUME, 1);
    world_ask_well(world, &resume);
    world_until(world, is_state(world, "success"));
    check_ledger(world, 7, 1);
    world_free(world);
}

static void test_pause_stops_and_resume_runs_them_again(void **state)
{
    (void)state;
    struct world *world = world_new(PROJECT, SIMPLE);
    world_write(world, "gate", "");
    begin(world, "2021-11-01..2021-11-05");
    world_until(world, world_lines(world, "ledger") == 2);
    struct request pause = about(REQUEST_KIND_BACKFILL_PAUSE, 1);
    world_ask_well(world, &pause);
    pause.force = REQUEST_FORCE_KILL;
    world_ask_well(world, &pause);
    world_until(world, is_state(world, "paused") && world->backfill.running == 0);
    assert_int_equal(count_dates(world, DATE_STOPPED), 2);
    assert_string_equal(world_find_date(world, "2021-11-01")->state, "stopped");
    check_nothing_open(world);
    open_gate(world);
    struct request resume = about(REQUEST_KIND_BACKFILL_RESUME, 1);
    world_ask_well(world, &resume);
    world_until(world, is_state(world, "success"));
    assert_int_equal(world_lines(world, "ledger"), 7);
    assert_int_equal(count_dates(world, DATE_SUCCESS), 5);
    world_free(world);
}

static void test_stop_leaves_nothing_that_cannot_run_again(void **state)
{
    (void)state;
    struct world *world = world_new(PROJECT, SIMPLE);
    world_write(world, "gate", "");
    begin(world, "2021-11-01..2021-11-05");
    world_until(world, world_lines(world, "ledger") == 2);
    struct request stop = about(REQUEST_KIND_BACKFILL_STOP, 1);
    stop.force = REQUEST_FORCE_STOP;
    world_ask_well(world, &stop);
    world_until(world, is_state(world, "stopped"));
    assert_int_equal(world->backfill.running, 0);
    assert_int_equal(count_dates(world, DATE_WAITING), 3);
    check_nothing_open(world);
    world_ask(world, &stop);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_REFUSED);
    open_gate(world);
    struct request resume = about(REQUEST_KIND_BACKFILL_RESUME, 1);
    world_ask_well(world, &resume);
    world_until(world, is_state(world, "success"));
    assert_int_equal(count_dates(world, DATE_SUCCESS), 5);
    world_free(world);
}

static void test_set(void **state)
{
    (void)state;
    struct world *world = world_new(PROJECT, SIMPLE);
    world_write(world, "gate", "");
    begin(world, "2021-11-01..2021-11-09");
    world_until(world, world_lines(world, "ledger") == 2);
    struct request set = about(REQUEST_KIND_BACKFILL_SET, 1);
    set.dates_parallel = 4;
    world_ask_well(world, &set);
    assert_int_equal(world->reply.dates_parallel, 4);
    world_until(world, world_lines(world, "ledger") == 4);
    set.dates_parallel = 1;
    set.max_failures = 7;
    world_ask_well(world, &set);
    open_gate(world);
    world_until(world, is_state(world, "success"));
    check_ledger(world, 9, 1);
    set.dates_parallel = 1001;
    world_ask(world, &set);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_USAGE);
    world_free(world);
}

static void test_conflict(void **state)
{
    (void)state;
    struct world *world = world_new(PROJECT, SIMPLE);
    world_write(world, "gate", "");
    struct request run = {.kind = REQUEST_KIND_RUN, .flow = "shop", .date = "2021-11-03"};
    begin(world, "2021-11-01..2021-11-05");
    world_until(world, world_lines(world, "ledger") == 2);
    world_write(world, "gate-2021-11-03", "");
    world_ask_well(world, &run);
    int64_t run_id = world->reply.run_ids[0];
    open_gate(world);
    world_until(world, is_state(world, "failed"));
    const struct notice *third = world_find_date(world, "2021-11-03");
    assert_string_equal(third->state, "in conflict");
    assert_int_equal(third->run_id, run_id);
    assert_non_null(strstr(third->reason, "is open"));
    assert_int_equal(count_dates(world, DATE_SUCCESS), 4);
    world_remove(world, "gate-2021-11-03");
    world_until(world, world->run_ends == 1);
    struct request retry = about(REQUEST_KIND_BACKFILL_RETRY, 1);
    world_ask_well(world, &retry);
    world_until(world, is_state(world, "success"));
    assert_int_equal(count_dates(world, DATE_SUCCESS), 5);
    world_free(world);
}

static void test_virtual_dates_and_times_of_a_day(void **state)
{
    (void)state;
    static const char hourly[] = "flow: shop\n"
                                 "schedule: {at: \"hourly :05\"}\n"
                                 "nodes:\n"
                                 "  start: {type: virtual}\n";
    struct world *world = world_new(PROJECT, hourly);
    struct request request = backfill_of("2021-10-01..2021-10-20");
    request.is_descending = true;
    world_ask_well(world, &request);
    assert_int_equal(world->reply.total, 480);
    world_until(world, is_state(world, "success"));
    assert_int_equal(world->backfill.done, 480);
    assert_int_equal(world->date_count, 480);
    assert_string_equal(world->dates[0].cyctime, "2021-10-21T23:05:00");
    check_nothing_open(world);
    world_free(world);
}

static void test_refusals(void **state)
{
    (void)state;
    struct world *world = world_new(PROJECT, SIMPLE);
    struct request claim = about(REQUEST_KIND_BACKFILL_CLAIM, 7);
    world_ask(world, &claim);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_NOT_FOUND);
    struct request request = backfill_of("2021-11-01..2021-11-30");
    request.redo = "perhaps";
    world_ask(world, &request);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_USAGE);
    request.redo = "failed";
    request.nodes = "lod";
    world_ask(world, &request);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_USAGE);
    request.nodes = "";
    request.flow = "nothing";
    world_ask(world, &request);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_NOT_FOUND);
    request.flow = "shop";
    request.ranges = "2021-11-30..2021-11-01";
    world_ask(world, &request);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_USAGE);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_failure_holds_up_nobody_and_retry_mends_it),
        cmocka_unit_test(test_max_failures),
        cmocka_unit_test(test_pause_drains),
        cmocka_unit_test(test_pause_stops_and_resume_runs_them_again),
        cmocka_unit_test(test_stop_leaves_nothing_that_cannot_run_again),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_conflict),
        cmocka_unit_test(test_virtual_dates_and_times_of_a_day),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

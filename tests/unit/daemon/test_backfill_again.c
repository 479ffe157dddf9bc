#include "tests/unit/daemon/backfill_world.h"

static void test_claim_after_the_engine_left(void **state)
{
    (void)state;
    struct world *world = world_new(PROJECT, SIMPLE);
    world_write(world, "gate", "");
    begin(world, "2021-11-01..2021-11-06");
    world_until(world, world_lines(world, "ledger") == 2);
    world_leave(world);
    assert_int_equal(stored_state(world), BACKFILL_RUNNING);
    assert_int_equal(count_dates(world, DATE_OPEN), 2);
    open_gate(world);
    world_open(world);
    world_wait(world, 300);
    assert_int_equal(count_dates(world, DATE_SUCCESS), 2); /* settled, though nobody drives it */
    assert_int_equal(world_lines(world, "ledger"), 2);
    struct request claim = about(REQUEST_KIND_BACKFILL_CLAIM, 1);
    world_ask_well(world, &claim);
    assert_int_equal(world->reply.done, 2);
    world_until(world, is_state(world, "success"));
    check_ledger(world, 6, 1);
    world_free(world);
}

static void test_equal_request_goes_on(void **state)
{
    (void)state;
    struct world *world = world_new(PROJECT, SIMPLE);
    world_write(world, "gate", "");
    begin(world, "2021-11-01..2021-11-04");
    world_until(world, world_lines(world, "ledger") == 2);
    struct request equal = backfill_of("2021-11-01..2021-11-04");
    world_ask(world, &equal);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_BUSY);
    assert_non_null(strstr(world->reply.error.text, "backfill 1"));
    world_leave(world);
    open_gate(world);
    world_write(world, "shop.yaml", CHAINED);
    world_open(world);
    world_ask_well(world, &equal);
    assert_int_equal(world->reply.backfill_id, 1);
    assert_non_null(strstr(world->reply.remark, "backfill 1 was left unfinished; it goes on"));
    assert_non_null(strstr(world->reply.remark, "the definition has changed since: "));
    assert_non_null(strstr(world->reply.remark, " -> "));
    world_until(world, is_state(world, "success"));
    check_ledger(world, 4, 1);
    world_free(world);
}

static void test_same_key_finds_it(void **state)
{
    (void)state;
    struct world *world = world_new(PROJECT, SIMPLE);
    struct request request = backfill_of("2021-11-01..2021-11-04");
    request.key = "k1";
    world_ask_well(world, &request);
    world_leave(world);
    world_open(world);
    world_ask_well(world, &request);
    assert_int_equal(world->reply.backfill_id, 1);
    world_until(world, is_state(world, "success"));
    check_ledger(world, 4, 1);
    world_ask_well(world, &request); /* it is over, and says so */
    assert_int_equal(world->reply.backfill_id, 1);
    assert_string_equal(world->reply.state, "success");
    world_free(world);
}

static void test_no_dates_while_nobody_drives(void **state)
{
    (void)state;
    struct world *world = world_new(PROJECT, SIMPLE);
    world_write(world, "gate", "");
    begin(world, "2021-11-01..2021-11-05");
    world_until(world, world_lines(world, "ledger") == 2);
    struct daemon_watcher other = {.tell = world_take, .owner = world, .who = "wang"};
    daemon_add_watcher(world->daemon, &other);
    daemon_remove_watcher(world->daemon, &world->watcher);
    struct request watch = about(REQUEST_KIND_BACKFILL_WATCH, 1);
    daemon_request(world->daemon, &other, &watch);
    open_gate(world);
    world_until(world, world->backfill.running == 0 && world->backfill.done == 2);
    world_wait(world, 200);
    assert_int_equal(world_lines(world, "ledger"), 2);
    assert_true(is_state(world, "running"));
    struct request claim = about(REQUEST_KIND_BACKFILL_CLAIM, 1);
    daemon_request(world->daemon, &other, &claim);
    world_until(world, is_state(world, "success"));
    check_ledger(world, 5, 1);
    daemon_remove_watcher(world->daemon, &other);
    daemon_add_watcher(world->daemon, &world->watcher);
    world_free(world);
}

static pid_t engine_apart(struct world *world, struct request *request)
{
    world_leave(world);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0)
        return child;
    world_open(world);
    daemon_request(world->daemon, &world->watcher, request);
    for (;;)
        loop_turn(world->loop, duration_ms(50), NULL);
}

static void wait_for_lines(const struct world *world, int count)
{
    for (int i = 0; i < 1000 && world_lines(world, "ledger") < count; i++)
        usleep(20000);
    assert_true(world_lines(world, "ledger") >= count);
}

static void kill_engine(pid_t engine)
{
    assert_int_equal(kill(engine, SIGKILL), 0);
    assert_int_equal(waitpid(engine, NULL, 0), engine);
}

static void test_killed_engines(void **state)
{
    (void)state;
    struct world *world = world_new(PROJECT, SIMPLE);
    struct request request = backfill_of("2021-11-01..2021-11-30");
    request.key = "k";
    for (int lines = 2; lines < 26; lines += 3) {
        pid_t engine = engine_apart(world, &request);
        wait_for_lines(world, lines);
        usleep((useconds_t)(lines * 1500));
        kill_engine(engine);
    }
    world_open(world);
    struct request claim = about(REQUEST_KIND_BACKFILL_CLAIM, 1);
    world_ask_well(world, &claim);
    world_until(world, is_state(world, "success"));
    check_ledger(world, 30, 1);
    assert_int_equal(count_dates(world, DATE_SUCCESS), 30);
    check_nothing_open(world);
    world_free(world);
}

static void test_reading_commands_settle_dates(void **state)
{
    (void)state;
    struct world *world = world_new(PROJECT, SIMPLE);
    world_write(world, "gate", "");
    world_write(world, "bad", "2021-11-02\n");
    struct request request = backfill_of("2021-11-01..2021-11-04");
    pid_t engine = engine_apart(world, &request);
    wait_for_lines(world, 2);
    kill_engine(engine);
    open_gate(world);
    usleep(300000);
    assert_int_equal(count_dates(world, DATE_OPEN), 2);
    world->options.settles_only = true;
    world_open(world);
    world_until(world, daemon_is_settled(world->daemon));
    world_leave(world);
    assert_int_equal(count_dates(world, DATE_SUCCESS), 1);
    assert_int_equal(count_dates(world, DATE_FAILED), 1);
    assert_int_equal(count_dates(world, DATE_WAITING), 2);
    assert_int_equal(stored_state(world), BACKFILL_RUNNING);
    check_nothing_open(world);
    world_free(world);
}

static void test_rerun_of_a_date_mends_the_backfill(void **state)
{
    (void)state;
    struct world *world = world_new(PROJECT, SIMPLE);
    world_write(world, "bad", "2021-11-02\n");
    begin(world, "2021-11-01..2021-11-03");
    world_until(world, is_state(world, "failed"));
    world_remove(world, "bad");
    struct request rerun = {.kind = REQUEST_KIND_RERUN, .run_count = 1, .who = "lin"};
    rerun.run_ids[0] = world_find_date(world, "2021-11-02")->run_id;
    world_ask_well(world, &rerun);
    world_until(world, is_state(world, "success"));
    assert_int_equal(count_dates(world, DATE_SUCCESS), 3);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_claim_after_the_engine_left),
        cmocka_unit_test(test_equal_request_goes_on),
        cmocka_unit_test(test_same_key_finds_it),
        cmocka_unit_test(test_no_dates_while_nobody_drives),
        cmocka_unit_test(test_killed_engines),
        cmocka_unit_test(test_reading_commands_settle_dates),
        cmocka_unit_test(test_rerun_of_a_date_mends_the_backfill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

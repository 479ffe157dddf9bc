#include "tests/unit/daemon/backfill_world.h"

static void check_order(const struct world *world, int count)
{
    for (int i = 0; i < count; i++) {
        char line[32];
        char read[64];
        snprintf(line, sizeof line, "2021-11-%02d", i + 1);
        assert_true(world_read_line(world, "ledger", i, read, sizeof read));
        assert_string_equal(read, line);
    }
}

static void test_dates_that_need_each_other(void **state)
{
    (void)state;
    struct world *world = world_new(PROJECT, CHAINED);
    struct request request = backfill_of("2021-11-01..2021-11-06");
    request.dates_parallel = 4;
    world_ask_well(world, &request);
    world_until(world, is_state(world, "success"));
    check_order(world, 6);
    world_remove(world, "ledger");
    request.redo = "always"; /* what is green from before does not count: each waits again */
    world_ask_well(world, &request);
    assert_int_equal(world->reply.backfill_id, 2);
    world_until(world, is_state(world, "success") && world->backfill.backfill_id == 2);
    assert_int_equal(world_lines(world, "ledger"), 6);
    check_order(world, 6);
    world_free(world);
}

static void test_blocked_dates(void **state)
{
    (void)state;
    struct world *world = world_new(PROJECT, CHAINED);
    world_write(world, "bad", "2021-11-03\n");
    struct request request = backfill_of("2021-11-01..2021-11-08");
    request.dates_parallel = 3;
    world_ask_well(world, &request);
    world_until(world, is_state(world, "failed"));
    assert_int_equal(world_lines(world, "ledger"), 3);
    assert_int_equal(count_dates(world, DATE_FAILED), 1);
    assert_int_equal(count_dates(world, DATE_BLOCKED), 5);
    assert_string_equal(world_find_date(world, "2021-11-04")->state, "blocked");
    assert_string_equal(world_find_date(world, "2021-11-04")->reason,
                        "needs 2021-11-03, which failed");
    check_nothing_open(world);
    world_remove(world, "bad");
    struct request retry = about(REQUEST_KIND_BACKFILL_RETRY, 1);
    world_ask_well(world, &retry);
    world_until(world, is_state(world, "success"));
    assert_int_equal(world_lines(world, "ledger"), 9);
    world_free(world);
}

static void test_waiting_for_something_outside_is_said(void **state)
{
    (void)state;
    static const char outside[] = "flow: shop\n"
                                  "schedule: {at: daily 00:30}\n"
                                  "nodes:\n"
                                  "  load:\n"
                                  "    needs: [other/make]\n" SCRIPT;
    struct world *world = world_new(PROJECT, outside);
    world_write(world, "other.yaml",
                "flow: other\nschedule: {at: daily 00:10}\nnodes:\n  make: {type: virtual}\n");
    begin(world, "2021-11-01..2021-11-03");
    world_until(world, world->backfill.item_count == 2);
    assert_string_equal(world->backfill.items[0].key, "2021-11-01");
    assert_non_null(
        strstr(world->backfill.items[0].text, "load waits for other/make of 2021-11-01"));
    struct request other = backfill_of("2021-11-01..2021-11-03");
    other.flow = "other";
    world_ask_well(world, &other);
    world_until(world, world->backfill.backfill_id == 1 && is_state(world, "success"));
    check_ledger(world, 3, 1);
    world_free(world);
}

/* Whoever asks, a page too: no command has looked at it before. */
static void test_a_circle_through_another_flow_is_refused(void **state)
{
    (void)state;
    static const char yaml[] = "flow: shop\n"
                               "schedule: {at: daily 00:30}\n"
                               "nodes: {load: {type: virtual, needs: [other/make]}}\n";
    struct world *world = world_new(PROJECT, yaml);
    world_write(world, "other.yaml",
                "flow: other\nschedule: {at: daily 00:10}\n"
                "nodes: {make: {type: virtual, needs: [shop/load]}}\n");
    struct request request = backfill_of("2021-11-01");
    world_ask(world, &request);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_INVALID);
    assert_non_null(strstr(world->reply.error.text, "flows wait for each other in a circle"));
    request.kind = REQUEST_KIND_RUN;
    request.date = "2021-11-01";
    world_ask(world, &request);
    assert_int_equal(world->reply.error.kind, ERROR_KIND_INVALID);
    world_write(world, "other.yaml",
                "flow: other\nschedule: {at: daily 00:10}\n"
                "nodes: {make: {type: virtual, needs: [shop/load@-1]}}\n");
    request.kind = REQUEST_KIND_BACKFILL;
    world_ask_well(world, &request);
    assert_int_equal(world->reply.backfill_id, 1);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates_that_need_each_other),
        cmocka_unit_test(test_blocked_dates),
        cmocka_unit_test(test_waiting_for_something_outside_is_said),
        cmocka_unit_test(test_a_circle_through_another_flow_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

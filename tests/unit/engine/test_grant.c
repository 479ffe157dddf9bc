/* Grants ahead, pools, limits of a run, order, priorities, holds. */
#include "tests/unit/engine/engine_world.h"

static const struct spec six[] = {{0}, {0}, {0}, {0}, {0}, {0}};

static void test_slots_and_ahead(void **state)
{
    (void)state;
    struct world world;
    world_open_ahead(&world, 2, 1);
    world_begin(&world);
    world_add(&world, 1, six, 6);
    world_ignore(&world);
    assert_int_equal(engine_count(world.engine).granted, 3);
    assert_int_equal(engine_count(world.engine).ready, 3);
    world_started(&world, 1);
    world_started(&world, 2);
    world_ignore(&world);
    assert_int_equal(engine_count(world.engine).running, 2);
    world_ended(&world, 1, ATTEMPT_END_SUCCESS, 0);
    world_expect(&world, "attempt 1 1/0 #1 success\n"
                         "task 1/0 success tries 1 of 1: ended\n"
                         "attempt 4 1/3 #1 granted\n"
                         "grant 4 1/3 #1\n");
    world_capacity(&world, 4, NULL, 0);
    world_expect(&world, "attempt 5 1/4 #1 granted\n"
                         "grant 5 1/4 #1\n"
                         "attempt 6 1/5 #1 granted\n"
                         "grant 6 1/5 #1\n");
    world_close(&world);
}

static void test_order(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, 1);
    world_add_run(&world, (struct event_run){.run_id = 5},
                  (struct spec[]){{0}, {.priority = 3}, {.priority = 2}}, 3);
    world_add_run(&world, (struct event_run){.run_id = 9, .priority = 2}, six, 1);
    world_add_run(&world, (struct event_run){.run_id = 4}, (struct spec[]){{0}, {.priority = 3}},
                  2);
    world_begin(&world);
    world_expect(&world, "attempt 1 9/0 #1 granted\ngrant 1 9/0 #1\n"
                         "attempt 2 4/1 #1 granted\ngrant 2 4/1 #1\n"
                         "attempt 3 5/1 #1 granted\ngrant 3 5/1 #1\n"
                         "attempt 4 5/2 #1 granted\ngrant 4 5/2 #1\n"
                         "attempt 5 4/0 #1 granted\ngrant 5 4/0 #1\n"
                         "attempt 6 5/0 #1 granted\ngrant 6 5/0 #1\n");
    world_close(&world);
}

static void test_pool(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, 4);
    const int32_t sizes[] = {1, 2};
    world_capacity(&world, 4, sizes, 2);
    world_begin(&world);
    world_add(&world, 1, (struct spec[]){{.pool = 1}, {.pool = 1}, {.pool = 2}, {0}}, 4);
    world_expect(&world, "attempt 1 1/0 #1 granted\ngrant 1 1/0 #1\n"
                         "attempt 2 1/2 #1 granted\ngrant 2 1/2 #1\n"
                         "attempt 3 1/3 #1 granted\ngrant 3 1/3 #1\n");
    struct engine_reasons reasons = {0};
    assert_int_equal(engine_explain(world.engine, 1, 1, &reasons, NULL), 0);
    assert_int_equal(reasons.count, 1);
    assert_int_equal(reasons.items[0].kind, ENGINE_REASON_POOL);
    assert_int_equal(reasons.items[0].pool, 0);
    assert_int_equal(reasons.items[0].node, 0);
    world_capacity(&world, 3, sizes, 2);
    assert_int_equal(engine_explain(world.engine, 1, 1, &reasons, NULL), 0);
    assert_int_equal(reasons.count, 2);
    assert_int_equal(reasons.items[1].kind, ENGINE_REASON_SLOT);
    assert_int_equal(reasons.items[1].count, 3);
    world_capacity(&world, 4, sizes, 2);
    engine_reasons_free(&reasons);
    world_started(&world, 1);
    world_ignore(&world);
    world_ended(&world, 1, ATTEMPT_END_FAILURE, 1);
    world_expect(&world, "attempt 1 1/0 #1 failure 1\n"
                         "task 1/0 failed tries 1 of 1: ended\n"
                         "attempt 4 1/1 #1 granted\n"
                         "grant 4 1/1 #1\n");
    world_refuse(&world, (struct event){.kind = EVENT_SET_CAPACITY, .capacity = {4, sizes, 1}},
                 ERROR_KIND_INVALID);
    const int32_t bad[] = {1, 0};
    world_refuse(&world, (struct event){.kind = EVENT_SET_CAPACITY, .capacity = {4, bad, 2}},
                 ERROR_KIND_INVALID);
    world_refuse(&world, (struct event){.kind = EVENT_SET_CAPACITY, .capacity = {0, sizes, 2}},
                 ERROR_KIND_INVALID);
    world_close(&world);
}

static void test_limit_of_a_run(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, 4);
    const int32_t sizes[] = {1};
    world_capacity(&world, 4, sizes, 1);
    world_begin(&world);
    world_add_run(&world, (struct event_run){.run_id = 1, .parallel = 2},
                  (struct spec[]){{.pool = 1}, {.pool = 1}, {0}, {0}, {0}}, 5);
    world_expect(&world, "attempt 1 1/0 #1 granted\ngrant 1 1/0 #1\n"
                         "attempt 2 1/2 #1 granted\ngrant 2 1/2 #1\n");
    world_add(&world, 2, six, 1);
    world_expect(&world, "attempt 3 2/0 #1 granted\ngrant 3 2/0 #1\n");
    assert_int_equal(engine_count(world.engine).ready, 3);
    struct engine_reasons reasons = {0};
    assert_int_equal(engine_explain(world.engine, 1, 3, &reasons, NULL), 0);
    assert_int_equal(reasons.items[0].kind, ENGINE_REASON_PARALLEL);
    assert_int_equal(reasons.items[0].count, 2);
    engine_reasons_free(&reasons);
    world_ended(&world, 2, ATTEMPT_END_SUCCESS, 0);
    world_expect(&world, "attempt 2 1/2 #1 success\n"
                         "task 1/2 success tries 1 of 1: ended\n"
                         "attempt 4 1/3 #1 granted\n"
                         "grant 4 1/3 #1\n"
                         "run 1 running\n");
    /* what stands in its way is taken away, and the others still come */
    world_do(&world, world_node_event(EVENT_SKIP, 1, 4));
    world_expect(&world, "task 1/4 skipped: skip\n");
    world_ended(&world, 4, ATTEMPT_END_SUCCESS, 0);
    world_ignore(&world);
    world_ended(&world, 1, ATTEMPT_END_SUCCESS, 0);
    world_expect(&world, "attempt 1 1/0 #1 success\n"
                         "task 1/0 success tries 1 of 1: ended\n"
                         "attempt 5 1/1 #1 granted\n"
                         "grant 5 1/1 #1\n");
    world_close(&world);
}

/* A place under the run's limit and a place in the pool come free at different times; the best of
 * the waiting ones is taken away in between. */
static void test_limit_and_full_pool(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, 4);
    const int32_t sizes[] = {1};
    world_capacity(&world, 4, sizes, 1);
    world_begin(&world);
    world_add_run(&world, (struct event_run){.run_id = 1, .parallel = 1},
                  (struct spec[]){{.priority = 2}, {.pool = 1}, {.pool = 1}}, 3);
    world_add(&world, 2, (struct spec[]){{.pool = 1}}, 1);
    world_expect(&world, "attempt 1 1/0 #1 granted\ngrant 1 1/0 #1\n"
                         "attempt 2 2/0 #1 granted\ngrant 2 2/0 #1\n");
    world_succeed(&world, 1);
    world_do(&world, world_node_event(EVENT_FREEZE, 1, 1));
    world_expect(&world, "task 1/1 frozen: freeze\n");
    world_started(&world, 2);
    world_ignore(&world);
    world_ended(&world, 2, ATTEMPT_END_SUCCESS, 0);
    world_expect(&world, "attempt 2 2/0 #1 success\n"
                         "task 2/0 success tries 1 of 1: ended\n"
                         "attempt 3 1/2 #1 granted\n"
                         "grant 3 1/2 #1\n"
                         "run 2 success\n");
    world_close(&world);
}

static void test_better_run_takes_the_grants(void **state)
{
    (void)state;
    struct world world;
    world_open_ahead(&world, 1, 2);
    world_begin(&world);
    world_add(&world, 1, six, 4);
    world_started(&world, 1);
    world_ignore(&world);
    world_add_run(&world, (struct event_run){.run_id = 2, .priority = 5}, six, 1);
    world_expect(&world, "revoke 2 1/1 #1\n"
                         "revoke 3 1/2 #1\n");
    /* one of them has started in between */
    world_started(&world, 2);
    world_expect(&world, "attempt 2 1/1 #1 running\n"
                         "task 1/1 running tries 1 of 1: started\n");
    world_revoked(&world, 3);
    world_expect(&world, "attempt 3 1/2 #1 revoked\n"
                         "task 1/2 waiting slot: revoked\n"
                         "attempt 4 2/0 #1 granted\n"
                         "grant 4 2/0 #1\n");
    world_ended(&world, 1, ATTEMPT_END_SUCCESS, 0);
    world_expect(&world, "attempt 1 1/0 #1 success\n"
                         "task 1/0 success tries 1 of 1: ended\n"
                         "attempt 5 1/2 #1 granted\n"
                         "grant 5 1/2 #1\n");
    world_close(&world);
}

static void test_equal_priority_revokes_nothing(void **state)
{
    (void)state;
    struct world world;
    world_open_ahead(&world, 1, 1);
    world_begin(&world);
    world_add_run(&world, (struct event_run){.run_id = 3, .priority = 4}, six, 1);
    world_add_run(&world, (struct event_run){.run_id = 4}, six, 1);
    world_ignore(&world);
    world_add_run(&world, (struct event_run){.run_id = 1, .priority = 4}, six, 1);
    world_expect(&world, "");
    world_close(&world);
}

/* Nothing is revoked for a task that could not use the place. */
static void test_full_pool_revokes_nothing(void **state)
{
    (void)state;
    struct world world;
    world_open_ahead(&world, 2, 2);
    const int32_t sizes[] = {1};
    world_capacity(&world, 2, sizes, 1);
    world_begin(&world);
    world_add(&world, 1, (struct spec[]){{.pool = 1}, {0}, {0}, {0}}, 4);
    world_started(&world, 1);
    world_ignore(&world);
    world_add_run(&world, (struct event_run){.run_id = 2, .priority = 5},
                  (struct spec[]){{.pool = 1}}, 1);
    world_expect(&world, "");
    world_close(&world);
}

static void test_keeper_gives_back(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, 1);
    world_begin(&world);
    world_add(&world, 1, six, 1);
    world_ignore(&world);
    world_revoked(&world, 1);
    world_expect(&world, "attempt 1 1/0 #1 revoked\n"
                         "task 1/0 waiting retry at 1001s: revoked\n");
    world_at(&world, 1001);
    world_expect(&world, "attempt 2 1/0 #1 granted\ngrant 2 1/0 #1\n");
    world_close(&world);
}

static void test_hold(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, 1);
    world_begin(&world);
    world_add_run(&world, (struct event_run){.run_id = 1, .hold = RUN_HOLD_NO_SCHEDULER},
                  (struct spec[]){{0}, {.is_virtual = true}, {0}}, 3);
    world_expect(&world, "");
    struct engine_reasons reasons = {0};
    assert_int_equal(engine_explain(world.engine, 1, 0, &reasons, NULL), 0);
    assert_int_equal(reasons.count, 1);
    assert_int_equal(reasons.items[0].kind, ENGINE_REASON_HELD);
    assert_int_equal(reasons.items[0].hold, RUN_HOLD_NO_SCHEDULER);
    engine_reasons_free(&reasons);
    struct event hold = {.kind = EVENT_RELEASE, .run_id = 1};
    world_do(&world, hold);
    world_expect(&world, "task 1/1 success: virtual\n"
                         "attempt 1 1/0 #1 granted\ngrant 1 1/0 #1\n"
                         "attempt 2 1/2 #1 granted\ngrant 2 1/2 #1\n"
                         "run 1 running\n");
    world_started(&world, 1);
    world_ignore(&world);
    hold = (struct event){.kind = EVENT_HOLD, .run_id = 1, .hold = RUN_HOLD_DRAIN};
    world_do(&world, hold);
    world_expect(&world, "revoke 2 1/2 #1\n");
    world_revoked(&world, 2);
    world_expect(&world, "attempt 2 1/2 #1 revoked\n"
                         "task 1/2 waiting slot: revoked\n");
    world_ended(&world, 1, ATTEMPT_END_SUCCESS, 0);
    world_expect(&world, "attempt 1 1/0 #1 success\n"
                         "task 1/0 success tries 1 of 1: ended\n");
    hold.run_id = 2;
    world_refuse(&world, hold, ERROR_KIND_NOT_FOUND);
    world_close(&world);
}

static void test_hold_keeps_a_retry_waiting(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, 1);
    world_begin(&world);
    world_add(&world, 1, (struct spec[]){{.retry = world_retry(1, 10)}}, 1);
    world_started(&world, 1);
    world_ended(&world, 1, ATTEMPT_END_FAILURE, 1);
    world_do(&world, (struct event){.kind = EVENT_HOLD, .run_id = 1, .hold = RUN_HOLD_PAUSED});
    world_ignore(&world);
    assert_true(instant_is_never(engine_next_wakeup(world.engine)));
    world_at(&world, 2000);
    world_expect(&world, "");
    world_do(&world, (struct event){.kind = EVENT_RELEASE, .run_id = 1});
    world_expect(&world, "attempt 2 1/0 #2 granted\ngrant 2 1/0 #2\n");
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slots_and_ahead),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_pool),
        cmocka_unit_test(test_limit_of_a_run),
        cmocka_unit_test(test_limit_and_full_pool),
        cmocka_unit_test(test_better_run_takes_the_grants),
        cmocka_unit_test(test_equal_priority_revokes_nothing),
        cmocka_unit_test(test_full_pool_revokes_nothing),
        cmocka_unit_test(test_keeper_gives_back),
        cmocka_unit_test(test_hold),
        cmocka_unit_test(test_hold_keeps_a_retry_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What the keeper's snapshot means, and an engine that is put together again. */
#include "tests/unit/engine/engine_world.h"

static const struct recover_open open_list[] = {
    {.attempt_id = 2, .is_this_boot = true},
    {.attempt_id = 3, .is_this_boot = true},
    {.attempt_id = 4, .is_this_boot = true},
    {.attempt_id = 5, .is_this_boot = true},
    {.attempt_id = 6},
    {.attempt_id = 7, .is_running = true, .is_this_boot = true},
    {.attempt_id = 8, .is_running = true, .is_this_boot = true},
    {.attempt_id = 9, .is_running = true, .is_this_boot = true},
};

static const struct recover_known known_list[] = {
    {.attempt_id = 1, .kind = RECOVER_ENDED},
    {.attempt_id = 2, .kind = RECOVER_QUEUED},
    {.attempt_id = 3, .kind = RECOVER_RUNNING, .at = {5}},
    {.attempt_id = 4, .kind = RECOVER_ENDED, .at = {6}, .outcome = {ATTEMPT_END_FAILURE, 3}},
    {.attempt_id = 8, .kind = RECOVER_RUNNING, .at = {7}},
    {.attempt_id = 9, .kind = RECOVER_ENDED, .at = {8}},
    {.attempt_id = 10, .kind = RECOVER_QUEUED},
    {.attempt_id = 11, .kind = RECOVER_RUNNING},
};

static void test_table(void **state)
{
    (void)state;
    struct recover_result result = {0};
    struct instant now = {90 * DURATION_SECOND_US};
    recover_events(&(struct recover_input){open_list, 8, known_list, 8, now}, &result);
    struct text text = {0};
    for (size_t i = 0; i < result.event_count; i++) {
        event_format(&result.events[i], &text);
        text_append(&text, "\n");
        assert_int_equal(result.events[i].now.us, now.us);
    }
    for (size_t i = 0; i < result.orders.count; i++) {
        action_format(&result.orders.items[i], &text);
        text_append(&text, "\n");
    }
    assert_string_equal(text_string(&text), "queued attempt 2 @90s\n"
                                            "started attempt 3 @90s\n"
                                            "ended attempt 4 failure 3 @90s\n"
                                            "unknown attempt 5 @90s\n"
                                            "ended attempt 6 lost @90s\n"
                                            "ended attempt 7 lost @90s\n"
                                            "started attempt 8 @90s\n"
                                            "ended attempt 9 success @90s\n"
                                            "revoke 10 0/0 #0\n"
                                            "kill 11 0/0 #0\n");
    assert_int_equal(result.events[1].attempt.at.us, 5);
    assert_int_equal(result.events[2].attempt.at.us, 6);
    assert_int_equal(result.events[4].attempt.at.us, now.us);
    recover_events(&(struct recover_input){.now = now}, &result);
    assert_int_equal(result.event_count, 0);
    assert_int_equal(result.orders.count, 0);
    text_free(&text);
    recover_result_free(&result);
}

/* The same three tasks as the store has them: granted, running under a stop, waiting for both. */
static void restore(struct world *world, enum run_hold hold)
{
    static const uint32_t needs[] = {0, 1};
    struct event_node node = {
        .pool = ENGINE_NO_POOL, .priority = 1, .has_process = true, .is_selected = true};
    struct event_node nodes[] = {node, node, node};
    nodes[0].attempt_id = 20;
    nodes[0].attempt_number = 3;
    nodes[0].attempts = 2;
    nodes[0].tries = 1;
    nodes[1].rank = 1;
    nodes[1].state = TASK_RUNNING;
    nodes[1].wish = TASK_WISH_STOP;
    nodes[1].attempt_id = 21;
    nodes[1].attempt_number = 1;
    nodes[1].attempts = 1;
    nodes[1].tries = 1;
    nodes[1].attempt_is_running = true;
    nodes[2].rank = 2;
    nodes[2].needs = needs;
    nodes[2].need_count = 2;
    struct event_run run = {.run_id = 1,
                            .priority = 1,
                            .opening = 2,
                            .hold = hold,
                            .state = RUN_RUNNING,
                            .nodes = nodes,
                            .node_count = 3};
    struct engine_options options = {.next_attempt_id = 30};
    *world = (struct world){.engine = engine_new(&options), .second = WORLD_EPOCH_S};
    world_do(world, (struct event){.kind = EVENT_RUN_ADDED, .run = &run});
    world_expect(world, "");
}

static void test_restored_run_goes_on(void **state)
{
    (void)state;
    struct world world;
    restore(&world, RUN_HOLD_NONE);
    world_do(&world, (struct event){.kind = EVENT_ATTEMPT_UNKNOWN, .attempt = {.id = 20}});
    world_expect(&world, "grant 20 1/0 #3\n");
    world_started(&world, 21);
    world_expect(&world, "stop 21 1/1 #1\n");
    world_begin(&world);
    world_expect(&world, "stop 21 1/1 #1\n");
    struct engine_task task;
    assert_int_equal(engine_look(world.engine, 1, 0, &task, NULL), 0);
    assert_int_equal(task.tries, 2);
    assert_int_equal(task.attempts, 3);
    assert_true(task.is_granted);
    world_started(&world, 20);
    world_expect(&world, "attempt 20 1/0 #3 running\n"
                         "task 1/0 running tries 2 of 3: started\n");
    world_ended(&world, 21, ATTEMPT_END_STOPPED, 0);
    world_expect(&world, "attempt 21 1/1 #1 stopped\n"
                         "task 1/1 stopped tries 1 of 1: ended\n"
                         "task 1/2 blocked: upstream\n");
    world_ended(&world, 20, ATTEMPT_END_SUCCESS, 0);
    world_expect(&world, "attempt 20 1/0 #3 success\n"
                         "task 1/0 success tries 2 of 3: ended\n"
                         "run 1 failed opening 2\n");
    world_close(&world);
}

/* A run that nobody drives: what the keeper has not started is taken back. */
static void test_restored_held_run(void **state)
{
    (void)state;
    struct world world;
    restore(&world, RUN_HOLD_NO_SCHEDULER);
    world_do(&world, (struct event){.kind = EVENT_ATTEMPT_QUEUED, .attempt = {.id = 20}});
    world_expect(&world, "revoke 20 1/0 #3\n");
    world_begin(&world);
    world_expect(&world, "stop 21 1/1 #1\n");
    /* the order was lost with the connection: it is repeated, whatever the keeper says */
    world_do(&world, (struct event){.kind = EVENT_ATTEMPT_QUEUED, .attempt = {.id = 20}});
    world_do(&world, (struct event){.kind = EVENT_ATTEMPT_UNKNOWN, .attempt = {.id = 20}});
    world_expect(&world, "revoke 20 1/0 #3\nrevoke 20 1/0 #3\n");
    world_revoked(&world, 20);
    world_expect(&world, "attempt 20 1/0 #3 revoked\n"
                         "task 1/0 waiting slot tries 1 of 2: revoked\n");
    world_close(&world);
}

static void test_queued_and_wanted(void **state)
{
    (void)state;
    struct world world;
    restore(&world, RUN_HOLD_NONE);
    world_do(&world, (struct event){.kind = EVENT_ATTEMPT_QUEUED, .attempt = {.id = 20}});
    world_expect(&world, "");
    world_begin(&world);
    world_expect(&world, "stop 21 1/1 #1\n");
    size_t count;
    struct engine_open_attempt *list = engine_open_attempts(world.engine, &count);
    assert_int_equal(count, 2);
    assert_int_equal(list[0].attempt_id, 20);
    assert_false(list[0].is_running);
    assert_int_equal(list[1].attempt_id, 21);
    assert_int_equal(list[1].node, 1);
    assert_true(list[1].is_running);
    free(list);
    world_close(&world);
}

static void test_explain(void **state)
{
    (void)state;
    struct world world;
    struct engine_reasons reasons = {0};
    world_open_ahead(&world, 1, 1);
    world_add(&world, 1,
              (struct spec[]){{0}, {0}, {.priority = 3}, {.needs = "01", .external = 2}, {0}}, 5);
    assert_int_equal(engine_explain(world.engine, 1, 0, &reasons, NULL), 0);
    assert_int_equal(reasons.count, 2);
    assert_int_equal(reasons.items[0].kind, ENGINE_REASON_RECOVERING);
    world_begin(&world);
    world_started(&world, 1);
    world_ignore(&world);
    assert_int_equal(engine_explain(world.engine, 1, 3, &reasons, NULL), 0);
    assert_int_equal(reasons.count, 3);
    assert_int_equal(reasons.items[0].kind, ENGINE_REASON_UPSTREAM);
    assert_int_equal(reasons.items[0].node, 0);
    assert_int_equal(reasons.items[0].state, TASK_WAITING);
    assert_int_equal(reasons.items[1].node, 1);
    assert_int_equal(reasons.items[2].kind, ENGINE_REASON_EXTERNAL);
    assert_int_equal(reasons.items[2].count, 2);
    assert_int_equal(engine_explain(world.engine, 1, 0, &reasons, NULL), 0);
    assert_int_equal(reasons.count, 1);
    assert_int_equal(reasons.items[0].kind, ENGINE_REASON_SLOT);
    assert_true(reasons.items[0].is_granted);
    assert_int_equal(reasons.items[0].count, 0);
    assert_int_equal(engine_explain(world.engine, 1, 4, &reasons, NULL), 0);
    assert_false(reasons.items[0].is_granted);
    assert_int_equal(reasons.items[0].count, 2);
    assert_int_equal(engine_explain(world.engine, 1, 2, &reasons, NULL), 0);
    assert_int_equal(reasons.count, 0);
    world_do(&world, world_node_event(EVENT_FREEZE, 1, 4));
    world_do(&world, world_node_event(EVENT_FREEZE, 1, 0));
    world_ignore(&world);
    assert_int_equal(engine_explain(world.engine, 1, 4, &reasons, NULL), 0);
    assert_int_equal(reasons.items[0].kind, ENGINE_REASON_FROZEN);
    assert_int_equal(engine_explain(world.engine, 1, 0, &reasons, NULL), 0);
    assert_int_equal(reasons.items[0].kind, ENGINE_REASON_WISH);
    assert_int_equal(reasons.items[0].wish, TASK_WISH_FREEZE);
    assert_int_equal(engine_explain(world.engine, 1, 5, &reasons, &world.err), -1);
    assert_int_equal(world.err.kind, ERROR_KIND_NOT_FOUND);
    engine_reasons_free(&reasons);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_restored_run_goes_on),
        cmocka_unit_test(test_restored_held_run),
        cmocka_unit_test(test_queued_and_wanted),
        cmocka_unit_test(test_explain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

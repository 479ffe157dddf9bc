/* From the plan to the end: order, virtual nodes, blocking, several runs. */
#include "tests/unit/engine/engine_world.h"

static void test_diamond(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, 2);
    const struct spec specs[] = {
        {.is_virtual = true}, {.needs = "0"}, {.needs = "0"}, {.needs = "12"}};
    world_add(&world, 7, specs, 4);
    world_expect(&world, "");
    world_begin(&world);
    world_expect(&world, "task 7/0 success: virtual\n"
                         "attempt 1 7/1 #1 granted\n"
                         "grant 1 7/1 #1\n"
                         "attempt 2 7/2 #1 granted\n"
                         "grant 2 7/2 #1\n"
                         "run 7 running\n");
    world_started(&world, 1);
    world_started(&world, 2);
    world_expect(&world, "attempt 1 7/1 #1 running\n"
                         "task 7/1 running tries 1 of 1: started\n"
                         "attempt 2 7/2 #1 running\n"
                         "task 7/2 running tries 1 of 1: started\n");
    world_ended(&world, 2, ATTEMPT_END_SUCCESS, 0);
    world_expect(&world, "attempt 2 7/2 #1 success\n"
                         "task 7/2 success tries 1 of 1: ended\n");
    world_ended(&world, 1, ATTEMPT_END_SUCCESS, 0);
    world_expect(&world, "attempt 1 7/1 #1 success\n"
                         "task 7/1 success tries 1 of 1: ended\n"
                         "attempt 3 7/3 #1 granted\n"
                         "grant 3 7/3 #1\n");
    world_ended(&world, 3, ATTEMPT_END_SUCCESS, 0);
    world_expect(&world, "attempt 3 7/3 #1 success\n"
                         "task 7/3 success tries 1 of 1: ended\n"
                         "run 7 success\n");
    world_close(&world);
}

static void test_nothing_before_begin(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, 1);
    world_add(&world, 1, (struct spec[]){{.is_virtual = true}, {.needs = "0"}, {0}}, 3);
    world_at(&world, 2000);
    world_expect(&world, "");
    assert_int_equal(engine_count(world.engine).ready, 1);
    world_begin(&world);
    world_ignore(&world);
    assert_int_equal(engine_count(world.engine).granted, 2);
    world_close(&world);
}

static void test_failure_blocks_all_downstream(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, 4);
    const struct spec specs[] = {
        {0}, {.needs = "0"}, {.needs = "1", .is_virtual = true}, {.needs = "2"}, {0}};
    world_add(&world, 1, specs, 5);
    world_begin(&world);
    world_ignore(&world);
    world_started(&world, 1);
    world_ignore(&world);
    world_ended(&world, 1, ATTEMPT_END_FAILURE, 1);
    world_expect(&world, "attempt 1 1/0 #1 failure 1\n"
                         "task 1/0 failed tries 1 of 1: ended\n"
                         "task 1/1 blocked: upstream\n"
                         "task 1/2 blocked: upstream\n"
                         "task 1/3 blocked: upstream\n");
    world_started(&world, 2);
    world_ignore(&world);
    world_ended(&world, 2, ATTEMPT_END_SUCCESS, 0);
    world_expect(&world, "attempt 2 1/4 #1 success\n"
                         "task 1/4 success tries 1 of 1: ended\n"
                         "run 1 failed\n");
    world_close(&world);
}

static void test_unselected_and_frozen(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, 4);
    const struct spec specs[] = {{.state = TASK_SKIPPED, .is_unselected = true},
                                 {.needs = "0"},
                                 {.state = TASK_FROZEN},
                                 {.needs = "12"}};
    world_add(&world, 1, specs, 4);
    world_expect(&world, "task 1/3 blocked: upstream\n");
    world_begin(&world);
    world_expect(&world, "attempt 1 1/1 #1 granted\n"
                         "grant 1 1/1 #1\n");
    world_succeed(&world, 1);
    struct engine_run_facts facts;
    assert_int_equal(engine_look_run(world.engine, 1, &facts, NULL), 0);
    assert_int_equal(facts.state, RUN_FAILED);
    world_close(&world);
}

static void test_only_virtual_nodes_end_in_one_step(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, 1);
    world_begin(&world);
    world_add(&world, 3,
              (struct spec[]){{.is_virtual = true},
                              {.needs = "0", .is_virtual = true},
                              {.needs = "01", .is_virtual = true}},
              3);
    world_expect(&world, "task 3/0 success: virtual\n"
                         "task 3/1 success: virtual\n"
                         "task 3/2 success: virtual\n"
                         "run 3 success\n");
    world_close(&world);
}

static void test_end_without_start(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, 1);
    world_begin(&world);
    world_add(&world, 1, (struct spec[]){{0}, {0}}, 2);
    world_ignore(&world);
    world_ended(&world, 1, ATTEMPT_END_COULD_NOT_START, 0);
    world_expect(&world, "attempt 1 1/0 #1 could_not_start\n"
                         "task 1/0 failed tries 1 of 1: ended\n"
                         "run 1 running\n");
    world_ended(&world, 2, ATTEMPT_END_SIGNAL, 9);
    world_expect(&world, "attempt 2 1/1 #1 signal 9\n"
                         "task 1/1 failed tries 1 of 1: ended\n"
                         "run 1 failed\n");
    world_close(&world);
}

static void test_repeated_and_foreign_attempts(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, 1);
    world_begin(&world);
    world_add(&world, 1, (struct spec[]){{0}}, 1);
    world_ignore(&world);
    world_started(&world, 1);
    world_ignore(&world);
    world_started(&world, 1);
    world_expect(&world, "");
    world_ended(&world, 1, ATTEMPT_END_SUCCESS, 0);
    world_ignore(&world);
    world_ended(&world, 1, ATTEMPT_END_FAILURE, 3);
    world_started(&world, 1);
    world_revoked(&world, 1);
    world_expect(&world, "");
    world_refuse(&world, (struct event){.kind = EVENT_ATTEMPT_STARTED, .attempt = {.id = 2}},
                 ERROR_KIND_BUG);
    world_refuse(&world, (struct event){.kind = EVENT_ATTEMPT_ENDED, .attempt = {.id = 0}},
                 ERROR_KIND_BUG);
    world_close(&world);
}

static void test_running_is_never_revoked(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, 1);
    world_begin(&world);
    world_add(&world, 1, (struct spec[]){{0}}, 1);
    world_started(&world, 1);
    world_ignore(&world);
    world_refuse(&world, (struct event){.kind = EVENT_ATTEMPT_REVOKED, .attempt = {.id = 1}},
                 ERROR_KIND_BUG);
    world_refuse(&world, (struct event){.kind = EVENT_ATTEMPT_UNKNOWN, .attempt = {.id = 1}},
                 ERROR_KIND_BUG);
    world_close(&world);
}

static void test_external_needs(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, 1);
    world_begin(&world);
    world_add(&world, 1, (struct spec[]){{.external = 2}, {.is_virtual = true, .external = 1}}, 2);
    world_expect(&world, "");
    struct event event = world_node_event(EVENT_NEEDS_MET, 1, 0);
    event.external_open = 1;
    world_do(&world, event);
    world_expect(&world, "");
    event.external_open = 0;
    world_do(&world, event);
    world_expect(&world, "attempt 1 1/0 #1 granted\ngrant 1 1/0 #1\n");
    event.node = 1;
    world_do(&world, event);
    world_expect(&world, "task 1/1 success: virtual\nrun 1 running\n");
    event.node = 2;
    world_refuse(&world, event, ERROR_KIND_NOT_FOUND);
    world_close(&world);
}

static void test_forget(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, 1);
    world_begin(&world);
    world_add(&world, 1, (struct spec[]){{0}}, 1);
    world_add(&world, 2, (struct spec[]){{0}}, 1);
    world_ignore(&world);
    struct event forget = {.kind = EVENT_RUN_FORGET, .run_id = 1};
    world_refuse(&world, forget, ERROR_KIND_BUSY);
    world_succeed(&world, 1);
    world_do(&world, forget);
    world_refuse(&world, forget, ERROR_KIND_NOT_FOUND);
    assert_int_equal(engine_count(world.engine).runs, 1);
    world_ended(&world, 1, ATTEMPT_END_SUCCESS, 0);
    world_expect(&world, "");
    world_succeed(&world, 2);
    assert_int_equal(engine_count(world.engine).open_runs, 0);
    assert_int_equal(engine_count(world.engine).next_attempt_id, 3);
    world_close(&world);
}

static void refuse_run(struct world *world, struct event_run run, struct spec spec,
                       void (*spoil)(struct event_node *))
{
    struct event_node nodes[WORLD_MAX_NODES];
    uint32_t needs[WORLD_MAX_NODES][WORLD_MAX_NODES];
    world_make_nodes(&spec, 1, nodes, needs);
    if (spoil != NULL)
        spoil(nodes);
    run.nodes = nodes;
    run.node_count = run.node_count == 0 ? 1 : 0;
    world_refuse(world, (struct event){.kind = EVENT_RUN_ADDED, .run = &run}, ERROR_KIND_INVALID);
}

static void spoil_rank(struct event_node *node)
{
    node->rank = 1;
}

static void spoil_running(struct event_node *node)
{
    node->state = TASK_RUNNING;
}

static void spoil_attempt(struct event_node *node)
{
    node->attempt_id = 9;
    node->attempt_number = 1;
}

static void spoil_wish(struct event_node *node)
{
    node->wish = TASK_WISH_STOP;
}

static void spoil_tries(struct event_node *node)
{
    node->tries = 2;
    node->attempts = 1;
}

static void test_bad_runs(void **state)
{
    (void)state;
    struct world world;
    struct event_run good = {.run_id = 1, .priority = 1, .opening = 1};
    world_open(&world, 1);
    struct event_run run = good;
    run.run_id = 0;
    refuse_run(&world, run, (struct spec){0}, NULL);
    run = good;
    run.priority = 9;
    refuse_run(&world, run, (struct spec){0}, NULL);
    run = good;
    run.node_count = 1;
    refuse_run(&world, run, (struct spec){0}, NULL);
    refuse_run(&world, good, (struct spec){.needs = "0"}, NULL);
    refuse_run(&world, good, (struct spec){.needs = "5"}, NULL);
    refuse_run(&world, good, (struct spec){.pool = 1}, NULL);
    refuse_run(&world, good, (struct spec){.priority = 9}, NULL);
    refuse_run(&world, good, (struct spec){0}, spoil_rank);
    refuse_run(&world, good, (struct spec){0}, spoil_running);
    refuse_run(&world, good, (struct spec){0}, spoil_attempt);
    refuse_run(&world, good, (struct spec){0}, spoil_wish);
    refuse_run(&world, good, (struct spec){0}, spoil_tries);
    assert_int_equal(engine_count(world.engine).runs, 0);
    world_add(&world, 1, (struct spec[]){{0}}, 1);
    refuse_run(&world, good, (struct spec){0}, NULL);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_diamond),
        cmocka_unit_test(test_nothing_before_begin),
        cmocka_unit_test(test_failure_blocks_all_downstream),
        cmocka_unit_test(test_unselected_and_frozen),
        cmocka_unit_test(test_only_virtual_nodes_end_in_one_step),
        cmocka_unit_test(test_end_without_start),
        cmocka_unit_test(test_repeated_and_foreign_attempts),
        cmocka_unit_test(test_running_is_never_revoked),
        cmocka_unit_test(test_external_needs),
        cmocka_unit_test(test_forget),
        cmocka_unit_test(test_bad_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

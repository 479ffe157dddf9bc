/* A plan as the engine takes it. */
#include "scheduler/engine/engine.h"
#include "scheduler/engine/run_image.h"
#include "tests/unit/plan/plan_test.h"

static const char project[] = "timezone: Asia/Shanghai\npools: {other: 1, warehouse: 2}\n";

static const char yaml[] =
    "flow: f\n"
    "priority: 3\n"
    "nodes:\n"
    "  last: {type: virtual, needs: [second, \"third@-1\"]}\n"
    "  first: {type: virtual}\n"
    "  second:\n"
    "    run: ./x\n"
    "    needs: [first]\n"
    "    retry: {max: 2, delay: 1m, backoff: double, max_delay: 5m, codes: [75]}\n"
    "    pool: warehouse\n"
    "    priority: 7\n"
    "  third: {run: ./y, needs: [first, second], frozen: true}\n"
    "  weekly: {run: ./z, on: weekly mon}\n"
    "  friday: {run: ./z, on: weekly fri}\n";

struct fixture {
    struct flow_test test;
    struct flow *flow;
    struct plan *plan;
    struct run_image image;
};

static void begin(struct fixture *fixture)
{
    plan_test_begin(&fixture->test, project);
    fixture->flow = plan_test_flow(&fixture->test, yaml);
    fixture->plan = plan_test_plan(
        fixture->flow, (struct plan_request){.selection = "second,third,last,weekly,friday"},
        "2021-11-12");
    run_image_from_plan(fixture->plan, 9, &fixture->test.arena, &fixture->image);
}

static void end(struct fixture *fixture)
{
    plan_free(fixture->plan);
    flow_free(fixture->flow);
    flow_test_end(&fixture->test);
}

static void test_image(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    const struct event_run *run = &fixture.image.run;
    const struct event_node *nodes = fixture.image.nodes;
    assert_int_equal(run->run_id, 9);
    assert_int_equal(run->priority, 3);
    assert_int_equal(run->opening, 1);
    assert_int_equal(run->state, RUN_WAITING);
    assert_int_equal(run->node_count, 6);
    assert_ptr_equal(run->nodes, nodes);
    assert_int_equal(nodes[0].state, TASK_WAITING);
    assert_int_equal(nodes[0].external_open, 1);
    assert_false(nodes[0].has_process);
    assert_int_equal(nodes[1].state, TASK_SKIPPED);
    assert_false(nodes[1].is_selected);
    assert_int_equal(nodes[2].state, TASK_WAITING);
    assert_true(nodes[2].has_process);
    assert_int_equal(nodes[2].pool, 1);
    assert_int_equal(nodes[2].priority, 7);
    assert_int_equal(nodes[2].retry.max, 2);
    assert_int_equal(nodes[2].retry.delay.us, 60 * DURATION_SECOND_US);
    assert_int_equal(nodes[2].retry.backoff_percent, 200);
    assert_int_equal(nodes[2].retry.max_delay.us, 300 * DURATION_SECOND_US);
    assert_int_equal(nodes[2].retry.code_count, 1);
    assert_int_equal(nodes[2].retry.codes[0], 75);
    assert_int_equal(nodes[3].state, TASK_FROZEN);
    assert_int_equal(nodes[3].pool, ENGINE_NO_POOL);
    assert_int_equal(nodes[3].need_count, 2);
    assert_true(nodes[4].is_off_day); /* 2021-11-12 is a Friday: it waits for its turn, no more */
    assert_false(nodes[4].has_process);
    assert_true(nodes[4].is_selected);
    assert_int_equal(nodes[4].state, TASK_WAITING);
    assert_false(nodes[5].is_off_day);
    assert_true(nodes[5].has_process);
    end(&fixture);
}

static void test_the_engine_takes_it(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    struct error err = {0};
    struct action_list actions = {0};
    struct engine *engine = engine_new(&(struct engine_options){.next_attempt_id = 1});
    static const int32_t pools[] = {1, 2};
    struct event capacity = {.kind = EVENT_SET_CAPACITY, .capacity = {2, pools, 2}};
    struct event added = {.kind = EVENT_RUN_ADDED, .run = &fixture.image.run};
    struct event begins = {.kind = EVENT_BEGIN};
    assert_int_equal(engine_step(engine, &capacity, &actions, &err), 0);
    if (engine_step(engine, &added, &actions, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(engine_step(engine, &begins, &actions, &err), 0);
    assert_int_equal(engine_count(engine).granted, 2); /* second and friday */
    engine_free(engine);
    action_list_free(&actions);
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_image),
        cmocka_unit_test(test_the_engine_takes_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What a plan knows: dates, graph, values and where they come from. */
#include "tests/unit/plan/plan_test.h"

static const char project[] = "timezone: Asia/Shanghai\npools: {warehouse: 2}\n";

static const char yaml[] = "flow: f\n"
                           "schedule: daily 00:30\n"
                           "priority: 3\n"
                           "params:\n"
                           "  var: ${yyyymmdd}\n"
                           "  hour: $[hh24-1/24]\n"
                           "  file: $<var>data\n"
                           "nodes:\n"
                           "  last:\n"
                           "    type: virtual\n"
                           "    needs: [second, other/x, third@-1]\n"
                           "  first: {type: virtual}\n"
                           "  second:\n"
                           "    run: ./x\n"
                           "    needs: [first]\n"
                           "    params: {var: month $<var>, who: $<node> of $<flow>, id: $taskid}\n"
                           "    retry: {max: 2, delay: 1m}\n"
                           "    pool: warehouse\n"
                           "    priority: 7\n"
                           "  third:\n"
                           "    run: ./y\n"
                           "    needs: [first, second, third@-1]\n"
                           "    frozen: true\n";

struct fixture {
    struct flow_test test;
    struct flow *flow;
    struct plan *plan;
};

static void begin(struct fixture *fixture, struct plan_request request)
{
    plan_test_begin(&fixture->test, project);
    write_text("other.yaml", "flow: other\nnodes: {x: {type: virtual}}\n");
    fixture->flow = plan_test_flow(&fixture->test, yaml);
    fixture->plan = plan_test_plan(fixture->flow, request, "2021-11-12T00:30:00");
}

static void end(struct fixture *fixture)
{
    plan_free(fixture->plan);
    flow_free(fixture->flow);
    flow_test_end(&fixture->test);
}

static void test_dates(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, (struct plan_request){.run_id = 7});
    const struct plan *plan = fixture.plan;
    assert_string_equal(plan->bizdate_text, "2021-11-11");
    assert_string_equal(plan->cyctime_text, "2021-11-12T00:30:00");
    assert_int_equal(plan->firing.us, 1636648200 * DURATION_SECOND_US);
    assert_false(plan->is_moved);
    assert_int_equal(plan->run_id, 7);
    end(&fixture);
}

static void test_values(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, (struct plan_request){.run_id = 7});
    const struct plan_param *params = fixture.plan->params;
    assert_int_equal(fixture.plan->param_count, 3);
    assert_string_equal(params[0].text, "20211111");
    assert_string_equal(params[0].written, "${yyyymmdd}");
    assert_string_equal(params[0].explanation,
                        "${yyyymmdd}: business date 2021-11-11, as yyyymmdd = 20211111");
    assert_int_equal(params[0].node, FLOW_NONE);
    assert_int_equal(params[0].place.line, 5);
    assert_string_equal(params[1].text, "23");
    assert_string_equal(params[2].text, "20211111data");
    const struct plan_node *second = &fixture.plan->nodes[2];
    assert_int_equal(second->param_count, 3);
    assert_string_equal(second->params[0].text, "month 20211111");
    assert_string_equal(second->params[1].text, "second of f");
    assert_string_equal(second->params[2].text, "7.second");
    assert_int_equal(second->params[2].node, 2);
    assert_int_equal(fixture.plan->nodes[0].param_count, 0);
    end(&fixture);
}

static void test_graph(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, (struct plan_request){0});
    const struct plan_node *nodes = fixture.plan->nodes;
    const struct plan_node *last = &nodes[0];
    assert_int_equal(last->need_count, 1);
    assert_int_equal(last->needs[0], 2);
    assert_int_equal(last->external_count, 2);
    assert_string_equal(last->externals[0].flow, "other");
    assert_string_equal(last->externals[0].node, "x");
    assert_int_equal(last->externals[0].cycle_back, 0);
    assert_string_equal(last->externals[1].flow, "f");
    assert_string_equal(last->externals[1].node, "third");
    assert_int_equal(last->externals[1].cycle_back, 1);
    assert_false(last->externals[1].is_self);
    assert_true(nodes[3].externals[0].is_self);
    const struct plan_node *first = &nodes[1];
    assert_int_equal(first->dependent_count, 2);
    assert_int_equal(first->dependents[0], 2);
    assert_int_equal(first->dependents[1], 3);
    assert_int_equal(nodes[2].dependent_count, 2);
    assert_int_equal(nodes[2].dependents[0], 0);
    for (size_t i = 0; i < fixture.plan->node_count; i++) {
        for (size_t j = 0; j < nodes[i].need_count; j++)
            assert_true(nodes[nodes[i].needs[j]].rank < nodes[i].rank);
    }
    end(&fixture);
}

static void test_vars(void **state)
{
    (void)state;
    static const struct node_setting vars[] = {
        {"var", "x'y ${not} $[evaluated]"}, {"hour", "1"}, {"hour", "2"}};
    struct fixture fixture;
    begin(&fixture, (struct plan_request){.vars = vars, .var_count = 3});
    const struct plan_param *params = fixture.plan->params;
    assert_string_equal(params[0].text, "x'y ${not} $[evaluated]");
    assert_string_equal(params[0].explanation, "as given by --var");
    assert_true(params[0].is_overridden);
    assert_string_equal(params[1].text, "2");
    assert_string_equal(params[2].text, "x'y ${not} $[evaluated]data");
    assert_false(params[2].is_overridden);
    assert_string_equal(fixture.plan->nodes[2].params[0].text, "x'y ${not} $[evaluated]");
    static const struct node_setting wrong[] = {{"vra", "1"}};
    struct error err = plan_test_refuse(
        fixture.flow, (struct plan_request){.vars = wrong, .var_count = 1}, "2021-11-12");
    assert_int_equal(err.kind, ERROR_KIND_USAGE);
    assert_string_equal(err.text, "flow f has no parameter `vra`");
    assert_string_equal(err.help, "did you mean `var`?");
    end(&fixture);
}

/* The values of a run stay, whatever the expressions would say now. */
static void test_fixed(void **state)
{
    (void)state;
    static const struct plan_fixed fixed[] = {{NULL, "var", "old"}, {"second", "who", "somebody"}};
    static const struct node_setting vars[] = {{"var", "new"}};
    struct fixture fixture;
    begin(&fixture,
          (struct plan_request){.fixed = fixed, .fixed_count = 2, .vars = vars, .var_count = 1});
    assert_string_equal(fixture.plan->params[0].text, "old");
    assert_string_equal(fixture.plan->params[0].explanation, "as it was stored with the run");
    assert_string_equal(fixture.plan->params[2].text, "olddata");
    assert_string_equal(fixture.plan->nodes[2].params[1].text, "somebody");
    assert_string_equal(fixture.plan->nodes[2].params[0].text, "new");
    end(&fixture);
}

static void test_selection(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, (struct plan_request){.selection = "second,third,last"});
    assert_int_equal(fixture.plan->selected_count, 3);
    assert_true(fixture.plan->nodes[0].is_selected);
    assert_false(fixture.plan->nodes[1].is_selected);
    end(&fixture);
}

static void test_refusals(void **state)
{
    (void)state;
    struct flow_test test;
    plan_test_begin(&test, "timezone: Pacific/Apia\n");
    struct flow *flow = plan_test_flow(&test, "flow: f\n"
                                              "params:\n"
                                              "  far: ${yyyy+9000}\n"
                                              "nodes: {a: {type: virtual}}\n");
    struct error err = plan_test_refuse(flow, (struct plan_request){0}, "2011-12-30");
    assert_int_equal(err.kind, ERROR_KIND_NOT_FOUND);
    assert_string_equal(err.text, "2011-12-30 never was in Pacific/Apia");
    err = plan_test_refuse(flow, (struct plan_request){0}, "2011-12-31");
    assert_int_equal(err.kind, ERROR_KIND_INVALID);
    assert_int_equal(err.line, 3);
    assert_int_equal(err.column, 8);
    assert_memory_equal(err.text, "f.yaml: parameter `far`: ", 25);
    err = plan_test_refuse(flow, (struct plan_request){.selection = "b"}, "2011-12-31");
    assert_int_equal(err.kind, ERROR_KIND_USAGE);
    flow_free(flow);
    flow_test_end(&test);
}

/* What stands for $bizdate and $cyctime is what these expressions are. */
static void test_built_in_dates_are_the_expressions(void **state)
{
    (void)state;
    static const char *const planned[] = {"2021-11-12T00:30:00", "2024-03-10T02:30:00",
                                          "2024-11-03T01:30:00", "2025-01-01T23:59:59",
                                          "2024-03-01T00:00:00"};
    struct flow_test test;
    plan_test_begin(&test, "timezone: America/New_York\n");
    struct flow *flow =
        plan_test_flow(&test, "flow: f\n"
                              "params: {b: $bizdate, c: $cyctime, s: \"${bdp.system.bizdate}\"}\n"
                              "nodes: {a: {type: virtual}}\n");
    for (size_t i = 0; i < sizeof planned / sizeof planned[0]; i++) {
        struct plan *plan = plan_test_plan(flow, (struct plan_request){0}, planned[i]);
        assert_string_equal(plan->bizdate_value, plan->params[0].text);
        assert_string_equal(plan->cyctime_value, plan->params[1].text);
        assert_string_equal(plan->bizdate_value, plan->params[2].text);
        plan_free(plan);
    }
    flow_free(flow);
    flow_test_end(&test);
}

static void test_moved_and_second(void **state)
{
    (void)state;
    struct flow_test test;
    plan_test_begin(&test, "timezone: America/New_York\n");
    struct flow *flow = plan_test_flow(&test, "flow: f\n"
                                              "schedule: hourly :30\n"
                                              "params: {then: \"$[hh24mi-1/24]\"}\n"
                                              "nodes: {a: {type: virtual}}\n");
    struct plan *plan = plan_test_plan(flow, (struct plan_request){0}, "2024-03-10T02:30");
    assert_true(plan->is_moved);
    assert_int_equal(plan->firing.us, 1710054000 * DURATION_SECOND_US);
    assert_string_equal(plan->bizdate_text, "2024-03-09");
    plan_free(plan);
    plan = plan_test_plan(flow, (struct plan_request){.is_second = true}, "2024-11-03T01:30");
    assert_int_equal(plan->firing.us, 1730615400 * DURATION_SECOND_US);
    assert_string_equal(plan->params[0].text, "0130");
    plan_free(plan);
    plan = plan_test_plan(flow, (struct plan_request){0}, "2024-11-03T01:30");
    assert_int_equal(plan->firing.us, 1730611800 * DURATION_SECOND_US);
    assert_string_equal(plan->params[0].text, "0030");
    plan_free(plan);
    flow_free(flow);
    flow_test_end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_built_in_dates_are_the_expressions),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_graph),
        cmocka_unit_test(test_vars),
        cmocka_unit_test(test_fixed),
        cmocka_unit_test(test_selection),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_moved_and_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

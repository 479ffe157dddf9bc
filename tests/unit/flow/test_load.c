/* What a loaded flow holds: every setting where the others look for it. */
#include "tests/unit/flow/flow_test.h"

#include "scheduler/flow/expression.h"

static void begin(struct flow_test *test)
{
    flow_test_begin(test, NULL);
    write_text("datemill.yaml", "timezone: Asia/Shanghai\n"
                                "slots: 3\n"
                                "pools: {warehouse: 2, gpu: 1}\n"
                                "connections:\n"
                                "  oss: {type: files, path: ./data}\n"
                                "  nas: {type: files, path: /mnt/nas}\n"
                                "  odd: {type: files, path: .//../x/./y/}\n"
                                "  top: {type: files, path: /.}\n"
                                "stop_grace: 3s\n"
                                "log_limit: 1MiB\n"
                                "keep: {runs: 90d, logs: 2w}\n");
    flow_test_open(test);
}

static struct flow *load_well(struct flow_test *test, const char *name, const char *yaml)
{
    struct flow *flow = load_text(test, name, yaml);
    SCOPED_FREE char *shown = render(&test->problems);
    assert_string_equal(shown, "");
    assert_non_null(flow);
    return flow;
}

static void the_study_loads(void **state)
{
    (void)state;
    struct flow_test test;
    flow_test_begin(&test, TEST_SOURCE_DIR "/workflows");
    flow_test_open(&test);
    const char *path;
    assert_int_equal(flow_source_find(test.source, "smartrm_study", &test.arena, &path, NULL), 0);
    struct flow *flow = NULL;
    int failed = flow_load(test.project, test.source, path, &test.problems, &flow);
    SCOPED_FREE char *shown = render(&test.problems);
    assert_string_equal(shown, "");
    assert_int_equal(failed, 0);
    assert_string_equal(flow->name, "smartrm_study");
    assert_string_equal(flow->title, "经营数据分析");
    assert_int_equal(flow->node_count, 4);
    assert_string_equal(zone_name(flow->zone), "Asia/Shanghai");
    assert_string_equal(flow->schedule.text, "daily 00:30");
    assert_int_equal(flow->schedule.rule_count, 1);
    assert_int_equal(flow->schedule.rules[0].time_count, 1);
    assert_int_equal(flow->schedule.rules[0].times[0].minute, 30);
    assert_true(flow->schedule.rules[0].fires_each_day);
    assert_string_equal(flow->params[0].name, "var");
    assert_string_equal(expression_text(flow->params[0].expression), "${yyyymmdd}");
    const struct flow_node *last = &flow->nodes[flow_find_node(flow, "sales_stat")];
    assert_string_equal(last->type->name, "sql");
    assert_int_equal(last->need_count, 2);
    assert_int_equal(last->needs[1].index, flow_find_node(flow, "order_succeeded_sync"));
    assert_int_equal(last->retry.max, 2);
    assert_int_equal(last->timeout.us, 30 * 60 * DURATION_SECOND_US);
    const struct field_value *file = field_find(&last->values, "file");
    assert_string_equal(flow->files[file->number].path, "smartrm_study/sql/sales_stat.sql");
    assert_string_equal(flow->file_names[file->number], "smartrm_study/sql/sales_stat.sql");
    assert_int_equal(flow->table_count, 3);
    assert_int_equal(flow->order[0], 0);
    assert_int_equal(flow->order[3], 3);
    assert_int_equal(strlen(flow->hash), 40);
    flow_free(flow);
    flow_test_end(&test);
}

static void every_flow_of_ours_loads(void **state)
{
    (void)state;
    struct flow_test test;
    flow_test_begin(&test, TEST_SOURCE_DIR "/workflows");
    flow_test_open(&test);
    struct flow_paths flows;
    assert_int_equal(flow_source_list(test.source, &test.arena, &flows, NULL), 0);
    assert_true(flows.count >= 2);
    for (size_t i = 0; i < flows.count; i++) {
        struct flow *flow = NULL;
        assert_int_equal(
            flow_load(test.project, test.source, flows.paths[i], &test.problems, &flow), 0);
        flow_free(flow);
    }
    flow_test_end(&test);
}

static void the_project_holds_its_settings(void **state)
{
    (void)state;
    struct flow_test test;
    begin(&test);
    const struct project *project = test.project;
    char resolved[512];
    assert_non_null(realpath(test.dir, resolved));
    assert_string_equal(project->dir, resolved);
    assert_int_equal(project->slots, 3);
    assert_int_equal(project->pool_count, 2);
    assert_int_equal(project->pools[1].size, 1);
    assert_string_equal(project->connections[1].path, "/mnt/nas");
    char path[600];
    snprintf(path, sizeof path, "%s/data", resolved);
    assert_string_equal(project->connections[0].path, path);
    snprintf(path, sizeof path, "%s/../x/y", resolved);
    assert_string_equal(project->connections[2].path, path);
    assert_string_equal(project->connections[3].path, "/");
    assert_int_equal(project->stop_grace.us, 3 * DURATION_SECOND_US);
    assert_int_equal(project->log_limit, 1 << 20);
    assert_int_equal(project->keep_runs.us, 90 * DURATION_DAY_US);
    assert_int_equal(project->keep_logs.us, 14 * DURATION_DAY_US);
    flow_test_end(&test);
}

static void defaults_give_way_key_by_key(void **state)
{
    (void)state;
    struct flow_test test;
    begin(&test);
    struct flow *flow = load_well(&test, "f",
                                  "flow: f\n"
                                  "defaults:\n"
                                  "  retry: {max: 2, delay: 10s, backoff: double, codes: [75]}\n"
                                  "  timeout: 1h\n"
                                  "  pool: gpu\n"
                                  "  leftovers: keep\n"
                                  "nodes:\n"
                                  "  a: {type: virtual}\n"
                                  "  b:\n"
                                  "    type: virtual\n"
                                  "    retry: {max: 5, on_lost: true}\n"
                                  "    pool: warehouse\n"
                                  "    timeout: 5s\n"
                                  "    stop_grace: 1m\n"
                                  "    leftovers: kill\n"
                                  "    priority: 8\n"
                                  "    frozen: true\n");
    const struct flow_node *a = &flow->nodes[0];
    const struct flow_node *b = &flow->nodes[1];
    assert_int_equal(a->retry.max, 2);
    assert_int_equal(b->retry.max, 5);
    assert_int_equal(b->retry.delay.us, 10 * DURATION_SECOND_US);
    assert_int_equal(b->retry.backoff_percent, 200);
    assert_int_equal(b->retry.codes[0], 75);
    assert_true(b->retry.on_lost && !a->retry.on_lost && !b->retry.on_timeout);
    assert_int_equal(a->pool, 1);
    assert_int_equal(b->pool, 0);
    assert_int_equal(a->timeout.us, 3600 * DURATION_SECOND_US);
    assert_int_equal(b->timeout.us, 5 * DURATION_SECOND_US);
    assert_int_equal(a->stop_grace.us, 3 * DURATION_SECOND_US);
    assert_int_equal(b->stop_grace.us, 60 * DURATION_SECOND_US);
    assert_int_equal(a->log_limit, 1 << 20);
    assert_true(a->keeps_leftovers && !b->keeps_leftovers);
    assert_true(b->is_frozen && !a->is_frozen);
    assert_int_equal(a->priority, 4);
    assert_int_equal(b->priority, 8);
    flow_free(flow);
    flow = load_well(&test, "g", "flow: g\nnodes: {a: {type: virtual}}\n");
    assert_int_equal(flow->nodes[0].retry.max, 0);
    assert_int_equal(flow->nodes[0].timeout.us, 0);
    assert_int_equal(flow->nodes[0].pool, FLOW_NONE);
    assert_int_equal(flow->schedule.rule_count, 0);
    assert_string_equal(flow->schedule.text, "");
    assert_string_equal(zone_name(flow->zone), "Asia/Shanghai");
    flow_free(flow);
    flow_test_end(&test);
}

static void needs_are_found_here_and_elsewhere(void **state)
{
    (void)state;
    struct flow_test test;
    begin(&test);
    write_text("other.yaml", "flow: other\nnodes: {x: {type: virtual}}\n");
    struct flow *flow =
        load_well(&test, "f",
                  "flow: f\n"
                  "nodes:\n"
                  "  c: {type: virtual, needs: [b, a, other/x, other/x@-1, c@-1, f/a@-1]}\n"
                  "  b: {type: virtual, needs: a}\n"
                  "  a: {type: virtual}\n");
    const struct flow_need *needs = flow->nodes[0].needs;
    assert_int_equal(flow->nodes[0].need_count, 6);
    assert_int_equal(needs[0].index, 1);
    assert_int_equal(needs[2].index, FLOW_NONE);
    assert_string_equal(needs[2].flow, "other");
    assert_string_equal(needs[2].node, "x");
    assert_int_equal(needs[2].cycle_back, 0);
    assert_int_equal(needs[3].cycle_back, 1);
    assert_int_equal(needs[4].index, 0);
    assert_int_equal(needs[4].cycle_back, 1);
    assert_null(needs[5].flow);
    assert_int_equal(needs[5].index, 2);
    assert_int_equal(needs[5].place.line, 3);
    static const size_t order[] = {2, 1, 0};
    assert_memory_equal(flow->order, order, sizeof order);
    assert_int_equal(flow_find_node(flow, "b"), 1);
    assert_int_equal(flow_find_node(flow, "nobody"), FLOW_NONE);
    flow_free(flow);
    flow_test_end(&test);
}

static void a_capture_loads_to_the_same_flow(void **state)
{
    (void)state;
    struct flow_test test;
    begin(&test);
    run_command("mkdir -p f/sql f/tables");
    write_text("other.yaml", "flow: other\nnodes: {x: {type: virtual}}\n");
    write_text("f/sql/a.sql", "SELECT '${var}'\n");
    write_text("f/tables/t.sql", "CREATE TABLE t (a STRING)\n");
    write_text("f/flow.yaml", "flow: f\n"
                              "params: {var: \"${yyyymmdd}\"}\n"
                              "tables: tables/*.sql\n"
                              "nodes:\n"
                              "  a: {type: sql, file: sql/a.sql, needs: [other/x]}\n"
                              "  b: {type: sql, file: sql/a.sql}\n");
    struct flow *flow = NULL;
    assert_int_equal(flow_load(test.project, test.source, "f/flow.yaml", &test.problems, &flow), 0);
    assert_int_equal(flow->file_count, 3);
    struct flow_source *capture;
    struct error err;
    assert_int_equal(flow_source_open_capture(flow->files, flow->file_count, &capture, &err), 0);
    run_command("rm -r f other.yaml");
    struct flow *again = NULL;
    assert_int_equal(flow_load(test.project, capture, "f/flow.yaml", &test.problems, &again), 0);
    assert_string_equal(again->hash, flow->hash);
    assert_string_equal(again->tables[0].sql, "CREATE TABLE t (a STRING)\n");
    assert_string_equal(again->dir, flow->dir);
    flow_source_close(capture);
    flow_free(flow);
    flow_free(again);
    flow_test_end(&test);
}

static void the_hash_tells_versions_apart(void **state)
{
    (void)state;
    struct flow_test test;
    begin(&test);
    run_command("mkdir -p sql");
    write_text("sql/a.sql", "SELECT 1\n");
    const char *yaml = "flow: f\nnodes: {a: {type: sql, file: sql/a.sql}}\n";
    struct flow *first = load_well(&test, "f", yaml);
    write_text("sql/a.sql", "SELECT 2\n");
    struct flow *second = load_well(&test, "f", yaml);
    write_text("sql/a.sql", "SELECT 1\n");
    struct flow *third = load_well(&test, "f", yaml);
    assert_string_not_equal(first->hash, second->hash);
    assert_string_equal(first->hash, third->hash);
    flow_free(first);
    flow_free(second);
    flow_free(third);
    flow_test_end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_study_loads),
        cmocka_unit_test(every_flow_of_ours_loads),
        cmocka_unit_test(the_project_holds_its_settings),
        cmocka_unit_test(defaults_give_way_key_by_key),
        cmocka_unit_test(needs_are_found_here_and_elsewhere),
        cmocka_unit_test(a_capture_loads_to_the_same_flow),
        cmocka_unit_test(the_hash_tells_versions_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

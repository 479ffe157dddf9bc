/* What an attempt starts with. */
#include "tests/unit/plan/plan_test.h"

static const char project[] = "timezone: Asia/Shanghai\n"
                              "connections: {oss: {type: files, path: ./data}}\n"
                              "env:\n"
                              "  PATH: /opt/bin\n"
                              "  REGION: cn\n"
                              "  TOKEN: {secret: {file: keys/token}}\n";

static const char yaml[] = "flow: f\n"
                           "schedule: daily 00:30\n"
                           "params: {var: \"${yyyymmdd}\", tag: \"x y\"}\n"
                           "nodes:\n"
                           "  script:\n"
                           "    run: echo ${var} | cat\n"
                           "    args: [\"${var}\", \"$<attempt> of $<run_id>\", \"$${var}\"]\n"
                           "    params: {var: own}\n"
                           "    env: {REGION: \"eu-${var}\", KEY: {secret: {env: MY_KEY}}}\n"
                           "  load:\n"
                           "    type: sql\n"
                           "    file: sql/load.sql\n"
                           "  copy:\n"
                           "    type: sync\n"
                           "    from: {connection: oss, file: \"in/${var}data\", format: lines}\n"
                           "    to: {table: t, partition: \"dt=${var}\", mode: overwrite}\n";

struct fixture {
    struct flow_test test;
    struct flow *flow;
    struct plan *plan;
    struct reference_finder *finder;
    struct plan_start start;
    struct error err;
};

static const struct node_setting base[] = {
    {"PATH", "/usr/bin"}, {"HOME", "/home/lin"}, {"USER", "lin"}, {"LANG", "C.UTF-8"}};

static void begin(struct fixture *fixture, const char *sql)
{
    memset(fixture, 0, sizeof *fixture);
    plan_test_begin(&fixture->test, project);
    assert_int_equal(mkdir("sql", 0700), 0);
    assert_int_equal(mkdir("data", 0700), 0);
    write_text("sql/load.sql", sql);
    fixture->flow = plan_test_flow(&fixture->test, yaml);
    fixture->finder = reference_finder_new();
}

static void plan(struct fixture *fixture, const char *var)
{
    struct node_setting vars[] = {{"var", var}};
    fixture->plan = plan_test_plan(
        fixture->flow,
        (struct plan_request){.run_id = 42, .vars = vars, .var_count = var == NULL ? 0 : 1},
        "2021-11-12T00:30:00");
}

static int prepare(struct fixture *fixture, size_t node)
{
    struct plan_facts facts = {.node = node,
                               .attempt_id = 1001,
                               .attempt = 3,
                               .libexec_dir = "/usr/libexec/datemill",
                               .version = "9f2c1ab",
                               .reject_file = "/r",
                               .environment = base,
                               .environment_count = 4,
                               .finder = fixture->finder};
    return plan_prepare(fixture->plan, &facts, &fixture->test.arena, &fixture->start,
                        &fixture->err);
}

static void end(struct fixture *fixture)
{
    plan_free(fixture->plan);
    flow_free(fixture->flow);
    reference_finder_free(fixture->finder);
    flow_test_end(&fixture->test);
}

static const struct node_environment *variable(const struct fixture *fixture, const char *name)
{
    const struct node_environment *found = NULL;
    for (size_t i = 0; i < fixture->start.environment_count; i++) {
        if (strcmp(fixture->start.environment[i].name, name) != 0)
            continue;
        assert_null(found); /* each name once */
        found = &fixture->start.environment[i];
    }
    return found;
}

static void expect_variable(const struct fixture *fixture, const char *name, const char *text)
{
    const struct node_environment *found = variable(fixture, name);
    if (found == NULL)
        fail_msg("no variable %s", name);
    assert_string_equal(found->text, text);
}

static void test_environment(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, "SELECT 1");
    plan(&fixture, NULL);
    assert_int_equal(prepare(&fixture, 0), 0);
    expect_variable(&fixture, "PATH", "/opt/bin");
    expect_variable(&fixture, "HOME", "/home/lin");
    expect_variable(&fixture, "USER", "lin");
    expect_variable(&fixture, "LANG", "C.UTF-8");
    expect_variable(&fixture, "TZ", "Asia/Shanghai");
    expect_variable(&fixture, "REGION", "eu-own");
    expect_variable(&fixture, "var", "own");
    expect_variable(&fixture, "tag", "x y");
    expect_variable(&fixture, "DATEMILL_BIZDATE", "2021-11-11");
    expect_variable(&fixture, "DATEMILL_CYCTIME", "2021-11-12T00:30:00");
    expect_variable(&fixture, "DATEMILL_RUN_ID", "42");
    expect_variable(&fixture, "DATEMILL_FLOW", "f");
    expect_variable(&fixture, "DATEMILL_NODE", "script");
    expect_variable(&fixture, "DATEMILL_ATTEMPT", "3");
    const struct node_environment *token = variable(&fixture, "TOKEN");
    char path[128];
    snprintf(path, sizeof path, "%s/keys/token", fixture.flow->project->dir);
    assert_non_null(token);
    assert_null(token->text);
    assert_string_equal(token->secret_file, path);
    const struct node_environment *key = variable(&fixture, "KEY");
    assert_non_null(key);
    assert_null(key->text);
    assert_string_equal(key->secret_env, "MY_KEY");
    for (size_t i = 1; i < fixture.start.environment_count; i++)
        assert_true(
            strcmp(fixture.start.environment[i - 1].name, fixture.start.environment[i].name) < 0);
    end(&fixture);
}

/* The script is never edited; arguments are. */
static void test_shell(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, "SELECT 1");
    plan(&fixture, NULL);
    assert_int_equal(prepare(&fixture, 0), 0);
    const char *const *words = fixture.start.command.arguments;
    static const char *const expected[] = {"sh",     "-eu", "-c",      "echo ${var} | cat",
                                           "script", "own", "3 of 42", "${var}"};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_string_equal(words[i], expected[i]);
    assert_null(words[sizeof expected / sizeof expected[0]]);
    assert_string_equal(fixture.start.command.folder, fixture.flow->dir);
    end(&fixture);
}

static void test_sql_and_paths(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, "INSERT OVERWRITE TABLE t PARTITION (dt='${var}')\nSELECT '$<bizdate>';\n");
    plan(&fixture, NULL);
    assert_int_equal(prepare(&fixture, 1), 0);
    assert_non_null(
        strstr(fixture.start.command.shown_text, "PARTITION (dt='20211111')\nSELECT '20211111';"));
    assert_int_equal(prepare(&fixture, 2), 0);
    assert_non_null(strstr(fixture.start.command.input, "in/20211111data"));
    assert_non_null(strstr(fixture.start.command.input, "dt=20211111"));
    end(&fixture);
}

/* Written into the SQL such a value would be code. */
static void test_values_that_sql_forbids(void **state)
{
    (void)state;
    static const char *const values[] = {"x' OR '1", "a\"b", "a\\b", "a--b", "a\nb", "a`b"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct fixture fixture;
        begin(&fixture, "SELECT 1;\nSELECT 'dt=${var}'\n");
        plan(&fixture, values[i]);
        assert_int_equal(prepare(&fixture, 1), -1);
        assert_int_equal(fixture.err.kind, ERROR_KIND_INVALID);
        assert_string_equal(fixture.err.code, "E123");
        assert_int_equal(fixture.err.line, 2);
        assert_int_equal(fixture.err.column, 12);
        assert_memory_equal(fixture.err.text, "sql/load.sql: ", 14);
        end(&fixture);
    }
}

static void expect_replaced(const struct plan *plan, size_t node, const char *table,
                            const char *partition)
{
    SCOPED_ARENA struct arena arena = {0};
    struct reference_finder *finder = reference_finder_new();
    struct plan_facts facts = {.node = node, .finder = finder};
    struct node_table replaced = {"x", "x"};
    assert_int_equal(plan_find_replaced(plan, &facts, &arena, &replaced, NULL), 0);
    if (table == NULL) {
        assert_null(replaced.table);
    } else {
        assert_string_equal(replaced.table, table);
        assert_string_equal(replaced.partition, partition);
    }
    reference_finder_free(finder);
}

static void test_what_is_replaced(void **state)
{
    (void)state;
    static const char nodes[] =
        "flow: g\n"
        "params: {var: \"${yyyymmdd}\"}\n"
        "nodes:\n"
        "  a: {type: virtual}\n"
        "  b: {run: \"true\"}\n"
        "  c: {type: sync, from: {connection: oss, file: x}, to: {table: t}}\n"
        "  d: {type: sync, from: {connection: oss, file: x}, to: {table: t, mode: append}}\n"
        "  e: {type: sync, from: {connection: oss, file: x},\n"
        "      to: {table: u, partition: {dt: \"${var}\", hh: \"x$<attempt>\"}}}\n"
        "  f: {type: sync, from: {connection: oss, file: x},\n"
        "      to: {table: u, partition: \"dt=$<var>,hh=${node}\"}, params: {var: own}}\n";
    struct fixture fixture;
    begin(&fixture, "INSERT OVERWRITE TABLE s SELECT 1;\n");
    struct flow *flow = load_text(&fixture.test, "g", nodes);
    assert_non_null(flow);
    struct plan *plan = plan_test_plan(flow, (struct plan_request){0}, "2021-11-12T00:00:00");
    expect_replaced(plan, 0, NULL, NULL);
    expect_replaced(plan, 1, NULL, NULL);
    expect_replaced(plan, 2, "t", "");
    expect_replaced(plan, 3, NULL, NULL);
    expect_replaced(plan, 4, "u", "dt=20211111/hh=x1");
    expect_replaced(plan, 5, "u", "dt=own/hh=f");
    plan_free(plan);
    flow_free(flow);
    end(&fixture);
}

static void test_what_is_waited_for(void **state)
{
    (void)state;
    static const char nodes[] =
        "flow: g\n"
        "schedule: daily 00:30\n"
        "params: {var: \"${yyyymmdd}\"}\n"
        "defaults: {timeout: 30m}\n"
        "nodes:\n"
        "  a: {type: wait, connection: oss, file: \"e/${var}data\", every: 5m}\n"
        "  b: {type: wait, table: t, partition: {dt: \"${var}\", hh: \"01\"}, timeout: 2h}\n"
        "  c: {type: wait, time: \"02:30\", on_timeout: skip}\n"
        "  d: {type: sync, from: {connection: oss, file: \"f/${var}\"}, to: {table: t},\n"
        "      on_missing: wait, wait: {timeout: 6h, stable: 0s}}\n"
        "  e: {type: sync, from: {connection: oss, file: x}, to: {table: t}}\n";
    struct fixture fixture;
    begin(&fixture, "SELECT 1;\n");
    struct flow *flow = load_text(&fixture.test, "g", nodes);
    assert_non_null(flow);
    struct plan *plan = plan_test_plan(flow, (struct plan_request){0}, "2021-11-12T00:30:00");
    static const char *const names[] = {"file oss: e/20211111data", "partition t/dt=20211111/hh=01",
                                        "02:30", "file oss: f/20211111"};
    static const int64_t hours[] = {24, 2, 24, 6};
    for (size_t i = 0; i < 4; i++) {
        SCOPED_ARENA struct arena arena = {0};
        SCOPED_TEXT struct text text = {0};
        struct plan_facts facts = {.node = i, .finder = fixture.finder};
        struct plan_wait wait;
        assert_true(flow->nodes[i].wait.is_set);
        assert_int_equal(flow->nodes[i].wait.timeout.us, hours[i] * 3600 * DURATION_SECOND_US);
        assert_int_equal(flow->nodes[i].wait.is_skipped, i == 2);
        assert_int_equal(plan_find_wait(plan, &facts, &arena, &wait, NULL), 0);
        plan_name_wait(&wait.wait, &text);
        assert_string_equal(text_string(&text), names[i]);
        if (i == 0)
            assert_int_equal(wait.wait.every.us, 300 * DURATION_SECOND_US);
        if (i == 2) /* 2021-11-12 02:30 in Shanghai */
            assert_int_equal(wait.at.us, INT64_C(1636655400) * DURATION_SECOND_US);
    }
    assert_false(flow->nodes[4].wait.is_set);
    plan_free(plan);
    flow_free(flow);
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_environment),      cmocka_unit_test(test_shell),
        cmocka_unit_test(test_sql_and_paths),    cmocka_unit_test(test_values_that_sql_forbids),
        cmocka_unit_test(test_what_is_replaced), cmocka_unit_test(test_what_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

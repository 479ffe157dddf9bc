/* The eight model messages, to the letter. */
#include "tests/unit/flow/flow_test.h"

#include "scheduler/base/civil.h"
#include "scheduler/flow/flow_preflight.h"
#include "scheduler/flow/message.h"

#define SEED_FLOW_HEAD                                                                             \
    "flow: smartrm_study\n"                                                                        \
    "title: 经营数据分析\n"                                                                  \
    "params:\n"                                                                                    \
    "  var: ${yyyymmdd}\n"                                                                         \
    "nodes:\n"                                                                                     \
    "  sales_stat_start:\n"                                                                        \
    "    type: virtual\n"

/* A project in `workflows` below the working folder, as people have it. */
static void begin(struct flow_test *test)
{
    flow_test_begin(test, NULL);
    run_command("mkdir -p workflows/smartrm_study/sql");
    write_text("workflows/datemill.yaml", "connections: {oss: {type: files, path: ./data}}\n");
    struct error err;
    struct project_types types;
    types.types = node_types_builtin(&types.count);
    assert_int_equal(flow_source_open_folder("workflows", &test->source, &err), 0);
    assert_int_equal(project_load(test->source, &types, &test->problems, &test->project), 0);
}

static struct flow *load(struct flow_test *test, const char *yaml)
{
    write_text("workflows/smartrm_study/flow.yaml", yaml);
    struct flow *flow = NULL;
    flow_load(test->project, test->source, "smartrm_study/flow.yaml", &test->problems, &flow);
    return flow;
}

static void expect(const struct diagnostics *problems, const char *expected)
{
    SCOPED_FREE char *shown = render(problems);
    assert_string_equal(shown, expected);
}

static void m1_reference_inside_braces(void **state)
{
    (void)state;
    struct flow_test test;
    begin(&test);
    assert_null(load(&test, SEED_FLOW_HEAD
                     "  order_succeeded_sync:\n"
                     "    type: sync\n"
                     "    from:\n"
                     "      connection: oss\n"
                     "      file: event/OrderSucceededEvent/${var}data\n"
                     "      format: lines\n"
                     "    to: {table: order_succeeded_event, partition: {dt: ${var}}, mode: "
                     "overwrite}\n"));
    expect(&test.problems,
           "error[E101]: `${var}` must be quoted inside { } or [ ]\n"
           "  --> workflows/smartrm_study/flow.yaml:14:56\n"
           "   |\n"
           "13 |       format: lines\n"
           "14 |     to: {table: order_succeeded_event, partition: {dt: ${var}}, mode: overwrite}\n"
           "   |                                                        ^^^^^^ YAML reads `{` as a "
           "nested map here\n"
           "   |\n"
           "   = help: write \"${var}\", or put the map on separate lines:\n"
           "           partition:\n"
           "             dt: ${var}\n");
    flow_test_end(&test);
}

static void m2_unknown_key_of_a_node(void **state)
{
    (void)state;
    struct flow_test test;
    begin(&test);
    assert_null(load(&test, SEED_FLOW_HEAD "  sales_stat:\n"
                                           "    type: virtual\n"
                                           "    timout: 30m\n"));
    expect(&test.problems,
           "error[E103]: unknown key `timout` in node `sales_stat`\n"
           "  --> workflows/smartrm_study/flow.yaml:10:5\n"
           "   |\n"
           "10 |     timout: 30m\n"
           "   |     ^^^^^^ did you mean `timeout`?\n"
           "   |\n"
           "   = note: a virtual node has: type, title, description, needs, params, env, retry, "
           "timeout, stop_grace, log_limit, pool, priority, leftovers, frozen, on\n");
    flow_test_end(&test);
}

static void m3_circle(void **state)
{
    (void)state;
    struct flow_test test;
    begin(&test);
    assert_null(load(&test, SEED_FLOW_HEAD "  commodity_sync:\n"
                                           "    run: date\n"
                                           "    needs: [sales_stat_start, sales_stat]\n"
                                           "  order_succeeded_sync: {run: date}\n"
                                           "  sales_stat:\n"
                                           "    run: date\n"
                                           "    needs: [commodity_sync, order_succeeded_sync]\n"));
    expect(&test.problems, "error[E110]: the nodes wait for each other in a circle\n"
                           "   commodity_sync → sales_stat → commodity_sync\n"
                           "  --> workflows/smartrm_study/flow.yaml:10:31\n"
                           "   |\n"
                           "10 |     needs: [sales_stat_start, sales_stat]\n"
                           "   |                               ^^^^^^^^^^ commodity_sync waits for "
                           "sales_stat\n"
                           "...\n"
                           "14 |     needs: [commodity_sync, order_succeeded_sync]\n"
                           "   |             -------------- and sales_stat waits for "
                           "commodity_sync\n"
                           "   |\n"
                           "   = help: remove one of the two\n");
    flow_test_end(&test);
}

static void m4_undefined_variable_in_sql(void **state)
{
    (void)state;
    struct flow_test test;
    begin(&test);
    write_text("workflows/smartrm_study/sql/sales_stat.sql",
               "INSERT OVERWRITE TABLE sales_stat PARTITION(dt='${var}')\n"
               "SELECT  s.machineId FROM order_succeeded_event s\n"
               "            WHERE   dt = '${vra}'\n");
    assert_null(load(&test, SEED_FLOW_HEAD "  sales_stat:\n"
                                           "    type: sql\n"
                                           "    file: sql/sales_stat.sql\n"));
    expect(&test.problems,
           "error[E120]: `${vra}` is not defined\n"
           "  --> workflows/smartrm_study/sql/sales_stat.sql:3:27\n"
           "   |\n"
           " 3 |             WHERE   dt = '${vra}'\n"
           "   |                           ^^^^^^ did you mean `${var}`?\n"
           "   |\n"
           "   = note: node sales_stat sees: var (workflows/smartrm_study/flow.yaml:4), bizdate, "
           "cyctime, run_id, flow, node, attempt\n"
           "   = help: datemill render smartrm_study --node sales_stat\n");
    flow_test_end(&test);
}

static void m5_bad_date(void **state)
{
    (void)state;
    static const char *const words[] = {"datemill", "backfill", "smartrm_study",
                                        "2021-02-01..2021-02-30"};
    struct civil_date date;
    struct error err = {0};
    assert_int_equal(civil_date_parse("2021-02-30", &date, &err), -1);
    error_help(&err, "for the whole month use `2021-02`; ranges include both ends");
    struct diagnostics problems;
    diagnostics_init(&problems);
    struct message_word word = {words, 4, 3, 12, 10};
    message_bad_word(&problems, "E020", &word, &err);
    expect(&problems, "error[E020]: 2021-02-30 is not a date: February 2021 has 28 days\n"
                      "   datemill backfill smartrm_study 2021-02-01..2021-02-30\n"
                      "                                               ^^^^^^^^^^\n"
                      "help: for the whole month use `2021-02`; ranges include both ends\n");
    diagnostics_free(&problems);
}

static void m6_missing_program(void **state)
{
    (void)state;
    struct flow_test test;
    begin(&test);
    struct flow *flow =
        load(&test, SEED_FLOW_HEAD "  count:\n"
                                   "    run: duckdb_of_nobody -c \"select count(*) from x\"\n");
    assert_non_null(flow);
    struct flow_preflight facts = {.path = "/usr/local/bin:/usr/bin:/bin",
                                   .whose =
                                       "the PATH of datemill serve, pid 4121, not of your shell"};
    assert_int_equal(flow_preflight(flow, test.source, &facts, &test.problems), 1);
    expect(&test.problems,
           "error[E202]: node `count` cannot start: `duckdb_of_nobody` was not found\n"
           "  --> workflows/smartrm_study/flow.yaml:9:10\n"
           "   |\n"
           " 9 |     run: duckdb_of_nobody -c \"select count(*) from x\"\n"
           "   |          ^^^^^^^^^^^^^^^^\n"
           "   |\n"
           "   = note: searched PATH=/usr/local/bin:/usr/bin:/bin (the PATH of datemill serve, pid "
           "4121, not of your shell)\n"
           "   = help: give a full path, or set `env: {PATH: …}` on the node; nothing was run\n");
    flow_free(flow);
    flow_test_end(&test);
}

/* Printed by the sync program into the node's log; the form is what is looked at here. */
static void m7_missing_source_file(void **state)
{
    (void)state;
    struct diagnostics problems;
    diagnostics_init(&problems);
    struct diagnostic *problem =
        diagnostics_add(&problems, DIAGNOSTIC_ERROR, "E204",
                        "order_succeeded_sync: no source file for business date 2021-11-12");
    diagnostic_detail(problem, "/mnt/ossfs/event/OrderSucceededEvent/20211112data");
    diagnostic_detail(problem, "from `event/OrderSucceededEvent/${var}data`, "
                               "workflows/smartrm_study/flow.yaml:25, var = 20211112");
    diagnostic_note(problem, "the directory exists; newest files there: 20211111data (48.1 MB, "
                             "2021-11-12 00:01), 20211110data");
    diagnostic_help(problem,
                    "go on without  datemill skip 184300 order_succeeded_sync --reason \"no "
                    "orders\"\ntry again      datemill rerun 184300 --from-failed");
    expect(&problems,
           "error[E204]: order_succeeded_sync: no source file for business date 2021-11-12\n"
           "   /mnt/ossfs/event/OrderSucceededEvent/20211112data\n"
           "   from `event/OrderSucceededEvent/${var}data`, "
           "workflows/smartrm_study/flow.yaml:25, var = 20211112\n"
           "note: the directory exists; newest files there: 20211111data (48.1 MB, 2021-11-12 "
           "00:01), 20211110data\n"
           "help: go on without  datemill skip 184300 order_succeeded_sync --reason \"no "
           "orders\"\n"
           "      try again      datemill rerun 184300 --from-failed\n");
    diagnostics_free(&problems);
}

static void m8_lock_held(void **state)
{
    (void)state;
    struct diagnostics problems;
    diagnostics_init(&problems);
    struct message_lock lock = {.store_path = ".datemill/state.db",
                                .lock_path = ".datemill/engine.lock",
                                .pid = 5210,
                                .command = "datemill backfill smartrm_study 2021-11",
                                .user = "lin",
                                .started = "10:41:07",
                                .held_seconds = 31,
                                .waited_seconds = 30};
    message_lock_held(&problems, &lock);
    expect(&problems, "error[E501]: the store is in use by another datemill\n"
                      "   .datemill/state.db belongs to the engine, which holds "
                      ".datemill/engine.lock for 31 s\n"
                      "   pid 5210: datemill backfill smartrm_study 2021-11   (lin, started "
                      "10:41:07)\n"
                      "   waited 30 s; nothing was changed\n"
                      "help: wait for it and repeat the command, or stop it with: kill 5210\n"
                      "      readers are never blocked: datemill status, datemill runs and the web "
                      "page still work\n");
    diagnostics_free(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(m1_reference_inside_braces),
        cmocka_unit_test(m2_unknown_key_of_a_node),
        cmocka_unit_test(m3_circle),
        cmocka_unit_test(m4_undefined_variable_in_sql),
        cmocka_unit_test(m5_bad_date),
        cmocka_unit_test(m6_missing_program),
        cmocka_unit_test(m7_missing_source_file),
        cmocka_unit_test(m8_lock_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

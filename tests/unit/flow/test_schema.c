/* The schema and the loader agree: what the schema rejects the loader rejects, what the loader
 * accepts the schema accepts. */
#include "tests/unit/flow/flow_test.h"

#include "scheduler/flow/flow_schema.h"
#include "tests/unit/flow/schema_validator.h"

/* Mistakes that a schema can see; the bad flows named here must be rejected by both. */
static const char *const both[] = {
    "unknown_key",   "unknown_keys", "wrong_type_key", "unknown_type",  "wrong_kinds",
    "empty_values",  "missing_keys", "no_nodes",       "no_flow",       "names",
    "connections",   "mark",         "list_at_top",    "scalar_at_top", "need_of_list",
    "needs",         "secrets",      "windows",        "many",          "ranges",
    "chinese_carets"};

static struct json *read_schema(bool is_project)
{
    struct text text = {0};
    struct error err;
    size_t count;
    const struct node_type *const *types = node_types_builtin(&count);
    if (is_project)
        flow_schema_write_project(&text);
    else
        flow_schema_write(types, count, &text);
    struct json *schema = NULL;
    if (json_parse(text_string(&text), text.length, &schema, &err) != 0)
        fail_msg("%s", err.text);
    text_free(&text);
    return schema;
}

static bool is_named(const char *path)
{
    for (size_t i = 0; i < sizeof both / sizeof both[0]; i++) {
        size_t length = strlen(both[i]);
        if (strncmp(path, both[i], length) == 0 && strcmp(path + length, ".yaml") == 0)
            return true;
    }
    return false;
}

/* -1: not YAML at all, else whether the schema accepts the file. */
static int ask_schema(struct flow_test *test, const char *path)
{
    struct flow_file file;
    struct diagnostics ignored;
    diagnostics_init(&ignored);
    assert_int_equal(flow_source_read(test->source, path, &test->arena, &file, NULL), 0);
    struct flow_report report = {.list = &ignored, .files = &file, .file_count = 1};
    report.first_source = diagnostics_add_source(&ignored, path, file.bytes, file.length);
    struct yaml_input input = {.file = &file, .report = &report, .arena = &test->arena};
    const struct yaml_node *tree;
    int answer =
        yaml_tree_read(&input, &tree) != 0 ? -1 : (int)validator_accepts(validator_root, tree);
    diagnostics_free(&ignored);
    return answer;
}

static size_t compare_folder(const char *folder)
{
    struct flow_test test;
    flow_test_begin(&test, folder);
    flow_test_open(&test);
    struct flow_paths flows;
    assert_int_equal(flow_source_list(test.source, &test.arena, &flows, NULL), 0);
    size_t rejected = 0;
    for (size_t i = 0; i < flows.count; i++) {
        const char *path = flows.paths[i];
        struct flow *flow = NULL;
        bool is_loaded = flow_load(test.project, test.source, path, &test.problems, &flow) == 0;
        int answer = ask_schema(&test, path);
        if (is_loaded && answer != 1)
            fail_msg("%s: the loader accepts it, the schema does not", path);
        if (is_named(path) && (is_loaded || answer != 0))
            fail_msg("%s: the schema should reject it", path);
        rejected += answer == 0 ? 1 : 0;
        flow_free(flow);
    }
    flow_test_end(&test);
    return rejected;
}

static void bad_and_good_flows_are_judged_alike(void **state)
{
    (void)state;
    struct json *schema = read_schema(false);
    validator_root = schema;
    assert_true(compare_folder(FLOW_TESTS "/bad") >= sizeof both / sizeof both[0]);
    assert_int_equal(compare_folder(FLOW_TESTS "/good"), 0);
    json_free(schema);
}

static void good_flows_load_without_a_word(void **state)
{
    (void)state;
    struct flow_test test;
    flow_test_begin(&test, FLOW_TESTS "/good");
    flow_test_open(&test);
    struct flow_paths flows;
    assert_int_equal(flow_source_list(test.source, &test.arena, &flows, NULL), 0);
    assert_true(flows.count >= 4);
    for (size_t i = 0; i < flows.count; i++) {
        struct flow *flow = NULL;
        int failed = flow_load(test.project, test.source, flows.paths[i], &test.problems, &flow);
        SCOPED_FREE char *shown = render(&test.problems);
        assert_string_equal(shown, "");
        assert_int_equal(failed, 0);
        flow_free(flow);
    }
    flow_test_end(&test);
}

static void our_own_projects_fit_the_project_schema(void **state)
{
    (void)state;
    struct json *schema = read_schema(true);
    validator_root = schema;
    static const char *const folders[] = {FLOW_TESTS "/good", FLOW_TESTS "/bad",
                                          TEST_SOURCE_DIR "/workflows"};
    for (size_t i = 0; i < 3; i++) {
        struct flow_test test;
        flow_test_begin(&test, folders[i]);
        flow_test_open(&test);
        assert_int_equal(ask_schema(&test, "datemill.yaml"), 1);
        write_text("broken.yaml", "timezone: UTC\nslot: 4\n");
        assert_int_equal(ask_schema(&test, "broken.yaml"), 0);
        flow_test_end(&test);
    }
    json_free(schema);
}

static void one_change_at_a_time_is_judged_alike(void **state)
{
    (void)state;
    /* Each value in the place of `timeout` or `retry.max` or `frozen` or `title` of a node. */
    static const char *const values[] = {"5",     "5m", "\"5\"", "true", "yes", "null",
                                         "[]",    "{}", "1.5",   "0x10", "~",   "\"\"",
                                         "1h30m", "-1", "007",   "1e3"};
    static const char *const keys[] = {"timeout",   "title",     "frozen", "pool",
                                       "needs",     "retry",     "env",    "priority",
                                       "leftovers", "log_limit", "type"};
    struct json *schema = read_schema(false);
    validator_root = schema;
    struct flow_test test;
    flow_test_begin(&test, FLOW_TESTS "/good");
    flow_test_open(&test);
    size_t accepted = 0;
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
        for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
            char yaml[256];
            snprintf(yaml, sizeof yaml, "flow: one\nnodes:\n  a:\n    run: date\n    %s: %s\n",
                     keys[k], values[v]);
            struct flow *flow = load_text(&test, "one", yaml);
            int answer = ask_schema(&test, "one.yaml");
            if (flow != NULL && answer != 1)
                fail_msg("%s: %s is accepted by the loader only", keys[k], values[v]);
            accepted += flow != NULL ? 1 : 0;
            flow_free(flow);
        }
    }
    assert_true(accepted > 15);
    flow_test_end(&test);
    json_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_and_good_flows_are_judged_alike),
        cmocka_unit_test(good_flows_load_without_a_word),
        cmocka_unit_test(our_own_projects_fit_the_project_schema),
        cmocka_unit_test(one_change_at_a_time_is_judged_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

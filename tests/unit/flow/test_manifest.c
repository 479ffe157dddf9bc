/* Node types that are no part of the program: manifests, and what their programs get. */
#include "tests/unit/flow/flow_test.h"

#include "nodes/external.h"
#include "scheduler/base/json_in.h"
#include "scheduler/flow/field_read.h"
#include "scheduler/flow/flow_preflight.h"
#include "scheduler/flow/flow_schema.h"

#include <sys/wait.h>

static const char *const flow_text = "flow: f\n"
                                     "nodes:\n"
                                     "  a:\n"
                                     "    type: disk_free\n"
                                     "    path: /\n"
                                     "    at_least: 4KiB\n"
                                     "  b:\n"
                                     "    type: disk_free\n"
                                     "    path: /\n"
                                     "    at_least: 16000TiB\n"
                                     "    needs: [a]\n";

static void begin_with_example(struct flow_test *test)
{
    flow_test_begin(test, TEST_SOURCE_DIR "/contrib");
    write_text("datemill.yaml", "node_types: [node-types/disk_free]\n");
    flow_test_open(test);
}

static int prepare(struct flow_test *test, const struct flow *flow, const char *name,
                   struct node_command *ret_command)
{
    const struct flow_node *node = &flow->nodes[flow_find_node(flow, name)];
    struct node_values values = {&node->values, &node->values, flow->file_names};
    static const struct node_setting params[] = {{"var", "20211111"}, {"bdp.system.bizdate", "x"}};
    struct node_facts facts = {.project_dir = test->project->dir,
                               .state_dir = test->project->state_dir,
                               .flow_dir = flow->dir,
                               .libexec_dir = "/usr/libexec/datemill",
                               .flow = flow->name,
                               .node = node->name,
                               .bizdate = "2021-11-11",
                               .cyctime = "2021-11-12T00:30:00",
                               .version = "abc",
                               .run_id = 12,
                               .attempt_id = 99,
                               .attempt = 2,
                               .reject_file = "/tmp/rejected",
                               .params = params,
                               .param_count = 2};
    struct node_work work = {&values, &facts, &test->arena};
    struct error err;
    return node->type->prepare(node->type, &work, ret_command, &err);
}

static const char *environment(const struct node_command *command, const char *name)
{
    for (size_t i = 0; i < command->environment_count; i++) {
        if (strcmp(command->environment[i].name, name) == 0)
            return command->environment[i].text;
    }
    return NULL;
}

/* Runs what prepare() made, as the keeper would: its exit code. */
static int run(const struct node_command *command)
{
    pid_t child = fork();
    if (child == 0) {
        for (size_t i = 0; i < command->environment_count; i++)
            setenv(command->environment[i].name, command->environment[i].text, 1);
        if (freopen("input.json", "r", stdin) == NULL || freopen("/dev/null", "w", stdout) == NULL)
            _exit(99);
        close(3);
        execv(command->program, (char *const *)command->arguments);
        _exit(98);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void the_example_runs(void **state)
{
    (void)state;
    struct flow_test test;
    begin_with_example(&test);
    struct flow *flow = load_text(&test, "f", flow_text);
    assert_non_null(flow);
    struct node_command command;
    assert_int_equal(prepare(&test, flow, "a", &command), 0);
    assert_int_equal(command.program[0], '/');
    assert_string_equal(environment(&command, "DATEMILL_VALUE_at_least"), "4096");
    assert_string_equal(environment(&command, "DATEMILL_ATTEMPT"), "2");
    assert_string_equal(environment(&command, "var"), "20211111");
    assert_null(environment(&command, "bdp.system.bizdate"));
    write_file("input.json", command.input, command.input_length);
    assert_int_equal(run(&command), 0);
    assert_int_equal(prepare(&test, flow, "b", &command), 0);
    assert_int_equal(run(&command), 75);
    struct flow_preflight facts = {.path = "/usr/bin:/bin"};
    assert_int_equal(flow_preflight(flow, test.source, &facts, &test.problems), 0);
    run_command("chmod -x node-types/disk_free/disk_free");
    assert_int_equal(flow_preflight(flow, test.source, &facts, &test.problems), 2);
    flow_free(flow);
    flow_test_end(&test);
}

static void the_program_gets_json(void **state)
{
    (void)state;
    struct flow_test test;
    flow_test_begin(&test, NULL);
    run_command("mkdir -p types/all");
    write_text("datemill.yaml", "node_types: [types/all]\n");
    write_text(
        "types/all/node.yaml",
        "node_type: all\nhelp: All kinds.\nprogram: python3\nfields:\n"
        "  words: {kind: list}\n  table: {kind: map}\n  n: {kind: integer, min: 1, max: 9}\n"
        "  wait: {kind: duration, default: 1500ms}\n  flag: {kind: bool, default: \"true\"}\n"
        "  mode: {kind: choice, choices: [fast, slow], default: fast}\n"
        "  text: {kind: text, required: true}\n  left_out: {}\n");
    flow_test_open(&test);
    struct flow *flow = load_text(&test, "f",
                                  "flow: f\nnodes:\n  a:\n    type: all\n    words: [x, 7]\n"
                                  "    table: {k: v}\n    n: 5\n    text: \"say \\\"中\\\"\"\n");
    assert_non_null(flow);
    struct node_command command;
    assert_int_equal(prepare(&test, flow, "a", &command), 0);
    assert_string_equal(command.program, "python3");
    struct json *json;
    struct error err;
    assert_int_equal(json_parse(command.input, command.input_length, &json, &err), 0);
    assert_int_equal(json_get_int(json, "run", 0), 12);
    assert_string_equal(json_get_string(json_get(json, "params"), "var", ""), "20211111");
    const struct json *values = json_get(json, "values");
    assert_int_equal(json_count(values), 7);
    assert_int_equal(json_count(json_get(values, "words")), 2);
    assert_string_equal(json_get_string(json_get(values, "table"), "k", ""), "v");
    assert_int_equal(json_get_int(values, "n", 0), 5);
    assert_true(json_get_bool(values, "flag", false));
    assert_string_equal(json_get_string(values, "mode", ""), "fast");
    assert_string_equal(json_get_string(values, "text", ""), "say \"中\"");
    assert_non_null(strstr(command.input, "\"wait\":1.500000"));
    assert_null(json_get(values, "left_out"));
    json_free(json);
    struct text schema = {0};
    flow_schema_write(test.project->types, test.project->type_count, &schema);
    assert_non_null(strstr(text_string(&schema), "\"node_all\""));
    text_free(&schema);
    flow_free(flow);
    /* Its fields are checked like our own. */
    assert_null(load_text(&test, "g", "flow: g\nnodes:\n  a: {type: all, n: 10, mode: medium}\n"));
    assert_int_equal(test.problems.error_count, 3);
    flow_test_end(&test);
}

static void refuse(const char *manifest, const char *words)
{
    struct flow_test test;
    flow_test_begin(&test, NULL);
    run_command("mkdir -p types/x");
    write_text("datemill.yaml", "node_types: [types/x]\n");
    write_text("types/x/node.yaml", manifest);
    struct error err;
    struct project_types types;
    types.types = node_types_builtin(&types.count);
    assert_int_equal(flow_source_open_folder(".", &test.source, &err), 0);
    assert_int_equal(project_load(test.source, &types, &test.problems, &test.project), -1);
    SCOPED_FREE char *shown = render(&test.problems);
    if (strstr(shown, words) == NULL)
        fail_msg("expected `%s` in\n%s", words, shown);
    flow_test_end(&test);
}

static void bad_manifests_are_refused(void **state)
{
    (void)state;
#define HEAD "node_type: x\nhelp: X.\nprogram: ./x\nfields:\n"
    refuse("", "types/x/node.yaml:1:1");
    refuse("node_type: x\n", "needs `program`");
    refuse("node_type: shell\nhelp: X.\nprogram: x\n", "a node type `shell` exists already");
    refuse(HEAD "  needs: {}\n", "`needs` is a key that every node has");
    refuse(HEAD "  a: {kind: choice}\n", "`a` needs `choices`");
    refuse(HEAD "  a: {kind: string, choices: [b]}\n", "only a field of `kind: choice`");
    refuse(HEAD "  a: {kind: integer, default: two}\n", "expected a whole number, not `two`");
    refuse(HEAD "  a: {kind: choice, choices: [b, c], default: d}\n", "expected b or c, not `d`");
    refuse(HEAD "  a: {kind: list, default: d}\n", "a list has no default");
    refuse(HEAD "  a: {kind: strng}\n", "did you mean `string`?");
    refuse(HEAD "  a-b: {}\n", "`a-b` is not a name");
    refuse("node_type: x\nhelp: X.\nprogram: \"\"\n", "`program` is empty");
#undef HEAD
}

static void a_missing_manifest_is_named(void **state)
{
    (void)state;
    struct flow_test test;
    flow_test_begin(&test, NULL);
    write_text("datemill.yaml", "node_types: [nowhere]\n");
    struct error err;
    struct project_types types;
    types.types = node_types_builtin(&types.count);
    assert_int_equal(flow_source_open_folder(".", &test.source, &err), 0);
    assert_int_equal(project_load(test.source, &types, &test.problems, &test.project), -1);
    SCOPED_FREE char *shown = render(&test.problems);
    assert_non_null(strstr(shown, "cannot read nowhere/node.yaml: no such file"));
    flow_test_end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_runs),
        cmocka_unit_test(the_program_gets_json),
        cmocka_unit_test(bad_manifests_are_refused),
        cmocka_unit_test(a_missing_manifest_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What the built-in types start, from values as a flow would hold them. */
#include "nodes/node_type.h"
#include "nodes/shell_words.h"
#include "scheduler/base/json_in.h"
#include "scheduler/base/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static const struct field text_kind = {.kind = FIELD_KIND_TEXT};

static struct field_value scalar(const char *name, const char *text)
{
    return (struct field_value){.field = &text_kind,
                                .name = name,
                                .kind = FIELD_KIND_TEXT,
                                .text = text,
                                .place = {.file = 0, .line = 31, .column = 13, .length = 1}};
}

static struct field_value collection(const char *name, enum field_kind kind,
                                     const struct field_value *items, size_t count)
{
    return (struct field_value){.field = &text_kind,
                                .name = name,
                                .kind = kind,
                                .text = "",
                                .items = items,
                                .item_count = count};
}

static const struct node_type *find_type(const char *name)
{
    size_t count;
    const struct node_type *const *types = node_types_builtin(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(types[i]->name, name) == 0)
            return types[i];
    }
    fail_msg("no type %s", name);
    return NULL;
}

static const struct node_setting params[] = {{"var", "20211111"}, {"bizdate", "20211111"}};
static const struct node_connection connections[] = {
    {.name = "oss", .type = "files", .path = "/mnt/ossfs"}};
static const struct node_table_file tables[] = {{"f/tables/t.sql", "CREATE TABLE t (a STRING)"}};
static const char *const files[] = {"f/flow.yaml", "f/sql/a.sql"};

static struct node_facts facts(void)
{
    return (struct node_facts){.project_dir = "/p",
                               .state_dir = "/p/.datemill",
                               .flow_dir = "/p/f",
                               .libexec_dir = "/usr/libexec/datemill",
                               .flow = "f",
                               .node = "n",
                               .bizdate = "2021-11-11",
                               .cyctime = "2021-11-12T00:30:00",
                               .version = "9f2c1ab",
                               .run_id = 12,
                               .attempt_id = 99,
                               .attempt = 2,
                               .reject_file = "/p/.datemill/rejected",
                               .params = params,
                               .param_count = 2,
                               .connections = connections,
                               .connection_count = 1,
                               .tables = tables,
                               .table_count = 1};
}

static struct node_command prepare(const char *type_name, const struct field_value *resolved,
                                   const struct field_value *written, struct arena *arena)
{
    const struct node_type *type = find_type(type_name);
    struct node_values values = {resolved, written, files};
    struct node_facts known = facts();
    struct node_work work = {&values, &known, arena};
    struct node_command command = {0};
    struct error err;
    if (type->prepare(type, &work, &command, &err) != 0)
        fail_msg("%s", err.text);
    return command;
}

static void expect_arguments(const struct node_command *command, const char *expected)
{
    SCOPED_TEXT struct text joined = {0};
    for (size_t i = 0; command->arguments[i] != NULL; i++)
        text_append_format(&joined, "%s[%s]", i == 0 ? "" : " ", command->arguments[i]);
    assert_string_equal(text_string(&joined), expected);
}

static void a_plain_command_needs_no_shell(void **state)
{
    (void)state;
    static const char *const plain[][2] = {{"/bin/true", "[/bin/true]"},
                                           {"  ls -l /tmp \n", "[ls] [-l] [/tmp]"},
                                           {"date +%F", "[date] [+%F]"},
                                           {"tool --x=1 a@b:c,d", "[tool] [--x=1] [a@b:c,d]"},
                                           {"./load 销售", "[./load] [销售]"}};
    static const char *const complex[] = {
        "echo a", "a | b",   "a > b",   "a; b",      "a && b", "a & ",   "echo $x", "x=1 a",
        "a 'b'",  "a \"b\"", "a *",     "a ?",       "a [b]",  "~/a",    "a ~",     "# a",
        "a #b",   "a\nb",    "cd /tmp", "a `b`",     "a \\b",  "{ a; }", "a {b,c}", "! a",
        "exit 3", "true",    "if a",    "",          " \n ",   ". ./x",  "a(b)",    "a^b",
        ":",      "time a",  "exec a",  "a b\tc\\ d"};
    struct arena arena;
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        struct node_command command = {0};
        if (!shell_words_split(plain[i][0], &arena, &command.arguments))
            fail_msg("`%s` needs no shell", plain[i][0]);
        expect_arguments(&command, plain[i][1]);
    }
    for (size_t i = 0; i < sizeof complex / sizeof complex[0]; i++) {
        const char *const *words;
        if (shell_words_split(complex[i], &arena, &words))
            fail_msg("`%s` needs a shell", complex[i]);
    }
    arena_free(&arena);
}

/* Whatever counts as plain means the same to a shell: checked by running both. */
static void plain_words_are_what_a_shell_makes_of_them(void **state)
{
    (void)state;
    static const char *const commands[] = {"/usr/bin/printf %s- a b=c --x=1 +%F @ , : a.b a%b",
                                           "/usr/bin/printf %s- 销售 a-b_c /x/y",
                                           "  /usr/bin/printf\t%s-   a    b \n"};
    struct arena arena;
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        const char *const *words;
        assert_true(shell_words_split(commands[i], &arena, &words));
        SCOPED_TEXT struct text expected = {0};
        for (size_t k = 2; words[k] != NULL; k++)
            text_append_format(&expected, "%s-", words[k]);
        FILE *pipe = popen(commands[i], "r");
        assert_non_null(pipe);
        char output[512] = "";
        size_t length = fread(output, 1, sizeof output - 1, pipe);
        output[length] = '\0';
        assert_int_equal(pclose(pipe), 0);
        assert_string_equal(output, text_string(&expected));
    }
    arena_free(&arena);
}

static void the_first_word_names_the_program(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"duckdb -c \"select\"", "duckdb"},
                                           {"\n  curl -fsS x | wc", "curl"},
                                           {"a;b", "a"},
                                           {"a>b", "a"},
                                           {"cd x && make", NULL},
                                           {"X=1 make", NULL},
                                           {"$tool x", NULL},
                                           {"\"my tool\" x", NULL},
                                           {"f() { x; }", NULL},
                                           {"f () { x; }", NULL},
                                           {"# comment\nmake", NULL},
                                           {"if x; then y; fi", NULL},
                                           {"./load.sh", "./load.sh"},
                                           {"", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t offset;
        size_t length;
        bool is_found = shell_words_first(cases[i][0], &offset, &length);
        assert_int_equal(is_found, cases[i][1] != NULL);
        if (is_found) {
            assert_int_equal(length, strlen(cases[i][1]));
            assert_memory_equal(cases[i][0] + offset, cases[i][1], length);
        }
    }
}

static void shell_nodes(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct field_value arguments[] = {scalar(NULL, "a b"), scalar(NULL, "20211111")};
    struct field_value members[3] = {scalar("run", "/bin/true")};
    struct field_value block = collection("n", FIELD_KIND_BLOCK, members, 1);
    struct node_command command = prepare("shell", &block, &block, &arena);
    expect_arguments(&command, "[/bin/true]");
    assert_string_equal(command.folder, "/p/f");
    assert_null(command.input);
    members[0] = scalar("run", "./load x");
    command = prepare("shell", &block, &block, &arena);
    assert_string_equal(command.program, "/p/f/./load");
    members[0] = scalar("run", "wc \"$var\"\n");
    command = prepare("shell", &block, &block, &arena);
    expect_arguments(&command, "[sh] [-eu] [-c] [wc \"$var\"\n] [n]");
    assert_string_equal(command.shown_text, "wc \"$var\"\n");
    bool has_var = false;
    for (size_t i = 0; i < command.environment_count; i++)
        has_var = has_var || (strcmp(command.environment[i].name, "var") == 0 &&
                              strcmp(command.environment[i].text, "20211111") == 0);
    assert_true(has_var);
    members[0] = scalar("run", "load");
    members[1] = collection("args", FIELD_KIND_LIST, arguments, 2);
    block.item_count = 2;
    command = prepare("shell", &block, &block, &arena);
    expect_arguments(&command, "[sh] [-eu] [-c] [load] [n] [a b] [20211111]");
    members[0] = scalar("script", "load.sh");
    members[2] = scalar("shell", "bash -eu  -o pipefail");
    block.item_count = 3;
    command = prepare("shell", &block, &block, &arena);
    expect_arguments(&command, "[bash] [-eu] [-o] [pipefail] [load.sh] [a b] [20211111]");
    arena_free(&arena);
}

static struct json *read_job(const struct node_command *command, const char *program)
{
    struct json *json;
    struct error err;
    assert_string_equal(command->program, program);
    assert_int_equal(json_parse(command->input, command->input_length, &json, &err), 0);
    assert_string_equal(json_get_string(json, "state_dir", ""), "/p/.datemill");
    assert_int_equal(json_get_int(json, "run", 0), 12);
    assert_int_equal(json_get_int(json, "attempt", 0), 2);
    assert_int_equal(json_get_int(json, "attempt_id", 0), 99);
    assert_string_equal(json_get_string(json, "commit", ""), "9f2c1ab");
    assert_string_equal(json_get_string(json, "bizdate", ""), "2021-11-11");
    assert_string_equal(json_get_string(json, "flow", ""), "f");
    assert_string_equal(json_get_string(json, "node", ""), "n");
    assert_string_equal(json_get_string(json, "reject_file", ""), "/p/.datemill/rejected");
    assert_string_equal(json_get_string(json_first(json_get(json, "tables")), "file", ""),
                        "f/tables/t.sql");
    return json;
}

static void sync_nodes(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct field_value from[] = {scalar("connection", "oss"), scalar("file", "event/20211111data")};
    struct field_value from_written[] = {scalar("connection", "oss"),
                                         scalar("file", "event/${var}data")};
    struct field_value to[] = {scalar("table", "t"), scalar("partition", "dt=20211111,hh=01")};
    struct field_value resolved[] = {collection("from", FIELD_KIND_BLOCK, from, 2),
                                     collection("to", FIELD_KIND_BLOCK, to, 2)};
    struct field_value written[] = {collection("from", FIELD_KIND_BLOCK, from_written, 2),
                                    collection("to", FIELD_KIND_BLOCK, to, 2)};
    struct field_value block = collection("n", FIELD_KIND_BLOCK, resolved, 2);
    struct field_value written_block = collection("n", FIELD_KIND_BLOCK, written, 2);
    struct node_command command = prepare("sync", &block, &written_block, &arena);
    struct json *json = read_job(&command, "/usr/libexec/datemill/datemill-sync");
    const struct json *source = json_get(json, "from");
    assert_string_equal(json_get_string(source, "kind", ""), "files");
    assert_string_equal(json_get_string(source, "root", ""), "/mnt/ossfs");
    assert_string_equal(json_get_string(source, "file", ""), "event/20211111data");
    assert_string_equal(json_get_string(source, "template", ""), "event/${var}data");
    assert_string_equal(json_get_string(source, "place", ""), "f/flow.yaml:31:13");
    assert_string_equal(json_get_string(source, "format", ""), "lines");
    assert_string_equal(json_get_string(json_get(json, "to"), "partition", ""),
                        "dt=20211111/hh=01");
    assert_string_equal(json_get_string(json_get(json, "to"), "mode", ""), "overwrite");
    assert_int_equal(json_get_int(json, "errors_max", -1), 0);
    assert_string_equal(json_get_string(json, "on_missing", ""), "fail");
    json_free(json);
    struct field_value parts[] = {scalar("dt", "20211111"), scalar("hh", "01")};
    to[1] = collection("partition", FIELD_KIND_MAP, parts, 2);
    command = prepare("sync", &block, &written_block, &arena);
    json = read_job(&command, "/usr/libexec/datemill/datemill-sync");
    assert_string_equal(json_get_string(json_get(json, "to"), "partition", ""),
                        "dt=20211111/hh=01");
    json_free(json);
    arena_free(&arena);
}

static void sql_nodes(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct field_value resolved[] = {scalar("file", "SELECT '20211111'\n")};
    struct field_value written[] = {scalar("file", "sql/a.sql")};
    written[0].kind = FIELD_KIND_SQL_FILE;
    written[0].number = 1;
    struct field_value block = collection("n", FIELD_KIND_BLOCK, resolved, 1);
    struct field_value written_block = collection("n", FIELD_KIND_BLOCK, written, 1);
    struct node_command command = prepare("sql", &block, &written_block, &arena);
    struct json *json = read_job(&command, "/usr/libexec/datemill/datemill-sql");
    assert_string_equal(json_get_string(json, "file", ""), "f/sql/a.sql");
    assert_string_equal(json_get_string(json, "sql", ""), "SELECT '20211111'\n");
    assert_int_equal(json_get_int(json, "line_offset", -1), 0);
    assert_string_equal(command.shown_text, "SELECT '20211111'\n");
    json_free(json);
    resolved[0] = written[0] = scalar("sql", "SELECT 1;\nSELECT 2\n");
    command = prepare("sql", &block, &written_block, &arena);
    json = read_job(&command, "/usr/libexec/datemill/datemill-sql");
    assert_string_equal(json_get_string(json, "file", ""), "f/flow.yaml");
    /* `sql: |` in line 31: the first statement stands in line 32 */
    assert_int_equal(json_get_int(json, "line_offset", -1), 31);
    json_free(json);
    arena_free(&arena);
}

static void only_exit_code_zero_is_success(void **state)
{
    (void)state;
    static const struct node_exit ends[] = {
        {NODE_END_EXITED, 0, ""},   {NODE_END_EXITED, 1, ""},          {NODE_END_EXITED, 75, ""},
        {NODE_END_SIGNALED, 0, ""}, {NODE_END_COULD_NOT_START, 0, ""}, {NODE_END_LOST, 0, ""}};
    size_t count;
    const struct node_type *const *types = node_types_builtin(&count);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; types[i]->has_process && k < sizeof ends / sizeof ends[0]; k++)
            assert_int_equal(types[i]->interpret(types[i], &ends[k]),
                             k == 0 ? NODE_OUTCOME_SUCCESS : NODE_OUTCOME_FAILURE);
    }
    assert_false(find_type("virtual")->has_process);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_command_needs_no_shell),
        cmocka_unit_test(plain_words_are_what_a_shell_makes_of_them),
        cmocka_unit_test(the_first_word_names_the_program),
        cmocka_unit_test(shell_nodes),
        cmocka_unit_test(sync_nodes),
        cmocka_unit_test(sql_nodes),
        cmocka_unit_test(only_exit_code_zero_is_success),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

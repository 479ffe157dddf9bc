#include "scheduler/base/text_diff.h"
#include "scheduler/command/companions.h"
#include "scheduler/command/dataworks_params.h"
#include "scheduler/command/json_pretty.h"
#include "scheduler/command/project_facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void expect_diff(const char *before, const char *after, const char *expected)
{
    struct text text = {0};
    text_diff(before, after, &text);
    assert_string_equal(text_string(&text), expected);
    text_free(&text);
}

static void test_diff(void **state)
{
    (void)state;
    expect_diff("a\nb\nc\n", "a\nb\nc\n", "");
    expect_diff("", "", "");
    expect_diff("a\nb\nc\n", "a\nx\nc\n", "-    2  b\n+    2  x\n");
    expect_diff("a\nb\n", "a\n", "-    2  b\n");
    expect_diff("a\n", "a\nb\nc", "+    2  b\n+    3  c\n");
    expect_diff("a\nb\nc\nd\n", "b\nc\nx\nd\n", "-    1  a\n+    3  x\n");
    expect_diff("", "one", "+    1  one\n");
}

static void test_pretty(void **state)
{
    (void)state;
    struct text text = {0};
    json_pretty("{\"a\":[1,2,{\"b\":\"x,{}:\\\"\\\\\"}],\"c\":{},\"d\":[]}", &text);
    assert_string_equal(text_string(&text), "{\n"
                                            "  \"a\": [\n"
                                            "    1,\n"
                                            "    2,\n"
                                            "    {\n"
                                            "      \"b\": \"x,{}:\\\"\\\\\"\n"
                                            "    }\n"
                                            "  ],\n"
                                            "  \"c\": {},\n"
                                            "  \"d\": []\n"
                                            "}");
    text_free(&text);
}

static void test_dataworks(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct dataworks_params params;
    struct dataworks_mistake mistake;
    struct error err = {0};
    const char *line = "  var=${yyyymmdd}   t=$[yyyy-mm-dd hh24:mi:ss] text=two words x=a=b y=";
    assert_int_equal(dataworks_params_read(line, &arena, &params, &mistake, &err), 0);
    static const char *const expected[][2] = {{"var", "${yyyymmdd}"},
                                              {"t", "$[yyyy-mm-dd hh24:mi:ss]"},
                                              {"text", "two words"},
                                              {"x", "a=b"},
                                              {"y", ""}};
    assert_int_equal(params.count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(params.items[i].name, expected[i][0]);
        assert_string_equal(params.items[i].value, expected[i][1]);
    }
    assert_int_equal(dataworks_params_read("", &arena, &params, &mistake, &err), 0);
    assert_int_equal(params.count, 0);
    arena_free(&arena);
}

static void test_dataworks_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *part; /* at fault */
        const char *text; /* within the message */
    } rows[] = {
        {"a=1 a=2", "a", "twice"},
        {"$bizdate", "$bizdate", "NAME=VALUE"},
        {"9a=1", "9a=1", "NAME=VALUE"},
        {"a=1 b=$[yyyymmdd", "$[", "parameter b"},
        {"a=${nonsense}", "${nonsense}", "parameter a"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena arena = {0};
        struct dataworks_params params;
        struct dataworks_mistake mistake = {0};
        struct error err = {0};
        assert_int_equal(dataworks_params_read(rows[i].line, &arena, &params, &mistake, &err), -1);
        assert_non_null(strstr(err.text, rows[i].text));
        assert_int_equal(mistake.length, strlen(rows[i].part));
        assert_memory_equal(rows[i].line + mistake.offset, rows[i].part, mistake.length);
        arena_free(&arena);
    }
}

static void test_yaml(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"${yyyymmdd}", "${yyyymmdd}"},
        {"$[yyyymmdd-1]", "$[yyyymmdd-1]"},
        {"$[yyyy-mm-dd hh24:mi:ss]", "\"$[yyyy-mm-dd hh24:mi:ss]\""},
        {"", "\"\""},
        {"- x", "\"- x\""},
        {"a: b", "\"a: b\""},
        {"#c", "\"#c\""},
        {"say \"hi\"\\", "\"say \\\"hi\\\"\\\\\""},
        {"\n\t", "\"\\x0a\\x09\""},
        {"经营", "\"经营\""},
        {"[1]", "\"[1]\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text text = {0};
        dataworks_params_append_yaml(&text, rows[i][0]);
        assert_string_equal(text_string(&text), rows[i][1]);
        text_free(&text);
    }
}

static void test_bytes(void **state)
{
    (void)state;
    static const struct {
        int64_t bytes;
        const char *text;
    } rows[] = {{0, "0 B"},
                {999, "999 B"},
                {1000, "1.0 kB"},
                {4100, "4.1 kB"},
                {9999, "9.9 kB"},
                {10000, "10 kB"},
                {999999, "999 kB"},
                {1000000, "1.0 MB"},
                {339000000, "339 MB"},
                {3100000000, "3.1 GB"},
                {INT64_MAX, "9223 PB"}};
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(project_facts_bytes(&arena, rows[i].bytes), rows[i].text);
    arena_free(&arena);
}

static void make_program(const char *dir, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(chmod(path, 0755), 0);
}

static void test_companions(void **state)
{
    (void)state;
    struct arena arena = {0};
    char root[] = "/tmp/datemill-test-XXXXXX";
    assert_non_null(mkdtemp(root));
    const char *bin = arena_format(&arena, "%s/bin", root);
    const char *libexec = arena_format(&arena, "%s/libexec/datemill", root);
    assert_int_equal(mkdir(bin, 0755), 0);
    assert_int_equal(mkdir(arena_format(&arena, "%s/libexec", root), 0755), 0);
    assert_int_equal(mkdir(libexec, 0755), 0);
    const char *program = arena_format(&arena, "%s/datemill", bin);
    /* installed: ../libexec/datemill; in a build folder: beside it */
    assert_string_equal(companions_of(program, &arena), libexec);
    make_program(bin, "datemill-keeper");
    assert_string_equal(companions_of(program, &arena), bin);
    assert_null(companions_of("datemill", &arena));
    assert_int_equal(unlink(arena_format(&arena, "%s/datemill-keeper", bin)), 0);
    assert_int_equal(rmdir(libexec), 0);
    assert_int_equal(rmdir(arena_format(&arena, "%s/libexec", root)), 0);
    assert_int_equal(rmdir(bin), 0);
    assert_int_equal(rmdir(root), 0);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_diff),       cmocka_unit_test(test_pretty),
        cmocka_unit_test(test_dataworks),  cmocka_unit_test(test_dataworks_wrong),
        cmocka_unit_test(test_yaml),       cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_companions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "scheduler/base/json_in.h"

#include "scheduler/base/json_check.h"
#include "scheduler/base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The bytes stand in memory of exactly their size, so that reading past the end is seen. */
static int parse(const char *text, size_t length, struct json **ret_json, struct error *err)
{
    char *bytes = memory_new(length, 1);
    memcpy(bytes, text, length);
    int result = json_parse(bytes, length, ret_json, err);
    free(bytes);
    return result;
}

static void test_lookups(void **state)
{
    (void)state;
    const char *text =
        " {\"name\":\"\\u7ecf\\ud83d\\ude00\\n\",\"n\":-12,\"yes\":true,\"no\":false,"
        "\"none\":null,\"half\":0.5,\"big\":9007199254740992,\"bigger\":1e300,"
        "\"list\":[1,[],{}],\"empty\":{}} ";
    struct json *json = NULL;
    struct error err = {0};
    assert_int_equal(parse(text, strlen(text), &json, &err), 0);
    assert_int_equal(json_kind_of(json), JSON_KIND_OBJECT);
    assert_string_equal(json_get_string(json, "name", "?"), "经\xF0\x9F\x98\x80\n");
    assert_int_equal(json_get_int(json, "n", 7), -12);
    assert_int_equal(json_get_int(json, "half", 7), 7);
    assert_int_equal(json_get_int(json, "big", 7), INT64_C(9007199254740992));
    assert_int_equal(json_get_int(json, "bigger", 7), 7);
    assert_int_equal(json_get_int(json, "name", 7), 7);
    assert_true(json_get_bool(json, "yes", false));
    assert_false(json_get_bool(json, "no", true));
    assert_true(json_get_bool(json, "n", true));
    assert_string_equal(json_get_string(json, "none", "fallback"), "fallback");
    assert_null(json_get(json, "Name"));
    assert_null(json_get(json_get(json, "list"), "name"));
    assert_int_equal(json_count(json), 10);
    assert_int_equal(json_count(json_get(json, "list")), 3);
    assert_int_equal(json_count(json_get(json, "empty")), 0);
    assert_int_equal(json_kind_of(json_get(json, "missing")), JSON_KIND_NULL);
    assert_int_equal(json_kind_of(NULL), JSON_KIND_NULL);
    const struct json *item = json_first(json);
    assert_string_equal(json_key(item), "name");
    assert_string_equal(json_key(json_next(item)), "n");
    const struct json *list = json_first(json_get(json, "list"));
    assert_null(json_key(list));
    assert_int_equal(json_kind_of(json_next(json_next(list))), JSON_KIND_OBJECT);
    assert_null(json_next(json_next(json_next(list))));
    assert_null(json_first(item));
    json_free(json);
}

static void test_accepts(void **state)
{
    (void)state;
    static const char *const good[] = {
        "0",
        "-0",
        "1",
        "-1.5e+10",
        "1E5",
        "\"\"",
        "true",
        "false",
        "null",
        "[]",
        " {} ",
        "[1,2]",
        "{\"a\":[{}]}",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
        "\"\\uD834\\uDD1E\"",
        "{\"a\":{\"b\":1},\"b\":{\"b\":1},\"A\":2}",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct json *json = NULL;
        struct error err = {0};
        if (parse(good[i], strlen(good[i]), &json, &err) != 0)
            fail_msg("%s: %s", good[i], err.text);
        json_free(json);
    }
}

static const char *const bad[] = {
    "",
    " ",
    "01",
    "-01",
    "1.",
    ".5",
    "1e",
    "1e+",
    "+1",
    "-",
    "1 2",
    "tru",
    "truex",
    "nul",
    "'a'",
    "\"a",
    "\"\\",
    "\"\\x\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\udc00\"",
    "\"\\ud800\\u0041\"",
    "\"\\ud800\\n\"",
    "\"\n\"",
    "\"\x01\"",
    "\"\xff\"",
    "\"\xed\xa0\x80\"",
    "\"\xc0\x80\"",
    "[",
    "]",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1}",
    "{",
    "}",
    "{]",
    "{\"a\"",
    "{\"a\":",
    "{\"a\":1",
    "{\"a\":1,",
    "{\"a\":1,}",
    "{a:1}",
    "{1:1}",
    "{\"a\" 1}",
    "{\"a\":1 \"b\":2}",
    "[] []",
    "[]x",
    "\xef\xbb\xbf{}",
    "// c\n1",
    "NaN",
    "Infinity",
    "{\"a\":1,\"a\":1}",
    "[{\"x\":{\"k\":0,\"z\":1,\"k\":2}}]",
    "{\"1\":1,",
    "{\"a\":\"b",
    "[\"a\\",
};

static void test_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct json *json = NULL;
        struct error err = {0};
        if (parse(bad[i], strlen(bad[i]), &json, &err) == 0)
            fail_msg("accepted: %s", bad[i]);
        assert_null(json);
        assert_int_equal(err.kind, ERROR_KIND_INVALID);
        assert_true(strlen(err.text) > 0);
    }
    struct json *json = NULL;
    assert_int_equal(parse("[1\0]", 4, &json, NULL), -1);
    assert_int_equal(parse("\"a\0b\"", 5, &json, NULL), -1);
}

static void test_place_of_the_mistake(void **state)
{
    (void)state;
    struct json *json = NULL;
    struct error err = {0};
    const char *text = "{\n  \"经营\": 1,\n  \"数据\": tru\n}";
    assert_int_equal(parse(text, strlen(text), &json, &err), -1);
    assert_int_equal(err.line, 3);
    assert_int_equal(err.column, 9);
    const char *twice = "{\"key\":1,\"key\":2}";
    assert_int_equal(parse(twice, strlen(twice), &json, &err), -1);
    assert_non_null(strstr(err.text, "`key` comes twice"));
}

static char *nested(size_t depth)
{
    char *text = memory_new(2 * depth + 1, 1);
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    return text;
}

static void test_limits(void **state)
{
    (void)state;
    struct json *json = NULL;
    char *deep = nested(JSON_IN_MAX_DEPTH);
    assert_int_equal(parse(deep, strlen(deep), &json, NULL), 0);
    json_free(json);
    free(deep);
    deep = nested(JSON_IN_MAX_DEPTH + 1);
    assert_int_equal(parse(deep, strlen(deep), &json, NULL), -1);
    free(deep);
    deep = nested(4000000);
    assert_int_equal(parse(deep, strlen(deep), &json, NULL), -1);
    free(deep);

    const struct json_limits limits = {JSON_IN_MAX_BYTES, JSON_IN_MAX_DEPTH, JSON_IN_MAX_VALUES};
    /* an array and its items: as many values as are allowed, then one more */
    size_t items = JSON_IN_MAX_VALUES - 1;
    char *many = memory_new(2 * items + 3, 1);
    many[0] = '[';
    for (size_t i = 0; i <= items; i++)
        memcpy(many + 1 + 2 * i, "1,", 2);
    size_t values = 0;
    many[2 * items] = ']';
    assert_int_equal(json_check(many, 2 * items + 1, limits, &values, NULL), 0);
    assert_int_equal(values, JSON_IN_MAX_VALUES);
    many[2 * items] = ',';
    many[2 * items + 2] = ']';
    struct error err = {0};
    assert_int_equal(json_check(many, 2 * items + 3, limits, &values, &err), -1);
    assert_non_null(strstr(err.text, "too many values"));
    free(many);
    char *large = memory_new(JSON_IN_MAX_BYTES + 1, 1);
    memset(large, ' ', JSON_IN_MAX_BYTES + 1);
    large[0] = '1';
    assert_int_equal(json_check(large, JSON_IN_MAX_BYTES, limits, &values, NULL), 0);
    assert_int_equal(json_check(large, JSON_IN_MAX_BYTES + 1, limits, &values, NULL), -1);
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lookups), cmocka_unit_test(test_accepts),
        cmocka_unit_test(test_refuses), cmocka_unit_test(test_place_of_the_mistake),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "scheduler/base/json_out.h"

#include "scheduler/base/json_in.h"
#include "scheduler/base/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_nesting_and_commas(void **state)
{
    (void)state;
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_string(&json, "a", "x");
    json_out_pair_string(&json, "none", NULL);
    json_out_key(&json, "list");
    json_out_begin_array(&json);
    json_out_int(&json, INT64_MIN);
    json_out_begin_array(&json);
    json_out_end_array(&json);
    json_out_begin_object(&json);
    json_out_end_object(&json);
    json_out_raw(&json, "{\"r\":1}");
    json_out_null(&json);
    json_out_end_array(&json);
    json_out_pair_bool(&json, "yes", true);
    json_out_pair_int(&json, "n", 12);
    json_out_end_object(&json);
    assert_string_equal(text_string(&text),
                        "{\"a\":\"x\",\"none\":null,\"list\":[-9223372036854775808,[],{},"
                        "{\"r\":1},null],\"yes\":true,\"n\":12}");
}

static void test_deepest(void **state)
{
    (void)state;
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    json_out_init(&json, &text);
    for (int i = 0; i < JSON_OUT_MAX_DEPTH; i++)
        json_out_begin_array(&json);
    json_out_int(&json, 1);
    json_out_int(&json, 2);
    for (int i = 0; i < JSON_OUT_MAX_DEPTH; i++)
        json_out_end_array(&json);
    assert_non_null(strstr(text_string(&text), "[1,2]"));
    assert_int_equal(text.length, 2 * JSON_OUT_MAX_DEPTH + 3);
}

static void test_strings(void **state)
{
    (void)state;
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    json_out_init(&json, &text);
    const char bytes[] =
        "q\" b\\ \b\f\n\r\t \x01\x1f\x7f / 经 \xF0\x9F\x98\x80 \xff\xc0\xaf \0 end";
    json_out_bytes(&json, bytes, sizeof bytes - 1);
    assert_string_equal(text_string(&text),
                        "\"q\\\" b\\\\ \\b\\f\\n\\r\\t \\u0001\\u001f\\u007f / 经 \xF0\x9F\x98\x80 "
                        "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD \\u0000 end\"");
}

/* Every byte but NUL, written and read back: what is UTF-8 comes back as it was. */
static void test_round_trip(void **state)
{
    (void)state;
    for (int byte = 1; byte < 128; byte++) {
        SCOPED_TEXT struct text text = {0};
        struct json_out out;
        json_out_init(&out, &text);
        const char value[] = {'a', (char)byte, 'z', '\0'};
        json_out_string(&out, value);
        struct json *json = NULL;
        assert_int_equal(json_parse(text.data, text.length, &json, NULL), 0);
        assert_string_equal(json_as_string(json, "?"), value);
        json_free(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nesting_and_commas),
        cmocka_unit_test(test_deepest),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

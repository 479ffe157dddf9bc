#include "scheduler/base/json_in.h"
#include "scheduler/base/json_template.h"
#include "scheduler/base/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *find(const void *data, const char *name, size_t length)
{
    if (length == 4 && memcmp(name, "flow", 4) == 0)
        return "sales";
    return length == 3 && memcmp(name, "bad", 3) == 0 ? data : NULL;
}

static int fill(const char *template, const char *bad, struct text *out, struct error *err)
{
    return json_template_fill((struct json_template){template, strlen(template)},
                              (struct json_template_values){find, bad}, out, err);
}

static void expect(const char *template, const char *bad, const char *expected)
{
    SCOPED_TEXT struct text out = {0};
    assert_int_equal(fill(template, bad, &out, NULL), 0);
    assert_string_equal(text_string(&out), expected);
}

static void expect_error(const char *template, int line, int column, const char *words)
{
    struct error err = {0};
    SCOPED_TEXT struct text out = {0};
    assert_int_equal(fill(template, "", &out, &err), -1);
    assert_int_equal(err.line, line);
    assert_int_equal(err.column, column);
    if (strstr(err.text, words) == NULL)
        fail_msg("%s", err.text);
    assert_int_equal(fill(template, "", NULL, NULL), -1);
}

static void names_within_strings_are_filled(void **state)
{
    (void)state;
    expect("{\"t\": \"${flow} of ${flow}\", \"n\": [1, null]}", "",
           "{\"t\": \"sales of sales\", \"n\": [1, null]}");
    expect("{\"${flow}\": {}}", "", "{\"sales\": {}}");
    expect("[\"$${flow} $5 $\", \"\\\"${flow}\\\\\"]", "", "[\"${flow} $5 $\", \"\\\"sales\\\\\"]");
}

/* What a value holds changes no more than its own string. */
static void values_cannot_leave_their_string(void **state)
{
    (void)state;
    static const char *const values[] = {
        "\",\"admin\":true,\"x\":\"", "\\", "\\\"", "${flow}", "a\nb\tc\x01", "\xff\xfe", "经营"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        SCOPED_TEXT struct text out = {0};
        struct json *json;
        assert_int_equal(fill("{\"a\":\"x${bad}y\",\"b\":1}", values[i], &out, NULL), 0);
        assert_int_equal(json_parse(text_string(&out), out.length, &json, NULL), 0);
        assert_int_equal(json_count(json), 2);
        assert_int_equal(json_get_int(json, "b", 0), 1);
        const char *text = json_get_string(json, "a", "");
        if (i != 5)
            assert_memory_equal(text + 1, values[i], strlen(values[i]));
        json_free(json);
    }
}

static void mistakes_have_their_place(void **state)
{
    (void)state;
    expect_error("{\n  \"text\": \"a ${flwo}\"\n}", 2, 14, "no value `flwo`");
    expect_error("{\"text\": \"a ${flow\"}", 1, 13, "${name}");
    expect_error("{\"text\": \"经${}\"}", 1, 12, "${name}");
    expect_error("{\"text\": ${flow}}", 1, 10, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_within_strings_are_filled),
        cmocka_unit_test(values_cannot_leave_their_string),
        cmocka_unit_test(mistakes_have_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

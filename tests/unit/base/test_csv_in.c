/* CSV as RFC 4180 has it; NULL and "" are two things. */
#include "scheduler/base/csv_in.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* `a|b;c|NULL;` */
static int read_all(const char *bytes, size_t length, struct text *out)
{
    SCOPED_ARENA struct arena arena;
    struct csv_in csv = {bytes, bytes + length};
    const char *const *fields;
    size_t count;
    int result;
    arena_init(&arena, 0);
    while ((result = csv_in_record(&csv, &arena, &fields, &count)) == 1) {
        for (size_t i = 0; i < count; i++)
            text_append_format(out, "%s%s", i > 0 ? "|" : "", fields[i] ? fields[i] : "NULL");
        text_append_char(out, ';');
    }
    return result;
}

static void records(void **state)
{
    static const struct {
        const char *csv;
        const char *read;
    } cases[] = {
        {"", ""},
        {"a", "a;"},
        {"a,b\n", "a|b;"},
        {"a,b\r\nc,d\r\n", "a|b;c|d;"},
        {"a,,\"\"\n", "a|NULL|;"},
        {",\n", "NULL|NULL;"},
        {"\n", "NULL;"},
        {"\"a \"\"b\"\", c\nd\",e", "a \"b\", c\nd|e;"},
        {"\"可乐\",1.50\n", "可乐|1.50;"},
        {"a,", "a|NULL;"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        SCOPED_TEXT struct text out = {0};
        assert_int_equal(read_all(cases[i].csv, strlen(cases[i].csv), &out), 0);
        assert_string_equal(text_string(&out), cases[i].read);
    }
}

static void what_is_no_csv_is_refused(void **state)
{
    static const char *const cases[] = {"\"a", "\"a\"b",    "a\"b",   "a\rb",
                                        "\"",  "a,\"b\"\"", "\"a\"\r"};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        SCOPED_TEXT struct text out = {0};
        assert_int_equal(read_all(cases[i], strlen(cases[i]), &out), -1);
    }
    SCOPED_TEXT struct text out = {0};
    assert_int_equal(read_all("a\0b", 3, &out), -1);
    assert_int_equal(read_all("\"a\0b\"", 5, &out), -1);
}

static void a_record_has_a_limit(void **state)
{
    SCOPED_TEXT struct text csv = {0};
    SCOPED_TEXT struct text out = {0};
    (void)state;
    text_append_repeat(&csv, ',', CSV_IN_MAX_FIELDS - 1);
    assert_int_equal(read_all(csv.data, csv.length, &out), 0);
    text_append_char(&csv, ',');
    assert_int_equal(read_all(csv.data, csv.length, &out), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records),
        cmocka_unit_test(what_is_no_csv_is_refused),
        cmocka_unit_test(a_record_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

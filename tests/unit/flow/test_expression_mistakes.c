#include "scheduler/base/random.h"
#include "scheduler/base/scope.h"
#include "scheduler/flow/expression.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What is refused, with the piece that is underlined and a piece of message and help. */
static const struct {
    const char *text;
    const char *underlined;
    const char *message;
    const char *help;
} rows[] = {
    {"x${yyyymmdd", "${", "without its `}`", ""},
    {"$[yyyymmdd", "$[", "without its `]`", ""},
    {"${}", "}", "format is missing", "yyyy"},
    {"$[]", "]", "format is missing", "yyyy"},
    {"${-}", "-", "format is missing", ""},
    {"${-1}", "-", "format is missing", ""},
    {"${/}", "/", "format is missing", ""},
    {"${var}", "${var}", "not a date expression", "`$<var>`"},
    {"${var_1}", "${var_1}", "not a date expression", "`$<var_1>`"},
    {"${yyyymmdd hh24}", "hh24", "no hours", "`$[yyyymmdd hh24]`"},
    {"${yyyymmddhh24:mi:ss}", "hh24", "no hours", "`$[yyyymmddhh24:mi:ss]`"},
    {"${last_day(yyyymmddhh24,0)}", "hh24", "no hours", "`$[last_day(yyyymmddhh24,0)]`"},
    {"${yyyy-mm-dd-1/24}", "1/24", "whole number", "$["},
    {"${yyyymmdd-24/24}", "24/24", "whole number", "$["},
    {"${yyy}", "${yyy}", "not a date", "$<yyy>"},
    {"$[yyy]", "y", "not part of a date", "yyyy"},
    {"$[y]", "y", "not part of a date", "yyyy"},
    {"$[yyyyqq]", "qq", "not part of a date", "yyyy"},
    {"$[yyyy-mm-ddThh24]", "Thh", "not part of a date", "outside"},
    {"$[yyyymm01]", "01", "number in a format", "${yyyymm}01"},
    {"${yyyymm01}", "01", "number in a format", "${yyyymm}01"},
    {"$[yyyymmdd-]", "]", "number is missing", ""},
    {"$[yyyymmdd-1-]", "]", "number is missing", ""},
    {"$[yyyymmdd-1/]", "]", "number is missing", ""},
    {"$[yyyymmdd-1/0]", "0", "division by zero", ""},
    {"$[yyyymmdd-1/7]", "-1/7", "whole number of seconds", ""},
    {"$[yyyymmdd-1/24/60/60/2]", "-1/24/60/60/2", "whole number of seconds", ""},
    {"$[yyyymmdd-1x]", "x", "cannot follow", ""},
    {"$[yyyymmdd-1]]", NULL, NULL, NULL},
    {"$[yyyymmdd-1.5]", ".5", "cannot follow", ""},
    {"$[yyyymmdd-99999999999]", "99999999999", "too large", ""},
    {"$[yyyymmdd-9999999]", "-9999999", "years 1 to 9999", ""},
    {"${yyyy-9999999}", "-9999999", "years 1 to 9999", ""},
    {"$[yyyymmdd-1000000000*1000000000*1000000000]", NULL, "years 1 to 9999", ""},
    {"$[yyyymmdd-1*1*1*1*1*1*1*1*1]", "1", "too many factors", ""},
    {"$[add_months(yyyymmdd,-1)", "$[", "without its `]`", ""},
    {"$[add_months(yyyymmdd,-1]", "]", "`)` is missing", "add_months(yyyymmdd,0)"},
    {"$[add_months(yyyymmdd)]", ")", "`,` is missing", "add_months(yyyymmdd,0)"},
    {"$[last_day(yyyymmdd)]", ")", "`,` is missing", "last_day(yyyymmdd,0)"},
    {"$[add_months(yyyymmdd,)]", ")", "number is missing", ""},
    {"$[add_months(yyyymmdd,x)]", "x", "number is missing", ""},
    {"$[add_months(yyyymmdd,1/2)]", "/", "`)` is missing", ""},
    {"$[add_months(,1)]", ",", "format is missing", ""},
    {"$[add_months(yyyymmdd,-1)-1]", "-1", "nothing can follow", ""},
    {"$[add_month(yyyymmdd,-1)]", "add_month", "no function", "`add_months`"},
    {"$[lastday(yyyymmdd,0)]", "lastday", "no function", "`last_day`"},
    {"$[year_week(yyyymmdd,0)]", "year_week", "no function", "week_start"},
    {"${add_months(yyyymmdd,-1)}", "add_months", "not for the business date", "$[add_months"},
    {"${yyyy'mm}", "'", "cannot stand in a format", ""},
    {"${yyyy\tmm}", "\t", "cannot stand", ""},
    {"${yyyy*2}", "*", "cannot stand in a format", ""},
    {"${${yyyy}}", "$", "inside", ""},
    {"$[$bizdate-1]", "$", "inside", ""},
    {"${bdp.system.date}", "${bdp.system.date}", "no such system value", "bdp.system.bizdate"},
    {"${bdp.system.}", "${bdp.system.}", "no such system value", "bdp.system.bizdate"},
    {"$bizdat", "$bizdat", "there is no `$bizdat`", "`$bizdate`"},
    {"$foo_1/x", "$foo_1", "there is no `$foo_1`", "`$<foo_1>`"},
    {"$yyyymm", "$yyyymm", "there is no", "`${yyyymm}`"},
    {"$_x", "$_x", "there is no", ""},
    {"$<>", "$<", "without a name", "`$<name>`"},
    {"$<a", "$<a", "without a name", ""},
    {"$<a b>", "$<a", "without a name", ""},
    {"$<1a>", "$<", "without a name", ""},
    {"经营${q}", "${q}", "not a date", ""},
    {"a\xff", "\xff", "UTF-8", ""},
    {"${yyyy\xff}", "\xff", "UTF-8", ""},
};

static int32_t code_points(const char *text, size_t length)
{
    int32_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80 ? 1 : 0;
    return count;
}

static void check_row(size_t i, const struct expression_span *span, const struct error *err)
{
    const char *text = rows[i].text;
    if (strstr(err->text, rows[i].message) == NULL || strstr(err->help, rows[i].help) == NULL)
        fail_msg("%s: %s / %s", text, err->text, err->help);
    assert_string_equal(err->code, "E121");
    assert_int_equal(err->kind, ERROR_KIND_INVALID);
    assert_true(span->offset + span->length <= strlen(text));
    assert_int_equal(err->column, code_points(text, span->offset) + 1);
    const char *underlined = rows[i].underlined;
    bool is_there =
        underlined == NULL || (strlen(underlined) == span->length &&
                               memcmp(text + span->offset, underlined, span->length) == 0);
    if (!is_there)
        fail_msg("%s: `%.*s` is underlined", text, (int)span->length, text + span->offset);
}

static void test_mistakes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        SCOPED_ARENA struct arena arena = {0};
        const struct expression *expression = NULL;
        struct expression_span span = {0};
        struct error err = {0};
        int result = expression_parse(&arena, rows[i].text, &expression, &span, &err);
        if (rows[i].message == NULL) {
            assert_int_equal(result, 0);
            continue;
        }
        if (result == 0)
            fail_msg("accepted: %s", rows[i].text);
        assert_null(expression);
        check_row(i, &span, &err);
        assert_int_equal(expression_parse(&arena, rows[i].text, &expression, NULL, NULL), -1);
    }
}

static void test_size_limits(void **state)
{
    (void)state;
    SCOPED_ARENA struct arena arena = {0};
    const struct expression *expression = NULL;
    struct error err = {0};
    char text[EXPRESSION_MAX_BYTES + 2];
    memset(text, 'x', sizeof text);
    text[EXPRESSION_MAX_BYTES] = '\0';
    assert_int_equal(expression_parse(&arena, text, &expression, NULL, &err), 0);
    text[EXPRESSION_MAX_BYTES] = 'x';
    text[EXPRESSION_MAX_BYTES + 1] = '\0';
    assert_int_equal(expression_parse(&arena, text, &expression, NULL, &err), -1);
    char name[80] = "$<";
    memset(name + 2, 'a', 63);
    name[65] = '>';
    assert_int_equal(expression_parse(&arena, name, &expression, NULL, &err), 0);
    assert_int_equal(strlen(expression_reference(expression, 0, NULL)), 63);
    name[65] = 'a';
    name[66] = '>';
    assert_int_equal(expression_parse(&arena, name, &expression, NULL, &err), -1);
}

static const char *find_large(const void *data, const char *name)
{
    return name[0] == 'l' ? data : NULL;
}

/* What parses well and has no value all the same. */
static void test_no_value(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        struct civil_time planned;
        const char *code;
    } cases[] = {
        {"${yyyymmdd}", {{1, 1, 1}, 0, 0, 0}, "E124"},
        {"$bizmonth", {{1, 1, 2}, 0, 0, 0}, "E124"},
        {"$[yyyymmdd-1]", {{1, 1, 1}, 5, 0, 0}, "E124"},
        {"$[yyyymmdd-1/24]", {{1, 1, 1}, 0, 30, 0}, "E124"},
        {"$[yyyymmdd+1]", {{9999, 12, 31}, 0, 0, 0}, "E124"},
        {"$[yyyymmdd+1/24]", {{9999, 12, 31}, 23, 30, 0}, "E124"},
        {"$[add_months(yyyymmdd,1)]", {{9999, 12, 31}, 0, 0, 0}, "E124"},
        {"$[add_months(yyyymmdd,-4000000)]", {{2021, 1, 1}, 0, 0, 0}, "E124"},
        {"$[week_start(yyyymmdd,4000000)]", {{2021, 1, 1}, 0, 0, 0}, "E124"},
        {"$[quarter_start(yyyymmdd,-4000000)]", {{2021, 1, 1}, 0, 0, 0}, "E124"},
        {"$[yyyy-4000000+4000000]", {{2021, 1, 1}, 0, 0, 0}, NULL},
        {"$jobid", {{2021, 1, 1}, 0, 0, 0}, "E124"},
        {"$nodeid", {{2021, 1, 1}, 0, 0, 0}, "E124"},
        {"$taskid", {{2021, 1, 1}, 0, 0, 0}, "E124"},
        {"$<missing>", {{2021, 1, 1}, 0, 0, 0}, "E120"},
        {"$<large>$<large>", {{2021, 1, 1}, 0, 0, 0}, "E124"},
        {"$<large>", {{2021, 1, 1}, 0, 0, 0}, NULL},
    };
    char large[EXPRESSION_MAX_VALUE_BYTES + 1];
    memset(large, 'x', sizeof large);
    large[EXPRESSION_MAX_VALUE_BYTES] = '\0';
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        SCOPED_ARENA struct arena arena = {0};
        SCOPED_TEXT struct text text = {0};
        struct error err = {0};
        const struct expression *expression = NULL;
        struct expression_context context = {
            .planned = cases[i].planned, .find = find_large, .find_data = large};
        text_append(&text, "before");
        assert_int_equal(expression_parse(&arena, cases[i].text, &expression, NULL, &err), 0);
        int result = expression_evaluate(expression, &context, &text, &err);
        if (result != (cases[i].code == NULL ? 0 : -1))
            fail_msg("%s: %d %s", cases[i].text, result, text_string(&text));
        if (cases[i].code == NULL)
            continue;
        assert_string_equal(err.code, cases[i].code);
        assert_string_equal(text_string(&text), "before");
    }
}

/* Random texts of the alphabet of the language: parsed or refused, and never anything else. */
static void test_random_texts(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "$",       "{",        "}",    "[",  "]",  "<", ">",           "yyyy",
        "mm",      "dd",       "hh24", "-",  "+",  "*", "/",           "1",
        "24",      "7",        "(",    ")",  ",",  "x", "add_months(", "last_day(",
        "bizdate", "$bizdate", "${",   "$[", "$<", " ", "经",          "bdp.system.",
    };
    struct random random;
    random_seed(&random, 31);
    size_t accepted = 0;
    for (int i = 0; i < 100000; i++) {
        SCOPED_ARENA struct arena arena = {0};
        SCOPED_TEXT struct text text = {0};
        SCOPED_TEXT struct text value = {0};
        struct expression_span span = {0};
        const struct expression *expression = NULL;
        size_t length = 1 + (size_t)random_below(&random, 9);
        for (size_t j = 0; j < length; j++)
            text_append(&text, pieces[random_below(&random, sizeof pieces / sizeof pieces[0])]);
        struct expression_context context = {.planned = {{2024, 2, 29}, 1, 2, 3}};
        if (expression_parse(&arena, text_string(&text), &expression, &span, NULL) != 0) {
            assert_true(span.offset + span.length <= text.length);
            continue;
        }
        accepted++;
        expression_evaluate(expression, &context, &value, NULL);
    }
    assert_true(accepted > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_size_limits),
        cmocka_unit_test(test_no_value),
        cmocka_unit_test(test_random_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

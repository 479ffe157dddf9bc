#include "scheduler/base/escape.h"

#include "scheduler/base/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void check(const char *bytes, const char *expected)
{
    SCOPED_TEXT struct text text = {0};
    escape_strip(&text, bytes, strlen(bytes));
    assert_string_equal(text_string(&text), expected);
}

static void test_strip(void **state)
{
    (void)state;
    check("", "");
    check("plain", "plain");
    check("\033[31mred\033[0m", "red");
    check("a\033]0;title\007b\033]8;;x\033\\c", "abc");
    check("a\033(Bb\033=c\033[?25ld", "abcd");
    check("a\033", "a");
    check("a\033[", "a");
    check("a\033[1;3", "a");
    check("a\033]never ends", "a");
    check("a\033[31\033[1mb", "ab");
    check("a\033\xe4\xb8\xad", "a\xe4\xb8\xad");
}

static void test_read(void **state)
{
    (void)state;
    struct escape escape;
    escape_read("\033[1;31mx", 8, 0, &escape);
    assert_int_equal(escape.end, 7);
    assert_int_equal(escape.length, 4);
    assert_memory_equal(escape.parameters, "1;31", 4);
    escape_read("\033[2J", 4, 0, &escape);
    assert_int_equal(escape.end, 4);
    assert_null(escape.parameters);
    escape_read("\033m", 2, 0, &escape);
    assert_null(escape.parameters);
    assert_int_equal(escape.end, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_strip), cmocka_unit_test(test_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "scheduler/base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_fields(void **state)
{
    (void)state;
    struct error err = {0};
    assert_int_equal(error_at(&err, 3, 7, "E103", "unknown key `%s`", "x"), -1);
    assert_int_equal(error_help(&err, "did you mean `%s`?", "y"), -1);
    assert_int_equal(err.kind, ERROR_KIND_INVALID);
    assert_string_equal(err.code, "E103");
    assert_int_equal(err.line, 3);
    assert_int_equal(err.column, 7);
    assert_string_equal(err.text, "unknown key `x`");
    assert_string_equal(err.help, "did you mean `y`?");
    assert_int_equal(error_set(&err, ERROR_KIND_BUSY, "busy"), -1);
    assert_int_equal(err.kind, ERROR_KIND_BUSY);
    assert_string_equal(err.code, "");
    assert_string_equal(err.help, "");
    assert_int_equal(err.line, 0);
}

static void test_errno(void **state)
{
    (void)state;
    static const struct {
        int number;
        enum error_kind kind;
    } rows[] = {
        {ENOENT, ERROR_KIND_NOT_FOUND},    {ENOSPC, ERROR_KIND_PRECONDITION},
        {EDQUOT, ERROR_KIND_PRECONDITION}, {EACCES, ERROR_KIND_REFUSED},
        {EROFS, ERROR_KIND_REFUSED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error err = {0};
        errno = rows[i].number;
        assert_int_equal(error_set_errno(&err, ERROR_KIND_NOT_FOUND, "reading %s", "f"), -1);
        assert_int_equal(err.kind, rows[i].kind);
        assert_memory_equal(err.text, "reading f: ", 11);
        assert_string_equal(err.text + 11, strerror(rows[i].number));
    }
}

static void test_prefix_and_cut(void **state)
{
    (void)state;
    struct error err = {0};
    char large[3000];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    error_at(&err, 1, 2, "E1", "inner");
    error_prefix(&err, "outer %d", 1);
    assert_string_equal(err.text, "outer 1: inner");
    assert_int_equal(err.column, 2);
    error_set(&err, ERROR_KIND_FAILED, "%s", large);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    error_prefix(&err, "outer");
    assert_memory_equal(err.text, "outer: xxx", 10);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    error_prefix(&err, "%s", large);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    error_at(&err, 1, 1, "E123456789", "long code");
    assert_string_equal(err.code, "E123456");
}

static void test_nobody_cares(void **state)
{
    (void)state;
    assert_int_equal(error_set(NULL, ERROR_KIND_FAILED, "x"), -1);
    assert_int_equal(error_set_errno(NULL, ERROR_KIND_FAILED, "x"), -1);
    assert_int_equal(error_at(NULL, 1, 1, "E1", "x"), -1);
    assert_int_equal(error_prefix(NULL, "x"), -1);
    assert_int_equal(error_help(NULL, "x"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_errno),
        cmocka_unit_test(test_prefix_and_cut),
        cmocka_unit_test(test_nobody_cares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

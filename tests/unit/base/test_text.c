#include "scheduler/base/text.h"

#include "scheduler/base/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_growing(void **state)
{
    (void)state;
    SCOPED_TEXT struct text text = {0};
    assert_string_equal(text_string(&text), "");
    for (int i = 0; i < 1000; i++)
        text_append_format(&text, "%d,", i);
    assert_int_equal(text.length, 3890);
    assert_memory_equal(text.data + text.length - 4, "999,", 5);
    text_append_bytes(&text, "a\0b", 3);
    assert_int_equal(text.length, 3893);
    text_clear(&text);
    assert_string_equal(text_string(&text), "");
    text_append_repeat(&text, '-', 3);
    text_append_bytes(&text, NULL, 0);
    assert_string_equal(text_string(&text), "---");
    char large[2000];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    text_append_format(&text, "%s|%s", large, "end");
    assert_int_equal(text.length, 3 + 1999 + 4);
    assert_string_equal(text.data + text.length - 4, "|end");
}

static void test_limit(void **state)
{
    (void)state;
    SCOPED_TEXT struct text text;
    text_init(&text, 10);
    text_append(&text, "0123456789");
    assert_false(text.is_cut);
    text_append(&text, "");
    assert_false(text.is_cut);
    text_append_char(&text, 'x');
    assert_true(text.is_cut);
    assert_string_equal(text_string(&text), "0123456789");
    text_clear(&text);
    assert_false(text.is_cut);
    text_append_format(&text, "%s", "abcdefghijklmnop");
    assert_string_equal(text_string(&text), "abcdefghij");
    assert_true(text.is_cut);
}

static void test_take(void **state)
{
    (void)state;
    struct text text;
    text_init(&text, 5);
    SCOPED_FREE char *empty = text_take(&text);
    assert_string_equal(empty, "");
    text_append(&text, "abc");
    SCOPED_FREE char *taken = text_take(&text);
    assert_string_equal(taken, "abc");
    assert_int_equal(text.length, 0);
    assert_int_equal(text.limit, 5);
    assert_null(text.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_growing),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_take),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

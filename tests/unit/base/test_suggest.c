#include "scheduler/base/suggest.h"

#include "scheduler/base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_distance(void **state)
{
    (void)state;
    static const struct {
        const char *a;
        const char *b;
        size_t distance;
    } rows[] = {
        {"", "", 0},
        {"abc", "abc", 0},
        {"abc", "ABC", 0},
        {"vra", "var", 1},
        {"lifecyle", "lifecycle", 1},
        {"need", "needs", 1},
        {"kitten", "sitting", 3},
        {"ca", "abc", 3},
        {"abcd", "badc", 2},
        {"", "ab", 2},
        {"sucess", "success", 1},
        {"abcdef", "ghijkl", 5},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(suggest_distance(rows[i].a, rows[i].b, 4), rows[i].distance);
        assert_int_equal(suggest_distance(rows[i].b, rows[i].a, 4), rows[i].distance);
    }
}

/* With and without a bound the answer is the same, as far as the bound allows. */
static void test_bound(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 5);
    for (int i = 0; i < 20000; i++) {
        char names[2][12] = {{0}};
        for (int n = 0; n < 2; n++) {
            size_t length = (size_t)random_below(&random, 9);
            for (size_t j = 0; j < length; j++)
                names[n][j] = (char)('a' + random_below(&random, 3));
        }
        size_t exact = suggest_distance(names[0], names[1], 100);
        for (size_t limit = 0; limit < 6; limit++)
            assert_int_equal(suggest_distance(names[0], names[1], limit),
                             exact < limit + 1 ? exact : limit + 1);
    }
}

static void test_best(void **state)
{
    (void)state;
    static const char *const keys[] = {"columns",        "comment", "lifecycle",
                                       "partitioned_by", "var",     "dt"};
    size_t count = sizeof keys / sizeof keys[0];
    assert_string_equal(suggest_among("lifecyle", keys, count), "lifecycle");
    assert_string_equal(suggest_among("vra", keys, count), "var");
    assert_string_equal(suggest_among("Comments", keys, count), "comment");
    assert_string_equal(suggest_among("DT", keys, count), "dt");
    assert_null(suggest_among("dx", keys, count));
    assert_null(suggest_among("xyz", keys, count));
    assert_null(suggest_among("vxx", keys, count));
    assert_null(suggest_among("", keys, count));
    assert_null(suggest_among("lifecyle", keys, 0));
    static const char *const near[] = {"needed", "needs", "need"};
    assert_string_equal(suggest_among("neeeds", near, 3), "needs");
    char long_name[400];
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    const char *const long_names[] = {long_name};
    assert_null(suggest_among(long_name, long_names, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distance),
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_best),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

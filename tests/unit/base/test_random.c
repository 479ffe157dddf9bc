#include "scheduler/base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* The published first numbers of xoshiro256** for the state 1, 2, 3, 4. */
static void test_known_sequence(void **state)
{
    (void)state;
    struct random random = {{1, 2, 3, 4}};
    static const uint64_t expected[] = {UINT64_C(11520), UINT64_C(0), UINT64_C(1509978240),
                                        UINT64_C(1215971899390074240)};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_true(random_next(&random) == expected[i]);
    random_seed(&random, 0); /* splitmix64 from 0 */
    assert_true(random.state[0] == UINT64_C(0xe220a8397b1dcdaf));
    assert_true(random.state[1] == UINT64_C(0x6e789e6aa1b965f4));
}

static void test_below(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 42);
    size_t counts[7] = {0};
    for (int i = 0; i < 70000; i++)
        counts[random_below(&random, 7)]++;
    for (size_t i = 0; i < 7; i++)
        assert_in_range(counts[i], 9600, 10400);
    assert_int_equal(random_below(&random, 1), 0);
    for (int i = 0; i < 1000; i++)
        assert_true(random_below(&random, UINT64_MAX) < UINT64_MAX);
    int hits = 0;
    for (int i = 0; i < 100000; i++)
        hits += random_chance(&random, 250) ? 1 : 0;
    assert_in_range(hits, 24000, 26000);
    assert_false(random_chance(&random, 0));
    assert_true(random_chance(&random, 1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_sequence),
        cmocka_unit_test(test_below),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "scheduler/base/instant.h"

#include "scheduler/base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_parse(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t us;
    } rows[] = {
        {"30s", 30000000},
        {"5m", 300000000},
        {"1h30m", INT64_C(5400000000)},
        {"250ms", 250000},
        {"0s", 0},
        {"90d", 90 * DURATION_DAY_US},
        {"2w", 14 * DURATION_DAY_US},
        {"1w1d", 8 * DURATION_DAY_US},
        {"1m1ms", 60001000},
        {"10000d", 10000 * DURATION_DAY_US},
        {"1s5us", 1000005},
        {"007m", 420000000},
        {"90m", INT64_C(5400000000)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct duration duration = {-1};
        struct error err = {0};
        if (duration_parse(rows[i].text, &duration, &err) != 0)
            fail_msg("%s: %s", rows[i].text, err.text);
        assert_int_equal(duration.us, rows[i].us);
    }
}

static void test_parse_refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {"",           " ",
                                      "30",         "s",
                                      "-5m",        "+5m",
                                      "5 m",        "5m ",
                                      " 5m",        "1.5h",
                                      "5M",         "5min",
                                      "30m1h",      "1h1h",
                                      "1h30",       "5y",
                                      "10001d",     "99999999999999999999s",
                                      "1428w5d",    "864000000000001ms",
                                      "1e3s",       "0x10s",
                                      "5\xc2\xb5s", "10000d1us"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct duration duration = {-1};
        struct error err = {0};
        if (duration_parse(bad[i], &duration, &err) == 0)
            fail_msg("accepted: %s", bad[i]);
        assert_int_equal(duration.us, -1);
        assert_int_equal(err.kind, ERROR_KIND_INVALID);
        assert_non_null(strstr(err.help, "1h30m"));
    }
}

static void test_format(void **state)
{
    (void)state;
    static const struct {
        int64_t us;
        const char *text;
    } rows[] = {
        {0, "0.0s"},
        {400000, "0.4s"},
        {4100000, "4.1s"},
        {4149999, "4.1s"},
        {9949999, "9.9s"},
        {9950000, "10s"},
        {37000000, "37s"},
        {59999999, "59s"},
        {60000000, "1m 00s"},
        {INT64_C(3599000000), "59m 59s"},
        {INT64_C(4440000000), "1h 14m"},
        {INT64_C(3600000000), "1h 00m"},
        {3 * DURATION_DAY_US + INT64_C(14400000000), "3d 4h"},
        {-4100000, "-4.1s"},
        {INT64_MAX, "106751991d 4h"},
        {INT64_MIN, "-106751991d 4h"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char buffer[DURATION_TEXT_BYTES];
        assert_string_equal(duration_format((struct duration){rows[i].us}, buffer), rows[i].text);
    }
}

static void test_format_exact(void **state)
{
    (void)state;
    char buffer[DURATION_TEXT_BYTES];
    assert_string_equal(duration_format_exact((struct duration){0}, buffer), "0s");
    assert_string_equal(duration_format_exact(duration_seconds(5400), buffer), "1h30m");
    assert_string_equal(duration_format_exact((struct duration){14 * DURATION_DAY_US}, buffer),
                        "2w");
    assert_string_equal(duration_format_exact((struct duration){90 * DURATION_DAY_US}, buffer),
                        "90d");
    assert_string_equal(duration_format_exact((struct duration){INT64_MIN}, buffer),
                        "-106751991d4h54s775ms808us");
    struct random random;
    random_seed(&random, 7);
    for (int i = 0; i < 20000; i++) {
        uint64_t bound = (uint64_t)10000 * (uint64_t)DURATION_DAY_US + 1;
        uint64_t size = random_below(&random, bound) >> random_below(&random, 50);
        struct duration duration = {(int64_t)size};
        struct duration again = {-1};
        assert_int_equal(duration_parse(duration_format_exact(duration, buffer), &again, NULL), 0);
        assert_int_equal(again.us, duration.us);
    }
}

static void test_saturation(void **state)
{
    (void)state;
    struct instant late = {INT64_MAX - 5};
    assert_true(instant_is_never(instant_add(late, duration_seconds(1))));
    assert_true(instant_is_never(instant_add(INSTANT_NEVER, duration_seconds(-1))));
    assert_int_equal(instant_add((struct instant){5}, duration_ms(1)).us, 1005);
    assert_true(instant_compare(late, INSTANT_NEVER) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),      cmocka_unit_test(test_parse_refuses),
        cmocka_unit_test(test_format),     cmocka_unit_test(test_format_exact),
        cmocka_unit_test(test_saturation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

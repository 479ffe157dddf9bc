#include "scheduler/base/civil.h"

#include "scheduler/base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define FIRST_DAY INT64_C(-719162) /* 0001-01-01 */
#define LAST_DAY INT64_C(2932896)  /* 9999-12-31 */

static struct civil_date date(int32_t year, int32_t month, int32_t day)
{
    return (struct civil_date){year, month, day};
}

/* Every day of the ten thousand years, against the C library. */
static void test_every_day(void **state)
{
    (void)state;
    struct civil_date expected = date(1, 1, 1);
    for (int64_t days = FIRST_DAY; days <= LAST_DAY; days++) {
        struct civil_date got = civil_from_days(days);
        if (civil_date_compare(got, expected) != 0 || civil_to_days(got) != days ||
            !civil_date_is_valid(got))
            fail_msg("day %lld: %d-%d-%d", (long long)days, got.year, got.month, got.day);
        if (days % 31 == 0) {
            time_t seconds = (time_t)days * 86400;
            struct tm tm;
            gmtime_r(&seconds, &tm);
            assert_int_equal(tm.tm_year + 1900, got.year);
            assert_int_equal(tm.tm_mon + 1, got.month);
            assert_int_equal(tm.tm_mday, got.day);
            assert_int_equal(tm.tm_wday == 0 ? 7 : tm.tm_wday, civil_weekday(got));
        }
        expected.day++;
        if (expected.day > civil_days_in_month(expected.year, expected.month)) {
            expected.day = 1;
            expected.month++;
        }
        if (expected.month > 12) {
            expected.month = 1;
            expected.year++;
        }
    }
}

static int32_t any_number(struct random *random)
{
    switch (random_below(random, 4)) {
    case 0:
        return (int32_t)random_below(random, 10000);
    case 1:
        return (int32_t)random_below(random, 100);
    case 2:
        return (int32_t)random_below(random, 40) - 20;
    default:
        return (int32_t)(random_next(random) & 0xffffffff);
    }
}

/* Whatever the numbers are, the texts are those of printf, which every other program writes. */
static void test_format(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 12);
    for (int i = 0; i < 200000; i++) {
        struct civil_time time = civil_from_seconds((int64_t)random_below(&random, 1u << 31));
        if (i % 2 == 0)
            time.date = date(any_number(&random), any_number(&random), any_number(&random));
        if (i % 3 == 0)
            time.hour = any_number(&random);
        if (i % 5 == 0)
            time.second = any_number(&random);
        char expected_date[CIVIL_DATE_BYTES];
        char expected[CIVIL_TIME_BYTES];
        char text[CIVIL_TIME_BYTES];
        snprintf(expected_date, sizeof expected_date, "%04d-%02d-%02d", time.date.year,
                 time.date.month % 100, time.date.day % 100);
        snprintf(expected, sizeof expected, "%sT%02d:%02d:%02d", expected_date, time.hour % 100,
                 time.minute % 100, time.second % 100);
        assert_string_equal(civil_date_format(time.date, text), expected_date);
        assert_string_equal(civil_time_format(time, text), expected);
    }
}

static void test_seconds(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 11);
    for (int i = 0; i < 200000; i++) {
        uint64_t span = (uint64_t)(LAST_DAY - FIRST_DAY + 1) * 86400;
        int64_t seconds = FIRST_DAY * 86400 + (int64_t)random_below(&random, span);
        struct civil_time time = civil_from_seconds(seconds);
        assert_int_equal(civil_to_seconds(time), seconds);
        struct tm tm = {.tm_year = time.date.year - 1900,
                        .tm_mon = time.date.month - 1,
                        .tm_mday = time.date.day,
                        .tm_hour = time.hour,
                        .tm_min = time.minute,
                        .tm_sec = time.second};
        assert_int_equal(timegm(&tm), seconds);
    }
}

static void test_add_months(void **state)
{
    (void)state;
    assert_int_equal(civil_date_compare(civil_add_months(date(2025, 3, 31), -1), date(2025, 2, 28)),
                     0);
    assert_int_equal(civil_date_compare(civil_add_months(date(2024, 3, 31), -1), date(2024, 2, 29)),
                     0);
    assert_int_equal(civil_date_compare(civil_add_months(date(2024, 2, 29), 12), date(2025, 2, 28)),
                     0);
    assert_int_equal(
        civil_date_compare(civil_add_months(date(2024, 1, 15), -13), date(2022, 12, 15)), 0);
    assert_false(civil_date_is_valid(civil_add_months(date(9999, 12, 1), 1)));
    assert_false(civil_date_is_valid(civil_add_months(date(1, 1, 1), -1)));
    assert_false(civil_date_is_valid(civil_add_months(date(1, 1, 1), INT64_MIN)));
    assert_false(civil_date_is_valid(civil_add_months(date(1, 1, 1), INT64_MAX)));
    struct random random;
    random_seed(&random, 3);
    for (int i = 0; i < 200000; i++) {
        struct civil_date start = civil_from_days((int64_t)random_below(&random, 100000));
        int64_t months = (int64_t)random_below(&random, 2400) - 1200;
        struct civil_date end = civil_add_months(start, months);
        assert_true(civil_date_is_valid(end));
        int64_t moved = (end.year - start.year) * 12 + end.month - start.month;
        assert_int_equal(moved, months);
        int32_t last = civil_days_in_month(end.year, end.month);
        assert_int_equal(end.day, start.day < last ? start.day : last);
    }
}

static void test_add_days(void **state)
{
    (void)state;
    assert_int_equal(civil_date_compare(civil_add_days(date(2024, 2, 28), 2), date(2024, 3, 1)), 0);
    assert_int_equal(civil_date_compare(civil_add_days(date(2021, 1, 1), -1), date(2020, 12, 31)),
                     0);
    assert_false(civil_date_is_valid(civil_add_days(date(9999, 12, 31), 1)));
    assert_false(civil_date_is_valid(civil_add_days(date(1, 1, 1), -1)));
    assert_false(civil_date_is_valid(civil_add_days(date(1, 1, 1), INT64_MIN)));
    assert_false(civil_date_is_valid(civil_add_days(date(2021, 1, 1), INT64_MAX)));
}

static void test_parse(void **state)
{
    (void)state;
    struct civil_date day = {0};
    struct civil_time time = {0};
    char buffer[CIVIL_TIME_BYTES];
    assert_int_equal(civil_date_parse("2021-11-11", &day, NULL), 0);
    assert_int_equal(civil_date_compare(day, date(2021, 11, 11)), 0);
    assert_int_equal(civil_date_parse("20240229", &day, NULL), 0);
    assert_string_equal(civil_date_format(day, buffer), "2024-02-29");
    static const char *const times[][2] = {
        {"2021-11-11T02:30:45", "2021-11-11T02:30:45"},
        {"2021-11-11 02:30", "2021-11-11T02:30:00"},
        {"20211111T235959", NULL},
        {"20211111T23:59:59", "2021-11-11T23:59:59"},
        {"2021-11-11", "2021-11-11T00:00:00"},
        {"2021-11-11T", NULL},
        {"2021-11-11T24:00:00", NULL},
        {"2021-11-11T2:30", NULL},
        {"2021-11-11T02:60", NULL},
        {"2021-11-11T02:30:60", NULL},
        {"2021-11-11T02:30:45Z", NULL},
        {"2021-11-11  02:30", NULL},
        {"2021-11-11T02:30:", NULL},
        {"2021-11-11T02", NULL},
    };
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        int result = civil_time_parse(times[i][0], &time, NULL);
        assert_int_equal(result, times[i][1] == NULL ? -1 : 0);
        if (result == 0)
            assert_string_equal(civil_time_format(time, buffer), times[i][1]);
    }
}

static void test_parse_refuses(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"2021-02-30", "2021-02-30 is not a date: February 2021 has 28 days"},
        {"2024-02-30", "2024-02-30 is not a date: February 2024 has 29 days"},
        {"20210431", "20210431 is not a date: April 2021 has 30 days"},
        {"2021-13-01", "2021-13-01 is not a date: months go from 01 to 12"},
        {"2021-00-01", "2021-00-01 is not a date: months go from 01 to 12"},
        {"2021-01-00", "2021-01-00 is not a date: days begin at 01"},
        {"0000-01-01", "0000-01-01 is not a date: years go from 0001 to 9999"},
        {"2021-1-1", "2021-1-1 is not a date: write 2021-11-11 or 20211111"},
        {"2021-1111", "2021-1111 is not a date: write 2021-11-11 or 20211111"},
        {"202111-11", "202111-11 is not a date: write 2021-11-11 or 20211111"},
        {"2021/11/11", "2021/11/11 is not a date: write 2021-11-11 or 20211111"},
        {"", " is not a date: write 2021-11-11 or 20211111"},
        {"2021", "2021 is not a date: write 2021-11-11 or 20211111"},
        {"2021-11-11 ", "2021-11-11  is not a date: write 2021-11-11 or 20211111"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct civil_date day = {5, 5, 5};
        struct error err = {0};
        assert_int_equal(civil_date_parse(rows[i][0], &day, &err), -1);
        assert_int_equal(day.year, 5);
        assert_string_equal(err.text, rows[i][1]);
        assert_string_equal(err.code, "E020");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_day),     cmocka_unit_test(test_format),
        cmocka_unit_test(test_seconds),       cmocka_unit_test(test_add_months),
        cmocka_unit_test(test_add_days),      cmocka_unit_test(test_parse),
        cmocka_unit_test(test_parse_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

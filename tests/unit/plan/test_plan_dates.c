/* Ranges of business dates as people write them. Today is Monday, 2021-11-22. */
#include "scheduler/base/scope.h"
#include "scheduler/plan/plan_dates.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MAX_WORDS 8

/* Words of a command line, separated by '|' as they have spaces themselves. */
static struct plan_dates_request split(const char *line, struct arena *arena)
{
    struct plan_dates_request request = {.today = {2021, 11, 22}};
    const char **words = arena_array(arena, MAX_WORDS, sizeof *words);
    char *at = arena_copy_string(arena, line);
    while (at != NULL) {
        assert_in_range(request.word_count, 0, MAX_WORDS - 1);
        words[request.word_count++] = at;
        at = strchr(at, '|');
        if (at != NULL)
            *at++ = '\0';
    }
    request.words = words;
    return request;
}

static void expect_of(const struct plan_dates_request *request, struct arena *arena,
                      const char *expected, size_t count)
{
    SCOPED_TEXT struct text written = {0};
    struct plan_dates dates;
    struct error err = {0};
    if (plan_dates_parse(request, arena, &dates, NULL, &err) != 0)
        fail_msg("%s", err.text);
    plan_dates_write(&dates, &written);
    assert_string_equal(text_string(&written), expected);
    assert_int_equal(dates.count, count);
    for (size_t i = 1; i < dates.count; i++)
        assert_true(civil_date_compare(dates.items[i - 1], dates.items[i]) < 0);
}

static void expect(const char *line, const char *expected, size_t count)
{
    SCOPED_ARENA struct arena arena = {0};
    struct plan_dates_request request = split(line, &arena);
    expect_of(&request, &arena, expected, count);
}

static void expect_today(const char *line, const char *today, const char *expected, size_t count)
{
    SCOPED_ARENA struct arena arena = {0};
    struct plan_dates_request request = split(line, &arena);
    assert_int_equal(civil_date_parse(today, &request.today, NULL), 0);
    expect_of(&request, &arena, expected, count);
}

static void expect_weekdays(const char *line, const char *expected, size_t count)
{
    SCOPED_ARENA struct arena arena = {0};
    struct plan_dates_request request = split(line, &arena);
    request.only_weekdays = true;
    expect_of(&request, &arena, expected, count);
}

/* Fails with this text and help; `spot` is the line with carets under what is wrong. */
static void refuse_of(const struct plan_dates_request *request, struct arena *arena,
                      const char *const parts[3])
{
    struct plan_dates dates = {.count = 77};
    struct plan_dates_spot spot = {0};
    struct error err = {0};
    assert_int_equal(plan_dates_parse(request, arena, &dates, &spot, &err), -1);
    assert_string_equal(err.text, parts[0]);
    assert_string_equal(err.help, parts[1]);
    assert_string_equal(err.code, "E020");
    assert_int_equal(err.kind, ERROR_KIND_USAGE);
    assert_int_equal(dates.count, 77);
    const char *at = request->words[spot.word] + spot.offset;
    assert_int_equal(spot.length, strlen(parts[2]));
    assert_memory_equal(at, parts[2], spot.length);
    assert_int_equal(plan_dates_parse(request, arena, &dates, NULL, NULL), -1);
}

static void refuse(const char *line, const char *text, const char *help, const char *spot)
{
    SCOPED_ARENA struct arena arena = {0};
    struct plan_dates_request request = split(line, &arena);
    refuse_of(&request, &arena, (const char *const[]){text, help, spot});
}

static const char forms[] = "ranges are written 2021-11-01..2021-11-11 (both ends included), "
                            "2021-11, 2021, 2021-11-11, yesterday or last 7d";

static void test_forms(void **state)
{
    (void)state;
    expect("2021-11-11", "2021-11-11", 1);
    expect("20211111", "2021-11-11", 1);
    expect("2021-11-01..2021-11-11", "2021-11-01..2021-11-11", 11);
    expect("20211101..2021-11-11", "2021-11-01..2021-11-11", 11);
    expect("2021-11-11..2021-11-11", "2021-11-11", 1);
    expect("2021-11", "2021-11-01..2021-11-30", 30);
    expect("2021", "2021-01-01..2021-12-31", 365);
    expect("2020", "2020-01-01..2020-12-31", 366);
    expect("2021-03..2021-05", "2021-03-01..2021-05-31", 92);
    expect("2019..2021-02", "2019-01-01..2021-02-28", 790);
    expect("2021-11-11..2021-11", "2021-11-11..2021-11-30", 20);
    expect("2021-11..2021-11-03", "2021-11-01..2021-11-03", 3);
    expect("yesterday", "2021-11-21", 1);
    expect("YESTERDAY", "2021-11-21", 1);
    expect("2021-11-19..yesterday", "2021-11-19..2021-11-21", 3);
}

static void test_last(void **state)
{
    (void)state;
    expect("last 7d", "2021-11-15..2021-11-21", 7);
    expect("last|7d", "2021-11-15..2021-11-21", 7);
    expect("last 1d", "2021-11-21", 1);
    expect("Last 2W", "2021-11-08..2021-11-21", 14);
    expect("last 1m", "2021-10-22..2021-11-21", 31);
    expect("last 12m", "2020-11-22..2021-11-21", 365);
    expect_today("last 1m", "2021-03-31", "2021-02-28..2021-03-30", 31);
    expect_today("last 1m", "2024-03-30", "2024-02-29..2024-03-29", 30);
    expect_today("last 3d", "2022-01-02", "2021-12-30..2022-01-01", 3);
    expect_today("last 12m", "2024-02-29", "2023-02-28..2024-02-28", 366);
    expect("last 2d,2021-11-01|last|1d", "2021-11-01,2021-11-20..2021-11-21", 3);
}

static void test_leap_years_and_ends(void **state)
{
    (void)state;
    expect("2000-02", "2000-02-01..2000-02-29", 29);
    expect("1900-02", "1900-02-01..1900-02-28", 28);
    expect("2024-02-29", "2024-02-29", 1);
    expect("2020-12-31..2021-01-01", "2020-12-31..2021-01-01", 2);
    expect("0001-01-01", "0001-01-01", 1);
    expect("0001", "0001-01-01..0001-12-31", 365);
    expect("9999-12-31", "9999-12-31", 1);
    expect("9999-12", "9999-12-01..9999-12-31", 31);
    expect("9999", "9999-01-01..9999-12-31", 365);
    expect("1969-12-30..1970-01-02", "1969-12-30..1970-01-02", 4);
}

static void test_several(void **state)
{
    (void)state;
    expect("2021-11-08,2021-11-01..2021-11-05", "2021-11-01..2021-11-05,2021-11-08", 6);
    expect("2021-11-01..2021-11-05|2021-11-03..2021-11-08", "2021-11-01..2021-11-08", 8);
    expect("2021-11-01..2021-11-10|2021-11-03", "2021-11-01..2021-11-10", 10);
    expect("2021-11-03|2021-11-01..2021-11-10", "2021-11-01..2021-11-10", 10);
    expect("2021-11-01,2021-11-02,2021-11-03", "2021-11-01..2021-11-03", 3);
    expect("2021-11-02,2021-11-02,20211102", "2021-11-02", 1);
    expect(" , 2021-11-02 ,,\t2021-11-04\r", "2021-11-02,2021-11-04", 2);
    expect("2021-11|2021-10", "2021-10-01..2021-11-30", 61);
}

static void test_lines_of_a_file(void **state)
{
    (void)state;
    expect("# the days of the outage|2021-11-02   # a Tuesday\r||  |2021-11-04..2021-11-05#x\r",
           "2021-11-02,2021-11-04..2021-11-05", 3);
    expect("last # here|# and|2d", "2021-11-20..2021-11-21", 2);
    refuse("# nothing|#2021-11-01", "no dates are given", forms, "#");
}

static void test_weekdays(void **state)
{
    (void)state;
    expect_weekdays("2021-11-01..2021-11-11", "2021-11-01..2021-11-05,2021-11-08..2021-11-11", 9);
    expect_weekdays("1969-12-29..1970-01-05", "1969-12-29..1970-01-02,1970-01-05", 6);
    expect_weekdays("2021-11-13,2021-11-15", "2021-11-15", 1);
}

static void refuse_weekdays(const char *line, const char *spot)
{
    SCOPED_ARENA struct arena arena = {0};
    struct plan_dates_request request = split(line, &arena);
    request.only_weekdays = true;
    refuse_of(&request, &arena,
              (const char *const[]){"none of these dates is a weekday (Monday to Friday)",
                                    "leave out --weekdays", spot});
}

static void test_only_weekends(void **state)
{
    (void)state;
    refuse_weekdays("2021-11-13..2021-11-14", "2021-11-13..2021-11-14");
    refuse_weekdays("|2021-11-20,2021-11-14", "2021-11-20");
    refuse_weekdays("0001-01-06", "0001-01-06");
}

static void test_counted_weekdays(void **state)
{
    (void)state;
    for (int64_t start = -10; start < 10; start++) {
        for (int64_t length = 1; length < 20; length++) {
            SCOPED_ARENA struct arena arena = {0};
            char first[CIVIL_DATE_BYTES];
            char last[CIVIL_DATE_BYTES];
            civil_date_format(civil_from_days(start), first);
            civil_date_format(civil_from_days(start + length - 1), last);
            struct plan_dates_request request =
                split(arena_format(&arena, "%s..%s", first, last), &arena);
            request.only_weekdays = true;
            size_t expected = 0;
            for (int64_t day = start; day < start + length; day++)
                expected += civil_weekday(civil_from_days(day)) <= 5;
            struct plan_dates dates = {0};
            int result = plan_dates_parse(&request, &arena, &dates, NULL, NULL);
            assert_int_equal(result, expected == 0 ? -1 : 0);
            assert_int_equal(dates.count, expected);
        }
    }
}

static void test_no_dates(void **state)
{
    (void)state;
    refuse("2021-02-01..2021-02-30", "2021-02-30 is not a date: February 2021 has 28 days",
           "for the whole month use `2021-02`; ranges include both ends", "2021-02-30");
    refuse("x|2021-02-30", "x is not a date", forms, "x");
    refuse("2021-01|20210431..2021-05", "20210431 is not a date: April 2021 has 30 days",
           "for the whole month use `2021-04`; ranges include both ends", "20210431");
    refuse("2021-02-29", "2021-02-29 is not a date: February 2021 has 28 days",
           "for the whole month use `2021-02`; ranges include both ends", "2021-02-29");
    refuse("1900-02-29", "1900-02-29 is not a date: February 1900 has 28 days",
           "for the whole month use `1900-02`; ranges include both ends", "1900-02-29");
    refuse("2021-13-01", "2021-13-01 is not a date: months go from 01 to 12", forms, "2021-13-01");
    refuse("2021-11-00", "2021-11-00 is not a date: days begin at 01", forms, "2021-11-00");
    refuse("0000-01-01", "0000-01-01 is not a date: years go from 0001 to 9999", forms,
           "0000-01-01");
    refuse("2021-13", "2021-13 is not a month: months go from 01 to 12", forms, "2021-13");
    refuse("2021-00..2021-01", "2021-00 is not a month: months go from 01 to 12", forms, "2021-00");
    refuse("0000-01", "0000-01 is not a month: years go from 0001 to 9999", forms, "0000-01");
    refuse("0000", "0000 is not a year: years go from 0001 to 9999", forms, "0000");
    refuse("2021-11-01 to 2021-11-05", "to is not a date", forms, "to");
    refuse("2021-11-01-2021-11-05", "2021-11-01-2021-11-05 is not a date", forms,
           "2021-11-01-2021-11-05");
    refuse("10000-01-01", "10000-01-01 is not a date", forms, "10000-01-01");
    refuse("+2021", "+2021 is not a date", forms, "+2021");
}

static void test_what_was_meant(void **state)
{
    (void)state;
    refuse("2021-1-5", "2021-1-5 is not a date", "write `2021-01-05`", "2021-1-5");
    refuse("2021/11/01", "2021/11/01 is not a date", "write `2021-11-01`", "2021/11/01");
    refuse("2021.11.1", "2021.11.1 is not a date", "write `2021-11-01`", "2021.11.1");
    refuse("2021-11-01..2021/11/5", "2021/11/5 is not a date", "write `2021-11-05`", "2021/11/5");
    refuse("202111", "202111 is not a date", "write `2021-11`", "202111");
    refuse("2021-1", "2021-1 is not a date", "write `2021-01`", "2021-1");
    refuse("2021/2/30", "2021/2/30 is not a date", forms, "2021/2/30");
    refuse("202113", "202113 is not a date", forms, "202113");
    refuse("today", "today is not a date",
           "the business date of today has its data tomorrow; the newest that has them is "
           "`yesterday`",
           "today");
}

static void test_ranges_that_are_none(void **state)
{
    (void)state;
    refuse("2021-11-11..2021-11-01", "the range 2021-11-11..2021-11-01 ends before it begins",
           "write `2021-11-01..2021-11-11`; `--order desc` runs the newest date first",
           "2021-11-11..2021-11-01");
    refuse("2021-01 2021-05..2021-03", "the range 2021-05..2021-03 ends before it begins",
           "write `2021-03..2021-05`; `--order desc` runs the newest date first",
           "2021-05..2021-03");
    refuse("2022..yesterday", "the range 2022..yesterday ends before it begins",
           "write `yesterday..2022`; `--order desc` runs the newest date first", "2022..yesterday");
    refuse("2021-11-01..", "the range 2021-11-01.. has no end",
           "up to yesterday: `2021-11-01..yesterday`; a range is one word, without spaces",
           "2021-11-01..");
    refuse("2021-11-01 .. 2021-11-05", "the range .. has no beginning",
           "say where it begins; a range is one word, without spaces", "..");
    refuse("..2021-11-05", "the range ..2021-11-05 has no beginning",
           "say where it begins; a range is one word, without spaces", "..2021-11-05");
    refuse("2021-11-01...2021-11-05", ".2021-11-05 is not a date", forms, ".2021-11-05");
    refuse("2021-01..2021-02..2021-03", "2021-02..2021-03 is not a date", forms,
           "2021-02..2021-03");
}

static void test_last_that_is_none(void **state)
{
    (void)state;
    static const char units[] =
        "write last 7d (days), last 2w (weeks) or last 1m (months), up to and including yesterday";
    refuse("2021|last", "last: how many days?",
           "write last 7d (days), last 2w (weeks) or last 1m (months)", "last");
    refuse("last|7", "last 7: a number and d, w or m are missing", units, "7");
    refuse("last d", "last d: a number and d, w or m are missing", units, "d");
    refuse("last 7y", "last 7y: a number and d, w or m are missing", units, "7y");
    refuse("last 7dd", "last 7dd: a number and d, w or m are missing", units, "7dd");
    refuse("last 2021-11-01", "last 2021-11-01: a number and d, w or m are missing", units,
           "2021-11-01");
    refuse("last -7d", "last -7d: a number and d, w or m are missing", units, "-7d");
    refuse("last 0d", "last 0d: that is no date at all", units, "0d");
    refuse("last 999999m", "last 999999m: that goes back before the year 0001", units, "999999m");
    refuse("last 999999w", "last 999999w: that goes back before the year 0001", units, "999999w");
    refuse("last 1000000d", "last 1000000d: a number and d, w or m are missing", units, "1000000d");
    refuse("last7d", "last7d is not a date", forms, "last7d");
}

static void test_limits(void **state)
{
    (void)state;
    static const char several[] = "make several of them, one after another";
    expect("last 100000d", "1748-02-07..2021-11-21", PLAN_MAX_DATES);
    refuse("2021-12-01,last 100000d",
           "100001 dates are more than the 100000 that one backfill takes", several, "last");
    refuse("2021|0001..9999", "3652059 dates are more than the 100000 that one backfill takes",
           several, "0001..9999");
}

static void test_many_words(void **state)
{
    (void)state;
    SCOPED_ARENA struct arena arena = {0};
    size_t count = PLAN_MAX_DATES + 1;
    const char **words = arena_array(&arena, count, sizeof *words);
    for (size_t i = 0; i < count; i++)
        words[i] = i % 2 == 0 ? "2021-11-11" : "2021-11-12";
    struct plan_dates_request request = {.words = words, .word_count = count - 1};
    expect_of(&request, &arena, "2021-11-11..2021-11-12", 2);
    request.word_count = count;
    refuse_of(&request, &arena, (const char *const[]){"more than 100000 ranges", "", "2021-11-11"});
}

static void test_wrong_words_are_cut(void **state)
{
    (void)state;
    SCOPED_ARENA struct arena arena = {0};
    SCOPED_TEXT struct text word = {0};
    for (int i = 0; i < 100; i++)
        text_append(&word, "日");
    SCOPED_TEXT struct text message = {0};
    for (int i = 0; i < 20; i++)
        text_append(&message, "日");
    text_append(&message, " is not a date");
    struct plan_dates_request request = split(text_string(&word), &arena);
    refuse_of(&request, &arena,
              (const char *const[]){text_string(&message), forms, text_string(&word)});
}

static void test_nothing_is_written_for_nothing(void **state)
{
    (void)state;
    SCOPED_TEXT struct text text = {0};
    plan_dates_write(&(struct plan_dates){0}, &text);
    assert_string_equal(text_string(&text), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_last),
        cmocka_unit_test(test_leap_years_and_ends),
        cmocka_unit_test(test_several),
        cmocka_unit_test(test_lines_of_a_file),
        cmocka_unit_test(test_weekdays),
        cmocka_unit_test(test_only_weekends),
        cmocka_unit_test(test_counted_weekdays),
        cmocka_unit_test(test_no_dates),
        cmocka_unit_test(test_what_was_meant),
        cmocka_unit_test(test_ranges_that_are_none),
        cmocka_unit_test(test_last_that_is_none),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_many_words),
        cmocka_unit_test(test_wrong_words_are_cut),
        cmocka_unit_test(test_nothing_is_written_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

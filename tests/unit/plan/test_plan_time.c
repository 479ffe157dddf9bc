/* Planned times of business dates, most of all around clock changes. */
#include "tests/unit/plan/plan_test.h"

/* `2021-11-12T00:30:00=1636648200` for each time, `~` when it was moved, `#` for a second round,
 * then the remark, all of flow `f` with these lines. */
static char *times_of(const char *lines, const char *bizdate, const char *time)
{
    struct flow_test test;
    plan_test_begin(&test, "timezone: UTC\n");
    char yaml[512];
    snprintf(yaml, sizeof yaml, "flow: f\n%snodes: {a: {type: virtual}}\n", lines);
    struct flow *flow = plan_test_flow(&test, yaml);
    struct plan_times times;
    struct error err = {0};
    struct plan_date date = {0};
    struct civil_time wanted;
    assert_int_equal(civil_date_parse(bizdate, &date.bizdate, NULL), 0);
    if (time != NULL) {
        wanted = plan_test_time(time);
        date.time = &wanted;
    }
    struct text text = {0};
    if (plan_planned_times(flow, date, &test.arena, &times, &err) != 0) {
        text_append_format(&text, "error %d: %s; %s", (int)err.kind, err.text, err.help);
        times.count = 0;
        times.remark = "";
    }
    for (size_t i = 0; i < times.count; i++) {
        char buffer[CIVIL_TIME_BYTES];
        const struct plan_time *item = &times.items[i];
        text_append_format(&text, "%s%s%s=%lld ", civil_time_format(item->planned, buffer),
                           item->is_moved ? "~" : "", item->is_second ? "#" : "",
                           (long long)(item->firing.us / DURATION_SECOND_US));
    }
    text_append(&text, times.remark);
    flow_free(flow);
    flow_test_end(&test);
    return text_take(&text);
}

static void expect(const char *lines, const char *bizdate, const char *time, const char *expected)
{
    char *got = times_of(lines, bizdate, time);
    assert_string_equal(got, expected);
    free(got);
}

#define AT(text, zone) "schedule: {at: \"" text "\", timezone: " zone "}\n"

static void test_day_after(void **state)
{
    (void)state;
    expect(AT("daily 00:30", "Asia/Shanghai"), "2021-11-11", NULL,
           "2021-11-12T00:30:00=1636648200 ");
    expect(AT("daily 00:30", "Asia/Shanghai"), "2024-02-28", NULL,
           "2024-02-29T00:30:00=1709137800 ");
    expect(AT("daily 00:30", "UTC"), "2023-12-31", NULL, "2024-01-01T00:30:00=1704069000 ");
    expect("", "2021-11-11", NULL, "2021-11-12T00:00:00=1636675200 ");
    expect("", "2021-11-11", "2000-01-01T13:15:00", "2021-11-12T13:15:00=1636722900 ");
    expect("", "9999-12-31", NULL, "error 3: the day after the business date is too late; ");
}

static void test_several_times(void **state)
{
    (void)state;
    expect(AT("every 8h from 06:00 to 22:00", "UTC"), "2021-11-11", NULL,
           "2021-11-12T06:00:00=1636696800 2021-11-12T14:00:00=1636725600 "
           "2021-11-12T22:00:00=1636754400 ");
    expect(AT("every 8h from 06:00 to 22:00", "UTC"), "2021-11-11", "1999-01-01T14:00",
           "2021-11-12T14:00:00=1636725600 ");
    expect(AT("every 8h from 06:00 to 22:00", "UTC"), "2021-11-11", "1999-01-01T14:01",
           "error 4: flow f is not scheduled at 14:01; its times are 06:00, 14:00, 22:00");
}

static void test_skipped_days(void **state)
{
    (void)state;
    expect(AT("weekly mon,fri 02:00", "UTC"), "2021-11-11", NULL,
           "2021-11-12T02:00:00=1636682400 ");
    expect(
        AT("weekly mon,fri 02:00", "UTC"), "2021-11-10", NULL,
        "2021-11-11T02:00:00=1636596000 schedule `weekly mon,fri 02:00` skips 2021-11-11; it runs "
        "all the same");
    expect(
        "schedule: {at: daily 02:00, from: 2021-11-12}\n", "2021-11-10", NULL,
        "2021-11-11T02:00:00=1636596000 schedule `daily 02:00` skips 2021-11-11; it runs all the "
        "same");
    expect("schedule: {at: daily 02:00, from: 2021-11-12}\n", "2021-11-11", NULL,
           "2021-11-12T02:00:00=1636682400 ");
}

/* New York springs forward on 2024-03-10 at 02:00 and falls back on 2024-11-03 at 02:00. */
static void test_gap(void **state)
{
    (void)state;
    expect(AT("daily 02:30", "America/New_York"), "2024-03-09", NULL,
           "2024-03-10T02:30:00~=1710054000 the wall time 02:30 is skipped on 2024-03-10 in "
           "America/New_York; it counts as planned then and starts at the first instant after");
    expect(AT("0,30 2 * * *", "America/New_York"), "2024-03-09", NULL,
           "2024-03-10T02:00:00~=1710054000 2024-03-10T02:30:00~=1710054000 the wall time 02:00 is "
           "skipped on 2024-03-10 in America/New_York; it counts as planned then and starts at the "
           "first instant after");
    expect(AT("0 1-3 * * *", "America/New_York"), "2024-03-09", NULL,
           "2024-03-10T01:00:00=1710050400 2024-03-10T03:00:00=1710054000 ");
    expect(AT("0 1-3 * * *", "America/New_York"), "2024-03-09", "1999-01-01T02:00",
           "2024-03-10: that wall time was skipped in America/New_York; there is no instance");
}

static void test_fold(void **state)
{
    (void)state;
    expect(AT("daily 01:30", "America/New_York"), "2024-11-02", NULL,
           "2024-11-03T01:30:00=1730611800 ");
    expect(AT("30 0-2 * * *", "America/New_York"), "2024-11-02", NULL,
           "2024-11-03T00:30:00=1730608200 2024-11-03T01:30:00=1730611800 "
           "2024-11-03T01:30:00#=1730615400 2024-11-03T02:30:00=1730619000 ");
    expect(AT("every 30m from 01:00 to 02:00", "America/New_York"), "2024-11-02", NULL,
           "2024-11-03T01:00:00=1730610000 2024-11-03T01:30:00=1730611800 "
           "2024-11-03T01:00:00#=1730613600 2024-11-03T01:30:00#=1730615400 "
           "2024-11-03T02:00:00=1730617200 ");
}

static void test_date_that_never_was(void **state)
{
    (void)state;
    expect(AT("daily 02:30", "Pacific/Apia"), "2011-12-29", NULL,
           "2011-12-30 never was in Pacific/Apia; there is no instance");
    expect(AT("daily 02:30", "Pacific/Apia"), "2011-12-28", NULL,
           "2011-12-29T02:30:00=1325161800 ");
    expect(AT("daily 02:30", "Pacific/Apia"), "2011-12-30", NULL,
           "2011-12-31T02:30:00=1325248200 ");
}

/* The days of a month on which it fires, as `1 5 9 `. */
static void expect_days(const char *schedule, const char *month, const char *expected)
{
    struct flow_test test;
    plan_test_begin(&test, "timezone: UTC\n");
    char yaml[512];
    snprintf(yaml, sizeof yaml, "flow: f\nschedule: \"%s\"\nnodes: {a: {type: virtual}}\n",
             schedule);
    struct flow *flow = plan_test_flow(&test, yaml);
    struct text text = {0};
    char first[CIVIL_DATE_BYTES];
    snprintf(first, sizeof first, "%s-01", month);
    struct civil_date date;
    assert_int_equal(civil_date_parse(first, &date, NULL), 0);
    int32_t last = civil_days_in_month(date.year, date.month);
    for (date.day = 1; date.day <= last; date.day++) {
        if (plan_schedule_has_date(flow, date))
            text_append_format(&text, "%d ", (int)date.day);
    }
    assert_string_equal(text_string(&text), expected);
    text_free(&text);
    flow_free(flow);
    flow_test_end(&test);
}

/* 2024-02-01 is a Thursday, 2024-06-01 a Saturday, 2024-09-01 a Sunday. */
static void test_days(void **state)
{
    (void)state;
    expect_days("monthly 1,last 03:00", "2024-02", "1 29 ");
    expect_days("yearly 02-29 03:00", "2024-02", "29 ");
    expect_days("yearly 02-29 03:00", "2023-02", "");
    expect_days("weekly sun 03:00", "2024-02", "4 11 18 25 ");
    expect_days("0 3 1,15 * *", "2024-02", "1 15 ");
    expect_days("0 3 * 3 *", "2024-02", "");
    expect_days("0 3 * * 1-5/2", "2024-02", "2 5 7 9 12 14 16 19 21 23 26 28 ");
    expect_days("0 3 13 * 5", "2024-02", "2 9 13 16 23 ");
    expect_days("0 3 L * ?", "2023-02", "28 ");
    expect_days("0 3 LW * ?", "2024-06", "28 ");
    expect_days("0 3 LW * ?", "2024-03", "29 ");
    expect_days("0 3 1W * ?", "2024-06", "3 ");
    expect_days("0 3 1W * ?", "2024-09", "2 ");
    expect_days("0 3 30W * ?", "2024-06", "28 ");
    expect_days("0 3 15W * ?", "2024-06", "14 ");
    expect_days("0 3 31W * ?", "2024-06", "");
    expect_days("0 3 ? * 5L", "2024-02", "23 ");
    expect_days("0 3 ? * 4#5", "2024-02", "29 ");
    expect_days("0 3 ? * 5#5", "2024-02", "");
    expect_days("0 3 ? * 7#1", "2024-09", "1 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_day_after),    cmocka_unit_test(test_several_times),
        cmocka_unit_test(test_skipped_days), cmocka_unit_test(test_gap),
        cmocka_unit_test(test_fold),         cmocka_unit_test(test_date_that_never_was),
        cmocka_unit_test(test_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

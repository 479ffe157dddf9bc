#include "scheduler/command/date_word.h"

#include "scheduler/flow/cron.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct civil_time at_half_past_two[] = {{.hour = 2, .minute = 30}};
static const struct civil_time twice[] = {{.hour = 1}, {.hour = 13}};

/* A flow with these times of day in that zone, due each day. */
static struct flow make_flow(const char *zone, const struct civil_time *times, size_t count)
{
    static struct flow_schedule_rule rules[64];
    static size_t rule_count;
    struct flow_schedule_rule *rule = &rules[rule_count++ % 64];
    struct flow flow = {.name = "f"};
    struct error err = {0};
    assert_int_equal(zone_load(zone, &flow.zone, &err), 0);
    *rule = (struct flow_schedule_rule){.text = "daily",
                                        .cron = &cron_every_day,
                                        .times = times,
                                        .time_count = count,
                                        .fires_each_day = true};
    flow.schedule = (struct flow_schedule){.text = "daily", .rules = rule, .rule_count = 1};
    return flow;
}

static struct instant at(const struct flow *flow, const char *text)
{
    struct civil_time time;
    struct error err = {0};
    assert_int_equal(civil_time_parse(text, &time, &err), 0);
    return zone_find_local(flow->zone, time).first;
}

static void expect(const struct flow *flow, const char *word, const char *now, const char *bizdate)
{
    struct date_word date;
    struct error err = {0};
    char text[CIVIL_DATE_BYTES];
    assert_int_equal(date_word_parse(word, flow, at(flow, now), &date, &err), 0);
    assert_string_equal(civil_date_format(date.bizdate, text), bizdate);
}

static void test_words(void **state)
{
    (void)state;
    struct flow flow = make_flow("Asia/Shanghai", at_half_past_two, 1);
    expect(&flow, "2021-11-11", "2026-01-01", "2021-11-11");
    expect(&flow, "20211111", "2026-01-01", "2021-11-11");
    expect(&flow, "yesterday", "2021-11-12T00:00", "2021-11-11");
    expect(&flow, "YESTERDAY", "2021-11-12T23:59", "2021-11-11");
    expect(&flow, NULL, "2021-03-01T12:00", "2021-02-28");
    expect(&flow, "latest", "2021-11-12T02:29", "2021-11-10");
    expect(&flow, "latest", "2021-11-12T02:30", "2021-11-11");
    struct date_word date;
    struct error err = {0};
    assert_int_equal(date_word_parse("yesterday", &flow, at(&flow, "2021-11-12"), &date, &err), 0);
    assert_string_equal(date.meaning, "yesterday in Asia/Shanghai");
    assert_int_equal(date_word_parse("2021-11-11", &flow, at(&flow, "2021-11-12"), &date, &err), 0);
    assert_string_equal(date.meaning, "");
    zone_free(flow.zone);
}

/* The day is the flow's, not the machine's: at 23:00 UTC it is tomorrow in Shanghai. */
static void test_zone(void **state)
{
    (void)state;
    struct flow shanghai = make_flow("Asia/Shanghai", at_half_past_two, 1);
    struct flow utc = make_flow("UTC", at_half_past_two, 1);
    struct instant now = at(&utc, "2021-11-11T23:00");
    struct date_word date;
    struct error err = {0};
    assert_int_equal(date_word_parse(NULL, &shanghai, now, &date, &err), 0);
    assert_int_equal(date.bizdate.day, 11);
    assert_int_equal(date_word_parse(NULL, &utc, now, &date, &err), 0);
    assert_int_equal(date.bizdate.day, 10);
    zone_free(shanghai.zone);
    zone_free(utc.zone);
}

static void test_times(void **state)
{
    (void)state;
    struct flow flow = make_flow("Asia/Shanghai", twice, 2);
    struct arena arena = {0};
    struct date_word date;
    struct plan_times times;
    struct error err = {0};
    struct instant now = at(&flow, "2021-11-12T12:59");
    assert_int_equal(date_word_parse("2021-11-11T13:00", &flow, now, &date, &err), 0);
    assert_true(date.has_time);
    assert_int_equal(date_word_times(&date, &flow, &arena, &times, &err), 0);
    assert_int_equal(times.count, 1);
    assert_string_equal(date_word_show_planned(&flow, &times.items[0], &arena),
                        "2021-11-12 13:00 +08:00");
    assert_int_equal(date_word_parse("2021-11-11", &flow, now, &date, &err), 0);
    assert_int_equal(date_word_times(&date, &flow, &arena, &times, &err), 0);
    assert_int_equal(times.count, 2);
    assert_int_equal(date_word_parse("latest", &flow, now, &date, &err), 0);
    assert_true(date.has_time);
    assert_int_equal(date.time.hour, 1);
    assert_int_equal(date_word_parse("2021-11-11T07:00", &flow, now, &date, &err), 0);
    assert_int_equal(date_word_times(&date, &flow, &arena, &times, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_NOT_FOUND);
    arena_free(&arena);
    zone_free(flow.zone);
}

static void test_never(void **state)
{
    (void)state;
    struct flow flow = make_flow("Pacific/Apia", at_half_past_two, 1);
    struct arena arena = {0};
    struct date_word date;
    struct plan_times times;
    struct error err = {0};
    /* the date after is one the zone never had */
    assert_int_equal(date_word_parse("2011-12-29", &flow, (struct instant){0}, &date, &err), 0);
    assert_int_equal(date_word_times(&date, &flow, &arena, &times, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_NOT_FOUND);
    arena_free(&arena);
    zone_free(flow.zone);
}

static void test_wrong(void **state)
{
    (void)state;
    static const char *const wrong[] = {"2021-02-30", "2021-13-01",       "x",
                                        "",           "2021-11-11T25:00", "yesterday ",
                                        "11.11.2021", "2021-11",          "999999999999"};
    struct flow flow = make_flow("Asia/Shanghai", at_half_past_two, 1);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct date_word date;
        struct error err = {0};
        assert_int_equal(date_word_parse(wrong[i], &flow, (struct instant){0}, &date, &err), -1);
        assert_string_equal(err.code, "E020");
        assert_int_equal(err.kind, ERROR_KIND_USAGE);
        assert_string_not_equal(err.help, "");
    }
    struct date_word date;
    struct error err = {0};
    assert_int_equal(date_word_parse("2021-02-30", &flow, (struct instant){0}, &date, &err), -1);
    assert_string_equal(err.text, "2021-02-30 is not a date: February 2021 has 28 days");
    zone_free(flow.zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words), cmocka_unit_test(test_zone),  cmocka_unit_test(test_times),
        cmocka_unit_test(test_never), cmocka_unit_test(test_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

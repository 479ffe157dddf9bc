/* Forms and cron lines: what they mean for a day, and how a wrong one is shown. */
#include "tests/unit/flow/flow_test.h"

#include "scheduler/flow/cron.h"
#include "scheduler/flow/schedule.h"

struct good {
    const char *text;
    const char *normal;
    size_t times;
    bool each_day;
    const char *first; /* time of day */
    const char *last;
};

static const struct good goods[] = {
    {"daily 00:30", "daily 00:30", 1, true, "00:30:00", "00:30:00"},
    {"  daily   23:59:58 ", "daily 23:59:58", 1, true, "23:59:58", "23:59:58"},
    {"hourly :15", "hourly :15", 24, true, "00:15:00", "23:15:00"},
    {"hourly", "hourly :00", 24, true, "00:00:00", "23:00:00"},
    {"every 5m from 08:00 to 20:00", "every 5m from 08:00 to 20:00", 145, true, "08:00:00",
     "20:00:00"},
    {"every 7m from 08:00 to 08:20", "every 7m from 08:00 to 08:20", 3, true, "08:00:00",
     "08:14:00"},
    {"every 90m", "every 1h30m", 16, true, "00:00:00", "22:30:00"},
    {"every 1d", "every 1d", 1, true, "00:00:00", "00:00:00"},
    {"every 1s", "every 1s", 86400, true, "00:00:00", "23:59:59"},
    {"weekly mon,fri 09:00", "weekly mon,fri 09:00", 1, false, "09:00:00", "09:00:00"},
    {"weekly fri-mon 09:00", "weekly mon,fri,sat,sun 09:00", 1, false, "09:00:00", "09:00:00"},
    {"weekly mon-sun 09:00", "weekly mon,tue,wed,thu,fri,sat,sun 09:00", 1, true, "09:00:00",
     "09:00:00"},
    {"monthly 1,last 03:00", "monthly 1,last 03:00", 1, false, "03:00:00", "03:00:00"},
    {"yearly 02-29 04:00", "yearly 02-29 04:00", 1, false, "04:00:00", "04:00:00"},
    {"30 0 * * *", "30 0 * * *", 1, true, "00:30:00", "00:30:00"},
    {"*/15  8-9 * *  *", "*/15 8-9 * * *", 8, true, "08:00:00", "09:45:00"},
    {"00 00 02 * * ?", "00 00 02 * * ?", 1, true, "02:00:00", "02:00:00"},
    {"0 0 * * MON-FRI", "0 0 * * MON-FRI", 1, false, "00:00:00", "00:00:00"},
    {"0 0 * * 0-7", "0 0 * * 0-7", 1, true, "00:00:00", "00:00:00"},
    {"0 0 1 * *", "0 0 1 * *", 1, false, "00:00:00", "00:00:00"},
    {"0 0 1-31 * *", "0 0 1-31 * *", 1, true, "00:00:00", "00:00:00"},
    {"0 0 1-31 * mon", "0 0 1-31 * mon", 1, true, "00:00:00", "00:00:00"},
    {"0 0 ? * mon", "0 0 ? * mon", 1, false, "00:00:00", "00:00:00"},
    {"0 0 L * ?", "0 0 L * ?", 1, false, "00:00:00", "00:00:00"},
    {"0 0 * jan-nov *", "0 0 * jan-nov *", 1, false, "00:00:00", "00:00:00"},
    {"5/20 * * * *", "5/20 * * * *", 72, true, "00:05:00", "23:45:00"},
    {"0,30 1,13 * * *", "0,30 1,13 * * *", 4, true, "01:00:00", "13:30:00"},
};

static void check_time(const struct civil_time *time, const char *expected)
{
    char text[16];
    snprintf(text, sizeof text, "%02d:%02d:%02d", time->hour % 100, time->minute % 100,
             time->second % 100);
    assert_string_equal(text, expected);
    assert_int_equal(time->date.year, 0);
}

static void good_ones(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof goods / sizeof goods[0]; i++) {
        struct arena arena;
        arena_init(&arena, 0);
        struct flow_schedule_rule schedule;
        struct error err;
        if (schedule_parse(goods[i].text, &arena, &schedule, &err) != 0)
            fail_msg("%s: %s", goods[i].text, err.text);
        assert_string_equal(schedule.text, goods[i].normal);
        assert_int_equal(schedule.time_count, goods[i].times);
        assert_int_equal(schedule.fires_each_day, goods[i].each_day);
        check_time(&schedule.times[0], goods[i].first);
        check_time(&schedule.times[schedule.time_count - 1], goods[i].last);
        /* The normal form means the same and is its own normal form. */
        struct flow_schedule_rule again;
        assert_int_equal(schedule_parse(schedule.text, &arena, &again, &err), 0);
        assert_string_equal(again.text, schedule.text);
        assert_int_equal(again.time_count, schedule.time_count);
        assert_int_equal(again.fires_each_day, schedule.fires_each_day);
        arena_free(&arena);
    }
}

/* The days of `on`. */
static void days_only(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *normal; /* or the message */
        int column;         /* 0: it is good */
    } rows[] = {
        {" weekly  mon-wed", "weekly mon,tue,wed", 0},
        {"monthly 1,last", "monthly 1,last", 0},
        {"yearly 02-29", "yearly 02-29", 0},
        {"", "a schedule cannot be empty", 1},
        {"daily", "`daily` says no days", 1},
        {"weekly mon 09:00", "only days stand here: a node starts at its flow's time", 12},
        {"monthly 1,32", "`32` is no day of a month: 1 to 31, or last", 9},
        {"0 0 * * mon", "`0` says no days", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena arena;
        struct error err = {0};
        const struct cron *cron = NULL;
        const char *text = NULL;
        arena_init(&arena, 0);
        int result = schedule_parse_days(rows[i].text, &arena, &cron, &text, &err);
        assert_int_equal(result, rows[i].column == 0 ? 0 : -1);
        assert_int_equal(err.column, rows[i].column);
        assert_string_equal(result == 0 ? text : err.text, rows[i].normal);
        if (i == 0) {
            assert_true(cron_has_date(cron, (struct civil_date){2021, 11, 8}));
            assert_false(cron_has_date(cron, (struct civil_date){2021, 11, 11}));
        }
        arena_free(&arena);
    }
}

struct bad {
    const char *text;
    const char *underlined; /* the piece that is shown as wrong */
    const char *words;
};

static const struct bad bads[] = {
    {"", "", "cannot be empty"},
    {"dayly 00:30", "dayly", "no schedule"},
    {"daily", "daily", "expected a time"},
    {"daily 0:30", "0:30", "expected a time"},
    {"daily 24:00", "24:00", "expected a time"},
    {"daily 00:60", "00:60", "expected a time"},
    {"daily 00:30 extra", "extra", "nothing is expected"},
    {"hourly 15", "15", "expected a minute"},
    {"hourly :60", ":60", "expected a minute"},
    {"every", "every", "expected a step"},
    {"every 0s", "0s", "a step is"},
    {"every 7m", "7m", "no multiple"},
    {"every 500ms", "500ms", "a step is"},
    {"every 5m from 08:00", "from", "expected `from"},
    {"every 5m from 20:00 to 08:00", "08:00", "before the beginning"},
    {"weekly", "weekly", "expected weekdays"},
    {"weekly mon,fry 09:00", "mon,fry", "`fry` is no weekday"},
    {"weekly mon-tue-wed 09:00", "mon-tue-wed", "two ends"},
    {"weekly mon, 09:00", "mon,", "is no weekday"},
    {"monthly 0 03:00", "0", "no day of a month"},
    {"monthly 32 03:00", "32", "no day of a month"},
    {"monthly 99999999999 03:00", "99999999999", "no day of a month"},
    {"monthly lst 03:00", "lst", "no day of a month"},
    {"yearly 02-30 04:00", "02-30", "expected a day"},
    {"yearly 13-01 04:00", "13-01", "expected a day"},
    {"30 0 * *", "30 0 * *", "has 5 fields"},
    {"1 2 3 4 5 6 7", "7", "has 5 fields"},
    {"60 0 * * *", "60", "minute: expected 0 to 59"},
    {"0 25 * * *", "25", "hour: expected 0 to 23"},
    {"0 0 32 * *", "32", "day of the month"},
    {"0 0 0 * *", "0", "day of the month"},
    {"0 0 * 13 *", "13", "month: expected 1 to 12"},
    {"0 0 * * 8", "8", "weekday"},
    {"0 0 * foo *", "f", "month: expected a number or a name"},
    {"0 5-1 * * *", "5-1", "runs backwards"},
    {"*/0 * * * *", "0", "no such step"},
    {"*/99999999999 * * * *", "999999", "too large"},
    {"0 0 * * mon#6", "6", "1 to 5"},
    {"0 0 * * mon#", " ", ""},
    {"31 2 30 2 *", "31 2 30 2 *", "it never fires"},
    {"0 0 0 31 2,4,6,9,11 ?", "0 0 0 31 2,4,6,9,11 ?", "it never fires"},
    {"0x * * * *", "x", "makes no sense"},
    {"0,, * * * *", ",", "expected a number"},
};

static void bad_ones_are_underlined(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++) {
        struct arena arena;
        arena_init(&arena, 0);
        struct flow_schedule_rule schedule;
        struct error err = {0};
        if (schedule_parse(bads[i].text, &arena, &schedule, &err) == 0)
            fail_msg("`%s` was accepted", bads[i].text);
        if (strstr(err.text, bads[i].words) == NULL)
            fail_msg("`%s`: %s", bads[i].text, err.text);
        size_t offset = (size_t)err.column - 1;
        assert_true(err.column >= 1 && offset <= strlen(bads[i].text));
        assert_true(err.line >= 1);
        char piece[64];
        snprintf(piece, sizeof piece, "%.*s", err.line, bads[i].text + offset);
        if (bads[i].underlined[0] != ' ' && strcmp(piece, bads[i].underlined) != 0)
            fail_msg("`%s`: underlined `%s`", bads[i].text, piece);
        arena_free(&arena);
    }
}

static void cron_parts(void **state)
{
    (void)state;
    struct cron cron;
    struct error err;
    assert_int_equal(cron_parse("0 0 15W,LW * ?", &cron, &err), 0);
    assert_int_equal(cron.nearest_days, 1u << 15);
    assert_true(cron.is_last_working_day && !cron.is_last_day);
    assert_true(cron.has_any_weekday && !cron.has_any_day);
    assert_int_equal(cron_parse("0 0 ? * 5L,mon#3,7", &cron, &err), 0);
    assert_int_equal(cron.last_weekdays, 1 << 5);
    assert_true(cron.nth_weekdays == UINT64_C(1) << (8 * 3 + 1));
    assert_int_equal(cron.weekdays, 1);
    assert_int_equal(cron_parse("10 0 0 L,5 * ?", &cron, &err), 0);
    assert_true(cron.has_seconds && cron.is_last_day);
    assert_true(cron.seconds == UINT64_C(1) << 10);
    assert_int_equal(cron.days, 1 << 5);
    assert_int_equal(cron_parse("0 0 * * sat-7", &cron, &err), 0);
    assert_int_equal(cron.weekdays, 1 << 6 | 1);
    assert_int_equal(cron_parse("0 0 */10 FEB,Dec *", &cron, &err), 0);
    assert_int_equal(cron.days, 1 << 1 | 1 << 11 | 1 << 21 | 1u << 31);
    assert_int_equal(cron.months, 1 << 2 | 1 << 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones),
        cmocka_unit_test(bad_ones_are_underlined),
        cmocka_unit_test(cron_parts),
        cmocka_unit_test(days_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

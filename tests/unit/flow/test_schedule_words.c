/* Schedules as cron lines and in words. */
#include "tests/unit/flow/flow_test.h"

#include "scheduler/flow/cron.h"
#include "scheduler/flow/schedule.h"
#include "scheduler/flow/schedule_words.h"

struct row {
    const char *text;
    const char *cron;
    const char *words;
};

static const struct row rows[] = {
    {"daily 02:30", "30 2 * * *", "every day at 02:30"},
    {"daily 23:59:58", "58 59 23 * * *", "every day at 23:59:58"},
    {"hourly :15", "15 * * * *", "every hour at minute 15"},
    {"hourly", "0 * * * *", "every hour"},
    {"every 5m", "*/5 * * * *", "every 5 minutes"},
    {"every 1m", "* * * * *", "every minute"},
    {"every 10s", "*/10 * * * * *", "every 10 seconds"},
    {"every 5m from 08:00 to 20:00", "every 5m from 08:00 to 20:00",
     "every 5 minutes from 08:00 to 20:00"},
    {"every 2h from 08:00 to 20:00", "0 8,10,12,14,16,18,20 * * *",
     "every 2 hours from 08:00 to 20:00"},
    {"every 90m", "every 1h30m", "every 90 minutes"},
    {"weekly mon,fri 09:00", "0 9 * * 1,5", "at 09:00 on Monday and Friday"},
    {"weekly mon-fri 09:00", "0 9 * * 1-5",
     "at 09:00 on Monday, Tuesday, Wednesday, Thursday and Friday"},
    {"weekly sun 09:00", "0 9 * * 0", "at 09:00 on Sunday"},
    {"monthly 1,last 03:00", "0 3 1,L * *", "at 03:00 on day 1 and the last day of the month"},
    {"yearly 02-29 04:00", "0 4 29 2 *", "at 04:00 on day 29 of February"},
    {"0 0 15W,LW * ?", "0 0 LW,15W * *",
     "at 00:00 on the working day nearest to day 15 and the last working day of the month"},
    {"0 0 ? * 5L,mon#3", "0 0 * * 1#3,5L",
     "at 00:00 on the third Monday of the month and the last Friday of the month"},
    {"0 0 13 * fri", "0 0 13 * 5", "at 00:00 on day 13 of the month, or on Friday"},
    {"0 6 * jan,jul *", "0 6 * 1,7 *", "at 06:00 in January and July"},
    {"7,8 1 * * *", "7-8 1 * * *", "every day at 01:07 and 01:08"},
    {"*/7 1,5 * * *", "*/7 1,5 * * *", "every day 18 times, from 01:00 to 05:56"},
};

static void each_way(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena arena;
        arena_init(&arena, 0);
        struct flow_schedule_rule rule;
        struct flow_schedule_rule again;
        struct error err;
        if (schedule_parse(rows[i].text, &arena, &rule, &err) != 0)
            fail_msg("%s: %s", rows[i].text, err.text);
        struct text text = {0};
        schedule_write_cron(&rule, &text);
        assert_string_equal(text_string(&text), rows[i].cron);
        /* what it became means the same */
        if (schedule_parse(text_string(&text), &arena, &again, &err) != 0)
            fail_msg("%s: %s", text_string(&text), err.text);
        assert_int_equal(again.time_count, rule.time_count);
        assert_memory_equal(again.times, rule.times, rule.time_count * sizeof *rule.times);
        for (int64_t day = 11000; day < 11000 + 1500; day++)
            assert_int_equal(cron_has_date(again.cron, civil_from_days(day)),
                             cron_has_date(rule.cron, civil_from_days(day)));
        text_clear(&text);
        schedule_write_words(&rule, &text);
        assert_string_equal(text_string(&text), rows[i].words);
        text_free(&text);
        arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_way)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

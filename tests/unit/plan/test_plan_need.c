/* Which instances a need outside the run means. */
#include "scheduler/plan/plan_need.h"
#include "tests/unit/plan/plan_test.h"

static const char zone[] = "timezone: Asia/Shanghai\n";

/* The times that node `n` of flow `f` needs, planned at `planned`, with these schedules of `f` and
 * of `other`: "2021-11-12T01:00:00 …". */
struct needed {
    const char *own;
    const char *other;
    const char *need;
    const char *planned;
};

static void expect(struct needed needed, const char *expected)
{
    struct flow_test test;
    struct plan_times times;
    struct error err = {0};
    char yaml[512];
    plan_test_begin(&test, zone);
    snprintf(yaml, sizeof yaml, "flow: other\n%snodes: {x: {type: virtual}}\n", needed.other);
    write_text("other.yaml", yaml);
    struct flow *other = load_text(&test, "other", yaml);
    assert_non_null(other);
    snprintf(yaml, sizeof yaml, "flow: f\n%snodes: {n: {type: virtual, needs: [\"%s\"]}}\n",
             needed.own, needed.need);
    struct flow *flow = plan_test_flow(&test, yaml);
    struct plan *plan = plan_test_plan(flow, (struct plan_request){.run_id = 1}, needed.planned);
    assert_int_equal(plan->nodes[0].external_count, 1);
    struct plan_need need = {.plan = plan, .external = &plan->nodes[0].externals[0]};
    need.other = strcmp(need.external->flow, "f") == 0 ? flow : other;
    assert_int_equal(plan_need_times(&need, &test.arena, &times, &err), 0);
    struct text text = {0};
    for (size_t i = 0; i < times.count; i++) {
        char buffer[CIVIL_TIME_BYTES];
        text_append_format(&text, "%s%s%s", i > 0 ? " " : "",
                           civil_time_format(times.items[i].planned, buffer),
                           times.items[i].is_second ? "#" : "");
    }
    assert_string_equal(text_string(&text), expected);
    text_free(&text);
    plan_free(plan);
    flow_free(flow);
    flow_free(other);
    flow_test_end(&test);
}

#define DAILY_0030 "schedule: daily 00:30\n"
#define DAILY_0100 "schedule: daily 01:00\n"
#define EVERY_8H "schedule: every 8h from 06:00 to 22:00\n"
#define EVERY_8H_LATER "schedule: every 8h from 07:00 to 23:00\n"

static void test_own_cycle_before(void **state)
{
    (void)state;
    expect((struct needed){DAILY_0030, "", "n@-1", "2021-11-12T00:30:00"}, "2021-11-11T00:30:00");
    expect((struct needed){"", "", "n@-1", "2024-03-01T00:00:00"}, "2024-02-29T00:00:00");
    expect((struct needed){EVERY_8H, "", "n@-1", "2021-11-12T14:00:00"}, "2021-11-12T06:00:00");
    expect((struct needed){EVERY_8H, "", "n@-1", "2021-11-12T06:00:00"}, "2021-11-11T22:00:00");
    expect((struct needed){"schedule: weekly fri 02:00\n", "", "n@-1", "2021-11-12T02:00:00"},
           "2021-11-05T02:00:00");
    expect((struct needed){"schedule: {cron: \"0 3 29 2 *\"}\n", "", "n@-1", "2104-02-29T03:00:00"},
           "2096-02-29T03:00:00"); /* 2100 is no leap year */
    expect((struct needed){"schedule: {at: daily 00:30, from: 2021-11-12}\n", "", "n@-1",
                           "2021-11-12T00:30:00"},
           ""); /* the schedule's first */
}

static void test_same_date(void **state)
{
    (void)state;
    expect((struct needed){DAILY_0030, DAILY_0100, "other/x", "2021-11-12T00:30:00"},
           "2021-11-12T01:00:00");
    expect((struct needed){DAILY_0030, EVERY_8H, "other/x", "2021-11-12T00:30:00"},
           "2021-11-12T06:00:00 2021-11-12T14:00:00 2021-11-12T22:00:00");
    expect((struct needed){EVERY_8H, DAILY_0100, "other/x", "2021-11-12T22:00:00"},
           "2021-11-12T01:00:00");
    expect((struct needed){EVERY_8H_LATER, EVERY_8H, "other/x", "2021-11-12T15:00:00"},
           "2021-11-12T14:00:00");
    expect((struct needed){EVERY_8H, EVERY_8H_LATER, "other/x", "2021-11-12T06:00:00"},
           "2021-11-12T07:00:00"); /* none yet: the first of the day */
    expect((struct needed){DAILY_0030, "schedule: weekly mon 02:00\n", "other/x",
                           "2021-11-12T00:30:00"},
           ""); /* a Friday */
    expect((struct needed){DAILY_0030, "", "other/x", "2021-11-12T00:30:00"},
           "2021-11-12T00:00:00");
}

static void test_other_cycle_before(void **state)
{
    (void)state;
    expect((struct needed){DAILY_0030, DAILY_0100, "other/x@-1", "2021-11-12T00:30:00"},
           "2021-11-11T01:00:00");
    expect((struct needed){DAILY_0030, EVERY_8H, "other/x@-1", "2021-11-12T00:30:00"},
           "2021-11-11T06:00:00 2021-11-11T14:00:00 2021-11-11T22:00:00");
    expect((struct needed){EVERY_8H, EVERY_8H, "other/x@-1", "2021-11-12T14:00:00"},
           "2021-11-12T06:00:00");
    expect((struct needed){EVERY_8H, EVERY_8H, "other/x@-1", "2021-11-12T06:00:00"},
           "2021-11-11T22:00:00");
    expect((struct needed){DAILY_0030, "schedule: weekly mon 02:00\n", "other/x@-1",
                           "2021-11-12T00:30:00"},
           "2021-11-08T02:00:00");
}

static void test_days_before(void **state)
{
    (void)state;
    expect((struct needed){DAILY_0030, DAILY_0100, "other/x@-1d", "2021-11-12T00:30:00"},
           "2021-11-11T01:00:00");
    expect((struct needed){DAILY_0030, EVERY_8H, "other/*@-1d", "2021-11-12T00:30:00"},
           "2021-11-11T06:00:00 2021-11-11T14:00:00 2021-11-11T22:00:00");
    expect((struct needed){EVERY_8H, EVERY_8H, "other/x@-1d", "2021-11-12T22:00:00"},
           "2021-11-11T06:00:00 2021-11-11T14:00:00 2021-11-11T22:00:00"); /* all, not the one */
    expect((struct needed){EVERY_8H, "", "n@-1d", "2021-11-12T06:00:00"},
           "2021-11-11T06:00:00 2021-11-11T14:00:00 2021-11-11T22:00:00");
    expect((struct needed){DAILY_0030, DAILY_0100, "other/x@-7d", "2024-03-06T00:30:00"},
           "2024-02-28T01:00:00");
    expect((struct needed){DAILY_0030, "schedule: weekly thu 02:00\n", "other/x@-1d",
                           "2021-11-12T00:30:00"},
           "2021-11-11T02:00:00");
    expect((struct needed){DAILY_0030, "schedule: weekly mon 02:00\n", "other/x@-1d",
                           "2021-11-12T00:30:00"},
           ""); /* not the Monday before: that is @-1 */
}

static void test_a_time_of_the_date(void **state)
{
    (void)state;
    expect((struct needed){DAILY_0030, EVERY_8H, "other/x@14:00", "2021-11-12T00:30:00"},
           "2021-11-12T14:00:00");
    expect((struct needed){EVERY_8H, EVERY_8H, "other/x@14:00", "2021-11-12T06:00:00"},
           "2021-11-12T14:00:00");
    expect((struct needed){EVERY_8H, EVERY_8H, "other/x@-1d@22:00", "2021-11-12T06:00:00"},
           "2021-11-11T22:00:00");
    expect((struct needed){DAILY_0030, "", "other/x@00:00", "2021-11-12T00:30:00"},
           "2021-11-12T00:00:00");
    expect((struct needed){DAILY_0030, "schedule: {at: [daily 01:00, weekly mon 09:00]}\n",
                           "other/x@09:00", "2021-11-12T00:30:00"},
           ""); /* a Friday */
    static const char hourly[] = "schedule: {at: every 1h, timezone: America/New_York}\n";
    expect((struct needed){DAILY_0030, hourly, "other/x@01:00", "2021-11-07T00:30:00"},
           "2021-11-07T01:00:00 2021-11-07T01:00:00#"); /* comes twice */
    expect((struct needed){DAILY_0030, hourly, "other/x@02:00", "2021-03-14T00:30:00"},
           ""); /* skipped by the clock */
}

/* New York falls back on 2021-11-07: 01:00 comes twice, and each is the other's cycle. */
static void test_repeated_hour(void **state)
{
    (void)state;
    static const char hourly[] = "schedule: {at: every 1h, timezone: America/New_York}\n";
    expect((struct needed){hourly, "", "n@-1", "2021-11-07T02:00:00"}, "2021-11-07T01:00:00#");
    expect((struct needed){hourly, hourly, "other/x@-1", "2021-11-07T02:00:00"},
           "2021-11-07T01:00:00#");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_cycle_before),   cmocka_unit_test(test_same_date),
        cmocka_unit_test(test_other_cycle_before), cmocka_unit_test(test_days_before),
        cmocka_unit_test(test_a_time_of_the_date), cmocka_unit_test(test_repeated_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

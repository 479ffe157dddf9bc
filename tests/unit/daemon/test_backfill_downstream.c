/* Which flows and dates `backfill --downstream` adds. */
#include "scheduler/daemon/backfill_downstream.h"
#include "tests/unit/plan/plan_test.h"

#define MAX_FLOWS 16

struct fixture {
    struct flow_test test;
    struct flow *flows[MAX_FLOWS];
    size_t flow_count;
};

static void begin(struct fixture *fixture)
{
    memset(fixture, 0, sizeof *fixture);
    plan_test_begin(&fixture->test, "timezone: UTC\n");
}

static void end(struct fixture *fixture)
{
    for (size_t i = 0; i < fixture->flow_count; i++)
        flow_free(fixture->flows[i]);
    flow_test_end(&fixture->test);
}

static void put_flow(const char *name, const char *schedule, const char *nodes)
{
    char path[64];
    char yaml[512];
    snprintf(path, sizeof path, "%s.yaml", name);
    snprintf(yaml, sizeof yaml, "flow: %s\n%s%s%snodes: {%s}\n", name,
             schedule[0] == '\0' ? "" : "schedule: ", schedule, schedule[0] == '\0' ? "" : "\n",
             nodes);
    write_text(path, yaml);
}

static int load(void *owner, const char *name, const struct flow **ret_flow, struct error *err)
{
    struct fixture *fixture = owner;
    char path[64];
    struct flow *flow = NULL;
    snprintf(path, sizeof path, "%s.yaml", name);
    if (flow_load(fixture->test.project, fixture->test.source, path, &fixture->test.problems,
                  &flow) < 0)
        return error_set(err, ERROR_KIND_INVALID, "%s is wrong", name);
    assert_true(fixture->flow_count < MAX_FLOWS);
    fixture->flows[fixture->flow_count++] = flow;
    *ret_flow = flow;
    return 0;
}

struct asked {
    const char *flow;
    const char *dates;
    const char *selection;
    const char *today;
};

static void append_member(const struct backfill_member *member, struct text *text)
{
    text_append_format(text, "%s (%s): ", member->flow->name, member->needs);
    plan_dates_write(&member->dates, text);
    if (member->left_out[0] != '\0')
        text_append_format(text, "; not %s", member->left_out);
    text_append_char(text, '\n');
    assert_int_equal(member->plan == NULL, member->dates.count == 0);
}

static void expect(struct fixture *fixture, struct asked asked, const char *expected)
{
    struct plan_dates dates;
    struct backfill_plan *plan;
    struct backfill_downstream found;
    struct error err = {0};
    const struct flow *flow = NULL;
    SCOPED_TEXT struct text text = {0};
    struct civil_time today = plan_test_time(asked.today == NULL ? "2021-12-01" : asked.today);
    assert_int_equal(load(fixture, asked.flow, &flow, &err), 0);
    struct plan_dates_request words = {.words = &asked.dates, .word_count = 1, .today = today.date};
    assert_int_equal(plan_dates_parse(&words, &fixture->test.arena, &dates, NULL, &err), 0);
    struct backfill_wish wish = {.flow = flow,
                                 .dates = &dates,
                                 .redo = BACKFILL_REDO_FAILED,
                                 .parallel = 1,
                                 .selection = asked.selection};
    assert_int_equal(backfill_plan_make(NULL, &wish, &plan, &err), 0);
    struct backfill_downstream_request request = {.source = fixture->test.source,
                                                  .wish = &wish,
                                                  .plan = plan,
                                                  .now = zone_find_local(flow->zone, today).first,
                                                  .load = load,
                                                  .owner = fixture};
    if (backfill_downstream_find(&request, &found, &err) < 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < found.count; i++)
        append_member(&found.items[i], &text);
    assert_string_equal(text_string(&text), expected);
    backfill_downstream_free(&found);
    backfill_plan_free(plan);
}

static void test_who_needs_whom(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    put_flow("up", "daily 01:00", "load: {type: virtual}, side: {type: virtual}");
    put_flow("late", "daily 03:00", "n: {type: virtual, needs: [\"mid/*\"]}");
    put_flow("mid", "daily 02:00", "n: {type: virtual, needs: up/load}");
    put_flow("week", "weekly mon 02:00", "n: {type: virtual, needs: [up/side]}");
    put_flow("alone", "", "n: {type: virtual}");
    write_text("broken.yaml", "flow: [\n");
    expect(&fixture, (struct asked){.flow = "up", .dates = "2021-11-05..2021-11-08"},
           "mid (up): 2021-11-05..2021-11-08\n"
           "week (up): 2021-11-07\n"
           "late (mid): 2021-11-05..2021-11-08\n");
    expect(&fixture,
           (struct asked){.flow = "up", .dates = "2021-11-05..2021-11-08", .selection = "side"},
           "week (up): 2021-11-07\n");
    expect(&fixture, (struct asked){.flow = "late", .dates = "2021-11-05"}, "");
    end(&fixture);
}

static void test_dates_after(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    put_flow("up", "daily 01:00", "n: {type: virtual}");
    put_flow("day", "daily 02:00", "n: {type: virtual, needs: [up/n@-1d, n@-1]}");
    put_flow("far", "daily 02:00", "n: {type: virtual, needs: [up/n@-7d]}");
    put_flow("month", "monthly 1 02:00", "n: {type: virtual, needs: [up/n@-1]}");
    expect(&fixture, (struct asked){.flow = "up", .dates = "2021-11-08..2021-11-09"},
           "day (up): 2021-11-09..2021-11-10\n"
           "far (up): 2021-11-15..2021-11-16\n");
    expect(&fixture, (struct asked){.flow = "up", .dates = "2021-10-30"},
           "day (up): 2021-10-31\n"
           "far (up): 2021-11-06\n"
           "month (up): 2021-10-31\n");
    /* Nothing that is not due: its schedule runs it. */
    expect(&fixture,
           (struct asked){.flow = "up", .dates = "2021-11-08..2021-11-09", .today = "2021-11-10"},
           "day (up): 2021-11-09\n");
    end(&fixture);
}

static void test_hours_and_days(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    put_flow("hours", "every 8h", "n: {type: virtual}");
    put_flow("all", "daily 02:00", "n: {type: virtual, needs: [hours/n]}");
    put_flow("noon", "daily 02:00", "n: {type: virtual, needs: [hours/n@16:00]}");
    put_flow("other", "every 12h", "n: {type: virtual, needs: [hours/n]}");
    expect(&fixture, (struct asked){.flow = "hours", .dates = "2021-11-08"},
           "all (hours): 2021-11-08\n"
           "noon (hours): 2021-11-08\n"
           "other (hours): 2021-11-08\n");
    end(&fixture);
}

static void test_what_would_wait_for_ever(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    put_flow("up", "daily 01:00", "n: {type: virtual}");
    put_flow("mid", "daily 02:00", "n: {type: virtual, needs: [up/n@-1d, up/n]}");
    put_flow("late", "daily 02:00", "n: {type: virtual, needs: [mid/n@-7d, \"mid/*\"]}");
    expect(&fixture, (struct asked){.flow = "up", .dates = "2021-11-05..2021-11-08"},
           "mid (up): 2021-11-05..2021-11-08; not 2021-11-09 needs up/n of 2021-11-09, which has "
           "not been done\n"
           "late (mid): 2021-11-05..2021-11-08; not 2021-11-12 needs mid/* of 2021-11-12, which "
           "has not been done, and 3 more\n");
    end(&fixture);
}

static void test_circles_of_cycles_before(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    put_flow("up", "daily 01:00", "n: {type: virtual, needs: [down/n@-1]}");
    put_flow("down", "daily 02:00", "n: {type: virtual, needs: [up/n, third/n@-1d]}");
    put_flow("third", "daily 03:00", "n: {type: virtual, needs: [down/n]}");
    expect(&fixture, (struct asked){.flow = "up", .dates = "2021-11-05..2021-11-06"},
           "down (up): 2021-11-05..2021-11-06\n"
           "third (down): 2021-11-05..2021-11-06\n");
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_needs_whom),
        cmocka_unit_test(test_dates_after),
        cmocka_unit_test(test_hours_and_days),
        cmocka_unit_test(test_what_would_wait_for_ever),
        cmocka_unit_test(test_circles_of_cycles_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

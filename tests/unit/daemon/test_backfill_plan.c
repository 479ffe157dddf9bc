/* What a backfill would do, date by date, against a store in which some of it ran. */
#include "scheduler/system/clock.h"
#include "tests/unit/daemon/backfill_plan_test.h"

static const char daily[] = "flow: f\n"
                            "schedule: daily 00:30\n"
                            "params: {var: \"${yyyymmdd}\"}\n"
                            "nodes:\n"
                            "  start: {type: virtual}\n"
                            "  load: {run: \"true\", needs: [start]}\n"
                            "  copy: {run: \"true\", needs: [start]}\n"
                            "  stat: {run: \"true\", needs: [load, copy]}\n";

/* The dates of a plan, a line each: position, business date, planned time, decision, state, run,
 * reason. */
static void expect_plan(struct fixture *fixture, const char *range, struct backfill_wish wish,
                        const char *expected)
{
    SCOPED_TEXT struct text text = {0};
    struct backfill_plan *plan = fixture_plan(fixture, range, wish);
    int64_t decided[DATE_DECISION_COUNT] = {0};
    for (size_t i = 0; i < plan->count; i++) {
        const struct store_date *date = &plan->dates[i];
        decided[date->decision]++;
        text_append_format(&text, "%d %s %s%s %s, %s, %d: %s\n", date->position, date->bizdate,
                           date->cyctime[0] == '\0' ? "-" : date->cyctime,
                           date->is_second ? " again" : "", date_decision_name(date->decision),
                           date_state_name(date->state), (int)date->run_id, date->reason);
    }
    assert_string_equal(text_string(&text), expected);
    assert_memory_equal(plan->decided, decided, sizeof decided);
    assert_int_equal(plan->to_run, decided[DATE_RUN] + decided[DATE_REDO]);
    backfill_plan_free(plan);
}

static void put_past(struct fixture *fixture)
{
    past_put(fixture, (struct past){.cyctime = "2021-11-02T00:30:00", .states = "ssss"});
    past_put(fixture, (struct past){.cyctime = "2021-11-03T00:30:00",
                                    .states = "sssf",
                                    .reason = "no such column"});
    past_put(fixture,
             (struct past){.cyctime = "2021-11-05T00:30:00", .states = "swww", .is_open = true});
    past_put(fixture, (struct past){.cyctime = "2021-11-06T00:30:00", .states = "ss--"});
    past_put(fixture, (struct past){.cyctime = "2021-11-07T00:30:00", .states = "sxbb"});
    past_put(fixture, (struct past){.cyctime = "2021-11-08T00:30:00", .states = "ssbz"});
}

static void test_decisions(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_begin(&fixture, daily);
    put_past(&fixture);
    expect_plan(&fixture, "2021-11-01..2021-11-07",
                (struct backfill_wish){.redo = BACKFILL_REDO_FAILED},
                "0 2021-11-01 2021-11-02T00:30:00 keep, left out, 1: success in run 1\n"
                "1 2021-11-02 2021-11-03T00:30:00 redo, waiting, 2: stat failed in run 2: no such "
                "column\n"
                "2 2021-11-03 2021-11-04T00:30:00 run, waiting, 0: no run yet\n"
                "3 2021-11-04 2021-11-05T00:30:00 conflict, in conflict, 3: run 3 is open\n"
                "4 2021-11-05 2021-11-06T00:30:00 redo, waiting, 4: copy has not run yet\n"
                "5 2021-11-06 2021-11-07T00:30:00 redo, waiting, 5: load was stopped in run 5\n"
                "6 2021-11-07 2021-11-08T00:30:00 redo, waiting, 6: copy was blocked in run 6\n");
    expect_plan(&fixture, "2021-11-01..2021-11-05",
                (struct backfill_wish){.redo = BACKFILL_REDO_NEVER},
                "0 2021-11-01 2021-11-02T00:30:00 keep, left out, 1: success in run 1\n"
                "1 2021-11-02 2021-11-03T00:30:00 keep, left out, 2: stat failed in run 2: no such "
                "column\n"
                "2 2021-11-03 2021-11-04T00:30:00 run, waiting, 0: no run yet\n"
                "3 2021-11-04 2021-11-05T00:30:00 conflict, in conflict, 3: run 3 is open\n"
                "4 2021-11-05 2021-11-06T00:30:00 keep, left out, 4: copy has not run yet\n");
    expect_plan(&fixture, "2021-11-01..2021-11-05",
                (struct backfill_wish){.redo = BACKFILL_REDO_ALWAYS},
                "0 2021-11-01 2021-11-02T00:30:00 redo, waiting, 1: success in run 1\n"
                "1 2021-11-02 2021-11-03T00:30:00 redo, waiting, 2: stat failed in run 2: no such "
                "column\n"
                "2 2021-11-03 2021-11-04T00:30:00 run, waiting, 0: no run yet\n"
                "3 2021-11-04 2021-11-05T00:30:00 conflict, in conflict, 3: run 3 is open\n"
                "4 2021-11-05 2021-11-06T00:30:00 redo, waiting, 4: copy has not run yet\n");
    fixture_end(&fixture);
}

/* What is asked for decides: `load` is well on dates whose `stat` is not. */
static void test_selection(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_begin(&fixture, daily);
    put_past(&fixture);
    expect_plan(&fixture, "2021-11-02,2021-11-05,2021-11-06",
                (struct backfill_wish){.redo = BACKFILL_REDO_FAILED, .selection = "+load"},
                "0 2021-11-02 2021-11-03T00:30:00 keep, left out, 2: success in run 2\n"
                "1 2021-11-05 2021-11-06T00:30:00 keep, left out, 4: success in run 4\n"
                "2 2021-11-06 2021-11-07T00:30:00 redo, waiting, 5: load was stopped in run 5\n");
    expect_plan(&fixture, "2021-11-02,2021-11-06",
                (struct backfill_wish){.redo = BACKFILL_REDO_FAILED, .selection = "!start,!load"},
                "0 2021-11-02 2021-11-03T00:30:00 redo, waiting, 2: stat failed in run 2: no such "
                "column\n"
                "1 2021-11-06 2021-11-07T00:30:00 redo, waiting, 5: copy was blocked in run 5\n");
    fixture_refuse(&fixture, "2021-11-02", (struct backfill_wish){.selection = "+sta"},
                   ERROR_KIND_USAGE);
    assert_string_equal(fixture.err.help, "did you mean `stat`?");
    fixture_end(&fixture);
}

static void test_newest_first(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_begin(&fixture, "flow: f\n"
                            "schedule: every 12h\n"
                            "nodes: {a: {run: \"true\"}}\n");
    past_put(&fixture, (struct past){.cyctime = "2021-11-02T12:00:00", .states = "s"});
    expect_plan(&fixture, "2021-11-01..2021-11-02", (struct backfill_wish){.is_descending = true},
                "0 2021-11-02 2021-11-03T12:00:00 run, waiting, 0: no run yet\n"
                "1 2021-11-02 2021-11-03T00:00:00 run, waiting, 0: no run yet\n"
                "2 2021-11-01 2021-11-02T12:00:00 keep, left out, 1: success in run 1\n"
                "3 2021-11-01 2021-11-02T00:00:00 run, waiting, 0: no run yet\n");
    fixture_end(&fixture);
}

static void test_dates_that_wait_for_each_other(void **state)
{
    (void)state;
    struct backfill_wish wish = {.is_descending = true};
    struct fixture fixture;
    fixture_begin(&fixture, "flow: f\n"
                            "nodes:\n"
                            "  a: {run: \"true\"}\n"
                            "  b: {run: \"true\", needs: [\"b@-1\"]}\n"
                            "  c: {run: \"true\", needs: [\"f/a@-1\"]}\n"
                            "  d: {run: \"true\", needs: [\"other/a@-1\", a]}\n");
    fixture_refuse(&fixture, "2021-11-01..2021-11-02", wish, ERROR_KIND_USAGE);
    assert_string_equal(fixture.err.text, "node b needs b of the cycle before: these dates cannot "
                                          "run newest first");
    assert_string_equal(fixture.err.help,
                        "use `--order asc`, oldest first: those dates wait for each other");
    wish.selection = "c";
    fixture_refuse(&fixture, "2021-11-01..2021-11-02", wish, ERROR_KIND_USAGE);
    wish.selection = "a,d";
    backfill_plan_free(fixture_plan(&fixture, "2021-11-01..2021-11-02", wish));
    backfill_plan_free(fixture_plan(&fixture, "2021-11-01..2021-11-02", (struct backfill_wish){0}));
    fixture_end(&fixture);
}

/* 2021-10-31 has the hour 02 twice in Berlin, 2021-03-28 not at all. */
static void test_hours_of_a_zone(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_begin(&fixture, "flow: f\n"
                            "schedule: {at: every 30m from 02:00 to 03:00, timezone: "
                            "Europe/Berlin}\n"
                            "nodes: {a: {run: \"true\"}}\n");
    past_put(&fixture,
             (struct past){.cyctime = "2021-10-31T02:00:00", .states = "s", .is_second = true});
    past_put(&fixture, (struct past){.cyctime = "2021-10-31T02:30:00", .states = "s"});
    expect_plan(&fixture, "2021-10-30", (struct backfill_wish){.redo = BACKFILL_REDO_FAILED},
                "0 2021-10-30 2021-10-31T02:00:00 run, waiting, 0: no run yet\n"
                "1 2021-10-30 2021-10-31T02:30:00 keep, left out, 2: success in run 2\n"
                "2 2021-10-30 2021-10-31T02:00:00 again keep, left out, 1: success in run 1\n"
                "3 2021-10-30 2021-10-31T02:30:00 again run, waiting, 0: no run yet\n"
                "4 2021-10-30 2021-10-31T03:00:00 run, waiting, 0: no run yet\n");
    expect_plan(&fixture, "2021-03-27", (struct backfill_wish){0},
                "0 2021-03-27 2021-03-28T03:00:00 run, waiting, 0: no run yet\n");
    fixture_end(&fixture);
}

static void test_fixed_time_in_a_gap(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_begin(&fixture, "flow: f\n"
                            "schedule: {at: daily 02:30, timezone: Europe/Berlin}\n"
                            "nodes: {a: {run: \"true\"}}\n");
    past_put(&fixture, (struct past){.cyctime = "2021-03-28T02:30:00", .states = "s"});
    expect_plan(&fixture, "2021-03-27,2021-10-30", (struct backfill_wish){0},
                "0 2021-03-27 2021-03-28T02:30:00 keep, left out, 1: success in run 1\n"
                "1 2021-10-30 2021-10-31T02:30:00 run, waiting, 0: no run yet\n");
    fixture_end(&fixture);
}

static void test_dates_without_an_instance(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_begin(&fixture, "flow: f\n"
                            "schedule: {at: daily 02:30, timezone: Pacific/Apia}\n"
                            "nodes: {a: {run: \"true\"}}\n");
    expect_plan(&fixture, "2011-12-28..2011-12-29", (struct backfill_wish){0},
                "0 2011-12-28 2011-12-29T02:30:00 run, waiting, 0: no run yet\n"
                "1 2011-12-29 - none, left out, 0: 2011-12-30 never was in Pacific/Apia; there is "
                "no instance\n");
    fixture_refuse(&fixture, "2011-12-29", (struct backfill_wish){0}, ERROR_KIND_NOT_FOUND);
    assert_string_equal(fixture.err.text,
                        "flow f has no run on that date: 2011-12-30 never was in Pacific/Apia; "
                        "there is no instance");
    fixture_refuse(&fixture, "9999-12-30..9999-12-31", (struct backfill_wish){0},
                   ERROR_KIND_INVALID);
    assert_string_equal(fixture.err.text,
                        "9999-12-31: the day after the business date is too late");
    fixture_end(&fixture);
}

static const char weekly[] = "flow: f\n"
                             "schedule: weekly mon 00:30\n"
                             "nodes: {a: {run: \"true\"}}\n";

/* Mondays are the planned days, Sundays the business dates. */
static void test_days_that_the_schedule_skips(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_begin(&fixture, weekly);
    past_put(&fixture, (struct past){.cyctime = "2021-11-09T00:30:00", .states = "s"});
    expect_plan(&fixture, "2021-11-06..2021-11-08", (struct backfill_wish){0},
                "0 2021-11-06 - none, left out, 0: schedule `weekly mon 00:30` has no run for that "
                "date\n"
                "1 2021-11-07 2021-11-08T00:30:00 run, waiting, 0: no run yet\n"
                "2 2021-11-08 - none, left out, 0: schedule `weekly mon 00:30` has no run for that "
                "date\n");
    fixture_refuse(&fixture, "2021-11-08..2021-11-13", (struct backfill_wish){0},
                   ERROR_KIND_NOT_FOUND);
    assert_string_equal(fixture.err.text, "flow f has no run on any of these dates: schedule "
                                          "`weekly mon 00:30` has no run for that date");
    fixture_end(&fixture);
}

static void expect_stretches(struct fixture *fixture, const struct backfill_plan *plan,
                             enum date_decision decision, const char *expected)
{
    SCOPED_TEXT struct text text = {0};
    const struct backfill_stretch *stretches;
    size_t count = backfill_plan_stretches(plan, decision, &fixture->test.arena, &stretches);
    for (size_t i = 0; i < count; i++)
        text_append_format(&text, "%s..%s %d\n", stretches[i].first, stretches[i].last,
                           (int)stretches[i].count);
    assert_string_equal(text_string(&text), expected);
}

static void test_stretches(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct backfill_wish wish = {.redo = BACKFILL_REDO_FAILED, .is_descending = i == 1};
        struct fixture fixture;
        fixture_begin(&fixture, daily);
        put_past(&fixture);
        struct backfill_plan *plan =
            fixture_plan(&fixture, "2021-10-01..2021-10-09,2021-10-31..2021-11-11", wish);
        expect_stretches(&fixture, plan, DATE_KEEP, "2021-11-01..2021-11-01 1\n");
        expect_stretches(&fixture, plan, DATE_REDO,
                         "2021-11-02..2021-11-02 1\n2021-11-05..2021-11-07 3\n");
        expect_stretches(&fixture, plan, DATE_RUN,
                         "2021-10-01..2021-10-31 10\n2021-11-03..2021-11-03 1\n"
                         "2021-11-08..2021-11-11 4\n");
        expect_stretches(&fixture, plan, DATE_CONFLICT, "2021-11-04..2021-11-04 1\n");
        expect_stretches(&fixture, plan, DATE_NONE, "");
        backfill_plan_free(plan);
        fixture_end(&fixture);
    }
}

static void test_stretches_of_weeks(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_begin(&fixture, weekly);
    past_put(&fixture, (struct past){.cyctime = "2021-11-15T00:30:00", .states = "s"});
    struct backfill_plan *plan = fixture_plan(&fixture, "2021-11", (struct backfill_wish){0});
    expect_stretches(&fixture, plan, DATE_RUN,
                     "2021-11-07..2021-11-07 1\n2021-11-21..2021-11-28 2\n");
    backfill_plan_free(plan);
    fixture_end(&fixture);
}

static void test_variables(void **state)
{
    (void)state;
    static const struct node_setting good[] = {{"var", "7"}};
    static const struct node_setting bad[] = {{"vra", "7"}};
    struct fixture fixture;
    fixture_begin(&fixture, daily);
    backfill_plan_free(
        fixture_plan(&fixture, "2021-11-01", (struct backfill_wish){.vars = good, .var_count = 1}));
    fixture_refuse(&fixture, "2021-11-01", (struct backfill_wish){.vars = bad, .var_count = 1},
                   ERROR_KIND_USAGE);
    assert_non_null(strstr(fixture.err.help, "`var`"));
    past_put(&fixture, (struct past){.cyctime = "2021-11-02T00:30:00", .states = "ssss"});
    fixture_refuse(&fixture, "2021-11-01", (struct backfill_wish){.vars = bad, .var_count = 1},
                   ERROR_KIND_USAGE);
    fixture_end(&fixture);
}

static void freeze(struct fixture *fixture, const char *node, const char *until)
{
    struct store_freeze row = {.flow = "f",
                               .node = node,
                               .until = until,
                               .who = "lin",
                               .reason = "vendor outage",
                               .since = {NOON}};
    OK(store_begin(fixture->store, ok));
    OK(store_put_freeze(fixture->store, &row, ok));
    OK(store_commit(fixture->store, ok));
}

static void test_frozen_flow(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_begin(&fixture, daily);
    past_put(&fixture, (struct past){.cyctime = "2021-11-02T00:30:00", .states = "ssss"});
    freeze(&fixture, "load", "");
    backfill_plan_free(fixture_plan(&fixture, "2021-11", (struct backfill_wish){0}));
    freeze(&fixture, "", "9000-01-01");
    fixture_refuse(&fixture, "2021-11-01..2021-11-02", (struct backfill_wish){0},
                   ERROR_KIND_REFUSED);
    assert_string_equal(fixture.err.text, "flow f is frozen by lin, business dates before "
                                          "9000-01-01: vendor outage");
    assert_string_equal(fixture.err.help, "let it go: datemill unfreeze f");
    fixture_refuse(&fixture, "8999-12-31..9000-01-02", (struct backfill_wish){0},
                   ERROR_KIND_REFUSED);
    backfill_plan_free(fixture_plan(&fixture, "9000-01", (struct backfill_wish){0}));
    backfill_plan_free(fixture_plan(&fixture, "2021-11-01", (struct backfill_wish){0}));
    freeze(&fixture, "", "");
    fixture_refuse(&fixture, "9000-01", (struct backfill_wish){0}, ERROR_KIND_REFUSED);
    assert_string_equal(fixture.err.text, "flow f is frozen by lin: vendor outage");
    fixture_end(&fixture);
}

/* A freeze is over when yesterday has reached its end. */
static void test_freeze_that_is_over(void **state)
{
    (void)state;
    struct fixture fixture;
    char yesterday[CIVIL_DATE_BYTES];
    char today[CIVIL_DATE_BYTES];
    fixture_begin(&fixture, daily);
    struct civil_date date = zone_civil_at(fixture.flow->zone, clock_now()).date;
    civil_date_format(civil_add_days(date, -1), yesterday);
    civil_date_format(civil_add_days(date, 1), today);
    freeze(&fixture, "", yesterday);
    backfill_plan_free(fixture_plan(&fixture, "2021-11", (struct backfill_wish){0}));
    freeze(&fixture, "", today);
    fixture_refuse(&fixture, "2021-11", (struct backfill_wish){0}, ERROR_KIND_REFUSED);
    fixture_end(&fixture);
}

static void expect_estimate(struct fixture *fixture, const char *range, int32_t parallel,
                            int64_t seconds)
{
    struct backfill_plan *plan =
        fixture_plan(fixture, range, (struct backfill_wish){.parallel = parallel});
    assert_int_equal(plan->estimate.us, seconds * DURATION_SECOND_US);
    backfill_plan_free(plan);
}

static void test_estimate(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_begin(&fixture, daily);
    expect_estimate(&fixture, "2021-11", 1, 0);
    static const int64_t seconds[] = {50, 58, 3000};
    static const char *const times[] = {"2020-01-01T00:30:00", "2020-01-02T00:30:00",
                                        "2020-01-03T00:30:00"};
    for (size_t i = 0; i < 3; i++)
        past_put(&fixture,
                 (struct past){.cyctime = times[i], .states = "ssss", .seconds = seconds[i]});
    struct backfill_plan *plan = fixture_plan(&fixture, "2021-11", (struct backfill_wish){0});
    assert_int_equal(plan->per_date.us, 58 * DURATION_SECOND_US);
    assert_int_equal(plan->samples, 3);
    backfill_plan_free(plan);
    expect_estimate(&fixture, "2021-11", 1, 30 * 58);
    expect_estimate(&fixture, "2021-11", 4, 30 * 58 / 4);
    expect_estimate(&fixture, "2021-11-01", 4, 58);
    expect_estimate(&fixture, "2020-01-01", 4, 0);
    fixture_end(&fixture);
}

static void expect_shared(struct fixture *fixture, const char *range, const char *selection,
                          const char *expected)
{
    SCOPED_TEXT struct text text = {0};
    struct backfill_plan *plan =
        fixture_plan(fixture, range, (struct backfill_wish){.selection = selection});
    for (size_t i = 0; i < plan->shared_table_count; i++)
        text_append_format(&text, "%s ", plan->shared_tables[i]);
    assert_string_equal(text_string(&text), expected);
    backfill_plan_free(plan);
}

static void test_shared_tables(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_begin(&fixture,
                  "flow: f\n"
                  "params: {var: \"${yyyymmdd}\", month: \"${yyyymm}\"}\n"
                  "nodes:\n"
                  "  all: {type: sync, from: {connection: oss, file: x}, to: {table: z_all}}\n"
                  "  day: {type: sync, from: {connection: oss, file: x},\n"
                  "        to: {table: by_day, partition: \"dt=${var}\"}}\n"
                  "  month: {type: sync, from: {connection: oss, file: x},\n"
                  "          to: {table: by_month, partition: {m: \"${month}\"}}}\n"
                  "  add: {type: sync, from: {connection: oss, file: x},\n"
                  "        to: {table: added, mode: append}}\n"
                  "  same: {type: sync, from: {connection: oss, file: x},\n"
                  "         to: {table: by_day, partition: \"dt=${var}\"}, needs: [day]}\n");
    expect_shared(&fixture, "2021-11", NULL, "by_month z_all ");
    expect_shared(&fixture, "2021-10-31..2021-11-01", NULL, "z_all ");
    expect_shared(&fixture, "2021-10-31..2021-11-02", NULL, "by_month z_all ");
    expect_shared(&fixture, "2021-11-01", NULL, "");
    expect_shared(&fixture, "2021-11", "!all,!month", "");
    past_put(&fixture, (struct past){.cyctime = "2021-11-02T00:00:00", .states = "sssss"});
    expect_shared(&fixture, "2021-11-01..2021-11-02", NULL, "");
    fixture_end(&fixture);
}

/* Several times a day that fill one partition. */
static void test_hours_that_share_a_partition(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_begin(&fixture, "flow: f\n"
                            "schedule: hourly :05\n"
                            "params: {var: \"${yyyymmdd}\", hour: \"$[hh24]\"}\n"
                            "nodes:\n"
                            "  day: {type: sync, from: {connection: oss, file: x},\n"
                            "        to: {table: by_day, partition: \"dt=${var}\"}}\n"
                            "  hour: {type: sync, from: {connection: oss, file: x},\n"
                            "         to: {table: by_hour, partition: \"dt=${var}/h=${hour}\"}}\n");
    expect_shared(&fixture, "2021-11-01", NULL, "by_day ");
    fixture_end(&fixture);
}

static void test_without_a_store(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_begin(&fixture, "flow: f\nnodes: {a: {run: \"true\"}}\n");
    store_close(fixture.store);
    fixture.store = NULL;
    expect_plan(&fixture, "2021-02-28..2021-03-01", (struct backfill_wish){0},
                "0 2021-02-28 2021-03-01T00:00:00 run, waiting, 0: no run yet\n"
                "1 2021-03-01 2021-03-02T00:00:00 run, waiting, 0: no run yet\n");
    fixture_end(&fixture);
}

/* Far apart, and more than one question takes. */
static void test_many_dates(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_begin(&fixture, daily);
    past_put(&fixture, (struct past){.cyctime = "1950-01-02T00:30:00", .states = "ssss"});
    past_put(&fixture, (struct past){.cyctime = "1999-12-31T00:30:00", .states = "ssss"});
    past_put(&fixture, (struct past){.cyctime = "2010-01-02T00:30:00", .states = "ssss"});
    past_put(&fixture, (struct past){.cyctime = "2022-01-01T00:30:00", .states = "ssss"});
    struct backfill_plan *plan =
        fixture_plan(&fixture, "1950-01-01,1999..2021-12-31,0001-01-01", (struct backfill_wish){0});
    assert_int_equal(plan->count, 8403);
    assert_int_equal(plan->decided[DATE_KEEP], 4);
    assert_int_equal(plan->decided[DATE_RUN], 8399);
    expect_stretches(&fixture, plan, DATE_KEEP,
                     "1950-01-01..1950-01-01 1\n1999-12-30..1999-12-30 1\n"
                     "2010-01-01..2010-01-01 1\n2021-12-31..2021-12-31 1\n");
    backfill_plan_free(plan);
    fixture_end(&fixture);
}

static void test_too_many_instances(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_begin(&fixture, "flow: f\nschedule: every 5s\nnodes: {a: {run: \"true\"}}\n");
    store_close(fixture.store);
    fixture.store = NULL;
    fixture_refuse(&fixture, "2021-01-01..2021-02-28", (struct backfill_wish){0}, ERROR_KIND_USAGE);
    assert_string_equal(fixture.err.text,
                        "flow f has more than 1000000 planned times on these dates");
    fixture_end(&fixture);
}

static void hash_of(struct fixture *fixture, const char *range, struct backfill_wish wish,
                    char ret_hash[BACKFILL_PLAN_HASH_BYTES])
{
    struct backfill_plan *plan = fixture_plan(fixture, range, wish);
    wish.flow = fixture->flow;
    backfill_plan_hash(&wish, plan, ret_hash);
    backfill_plan_free(plan);
}

/* The same plan has the same hash; another date, decision, selection or order has another. */
static void test_hash(void **state)
{
    (void)state;
    struct fixture fixture;
    char hashes[6][BACKFILL_PLAN_HASH_BYTES];
    struct backfill_wish failed = {.redo = BACKFILL_REDO_FAILED};
    fixture_begin(&fixture, daily);
    hash_of(&fixture, "2021-11-01..2021-11-03", failed, hashes[0]);
    hash_of(&fixture, "2021-11-01..2021-11-03", failed, hashes[1]);
    assert_string_equal(hashes[0], hashes[1]);
    hash_of(&fixture, "2021-11-01..2021-11-04", failed, hashes[1]);
    hash_of(&fixture, "2021-11-01..2021-11-03",
            (struct backfill_wish){.redo = BACKFILL_REDO_FAILED, .selection = "load"}, hashes[2]);
    hash_of(&fixture, "2021-11-01..2021-11-03",
            (struct backfill_wish){.redo = BACKFILL_REDO_FAILED, .is_descending = true}, hashes[3]);
    past_put(&fixture, (struct past){.cyctime = "2021-11-02T00:30:00", .states = "ssss"});
    hash_of(&fixture, "2021-11-01..2021-11-03", failed, hashes[4]);
    hash_of(&fixture, "2021-11-01..2021-11-03",
            (struct backfill_wish){.redo = BACKFILL_REDO_ALWAYS}, hashes[5]);
    for (size_t i = 0; i < 6; i++) {
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(hashes[i], hashes[k]);
    }
    fixture_end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_selection),
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_newest_first),
        cmocka_unit_test(test_dates_that_wait_for_each_other),
        cmocka_unit_test(test_hours_of_a_zone),
        cmocka_unit_test(test_fixed_time_in_a_gap),
        cmocka_unit_test(test_dates_without_an_instance),
        cmocka_unit_test(test_days_that_the_schedule_skips),
        cmocka_unit_test(test_stretches),
        cmocka_unit_test(test_stretches_of_weeks),
        cmocka_unit_test(test_variables),
        cmocka_unit_test(test_frozen_flow),
        cmocka_unit_test(test_freeze_that_is_over),
        cmocka_unit_test(test_estimate),
        cmocka_unit_test(test_shared_tables),
        cmocka_unit_test(test_hours_that_share_a_partition),
        cmocka_unit_test(test_without_a_store),
        cmocka_unit_test(test_many_dates),
        cmocka_unit_test(test_too_many_instances),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

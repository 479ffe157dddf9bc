/* What is owed, against a list of all instances: none is missed, doubled or out of order, whatever
 * the schedule, the zone, the outage and the policy. */
#include "tests/unit/plan/plan_test.h"

#include "scheduler/base/random.h"
#include "scheduler/base/scope.h"
#include "scheduler/plan/plan_calendar.h"
#include "scheduler/plan/plan_due.h"

#include <stdio.h>
#include <stdlib.h>

#define SEEDS 100
#define GRACE_US (60 * DURATION_SECOND_US)
#define DAY_US (86400 * DURATION_SECOND_US)

static const char *const schedules[] = {
    "daily 02:30",  "daily 00:00",          "hourly :15",           "every 20m from 01:00 to 04:00",
    "every 5m",     "weekly mon,fri 02:15", "monthly 1,last 02:30", "*/7 30 * * * *",
    "30 1-3 * * *", "15 2 * * *",
};
static const char *const zones[] = {
    "UTC",          "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Shanghai",
    "Africa/Cairo", "America/Santiago", "Asia/Tehran",   "Pacific/Apia",        "Europe/Dublin",
};
/* around clock changes of some of them, and one without */
static const char *const moments[] = {"2021-03-14T07:00:00", "2021-10-31T01:00:00",
                                      "2021-04-03T15:00:00", "2011-12-29T22:00:00",
                                      "2021-11-07T06:00:00", "2021-07-15T12:00:00"};

struct world {
    struct flow_test test;
    struct flow *flow;
    struct arena arena;
    struct random random;
    struct plan_time *fired;
    size_t fired_count;
    size_t capacity;
    int64_t left_out;
    bool is_at_least;
};

static uint64_t below(struct world *world, uint64_t limit)
{
    return random_below(&world->random, limit);
}

static struct flow *make_flow(struct world *world, const char *policy)
{
    SCOPED_TEXT struct text yaml = {0};
    text_append_format(&yaml,
                       "flow: f\nschedule: {at: \"%s\", timezone: %s, %s}\nnodes:\n  a: {run: x}\n",
                       schedules[below(world, sizeof schedules / sizeof *schedules)],
                       zones[below(world, sizeof zones / sizeof *zones)], policy);
    return plan_test_flow(&world->test, text_string(&yaml));
}

static void begin(struct world *world, uint64_t seed)
{
    plan_test_begin(&world->test, "timezone: UTC\n");
    random_seed(&world->random, seed);
}

static void end(struct world *world)
{
    flow_free(world->flow);
    arena_free(&world->arena);
    flow_test_end(&world->test);
}

static struct instant instant_of(const char *utc)
{
    struct zone *zone;
    assert_int_equal(zone_load("UTC", &zone, NULL), 0);
    struct instant instant = zone_find_local(zone, plan_test_time(utc)).first;
    zone_free(zone);
    return instant;
}

/* Every instance behind the place up to `now`. */
static size_t list_all(struct world *world, struct plan_time place, struct instant now,
                       struct plan_time **ret_items)
{
    struct plan_time *items = NULL;
    size_t count = 0;
    size_t capacity = 0;
    while (plan_calendar_next(world->flow, &place, &place) &&
           instant_compare(place.firing, now) <= 0) {
        items = arena_grow(&world->arena, items, count, &capacity, sizeof *items);
        items[count++] = place;
    }
    *ret_items = items;
    return count;
}

/* Asks until nothing is due any more, as a daemon does; gives the place after it. */
static struct plan_time ask_all(struct world *world, struct plan_due_request request)
{
    struct plan_due due = {.has_more = true};
    while (due.has_more) {
        plan_due(world->flow, &request, &world->arena, &due);
        assert_true(due.count <= request.max_items);
        world->left_out += due.left_out;
        world->is_at_least |= due.is_at_least;
        if (due.left_out > 0) {
            assert_true(plan_time_compare(&due.last_left_out, &request.place) > 0);
            assert_true(plan_time_compare(&due.first_left_out, &due.last_left_out) <= 0);
            assert_true(instant_compare(due.last_left_out.firing, request.missed_before) < 0);
            request.place = due.last_left_out;
        }
        for (size_t i = 0; i < due.count; i++) {
            assert_true(plan_time_compare(&due.items[i], &request.place) > 0);
            world->fired = arena_grow(&world->arena, world->fired, world->fired_count,
                                      &world->capacity, sizeof *world->fired);
            world->fired[world->fired_count++] = due.items[i];
            request.place = due.items[i];
        }
    }
    return request.place;
}

/* What the policy wants, said over the whole list. */
static void check_outage(struct world *world, struct plan_due_request request)
{
    struct plan_time *all;
    size_t count = list_all(world, request.place, request.now, &all);
    const struct flow_schedule *schedule = &world->flow->schedule;
    size_t missed = 0;
    while (missed < count && instant_compare(all[missed].firing, request.missed_before) < 0)
        missed++;
    size_t limit = schedule->catchup == FLOW_CATCHUP_ALL      ? (size_t)schedule->catchup_limit
                   : schedule->catchup == FLOW_CATCHUP_LATEST ? 1
                                                              : 0;
    size_t first = missed > limit ? missed - limit : 0;
    world->fired_count = 0;
    world->left_out = 0;
    ask_all(world, request);
    assert_int_equal(world->left_out, first);
    assert_int_equal(world->fired_count, count - first);
    for (size_t i = first; i < count; i++)
        assert_int_equal(plan_time_compare(&all[i], &world->fired[i - first]), 0);
}

static void outages_lose_and_double_nothing(void **state)
{
    (void)state;
    static const char *const policies[] = {"catchup: all", "catchup: all, catchup_limit: 3",
                                           "catchup: latest", "catchup: none"};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world world = {0};
        begin(&world, seed);
        world.flow = make_flow(&world, policies[seed % 4]);
        struct instant begin = instant_of(moments[below(&world, 6)]);
        begin.us -= (int64_t)below(&world, 2 * DAY_US);
        struct instant now = {begin.us + (int64_t)below(&world, 6 * DAY_US)};
        check_outage(&world, (struct plan_due_request){.place = plan_calendar_after(begin),
                                                       .now = now,
                                                       .missed_before = {now.us - GRACE_US},
                                                       .max_items = 1 + below(&world, 9)});
        end(&world);
    }
}

/* A clock that ticks, stands, and goes back: each instance starts once, in order, at its time or
 * at the first look after it. */
static void looks_at_any_time_start_each_once(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS / 4; seed++) {
        struct world world = {0};
        begin(&world, seed);
        world.flow = make_flow(&world, "catchup: all, catchup_limit: 100000");
        struct instant begin = instant_of(moments[below(&world, 6)]);
        begin.us -= DAY_US;
        struct plan_time place = plan_calendar_after(begin);
        struct instant now = begin;
        struct instant latest = begin;
        for (int look = 0; look < 60; look++) {
            now.us += (int64_t)below(&world, 3 * 3600 * DURATION_SECOND_US);
            now.us -= below(&world, 5) == 0 ? (int64_t)below(&world, DAY_US) : 0;
            latest = instant_compare(now, latest) > 0 ? now : latest;
            place = ask_all(&world, (struct plan_due_request){.place = place,
                                                              .now = now,
                                                              .missed_before = {now.us - GRACE_US},
                                                              .max_items = 4});
        }
        struct plan_time *all;
        size_t count = list_all(&world, plan_calendar_after(begin), latest, &all);
        assert_int_equal(world.left_out, 0);
        assert_int_equal(world.fired_count, count);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(plan_time_compare(&all[i], &world.fired[i]), 0);
        end(&world);
    }
}

/* A year of seconds: the newest are found without looking at all of them. */
static void very_many_are_left_out_at_once(void **state)
{
    (void)state;
    struct world world = {0};
    begin(&world, 1);
    world.flow = plan_test_flow(&world.test, "flow: f\nschedule: {cron: \"* * 0-11 * * *\", "
                                             "timezone: America/New_York, catchup_limit: 5}\n"
                                             "nodes:\n  a: {run: x}\n");
    struct instant begin = instant_of("2020-11-11T00:00:00");
    struct instant now = instant_of("2021-11-11T22:00:00"); /* 17:00 there */
    ask_all(&world, (struct plan_due_request){.place = plan_calendar_after(begin),
                                              .now = now,
                                              .missed_before = {now.us - GRACE_US},
                                              .max_items = 64});
    assert_true(world.is_at_least);
    assert_true(world.left_out > PLAN_DUE_MAX_STEPS - 5);
    assert_int_equal(world.fired_count, 5);
    char text[CIVIL_TIME_BYTES];
    assert_string_equal(civil_time_format(world.fired[0].planned, text), "2021-11-11T11:59:55");
    assert_string_equal(civil_time_format(world.fired[4].planned, text), "2021-11-11T11:59:59");
    end(&world);
}

static void without_a_schedule_nothing_is_due(void **state)
{
    (void)state;
    struct world world = {0};
    begin(&world, 1);
    world.flow = plan_test_flow(&world.test, "flow: f\nnodes:\n  a: {run: x}\n");
    struct instant now = instant_of("2021-11-11T22:00:00");
    ask_all(&world, (struct plan_due_request){.place = plan_calendar_after((struct instant){0}),
                                              .now = now,
                                              .missed_before = now,
                                              .max_items = 1});
    assert_int_equal(world.fired_count, 0);
    assert_int_equal(world.left_out, 0);
    end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outages_lose_and_double_nothing),
        cmocka_unit_test(looks_at_any_time_start_each_once),
        cmocka_unit_test(very_many_are_left_out_at_once),
        cmocka_unit_test(without_a_schedule_nothing_is_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The calendar against libc's idea of local time, minute by minute around each clock change: every
 * instance once, in order, none beyond the stated policy. */
#include "tests/unit/plan/plan_test.h"

#include "scheduler/base/zone.h"
#include "scheduler/plan/plan_calendar.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MINUTE_US (60 * DURATION_SECOND_US)
#define WINDOW_MINUTES (2 * 24 * 60)
#define MAX_FOUND 20000

/* ---- the oracle: walks through a window of instants and looks at libc's wall clock ---- */

struct found {
    int64_t minute; /* of the instant, since 1970 */
    char wall[80];  /* planned */
};

struct oracle {
    struct tm walls[WINDOW_MINUTES + 1]; /* [0] is the minute before the window */
    struct found items[MAX_FOUND];
    size_t count;
};

/* How a rule of the tests looks for the oracle: these minutes of the day. */
struct shape {
    const char *text;
    bool is_interval;
    bool (*matches)(int hour, int minute);
};

static bool at_0230(int hour, int minute)
{
    return hour == 2 && minute == 30;
}

static bool at_0000(int hour, int minute)
{
    return hour == 0 && minute == 0;
}

static bool at_2345(int hour, int minute)
{
    return hour == 23 && minute == 45;
}

static bool each_hour(int hour, int minute)
{
    (void)hour;
    return minute == 15;
}

static bool each_half_hour(int hour, int minute)
{
    (void)hour;
    return minute % 30 == 0;
}

static bool quarters_from_one_to_three(int hour, int minute)
{
    return (hour == 1 || hour == 2 || (hour == 3 && minute == 0)) && minute % 15 == 0;
}

static bool two_of_one_hour(int hour, int minute)
{
    return hour == 2 && (minute == 5 || minute == 50);
}

static const struct shape shapes[] = {
    {"daily 02:30", false, at_0230},
    {"daily 00:00", false, at_0000},
    {"daily 23:45", false, at_2345},
    {"hourly :15", true, each_hour},
    {"0,30 * * * *", true, each_half_hour},
    {"every 15m from 01:00 to 03:00", true, quarters_from_one_to_three},
    {"5,50 2 * * *", false, two_of_one_hour},
};
#define SHAPE_COUNT (sizeof shapes / sizeof shapes[0])

static void add(struct oracle *oracle, int64_t minute, const struct tm *day, int minute_of_day)
{
    assert_true(oracle->count < MAX_FOUND);
    struct found *found = &oracle->items[oracle->count++];
    found->minute = minute;
    snprintf(found->wall, sizeof found->wall, "%04d-%02d-%02dT%02d:%02d:00", day->tm_year + 1900,
             day->tm_mon + 1, day->tm_mday, minute_of_day / 60, minute_of_day % 60);
}

static int day_number(const struct tm *day)
{
    return (day->tm_year + 1900) * 400 + day->tm_yday;
}

/* The minutes of a date that the clock jumped over, for fixed times: they fire where it lands. */
static void add_jumped(struct oracle *oracle, const struct shape *shape, int64_t minute,
                       const struct tm *before, const struct tm *after)
{
    bool is_same_day = day_number(before) == day_number(after);
    int from = before->tm_hour * 60 + before->tm_min + 1;
    int to = after->tm_hour * 60 + after->tm_min;
    for (int at = from; at < (is_same_day ? to : 24 * 60); at++) {
        if (shape->matches(at / 60, at % 60))
            add(oracle, minute, before, at);
    }
    for (int at = 0; !is_same_day && at < to; at++) {
        if (shape->matches(at / 60, at % 60))
            add(oracle, minute, after, at);
    }
}

static bool is_known(const struct oracle *oracle, const char *wall)
{
    for (size_t i = oracle->count; i > 0; i--) {
        if (strcmp(oracle->items[i - 1].wall, wall) == 0)
            return true;
    }
    return false;
}

static void read_walls(struct oracle *oracle, int64_t first)
{
    for (int i = 0; i <= WINDOW_MINUTES; i++) {
        time_t now = (time_t)(first - 1 + i) * 60;
        localtime_r(&now, &oracle->walls[i]);
    }
}

static void walk(struct oracle *oracle, const struct shape *shape, int64_t first)
{
    oracle->count = 0;
    struct tm before = oracle->walls[0];
    for (int64_t minute = first; minute < first + WINDOW_MINUTES; minute++) {
        struct tm wall = oracle->walls[minute - first + 1];
        long jump = wall.tm_gmtoff - before.tm_gmtoff;
        bool is_whole_day = jump == 86400; /* a date that never was */
        if (jump > 0 && !shape->is_interval && !is_whole_day)
            add_jumped(oracle, shape, minute, &before, &wall);
        if (shape->matches(wall.tm_hour, wall.tm_min)) {
            size_t count = oracle->count;
            add(oracle, minute, &wall, wall.tm_hour * 60 + wall.tm_min);
            char text[80];
            memcpy(text, oracle->items[count].wall, sizeof text);
            oracle->count = count;
            if (shape->is_interval || !is_known(oracle, text))
                oracle->count++;
        }
        before = wall;
    }
}

/* ---- the calendar against it ---- */

static void check_window(const struct flow *flow, const struct shape *shape, int64_t first,
                         struct oracle *oracle)
{
    char wall[CIVIL_TIME_BYTES];
    walk(oracle, shape, first);
    /* A fixed time whose first occurrence lies before the window is no news in it. */
    struct plan_time time = plan_calendar_after((struct instant){(first - 1) * MINUTE_US});
    size_t at = 0;
    while (plan_calendar_next(flow, &time, &time) &&
           time.firing.us < (first + WINDOW_MINUTES) * MINUTE_US) {
        civil_time_format(time.planned, wall);
        if (at >= oracle->count || oracle->items[at].minute != time.firing.us / MINUTE_US ||
            strcmp(oracle->items[at].wall, wall) != 0)
            fail_msg("%s, `%s`: %s fires at %lld, expected %s at %lld", zone_name(flow->zone),
                     shape->text, wall, (long long)(time.firing.us / DURATION_SECOND_US),
                     at < oracle->count ? oracle->items[at].wall : "nothing",
                     at < oracle->count ? (long long)oracle->items[at].minute * 60 : 0);
        at++;
    }
    if (at != oracle->count)
        fail_msg("%s, `%s`: %s is missing", zone_name(flow->zone), shape->text,
                 oracle->items[at].wall);
}

static bool has_found(const struct oracle *oracle, int64_t minute, const char *wall)
{
    for (size_t i = 0; i < oracle->count; i++) {
        if (oracle->items[i].minute == minute && strcmp(oracle->items[i].wall, wall) == 0)
            return true;
    }
    return false;
}

/* A backfill goes by dates: they must name the same instances. Not in the same order: around a
 * midnight that comes twice two dates take turns. */
static void check_dates(const struct flow *flow, const struct shape *shape, int64_t first,
                        const struct oracle *oracle)
{
    SCOPED_ARENA struct arena arena = {0};
    int64_t day = first / (24 * 60) - 3;
    size_t found = 0;
    for (int64_t end = day + 8; day < end; day++) {
        struct plan_date date = {.bizdate = civil_from_days(day)};
        struct plan_times times;
        char wall[CIVIL_TIME_BYTES];
        assert_int_equal(plan_planned_times(flow, date, &arena, &times, NULL), 0);
        for (size_t i = 0; i < times.count; i++) {
            int64_t minute = times.items[i].firing.us / MINUTE_US;
            if (times.is_off_schedule || minute < first || minute >= first + WINDOW_MINUTES)
                continue;
            civil_time_format(times.items[i].planned, wall);
            if (!has_found(oracle, minute, wall))
                fail_msg("%s, `%s`: a date has %s, the calendar does not", zone_name(flow->zone),
                         shape->text, wall);
            found++;
        }
    }
    if (found != oracle->count)
        fail_msg("%s, `%s`: dates have %zu instances, the calendar %zu", zone_name(flow->zone),
                 shape->text, found, oracle->count);
}

static struct flow *load_zoned(struct flow_test *test, const char *at, const char *zone)
{
    char yaml[512];
    snprintf(yaml, sizeof yaml,
             "flow: f\nschedule: {at: [%s], timezone: %s}\nnodes: {a: {type: virtual}}\n", at,
             zone);
    return plan_test_flow(test, yaml);
}

static bool is_whole_minute(const struct zone *zone, struct instant change)
{
    return change.us % MINUTE_US == 0 && zone_offset_at(zone, change) % 60 == 0 &&
           zone_offset_at(zone, (struct instant){change.us - 1}) % 60 == 0;
}

/* Every change of a zone's clock from 1970 to 2037 whose instant is a whole minute, one day
 * around each. */
static void check_changes(struct flow *const *flows, int64_t step)
{
    static struct oracle oracle;
    const struct zone *zone = flows[0]->zone;
    struct instant end = {INT64_C(2145916800) * DURATION_SECOND_US};
    struct instant change = zone_next_change(zone, (struct instant){0});
    for (int64_t number = 0; instant_compare(change, end) < 0; number++) {
        int64_t first = change.us / MINUTE_US - WINDOW_MINUTES / 2;
        if (number % step == 0 && is_whole_minute(zone, change)) {
            read_walls(&oracle, first);
            for (size_t i = 0; i < SHAPE_COUNT; i++) {
                check_window(flows[i], &shapes[i], first, &oracle);
                check_dates(flows[i], &shapes[i], first, &oracle);
            }
        }
        change = zone_next_change(zone, change);
    }
}

static void check_zone(struct flow_test *test, const char *zone, int64_t step)
{
    struct flow *flows[SHAPE_COUNT];
    setenv("TZ", zone, 1);
    tzset();
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        char quoted[64];
        snprintf(quoted, sizeof quoted, "\"%s\"", shapes[i].text);
        flows[i] = load_zoned(test, quoted, zone);
    }
    check_changes(flows, step);
    for (size_t i = 0; i < SHAPE_COUNT; i++)
        flow_free(flows[i]);
    unsetenv("TZ");
    tzset();
}

static const char *const hard_zones[] = {
    "America/New_York",     "Europe/London",     "Europe/Dublin",    "Australia/Lord_Howe",
    "Pacific/Apia",         "America/Sao_Paulo", "Asia/Beirut",      "Africa/Casablanca",
    "America/Scoresbysund", "Antarctica/Troll",  "Asia/Tehran",      "America/Havana",
    "Pacific/Kwajalein",    "Asia/Shanghai",     "America/St_Johns", "Africa/Cairo"};

static void test_hard_zones(void **state)
{
    (void)state;
    struct flow_test test;
    plan_test_begin(&test, "timezone: UTC\n");
    for (size_t i = 0; i < sizeof hard_zones / sizeof hard_zones[0]; i++)
        check_zone(&test, hard_zones[i], 9);
    flow_test_end(&test);
}

/* With DATEMILL_TEST_FULL: every zone of the machine, every change. */
static void test_all_zones(void **state)
{
    (void)state;
    const char *full = getenv("DATEMILL_TEST_FULL");
    if (full == NULL || strcmp(full, "0") == 0)
        skip();
    FILE *list = fopen("/usr/share/zoneinfo/tzdata.zi", "r");
    assert_non_null(list);
    struct flow_test test;
    plan_test_begin(&test, "timezone: UTC\n");
    char line[512];
    size_t count = 0;
    while (fgets(line, sizeof line, list) != NULL) {
        char name[128];
        if (sscanf(line, "Z %127s", name) != 1)
            continue;
        check_zone(&test, name, 1);
        count++;
    }
    assert_true(count > 300);
    fclose(list);
    flow_test_end(&test);
}

/* ---- lists, days, bounds ---- */

static void expect(const char *lines, const char *after, size_t count, const char *expected)
{
    struct flow_test test;
    plan_test_begin(&test, "timezone: UTC\n");
    char yaml[512];
    snprintf(yaml, sizeof yaml, "flow: f\n%snodes: {a: {type: virtual}}\n", lines);
    struct flow *flow = plan_test_flow(&test, yaml);
    struct instant from = zone_find_local(flow->zone, plan_test_time(after)).first;
    struct plan_time time = plan_calendar_after(from);
    struct text text = {0};
    for (size_t i = 0; i < count && plan_calendar_next(flow, &time, &time); i++) {
        char buffer[CIVIL_TIME_BYTES];
        text_append_format(&text, "%s%s%s", i == 0 ? "" : " ",
                           civil_time_format(time.planned, buffer), time.is_second ? "#" : "");
    }
    assert_string_equal(text_string(&text), expected);
    text_free(&text);
    flow_free(flow);
    flow_test_end(&test);
}

static void test_lists_and_bounds(void **state)
{
    (void)state;
    expect("schedule: {at: [daily 00:30, daily 12:00, daily 00:30]}\n", "2021-11-11T00:30", 3,
           "2021-11-11T12:00:00 2021-11-12T00:30:00 2021-11-12T12:00:00");
    expect("schedule: {at: [weekly mon 09:00, \"monthly last 03:00\"]}\n", "2021-11-26", 4,
           "2021-11-29T09:00:00 2021-11-30T03:00:00 2021-12-06T09:00:00 2021-12-13T09:00:00");
    expect("schedule: {cron: [\"0 0 29 2 *\"]}\n", "2096-03-01", 2,
           "2104-02-29T00:00:00 2108-02-29T00:00:00");
    expect("schedule: {cron: \"0 0 0 ? 2 7#5\"}\n", "2004-03-01", 1, "2032-02-29T00:00:00");
    expect("schedule: {at: daily 01:00, from: 2021-11-11, until: 2021-11-12}\n", "1999-01-01", 9,
           "2021-11-11T01:00:00 2021-11-12T01:00:00");
    expect("", "2021-01-01", 1, "");
    expect("schedule: daily 00:00\n", "9999-12-30", 9, "9999-12-31T00:00:00");
    expect("schedule: every 1s\n", "2021-01-01T23:59:58", 3,
           "2021-01-01T23:59:59 2021-01-02T00:00:00 2021-01-02T00:00:01");
}

static void test_fold_across_rules(void **state)
{
    (void)state;
    /* New York, 2024-11-03: 01:00-02:00 comes twice; the fixed 01:30 once, the hourly one twice */
    expect("schedule: {at: [daily 01:30, \"hourly :30\"], timezone: America/New_York}\n",
           "2024-11-03T00:45", 3, "2024-11-03T01:30:00 2024-11-03T01:30:00# 2024-11-03T02:30:00");
    /* two fixed times in the gap fire together and stay two */
    expect("schedule: {at: [daily 02:30, daily 02:15, daily 03:00], timezone: America/New_York}\n",
           "2024-03-10T01:00", 3, "2024-03-10T02:15:00 2024-03-10T02:30:00 2024-03-10T03:00:00");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists_and_bounds),
        cmocka_unit_test(test_fold_across_rules),
        cmocka_unit_test(test_hard_zones),
        cmocka_unit_test(test_all_zones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "scheduler/base/random.h"
#include "scheduler/base/scope.h"
#include "scheduler/flow/expression.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* Expressions against the C library's calendar and zones, over many dates. */

#define FIRST_YEAR 1950
#define LAST_YEAR 2060

static const char *const zones[] = {
    "America/New_York", "Australia/Lord_Howe", "Pacific/Apia",      "Africa/Casablanca",
    "Europe/Dublin",    "Antarctica/Troll",    "America/Sao_Paulo", "Pacific/Kwajalein",
    "Pacific/Chatham",  "Asia/Gaza",           "America/Caracas",   "Asia/Pyongyang",
    "Asia/Shanghai",    "Europe/London",       "Asia/Kathmandu",    "UTC",
};

#define ZONES (sizeof zones / sizeof zones[0])

static struct zone *load(const char *name)
{
    struct zone *zone = NULL;
    struct error err = {0};
    if (zone_load(name, &zone, &err) != 0)
        fail_msg("%s", err.text);
    return zone;
}

static void evaluate(const char *text, const struct expression_context *context, char value[64])
{
    SCOPED_ARENA struct arena arena = {0};
    SCOPED_TEXT struct text result = {0};
    const struct expression *expression = NULL;
    struct error err = {0};
    if (expression_parse(&arena, text, &expression, NULL, &err) != 0 ||
        expression_evaluate(expression, context, &result, &err) != 0)
        fail_msg("%s: %s", text, err.text);
    snprintf(value, 64, "%s", text_string(&result));
}

static struct civil_time civil_of(const struct tm *tm)
{
    return (struct civil_time){
        {tm->tm_year + 1900, tm->tm_mon + 1, tm->tm_mday}, tm->tm_hour, tm->tm_min, tm->tm_sec};
}

static struct tm normal(struct tm tm)
{
    time_t seconds = timegm(&tm);
    struct tm result;
    gmtime_r(&seconds, &result);
    return result;
}

static struct tm random_time(struct random *random)
{
    int64_t span = INT64_C(200) * 31556952;
    time_t seconds = (time_t)random_below(random, (uint64_t)span) - span / 2;
    struct tm tm;
    gmtime_r(&seconds, &tm);
    return tm;
}

static void assert_same(const char *expected, const char *value, const char *text)
{
    if (strcmp(expected, value) != 0)
        fail_msg("%s: %s, not %s", text, value, expected);
}

static void test_day_offsets(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 101);
    for (int i = 0; i < 20000; i++) {
        char text[64];
        char value[64];
        char expected[64];
        struct tm tm = random_time(&random);
        struct expression_context context = {.planned = civil_of(&tm)};
        int days = (int)random_below(&random, 20001) - 10000;
        snprintf(text, sizeof text, "$[yyyy-mm-dd hh24:mi:ss%+d]", days);
        evaluate(text, &context, value);
        struct tm moved = tm;
        moved.tm_mday += days;
        moved = normal(moved);
        strftime(expected, sizeof expected, "%Y-%m-%d %H:%M:%S", &moved);
        assert_same(expected, value, text);
        snprintf(text, sizeof text, "${yyyymmdd%+d}", days);
        evaluate(text, &context, value);
        moved.tm_mday -= 1;
        moved = normal(moved);
        strftime(expected, sizeof expected, "%Y%m%d", &moved);
        assert_same(expected, value, text);
        snprintf(text, sizeof text, "$[yyyymmdd hh12:mi %+d/24/60]", days);
        evaluate(text, &context, value);
        moved = tm;
        moved.tm_min += days;
        moved = normal(moved);
        strftime(expected, sizeof expected, "%Y%m%d %I:%M", &moved);
        assert_same(expected, value, text);
    }
}

/* Months: the day stays unless the month is too short; there and back within a long month is the
 * same day. */
static void test_month_offsets(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 102);
    for (int i = 0; i < 20000; i++) {
        char text[64];
        char value[64];
        char expected[64];
        struct tm tm = random_time(&random);
        struct expression_context context = {.planned = civil_of(&tm)};
        int months = (int)random_below(&random, 601) - 300;
        snprintf(text, sizeof text, "$[add_months(yyyymmdd,%d)]", months);
        evaluate(text, &context, value);
        struct tm last = {.tm_year = tm.tm_year, .tm_mon = tm.tm_mon + months + 1, .tm_mday = 0};
        struct tm first = {.tm_year = tm.tm_year, .tm_mon = tm.tm_mon + months, .tm_mday = 1};
        last = normal(last);
        first = normal(first);
        struct tm moved = first;
        moved.tm_mday = tm.tm_mday < last.tm_mday ? tm.tm_mday : last.tm_mday;
        strftime(expected, sizeof expected, "%Y%m%d", &moved);
        assert_same(expected, value, text);
        snprintf(text, sizeof text, "$[last_day(yyyymmdd,%d)]", months);
        evaluate(text, &context, value);
        strftime(expected, sizeof expected, "%Y%m%d", &last);
        assert_same(expected, value, text);
        snprintf(text, sizeof text, "$[first_day(yyyymmdd,%d)]", months);
        evaluate(text, &context, value);
        strftime(expected, sizeof expected, "%Y%m%d", &first);
        assert_same(expected, value, text);
        snprintf(text, sizeof text, "$[quarter_start(yyyymm,%d)]", months);
        evaluate(text, &context, value);
        struct tm quarter = {
            .tm_year = tm.tm_year, .tm_mon = tm.tm_mon / 3 * 3 + 3 * months, .tm_mday = 1};
        quarter = normal(quarter);
        strftime(expected, sizeof expected, "%Y%m", &quarter);
        assert_same(expected, value, text);
        snprintf(text, sizeof text, "$[week_start(yyyymmdd,%d)]", months);
        evaluate(text, &context, value);
        struct tm monday = tm;
        monday.tm_mday += 7 * months - (tm.tm_wday + 6) % 7;
        monday = normal(monday);
        strftime(expected, sizeof expected, "%Y%m%d", &monday);
        assert_same(expected, value, text);
    }
}

/* What must hold for a planned time in any zone, clocks changing or not. */
static void check_business_date(const struct zone *zone, struct civil_time planned)
{
    char expected[64];
    char value[64];
    for (int second = 0; second < 2; second++) {
        struct expression_context context = {
            .planned = planned, .is_second = second == 1, .zone = zone};
        evaluate("${yyyymmdd}", &context, expected);
        static const char *const same[] = {
            "$[yyyymmdd-1]",     "$bizdate",        "$yyyymmdd",        "${bdp.system.bizdate}",
            "$[yyyymmdd-7*1+6]", "${yyyymmdd-1+1}", "$[yyyymmdd-24/24]"};
        for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
            evaluate(same[i], &context, value);
            if (strcmp(value, expected) != 0)
                fail_msg("%s: %s is %s, not %s", zone_name(zone), same[i], value, expected);
        }
        struct civil_date before = civil_add_days(planned.date, -1);
        snprintf(value, sizeof value, "%04d%02d%02d", before.year, before.month, before.day);
        assert_string_equal(value, expected);
    }
}

static struct instant start_of(int32_t year)
{
    int64_t seconds = civil_to_seconds((struct civil_time){{year, 1, 1}, 0, 0, 0});
    return (struct instant){seconds * DURATION_SECOND_US};
}

static void test_business_date_at_changes(void **state)
{
    (void)state;
    size_t changes = 0;
    for (size_t i = 0; i < ZONES; i++) {
        struct zone *zone = load(zones[i]);
        struct instant at = zone_next_change(zone, start_of(FIRST_YEAR));
        for (; !instant_is_never(at) && at.us < start_of(LAST_YEAR).us; changes++) {
            int64_t wall = civil_to_seconds(zone_civil_at(zone, at));
            for (int64_t hours = -50; hours <= 50; hours += 5)
                check_business_date(zone, civil_from_seconds(wall + hours * 1800 + 60));
            struct civil_time midnight = {.date = civil_from_seconds(wall).date};
            check_business_date(zone, midnight);
            midnight.date = civil_add_days(midnight.date, 1);
            check_business_date(zone, midnight);
            at = zone_next_change(zone, at);
        }
        zone_free(zone);
    }
    assert_true(changes > 1000);
}

/* Fractions of a day around every change: what the C library's wall shows so many seconds away. */
static void check_fractions(const struct zone *zone, int64_t utc, struct random *random)
{
    char text[64];
    char value[64];
    char expected[64];
    struct tm tm;
    time_t seconds = (time_t)utc;
    localtime_r(&seconds, &tm);
    struct expression_context context = {.planned = civil_of(&tm), .zone = zone};
    struct zone_local local = zone_find_local(zone, context.planned);
    context.is_second =
        local.second.us == utc * DURATION_SECOND_US && local.first.us != local.second.us;
    int minutes = (int)random_below(random, 5760) - 2880;
    if (minutes % 1440 == 0)
        return;
    snprintf(text, sizeof text, "$[yyyy-mm-dd hh24:mi:ss%+d/24/60]", minutes);
    evaluate(text, &context, value);
    seconds += minutes * 60;
    localtime_r(&seconds, &tm);
    strftime(expected, sizeof expected, "%Y-%m-%d %H:%M:%S", &tm);
    assert_same(expected, value, text);
}

static void test_fractions_at_changes(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 103);
    for (size_t i = 0; i < ZONES; i++) {
        struct zone *zone = load(zones[i]);
        setenv("TZ", zones[i], 1);
        tzset();
        struct instant at = zone_next_change(zone, start_of(FIRST_YEAR));
        while (!instant_is_never(at) && at.us < start_of(LAST_YEAR).us) {
            int64_t change = at.us / DURATION_SECOND_US;
            for (int64_t minutes = -1600; minutes <= 1600; minutes += 160)
                check_fractions(zone, change + minutes * 60, &random);
            check_fractions(zone, change, &random);
            check_fractions(zone, change - 1, &random);
            at = zone_next_change(zone, at);
        }
        zone_free(zone);
    }
    unsetenv("TZ");
    tzset();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_day_offsets),
        cmocka_unit_test(test_month_offsets),
        cmocka_unit_test(test_business_date_at_changes),
        cmocka_unit_test(test_fractions_at_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

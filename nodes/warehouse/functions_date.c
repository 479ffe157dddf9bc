/* A text of ten characters is a DATE, a longer one a DATETIME. */
#include "nodes/warehouse/function_help.h"

#include "nodes/warehouse/date_format.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum unit {
    UNIT_YEAR,
    UNIT_MONTH,
    UNIT_DAY,
    UNIT_HOUR,
    UNIT_MINUTE,
    UNIT_SECOND,
    UNIT_COUNT
};

static const char *const unit_names[UNIT_COUNT][4] = {
    {"yyyy", "year", "y", "yy"},     {"mm", "month", "mon", "m"},  {"dd", "day", "d", "days"},
    {"hh", "hour", "hh24", "hours"}, {"mi", "minute", "min", "n"}, {"ss", "second", "s", "sec"},
};

static bool read_unit(sqlite3_context *context, sqlite3_value *source, enum unit *ret_unit)
{
    struct argument text;
    if (!argument_text(source, &text))
        return false;
    for (int i = 0; i < UNIT_COUNT; i++) {
        for (int k = 0; k < 4; k++) {
            if (strlen(unit_names[i][k]) == text.length &&
                strncasecmp(unit_names[i][k], text.bytes, text.length) == 0) {
                *ret_unit = (enum unit)i;
                return true;
            }
        }
    }
    function_fail(context, "'%.40s' is no part of a date: yyyy, mm, dd, hh, mi or ss", text.bytes);
    return false;
}

static bool in_range(sqlite3_context *context, struct civil_date date)
{
    if (civil_date_is_valid(date))
        return true;
    function_fail(context, "the date is out of range: years are 1 to 9999");
    return false;
}

#define MAX_STEPS ((int64_t)4000000000)
#define MAX_CLOCK_SECONDS ((int64_t)62000000000) /* about the years 5 and 3934 */

static bool check_steps(sqlite3_context *context, int64_t steps)
{
    if (steps > -MAX_STEPS && steps < MAX_STEPS)
        return true;
    function_fail(context, "the date is out of range: years are 1 to 9999");
    return false;
}

static bool add_seconds(sqlite3_context *context, struct value_moment *moment, int64_t seconds)
{
    int64_t last = civil_to_seconds((struct civil_time){{9999, 12, 31}, 23, 59, 59});
    int64_t first = civil_to_seconds((struct civil_time){{1, 1, 1}, 0, 0, 0});
    int64_t sum = civil_to_seconds(moment->time) + seconds;
    if (sum < first || sum > last) {
        function_fail(context, "the date is out of range: years are 1 to 9999");
        return false;
    }
    moment->time = civil_from_seconds(sum);
    return true;
}

static bool add_months(sqlite3_context *context, struct value_moment *moment, int64_t months)
{
    int64_t index = (int64_t)moment->time.date.year * 12 + moment->time.date.month - 1 + months;
    if (months > 200000 || months < -200000 || index < 12 || index >= 120000) {
        function_fail(context, "the date is out of range: years are 1 to 9999");
        return false;
    }
    moment->time.date = civil_add_months(moment->time.date, months);
    return in_range(context, moment->time.date);
}

static bool add_units(sqlite3_context *context, struct value_moment *moment, int64_t count,
                      enum unit unit)
{
    if (!check_steps(context, count))
        return false;
    switch (unit) {
    case UNIT_YEAR:
        return add_months(context, moment, count * 12);
    case UNIT_MONTH:
        return add_months(context, moment, count);
    case UNIT_DAY:
        return add_seconds(context, moment, count * 86400);
    case UNIT_HOUR:
        moment->has_time = true;
        return add_seconds(context, moment, count * 3600);
    case UNIT_MINUTE:
        moment->has_time = true;
        return add_seconds(context, moment, count * 60);
    case UNIT_SECOND:
        moment->has_time = true;
        return add_seconds(context, moment, count);
    case UNIT_COUNT:
        break;
    }
    return false;
}

static void call_dateadd(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    struct value_moment moment;
    int64_t steps;
    enum unit unit;
    if (argument_moment(context, values[0], &moment) && argument_int(context, values[1], &steps) &&
        read_unit(context, values[2], &unit) && add_units(context, &moment, steps, unit))
        function_result_moment(context, &moment, moment.has_time ? TYPE_DATETIME : TYPE_DATE);
}

static void add_days(sqlite3_context *context, sqlite3_value **values, int64_t direction)
{
    struct value_moment moment;
    int64_t days;
    if (argument_moment(context, values[0], &moment) && argument_int(context, values[1], &days) &&
        check_steps(context, days) && add_seconds(context, &moment, direction * days * 86400))
        function_result_moment(context, &moment, TYPE_DATE);
}

static void call_date_add(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    add_days(context, values, 1);
}

static void call_date_sub(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    add_days(context, values, -1);
}

static void call_add_months(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    struct value_moment moment;
    int64_t months;
    if (argument_moment(context, values[0], &moment) && argument_int(context, values[1], &months) &&
        add_months(context, &moment, months))
        function_result_moment(context, &moment, TYPE_DATE);
}

/* Steps of the unit since the year 0 or the epoch: differences of these count borders crossed. */
static int64_t unit_index(const struct value_moment *moment, enum unit unit)
{
    const struct civil_time *time = &moment->time;
    switch (unit) {
    case UNIT_YEAR:
        return time->date.year;
    case UNIT_MONTH:
        return (int64_t)time->date.year * 12 + time->date.month;
    case UNIT_DAY:
        return civil_to_days(time->date);
    case UNIT_HOUR:
        return civil_to_days(time->date) * 24 + time->hour;
    case UNIT_MINUTE:
        return civil_to_days(time->date) * 1440 + time->hour * 60 + time->minute;
    case UNIT_SECOND:
    case UNIT_COUNT:
        break;
    }
    return civil_to_seconds(*time);
}

static void call_datediff(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct value_moment a;
    struct value_moment b;
    enum unit unit = UNIT_DAY;
    if (argument_moment(context, values[0], &a) && argument_moment(context, values[1], &b) &&
        (count < 3 || read_unit(context, values[2], &unit)))
        sqlite3_result_int64(context, unit_index(&a, unit) - unit_index(&b, unit));
}

static int32_t part_of(const struct value_moment *moment, enum unit unit)
{
    switch (unit) {
    case UNIT_YEAR:
        return moment->time.date.year;
    case UNIT_MONTH:
        return moment->time.date.month;
    case UNIT_DAY:
        return moment->time.date.day;
    case UNIT_HOUR:
        return moment->time.hour;
    case UNIT_MINUTE:
        return moment->time.minute;
    case UNIT_SECOND:
    case UNIT_COUNT:
        break;
    }
    return moment->time.second;
}

static void call_datepart(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    struct value_moment moment;
    enum unit unit;
    if (argument_moment(context, values[0], &moment) && read_unit(context, values[1], &unit))
        sqlite3_result_int(context, part_of(&moment, unit));
}

static void call_datetrunc(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    struct value_moment moment;
    enum unit unit;
    if (!argument_moment(context, values[0], &moment) || !read_unit(context, values[1], &unit))
        return;
    moment.nanosecond = 0;
    moment.time.date.month = unit < UNIT_MONTH ? 1 : moment.time.date.month;
    moment.time.date.day = unit < UNIT_DAY ? 1 : moment.time.date.day;
    moment.time.hour = unit < UNIT_HOUR ? 0 : moment.time.hour;
    moment.time.minute = unit < UNIT_MINUTE ? 0 : moment.time.minute;
    moment.time.second = unit < UNIT_SECOND ? 0 : moment.time.second;
    function_result_moment(context, &moment, moment.has_time ? TYPE_DATETIME : TYPE_DATE);
}

#define PART_FUNCTION(name, expression)                                                            \
    static void name(sqlite3_context *context, int count, sqlite3_value **values)                  \
    {                                                                                              \
        (void)count;                                                                               \
        struct value_moment moment;                                                                \
        if (argument_moment(context, values[0], &moment))                                          \
            sqlite3_result_int64(context, (expression));                                           \
    }

static int64_t day_of_year(struct civil_date date)
{
    return civil_to_days(date) - civil_to_days((struct civil_date){date.year, 1, 1}) + 1;
}

/* ISO 8601: the week with the year's first Thursday is its first. */
static int64_t week_of_year(struct civil_date date)
{
    struct civil_date thursday = civil_add_days(date, 4 - civil_weekday(date));
    return (day_of_year(thursday) - 1) / 7 + 1;
}

PART_FUNCTION(call_year, moment.time.date.year)
PART_FUNCTION(call_quarter, (moment.time.date.month + 2) / 3)
PART_FUNCTION(call_month, moment.time.date.month)
PART_FUNCTION(call_day, moment.time.date.day)
PART_FUNCTION(call_hour, moment.time.hour)
PART_FUNCTION(call_minute, moment.time.minute)
PART_FUNCTION(call_second, moment.time.second)
PART_FUNCTION(call_weekday, civil_weekday(moment.time.date) - 1)
PART_FUNCTION(call_dayofweek, civil_weekday(moment.time.date) % 7 + 1)
PART_FUNCTION(call_dayofyear, day_of_year(moment.time.date))
PART_FUNCTION(call_weekofyear, week_of_year(moment.time.date))

static void result_last_day(sqlite3_context *context, sqlite3_value *source, enum type_kind kind)
{
    struct value_moment moment;
    if (!argument_moment(context, source, &moment))
        return;
    struct civil_date date = moment.time.date;
    date.day = civil_days_in_month(date.year, date.month);
    moment = (struct value_moment){.time = {.date = date}};
    function_result_moment(context, &moment, kind);
}

static void call_last_day(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    result_last_day(context, values[0], TYPE_DATE);
}

static void call_lastday(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    result_last_day(context, values[0], TYPE_DATETIME);
}

static void write_date(sqlite3_context *context, sqlite3_value **values, enum date_style style)
{
    struct value_moment moment;
    struct argument pattern;
    struct text out = function_text();
    if (!argument_moment(context, values[0], &moment) || !argument_text(values[1], &pattern))
        return;
    date_format_write(&moment, pattern.bytes, pattern.length, style, &out);
    function_result_text(context, &out);
    text_free(&out);
}

/* TO_CHAR(date, pattern), or any value as text. */
static void call_to_char(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct argument text;
    if (count == 2)
        write_date(context, values, DATE_STYLE_MAXCOMPUTE);
    else if (argument_text(values[0], &text))
        sqlite3_result_text64(context, text.bytes, text.length, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static void call_date_format(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    write_date(context, values, DATE_STYLE_JAVA);
}

/* TO_DATE(text) gives a DATE, TO_DATE(text, pattern) a DATETIME. */
static void call_to_date(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct value_moment moment;
    struct argument text;
    struct argument pattern;
    if (count == 1) {
        if (argument_moment(context, values[0], &moment))
            function_result_moment(context, &moment, TYPE_DATE);
        return;
    }
    if (!argument_text(values[0], &text) || !argument_text(values[1], &pattern))
        return;
    if (date_format_read(text.bytes, text.length, pattern.bytes, pattern.length, &moment))
        function_result_moment(context, &moment, TYPE_DATETIME);
    else
        function_fail(context, "'%.40s' is no date by the pattern '%.40s'", text.bytes,
                      pattern.bytes);
}

static void call_isdate(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    struct value_moment moment;
    struct argument text;
    struct argument pattern;
    if (argument_text(values[0], &text) && argument_text(values[1], &pattern))
        sqlite3_result_int(context, date_format_read(text.bytes, text.length, pattern.bytes,
                                                     pattern.length, &moment));
}

/* The zone that the scheduler set in TZ, UTC without one. NULL when the result is an error. */
static const struct zone *get_zone(sqlite3_context *context)
{
    struct function_state *state = sqlite3_user_data(context);
    const char *name = getenv("TZ");
    struct error err = {0};
    if (state->zone == NULL &&
        zone_load(name == NULL || *name == '\0' ? "UTC" : name, &state->zone, &err) != 0)
        function_fail_error(context, &err);
    return state->zone;
}

static void result_clock(sqlite3_context *context, int64_t seconds)
{
    const struct zone *zone = get_zone(context);
    if (zone == NULL)
        return;
    if (seconds < -MAX_CLOCK_SECONDS || seconds > MAX_CLOCK_SECONDS) {
        function_fail(context, "the time is out of range");
        return;
    }
    struct value_moment moment = {
        .time = zone_civil_at(zone, (struct instant){seconds * DURATION_SECOND_US})};
    function_result_moment(context, &moment, TYPE_DATETIME);
}

static void call_getdate(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    (void)values;
    const struct function_state *state = sqlite3_user_data(context);
    result_clock(context, state->now_us / 1000000);
}

static void call_from_unixtime(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    int64_t seconds;
    if (argument_int(context, values[0], &seconds))
        result_clock(context, seconds);
}

static void call_unix_timestamp(sqlite3_context *context, int count, sqlite3_value **values)
{
    const struct function_state *state = sqlite3_user_data(context);
    struct value_moment moment;
    if (count == 0) {
        sqlite3_result_int64(context, state->now_us / 1000000);
        return;
    }
    if (!argument_moment(context, values[0], &moment))
        return;
    const struct zone *zone = get_zone(context);
    if (zone != NULL)
        sqlite3_result_int64(context,
                             zone_find_local(zone, moment.time).first.us / DURATION_SECOND_US);
}

#define ROW(function_name, min, max, kind, function)                                               \
    {                                                                                              \
        .name = function_name, .min_arguments = min, .max_arguments = max, .result = kind,         \
        .call = function                                                                           \
    }

const struct function functions_date[] = {
    ROW("dateadd", 3, 3, FUNCTION_MOMENT, call_dateadd),
    ROW("date_add", 2, 2, FUNCTION_DATE, call_date_add),
    ROW("date_sub", 2, 2, FUNCTION_DATE, call_date_sub),
    ROW("add_months", 2, 2, FUNCTION_DATE, call_add_months),
    ROW("datediff", 2, 3, FUNCTION_BIGINT, call_datediff),
    ROW("datepart", 2, 2, FUNCTION_BIGINT, call_datepart),
    ROW("datetrunc", 2, 2, FUNCTION_MOMENT, call_datetrunc),
    ROW("year", 1, 1, FUNCTION_BIGINT, call_year),
    ROW("quarter", 1, 1, FUNCTION_BIGINT, call_quarter),
    ROW("month", 1, 1, FUNCTION_BIGINT, call_month),
    ROW("day", 1, 1, FUNCTION_BIGINT, call_day),
    ROW("dayofmonth", 1, 1, FUNCTION_BIGINT, call_day),
    ROW("hour", 1, 1, FUNCTION_BIGINT, call_hour),
    ROW("minute", 1, 1, FUNCTION_BIGINT, call_minute),
    ROW("second", 1, 1, FUNCTION_BIGINT, call_second),
    ROW("weekday", 1, 1, FUNCTION_BIGINT, call_weekday),
    ROW("dayofweek", 1, 1, FUNCTION_BIGINT, call_dayofweek),
    ROW("dayofyear", 1, 1, FUNCTION_BIGINT, call_dayofyear),
    ROW("weekofyear", 1, 1, FUNCTION_BIGINT, call_weekofyear),
    ROW("last_day", 1, 1, FUNCTION_DATE, call_last_day),
    ROW("lastday", 1, 1, FUNCTION_DATETIME, call_lastday),
    ROW("to_char", 1, 2, FUNCTION_STRING, call_to_char),
    ROW("date_format", 2, 2, FUNCTION_STRING, call_date_format),
    ROW("to_date", 1, 2, FUNCTION_TO_DATE, call_to_date),
    ROW("isdate", 2, 2, FUNCTION_BOOLEAN, call_isdate),
    ROW("getdate", 0, 0, FUNCTION_DATETIME, call_getdate),
    ROW("current_timestamp", 0, 0, FUNCTION_DATETIME, call_getdate),
    ROW("from_unixtime", 1, 1, FUNCTION_DATETIME, call_from_unixtime),
    ROW("unix_timestamp", 0, 1, FUNCTION_BIGINT, call_unix_timestamp),
    {0},
};

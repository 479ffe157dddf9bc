#include "scheduler/base/zone_data.h"

#include <string.h>

#define HOUR 3600
#define DAY 86400
#define DEFAULT_CHANGE (2 * HOUR)

/* Reading a TZ string from left to right. */
struct reader {
    const char *at;
    const char *end;
    struct error *err;
};

static int malformed(const struct reader *reader, const char *what)
{
    return error_set(reader->err, ERROR_KIND_INVALID, "the zone's rule is malformed: %s", what);
}

static char peek(const struct reader *reader)
{
    return reader->at < reader->end ? *reader->at : '\0';
}

static bool take(struct reader *reader, char wanted)
{
    if (peek(reader) != wanted)
        return false;
    reader->at++;
    return true;
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* EST, or <+0330> */
static int skip_name(struct reader *reader)
{
    bool is_quoted = take(reader, '<');
    const char *start = reader->at;
    while (is_letter(peek(reader)) ||
           (is_quoted && (is_digit(peek(reader)) || peek(reader) == '+' || peek(reader) == '-')))
        reader->at++;
    if (reader->at - start < 3)
        return malformed(reader, "an abbreviation is missing");
    if (is_quoted && !take(reader, '>'))
        return malformed(reader, "an abbreviation has no end");
    return 0;
}

static int read_number(struct reader *reader, int32_t min, int32_t max, int32_t *ret_number)
{
    int32_t number = 0;
    if (!is_digit(peek(reader)))
        return malformed(reader, "a number is missing");
    for (; is_digit(peek(reader)); reader->at++) {
        number = number * 10 + (*reader->at - '0');
        if (number > max)
            return malformed(reader, "a number is too large");
    }
    if (number < min)
        return malformed(reader, "a number is too small");
    *ret_number = number;
    return 0;
}

/* [+-]hh[:mm[:ss]] in seconds */
static int read_time(struct reader *reader, int32_t max_hours, int32_t *ret_seconds)
{
    bool is_negative = take(reader, '-');
    if (!is_negative)
        take(reader, '+');
    int32_t hours;
    int32_t minutes = 0;
    int32_t seconds = 0;
    if (read_number(reader, 0, max_hours, &hours) != 0)
        return -1;
    if (take(reader, ':')) {
        if (read_number(reader, 0, 59, &minutes) != 0)
            return -1;
        if (take(reader, ':') && read_number(reader, 0, 59, &seconds) != 0)
            return -1;
    }
    int32_t total = hours * HOUR + minutes * 60 + seconds;
    *ret_seconds = is_negative ? -total : total;
    return 0;
}

/* An offset is written as seconds west of UTC. */
static int read_offset(struct reader *reader, int32_t *ret_offset)
{
    int32_t west;
    if (read_time(reader, 24, &west) != 0)
        return -1;
    *ret_offset = -west;
    return 0;
}

static int read_day(struct reader *reader, struct zone_change *change)
{
    if (take(reader, 'M')) {
        change->kind = ZONE_DAY_OF_WEEK;
        if (read_number(reader, 1, 12, &change->month) != 0)
            return -1;
        if (!take(reader, '.') || read_number(reader, 1, 5, &change->week) != 0)
            return malformed(reader, "a week is missing");
        if (!take(reader, '.') || read_number(reader, 0, 6, &change->day) != 0)
            return malformed(reader, "a weekday is missing");
        return 0;
    }
    bool is_julian = take(reader, 'J');
    change->kind = is_julian ? ZONE_DAY_JULIAN : ZONE_DAY_OF_YEAR;
    return read_number(reader, is_julian ? 1 : 0, 365, &change->day);
}

static int read_change(struct reader *reader, bool allows_extension, struct zone_change *change)
{
    *change = (struct zone_change){.second = DEFAULT_CHANGE};
    if (!take(reader, ','))
        return malformed(reader, "the days of change are missing");
    if (read_day(reader, change) != 0)
        return -1;
    if (!take(reader, '/'))
        return 0;
    if (!allows_extension && !is_digit(peek(reader)))
        return malformed(reader, "a signed time needs version 3");
    return read_time(reader, allows_extension ? 167 : 24, &change->second);
}

int zone_rule_parse(const char *text, size_t length, bool allows_extension,
                    struct zone_rule *ret_rule, struct error *err)
{
    struct reader reader = {.at = text, .end = text + length, .err = err};
    struct zone_rule rule = {0};
    if (skip_name(&reader) != 0 || read_offset(&reader, &rule.standard) != 0)
        return -1;
    rule.has_summer = reader.at < reader.end;
    if (rule.has_summer) {
        if (skip_name(&reader) != 0)
            return -1;
        rule.summer = rule.standard + HOUR;
        if (peek(&reader) != ',' && read_offset(&reader, &rule.summer) != 0)
            return -1;
        if (read_change(&reader, allows_extension, &rule.to_summer) != 0 ||
            read_change(&reader, allows_extension, &rule.to_standard) != 0)
            return -1;
    }
    if (reader.at != reader.end)
        return malformed(&reader, "something follows it");
    *ret_rule = rule;
    return 0;
}

/* Days since the epoch of the change in a year. */
static int64_t change_day(const struct zone_change *change, int32_t year)
{
    int64_t new_year = civil_to_days((struct civil_date){year, 1, 1});
    int32_t leap = civil_is_leap_year(year) ? 1 : 0;
    switch (change->kind) {
    case ZONE_DAY_JULIAN:
        return new_year + change->day - 1 + (change->day >= 60 ? leap : 0);
    case ZONE_DAY_OF_YEAR:
        return new_year + change->day;
    case ZONE_DAY_OF_WEEK:
        break;
    }
    struct civil_date first = {year, change->month, 1};
    int32_t ahead = (change->day - civil_weekday(first) % 7 + 7) % 7;
    int32_t day = 1 + ahead + (change->week - 1) * 7;
    if (day > civil_days_in_month(year, change->month))
        day -= 7;
    return civil_to_days(first) + day - 1;
}

static int64_t change_at(const struct zone_rule *rule, int32_t year, bool is_to_summer)
{
    const struct zone_change *change = is_to_summer ? &rule->to_summer : &rule->to_standard;
    int32_t offset_before = is_to_summer ? rule->standard : rule->summer;
    return change_day(change, year) * DAY + change->second - offset_before;
}

static int32_t year_at(const struct zone_rule *rule, int64_t seconds)
{
    return civil_from_seconds(seconds + rule->standard).date.year;
}

int32_t zone_rule_offset(const struct zone_rule *rule, int64_t seconds)
{
    if (!rule->has_summer)
        return rule->standard;
    int32_t year = year_at(rule, seconds);
    int64_t latest = INT64_MIN;
    bool is_summer = false;
    for (int32_t y = year - 1; y <= year + 1; y++) {
        int64_t to_standard = change_at(rule, y, false);
        int64_t to_summer = change_at(rule, y, true);
        if (to_standard <= seconds && to_standard > latest) {
            latest = to_standard;
            is_summer = false;
        }
        /* At the same instant summer wins: so is summer time for the whole year written. */
        if (to_summer <= seconds && to_summer >= latest) {
            latest = to_summer;
            is_summer = true;
        }
    }
    return is_summer ? rule->summer : rule->standard;
}

bool zone_rule_next(const struct zone_rule *rule, int64_t seconds, int64_t *ret_seconds)
{
    if (!rule->has_summer)
        return false;
    int32_t year = year_at(rule, seconds);
    int64_t next = INT64_MAX;
    for (int32_t y = year - 1; y <= year + 2; y++) {
        int64_t changes[] = {change_at(rule, y, true), change_at(rule, y, false)};
        for (size_t i = 0; i < 2; i++) {
            if (changes[i] > seconds && changes[i] < next)
                next = changes[i];
        }
    }
    *ret_seconds = next;
    return true;
}

#include "scheduler/base/civil.h"

#include "scheduler/base/digits.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define SECONDS_A_DAY 86400
#define DAYS_BEFORE_1970 719162 /* from 0001-01-01 */
#define DAYS_IN_400_YEARS 146097
#define MAX_DAYS ((int64_t)700000000000) /* keeps the year within 32 bits */

static const char *const month_names[] = {"January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December"};

static int64_t divide_down(int64_t value, int64_t divisor)
{
    return value / divisor - (value % divisor < 0 ? 1 : 0);
}

bool civil_is_leap_year(int32_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int32_t civil_days_in_month(int32_t year, int32_t month)
{
    static const int32_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    assert(month >= 1 && month <= 12);
    return month == 2 && civil_is_leap_year(year) ? 29 : days[month - 1];
}

bool civil_date_is_valid(struct civil_date date)
{
    return date.year >= 1 && date.year <= 9999 && date.month >= 1 && date.month <= 12 &&
           date.day >= 1 && date.day <= civil_days_in_month(date.year, date.month);
}

/* Days from 0001-01-01 to the first of January of `year`. */
static int64_t days_before_year(int64_t year)
{
    int64_t past = year - 1;
    return past * 365 + divide_down(past, 4) - divide_down(past, 100) + divide_down(past, 400);
}

static int64_t days_before_month(int32_t year, int32_t month)
{
    static const int32_t days[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    assert(month >= 1 && month <= 12);
    return days[month - 1] + (month > 2 && civil_is_leap_year(year) ? 1 : 0);
}

int64_t civil_to_days(struct civil_date date)
{
    return days_before_year(date.year) + days_before_month(date.year, date.month) + date.day - 1 -
           DAYS_BEFORE_1970;
}

struct civil_date civil_from_days(int64_t days)
{
    if (days > MAX_DAYS)
        days = MAX_DAYS;
    if (days < -MAX_DAYS)
        days = -MAX_DAYS;
    int64_t past = days + DAYS_BEFORE_1970;
    int64_t year = divide_down(past * 400, DAYS_IN_400_YEARS) + 1;
    while (days_before_year(year) > past)
        year--;
    while (days_before_year(year + 1) <= past)
        year++;
    struct civil_date date = {.year = (int32_t)year, .month = 12};
    int64_t day_of_year = past - days_before_year(year);
    while (days_before_month(date.year, date.month) > day_of_year)
        date.month--;
    date.day = (int32_t)(day_of_year - days_before_month(date.year, date.month)) + 1;
    return date;
}

int64_t civil_to_seconds(struct civil_time time)
{
    return civil_to_days(time.date) * SECONDS_A_DAY + time.hour * 3600 + time.minute * 60 +
           time.second;
}

struct civil_time civil_from_seconds(int64_t seconds)
{
    int64_t days = divide_down(seconds, SECONDS_A_DAY);
    int32_t rest = (int32_t)(seconds - days * SECONDS_A_DAY);
    return (struct civil_time){.date = civil_from_days(days),
                               .hour = rest / 3600,
                               .minute = rest / 60 % 60,
                               .second = rest % 60};
}

struct civil_date civil_add_days(struct civil_date date, int64_t days)
{
    int64_t sum;
    if (__builtin_add_overflow(civil_to_days(date), days, &sum))
        sum = days > 0 ? MAX_DAYS : -MAX_DAYS;
    return civil_from_days(sum);
}

struct civil_date civil_add_months(struct civil_date date, int64_t months)
{
    const int64_t most = (int64_t)12 * INT32_MAX / 2;
    if (months > most)
        months = most;
    if (months < -most)
        months = -most;
    int64_t count = (int64_t)date.year * 12 + date.month - 1 + months;
    int64_t year = divide_down(count, 12);
    struct civil_date moved = {
        .year = (int32_t)year, .month = (int32_t)(count - year * 12) + 1, .day = date.day};
    int32_t last = civil_days_in_month(moved.year, moved.month);
    if (moved.day > last)
        moved.day = last;
    return moved;
}

int32_t civil_weekday(struct civil_date date)
{
    int64_t days = civil_to_days(date) + 3; /* 1970-01-01 was a Thursday */
    return (int32_t)(days - divide_down(days, 7) * 7) + 1;
}

int civil_date_compare(struct civil_date a, struct civil_date b)
{
    if (a.year != b.year)
        return a.year < b.year ? -1 : 1;
    if (a.month != b.month)
        return a.month < b.month ? -1 : 1;
    return (a.day > b.day) - (a.day < b.day);
}

int civil_time_compare(struct civil_time a, struct civil_time b)
{
    int by_date = civil_date_compare(a.date, b.date);
    if (by_date != 0)
        return by_date;
    int32_t left = a.hour * 3600 + a.minute * 60 + a.second;
    int32_t right = b.hour * 3600 + b.minute * 60 + b.second;
    return (left > right) - (left < right);
}

static int refuse_date(struct error *err, const char *text, const char *why)
{
    return error_at(err, 0, 0, "E020", "%.40s is not a date: %s", text, why);
}

static int refuse_time(struct error *err, const char *text, const char *why)
{
    return error_at(err, 0, 0, "E020", "%.40s is not a time: %s", text, why);
}

/* Reads exactly `count` digits at *at and moves it behind them. */
static bool read_digits(const char **at, int count, int32_t *ret_number)
{
    int32_t number = 0;
    for (int i = 0; i < count; i++) {
        char digit = (*at)[i];
        if (digit < '0' || digit > '9')
            return false;
        number = number * 10 + (digit - '0');
    }
    *at += count;
    *ret_number = number;
    return true;
}

/* The shape of a date at *at, its numbers unchecked. */
static bool read_date(const char **at, struct civil_date *ret_date)
{
    if (!read_digits(at, 4, &ret_date->year))
        return false;
    bool has_dashes = **at == '-';
    *at += has_dashes ? 1 : 0;
    if (!read_digits(at, 2, &ret_date->month))
        return false;
    if (has_dashes && *(*at)++ != '-')
        return false;
    return read_digits(at, 2, &ret_date->day);
}

static int check_date(const char *text, struct civil_date date, struct error *err)
{
    char why[64];
    if (date.year < 1)
        return refuse_date(err, text, "years go from 0001 to 9999");
    if (date.month < 1 || date.month > 12)
        return refuse_date(err, text, "months go from 01 to 12");
    if (date.day < 1)
        return refuse_date(err, text, "days begin at 01");
    if (date.day > civil_days_in_month(date.year, date.month)) {
        snprintf(why, sizeof why, "%s %d has %d days", month_names[date.month - 1], date.year,
                 civil_days_in_month(date.year, date.month));
        return refuse_date(err, text, why);
    }
    return 0;
}

int civil_date_parse(const char *text, struct civil_date *ret_date, struct error *err)
{
    struct civil_date date;
    const char *at = text;
    if (!read_date(&at, &date) || *at != '\0')
        return refuse_date(err, text, "write 2021-11-11 or 20211111");
    if (check_date(text, date, err) != 0)
        return -1;
    *ret_date = date;
    return 0;
}

/* The shape of a wall time at *at, its numbers unchecked; seconds may be missing. */
static bool read_clock(const char **at, struct civil_time *time)
{
    if (!read_digits(at, 2, &time->hour) || *(*at)++ != ':' || !read_digits(at, 2, &time->minute))
        return false;
    if (**at != ':')
        return true;
    (*at)++;
    return read_digits(at, 2, &time->second);
}

int civil_time_parse(const char *text, struct civil_time *ret_time, struct error *err)
{
    struct civil_time time = {0};
    const char *at = text;
    bool is_shaped = read_date(&at, &time.date);
    if (is_shaped && (*at == 'T' || *at == ' ')) {
        at++;
        is_shaped = read_clock(&at, &time);
    }
    if (!is_shaped || *at != '\0')
        return refuse_time(err, text, "write 2021-11-11T02:30:45, 2021-11-11T02:30 or 2021-11-11");
    if (check_date(text, time.date, err) != 0)
        return -1;
    if (time.hour > 23)
        return refuse_time(err, text, "hours go from 00 to 23");
    if (time.minute > 59 || time.second > 59)
        return refuse_time(err, text, "minutes and seconds go from 00 to 59");
    *ret_time = time;
    return 0;
}

const char *civil_date_format(struct civil_date date, char buffer[CIVIL_DATE_BYTES])
{
    if (!civil_date_is_valid(date)) {
        snprintf(buffer, CIVIL_DATE_BYTES, "%04d-%02d-%02d", date.year, date.month % 100,
                 date.day % 100);
        return buffer;
    }
    char *at = digits_put(buffer, date.year, 4);
    *at++ = '-';
    at = digits_put(at, date.month, 2);
    *at++ = '-';
    *digits_put(at, date.day, 2) = '\0';
    return buffer;
}

const char *civil_time_format(struct civil_time time, char buffer[CIVIL_TIME_BYTES])
{
    size_t length = strlen(civil_date_format(time.date, buffer));
    char *at = buffer + length;
    if (time.hour < 0 || time.minute < 0 || time.second < 0) {
        snprintf(at, CIVIL_TIME_BYTES - length, "T%02d:%02d:%02d", time.hour % 100,
                 time.minute % 100, time.second % 100);
        return buffer;
    }
    *at++ = 'T';
    at = digits_put(at, time.hour, 2);
    *at++ = ':';
    at = digits_put(at, time.minute, 2);
    *at++ = ':';
    *digits_put(at, time.second, 2) = '\0';
    return buffer;
}

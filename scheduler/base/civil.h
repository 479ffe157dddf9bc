/* Dates and wall times of the proleptic Gregorian calendar, without a zone.
 *
 * Years 1 to 9999. Arithmetic is on integers and exact; nothing here reads a clock. */
#ifndef DATEMILL_BASE_CIVIL_H
#define DATEMILL_BASE_CIVIL_H

#include "scheduler/base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct civil_date {
    int32_t year;
    int32_t month; /* 1 to 12 */
    int32_t day;   /* 1 to 31 */
};

struct civil_time {
    struct civil_date date;
    int32_t hour;   /* 0 to 23 */
    int32_t minute; /* 0 to 59 */
    int32_t second; /* 0 to 59 */
};

#define CIVIL_DATE_BYTES 16 /* "2021-11-11" */
#define CIVIL_TIME_BYTES 32 /* "2021-11-11T02:30:45" */

bool civil_is_leap_year(int32_t year);
int32_t civil_days_in_month(int32_t year, int32_t month);
bool civil_date_is_valid(struct civil_date date);

/* Days since 1970-01-01, negative before. */
int64_t civil_to_days(struct civil_date date);
struct civil_date civil_from_days(int64_t days);

/* Seconds since 1970-01-01T00:00:00 of the same wall clock. */
int64_t civil_to_seconds(struct civil_time time);
struct civil_time civil_from_seconds(int64_t seconds);

struct civil_date civil_add_days(struct civil_date date, int64_t days);

/* A missing day becomes the month's last: 2025-03-31 minus one month is 2025-02-28. */
struct civil_date civil_add_months(struct civil_date date, int64_t months);

/* 1 = Monday … 7 = Sunday (ISO 8601). */
int32_t civil_weekday(struct civil_date date);

int civil_date_compare(struct civil_date a, struct civil_date b);
int civil_time_compare(struct civil_time a, struct civil_time b);

/* Reads `2021-11-11` or `20211111`. The message names the reason, as in E020: "2021-02-30 is not a
 * date: February 2021 has 28 days". */
int civil_date_parse(const char *text, struct civil_date *ret_date, struct error *err);

/* Reads `2021-11-11T02:30:45`, `2021-11-11T02:30`, with a space for the T, or a date alone
 * (00:00:00). */
int civil_time_parse(const char *text, struct civil_time *ret_time, struct error *err);

const char *civil_date_format(struct civil_date date, char buffer[CIVIL_DATE_BYTES]);
const char *civil_time_format(struct civil_time time, char buffer[CIVIL_TIME_BYTES]);

#endif

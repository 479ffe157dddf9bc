/* A cron line, read and checked: 5 fields, or 6 with seconds first as DataWorks exports them.
 *
 * Lists, ranges, steps, names (mon, JAN), `?`, and `L`, `W`, `LW`, `5L`, `5#3`. As in cron, when
 * both the day of the month and the weekday are restricted, either is enough. */
#ifndef DATEMILL_FLOW_CRON_H
#define DATEMILL_FLOW_CRON_H

#include "scheduler/base/civil.h"
#include "scheduler/base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct cron {
    uint64_t seconds; /* bit n: second n */
    uint64_t minutes;
    uint32_t hours;
    uint32_t days;            /* bit n: day n of the month, 1 to 31 */
    uint32_t months;          /* bit n: month n, 1 to 12 */
    uint32_t weekdays;        /* bit n: 0 = Sunday to 6 */
    uint32_t last_weekdays;   /* bit n: the month's last such weekday (`5L`) */
    uint64_t nth_weekdays;    /* bit 8 * k + n: the k-th such weekday (`5#3`), k = 1 to 5 */
    uint32_t nearest_days;    /* bit n: the working day nearest to day n (`15W`) */
    bool is_last_day;         /* `L` */
    bool is_last_working_day; /* `LW` */
    bool has_any_day;         /* the day of the month is `*` or `?` */
    bool has_any_weekday;     /* the weekday is `*` or `?` */
    bool has_seconds;         /* 6 fields were given */
};

/* On failure err->column is the place in `text` (from 1) and err->line the length to underline. */
int cron_parse(const char *text, struct cron *ret_cron, struct error *err);

/* Whether it fires on every date. */
bool cron_fires_each_day(const struct cron *cron);

/* Whether it fires on that date, by its day, month and weekday. */
bool cron_has_date(const struct cron *cron, struct civil_date date);

/* The first date from `date` on, at most CRON_MAX_GAP_DAYS later; false if there is none. */
#define CRON_MAX_GAP_DAYS 14700 /* 40 years: a fifth Sunday in February, around 2100 */
bool cron_next_date(const struct cron *cron, struct civil_date date, struct civil_date *ret_date);

/* The same whatever the date: no rule of `days` restricts any. */
extern const struct cron cron_every_day;

#endif

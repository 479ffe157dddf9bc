#include "scheduler/flow/cron.h"

#define SATURDAY 6
#define SUNDAY 7

/* 0 = Sunday, as in a cron line. */
static int32_t cron_weekday(struct civil_date date)
{
    return civil_weekday(date) % 7;
}

static int32_t last_working_day(struct civil_date date)
{
    struct civil_date last = date;
    last.day = civil_days_in_month(date.year, date.month);
    int32_t weekday = civil_weekday(last);
    if (weekday == SUNDAY)
        return last.day - 2;
    return weekday == SATURDAY ? last.day - 1 : last.day;
}

/* The working day nearest to day `day`, in the same month. */
static int32_t nearest_working_day(struct civil_date date, int32_t day)
{
    int32_t last = civil_days_in_month(date.year, date.month);
    struct civil_date wanted = {date.year, date.month, day < last ? day : last};
    int32_t weekday = civil_weekday(wanted);
    if (weekday == SATURDAY)
        return wanted.day == 1 ? 3 : wanted.day - 1;
    if (weekday == SUNDAY)
        return wanted.day == last ? last - 2 : wanted.day + 1;
    return wanted.day;
}

static bool matches_day(const struct cron *cron, struct civil_date date)
{
    if ((cron->days >> date.day & 1) != 0)
        return true;
    if (cron->is_last_day && date.day == civil_days_in_month(date.year, date.month))
        return true;
    if (cron->is_last_working_day && date.day == last_working_day(date))
        return true;
    for (int32_t day = 1; day <= 31; day++) {
        if ((cron->nearest_days >> day & 1) != 0 &&
            day <= civil_days_in_month(date.year, date.month) &&
            nearest_working_day(date, day) == date.day)
            return true;
    }
    return false;
}

static bool matches_weekday(const struct cron *cron, struct civil_date date)
{
    int32_t weekday = cron_weekday(date);
    int32_t nth = (date.day - 1) / 7 + 1;
    bool is_last = date.day + 7 > civil_days_in_month(date.year, date.month);
    return (cron->weekdays >> weekday & 1) != 0 ||
           (is_last && (cron->last_weekdays >> weekday & 1) != 0) ||
           (cron->nth_weekdays >> (8 * nth + weekday) & 1) != 0;
}

bool cron_has_date(const struct cron *cron, struct civil_date date)
{
    if ((cron->months >> date.month & 1) == 0)
        return false;
    if (cron->has_any_day)
        return cron->has_any_weekday || matches_weekday(cron, date);
    if (cron->has_any_weekday)
        return matches_day(cron, date);
    return matches_day(cron, date) || matches_weekday(cron, date);
}

bool cron_next_date(const struct cron *cron, struct civil_date date, struct civil_date *ret_date)
{
    int64_t first = civil_to_days(date);
    for (int64_t days = first; days <= first + CRON_MAX_GAP_DAYS; days++) {
        struct civil_date next = civil_from_days(days);
        if (!civil_date_is_valid(next))
            return false;
        if (cron_has_date(cron, next)) {
            *ret_date = next;
            return true;
        }
    }
    return false;
}

const struct cron cron_every_day = {.hours = 0xffffff,
                                    .days = UINT32_C(0xfffffffe),
                                    .months = 0x1ffe,
                                    .weekdays = 0x7f,
                                    .has_any_day = true,
                                    .has_any_weekday = true};

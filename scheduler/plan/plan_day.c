/* On which dates a schedule fires. */
#include "scheduler/flow/cron.h"
#include "scheduler/plan/plan_time.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

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

static bool cron_has_date(const struct cron *cron, struct civil_date date)
{
    if ((cron->months >> date.month & 1) == 0)
        return false;
    if (cron->has_any_day)
        return cron->has_any_weekday || matches_weekday(cron, date);
    if (cron->has_any_weekday)
        return matches_day(cron, date);
    return matches_day(cron, date) || matches_weekday(cron, date);
}

/* Whether a comma list of words, which ends at a space, holds the word. */
static bool list_has(const char *list, const char *word)
{
    size_t length = strlen(word);
    while (*list != '\0' && *list != ' ') {
        size_t part = strcspn(list, ", ");
        if (part == length && strncasecmp(list, word, length) == 0)
            return true;
        list += part + (list[part] == ',');
    }
    return false;
}

static bool monthly_has_date(const char *days, struct civil_date date)
{
    char number[16];
    snprintf(number, sizeof number, "%" PRId32, date.day);
    bool is_last = date.day == civil_days_in_month(date.year, date.month);
    return list_has(days, number) || (is_last && list_has(days, "last"));
}

static bool yearly_has_date(const char *days, struct civil_date date)
{
    char day[32];
    snprintf(day, sizeof day, "%02" PRId32 "-%02" PRId32, date.month, date.day);
    return list_has(days, day);
}

/* The text of a checked schedule: the form with days, or a cron line (schedule.h). */
static bool text_has_date(const char *text, struct civil_date date)
{
    static const char *const weekdays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
    struct cron cron;
    if (strncmp(text, "weekly ", 7) == 0)
        return list_has(text + 7, weekdays[cron_weekday(date)]);
    if (strncmp(text, "monthly ", 8) == 0)
        return monthly_has_date(text + 8, date);
    if (strncmp(text, "yearly ", 7) == 0)
        return yearly_has_date(text + 7, date);
    return cron_parse(text, &cron, NULL) < 0 || cron_has_date(&cron, date);
}

bool plan_schedule_has_date(const struct flow *flow, struct civil_date date)
{
    const struct flow_schedule *schedule = &flow->schedule;
    if (schedule->kind == FLOW_SCHEDULE_NONE)
        return true;
    if (schedule->from.year != 0 && civil_date_compare(date, schedule->from) < 0)
        return false;
    if (schedule->until.year != 0 && civil_date_compare(date, schedule->until) > 0)
        return false;
    return schedule->fires_each_day || text_has_date(schedule->text, date);
}

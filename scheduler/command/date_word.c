#include "scheduler/command/date_word.h"

#include "scheduler/base/scope.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_DAYS_BACK (366 * 9) /* a yearly schedule of 29 February fires at least so often */

static int fail(struct error *err)
{
    if (err != NULL) {
        err->kind = ERROR_KIND_USAGE;
        memcpy(err->code, "E020", 5);
        if (err->help[0] == '\0')
            error_help(err, "a business date is written 2021-11-11, 20211111, 2021-11-11T13:00, "
                            "yesterday or latest");
    }
    return -1;
}

static struct civil_date today(const struct flow *flow, struct instant now)
{
    return zone_civil_at(flow->zone, now).date;
}

static void read_yesterday(const struct flow *flow, struct instant now, struct date_word *ret_date)
{
    *ret_date = (struct date_word){.bizdate = civil_add_days(today(flow, now), -1)};
    snprintf(ret_date->meaning, sizeof ret_date->meaning, "yesterday in %s", zone_name(flow->zone));
}

/* The last planned time of that date which has passed; NULL when there is none. */
static const struct plan_time *last_passed(const struct plan_times *times, struct instant now)
{
    const struct plan_time *last = NULL;
    for (size_t i = 0; i < times->count; i++) {
        if (instant_compare(times->items[i].firing, now) <= 0)
            last = &times->items[i];
    }
    return last;
}

/* The newest planned time of one (planned) date that has passed; false when there is none. */
static bool find_passed(const struct flow *flow, struct civil_date planned, struct instant now,
                        struct date_word *ret_date)
{
    SCOPED_ARENA struct arena arena = {0};
    struct plan_times times;
    struct error ignored = {0};
    struct civil_date bizdate = civil_add_days(planned, -1);
    if (plan_planned_times(flow, (struct plan_date){bizdate, NULL}, &arena, &times, &ignored) < 0)
        return false;
    const struct plan_time *last = last_passed(&times, now);
    if (last == NULL)
        return false;
    *ret_date =
        (struct date_word){.bizdate = bizdate, .has_time = times.count > 1, .time = last->planned};
    snprintf(ret_date->meaning, sizeof ret_date->meaning, "the latest of %s", flow->name);
    return true;
}

static int read_latest(const struct flow *flow, struct instant now, struct date_word *ret_date,
                       struct error *err)
{
    struct civil_date planned = today(flow, now);
    for (int back = 0; back < MAX_DAYS_BACK; back++, planned = civil_add_days(planned, -1)) {
        if (plan_schedule_has_date(flow, planned) && find_passed(flow, planned, now, ret_date))
            return 0;
    }
    error_set(err, ERROR_KIND_USAGE, "flow %s was never due so far", flow->name);
    return fail(err);
}

static int read_date(const char *word, struct date_word *ret_date, struct error *err)
{
    struct civil_date date;
    if (strpbrk(word, "T ") == NULL) {
        if (civil_date_parse(word, &date, err) < 0)
            return fail(err);
        *ret_date = (struct date_word){.bizdate = date};
        return 0;
    }
    struct civil_time time;
    if (civil_time_parse(word, &time, err) < 0)
        return fail(err);
    *ret_date = (struct date_word){.bizdate = time.date, .has_time = true, .time = time};
    return 0;
}

int date_word_parse(const char *word, const struct flow *flow, struct instant now,
                    struct date_word *ret_date, struct error *err)
{
    if (word == NULL || strcasecmp(word, "yesterday") == 0) {
        read_yesterday(flow, now, ret_date);
        return 0;
    }
    if (strcasecmp(word, "latest") == 0)
        return read_latest(flow, now, ret_date, err);
    return read_date(word, ret_date, err);
}

int date_word_times(const struct date_word *date, const struct flow *flow, struct arena *arena,
                    struct plan_times *ret_times, struct error *err)
{
    struct plan_times times;
    const struct civil_time *time = date->has_time ? &date->time : NULL;
    if (plan_planned_times(flow, (struct plan_date){date->bizdate, time}, arena, &times, err) < 0)
        return -1;
    if (times.count == 0) {
        char buffer[CIVIL_DATE_BYTES];
        return error_set(err, ERROR_KIND_NOT_FOUND, "%s has no run for business date %s: %s",
                         flow->name, civil_date_format(date->bizdate, buffer), times.remark);
    }
    *ret_times = times;
    return 0;
}

const char *date_word_show_planned(const struct flow *flow, const struct plan_time *time,
                                   struct arena *arena)
{
    struct civil_time planned = time->planned;
    int32_t offset = zone_offset_at(flow->zone, time->firing);
    int32_t minutes = abs(offset) / 60;
    char date[CIVIL_DATE_BYTES];
    const char *seconds = planned.second != 0 ? arena_format(arena, ":%02d", planned.second) : "";
    return arena_format(arena, "%s %02d:%02d%s %c%02d:%02d", civil_date_format(planned.date, date),
                        planned.hour, planned.minute, seconds, offset < 0 ? '-' : '+', minutes / 60,
                        minutes % 60);
}

#include "scheduler/plan/plan_time.h"

#include "scheduler/base/text.h"
#include "scheduler/base/zone.h"

#include <inttypes.h>

/* Whether the zone's clock never showed that date at all (Apia, 2011-12-30). */
static bool is_missing_date(const struct zone *zone, struct civil_date date)
{
    struct zone_local first = zone_find_local(zone, (struct civil_time){.date = date});
    if (first.kind != ZONE_KIND_GAP)
        return false;
    struct civil_time end = {.date = date, .hour = 23, .minute = 59, .second = 59};
    struct zone_local last = zone_find_local(zone, end);
    return last.kind == ZONE_KIND_GAP && instant_compare(first.first, last.first) == 0;
}

bool plan_time_locate(const struct flow *flow, struct civil_time planned, bool is_second,
                      struct plan_time *ret_time)
{
    if (is_missing_date(flow->zone, planned.date))
        return false;
    struct zone_local local = zone_find_local(flow->zone, planned);
    *ret_time = (struct plan_time){.planned = planned,
                                   .is_second = is_second,
                                   .firing = is_second ? local.second : local.first,
                                   .is_moved = local.kind == ZONE_KIND_GAP};
    return true;
}

/* Interval forms name several hours; they skip a gap and run a repeated hour twice. */
static bool is_interval(const struct flow_schedule *schedule)
{
    for (size_t i = 1; i < schedule->time_count; i++) {
        if (schedule->times[i].hour != schedule->times[0].hour)
            return true;
    }
    return false;
}

static bool is_same_time(const struct civil_time *a, const struct civil_time *b)
{
    return a->hour == b->hour && a->minute == b->minute && a->second == b->second;
}

static void format_time(const struct civil_time *time, struct text *text)
{
    text_append_format(text, "%02" PRId32 ":%02" PRId32, time->hour, time->minute);
    if (time->second != 0)
        text_append_format(text, ":%02" PRId32, time->second);
}

#define SHOWN_TIMES 12

static int no_such_time(const struct flow *flow, const struct civil_time *time, struct error *err)
{
    struct text text = {0};
    format_time(time, &text);
    error_set(err, ERROR_KIND_NOT_FOUND, "flow %s is not scheduled at %s", flow->name,
              text_string(&text));
    text_clear(&text);
    const struct flow_schedule *schedule = &flow->schedule;
    for (size_t i = 0; i < schedule->time_count && i < SHOWN_TIMES; i++) {
        text_append(&text, i == 0 ? "" : ", ");
        format_time(&schedule->times[i], &text);
    }
    if (schedule->time_count > SHOWN_TIMES)
        text_append(&text, ", …");
    error_help(err, "its times are %s", text_string(&text));
    text_free(&text);
    return -1;
}

struct collector {
    const struct flow *flow;
    struct plan_time *items;
    size_t count;
    bool is_interval;
    size_t skipped; /* times of interval forms that fall into a gap */
};

static void collect(struct collector *collector, struct civil_time planned)
{
    struct plan_time *item = &collector->items[collector->count];
    if (!plan_time_locate(collector->flow, planned, false, item))
        return;
    if (collector->is_interval && item->is_moved) {
        collector->skipped++;
        return;
    }
    collector->count++;
    struct zone_local local = zone_find_local(collector->flow->zone, planned);
    if (!collector->is_interval || local.kind != ZONE_KIND_FOLD)
        return;
    collector->items[collector->count] =
        (struct plan_time){.planned = planned, .is_second = true, .firing = local.second};
    collector->count++;
}

/* By firing, then by wall time: the second round of a repeated hour comes after the first. */
static void sort_times(struct plan_time *items, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct plan_time item = items[i];
        size_t j = i;
        for (; j > 0 && instant_compare(items[j - 1].firing, item.firing) > 0; j--)
            items[j] = items[j - 1];
        items[j] = item;
    }
}

static const char *explain_times(const struct collector *collector, struct civil_date date,
                                 bool is_off_schedule, struct arena *arena)
{
    char day[CIVIL_DATE_BYTES];
    civil_date_format(date, day);
    const struct flow *flow = collector->flow;
    const char *zone = zone_name(flow->zone);
    if (collector->count == 0 && collector->skipped > 0)
        return arena_format(arena, "%s: that wall time was skipped in %s; there is no instance",
                            day, zone);
    if (collector->count == 0)
        return arena_format(arena, "%s never was in %s; there is no instance", day, zone);
    if (is_off_schedule)
        return arena_format(arena, "schedule `%s` skips %s; it runs all the same",
                            flow->schedule.text, day);
    if (collector->items[0].is_moved)
        return arena_format(arena,
                            "the wall time %02" PRId32 ":%02" PRId32 " is skipped on %s in %s; it "
                            "counts as planned then and starts at the first instant after",
                            collector->items[0].planned.hour, collector->items[0].planned.minute,
                            day, zone);
    return "";
}

static bool is_wanted(const struct plan_date *date, const struct civil_time *time)
{
    return date->time == NULL || is_same_time(date->time, time);
}

int plan_planned_times(const struct flow *flow, struct plan_date date, struct arena *arena,
                       struct plan_times *ret_times, struct error *err)
{
    static const struct civil_time midnight = {.hour = 0};
    const struct flow_schedule *schedule = &flow->schedule;
    const struct civil_time *times = date.time != NULL ? date.time : &midnight;
    size_t time_count = 1;
    bool has_times = schedule->kind != FLOW_SCHEDULE_NONE && schedule->time_count > 0;
    if (has_times) {
        times = schedule->times;
        time_count = schedule->time_count;
    }
    struct civil_date day = civil_add_days(date.bizdate, 1);
    if (!civil_date_is_valid(day))
        return error_set(err, ERROR_KIND_INVALID, "the day after the business date is too late");
    struct collector collector = {.flow = flow, .is_interval = has_times && is_interval(schedule)};
    collector.items = arena_array(arena, time_count * 2, sizeof(struct plan_time));
    bool is_known = false;
    for (size_t i = 0; i < time_count; i++) {
        if (!is_wanted(&date, &times[i]))
            continue;
        is_known = true;
        struct civil_time planned = times[i];
        planned.date = day;
        collect(&collector, planned);
    }
    if (!is_known)
        return no_such_time(flow, date.time, err);
    sort_times(collector.items, collector.count);
    bool is_off_schedule = !plan_schedule_has_date(flow, day);
    *ret_times =
        (struct plan_times){.items = collector.items,
                            .count = collector.count,
                            .is_off_schedule = is_off_schedule,
                            .remark = explain_times(&collector, day, is_off_schedule, arena)};
    return 0;
}

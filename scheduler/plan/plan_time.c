#include "scheduler/plan/plan_time.h"

#include "scheduler/base/text.h"
#include "scheduler/base/zone.h"
#include "scheduler/flow/cron.h"

#include <inttypes.h>
#include <stdlib.h>

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
    size_t shown = 0;
    for (size_t i = 0; i < schedule->rule_count; i++) {
        const struct flow_schedule_rule *rule = &schedule->rules[i];
        for (size_t k = 0; k < rule->time_count && shown <= SHOWN_TIMES; k++, shown++) {
            text_append(&text, shown == 0 ? "" : ", ");
            if (shown < SHOWN_TIMES)
                format_time(&rule->times[k], &text);
            else
                text_append(&text, "…");
        }
    }
    error_help(err, "its times are %s", text_string(&text));
    text_free(&text);
    return -1;
}

struct collector {
    const struct flow *flow;
    const struct civil_time *wanted; /* one time of the day; NULL = all */
    struct civil_date day;
    struct plan_time *items;
    size_t count;
    bool is_known;  /* a time that is wanted is there, whether or not it has an instance */
    size_t skipped; /* times of interval forms that fall into a gap */
};

static void collect(struct collector *collector, struct civil_time planned, bool is_interval)
{
    struct plan_time *item = &collector->items[collector->count];
    if (!plan_time_locate(collector->flow, planned, false, item))
        return;
    if (is_interval && item->is_moved) {
        collector->skipped++;
        return;
    }
    collector->count++;
    struct zone_local local = zone_find_local(collector->flow->zone, planned);
    if (!is_interval || local.kind != ZONE_KIND_FOLD)
        return;
    collector->items[collector->count] =
        (struct plan_time){.planned = planned, .is_second = true, .firing = local.second};
    collector->count++;
}

static void collect_rule(struct collector *collector, const struct flow_schedule_rule *rule)
{
    for (size_t i = 0; i < rule->time_count; i++) {
        struct civil_time planned = rule->times[i];
        if (collector->wanted != NULL && !is_same_time(collector->wanted, &planned))
            continue;
        collector->is_known = true;
        planned.date = collector->day;
        collect(collector, planned, rule->is_interval);
    }
}

int plan_time_compare(const struct plan_time *a, const struct plan_time *b)
{
    int order = instant_compare(a->firing, b->firing);
    if (order == 0)
        order = civil_time_compare(a->planned, b->planned);
    return order != 0 ? order : (int)a->is_second - (int)b->is_second;
}

static int compare_times(const void *a, const void *b)
{
    return plan_time_compare(a, b);
}

/* In the order of firing; what several rules name counts once. */
static void sort_times(struct collector *collector)
{
    qsort(collector->items, collector->count, sizeof *collector->items, compare_times);
    size_t kept = 0;
    for (size_t i = 0; i < collector->count; i++) {
        bool is_again =
            kept > 0 && plan_time_compare(&collector->items[kept - 1], &collector->items[i]) == 0;
        if (!is_again)
            collector->items[kept++] = collector->items[i];
    }
    collector->count = kept;
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

/* The rules that fire on that day; all of them where none does. */
static void collect_day(struct collector *collector, struct arena *arena, bool is_off_schedule)
{
    const struct flow_schedule *schedule = &collector->flow->schedule;
    size_t most = 1;
    for (size_t i = 0; i < schedule->rule_count; i++)
        most += schedule->rules[i].time_count;
    collector->items = arena_array(arena, most * 2, sizeof *collector->items);
    for (size_t i = 0; i < schedule->rule_count; i++) {
        const struct flow_schedule_rule *rule = &schedule->rules[i];
        if (is_off_schedule || cron_has_date(rule->cron, collector->day))
            collect_rule(collector, rule);
    }
    if (schedule->rule_count == 0) {
        struct civil_time planned = {0};
        if (collector->wanted != NULL)
            planned = *collector->wanted;
        planned.date = collector->day;
        collector->is_known = true;
        collect(collector, planned, false);
    }
    sort_times(collector);
}

int plan_planned_times(const struct flow *flow, struct plan_date date, struct arena *arena,
                       struct plan_times *ret_times, struct error *err)
{
    struct civil_date day = civil_add_days(date.bizdate, 1);
    if (!civil_date_is_valid(day))
        return error_set(err, ERROR_KIND_INVALID, "the day after the business date is too late");
    bool is_off_schedule = !plan_schedule_has_date(flow, day);
    struct collector collector = {.flow = flow, .wanted = date.time, .day = day};
    collect_day(&collector, arena, is_off_schedule);
    if (!collector.is_known)
        return no_such_time(flow, date.time, err);
    *ret_times =
        (struct plan_times){.items = collector.items,
                            .count = collector.count,
                            .is_off_schedule = is_off_schedule,
                            .remark = explain_times(&collector, day, is_off_schedule, arena)};
    return 0;
}

#include "scheduler/plan/plan_need.h"

#include <inttypes.h>
#include <string.h>

/* The times of a business date, of which there are none where the schedule skips it. */
static int times_of(const struct flow *flow, struct civil_date bizdate, struct arena *arena,
                    struct plan_times *ret_times, struct error *err)
{
    *ret_times = (struct plan_times){.remark = ""};
    if (!plan_schedule_has_date(flow, civil_add_days(bizdate, 1)))
        return 0;
    return plan_planned_times(flow, (struct plan_date){.bizdate = bizdate}, arena, ret_times, err);
}

/* Those of the last business date before that has some. */
static int times_before(const struct flow *flow, struct civil_date bizdate, struct arena *arena,
                        struct plan_times *ret_times, struct error *err)
{
    *ret_times = (struct plan_times){.remark = ""};
    for (int32_t days = 1; days <= PLAN_NEED_MAX_DAYS && ret_times->count == 0; days++) {
        struct civil_date date = civil_add_days(bizdate, -days);
        if (!civil_date_is_valid(date))
            return 0;
        if (times_of(flow, date, arena, ret_times, err) < 0)
            return -1;
    }
    return 0;
}

static void keep_only(struct plan_times *times, size_t index)
{
    times->items += index;
    times->count = 1;
}

/* The last instance of the last date before. */
static int last_before(const struct flow *flow, struct civil_date bizdate, struct arena *arena,
                       struct plan_times *ret_times, struct error *err)
{
    if (times_before(flow, bizdate, arena, ret_times, err) < 0)
        return -1;
    if (ret_times->count > 0)
        keep_only(ret_times, ret_times->count - 1);
    return 0;
}

static size_t find_own(const struct plan *plan, const struct plan_times *times)
{
    for (size_t i = 0; i < times->count; i++) {
        if (civil_time_compare(times->items[i].planned, plan->planned) == 0 &&
            times->items[i].is_second == plan->is_second)
            return i;
    }
    return 0;
}

/* The latest that fires no later than the run. */
static size_t find_same_cycle(const struct plan *plan, const struct plan_times *times)
{
    size_t index = 0;
    while (index + 1 < times->count &&
           instant_compare(times->items[index + 1].firing, plan->firing) <= 0)
        index++;
    return index;
}

/* The cycle before: on the same date where there is an earlier time, else on a date before. */
static int find_before(const struct plan_need *need, const struct plan_times *own,
                       struct arena *arena, struct plan_times *times, struct error *err)
{
    const struct plan *plan = need->plan;
    bool is_own = strcmp(need->external->flow, plan->flow->name) == 0;
    size_t index = is_own ? find_own(plan, own) : find_same_cycle(plan, times);
    if (is_own)
        *times = *own;
    else if (own->count <= 1 || times->count <= 1)
        return times_before(need->other, plan->bizdate, arena, times, err);
    if (index == 0)
        return last_before(need->other, plan->bizdate, arena, times, err);
    keep_only(times, index - 1);
    return 0;
}

static bool is_at(const struct civil_time *planned, const struct civil_time *time)
{
    return planned->hour == time->hour && planned->minute == time->minute &&
           planned->second == time->second;
}

static bool has_time(const struct flow *flow, const struct civil_time *time)
{
    const struct flow_schedule *schedule = &flow->schedule;
    const struct civil_time midnight = {0};
    bool has = schedule->rule_count == 0 && is_at(&midnight, time);
    for (size_t i = 0; i < schedule->rule_count; i++) {
        for (size_t k = 0; k < schedule->rules[i].time_count && !has; k++)
            has = is_at(&schedule->rules[i].times[k], time);
    }
    return has;
}

/* `@-1d`, `@13:00`: what is named, whatever the times of this flow. */
static int find_named(const struct plan_need *need, struct arena *arena,
                      struct plan_times *ret_times, struct error *err)
{
    const struct plan_external *external = need->external;
    struct civil_date date = civil_add_days(need->plan->bizdate, -external->days_back);
    struct plan_times all = {.remark = ""};
    if (external->has_time && !has_time(need->other, &external->time))
        return error_set(err, ERROR_KIND_NOT_FOUND,
                         "flow %s has no instance at %02" PRId32 ":%02" PRId32, need->other->name,
                         external->time.hour, external->time.minute);
    if (civil_date_is_valid(date) && times_of(need->other, date, arena, &all, err) < 0)
        return -1;
    struct plan_time *items = arena_array(arena, all.count, sizeof *items);
    *ret_times = (struct plan_times){.items = items, .remark = ""};
    for (size_t i = 0; i < all.count; i++) {
        if (!external->has_time || is_at(&all.items[i].planned, &external->time))
            items[ret_times->count++] = all.items[i];
    }
    return 0;
}

int plan_need_times(const struct plan_need *need, struct arena *arena, struct plan_times *ret_times,
                    struct error *err)
{
    struct plan_times own;
    struct plan_times times;
    const struct plan *plan = need->plan;
    struct plan_date today = {.bizdate = plan->bizdate};
    if (need->external->days_back > 0 || need->external->has_time)
        return find_named(need, arena, ret_times, err);
    if (plan_planned_times(plan->flow, today, arena, &own, err) < 0 ||
        times_of(need->other, plan->bizdate, arena, &times, err) < 0)
        return -1;
    if (need->external->cycle_back > 0) {
        if (find_before(need, &own, arena, &times, err) < 0)
            return -1;
    } else if (own.count > 1 && times.count > 1) {
        keep_only(&times, find_same_cycle(plan, &times));
    }
    *ret_times = times;
    return 0;
}

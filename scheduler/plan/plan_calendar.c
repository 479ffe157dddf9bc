#include "scheduler/plan/plan_calendar.h"

#include "scheduler/base/zone.h"
#include "scheduler/flow/cron.h"

/* The search for the next time of one rule. */
struct search {
    const struct flow *flow;
    const struct flow_schedule_rule *rule;
    const struct plan_time *after;
    struct plan_time best;
    bool has_best;
};

struct plan_time plan_calendar_after(struct instant instant)
{
    return (struct plan_time){
        .planned = {.date = {9999, 12, 31}, 23, 59, 59}, .is_second = true, .firing = instant};
}

/* Whether it lies behind the place. */
static bool offer(struct search *search, const struct plan_time *time)
{
    bool is_behind = plan_time_compare(time, search->after) > 0;
    if (is_behind && (!search->has_best || plan_time_compare(time, &search->best) < 0)) {
        search->best = *time;
        search->has_best = true;
    }
    return is_behind;
}

static bool offer_planned(struct search *search, struct civil_time planned)
{
    struct plan_time time;
    bool is_interval = search->rule->is_interval;
    if (!plan_time_locate(search->flow, planned, false, &time) || (is_interval && time.is_moved))
        return false;
    bool is_behind = offer(search, &time);
    struct zone_local local = zone_find_local(search->flow->zone, planned);
    if (!is_interval || local.kind != ZONE_KIND_FOLD)
        return is_behind;
    time.is_second = true;
    time.firing = local.second;
    return offer(search, &time) || is_behind;
}

/* Whether the zone's clock runs evenly over the date and its neighbours: then wall times fire in
 * their order. */
static bool is_even(const struct zone *zone, struct civil_date date)
{
    struct civil_time from = {.date = civil_add_days(date, -1)};
    struct civil_time to = {.date = civil_add_days(date, 2)};
    struct instant begin = zone_find_local(zone, from).first;
    return instant_compare(zone_next_change(zone, begin), zone_find_local(zone, to).first) > 0;
}

/* On an even day: the first time of the rule that fires behind the place. */
static size_t find_first(const struct search *search, struct civil_date date)
{
    const struct flow_schedule_rule *rule = search->rule;
    struct civil_time here = zone_civil_at(search->flow->zone, search->after->firing);
    size_t low = 0;
    size_t high = rule->time_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct civil_time planned = rule->times[middle];
        planned.date = date;
        if (civil_time_compare(planned, here) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void search_date(struct search *search, struct civil_date date)
{
    const struct flow_schedule_rule *rule = search->rule;
    bool even = is_even(search->flow->zone, date);
    for (size_t i = even ? find_first(search, date) : 0; i < rule->time_count; i++) {
        struct civil_time planned = rule->times[i];
        planned.date = date;
        bool is_behind = offer_planned(search, planned);
        if (even && is_behind)
            return;
    }
}

static bool is_later(struct civil_date a, struct civil_date b)
{
    return civil_date_compare(a, b) > 0;
}

/* A gap can move a time into the next day, and a clock that goes back at midnight makes a time of
 * the day before fire later: so the days around are looked at, too. */
static void search_rule(struct search *search)
{
    const struct flow_schedule *schedule = &search->flow->schedule;
    struct civil_time here = zone_civil_at(search->flow->zone, search->after->firing);
    struct civil_date date = civil_add_days(here.date, -2);
    if (schedule->from.year != 0 && is_later(schedule->from, date))
        date = schedule->from;
    while (cron_next_date(search->rule->cron, date, &date)) {
        if (schedule->until.year != 0 && is_later(date, schedule->until))
            return;
        if (search->has_best && is_later(date, civil_add_days(search->best.planned.date, 2)))
            return;
        search_date(search, date);
        date = civil_add_days(date, 1);
    }
}

bool plan_calendar_next(const struct flow *flow, const struct plan_time *after,
                        struct plan_time *ret_next)
{
    struct search search = {.flow = flow, .after = after};
    for (size_t i = 0; i < flow->schedule.rule_count; i++) {
        search.rule = &flow->schedule.rules[i];
        search_rule(&search);
    }
    if (search.has_best)
        *ret_next = search.best;
    return search.has_best;
}

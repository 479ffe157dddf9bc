/* On which dates a schedule fires. */
#include "scheduler/flow/cron.h"
#include "scheduler/plan/plan_time.h"

static bool is_within(const struct flow_schedule *schedule, struct civil_date date)
{
    return (schedule->from.year == 0 || civil_date_compare(date, schedule->from) >= 0) &&
           (schedule->until.year == 0 || civil_date_compare(date, schedule->until) <= 0);
}

bool plan_schedule_has_date(const struct flow *flow, struct civil_date date)
{
    const struct flow_schedule *schedule = &flow->schedule;
    if (schedule->rule_count == 0)
        return true;
    bool has_date = false;
    for (size_t i = 0; i < schedule->rule_count && !has_date; i++)
        has_date = cron_has_date(schedule->rules[i].cron, date);
    return has_date && is_within(schedule, date);
}

bool plan_node_has_date(const struct flow_node *node, struct civil_date date)
{
    bool has_date = node->on == NULL;
    for (size_t i = 0; !has_date && i < node->on->count; i++)
        has_date = cron_has_date(node->on->crons[i], date);
    return has_date;
}

bool plan_schedule_is_daily(const struct flow *flow)
{
    const struct flow_schedule *schedule = &flow->schedule;
    return schedule->rule_count == 0 ||
           (schedule->rule_count == 1 && schedule->rules[0].time_count == 1);
}

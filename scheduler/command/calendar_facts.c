#include "scheduler/command/calendar_facts.h"

#include "scheduler/system/clock.h"

#include <string.h>

void calendar_facts_begin(struct context *context, struct calendar_facts *ret_facts)
{
    const struct zone *zone = context_shown_zone(context, context->project->timezone);
    struct calendar_facts facts = {.now = clock_now()};
    struct civil_time tomorrow = {.date = civil_add_days(zone_civil_at(zone, facts.now).date, 1)};
    facts.day_end = zone_find_local(zone, tomorrow).first;
    *ret_facts = facts;
}

/* Where it belongs among the next ones, CALENDAR_FACTS_NEXT when it does not. Of those of one
 * instant the first that came stays first. */
static size_t find_place(const struct calendar_facts *facts, struct instant fires_at)
{
    size_t place = facts->count;
    while (place > 0 && instant_compare(fires_at, facts->next[place - 1].fires_at) < 0)
        place--;
    return place;
}

static bool add_next(struct context *context, struct calendar_facts *facts, const struct flow *flow,
                     const struct plan_time *time)
{
    char bizdate[CIVIL_DATE_BYTES];
    char at[ZONE_RFC3339_BYTES];
    size_t place = find_place(facts, time->firing);
    if (place == CALENDAR_FACTS_NEXT)
        return false;
    if (facts->count < CALENDAR_FACTS_NEXT)
        facts->count++;
    memmove(&facts->next[place + 1], &facts->next[place],
            (facts->count - 1 - place) * sizeof facts->next[0]);
    const struct zone *zone = context_shown_zone(context, zone_name(flow->zone));
    civil_date_format(civil_add_days(time->planned.date, -1), bizdate);
    zone_format_rfc3339(zone, time->firing, at);
    facts->next[place] =
        (struct calendar_item){.flow = arena_copy_string(&context->arena, flow->name),
                               .bizdate = arena_copy_string(&context->arena, bizdate),
                               .at = arena_copy_string(&context->arena, at),
                               .fires_at = time->firing};
    return true;
}

void calendar_facts_add(struct context *context, struct calendar_facts *facts,
                        const struct flow *flow)
{
    struct plan_time time = plan_calendar_after(facts->now);
    bool is_next = true;
    for (int i = 0; i < CALENDAR_FACTS_MAX_TO_COME; i++) {
        if (!plan_calendar_next(flow, &time, &time))
            return;
        bool is_today = instant_compare(time.firing, facts->day_end) < 0;
        facts->to_come += is_today;
        is_next = is_next && add_next(context, facts, flow, &time);
        if (!is_today && !is_next)
            return;
    }
}

const char *calendar_facts_line(struct context *context, const struct calendar_facts *facts,
                                size_t index)
{
    const struct calendar_item *item = &facts->next[index];
    char wait[DURATION_TEXT_BYTES];
    bool is_today = instant_compare(item->fires_at, facts->day_end) < 0;
    duration_format(instant_elapsed(facts->now, item->fires_at), wait);
    return arena_format(&context->arena, "%.*s%s%.5s in %s  %s for %s", is_today ? 0 : 10, item->at,
                        is_today ? "" : " ", item->at + 11, wait, item->flow, item->bizdate);
}

void calendar_facts_write(const struct calendar_facts *facts, struct json_out *json)
{
    json_out_begin_array(json);
    for (size_t i = 0; i < facts->count; i++) {
        json_out_begin_object(json);
        json_out_pair_string(json, "flow", facts->next[i].flow);
        json_out_pair_string(json, "at", facts->next[i].at);
        json_out_pair_string(json, "bizdate", facts->next[i].bizdate);
        json_out_end_object(json);
    }
    json_out_end_array(json);
}

#include "scheduler/daemon/firing_flow.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/flow/schedule.h"
#include "scheduler/plan/plan_calendar.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define PART_MARK "; "
#define FROM_WORD "from "
#define UNTIL_WORD "until "

/* A place so far ahead of now comes from a clock that was wrong then. */
#define FIRING_AHEAD_US (25 * 3600 * DURATION_SECOND_US)

void firing_flow_free(struct firing_flow *flow)
{
    free(flow->name);
    free(flow->path);
    free(flow->text);
    free(flow->problem);
    free(flow);
}

/* ---- the schedule as text, and back ---- */

const char *firing_flow_text(const struct flow_schedule *schedule, struct arena *arena)
{
    SCOPED_TEXT struct text text = {0};
    char date[CIVIL_DATE_BYTES];
    if (schedule->rule_count == 0)
        return "";
    text_append(&text, schedule->text);
    if (schedule->from.year != 0)
        text_append_format(&text, PART_MARK FROM_WORD "%s",
                           civil_date_format(schedule->from, date));
    if (schedule->until.year != 0)
        text_append_format(&text, PART_MARK UNTIL_WORD "%s",
                           civil_date_format(schedule->until, date));
    return arena_copy_string(arena, text_string(&text));
}

/* One part of the text. What cannot be read (a file of a newer program) fires never. */
static void read_part(const char *part, struct arena *arena, struct flow_schedule_rule *rules,
                      struct flow_schedule *schedule)
{
    if (strncmp(part, FROM_WORD, sizeof FROM_WORD - 1) == 0)
        civil_date_parse(part + sizeof FROM_WORD - 1, &schedule->from, NULL);
    else if (strncmp(part, UNTIL_WORD, sizeof UNTIL_WORD - 1) == 0)
        civil_date_parse(part + sizeof UNTIL_WORD - 1, &schedule->until, NULL);
    else if (schedule_parse(part, arena, &rules[schedule->rule_count], NULL) == 0)
        schedule->rule_count++;
}

static void read_text(const char *text, struct arena *arena, struct flow_schedule *schedule)
{
    size_t most = 1;
    for (const char *at = text; (at = strstr(at, PART_MARK)) != NULL; at += sizeof PART_MARK - 1)
        most++;
    struct flow_schedule_rule *rules = arena_array(arena, most, sizeof *rules);
    char *part = arena_copy_string(arena, text);
    while (part != NULL && part[0] != '\0') {
        char *end = strstr(part, PART_MARK);
        if (end != NULL)
            *end = '\0';
        read_part(part, arena, rules, schedule);
        part = end == NULL ? NULL : end + sizeof PART_MARK - 1;
    }
    schedule->rules = rules;
    schedule->text = text;
}

void firing_flow_shape(const struct firing_flow *flow, struct arena *arena, struct flow *ret_shape)
{
    *ret_shape = (struct flow){.name = flow->name, .zone = (struct zone *)flow->zone};
    ret_shape->schedule.catchup = flow->catchup;
    ret_shape->schedule.catchup_limit = flow->catchup_limit;
    read_text(flow->text, arena, &ret_shape->schedule);
}

void firing_flow_find_next(struct firing_flow *flow)
{
    SCOPED_ARENA struct arena arena = {0};
    struct flow shape;
    struct plan_time next;
    flow->next = INSTANT_NEVER;
    if (flow->text[0] == '\0' || flow->waits_for != 0)
        return;
    firing_flow_shape(flow, &arena, &shape);
    if (plan_calendar_next(&shape, &flow->place, &next))
        flow->next = next.firing;
}

/* ---- what joins the turn ---- */

void firing_put_place(struct firing *firing, const struct firing_flow *flow)
{
    struct arena *arena = &firing->daemon->turn.arena;
    struct turn_schedule *item = arena_alloc(arena, sizeof *item);
    char cyctime[CIVIL_TIME_BYTES];
    struct plan_time nowhere = plan_calendar_after(flow->place.firing);
    bool is_time = plan_time_compare(&flow->place, &nowhere) != 0;
    item->row = (struct store_schedule){.flow = arena_copy_string(arena, flow->name),
                                        .text = arena_copy_string(arena, flow->text),
                                        .zone = flow->zone == NULL ? "" : zone_name(flow->zone),
                                        .cyctime = "",
                                        .is_second = is_time && flow->place.is_second,
                                        .fires_at = flow->place.firing,
                                        .seen_at = flow->seen};
    if (is_time)
        item->row.cyctime =
            arena_copy_string(arena, civil_time_format(flow->place.planned, cyctime));
    TURN_ADD(firing->daemon->turn.schedules, item);
}

void firing_note(struct firing *firing, const struct firing_flow *flow, const char *format, ...)
{
    struct arena *arena = &firing->daemon->turn.arena;
    struct turn_note *item = arena_alloc(arena, sizeof *item);
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    *item = (struct turn_note){.flow = arena_copy_string(arena, flow->name),
                               .text = arena_copy_string(arena, length < 0 ? "" : text),
                               .at = clock_now()};
    if (length >= 0)
        free(text);
    TURN_ADD(firing->daemon->turn.notes, item);
}

static const char *bizdate_of(const struct plan_time *time, char date[CIVIL_DATE_BYTES])
{
    return civil_date_format(civil_add_days(time->planned.date, -1), date);
}

void firing_note_left_out(struct firing *firing, const struct firing_flow *flow,
                          const struct firing_left_out *left_out)
{
    char first[CIVIL_DATE_BYTES];
    char last[CIVIL_DATE_BYTES];
    bizdate_of(left_out->first, first);
    bizdate_of(left_out->last, last);
    bool is_one = strcmp(first, last) == 0;
    firing_note(firing, flow,
                "%s%" PRId64 " instance%s left out, business date%s %s%s%s (%s); to run %s: "
                "datemill backfill %s %s%s%s",
                left_out->is_at_least ? "at least " : "", left_out->count,
                left_out->count == 1 ? "" : "s", is_one ? "" : "s", first, is_one ? "" : " to ",
                is_one ? "" : last, left_out->why, left_out->count == 1 ? "it" : "them", flow->name,
                first, is_one ? "" : "..", is_one ? "" : last);
}

/* ---- another schedule ---- */

/* What the schedule of before owed up to now is told, not run: it is not the flow's any more. */
static void tell_forgotten(struct firing *firing, struct firing_flow *flow, struct instant now)
{
    SCOPED_ARENA struct arena arena = {0};
    struct flow shape;
    struct plan_due due;
    if (flow->text[0] == '\0' || flow->zone == NULL)
        return;
    firing_flow_shape(flow, &arena, &shape);
    shape.schedule.catchup = FLOW_CATCHUP_NONE;
    struct plan_due_request request = {
        .place = flow->place, .now = now, .missed_before = now, .max_items = 1};
    plan_due(&shape, &request, &arena, &due);
    struct firing_left_out left_out = {due.left_out, due.is_at_least, &due.first_left_out,
                                       &due.last_left_out, "the schedule was changed before them"};
    if (due.left_out > 0)
        firing_note_left_out(firing, flow, &left_out);
}

/* Instances of the new schedule before now are not owed. A file that was gone for a moment, as
 * while an editor writes it, has missed nothing. */
static struct instant begin_of(const struct firing_flow *flow, struct instant now)
{
    struct instant gone = flow->place.firing;
    bool was_gone = flow->text[0] == '\0' && flow->seen.us != 0;
    bool is_short = now.us - gone.us <= FIRING_GRACE_S * DURATION_SECOND_US;
    return (was_gone && is_short) ? gone : now;
}

static void set_text(struct firing_flow *flow, const char *text)
{
    free(flow->text);
    flow->text = memory_copy_string(text);
}

static void change(struct firing *firing, struct firing_flow *flow, const char *text,
                   const struct zone *zone)
{
    struct instant now = clock_now();
    bool is_first = flow->seen.us == 0;
    bool had_one = flow->text[0] != '\0';
    struct instant begin = begin_of(flow, now);
    tell_forgotten(firing, flow, now);
    if (is_first)
        firing_note(firing, flow, "schedule: %s (%s); it owes what comes from now on", text,
                    zone_name(zone));
    else
        firing_note(firing, flow, "schedule changed: %s%s%s%s -> %s (%s)",
                    had_one ? flow->text : "none", had_one ? " (" : "",
                    had_one && flow->zone != NULL ? zone_name(flow->zone) : "", had_one ? ")" : "",
                    text, zone_name(zone));
    set_text(flow, text);
    flow->zone = zone;
    flow->place = plan_calendar_after(begin);
    flow->seen = now;
    flow->waits_for = 0;
    firing_put_place(firing, flow);
}

/* After a clock that was far ahead was set right the flow must not wait for years. What it made
 * then is not made again: the store knows. */
void firing_flow_check_clock(struct firing *firing, struct firing_flow *flow)
{
    struct instant now = clock_now();
    char place[ZONE_RFC3339_BYTES];
    if (flow->text[0] == '\0' || flow->place.firing.us - now.us <= FIRING_AHEAD_US)
        return;
    firing_note(firing, flow, "the clock was at %s when it fired last; it goes on from now",
                zone_format_rfc3339(flow->zone, flow->place.firing, place));
    flow->place = plan_calendar_after(now);
    firing_put_place(firing, flow);
    firing_flow_find_next(flow);
}

const struct zone *firing_flow_zone(struct firing *firing, const char *name)
{
    for (const struct firing_zone *each = firing->zones; each != NULL; each = each->next) {
        if (strcmp(zone_name(each->zone), name) == 0)
            return each->zone;
    }
    struct zone *zone;
    if (zone_load(name, &zone, NULL) < 0)
        return NULL;
    struct firing_zone *shared = memory_new(1, sizeof *shared);
    *shared = (struct firing_zone){.next = firing->zones, .zone = zone};
    firing->zones = shared;
    return zone;
}

void firing_flow_adopt(struct firing *firing, struct firing_flow *flow, const struct flow *read)
{
    SCOPED_ARENA struct arena arena = {0};
    const char *text = firing_flow_text(&read->schedule, &arena);
    const struct zone *zone = firing_flow_zone(firing, zone_name(read->zone));
    if (text[0] == '\0' || zone == NULL) {
        firing_flow_retire(firing, flow);
        return;
    }
    flow->catchup = read->schedule.catchup;
    flow->catchup_limit = read->schedule.catchup_limit;
    flow->overlap = read->schedule.overlap;
    flow->max_runs = read->max_runs;
    if (strcmp(flow->text, text) != 0 || flow->zone != zone)
        change(firing, flow, text, zone);
    firing_flow_check_clock(firing, flow);
    firing_flow_find_next(flow);
}

void firing_flow_retire(struct firing *firing, struct firing_flow *flow)
{
    struct instant now = clock_now();
    flow->next = INSTANT_NEVER;
    flow->waits_for = 0;
    if (flow->text[0] == '\0')
        return;
    tell_forgotten(firing, flow, now);
    firing_note(firing, flow, "schedule ended: %s (%s)", flow->text, zone_name(flow->zone));
    set_text(flow, "");
    flow->place = plan_calendar_after(now);
    firing_put_place(firing, flow);
}

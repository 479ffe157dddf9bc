#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"
#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/date_word.h"
#include "scheduler/flow/schedule.h"
#include "scheduler/flow/schedule_words.h"
#include "scheduler/plan/plan_calendar.h"
#include "scheduler/system/clock.h"

#include <stdlib.h>
#include <string.h>

#define SCHEDULE_ROWS 5
#define CHANGE_NEAR_HOURS 36 /* instances so close to a clock change are shown */
#define CHANGE_BEFORE 2      /* at most so many of them */
#define CHANGE_AFTER 4
#define CHANGE_AHEAD_DAYS 400 /* later changes are not */

static const struct option schedule_options[] = {
    {.name = "count",
     .letter = 'n',
     .kind = OPTION_KIND_NUMBER,
     .value = "N",
     .min = 1,
     .max = 1000,
     .help = "how many times to show (5)"},
    {.name = "from",
     .kind = OPTION_KIND_TEXT,
     .value = "TIME",
     .help = "times from then on, as 2021-11-12 or 2021-11-12T02:30 (now)"},
    {.name = NULL},
};

/* What is shown. */
struct showing {
    struct context *context;
    const char *input;
    const struct flow *flow; /* one that only has a zone and a schedule, for an expression */
    struct instant now;
    struct instant from; /* times that fire at or after */
    int32_t count;
};

/* ---- what to show ---- */

/* One word is a flow, but for `hourly`, which says all. */
static bool is_name_of_flow(const char *word)
{
    return strpbrk(word, " \t*") == NULL && strcmp(word, "hourly") != 0;
}

/* The arguments as one expression; in a shell it may stand without quotes. */
static const char *join_words(struct context *context, const struct options *options)
{
    SCOPED_TEXT struct text text = {0};
    for (size_t i = 0; i < options->argument_count; i++)
        text_append_format(&text, "%s%s", i > 0 ? " " : "", options->arguments[i].text);
    return arena_copy(&context->arena, text_string(&text), text.length);
}

static int find_zone(struct context *context, const struct options *options,
                     const struct zone **ret_zone, struct error *err)
{
    const struct project *project;
    struct flow_source *source;
    struct error ignored = {0};
    if (context->zone_name != NULL || context_source(context, &source, &ignored) < 0)
        return context_zone(context, options, NULL, ret_zone, err);
    if (context_project(context, &project, err) < 0)
        return -1;
    *ret_zone = context_shown_zone(context, project->timezone);
    return 0;
}

static int read_expression(struct showing *showing, const struct options *options,
                           struct error *err)
{
    struct context *context = showing->context;
    struct flow *flow = arena_alloc(&context->arena, sizeof *flow);
    struct flow_schedule_rule *rule = arena_alloc(&context->arena, sizeof *rule);
    const struct zone *zone;
    if (utf8_valid_prefix(showing->input, strlen(showing->input)) < strlen(showing->input))
        return error_set(err, ERROR_KIND_INVALID, "the expression is not valid UTF-8");
    if (find_zone(context, options, &zone, err) < 0)
        return -1;
    if (schedule_parse(showing->input, &context->arena, rule, err) < 0) {
        if (options->argument_count == 1)
            command_line_mark(options->line, options->arguments[0].word, (size_t)err->column - 1,
                              (size_t)err->line);
        err->line = err->column = 0;
        return -1;
    }
    /* The calendar only reads it. */
    flow->zone = (struct zone *)(uintptr_t)zone;
    flow->name = "";
    flow->schedule = (struct flow_schedule){.rules = rule, .rule_count = 1, .text = rule->text};
    showing->flow = flow;
    return 0;
}

static int read_flow(struct showing *showing, const struct options *options, struct error *err)
{
    if (context_flow(showing->context, options, 0, &showing->flow, err) < 0)
        return -1;
    if (showing->flow->schedule.rule_count > 0)
        return 0;
    error_set(err, ERROR_KIND_NOT_FOUND, "flow %s has no schedule: it is started by hand",
              showing->flow->name);
    return error_help(err, "give it one: `schedule: daily 00:30`");
}

static int read_from(struct showing *showing, const struct options *options, struct error *err)
{
    const struct option_given *given = options_find(options, "from");
    struct civil_time time;
    showing->from = showing->now;
    if (given == NULL)
        return 0;
    if (civil_time_parse(given->text, &time, err) == 0) {
        showing->from = zone_find_local(showing->flow->zone, time).first;
        return 0;
    }
    command_line_mark_given(options, given);
    err->kind = ERROR_KIND_USAGE;
    memcpy(err->code, "E020", 5);
    if (err->help[0] == '\0')
        error_help(err, "a time is written 2021-11-12 or 2021-11-12T02:30");
    return -1;
}

/* ---- the calendar ---- */

static struct plan_time just_before(struct instant instant)
{
    return plan_calendar_after((struct instant){instant.us - 1});
}

static const char *business_date(const struct plan_time *time, char buffer[CIVIL_DATE_BYTES])
{
    return civil_date_format(civil_add_days(time->planned.date, -1), buffer);
}

/* Instances around the next change of the zone's clock. */
struct around {
    struct instant change; /* INSTANT_NEVER: none soon */
    struct plan_time items[CHANGE_BEFORE + CHANGE_AFTER];
    size_t count;
};

static void find_around(const struct showing *showing, struct around *around)
{
    const struct duration near = duration_seconds(CHANGE_NEAR_HOURS * 3600);
    const struct duration ahead = duration_seconds(CHANGE_AHEAD_DAYS * INT64_C(86400));
    *around = (struct around){.change = zone_next_change(showing->flow->zone, showing->from)};
    if (instant_compare(around->change, instant_add(showing->from, ahead)) > 0) {
        around->change = INSTANT_NEVER;
        return;
    }
    struct plan_time time = just_before((struct instant){around->change.us - near.us});
    size_t before = 0;
    while (around->count < before + CHANGE_AFTER &&
           plan_calendar_next(showing->flow, &time, &time) &&
           instant_compare(time.firing, instant_add(around->change, near)) <= 0) {
        bool is_before = instant_compare(time.firing, around->change) < 0;
        if (is_before && before == CHANGE_BEFORE)
            memmove(&around->items[0], &around->items[1], --around->count * sizeof time);
        else if (is_before)
            before++;
        around->items[around->count++] = time;
    }
}

/* ---- for people ---- */

static const char *describe_change(const struct showing *showing, struct instant change)
{
    const struct zone *zone = showing->flow->zone;
    char before[ZONE_RFC3339_BYTES];
    char after[ZONE_RFC3339_BYTES];
    zone_format_rfc3339(zone, (struct instant){change.us - 1}, before);
    zone_format_rfc3339(zone, change, after);
    struct civil_time end = zone_civil_at(zone, (struct instant){change.us - 1});
    struct civil_time last = civil_from_seconds(civil_to_seconds(end) + 1);
    char date[CIVIL_DATE_BYTES];
    return arena_format(&showing->context->arena, "%s %02d:%02d %s becomes %.5s %s",
                        civil_date_format(last.date, date), last.hour, last.minute, before + 23,
                        after + 11, after + 23);
}

/* The nodes of a flow that a date leaves out, `, ` between. */
static void append_skipped(const struct flow *flow, struct civil_date date, struct text *text)
{
    for (size_t i = 0; i < flow->node_count; i++) {
        if (!plan_node_has_date(&flow->nodes[i], date))
            text_append_format(text, "%s%s", text->length > 0 ? ", " : "", flow->nodes[i].name);
    }
}

static void print_row(const struct showing *showing, const char *title,
                      const struct plan_time *time)
{
    struct terminal *out = showing->context->out;
    const struct flow *flow = showing->flow;
    char date[CIVIL_DATE_BYTES];
    char wait[DURATION_TEXT_BYTES];
    char starts[ZONE_RFC3339_BYTES];
    bool is_first = title[0] != '\0' && instant_compare(time->firing, showing->now) > 0;
    const char *in = "";
    if (is_first)
        in = arena_format(&showing->context->arena, "in %s",
                          duration_format(instant_minus(time->firing, showing->now), wait));
    terminal_print(out, "%-11s %s   %-12s for business date %s", title,
                   date_word_show_planned(flow, time, &showing->context->arena), in,
                   business_date(time, date));
    if (time->is_moved)
        terminal_print(out, "   skipped by the clock: starts at %.8s",
                       zone_format_rfc3339(flow->zone, time->firing, starts) + 11);
    if (time->is_second)
        terminal_print(out, "   the second time");
    SCOPED_TEXT struct text skipped = {0};
    append_skipped(flow, time->planned.date, &skipped);
    if (skipped.length > 0)
        terminal_print(out, "   without %s", text_string(&skipped));
    terminal_print(out, "\n");
}

static void print_lines(const struct showing *showing, const char *title,
                        void (*write)(const struct flow_schedule_rule *, struct text *),
                        const char *after)
{
    const struct flow_schedule *schedule = &showing->flow->schedule;
    for (size_t i = 0; i < schedule->rule_count; i++) {
        SCOPED_TEXT struct text text = {0};
        write(&schedule->rules[i], &text);
        terminal_print(showing->context->out, "%-11s %s%s\n", i == 0 ? title : "",
                       text_string(&text), after);
    }
}

static void print_people(const struct showing *showing)
{
    struct terminal *out = showing->context->out;
    terminal_print(out, "input       ");
    terminal_put(out, showing->input);
    terminal_print(out, "\n");
    print_lines(showing, "normalised", schedule_write_cron,
                arena_format(&showing->context->arena, "   %s", zone_name(showing->flow->zone)));
    print_lines(showing, "in words", schedule_write_words, ", processing the day before");
    struct plan_time time = just_before(showing->from);
    int32_t shown = 0;
    while (shown < showing->count && plan_calendar_next(showing->flow, &time, &time))
        print_row(showing, shown++ == 0 ? "next" : "", &time);
    if (shown == 0)
        terminal_print(out, "next        none: it is over\n");
    struct around around;
    find_around(showing, &around);
    if (instant_is_never(around.change) || around.count == 0)
        return;
    terminal_print(out, "\nclock       %s\n", describe_change(showing, around.change));
    for (size_t i = 0; i < around.count; i++)
        print_row(showing, "", &around.items[i]);
}

/* ---- for programs ---- */

static void write_time(const struct showing *showing, const struct plan_time *time,
                       struct json_out *json)
{
    char at[ZONE_RFC3339_BYTES];
    char date[CIVIL_DATE_BYTES];
    char planned[CIVIL_TIME_BYTES];
    json_out_begin_object(json);
    json_out_pair_string(json, "at", zone_format_rfc3339(showing->flow->zone, time->firing, at));
    json_out_pair_string(json, "bizdate", business_date(time, date));
    json_out_pair_string(json, "cyctime", civil_time_format(time->planned, planned));
    if (time->is_second)
        json_out_pair_bool(json, "second", true);
    SCOPED_TEXT struct text skipped = {0};
    append_skipped(showing->flow, time->planned.date, &skipped);
    if (skipped.length > 0)
        json_out_pair_string(json, "without", text_string(&skipped));
    json_out_end_object(json);
}

static void write_joined(const struct showing *showing, struct json_out *json, const char *key,
                         void (*write)(const struct flow_schedule_rule *, struct text *))
{
    SCOPED_TEXT struct text text = {0};
    const struct flow_schedule *schedule = &showing->flow->schedule;
    for (size_t i = 0; i < schedule->rule_count; i++) {
        text_append(&text, i == 0 ? "" : "; ");
        write(&schedule->rules[i], &text);
    }
    json_out_pair_string(json, key, text_string(&text));
}

static void print_json(const struct showing *showing)
{
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_int(&json, "schema", 1);
    json_out_pair_string(&json, "input", showing->input);
    write_joined(showing, &json, "normalised", schedule_write_cron);
    json_out_pair_string(&json, "zone", zone_name(showing->flow->zone));
    write_joined(showing, &json, "words", schedule_write_words);
    json_out_key(&json, "next");
    json_out_begin_array(&json);
    struct plan_time time = just_before(showing->from);
    for (int32_t i = 0; i < showing->count && plan_calendar_next(showing->flow, &time, &time); i++)
        write_time(showing, &time, &json);
    json_out_end_array(&json);
    struct around around;
    find_around(showing, &around);
    if (!instant_is_never(around.change)) {
        char at[ZONE_RFC3339_BYTES];
        json_out_pair_string(&json, "clock_change",
                             zone_format_rfc3339(showing->flow->zone, around.change, at));
        json_out_key(&json, "around");
        json_out_begin_array(&json);
        for (size_t i = 0; i < around.count; i++)
            write_time(showing, &around.items[i], &json);
        json_out_end_array(&json);
    }
    json_out_end_object(&json);
    terminal_print(showing->context->out, "%s\n", text_string(&text));
}

static int run_schedule(struct context *context, const struct options *options, struct error *err)
{
    struct showing showing = {.context = context,
                              .input = join_words(context, options),
                              .now = clock_now(),
                              .count = (int32_t)options_number(options, "count", SCHEDULE_ROWS)};
    bool is_flow = options->argument_count == 1 && is_name_of_flow(showing.input);
    int result =
        is_flow ? read_flow(&showing, options, err) : read_expression(&showing, options, err);
    if (result < 0 || read_from(&showing, options, err) < 0)
        return -1;
    if (context->is_json)
        print_json(&showing);
    else
        print_people(&showing);
    return 0;
}

const struct command command_schedule = {
    .name = "schedule",
    .usage = "schedule EXPR|FLOW",
    .summary = "Show when a schedule fires: the next times, their business dates, clock changes.",
    .details =
        "EXPR is a form (`daily 00:30`, `hourly :15`, `every 5m from 08:00 to 20:00`, `weekly "
        "mon,fri 09:00`,\n`monthly 1,last 03:00`, `yearly 01-01 04:00`) or a cron line of 5 "
        "fields, or 6 with seconds first.\nIts zone is that of --tz, else of the project, "
        "else UTC; a flow has its own.",
    .arguments = {"EXPR|FLOW"},
    .min_arguments = 1,
    .max_arguments = COMMAND_MANY,
    .options = schedule_options,
    .run = run_schedule,
};

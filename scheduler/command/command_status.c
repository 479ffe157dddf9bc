#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/flow_facts.h"
#include "scheduler/command/message_facts.h"
#include "scheduler/command/page_start.h"
#include "scheduler/command/project_facts.h"
#include "scheduler/command/run_facts.h"
#include "scheduler/command/run_table.h"
#include "scheduler/command/status_backfills.h"
#include "scheduler/command/status_scheduler.h"
#include "scheduler/command/table.h"
#include "scheduler/store/view_history.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <string.h>

#define COUNT_AT_MOST 1000 /* "1000+" */
#define RECENT_RUNS 10     /* of one flow */
#define TODAY_PARTS 5

struct status {
    struct context *context;
    struct store *store;     /* NULL: nothing has run yet */
    const struct flow *flow; /* NULL: all */
    struct status_scheduler scheduler;
    struct store_figures figures;
    struct view_status view;
    struct message_counts messages;
    struct view_backfills backfills;
    struct project_flows flows;
    struct calendar_facts calendar; /* of all flows, or of the one */
    int32_t today[TODAY_PARTS];     /* runs by state, COUNT_AT_MOST = or more */
};

static bool is_of_flow(const struct status *status, const char *flow)
{
    return status->flow == NULL || strcmp(status->flow->name, flow) == 0;
}

static void print_fact(struct status *status, const char *name, const char *word, const char *text)
{
    struct terminal *out = status->context->out;
    terminal_print(out, "%-11s %-12s ", name, word);
    terminal_put(out, text);
    terminal_print(out, "\n");
}

static void print_scheduler(struct status *status)
{
    print_fact(status, "scheduler", status_scheduler_word(&status->scheduler),
               status_scheduler_text(status->context, &status->scheduler));
    if (status->scheduler.trouble[0] != '\0')
        print_fact(status, "", "trouble", status->scheduler.trouble);
}

static void print_page(struct status *status)
{
    const char *address = page_start_address(status->context);
    if (address[0] != '\0')
        print_fact(status, "page", "ok", arena_format(&status->context->arena, "%s/", address));
}

static void print_store(struct status *status)
{
    struct arena *arena = &status->context->arena;
    if (status->store == NULL) {
        print_fact(status, "store", "none", "nothing has run yet");
        return;
    }
    const struct store_figures *figures = &status->figures;
    const char *text =
        arena_format(arena, "%s  %s, WAL %s, schema %d", store_path(status->store),
                     project_facts_bytes(arena, figures->file_bytes),
                     project_facts_bytes(arena, figures->wal_bytes), figures->schema_version);
    print_fact(status, "store", "ok", text);
}

/* Only what is not delivered is news. */
static void print_messages(struct status *status)
{
    if (status->messages.waiting + status->messages.given_up > 0)
        print_fact(status, "messages", status->messages.given_up > 0 ? "lost" : "waiting",
                   message_facts_words(status->context, &status->messages));
}

static void write_messages(const struct status *status, struct json_out *json)
{
    json_out_key(json, "messages");
    json_out_begin_object(json);
    json_out_pair_int(json, "waiting", status->messages.waiting);
    json_out_pair_int(json, "failing", status->messages.failing);
    json_out_pair_int(json, "given_up", status->messages.given_up);
    json_out_end_object(json);
}

static void add_part(struct text *text, size_t count, const char *word)
{
    if (count > 0)
        text_append_format(text, "%s%zu %s", text->length > 0 ? ", " : "", count, word);
}

static void print_flows(struct status *status)
{
    SCOPED_TEXT struct text text = {0};
    add_part(&text, status->flows.scheduled, "scheduled");
    add_part(&text, status->flows.manual, "by hand");
    add_part(&text, status->view.freeze_count, "frozen");
    add_part(&text, status->flows.invalid_count, "invalid");
    terminal_print(status->context->out, "%-11s %s\n", "flows",
                   text.length > 0 ? text_string(&text) : "none yet: datemill new hello");
}

/* Runs created since midnight of the project's zone. */
static struct instant midnight(struct status *status)
{
    const struct zone *zone =
        context_shown_zone(status->context, status->context->project->timezone);
    struct civil_time now = zone_civil_at(zone, clock_now());
    struct civil_time start = {.date = now.date};
    return zone_find_local(zone, start).first;
}

static const struct {
    enum run_state state;
    const char *word; /* for people */
} today_parts[TODAY_PARTS] = {{RUN_SUCCESS, "ok"},
                              {RUN_FAILED, "failed"},
                              {RUN_STOPPED, "stopped"},
                              {RUN_RUNNING, "running"},
                              {RUN_WAITING, "waiting"}};

static int count_today(struct status *status, struct error *err)
{
    for (size_t i = 0; status->store != NULL && i < TODAY_PARTS; i++) {
        struct run_query query = {.states = 1u << today_parts[i].state, .since = midnight(status)};
        if (status->flow != NULL)
            query.flows = (struct run_query_names){&status->flow->name, 1};
        if (view_count_runs(status->store, &query, COUNT_AT_MOST, &status->today[i], err) < 0)
            return -1;
    }
    return 0;
}

static void print_today(struct status *status)
{
    SCOPED_TEXT struct text text = {0};
    for (size_t i = 0; i < TODAY_PARTS; i++) {
        int32_t count = status->today[i];
        if (count > 0)
            text_append_format(&text, "%s%d%s %s", text.length > 0 ? ", " : "", count,
                               count == COUNT_AT_MOST ? "+" : "", today_parts[i].word);
    }
    if (status->scheduler.is_server)
        add_part(&text, status->calendar.to_come, "to come");
    terminal_print(status->context->out, "%-11s %s\n", "today",
                   text.length > 0 ? text_string(&text) : "no runs");
}

static void write_today(struct status *status, struct json_out *json)
{
    json_out_key(json, "today");
    json_out_begin_object(json);
    for (size_t i = 0; i < TODAY_PARTS; i++)
        json_out_pair_int(json, run_state_name(today_parts[i].state), status->today[i]);
    json_out_pair_int(json, "to_come", (int64_t)status->calendar.to_come);
    json_out_end_object(json);
}

static void print_heading(struct terminal *out, const char *heading)
{
    terminal_print(out, "\n");
    terminal_print_styled(out, TERMINAL_STYLE_BOLD, "%s", heading);
    terminal_print(out, "\n");
}

/* Without a scheduler nothing of it will happen. */
static void print_next(struct status *status)
{
    struct terminal *out = status->context->out;
    if (status->calendar.count == 0)
        return;
    print_heading(out, status->scheduler.is_server ? "NEXT" : "NEXT, once datemill serve runs");
    for (size_t i = 0; i < status->calendar.count; i++)
        terminal_print(out, "%s\n", calendar_facts_line(status->context, &status->calendar, i));
}

static void print_open(struct status *status)
{
    struct arena *arena = &status->context->arena;
    struct view_run *runs = arena_array(arena, status->view.open_count, sizeof *runs);
    size_t count = 0;
    for (size_t i = 0; i < status->view.open_count; i++) {
        if (is_of_flow(status, status->view.open[i].flow))
            runs[count++] = status->view.open[i];
    }
    if (count == 0)
        return;
    print_heading(status->context->out, "OPEN");
    run_table_print(status->context, runs, count);
    for (size_t i = 0; i < count; i++) {
        if (runs[i].hold != RUN_HOLD_NONE)
            terminal_print(status->context->out, "run %" PRId64 " waits: %s\n", runs[i].id,
                           run_hold_name(runs[i].hold));
    }
}

static const struct table_column attention_columns[] = {
    {.title = "FLOW", .shrink_to = 10},
    {.title = "BIZDATE", .rank = 2},
    {.title = "STATE"},
    {.title = "WHY", .shrink_to = 10, .rank = 1},
    {.title = NULL},
};

static void add_attention(struct status *status, struct table *table, const struct view_run *run)
{
    struct context *context = status->context;
    const char *glyph =
        terminal_glyph(context->out, terminal_state_glyph(run_state_name(run->state)));
    const char *ago = run->ended_at.us != 0
                          ? arena_format(&context->arena, " %s ago",
                                         project_facts_ago(&context->arena, run->ended_at))
                          : "";
    table_cell_styled(table, terminal_state_style(run_state_name(run->state)),
                      arena_format(&context->arena, "%s %s", glyph, run->flow));
    table_cell(table, run->bizdate);
    table_cell_format(table, "%s%s", run_state_name(run->state), ago);
    table_cell(table, run_facts_failure(context, run));
}

static void print_attention(struct status *status)
{
    struct context *context = status->context;
    struct table table;
    table_init(&table, attention_columns, &context->arena);
    for (size_t i = 0; i < status->view.attention_count; i++) {
        if (is_of_flow(status, status->view.attention[i].flow))
            add_attention(status, &table, &status->view.attention[i]);
    }
    for (size_t i = 0; i < status->flows.invalid_count; i++) {
        const struct project_invalid *invalid = &status->flows.invalid[i];
        if (!is_of_flow(status, invalid->flow))
            continue;
        table_cell_styled(&table, TERMINAL_STYLE_YELLOW,
                          arena_format(&context->arena, "! %s", invalid->flow));
        table_cell(&table, "");
        table_cell(&table, "invalid");
        table_cell_format(&table, "%s: %s", invalid->file, invalid->message);
    }
    if (table.row_count == 0)
        return;
    print_heading(context->out, "NEEDS ATTENTION");
    table_print(&table, context->out, false);
}

/* One that is over counts for nothing; its row goes with the next change. */
static bool is_shown(const struct status *status, const struct store_freeze *freeze)
{
    char bizdate[CIVIL_DATE_BYTES];
    const struct zone *zone =
        context_shown_zone(status->context, status->context->project->timezone);
    civil_date_format(civil_add_days(zone_civil_at(zone, clock_now()).date, -1), bizdate);
    bool is_over = freeze->until[0] != '\0' && strcmp(freeze->until, bizdate) <= 0;
    return is_of_flow(status, freeze->flow) && !is_over;
}

static const struct table_column freeze_columns[] = {
    {.title = "FLOW", .shrink_to = 10}, {.title = "UNTIL"},
    {.title = "BY", .rank = 1},         {.title = "SINCE", .rank = 2},
    {.title = "WHY", .shrink_to = 10},  {.title = NULL},
};

static void print_freezes(struct status *status)
{
    struct context *context = status->context;
    struct table table;
    table_init(&table, freeze_columns, &context->arena);
    for (size_t i = 0; i < status->view.freeze_count; i++) {
        const struct store_freeze *freeze = &status->view.freezes[i];
        if (!is_shown(status, freeze))
            continue;
        table_cell_styled(&table, terminal_state_style("frozen"),
                          arena_format(&context->arena, "%s %s%s%s",
                                       terminal_glyph(context->out, terminal_state_glyph("frozen")),
                                       freeze->flow, freeze->node[0] != '\0' ? "/" : "",
                                       freeze->node));
        table_cell(&table, freeze->until);
        table_cell(&table, freeze->who);
        table_cell_format(&table, "%s ago", project_facts_ago(&context->arena, freeze->since));
        table_cell(&table, freeze->reason);
    }
    if (table.row_count == 0)
        return;
    print_heading(context->out, "FROZEN");
    table_print(&table, context->out, false);
}

static void write_freezes(struct status *status, struct json_out *json)
{
    json_out_key(json, "freezes");
    json_out_begin_array(json);
    for (size_t i = 0; i < status->view.freeze_count; i++) {
        const struct store_freeze *freeze = &status->view.freezes[i];
        char since[ZONE_RFC3339_BYTES];
        if (!is_shown(status, freeze))
            continue;
        const struct zone *zone =
            context_shown_zone(status->context, status->context->project->timezone);
        json_out_begin_object(json);
        json_out_pair_string(json, "flow", freeze->flow);
        json_out_pair_string(json, "node", freeze->node[0] != '\0' ? freeze->node : NULL);
        json_out_pair_string(json, "until", freeze->until[0] != '\0' ? freeze->until : NULL);
        json_out_pair_string(json, "who", freeze->who);
        json_out_pair_string(json, "since", zone_format_rfc3339(zone, freeze->since, since));
        json_out_pair_string(json, "reason", freeze->reason);
        json_out_end_object(json);
    }
    json_out_end_array(json);
}

/* The newest runs of the one flow that was named. */
static int print_recent(struct status *status, struct error *err)
{
    if (status->flow == NULL || status->store == NULL)
        return 0;
    struct run_query query = {.flows = {&status->flow->name, 1}};
    struct view_page page = {.limit = RECENT_RUNS, .query = &query};
    struct view_runs runs;
    if (view_list_runs(status->store, &page, &status->context->arena, &runs, err) < 0)
        return -1;
    if (runs.count == 0)
        return 0;
    print_heading(status->context->out, "RECENT");
    run_table_print(status->context, runs.items, runs.count);
    return 0;
}

static void write_runs(struct status *status, struct json_out *json, const char *key,
                       const struct view_run *runs, size_t count)
{
    json_out_key(json, key);
    json_out_begin_array(json);
    for (size_t i = 0; i < count; i++) {
        if (!is_of_flow(status, runs[i].flow))
            continue;
        json_out_begin_object(json);
        run_facts_write(status->context, &runs[i], json);
        json_out_end_object(json);
    }
    json_out_end_array(json);
}

static void write_flows(struct status *status, struct json_out *json)
{
    json_out_key(json, "flows");
    json_out_begin_object(json);
    json_out_pair_int(json, "scheduled", (int64_t)status->flows.scheduled);
    json_out_pair_int(json, "manual", (int64_t)status->flows.manual);
    json_out_pair_int(json, "frozen", (int64_t)status->view.freeze_count);
    json_out_key(json, "invalid");
    json_out_begin_array(json);
    for (size_t i = 0; i < status->flows.invalid_count; i++) {
        const struct project_invalid *invalid = &status->flows.invalid[i];
        json_out_begin_object(json);
        json_out_pair_string(json, "flow", invalid->flow);
        json_out_pair_string(json, "file", invalid->file);
        json_out_pair_string(json, "message", invalid->message);
        json_out_pair_int(json, "errors", (int64_t)invalid->errors);
        json_out_end_object(json);
    }
    json_out_end_array(json);
    json_out_end_object(json);
}

static void print_json(struct status *status)
{
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_int(&json, "schema", 1);
    status_scheduler_write(status->context, &status->scheduler, &json);
    const char *page = page_start_address(status->context);
    json_out_pair_string(&json, "page", page[0] != '\0' ? page : NULL);
    json_out_key(&json, "store");
    json_out_begin_object(&json);
    json_out_pair_string(&json, "file", status->store != NULL ? store_path(status->store) : NULL);
    json_out_pair_int(&json, "schema_version", status->figures.schema_version);
    json_out_pair_int(&json, "bytes", status->figures.file_bytes);
    json_out_pair_int(&json, "wal_bytes", status->figures.wal_bytes);
    json_out_end_object(&json);
    json_out_key(&json, "attempts");
    json_out_begin_object(&json);
    json_out_pair_int(&json, "granted", status->view.granted);
    json_out_pair_int(&json, "running", status->view.running);
    json_out_end_object(&json);
    write_messages(status, &json);
    write_flows(status, &json);
    write_today(status, &json);
    json_out_key(&json, "next");
    calendar_facts_write(&status->calendar, &json);
    write_freezes(status, &json);
    write_runs(status, &json, "open", status->view.open, status->view.open_count);
    write_runs(status, &json, "attention", status->view.attention, status->view.attention_count);
    status_backfills_write(status->context, &status->backfills, &json);
    json_out_end_object(&json);
    terminal_print(status->context->out, "%s\n", text_string(&text));
}

static int load_store(struct status *status, struct error *err)
{
    struct context *context = status->context;
    if (context_store(context, &status->store, err) < 0) {
        bool is_empty = err->kind == ERROR_KIND_NOT_FOUND && context->project != NULL;
        if (!is_empty)
            return -1;
        *err = (struct error){0};
        return 0;
    }
    if (store_measure(status->store, &status->figures, err) < 0)
        return -1;
    const char *flow = status->flow != NULL ? status->flow->name : NULL;
    if (view_message_counts(status->store, &context->arena, &status->messages, err) < 0)
        return -1;
    if (status_backfills_load(context, status->store, flow, &status->backfills, err) < 0)
        return -1;
    return view_status(status->store, &context->arena, &status->view, err);
}

static int run_status(struct context *context, const struct options *options, struct error *err)
{
    struct status status = {.context = context};
    const struct project *project;
    if (options->argument_count > 0 && context_flow(context, options, 0, &status.flow, err) < 0)
        return -1;
    if (context_project(context, &project, err) < 0)
        return -1;
    context_settle(context);
    if (load_store(&status, err) < 0 || project_facts_flows(context, &status.flows, err) < 0)
        return -1;
    if (count_today(&status, err) < 0)
        return -1;
    status.calendar = status.flows.calendar;
    if (status.flow != NULL) {
        calendar_facts_begin(context, &status.calendar);
        calendar_facts_add(context, &status.calendar, status.flow);
    }
    status_scheduler_load(context, &status.scheduler);
    if (context->is_json) {
        print_json(&status);
        return 0;
    }
    print_scheduler(&status);
    print_page(&status);
    print_store(&status);
    print_messages(&status);
    if (status.flow == NULL)
        print_flows(&status);
    print_today(&status);
    print_open(&status);
    status_backfills_print(context, &status.backfills);
    print_attention(&status);
    print_freezes(&status);
    print_next(&status);
    return print_recent(&status, err);
}

const struct command command_status = {
    .name = "status",
    .group = "Look",
    .usage = "status [FLOW]",
    .summary = "What runs, what needs attention. Never waits for anything.",
    .arguments = {"FLOW"},
    .max_arguments = 1,
    .run = run_status,
};

#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"
#include "scheduler/command/backfill_facts.h"
#include "scheduler/command/backfill_plan_text.h"
#include "scheduler/command/backfill_words.h"
#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/table.h"
#include "scheduler/store/view_json.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <string.h>

#define DEFAULT_ROWS 50
#define BAR_COLUMNS 21
#define GROUPED_DATES 10000 /* of those that failed; more are not looked at */
#define BIT(state) (1u << (state))

static const struct option show_options[] = {
    {.name = "state",
     .kind = OPTION_KIND_TEXT,
     .value = "STATE",
     .help = "only dates in this state: failed, waiting, running, success, …"},
    {.name = "number",
     .letter = 'n',
     .kind = OPTION_KIND_NUMBER,
     .value = "N",
     .min = 1,
     .max = VIEW_MAX_ROWS,
     .help = "at most so many dates (50)"},
    {.name = "after",
     .kind = OPTION_KIND_NUMBER,
     .value = "N",
     .min = 0,
     .max = INT32_MAX,
     .help = "go on behind this place"},
    {.name = NULL}};

static const struct table_column date_columns[] = {
    {.title = "BIZDATE"},
    {.title = "STATE"},
    {.title = "RUN", .is_right = true},
    {.title = "DUR", .is_right = true, .rank = 1},
    {.title = "WHY", .shrink_to = 14},
    {.title = NULL},
};

struct show {
    struct context *context;
    struct store *store;
    struct backfill_facts facts;
    uint32_t states;
    struct view_date_runs dates; /* the page */
    struct backfill_groups groups;
    struct view_operations operations;
};

static const char *show_time(struct show *show, struct instant at)
{
    return backfill_facts_time(show->facts.zone, at, &show->context->arena);
}

static void print_head(struct show *show)
{
    struct terminal *out = show->context->out;
    const struct view_backfill *of = &show->facts.of;
    const struct store_backfill *row = &of->row;
    SCOPED_TEXT struct text state = {0};
    const char *word = backfill_state_name(row->state);
    size_t length = strlen(word);
    const char *reason = backfill_facts_reason(show->context, of);
    bool says_it = strncmp(reason, word, length) == 0; /* `stopped by lin` */
    terminal_append_state(out, &state, word);
    terminal_print_styled(out, TERMINAL_STYLE_BOLD, "backfill %" PRId64, row->id);
    terminal_print(out, "   ");
    terminal_put(out, row->flow);
    terminal_print(out, "   %s", text_string(&state));
    if (reason[0] != '\0') {
        terminal_print(out, "%s", says_it ? "" : ": ");
        terminal_put(out, reason + (says_it ? length : 0));
    }
    terminal_print(out, "\n");
    struct arena *arena = &show->context->arena;
    const char *asked = arena_format(arena, "%s..%s", of->first, of->last);
    const char *typed = strcmp(row->typed, asked) == 0 || strcmp(row->typed, of->first) == 0
                            ? ""
                            : arena_format(arena, "   asked for as %s", row->typed);
    const char *ends = strcmp(of->first, of->last) == 0
                           ? of->first
                           : arena_format(arena, "%s %s %s", of->first,
                                          terminal_glyph(out, TERMINAL_GLYPH_DATE_RANGE), of->last);
    terminal_print_fact(show->context->out, "dates", "%s%s   %s", ends, typed,
                        backfill_facts_counts(of, arena));
}

static void print_progress(struct show *show)
{
    struct terminal *out = show->context->out;
    const struct view_backfill *of = &show->facts.of;
    int64_t done = backfill_facts_done(of);
    int64_t total = backfill_facts_total(of);
    SCOPED_TEXT struct text text = {0};
    backfill_words_bar(out, done, total, BAR_COLUMNS, &text);
    terminal_print(out, "%-10s[%" PRId64 "/%" PRId64 "] %3" PRId64 "%% %s", "progress", done, total,
                   total > 0 ? done * 100 / total : 100, text_string(&text));
    struct backfill_rate none = {0};
    struct backfill_left left =
        backfill_rate_left(&none, total - done, of->row.parallel, show->facts.per_date);
    char about[DURATION_TEXT_BYTES];
    if (left.is_known && total > done)
        terminal_print(out, "   about %s left", duration_format(left.left, about));
    terminal_print(out, "\n");
}

/* `with   13 mid success, 14 sum running`: those that were asked for together. */
static void print_mates(struct show *show)
{
    const struct store_backfill *row = &show->facts.of.row;
    struct load_backfills group = {0};
    SCOPED_TEXT struct text text = {0};
    if (row->leader_id == 0 || load_backfill_group(show->context->store, row->leader_id,
                                                   &show->context->arena, &group, NULL) < 0)
        return;
    for (size_t i = 0; i < group.count; i++) {
        const struct store_backfill *mate = &group.items[i];
        if (mate->id != row->id)
            text_append_format(&text, "%s%" PRId64 " %s %s%s", text.length > 0 ? ", " : "",
                               mate->id, mate->flow, backfill_state_name(mate->state),
                               mate->id == row->leader_id ? " (what is done to it is done to all)"
                                                          : "");
    }
    if (text.length > 0)
        terminal_print_fact(show->context->out, "with", "%s", text_string(&text));
}

static void print_facts(struct show *show)
{
    struct arena *arena = &show->context->arena;
    const struct store_backfill *row = &show->facts.of.row;
    const char *ended = show_time(show, row->ended_at);
    terminal_print_fact(show->context->out, "order", "%s, redo %s%s",
                        backfill_plan_text_order(row->is_descending, row->parallel, arena),
                        backfill_redo_name(row->redo),
                        row->max_failures > 0
                            ? arena_format(arena, ", paused after %d failures", row->max_failures)
                            : "");
    terminal_print_fact(show->context->out, "created", "%s by %s%s%s",
                        show_time(show, row->created_at), row->who,
                        ended[0] != '\0' ? "   ended " : "", ended);
    if (row->reason[0] != '\0')
        terminal_print_fact(show->context->out, "reason", "%s", row->reason);
    print_mates(show);
    terminal_print_fact(show->context->out, "version", "%s", show->facts.of.version);
    if (row->selection[0] != '\0')
        terminal_print_fact(show->context->out, "nodes", "%s", row->selection);
    for (size_t i = 0; i < row->var_count; i++)
        terminal_print_fact(show->context->out, i == 0 ? "params" : "",
                            "%s = %s   as given by --var", row->vars[i].name, row->vars[i].text);
}

/* `sales_stat: E301 no such column`, else what is kept with the date. */
static const char *why(struct show *show, const struct view_date_run *date)
{
    const struct view_failure *failure = &date->failure;
    bool has_failed = date->date.state == DATE_FAILED && failure->node[0] != '\0';
    if (!has_failed)
        return date->date.reason;
    return arena_format(&show->context->arena, "%s: %s%s%s", failure->node, failure->code,
                        failure->code[0] != '\0' ? " " : "", failure->text);
}

static struct duration took(const struct view_date_run *date)
{
    if (date->started_at.us == 0)
        return (struct duration){0};
    struct instant end = date->ended_at.us != 0 ? date->ended_at : clock_now();
    return instant_elapsed(date->started_at, end);
}

static void print_dates(struct show *show)
{
    struct context *context = show->context;
    struct table table;
    table_init(&table, date_columns, &context->arena);
    for (size_t i = 0; i < show->dates.count; i++) {
        const struct view_date_run *date = &show->dates.items[i];
        char duration[DURATION_TEXT_BYTES];
        bool has_run = date->date.state != DATE_WAITING && date->started_at.us != 0;
        table_cell(&table, backfill_words_date(date->date.bizdate, date->date.cyctime,
                                               show->facts.has_times, &context->arena));
        table_cell_state(&table, context->out, view_date_state_name(date->date.state));
        table_cell(&table, date->date.run_id != 0
                               ? arena_format(&context->arena, "%" PRId64, date->date.run_id)
                               : "");
        table_cell(&table, has_run ? duration_format(took(date), duration) : "");
        table_cell(&table, why(show, date));
    }
    if (show->dates.count == 0)
        return;
    terminal_print(context->out, "\n");
    table_print(&table, context->out, true);
    if (show->dates.next >= 0)
        terminal_print(context->out, "more: --after %" PRId64 "\n", show->dates.next);
}

static void print_groups(struct show *show)
{
    SCOPED_TEXT struct text text = {0};
    backfill_text_groups(show->context->out, &show->groups, 2, &text);
    if (text.length > 0)
        terminal_print(show->context->out, "\n%s", text_string(&text));
}

/* `pause by root`, `stop (what ran was killed) by root`: how it was done, in words. */
static const char *describe_operation(const struct view_operation *operation, struct arena *arena)
{
    bool ends_it =
        operation->kind == STORE_OPERATION_PAUSE || operation->kind == STORE_OPERATION_STOP;
    const char *detail = operation->detail;
    const char *kind = store_operation_kind_name(operation->kind);
    if (detail[0] == '\0' || (ends_it && strcmp(detail, "drain") == 0))
        return kind;
    if (!ends_it)
        return arena_format(arena, "%s %s", kind, detail);
    return arena_format(arena, "%s (what ran was %s)", kind,
                        strcmp(detail, "now") == 0 ? "killed" : "stopped");
}

static void print_operations(struct show *show)
{
    if (show->operations.count > 0 && (show->dates.count > 0 || show->groups.count > 0))
        terminal_print(show->context->out, "\n");
    for (size_t i = 0; i < show->operations.count; i++) {
        const struct view_operation *operation = &show->operations.items[i];
        terminal_print_fact(show->context->out, i == 0 ? "changes" : "", "%s %s by %s%s%s",
                            show_time(show, operation->at),
                            describe_operation(operation, &show->context->arena), operation->who,
                            operation->reason[0] != '\0' ? ": " : "", operation->reason);
    }
}

static void print_next(struct show *show)
{
    const struct view_backfill *of = &show->facts.of;
    int64_t bad = backfill_facts_done(of) - of->counts.items[DATE_SUCCESS];
    bool can_resume = of->row.state == BACKFILL_PAUSED || of->row.state == BACKFILL_STOPPED ||
                      of->row.state == BACKFILL_RUNNING;
    if (can_resume)
        terminal_print_fact(show->context->out, "go on", "datemill backfill resume %" PRId64,
                            of->row.id);
    if (bad > 0)
        terminal_print_fact(show->context->out, "retry", "datemill backfill retry %" PRId64,
                            of->row.id);
}

static void write_dates(struct show *show, struct json_out *json)
{
    struct view_json of = {.out = json, .zone = show->facts.zone, .now = clock_now()};
    json_out_key(json, "items");
    json_out_begin_array(json);
    for (size_t i = 0; i < show->dates.count; i++) {
        json_out_begin_object(json);
        view_json_date(&of, &show->dates.items[i]);
        json_out_end_object(json);
    }
    json_out_end_array(json);
    if (show->dates.next >= 0)
        json_out_pair_int(json, "next", show->dates.next);
}

static void print_json(struct show *show)
{
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_int(&json, "schema", 1);
    backfill_facts_write(&show->facts.of, show->facts.zone, &json);
    write_dates(show, &json);
    json_out_end_object(&json);
    terminal_print(show->context->out, "%s\n", text_string(&text));
}

/* Dates that failed, by kind. */
static int load_groups(struct show *show, struct error *err)
{
    struct load_dates_of which = {show->facts.of.row.id, BIT(DATE_FAILED), -1, VIEW_MAX_ROWS};
    for (size_t seen = 0; seen < GROUPED_DATES;) {
        SCOPED_ARENA struct arena arena = {0};
        struct view_date_runs failed;
        if (view_backfill_dates(show->store, &which, &arena, &failed, err) < 0)
            return -1;
        for (size_t i = 0; i < failed.count; i++) {
            const struct view_date_run *date = &failed.items[i];
            SCOPED_TEXT struct text reason = {0};
            text_append_format(&reason, "%s%s%s", date->failure.code,
                               date->failure.code[0] != '\0' ? " " : "", date->failure.text);
            struct backfill_failure failure = {date->failure.node, text_string(&reason),
                                               date->date.bizdate, date->date.run_id};
            backfill_groups_add(&show->groups, &failure);
        }
        seen += failed.count;
        if (failed.next < 0)
            return 0;
        which.after = (int32_t)failed.next;
    }
    return 0;
}

static int read_states(const struct options *options, uint32_t *ret_states, struct error *err)
{
    const struct option_given *given = options_find(options, "state");
    *ret_states = ~0u;
    if (given == NULL)
        return 0;
    struct suggest suggest;
    suggest_begin(&suggest, given->text);
    for (int state = 0; state < DATE_STATE_COUNT; state++) {
        const char *name = view_date_state_name((enum date_state)state);
        suggest_offer(&suggest, name);
        if (strcmp(name, given->text) != 0)
            continue;
        *ret_states = BIT(state);
        return 0;
    }
    command_line_mark_given(options, given);
    error_set(err, ERROR_KIND_USAGE, "`%s` is not a state of a date", given->text);
    memcpy(err->code, "E021", 5);
    const char *best = suggest_best(&suggest);
    if (best != NULL)
        return error_help(err, "did you mean `%s`?", best);
    return error_help(err, "it is one of: waiting, running, success, failed, stopped, blocked, "
                           "in conflict, left out");
}

static int load(struct show *show, const struct options *options, struct error *err)
{
    struct context *context = show->context;
    context_settle(context);
    if (read_states(options, &show->states, err) < 0 ||
        backfill_facts_find(context, options, 0, &show->facts, err) < 0 ||
        context_store(context, &show->store, err) < 0)
        return -1;
    struct load_dates_of page = {show->facts.of.row.id, show->states,
                                 (int32_t)options_number(options, "after", -1),
                                 (int32_t)options_number(options, "number", DEFAULT_ROWS)};
    if (view_backfill_dates(show->store, &page, &context->arena, &show->dates, err) < 0 ||
        view_backfill_operations(show->store, show->facts.of.row.id, &context->arena,
                                 &show->operations, err) < 0)
        return -1;
    return context->is_json ? 0 : load_groups(show, err);
}

static int run_show(struct context *context, const struct options *options, struct error *err)
{
    struct show show = {.context = context};
    int result = load(&show, options, err);
    if (result == 0 && context->is_json) {
        print_json(&show);
    } else if (result == 0) {
        print_head(&show);
        print_progress(&show);
        print_facts(&show);
        print_dates(&show);
        print_groups(&show);
        print_operations(&show);
        print_next(&show);
    }
    backfill_groups_free(&show.groups);
    return result;
}

const struct command command_backfill_show = {
    .name = "show",
    .parent = "backfill",
    .usage = "backfill show ID [--state failed] [-n 50]",
    .summary = "Show a backfill: what was asked for, how each date stands, what was done to it.",
    .details = "ID is its number, or `latest`.",
    .arguments = {"ID"},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = show_options,
    .run = run_show,
};

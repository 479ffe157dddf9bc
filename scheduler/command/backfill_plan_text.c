#include "scheduler/command/backfill_plan_text.h"

#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/command/backfill_words.h"
#include "scheduler/plan/plan.h"

#include <inttypes.h>
#include <string.h>

#define WORD_COLUMNS 4     /* `keep`; more where there is a conflict */
#define MEANING_COLUMNS 13 /* `already green` */
#define COUNT_COLUMNS 11   /* before, between and behind */
#define LIST_AT_LEAST 24   /* columns for one stretch of dates; else it takes a line of its own */
#define CONFLICTS_NAMED 3  /* with their runs */
#define OWN_LINE_INDENT 8

/* Whether every date that runs again does so because a node failed. */
static bool is_all_failed(const struct backfill_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->dates[i].decision == DATE_REDO &&
            strstr(plan->dates[i].reason, " failed in run ") == NULL)
            return false;
    }
    return true;
}

static const char *meaning_of(const struct backfill_plan_text *of, enum date_decision decision)
{
    enum backfill_redo redo = of->wish->redo;
    switch (decision) {
    case DATE_KEEP:
        return redo == BACKFILL_REDO_NEVER ? "ran before" : "already green";
    case DATE_REDO:
        if (redo == BACKFILL_REDO_ALWAYS)
            return "ran before";
        return is_all_failed(of->plan) ? "failed" : "not green";
    case DATE_RUN:
        return "missing";
    case DATE_CONFLICT:
        return "open already";
    case DATE_NONE:
        return "not scheduled";
    }
    return "";
}

static void append_conflicts(const struct backfill_plan_text *of, struct arena *arena,
                             struct text *text)
{
    const struct backfill_plan *plan = of->plan;
    bool is_timed = backfill_plan_has_times(plan);
    int64_t named = 0;
    for (size_t i = 0; i < plan->count && named < CONFLICTS_NAMED; i++) {
        const struct store_date *date = &plan->dates[i];
        if (date->decision != DATE_CONFLICT)
            continue;
        text_append_format(text, "%s%s (run %" PRId64 ")", named > 0 ? ", " : "",
                           backfill_words_date(date->bizdate, date->cyctime, is_timed, arena),
                           date->run_id);
        named++;
    }
    if (plan->decided[DATE_CONFLICT] > named)
        text_append_format(text, ", %s and %" PRId64 " more",
                           terminal_glyph(of->terminal, TERMINAL_GLYPH_DOTS),
                           plan->decided[DATE_CONFLICT] - named);
}

static void append_decision(const struct backfill_plan_text *of, enum date_decision decision,
                            struct arena *arena, struct text *text)
{
    const struct backfill_plan *plan = of->plan;
    if (plan->decided[decision] == 0)
        return;
    int columns = plan->decided[DATE_CONFLICT] > 0 ? (int)strlen("conflict") : WORD_COLUMNS;
    SCOPED_TEXT struct text line = {0};
    text_append_format(&line, "  %-*s %4" PRId64 " %s", columns, date_decision_name(decision),
                       plan->decided[decision], meaning_of(of, decision));
    size_t used = (size_t)columns + COUNT_COLUMNS + MEANING_COLUMNS;
    used = used > line.length + 1 ? used : line.length + 1;
    size_t width = backfill_words_columns(of->terminal);
    if (used + LIST_AT_LEAST <= width) {
        text_append_repeat(&line, ' ', used - line.length);
    } else {
        text_append_char(&line, '\n');
        text_append_repeat(&line, ' ', OWN_LINE_INDENT);
        used = OWN_LINE_INDENT;
    }
    if (decision == DATE_CONFLICT) {
        append_conflicts(of, arena, &line);
    } else {
        struct backfill_stretches stretches = {0};
        stretches.count = backfill_plan_stretches(plan, decision, arena, &stretches.items);
        backfill_words_stretches(of->terminal, &stretches, width > used ? width - used : 0, &line);
    }
    text_append(text, text_string(&line));
    text_append_char(text, '\n');
}

const char *backfill_plan_text_order(bool is_descending, int64_t parallel, struct arena *arena)
{
    const char *order = is_descending ? "newest first" : "oldest first";
    if (parallel == 1)
        return arena_format(arena, "%s, one at a time", order);
    return arena_format(arena, "%s, %" PRId64 " at a time", order, parallel);
}

/* `  word   text`, wrapped under the text. */
static void append_fact(const struct backfill_plan_text *of, const char *word, const char *fact,
                        struct text *text)
{
    struct backfill_words_box box = {.used = strlen(word) + 3,
                                     .indent = OWN_LINE_INDENT,
                                     .columns = backfill_words_columns(of->terminal)};
    text_append_format(text, "  %s ", word);
    backfill_words_wrapped(&box, fact, text);
}

static void append_order(const struct backfill_plan_text *of, struct arena *arena,
                         struct text *text)
{
    const struct backfill_plan *plan = of->plan;
    if (plan->to_run == 0)
        return;
    const char *order =
        backfill_plan_text_order(of->wish->is_descending, of->wish->parallel, arena);
    char about[DURATION_TEXT_BYTES];
    char median[DURATION_TEXT_BYTES];
    if (plan->samples == 0)
        append_fact(of, "order",
                    arena_format(arena, "%s; how long it takes is not known yet", order), text);
    else
        append_fact(of, "order",
                    arena_format(arena, "%s, about %s (median %s per date)", order,
                                 plan->estimate.us < DURATION_SECOND_US
                                     ? "1s"
                                     : duration_format(plan->estimate, about),
                                 duration_format(plan->per_date, median)),
                    text);
}

/* Nodes that a selection means. */
static size_t count_selected(const struct flow *flow, const char *selection, struct arena *arena)
{
    bool *selected;
    size_t count = 0;
    if (plan_select(flow, selection, arena, &selected, NULL) < 0)
        return 0;
    for (size_t i = 0; i < flow->node_count; i++)
        count += selected[i] ? 1 : 0;
    return count;
}

/* One part of a selection: `sales_stat and 2 upstream`. */
static const char *describe_part(const struct flow *flow, const char *part, struct arena *arena)
{
    bool is_left_out = part[0] == '!';
    part += is_left_out ? 1 : 0;
    bool has_upstream = part[0] == '+';
    char *name = arena_copy_string(arena, part + (has_upstream ? 1 : 0));
    size_t length = strlen(name);
    bool has_downstream = length > 0 && name[length - 1] == '+';
    if (has_downstream)
        name[length - 1] = '\0';
    SCOPED_TEXT struct text text = {0};
    text_append_format(&text, "%s%s", is_left_out ? "without " : "", name);
    if (has_upstream)
        text_append_format(&text, " and %zu upstream",
                           count_selected(flow, arena_format(arena, "+%s", name), arena) - 1);
    if (has_downstream)
        text_append_format(&text, " and %zu downstream",
                           count_selected(flow, arena_format(arena, "%s+", name), arena) - 1);
    return arena_copy(arena, text_string(&text), text.length);
}

static void append_nodes(const struct backfill_plan_text *of, struct arena *arena,
                         struct text *text)
{
    const char *selection = of->wish->selection;
    if (selection == NULL || selection[0] == '\0')
        return;
    SCOPED_TEXT struct text fact = {0};
    char *rest = arena_copy_string(arena, selection);
    for (const char *part = strsep(&rest, ","); part != NULL; part = strsep(&rest, ",")) {
        part += strspn(part, " ");
        text_append_format(&fact, "%s%s", fact.length > 0 ? ", " : "",
                           describe_part(of->wish->flow, part, arena));
    }
    size_t left_out = of->wish->flow->node_count - count_selected(of->wish->flow, selection, arena);
    if (left_out > 0)
        text_append_format(&fact, "; %zu left out count%s as skipped", left_out,
                           left_out == 1 ? "s" : "");
    append_fact(of, "nodes", text_string(&fact), text);
}

static void append_tables(const struct backfill_plan_text *of, struct text *text)
{
    const struct backfill_plan *plan = of->plan;
    if (plan->shared_table_count == 0)
        return;
    SCOPED_TEXT struct text fact = {0};
    for (size_t i = 0; i < plan->shared_table_count; i++)
        text_append_format(&fact, "%s%s", i > 0 ? ", " : "", plan->shared_tables[i]);
    text_append_format(&fact, " %s written by several dates: the last to commit is what stays",
                       plan->shared_table_count == 1 ? "is" : "are");
    append_fact(of, "note ", text_string(&fact), text);
}

/* The first and the last business date, whatever the order. */
static void find_ends(const struct backfill_plan *plan, const char **ret_first,
                      const char **ret_last)
{
    *ret_first = *ret_last = plan->count > 0 ? plan->dates[0].bizdate : "";
    for (size_t i = 1; i < plan->count; i++) {
        const char *date = plan->dates[i].bizdate;
        *ret_first = strcmp(date, *ret_first) < 0 ? date : *ret_first;
        *ret_last = strcmp(date, *ret_last) > 0 ? date : *ret_last;
    }
}

/* Weekdays, or several ranges: asked for so, but easily read as all of them. */
static bool has_gaps(const struct plan_dates *dates)
{
    for (size_t i = 1; i < dates->count; i++) {
        if (civil_date_compare(civil_add_days(dates->items[i - 1], 1), dates->items[i]) != 0)
            return true;
    }
    return false;
}

static void append_head(const struct backfill_plan_text *of, struct arena *arena, struct text *text)
{
    const char *first;
    const char *last;
    find_ends(of->plan, &first, &last);
    size_t dates = of->wish->dates->count;
    const char *runs = backfill_plan_has_times(of->plan)
                           ? arena_format(arena, " with %zu planned times", of->plan->count)
                           : "";
    const char *ends =
        strcmp(first, last) == 0
            ? first
            : arena_format(arena, "%s %s %s (both included%s)", first,
                           terminal_glyph(of->terminal, TERMINAL_GLYPH_DATE_RANGE), last,
                           has_gaps(of->wish->dates) ? ", not every day between" : "");
    struct backfill_words_box box = {.indent = OWN_LINE_INDENT,
                                     .columns = backfill_words_columns(of->terminal)};
    backfill_words_wrapped(&box,
                           arena_format(arena, "plan: %s, %zu date%s%s, %s", of->wish->flow->name,
                                        dates, dates == 1 ? "" : "s", runs, ends),
                           text);
}

static void append_plan(const struct backfill_plan_text *of, struct text *text)
{
    SCOPED_ARENA struct arena arena = {0};
    append_head(of, &arena, text);
    for (int decision = 0; decision < DATE_DECISION_COUNT; decision++)
        append_decision(of, (enum date_decision)decision, &arena, text);
    append_order(of, &arena, text);
    append_nodes(of, &arena, text);
    append_tables(of, text);
    if (of->has_dates)
        backfill_plan_text_dates(of, text);
}

void backfill_plan_text_people(const struct backfill_plan_text *of, struct text *text)
{
    append_plan(of, text);
    if (of->downstream != NULL && of->downstream->count == 0)
        text_append(text, "downstream: no flow needs one of these dates\n");
    for (size_t i = 0; of->downstream != NULL && i < of->downstream->count; i++) {
        const struct backfill_member *member = &of->downstream->items[i];
        struct backfill_plan_text part = {.terminal = of->terminal,
                                          .wish = &member->wish,
                                          .plan = member->plan,
                                          .has_dates = of->has_dates};
        text_append_format(text, "downstream: %s, which needs %s\n", member->flow->name,
                           member->needs);
        if (member->plan != NULL)
            append_plan(&part, text);
        if (member->left_out[0] != '\0')
            append_fact(of, "left out", member->left_out, text);
    }
}

void backfill_plan_text_dates(const struct backfill_plan_text *of, struct text *text)
{
    SCOPED_ARENA struct arena arena = {0};
    bool is_timed = backfill_plan_has_times(of->plan);
    for (size_t i = 0; i < of->plan->count; i++) {
        const struct store_date *date = &of->plan->dates[i];
        text_append_format(text, "  %s  %-8s  %s\n",
                           backfill_words_date(date->bizdate, date->cyctime, is_timed, &arena),
                           date_decision_name(date->decision), date->reason);
    }
}

static void write_downstream(const struct backfill_downstream *downstream, struct json_out *json)
{
    json_out_key(json, "downstream");
    json_out_begin_array(json);
    for (size_t i = 0; i < downstream->count; i++) {
        const struct backfill_member *member = &downstream->items[i];
        json_out_begin_object(json);
        json_out_pair_string(json, "flow", member->flow->name);
        json_out_pair_string(json, "needs", member->needs);
        json_out_pair_string(json, "left_out", member->left_out);
        json_out_key(json, "plan");
        if (member->plan != NULL)
            backfill_plan_write(&member->wish, member->plan, json);
        else
            json_out_null(json);
        json_out_end_object(json);
    }
    json_out_end_array(json);
}

void backfill_plan_text_json(const struct backfill_plan_text *of, struct text *text)
{
    struct json_out json;
    json_out_init(&json, text);
    json_out_begin_object(&json);
    json_out_pair_int(&json, "schema", 1);
    json_out_pair_string(&json, "flow", of->wish->flow->name);
    json_out_key(&json, "plan");
    backfill_plan_write(of->wish, of->plan, &json);
    if (of->downstream != NULL)
        write_downstream(of->downstream, &json);
    json_out_end_object(&json);
    text_append_char(text, '\n');
}

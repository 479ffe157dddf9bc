#include "scheduler/base/scope.h"
#include "scheduler/command/backfill_facts.h"
#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/table.h"

#include <inttypes.h>
#include <string.h>

#define DEFAULT_ROWS 20

static const struct option list_options[] = {{.name = "number",
                                              .letter = 'n',
                                              .kind = OPTION_KIND_NUMBER,
                                              .value = "N",
                                              .min = 1,
                                              .max = VIEW_MAX_ROWS,
                                              .help = "at most so many (20)"},
                                             {.name = "after",
                                              .kind = OPTION_KIND_NUMBER,
                                              .value = "ID",
                                              .min = 1,
                                              .max = INT64_MAX,
                                              .help = "go on behind this one"},
                                             {.name = NULL}};

static const struct table_column columns[] = {
    {.title = "BACKFILL"},
    {.title = "FLOW", .shrink_to = 8},
    {.title = "DATES", .rank = 1},
    {.title = "STATE"},
    {.title = "DONE", .is_right = true},
    {.title = "FAILED", .is_right = true, .rank = 2},
    {.title = "CREATED", .rank = 3},
    {.title = "BY", .shrink_to = 6, .rank = 4},
    {.title = "REASON", .shrink_to = 10, .rank = 5},
    {.title = NULL},
};

static void print_json(struct context *context, const struct view_backfills *found)
{
    SCOPED_TEXT struct text text = {0};
    for (size_t i = 0; i < found->count; i++) {
        struct json_out json;
        text_clear(&text);
        json_out_init(&json, &text);
        json_out_begin_object(&json);
        backfill_facts_write(&found->items[i], backfill_facts_zone(context, NULL), &json);
        json_out_end_object(&json);
        terminal_print(context->out, "%s\n", text_string(&text));
    }
}

static void add_row(struct context *context, struct table *table,
                    const struct view_backfill *backfill)
{
    const struct store_backfill *row = &backfill->row;
    int64_t done = backfill_facts_done(backfill);
    int64_t failed = done - backfill->counts.items[DATE_SUCCESS];
    bool is_one = strcmp(backfill->first, backfill->last) == 0;
    table_cell_format(table, "%" PRId64, row->id);
    table_cell(table, row->flow);
    table_cell_format(table, "%s%s%s%s%s", backfill->first, is_one ? "" : " ",
                      is_one ? "" : terminal_glyph(context->out, TERMINAL_GLYPH_DATE_RANGE),
                      is_one ? "" : " ", is_one ? "" : backfill->last);
    table_cell_state(table, context->out, backfill_state_name(row->state));
    table_cell_format(table, "%" PRId64 "/%" PRId64, done, backfill_facts_total(backfill));
    table_cell(table, failed > 0 ? arena_format(&context->arena, "%" PRId64, failed) : "");
    table_cell(table, backfill_facts_time(backfill_facts_zone(context, NULL), row->created_at,
                                          &context->arena));
    table_cell(table, row->who);
    const char *reason = backfill_facts_reason(context, backfill);
    table_cell(table, reason[0] != '\0' ? reason : row->reason);
}

static void print_people(struct context *context, const struct view_backfills *found)
{
    if (found->count == 0) {
        context_note(context, "there has been no backfill yet");
        return;
    }
    struct table table;
    table_init(&table, columns, &context->arena);
    for (size_t i = 0; i < found->count; i++)
        add_row(context, &table, &found->items[i]);
    table_print(&table, context->out, true);
    if (found->next != 0)
        terminal_print(context->out, "more: --after %" PRId64 "\n", found->next);
}

static int run_list(struct context *context, const struct options *options, struct error *err)
{
    struct store *store;
    struct view_backfills found = {0};
    struct view_backfill_list list = {
        .flow = options_argument(options, 0, NULL),
        .page = {.limit = (int32_t)options_number(options, "number", DEFAULT_ROWS),
                 .after = options_number(options, "after", 0)}};
    context_settle(context);
    if (context_store(context, &store, err) < 0) {
        bool is_empty = err->kind == ERROR_KIND_NOT_FOUND && context->project != NULL;
        if (!is_empty)
            return -1;
    } else if (view_list_backfills(store, &list, &context->arena, &found, err) < 0) {
        return -1;
    }
    if (context->is_json)
        print_json(context, &found);
    else
        print_people(context, &found);
    return 0;
}

const struct command command_backfill_list = {
    .name = "list",
    .parent = "backfill",
    .usage = "backfill list [FLOW] [-n 20] [--after ID]",
    .summary = "List backfills, newest first.",
    .details = "With --json there is one object a line.",
    .arguments = {"FLOW"},
    .max_arguments = 1,
    .options = list_options,
    .run = run_list,
};

#include "scheduler/base/scope.h"
#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/run_facts.h"
#include "scheduler/command/run_table.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <string.h>

#define DEFAULT_ROWS 50

static const struct option list_options[] = {
    {.name = "flow", .kind = OPTION_KIND_TEXT, .value = "FLOW", .help = "of this flow, or pattern"},
    {.name = "state", .kind = OPTION_KIND_TEXT, .value = "STATE", .help = "in this state"},
    {.name = "since",
     .kind = OPTION_KIND_TEXT,
     .value = "TIME",
     .help = "created at most so long ago: 7d, 12h"},
    {.name = "number",
     .letter = 'n',
     .kind = OPTION_KIND_NUMBER,
     .value = "N",
     .min = 1,
     .max = VIEW_MAX_ROWS,
     .help = "at most so many (50)"},
    {.name = "after",
     .kind = OPTION_KIND_NUMBER,
     .value = "RUN",
     .min = 1,
     .max = INT64_MAX,
     .help = "go on behind this run"},
    {.name = NULL},
};

/* A piece of the query, and the word of the command line it came from. */
struct piece {
    size_t start; /* in the query */
    size_t skip;  /* bytes of the query before the word's own */
    size_t word;
    size_t offset;
};

struct query_text {
    struct text text;
    struct piece *pieces;
    size_t count;
    size_t capacity;
    struct arena *arena;
};

static void add_piece(struct query_text *query, const char *key, const char *value, size_t word,
                      size_t offset)
{
    if (query->text.length > 0)
        text_append_char(&query->text, ' ');
    query->pieces = arena_grow(query->arena, query->pieces, query->count, &query->capacity,
                               sizeof *query->pieces);
    query->pieces[query->count++] = (struct piece){query->text.length, strlen(key), word, offset};
    text_append_format(&query->text, "%s%s", key, value);
}

static void make_query(const struct options *options, struct query_text *query)
{
    static const char *const names[] = {"flow", "state", "since"};
    static const char *const keys[] = {"flow:", "state:", "since:"};
    for (size_t i = 0; i < options->argument_count; i++)
        add_piece(query, "", options->arguments[i].text, options->arguments[i].word, 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct option_given *given = options_find(options, names[i]);
        if (given != NULL)
            add_piece(query, keys[i], given->text, given->word, given->word_offset);
    }
}

/* The error names a byte of the query: the word of the command line is marked there. */
static void mark_query(const struct options *options, const struct query_text *query,
                       struct error *err)
{
    size_t at = err->column > 0 ? (size_t)err->column - 1 : 0;
    const struct piece *piece = NULL;
    for (size_t i = 0; i < query->count; i++) {
        if (query->pieces[i].start <= at)
            piece = &query->pieces[i];
    }
    if (piece != NULL) {
        size_t within = at - piece->start;
        size_t offset = within > piece->skip ? within - piece->skip : 0;
        size_t length = within >= piece->skip ? (size_t)err->line : 0;
        command_line_mark(options->line, piece->word, piece->offset + offset, length);
    }
    err->line = err->column = 0;
}

static void print_json(struct context *context, const struct view_runs *runs)
{
    SCOPED_TEXT struct text text = {0};
    for (size_t i = 0; i < runs->count; i++) {
        struct json_out json;
        text_clear(&text);
        json_out_init(&json, &text);
        json_out_begin_object(&json);
        run_facts_write(context, &runs->items[i], &json);
        json_out_end_object(&json);
        terminal_print(context->out, "%s\n", text_string(&text));
    }
}

static void print_people(struct context *context, const struct view_runs *runs)
{
    if (runs->count == 0 && runs->next == 0) {
        context_note(context, "no run matches");
        return;
    }
    if (runs->count > 0)
        run_table_print(context, runs->items, runs->count);
    if (runs->next != 0)
        terminal_print(context->out, "more: --after %" PRId64 "\n", runs->next);
}

static int list(struct context *context, const struct options *options, struct store *store,
                struct error *err)
{
    struct query_text text = {.arena = &context->arena};
    struct run_query query;
    make_query(options, &text);
    int parsed =
        run_query_parse(text_string(&text.text), clock_now(), &context->arena, &query, err);
    if (parsed < 0)
        mark_query(options, &text, err);
    text_free(&text.text);
    if (parsed < 0)
        return -1;
    struct view_page page = {.limit = (int32_t)options_number(options, "number", DEFAULT_ROWS),
                             .after = options_number(options, "after", 0),
                             .query = &query};
    struct view_runs runs;
    if (view_list_runs(store, &page, &context->arena, &runs, err) < 0)
        return -1;
    if (context->is_json)
        print_json(context, &runs);
    else
        print_people(context, &runs);
    return 0;
}

static int run_list(struct context *context, const struct options *options, struct error *err)
{
    struct store *store;
    context_settle(context);
    if (context_store(context, &store, err) < 0) {
        bool is_empty = err->kind == ERROR_KIND_NOT_FOUND && context->project != NULL;
        if (!is_empty)
            return -1;
        context_note(context, "nothing has run yet");
        return 0;
    }
    return list(context, options, store, err);
}

const struct command command_runs_list = {
    .name = "list",
    .parent = "runs",
    .usage =
        "runs list [QUERY]... [--flow FLOW] [--state STATE] [--since 7d] [-n 50] [--after RUN]",
    .summary = "List runs, newest first.",
    .details =
        "QUERY holds words and keys, all of which must match: flow:smartrm* "
        "state:failed,stopped date:2021-11 date:2021-11-01..2021-11-11 node:sales_stat "
        "kind:backfill trigger:cli since:7d \"no such column\". Patterns know * and ?; words "
        "without a key are looked for in the errors of runs. With --json there is one object a "
        "line.",
    .arguments = {"QUERY"},
    .max_arguments = COMMAND_MANY,
    .options = list_options,
    .run = run_list,
};

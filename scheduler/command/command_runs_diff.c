#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"
#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/flow_facts.h"
#include "scheduler/command/run_diff.h"
#include "scheduler/command/run_facts.h"
#include "scheduler/command/table.h"

#include <inttypes.h>
#include <string.h>

#define NONE "-" /* the other has it, this one has not */

struct sides {
    const struct run_diff_side *a;
    const struct run_diff_side *b;
};

static void print_title(struct context *context, const char *title)
{
    terminal_print(context->out, "\n");
    terminal_print_styled(context->out, TERMINAL_STYLE_BOLD, "%s", title);
    terminal_print(context->out, "\n");
}

static const char *run_title(struct context *context, const struct run_diff_side *side)
{
    return arena_format(&context->arena, "RUN %" PRId64, side->run.id);
}

static const char *or_none(const char *text)
{
    return text != NULL ? text : NONE;
}

/* ---- facts ---- */

static void list_same(struct context *context, const struct run_diff *diff, struct text *text)
{
    for (size_t i = 0; i < diff->fact_count; i++) {
        const struct run_diff_fact *fact = &diff->facts[i];
        bool has_news = strcmp(fact->name, "flow") == 0 || strcmp(fact->name, "bizdate") == 0 ||
                        strcmp(fact->name, "version") == 0 || strcmp(fact->name, "state") == 0;
        if (has_news && run_diff_is_same(fact->a, fact->b))
            text_append_format(text, "%s%s %s", text->length > 0 ? ", " : "", fact->name, fact->a);
    }
    if (diff->same_params > 0)
        text_append_format(text, "%s%s", text->length > 0 ? ", " : "",
                           flow_facts_number(&context->arena, diff->same_params, "parameter"));
    if (diff->same_files > 0)
        text_append_format(text, "%s%s", text->length > 0 ? ", " : "",
                           flow_facts_number(&context->arena, diff->same_files, "file"));
}

static void print_facts(struct context *context, const struct sides *sides,
                        const struct run_diff *diff)
{
    const struct view_run *a = &sides->a->run;
    const struct view_run *b = &sides->b->run;
    const struct table_column columns[] = {{.title = ""},
                                           {.title = run_title(context, sides->a)},
                                           {.title = run_title(context, sides->b)},
                                           {.title = NULL}};
    struct table table;
    table_init(&table, columns, &context->arena);
    for (size_t i = 0; i < diff->fact_count; i++) {
        const struct run_diff_fact *fact = &diff->facts[i];
        if (run_diff_is_same(fact->a, fact->b))
            continue;
        table_cell(&table, fact->name);
        table_cell(&table, fact->a);
        table_cell(&table, fact->b);
    }
    table_cell(&table, "started");
    table_cell(&table, run_facts_time(context, a, a->started_at));
    table_cell(&table, run_facts_time(context, b, b->started_at));
    table_cell(&table, "took");
    table_cell(&table, run_facts_duration(context, a->started_at, a->ended_at));
    table_cell(&table, run_facts_duration(context, b->started_at, b->ended_at));
    table_print(&table, context->out, true);
    SCOPED_TEXT struct text same = {0};
    list_same(context, diff, &same);
    terminal_print(context->out, "\nthe same: ");
    terminal_put(context->out, same.length > 0 ? text_string(&same) : "nothing");
    terminal_print(context->out, "\n");
}

/* ---- tables of differences ---- */

static void print_params(struct context *context, const struct sides *sides,
                         const struct run_diff *diff)
{
    const struct table_column columns[] = {{.title = "PARAMETER"},
                                           {.title = run_title(context, sides->a)},
                                           {.title = run_title(context, sides->b)},
                                           {.title = "HOW"},
                                           {.title = NULL}};
    struct table table;
    if (diff->param_count == 0)
        return;
    table_init(&table, columns, &context->arena);
    for (size_t i = 0; i < diff->param_count; i++) {
        const struct run_diff_param *param = &diff->params[i];
        bool is_same_how = run_diff_is_same(param->how_a, param->how_b);
        table_cell_format(&table, "%s%s%s", param->node, param->node[0] != '\0' ? ": " : "",
                          param->name);
        table_cell(&table, or_none(param->a));
        table_cell(&table, or_none(param->b));
        table_cell_format(&table, "%s%s%s", or_none(param->how_a), is_same_how ? "" : " / ",
                          is_same_how ? "" : or_none(param->how_b));
    }
    terminal_print(context->out, "\n");
    table_print(&table, context->out, true);
}

static const char *duration_text(struct arena *arena, struct duration duration)
{
    char text[DURATION_TEXT_BYTES];
    return duration.us < 0 ? "" : arena_copy_string(arena, duration_format(duration, text));
}

/* `+4.1s`, `-12s`; "" where one of them did not run. */
static const char *difference_text(struct arena *arena, const struct run_diff_node *node)
{
    char text[DURATION_TEXT_BYTES];
    if (node->took_a.us < 0 || node->took_b.us < 0)
        return "";
    int64_t us = node->took_b.us - node->took_a.us;
    duration_format((struct duration){us < 0 ? -us : us}, text);
    if (strcmp(text, "0.0s") == 0)
        return arena_copy_string(arena, text); /* no sign before what rounds to nothing */
    return arena_format(arena, "%c%s", us < 0 ? '-' : '+', text);
}

static void cell_state(struct table *table, struct context *context, const struct view_node *node)
{
    if (node == NULL)
        table_cell(table, NONE);
    else
        table_cell_state(table, context->out, task_state_name(node->state));
}

static void print_nodes(struct context *context, const struct sides *sides,
                        const struct run_diff *diff)
{
    struct arena *arena = &context->arena;
    const struct table_column columns[] = {{.title = "NODE"},
                                           {.title = run_title(context, sides->a)},
                                           {.title = "TOOK", .is_right = true},
                                           {.title = run_title(context, sides->b)},
                                           {.title = "TOOK", .is_right = true},
                                           {.title = "DIFFERENCE", .is_right = true},
                                           {.title = NULL}};
    struct table table;
    table_init(&table, columns, arena);
    for (size_t i = 0; i < diff->node_count; i++) {
        const struct run_diff_node *node = &diff->nodes[i];
        table_cell(&table, node->name);
        cell_state(&table, context, node->a);
        table_cell(&table, duration_text(arena, node->took_a));
        cell_state(&table, context, node->b);
        table_cell(&table, duration_text(arena, node->took_b));
        table_cell(&table, difference_text(arena, node));
    }
    terminal_print(context->out, "\n");
    table_print(&table, context->out, true);
}

static void cell_rows(struct table *table, const char *part, int64_t rows)
{
    if (part == NULL)
        table_cell(table, NONE);
    else if (rows < 0)
        table_cell(table, "?");
    else
        table_cell_format(table, "%" PRId64, rows);
}

static void print_tables(struct context *context, const struct sides *sides,
                         const struct run_diff *diff)
{
    const struct table_column columns[] = {{.title = "WROTE"},
                                           {.title = "BY"},
                                           {.title = run_title(context, sides->a)},
                                           {.title = "ROWS", .is_right = true},
                                           {.title = run_title(context, sides->b)},
                                           {.title = "ROWS", .is_right = true},
                                           {.title = "DIFFERENCE", .is_right = true},
                                           {.title = NULL}};
    struct table table;
    if (diff->table_count == 0)
        return;
    table_init(&table, columns, &context->arena);
    for (size_t i = 0; i < diff->table_count; i++) {
        const struct run_diff_table *written = &diff->tables[i];
        table_cell(&table, written->table);
        table_cell(&table, written->node);
        table_cell(&table, or_none(written->part_a));
        cell_rows(&table, written->part_a, written->rows_a);
        table_cell(&table, or_none(written->part_b));
        cell_rows(&table, written->part_b, written->rows_b);
        if (written->rows_a >= 0 && written->rows_b >= 0)
            table_cell_format(&table, "%+" PRId64, written->rows_b - written->rows_a);
        else
            table_cell(&table, "");
    }
    terminal_print(context->out, "\n");
    table_print(&table, context->out, true);
}

/* ---- texts ---- */

static enum terminal_style style_of(const char *line)
{
    switch (line[0]) {
    case '-':
        return TERMINAL_STYLE_RED;
    case '+':
        return TERMINAL_STYLE_GREEN;
    case '@':
        return TERMINAL_STYLE_CYAN;
    default:
        return TERMINAL_STYLE_PLAIN;
    }
}

static void print_lines(struct context *context, const char *diff)
{
    struct terminal *out = context->out;
    SCOPED_TEXT struct text safe = {0};
    for (const char *line = diff; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        text_clear(&safe);
        utf8_append_safe(&safe, line, length);
        terminal_print_styled(out, style_of(line), "%s", text_string(&safe));
        terminal_print(out, "\n");
        line += length + (line[length] == '\n');
    }
}

static void print_name(struct context *context, const char *sign, const struct run_diff_side *side,
                       const char *name)
{
    terminal_print(context->out, "%s ", sign);
    if (name == NULL)
        terminal_print(context->out, "/dev/null");
    else
        terminal_print(context->out, "%" PRId64 "/", side->run.id);
    terminal_put(context->out, name == NULL ? "" : name);
    terminal_print(context->out, "\n");
}

static void print_texts(struct context *context, const struct sides *sides,
                        const struct run_diff_text *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct run_diff_text *text = &texts[i];
        if (text->diff[0] == '\0') {
            const struct run_diff_side *only = text->hash_a != NULL ? sides->a : sides->b;
            if (text->hash_a != NULL && text->hash_b != NULL) /* behind a NUL byte */
                terminal_print(context->out, "bytes differ: ");
            else
                terminal_print(context->out, "only in run %" PRId64 ": ", only->run.id);
            terminal_put(context->out, text->name);
            terminal_print(context->out, "\n");
            continue;
        }
        print_name(context, "---", sides->a, text->hash_a != NULL ? text->name : NULL);
        print_name(context, "+++", sides->b, text->hash_b != NULL ? text->name : NULL);
        print_lines(context, text->diff);
    }
}

static void print_people(struct context *context, const struct sides *sides,
                         const struct run_diff *diff)
{
    if (!diff->is_same_flow)
        context_note(context, "these are runs of two flows: what has the same name is compared");
    print_facts(context, sides, diff);
    print_params(context, sides, diff);
    print_nodes(context, sides, diff);
    print_tables(context, sides, diff);
    if (diff->file_count > 0)
        print_title(context, "definition");
    print_texts(context, sides, diff->files, diff->file_count);
    if (diff->text_count > 0)
        print_title(context, "what ran, with its values");
    print_texts(context, sides, diff->texts, diff->text_count);
}

static int run_diff(struct context *context, const struct options *options, struct error *err)
{
    struct run_diff_side a;
    struct run_diff_side b;
    struct run_diff diff;
    context_settle(context);
    if (run_diff_load(context, options, 0, &a, err) < 0 ||
        run_diff_load(context, options, 1, &b, err) < 0 ||
        run_diff_make(context, &a, &b, &diff, err) < 0)
        return -1;
    const struct sides sides = {&a, &b};
    if (context->is_json)
        run_diff_print_json(context, &a, &b, &diff);
    else
        print_people(context, &sides, &diff);
    return 0;
}

const struct command command_runs_diff = {
    .name = "diff",
    .parent = "runs",
    .usage = "runs diff RUN RUN",
    .summary = "Show what differs between two runs: dates, values, definition, times, rows.",
    .details =
        "RUN is a number, or `latest`. Shown are facts and parameters that differ, how each node\n"
        "went in both and how long it took, what was written, the files of the definition and the\n"
        "text that ran in each node, as `diff -u` shows them. Nothing is ever cut. Runs of two\n"
        "flows are compared where names match. The exit code is 0, whether they differ or not.",
    .arguments = {"RUN", "RUN"},
    .min_arguments = 2,
    .max_arguments = 2,
    .run = run_diff,
};

#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/date_word.h"
#include "scheduler/command/flow_facts.h"
#include "scheduler/command/rendering.h"
#include "scheduler/command/table.h"
#include "scheduler/system/clock.h"

#include <string.h>

enum validate_format {
    VALIDATE_FORMAT_HUMAN,
    VALIDATE_FORMAT_GCC,
    VALIDATE_FORMAT_JSON,
    VALIDATE_FORMAT_GITHUB
};

static const char *const format_choices[] = {"human", "gcc", "json", "github", NULL};

static const struct option validate_options[] = {
    {.name = "format",
     .kind = OPTION_KIND_CHOICE,
     .value = "FORMAT",
     .choices = format_choices,
     .help = "human, or problems one a line: gcc, json, github"},
    {.name = "date",
     .kind = OPTION_KIND_TEXT,
     .value = "DATE",
     .help = "also render every node for this business date"},
    {.name = NULL},
};

struct validation {
    struct context *context;
    const struct options *options;
    enum validate_format format;
    const struct option_given *date; /* NULL = none */
    struct table table;              /* one row for each file */
    size_t valid;
    size_t invalid;
    size_t warnings;
};

static const struct table_column columns[] = {
    {.title = "FILE", .shrink_to = 16},
    {.title = "CONTENT", .shrink_to = 12},
    {.title = NULL},
};

/* Renders every node for each time of the date; the first failure of a time is its problem. */
static int check_date(struct validation *validation, const struct flow *flow,
                      struct diagnostics *problems, struct error *err)
{
    struct arena *arena = &validation->context->arena;
    struct date_word date;
    if (date_word_parse(validation->date->text, flow, clock_now(), &date, err) < 0) {
        command_line_mark_given(validation->options, validation->date);
        return -1;
    }
    struct plan_times times;
    struct error problem = {0};
    if (date_word_times(&date, flow, arena, &times, &problem) < 0) {
        diagnostics_add_error(problems, "E020", DIAGNOSTIC_NO_SOURCE, &problem);
        return 0;
    }
    for (size_t i = 0; i < times.count; i++) {
        if (rendering_check(validation->context, flow, &times.items[i], &problem) < 0)
            diagnostics_add_error(problems, "E120", DIAGNOSTIC_NO_SOURCE, &problem);
    }
    return 0;
}

static void print_problems(struct validation *validation, const struct diagnostics *problems)
{
    struct context *context = validation->context;
    SCOPED_TEXT struct text text = {0};
    switch (validation->format) {
    case VALIDATE_FORMAT_HUMAN:
        if (problems->count > 0)
            context_show_problems(context, problems);
        return;
    case VALIDATE_FORMAT_GCC:
        diagnostics_write_gcc(problems, &text);
        break;
    case VALIDATE_FORMAT_JSON:
        diagnostics_write_json(problems, &text);
        break;
    case VALIDATE_FORMAT_GITHUB:
        diagnostics_write_github(problems, &text);
        break;
    }
    terminal_print(context->out, "%s", text_string(&text));
    terminal_flush(context->out);
}

static void print_json(struct context *context, const char *shown, const struct flow *flow,
                       const struct diagnostics *problems)
{
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_int(&json, "schema", 1);
    json_out_pair_string(&json, "file", shown);
    json_out_pair_bool(&json, "valid", problems->error_count == 0);
    json_out_pair_int(&json, "errors", (int64_t)problems->error_count);
    json_out_pair_int(&json, "warnings", (int64_t)problems->warning_count);
    if (flow != NULL) {
        json_out_pair_string(&json, "flow", flow->name);
        json_out_pair_int(&json, "nodes", (int64_t)flow->node_count);
        json_out_pair_int(&json, "tables", (int64_t)flow->table_count);
        json_out_pair_int(&json, "params", (int64_t)flow->param_count);
    }
    json_out_end_object(&json);
    terminal_print(context->out, "%s\n", text_string(&text));
}

static void add_row(struct validation *validation, const char *shown, const struct flow *flow,
                    const struct diagnostics *problems)
{
    struct context *context = validation->context;
    bool is_valid = problems->error_count == 0;
    const char *glyph =
        terminal_glyph(context->out, is_valid ? TERMINAL_GLYPH_OK : TERMINAL_GLYPH_FAILED);
    const char *cell = arena_format(&context->arena, "%s %s", glyph, shown);
    table_cell_styled(&validation->table, is_valid ? TERMINAL_STYLE_GREEN : TERMINAL_STYLE_RED,
                      cell);
    if (is_valid)
        table_cell(&validation->table, flow_facts_counts(flow, &context->arena));
    else
        table_cell(&validation->table,
                   flow_facts_number(&context->arena, problems->error_count, "error"));
}

static int validate_one(struct validation *validation, const char *path, struct error *err)
{
    struct context *context = validation->context;
    struct diagnostics problems;
    diagnostics_init(&problems);
    const struct flow *flow = NULL;
    struct error ignored = {0}; /* the problems say it all */
    int result = context_check_flow(context, path, &problems, &flow, &ignored);
    result =
        result == 0 && validation->date != NULL ? check_date(validation, flow, &problems, err) : 0;
    if (result == 0) {
        const char *shown = flow_source_shown_path(context->source, path, &context->arena);
        print_problems(validation, &problems);
        if (context->is_json)
            print_json(context, shown, flow, &problems);
        else
            add_row(validation, shown, flow, &problems);
        validation->valid += problems.error_count == 0;
        validation->invalid += problems.error_count > 0;
        validation->warnings += problems.warning_count;
    }
    diagnostics_free(&problems);
    return result;
}

/* The files that were named, or all flows of the project. */
static int find_files(struct validation *validation, const char *const **ret_paths,
                      size_t *ret_count, struct error *err)
{
    struct context *context = validation->context;
    const struct options *options = validation->options;
    if (options->argument_count == 0) {
        struct flow_paths all;
        if (flow_source_list(context->source, &context->arena, &all, err) < 0)
            return -1;
        *ret_paths = all.paths;
        *ret_count = all.count;
        return 0;
    }
    const char **paths = arena_array(&context->arena, options->argument_count, sizeof *paths);
    for (size_t i = 0; i < options->argument_count; i++) {
        if (flow_source_find(context->source, options->arguments[i].text, &context->arena,
                             &paths[i], err) < 0) {
            command_line_mark_argument(options, i);
            if (err->code[0] == '\0')
                memcpy(err->code, "E011", 5);
            return -1;
        }
    }
    *ret_paths = paths;
    *ret_count = options->argument_count;
    return 0;
}

static void print_summary(struct validation *validation)
{
    struct context *context = validation->context;
    bool is_for_people = validation->format == VALIDATE_FORMAT_HUMAN && !context->is_json;
    if (!is_for_people)
        return;
    if (validation->valid + validation->invalid == 0) {
        context_note(context, "there is no flow in %s yet: datemill new hello",
                     flow_source_dir(context->source));
        return;
    }
    struct arena *arena = &context->arena;
    table_print(&validation->table, context->out, false);
    if (validation->valid > 0 || validation->invalid == 0)
        terminal_print(context->out, "%s valid%s",
                       flow_facts_number(arena, validation->valid, "flow"),
                       validation->invalid > 0 ? ", " : "");
    if (validation->invalid > 0)
        terminal_print(context->out, "%s invalid",
                       flow_facts_number(arena, validation->invalid, "flow"));
    if (validation->warnings > 0)
        terminal_print(context->out, ", %s",
                       flow_facts_number(arena, validation->warnings, "warning"));
    terminal_print(context->out, "\n");
}

static int run_validate(struct context *context, const struct options *options, struct error *err)
{
    struct validation validation = {
        .context = context,
        .options = options,
        .format = (enum validate_format)options_number(options, "format", VALIDATE_FORMAT_HUMAN),
        .date = options_find(options, "date"),
    };
    context_start_at(context, options_argument(options, 0, ""));
    const struct project *project;
    if (context_project(context, &project, err) < 0)
        return -1;
    table_init(&validation.table, columns, &context->arena);
    const char *const *paths;
    size_t count;
    if (find_files(&validation, &paths, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (validate_one(&validation, paths[i], err) < 0)
            return -1;
    }
    print_summary(&validation);
    return validation.invalid > 0 ? ERROR_KIND_INVALID : 0;
}

const struct command command_validate = {
    .name = "validate",
    .usage = "validate [FILE|FLOW]... [--format human|gcc|json|github] [--date DATE]",
    .summary = "Check flows: every problem in one pass, each with its place and what to do.",
    .details = "Without a name all flows of the project are checked. Exit code 3 if one is "
               "invalid. With --json there is one object for each file on stdout and the problems "
               "are on stderr; with --format json the problems are on stdout.",
    .arguments = {"FLOW"},
    .max_arguments = COMMAND_MANY,
    .options = validate_options,
    .run = run_validate,
};

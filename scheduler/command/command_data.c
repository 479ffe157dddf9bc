#include "scheduler/base/scope.h"
#include "scheduler/command/command.h"
#include "scheduler/command/companions.h"
#include "scheduler/command/context.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define MAX_WORDS 16

static const char *const format_choices[] = {"table", "csv", "json", NULL};

static const struct option data_options[] = {
    {.name = "format",
     .kind = OPTION_KIND_CHOICE,
     .value = "FORMAT",
     .choices = format_choices,
     .help = "table (the default), csv or json"},
    {.name = NULL},
};

/* The companion takes over this process: its output, its exit code. Returns only when it cannot. */
static int run_companion(struct context *context, const char *const *words, struct error *err)
{
    terminal_flush(context->out);
    terminal_flush(context->err);
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    sigaction(SIGPIPE, &usual, NULL); /* ignored by us, and that would be inherited */
    execv(words[0], (char *const *)words);
    return error_set_errno(err, ERROR_KIND_PRECONDITION, "%s cannot be started", words[0]);
}

/* datemill-data --state-dir DIR --format F --color C --errors E VERB [WORD]… */
static int run_verb(struct context *context, const struct options *options, const char *verb,
                    struct error *err)
{
    const struct project *project;
    const char *program;
    if (context_project(context, &project, err) < 0 ||
        context_companion(context, COMPANION_DATA, &program, err) < 0)
        return -1;
    const char *format = options_text(options, "format", context->is_json ? "json" : "table");
    const char *words[MAX_WORDS] = {program,
                                    "--state-dir",
                                    project->state_dir,
                                    "--format",
                                    format,
                                    "--color",
                                    context->out->has_color ? "always" : "never",
                                    "--errors",
                                    context->is_json ? "json" : "text",
                                    verb};
    size_t count = 10;
    for (size_t i = 0; i < options->argument_count && count + 1 < MAX_WORDS; i++)
        words[count++] = options->arguments[i].text;
    return run_companion(context, words, err);
}

static int run_query(struct context *context, const struct options *options, struct error *err)
{
    return run_verb(context, options, "query", err);
}

static int run_tables(struct context *context, const struct options *options, struct error *err)
{
    return run_verb(context, options, "tables", err);
}

static int run_show(struct context *context, const struct options *options, struct error *err)
{
    return run_verb(context, options, "show", err);
}

static int run_partitions(struct context *context, const struct options *options, struct error *err)
{
    return run_verb(context, options, "partitions", err);
}

const struct command command_query = {
    .name = "query",
    .group = "Data",
    .usage = "query SQL [--format table|csv|json]",
    .summary = "Ask the warehouse: a SELECT over its tables.",
    .details = "Nothing can be changed with it. Quote the SQL for the shell: "
               "datemill query \"SELECT COUNT(*) FROM sales_stat WHERE dt = '20211111'\"",
    .arguments = {"SQL"},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = data_options,
    .run = run_query,
};

const struct command command_data_tables = {
    .name = "tables",
    .parent = "data",
    .usage = "data tables [--format table|csv|json]",
    .summary = "List the tables of the warehouse.",
    .options = data_options,
    .run = run_tables,
};

const struct command command_data_show = {
    .name = "show",
    .parent = "data",
    .usage = "data show TABLE [--format table|csv|json]",
    .summary = "Show a table: its columns, where its rows came from.",
    .arguments = {"TABLE"},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = data_options,
    .run = run_show,
};

const struct command command_data_partitions = {
    .name = "partitions",
    .parent = "data",
    .usage = "data partitions TABLE [--format table|csv|json]",
    .summary = "List the partitions of a table with rows, bytes and the run that wrote them.",
    .arguments = {"TABLE"},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = data_options,
    .run = run_partitions,
};

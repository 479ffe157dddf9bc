/* A command of `datemill`: one file, one const entry in the table of commands.c.
 *
 *     static int run_schema(struct context *context, const struct options *options,
 *                           struct error *err);
 *
 *     const struct command command_schema = {
 *         .name = "schema",
 *         .usage = "schema [--pretty]",
 *         .summary = "Print the JSON Schema of a flow file.",
 *         .options = schema_options,
 *         .run = run_schema,
 *     }; */
#ifndef DATEMILL_COMMAND_COMMAND_H
#define DATEMILL_COMMAND_COMMAND_H

#include "scheduler/base/error.h"
#include "scheduler/command/options.h"

#include <stddef.h>

struct context; /* context.h */

#define COMMAND_MAX_ARGUMENTS 8
#define COMMAND_MANY SIZE_MAX /* max_arguments: any number */

struct command {
    const char *name;
    const char *parent;  /* `runs` for `runs list`; NULL = a command of the first level */
    const char *usage;   /* without `datemill` */
    const char *summary; /* one sentence */
    const char *group;   /* heading in `datemill help`; NULL = the one before it */
    const char *details; /* paragraphs after the options in `help NAME`; NULL = none */

    /* Names of the arguments for messages, NULL at the end: {"FLOW", "DATE"}. */
    const char *arguments[COMMAND_MAX_ARGUMENTS];
    size_t min_arguments;
    size_t max_arguments;
    const struct option *options; /* beside the global ones; NULL = none */

    /* Prints to context->out what was asked for. Returns the exit code (0, 1, 130, …), or -1 with
     * `err`, which main reports and whose kind is the exit code. */
    int (*run)(struct context *context, const struct options *options, struct error *err);
};

extern const struct command
    *const commands[]; /* in the order of `datemill help`; NULL at the end */

/* The command with that name and parent (NULL = first level), or NULL. */
const struct command *command_find(const char *parent, const char *name);

/* Whether `name` is only the first word of commands, as `runs`. */
bool command_is_group(const char *name);

/* A command line that was read. */
struct command_call {
    const struct command *command; /* NULL: none was named */
    struct options options;        /* arguments without the command's name; with it, if NULL */
};

/* Reads global options, the command's name, its options and arguments. Memory belongs to `arena`.
 * Errors are ERROR_KIND_USAGE, marked. */
int command_parse(struct command_line *line, const struct option *globals, struct arena *arena,
                  struct command_call *ret_call, struct error *err);

#endif

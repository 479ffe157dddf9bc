#include "scheduler/base/scope.h"
#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/json_pretty.h"
#include "scheduler/flow/flow_schema.h"

static const struct option schema_options[] = {
    {.name = "pretty", .help = "on many lines, indented"},
    {.name = "project", .help = "of datemill.yaml instead of a flow"},
    {.name = NULL},
};

static int run_schema(struct context *context, const struct options *options, struct error *err)
{
    SCOPED_TEXT struct text schema = {0};
    const struct project *project = NULL;
    struct flow_source *source;
    struct error ignored = {0};
    /* Types of the project's own are part of it; without a project there are none. */
    bool has_project = context_source(context, &source, &ignored) == 0;
    if (context->dir != NULL || has_project) {
        if (context_project(context, &project, err) < 0)
            return -1;
    }
    context->line->mark_word = OPTIONS_NO_WORD;
    if (options_has(options, "project"))
        flow_schema_write_project(&schema);
    else if (project != NULL)
        flow_schema_write(project->types, project->type_count, &schema);
    else
        flow_schema_write(context->types, context->type_count, &schema);
    SCOPED_TEXT struct text pretty = {0};
    if (options_has(options, "pretty"))
        json_pretty(text_string(&schema), &pretty);
    terminal_print(context->out, "%s\n",
                   pretty.length > 0 ? text_string(&pretty) : text_string(&schema));
    return 0;
}

const struct command command_schema = {
    .name = "schema",
    .usage = "schema [--pretty] [--project]",
    .summary = "Print the JSON Schema (draft-07) of flow files, for editors and checks.",
    .options = schema_options,
    .run = run_schema,
};

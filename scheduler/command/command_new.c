#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"
#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/dataworks_params.h"
#include "scheduler/command/new_files.h"
#include "scheduler/command/new_templates.h"

#include <string.h>

#define MAX_NAME 63

static const struct option new_options[] = {
    {.name = "template",
     .kind = OPTION_KIND_CHOICE,
     .value = "NAME",
     .choices = new_template_names,
     .help = "hello (the default), smartrm or sync-sql"},
    {.name = "from-dataworks",
     .kind = OPTION_KIND_TEXT,
     .value = "PARAMS",
     .help = "parameters as DataWorks has them: 'var=${yyyymmdd} d=$[yyyymmdd-1]'"},
    {.name = "yes", .letter = 'y', .help = "replace files that exist without asking"},
    {.name = NULL},
};

static bool is_flow_name(const char *name)
{
    bool starts_well =
        (name[0] >= 'A' && name[0] <= 'Z') || (name[0] >= 'a' && name[0] <= 'z') || name[0] == '_';
    size_t length = strlen(name);
    return starts_well && length <= MAX_NAME &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789") ==
               length;
}

static int check_name(const struct options *options, const char *name, struct error *err)
{
    if (is_flow_name(name) && strcmp(name, "datemill") != 0)
        return 0;
    command_line_mark_argument(options, 0);
    error_set(err, ERROR_KIND_USAGE, "`%s` cannot be the name of a flow", name);
    memcpy(err->code, "E004", 5);
    return error_help(err, "a name begins with a letter or _, goes on with letters, digits and _, "
                           "has at most 63 characters, and is not `datemill`");
}

static void append_param(struct text *text, const char *name, const char *value)
{
    text_append_format(text, "  %s: ", name);
    dataworks_params_append_yaml(text, value);
    text_append_char(text, '\n');
}

/* The lines below `params:`: those given, and the one that the template's texts use. */
static int make_params(struct context *context, const struct options *options,
                       const struct new_template *template, const char **ret_lines,
                       struct error *err)
{
    SCOPED_TEXT struct text text = {0};
    const struct option_given *given = options_find(options, "from-dataworks");
    bool has_own = false;
    if (given != NULL) {
        struct dataworks_params params;
        struct dataworks_mistake mistake = {0};
        if (dataworks_params_read(given->text, &context->arena, &params, &mistake, err) < 0) {
            command_line_mark(options->line, given->word, given->word_offset + mistake.offset,
                              mistake.length);
            err->kind = ERROR_KIND_USAGE;
            return -1;
        }
        for (size_t i = 0; i < params.count; i++) {
            append_param(&text, params.items[i].name, params.items[i].value);
            has_own = has_own || strcmp(params.items[i].name, template->param) == 0;
        }
    }
    if (!has_own)
        append_param(&text, template->param, template->value);
    *ret_lines = arena_copy(&context->arena, text_string(&text), text.length);
    return 0;
}

/* Puts the flow's name and the parameters into a text of a template. */
static const char *fill(struct arena *arena, const char *text, const char *flow, const char *params)
{
    SCOPED_TEXT struct text filled = {0};
    for (const char *rest = text; *rest != '\0';) {
        size_t plain = strcspn(rest, "@");
        text_append_bytes(&filled, rest, plain);
        rest += plain;
        bool is_flow = strncmp(rest, "@flow@", 6) == 0;
        bool is_params = strncmp(rest, "@params@", 8) == 0;
        if (is_flow || is_params) {
            text_append(&filled, is_flow ? flow : params);
            rest += is_flow ? 6 : 8;
        } else if (*rest != '\0') {
            text_append_char(&filled, *rest++);
        }
    }
    return arena_copy(arena, text_string(&filled), filled.length);
}

/* The same name in the other place would make two flows of it. */
static int check_place(struct context *context, const char *flow, const char *first_path,
                       struct error *err)
{
    struct error ignored = {0};
    const char *there;
    bool is_there = flow_source_find(context->source, flow, &context->arena, &there, &ignored) == 0;
    if (!is_there || strcmp(there, first_path) == 0)
        return 0;
    error_set(err, ERROR_KIND_REFUSED, "there is a flow `%s` already: %s", flow, there);
    return error_help(err, "take another name, or remove that one first");
}

static bool has_connection(const struct project *project, const char *name)
{
    for (size_t i = 0; i < project->connection_count; i++) {
        if (strcmp(project->connections[i].name, name) == 0)
            return true;
    }
    return false;
}

static int run_new(struct context *context, const struct options *options, struct error *err)
{
    const char *flow = options->arguments[0].text;
    const struct new_template *template = &new_templates[options_number(options, "template", 0)];
    const struct project *project;
    const char *params;
    if (check_name(options, flow, err) < 0 || context_project(context, &project, err) < 0 ||
        make_params(context, options, template, &params, err) < 0)
        return -1;
    struct arena *arena = &context->arena;
    struct new_files files = {.dir = project->dir, .replaces = options_has(options, "yes")};
    for (size_t i = 0; i < template->file_count; i++)
        new_files_add(&files, fill(arena, template->files[i].path, flow, ""),
                      fill(arena, template->files[i].text, flow, params), "");
    if (check_place(context, flow, files.items[0].path, err) < 0 ||
        new_files_write(context, &files, err) < 0)
        return -1;
    const char *next[] = {arena_format(arena, "datemill validate %s", flow),
                          arena_format(arena, "datemill run %s", flow), NULL};
    if (context->is_json)
        new_files_print_json(context, &files, next);
    else
        new_files_print_next(context, next);
    bool needs_data = template != &new_templates[0];
    if (needs_data && !has_connection(project, "data"))
        context_note(context,
                     "the flow reads from the connection `data`; add it to %s:\n"
                     "connections:\n  data: {type: files, path: ./data}",
                     FLOW_SOURCE_PROJECT_FILE);
    return 0;
}

const struct command command_new = {
    .name = "new",
    .usage = "new FLOW [--template hello|smartrm|sync-sql] [--from-dataworks PARAMS] [--yes]",
    .summary = "Write a new flow from a template.",
    .details = "hello: two shell nodes. sync-sql: a file a day into a table, and SQL over it. "
               "smartrm: the sales study, two sync nodes and one SQL node.",
    .arguments = {"FLOW"},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = new_options,
    .run = run_new,
};

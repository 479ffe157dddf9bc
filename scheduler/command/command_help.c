#include "scheduler/base/suggest.h"
#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/help.h"

#include <string.h>

static int fail_unknown(const struct options *options, const char *name, struct error *err)
{
    command_line_mark_argument(options, 0);
    struct suggest suggest;
    suggest_begin(&suggest, name);
    for (size_t i = 0; commands[i] != NULL; i++)
        suggest_offer(&suggest,
                      commands[i]->parent != NULL ? commands[i]->parent : commands[i]->name);
    for (size_t i = 0; help_pages[i] != NULL; i++)
        suggest_offer(&suggest, help_pages[i]);
    error_set(err, ERROR_KIND_USAGE, "there is no command `%s`", name);
    memcpy(err->code, "E001", 5);
    if (suggest_best(&suggest) != NULL)
        return error_help(err, "did you mean `%s`?", suggest_best(&suggest));
    return error_help(err, "datemill help shows all commands");
}

static int run_help(struct context *context, const struct options *options, struct error *err)
{
    const char *name = options_argument(options, 0, NULL);
    const char *member = options_argument(options, 1, NULL);
    if (name == NULL) {
        help_show_all(context->out);
        return 0;
    }
    const struct command *command =
        member != NULL ? command_find(name, member) : command_find(NULL, name);
    if (command != NULL)
        help_show_command(context->out, command);
    else if (member == NULL && command_is_group(name))
        help_show_group(context->out, name);
    else if (member != NULL || !help_show_page(context->out, name))
        return fail_unknown(options, name, err);
    return 0;
}

const struct command command_help = {
    .name = "help",
    .usage = "help [COMMAND | exit-codes | dates]",
    .summary = "Explain a command, the exit codes, or how dates are written.",
    .arguments = {"COMMAND"},
    .max_arguments = 2,
    .run = run_help,
};

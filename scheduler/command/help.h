/* What `datemill help` prints, made from the table of commands. */
#ifndef DATEMILL_COMMAND_HELP_H
#define DATEMILL_COMMAND_HELP_H

#include "scheduler/base/error.h"
#include "scheduler/command/command.h"
#include "scheduler/command/context.h"

/* Help for context->command, or for the group `name` (`runs`), or for all commands (NULL). Prints
 * to context->out; returns the exit code 0. */
int help_show(struct context *context, const char *name);

void help_show_command(struct terminal *terminal, const struct command *command);
void help_show_group(struct terminal *terminal, const char *name);
void help_show_all(struct terminal *terminal);

/* The pages that are no commands: `exit-codes`, `dates`. False if there is no such page. */
bool help_show_page(struct terminal *terminal, const char *name);
extern const char *const help_pages[]; /* their names, NULL at the end */

#endif

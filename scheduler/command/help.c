#include "scheduler/command/help.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"

#include <string.h>

#define PIPE_WIDTH 100 /* where there is no terminal to ask */
#define NAME_COLUMN 19
#define OPTION_COLUMN 26
#define LEAST_TEXT_WIDTH 20

static size_t page_width(const struct terminal *terminal)
{
    if (terminal->width == 0)
        return PIPE_WIDTH;
    return (size_t)terminal->width < PIPE_WIDTH ? (size_t)terminal->width : PIPE_WIDTH;
}

/* Bytes of `text` that fit in `width` columns and end before a space, or at a newline. */
static size_t line_length(const char *text, size_t width)
{
    size_t line = strcspn(text, "\n");
    size_t fits = utf8_prefix_of_width(text, line, width);
    if (fits == line)
        return line;
    size_t cut = fits;
    while (cut > 0 && text[cut] != ' ')
        cut--;
    return cut > 0 ? cut : fits;
}

/* Prints text in lines that begin at column `indent`; the cursor stands there already. */
static void put_wrapped(struct terminal *terminal, size_t indent, const char *text)
{
    size_t page = page_width(terminal);
    size_t width = page > indent + LEAST_TEXT_WIDTH ? page - indent : LEAST_TEXT_WIDTH;
    for (bool is_first = true; *text != '\0'; is_first = false) {
        size_t length = line_length(text, width);
        if (!is_first && length > 0)
            terminal_print(terminal, "%*s", (int)indent, "");
        terminal_put_bytes(terminal, text, length);
        terminal_print(terminal, "\n");
        text += length;
        text += *text == '\n' || *text == ' ';
    }
}

/* A term, and behind it, from `column` on, what it means; below it where the term is too long. */
static void put_term(struct terminal *terminal, const char *term, size_t column,
                     const char *meaning)
{
    size_t page = page_width(terminal);
    size_t indent = page < column + LEAST_TEXT_WIDTH ? 6 : column;
    size_t width = 2 + utf8_width(term, strlen(term));
    terminal_print(terminal, "  ");
    terminal_put(terminal, term);
    if (width + 2 > indent)
        terminal_print(terminal, "\n%*s", (int)indent, "");
    else
        terminal_print(terminal, "%*s", (int)(indent - width), "");
    put_wrapped(terminal, indent, meaning);
}

static void put_option(struct terminal *terminal, const struct option *option)
{
    SCOPED_TEXT struct text term = {0};
    if (option->letter != 0)
        text_append_format(&term, "-%c, ", option->letter);
    text_append_format(&term, "--%s", option->name);
    if (option->kind != OPTION_KIND_FLAG)
        text_append_format(&term, " %s", option->value != NULL ? option->value : "TEXT");
    put_term(terminal, text_string(&term), OPTION_COLUMN, option->help);
}

static void put_heading(struct terminal *terminal, const char *heading)
{
    terminal_print(terminal, "\n");
    terminal_print_styled(terminal, TERMINAL_STYLE_BOLD, "%s", heading);
    terminal_print(terminal, "\n");
}

static void put_global_options(struct terminal *terminal)
{
    put_heading(terminal, "everywhere");
    for (const struct option *option = global_options; option->name != NULL; option++)
        put_option(terminal, option);
}

void help_show_command(struct terminal *terminal, const struct command *command)
{
    terminal_print(terminal, "usage: ");
    SCOPED_TEXT struct text usage = {0};
    text_append_format(&usage, "datemill %s", command->usage);
    put_wrapped(terminal, 7, text_string(&usage));
    terminal_print(terminal, "\n");
    put_wrapped(terminal, 0, command->summary);
    if (command->options != NULL && command->options[0].name != NULL) {
        put_heading(terminal, "options");
        for (const struct option *option = command->options; option->name != NULL; option++)
            put_option(terminal, option);
    }
    put_global_options(terminal);
    if (command->details != NULL) {
        terminal_print(terminal, "\n");
        put_wrapped(terminal, 0, command->details);
    }
}

static void put_summary(struct terminal *terminal, const struct command *command)
{
    SCOPED_TEXT struct text name = {0};
    if (command->parent != NULL)
        text_append_format(&name, "%s ", command->parent);
    text_append(&name, command->name);
    put_term(terminal, text_string(&name), NAME_COLUMN, command->summary);
}

void help_show_group(struct terminal *terminal, const char *name)
{
    terminal_print(terminal, "usage: datemill %s COMMAND\n\n", name);
    for (size_t i = 0; commands[i] != NULL; i++) {
        const struct command *command = commands[i];
        if (command->parent != NULL && strcmp(command->parent, name) == 0)
            put_term(terminal, command->usage, OPTION_COLUMN, command->summary);
    }
    put_global_options(terminal);
}

void help_show_all(struct terminal *terminal)
{
    terminal_print(terminal, "usage: datemill [-C DIR] COMMAND [WORDS]\n\n");
    put_wrapped(terminal, 0,
                "Runs flows of data jobs for business dates. Dates go in, data comes "
                "out.");
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (commands[i]->group != NULL)
            put_heading(terminal, commands[i]->group);
        put_summary(terminal, commands[i]);
    }
    put_global_options(terminal);
    terminal_print(terminal, "\n");
    put_wrapped(terminal, 0,
                "datemill help COMMAND explains one; datemill help exit-codes and "
                "datemill help dates are for scripts and for dates.");
}

const char *const help_pages[] = {"exit-codes", "dates", NULL};

struct exit_code {
    const char *code;
    const char *meaning;
};

static const struct exit_code exit_codes[] = {
    {"0", "done, everything green (or nothing to do, and said so)"},
    {"1", "ran, and at least one node or check failed"},
    {"2", "bad command line"},
    {"3", "flow definition invalid"},
    {"4", "not found (project, flow, run, date, table)"},
    {"5", "busy or locked; safe to try again"},
    {"6", "precondition missing (file, partition, executable, mount, disk space, server)"},
    {"7", "refused (permission, read-only, confirmation needed)"},
    {"70", "a mistake in datemill itself"},
    {"130", "stopped by Ctrl-C after a clean pause"},
    {"143", "stopped by SIGTERM after a clean pause"},
};

static void show_exit_codes(struct terminal *terminal)
{
    terminal_print(terminal, "Exit codes. They are stable.\n\n");
    for (size_t i = 0; i < sizeof exit_codes / sizeof exit_codes[0]; i++)
        put_term(terminal, exit_codes[i].code, 7, exit_codes[i].meaning);
}

static const struct exit_code date_forms[] = {
    {"2021-11-11", "a business date: the date of the data"},
    {"20211111", "the same"},
    {"2021-11-11T13:00", "of a flow with several times a day: the run planned for 13:00 on the day "
                         "after the business date"},
    {"yesterday", "in the flow's time zone; what is meant when no date is given"},
    {"latest", "the newest planned time of the flow that has passed"},
};

static void show_dates(struct terminal *terminal)
{
    put_wrapped(terminal, 0,
                "A run belongs to a flow and a scheduling time. Its business date is the calendar "
                "date before. Wherever a date is typed it is the business date, and both are "
                "shown.");
    terminal_print(terminal, "\n");
    for (size_t i = 0; i < sizeof date_forms / sizeof date_forms[0]; i++)
        put_term(terminal, date_forms[i].code, 20, date_forms[i].meaning);
}

bool help_show_page(struct terminal *terminal, const char *name)
{
    bool is_codes = strcmp(name, "exit-codes") == 0;
    bool is_dates = strcmp(name, "dates") == 0;
    if (is_codes)
        show_exit_codes(terminal);
    if (is_dates)
        show_dates(terminal);
    return is_codes || is_dates;
}

int help_show(struct context *context, const char *name)
{
    if (context->command != NULL)
        help_show_command(context->out, context->command);
    else if (name != NULL && command_is_group(name))
        help_show_group(context->out, name);
    else
        help_show_all(context->out);
    return 0;
}

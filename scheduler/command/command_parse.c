#include "scheduler/command/command.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"

#include <string.h>

static bool is_same_parent(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

const struct command *command_find(const char *parent, const char *name)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (is_same_parent(commands[i]->parent, parent) && strcmp(commands[i]->name, name) == 0)
            return commands[i];
    }
    return NULL;
}

bool command_is_group(const char *name)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (commands[i]->parent != NULL && strcmp(commands[i]->parent, name) == 0)
            return true;
    }
    return false;
}

static const char *nearest(const char *parent, const char *wrong)
{
    struct suggest suggest;
    suggest_begin(&suggest, wrong);
    for (size_t i = 0; commands[i] != NULL; i++) {
        const struct command *command = commands[i];
        if (is_same_parent(command->parent, parent))
            suggest_offer(&suggest, command->name);
        else if (parent == NULL && command->parent != NULL)
            suggest_offer(&suggest, command->parent);
    }
    return suggest_best(&suggest);
}

/* "list, show, watch" */
static void append_members(struct text *text, const char *parent)
{
    bool is_first = true;
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (!is_same_parent(commands[i]->parent, parent))
            continue;
        text_append_format(text, "%s%s", is_first ? "" : ", ", commands[i]->name);
        is_first = false;
    }
}

static int set_code(struct error *err, const char *code)
{
    if (err != NULL)
        memcpy(err->code, code, strlen(code) + 1);
    return -1;
}

static int fail_unknown(struct command_line *line, const char *parent,
                        const struct argument *argument, struct error *err)
{
    command_line_mark(line, argument->word, 0, 0);
    error_set(err, ERROR_KIND_USAGE, "there is no command `%s%s%s`", parent != NULL ? parent : "",
              parent != NULL ? " " : "", argument->text);
    const char *best = nearest(parent, argument->text);
    SCOPED_TEXT struct text members = {0};
    if (parent != NULL)
        append_members(&members, parent);
    if (best != NULL)
        error_help(err, "did you mean `%s%s%s`?", parent != NULL ? parent : "",
                   parent != NULL ? " " : "", best);
    else if (parent != NULL)
        error_help(err, "`%s` is followed by one of: %s", parent, text_string(&members));
    else
        error_help(err, "datemill help shows all commands");
    return set_code(err, "E001");
}

static int fail_no_member(struct command_line *line, const char *parent,
                          const struct argument *argument, struct error *err)
{
    command_line_mark(line, argument->word, 0, 0);
    SCOPED_TEXT struct text members = {0};
    append_members(&members, parent);
    error_set(err, ERROR_KIND_USAGE, "`%s` is followed by one of: %s", parent,
              text_string(&members));
    error_help(err, "datemill help %s", parent);
    return set_code(err, "E001");
}

static bool wants_help(const struct option_reader *reader)
{
    for (size_t i = 0; i < reader->given_count; i++) {
        if (strcmp(reader->given[i].option->name, "help") == 0)
            return true;
    }
    return false;
}

/* `backfill` is a command of its own and the first word of others: one of those is meant when its
 * name is the next argument, with nothing but global options before it. After `--` it is a flow's
 * name. */
static const struct command *find_member(struct option_reader *reader, const char *parent)
{
    struct option_reader ahead = *reader;
    struct command_line line = *reader->line;
    const struct argument *argument;
    struct error ignored;
    if (!command_is_group(parent))
        return NULL;
    bool is_read = option_reader_next(&ahead, &argument, &ignored) == 0;
    *reader->line = line; /* without a mark: it is read again, with the command's own options */
    bool is_name = is_read && argument != NULL && !ahead.is_past_dashes;
    const struct command *member = is_name ? command_find(parent, argument->text) : NULL;
    if (member != NULL)
        *reader = ahead;
    return member;
}

/* Finds the command that the next one or two arguments name. */
static int read_name(struct option_reader *reader, const struct command **ret_command,
                     struct error *err)
{
    const struct argument *argument;
    if (option_reader_next(reader, &argument, err) < 0)
        return -1;
    *ret_command = NULL;
    if (argument == NULL)
        return 0;
    struct argument first = *argument;
    *ret_command = find_member(reader, first.text);
    if (*ret_command == NULL)
        *ret_command = command_find(NULL, first.text);
    if (*ret_command != NULL)
        return 0;
    if (!command_is_group(first.text))
        return fail_unknown(reader->line, NULL, &first, err);
    if (option_reader_next(reader, &argument, err) < 0)
        return -1;
    if (argument == NULL)
        return wants_help(reader) ? 0 : fail_no_member(reader->line, first.text, &first, err);
    *ret_command = command_find(first.text, argument->text);
    return *ret_command != NULL ? 0 : fail_unknown(reader->line, first.text, argument, err);
}

static int check_count(const struct command *command, const struct options *options,
                       struct error *err)
{
    size_t count = options->argument_count;
    if (count < command->min_arguments) {
        error_set(err, ERROR_KIND_USAGE, "%s is missing", command->arguments[count]);
        error_help(err, "datemill %s", command->usage);
        return set_code(err, "E005");
    }
    if (count > command->max_arguments) {
        command_line_mark_argument(options, command->max_arguments);
        error_set(err, ERROR_KIND_USAGE, "`%s` is one word too many",
                  options->arguments[command->max_arguments].text);
        error_help(err, "datemill %s", command->usage);
        return set_code(err, "E006");
    }
    return 0;
}

int command_parse(struct command_line *line, const struct option *globals, struct arena *arena,
                  struct command_call *ret_call, struct error *err)
{
    struct option_reader reader;
    struct command_call call;
    option_reader_begin(&reader, line, globals, arena);
    if (read_name(&reader, &call.command, err) < 0)
        return -1;
    if (call.command != NULL) {
        option_reader_drop_arguments(&reader);
        option_reader_add_table(&reader, call.command->options);
    }
    if (option_reader_finish(&reader, &call.options, err) < 0)
        return -1;
    bool is_checked = call.command != NULL && !options_has(&call.options, "help");
    if (is_checked && check_count(call.command, &call.options, err) < 0)
        return -1;
    *ret_call = call;
    return 0;
}

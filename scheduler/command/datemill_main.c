#include "scheduler/base/scope.h"
#include "scheduler/command/command.h"
#include "scheduler/command/companions.h"
#include "scheduler/command/context.h"
#include "scheduler/command/help.h"
#include "scheduler/command/report.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* What must be known before the command line is read, to complain about it in the right form. */
struct early {
    struct terminal_settings settings;
    bool is_json;
};

static void read_color(const char *value, struct early *early)
{
    if (strcmp(value, "always") == 0)
        early->settings.color = TERMINAL_COLOR_ALWAYS;
    else if (strcmp(value, "never") == 0)
        early->settings.color = TERMINAL_COLOR_NEVER;
}

static struct early look_early(const struct command_line *line)
{
    struct early early = {0};
    terminal_settings_from_environment(&early.settings);
    for (size_t i = 1; i < line->count && strcmp(line->words[i], "--") != 0; i++) {
        const char *word = line->words[i];
        if (strcmp(word, "--json") == 0)
            early.is_json = true;
        else if (strcmp(word, "--ascii") == 0)
            early.settings.wants_ascii = true;
        else if (strncmp(word, "--color=", 8) == 0)
            read_color(word + 8, &early);
        else if (strcmp(word, "--color") == 0 && i + 1 < line->count)
            read_color(line->words[i + 1], &early);
    }
    return early;
}

/* A closed standard stream would be reused by the first file opened, and be written into. */
static void open_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
            _exit(ERROR_KIND_PRECONDITION);
    }
}

static int run_command(struct context *context, const struct options *options, struct error *err)
{
    if (context->command == NULL || options_has(options, "help"))
        return help_show(context, options_argument(options, 0, NULL));
    const struct zone *zone;
    if (context->zone_name != NULL && context_zone(context, options, NULL, &zone, err) < 0)
        return -1;
    return context->command->run(context, options, err);
}

static int read_and_run(struct context *context, struct error *err)
{
    struct command_call call;
    if (command_parse(context->line, global_options, &context->arena, &call, err) < 0)
        return -1;
    context->command = call.command;
    context_take_options(context, &call.options);
    return run_command(context, &call.options, err);
}

/* The exit code, once everything is written: a command whose output was lost has not succeeded. A
 * reader that went away (head) wanted no more. */
static int finish(struct context *context, int result, const struct error *err)
{
    if (result < 0 && err->text[0] != '\0')
        report_error(context->err, context->is_json, context->line, NULL, err);
    int code = result < 0 ? report_exit_code(err) : result;
    terminal_flush(context->out);
    terminal_flush(context->err);
    if (context->out->is_failed && code == 0) {
        report_error(context->err, context->is_json, NULL, NULL, &context->out->error);
        code = report_exit_code(&context->out->error);
    }
    return code;
}

int main(int argc, char **argv)
{
    open_standard_streams();
    const struct sigaction ignored = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignored, NULL); /* a reader that goes away shows as EPIPE */
    struct command_line line = {.words = (const char *const *)argv,
                                .count = argc > 0 ? (size_t)argc : 0,
                                .mark_word = OPTIONS_NO_WORD};
    struct early early = look_early(&line);
    struct terminal out;
    struct terminal err_terminal;
    terminal_init(&out, STDOUT_FILENO, &early.settings);
    terminal_init(&err_terminal, STDERR_FILENO, &early.settings);
    terminal_join(&out, &err_terminal);
    struct context context = {
        .line = &line, .out = &out, .err = &err_terminal, .is_json = early.is_json};
    arena_init(&context.arena, 0);
    context.libexec_dir = companions_find(&context.arena);
    context.types = node_types_builtin(&context.type_count);
    struct error err = {0};
    int result = read_and_run(&context, &err);
    int code = finish(&context, result, &err);
    context_free(&context);
    terminal_free(&out);
    terminal_free(&err_terminal);
    return code;
}

#include "scheduler/command/context.h"

#include "scheduler/base/scope.h"
#include "scheduler/command/report.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_BYTES 64

static const char *const color_choices[] = {"auto", "always", "never", NULL};

const struct option global_options[] = {
    {.name = "directory",
     .letter = 'C',
     .kind = OPTION_KIND_TEXT,
     .value = "DIR",
     .help = "look for the project from DIR upward"},
    {.name = "json", .help = "print JSON for programs; errors too"},
    {.name = "color",
     .kind = OPTION_KIND_CHOICE,
     .value = "WHEN",
     .choices = color_choices,
     .help = "auto, always or never"},
    {.name = "ascii", .help = "no characters beyond ASCII in our own output"},
    {.name = "tz", .kind = OPTION_KIND_TEXT, .value = "ZONE", .help = "show times in this zone"},
    {.name = "quiet", .letter = 'q', .help = "no notes and no progress"},
    {.name = "verbose", .letter = 'v', .help = "say more"},
    {.name = "no-progress", .help = "no live display; one line per event"},
    {.name = "no-input", .help = "never ask (also DATEMILL_NO_INPUT=1)"},
    {.name = "help", .letter = 'h', .help = "explain the command"},
    {.name = NULL},
};

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);
    return value != NULL && value[0] != '\0' && strcmp(value, "0") != 0;
}

void context_take_options(struct context *context, const struct options *options)
{
    context->dir = options_text(options, "directory", NULL);
    context->zone_name = options_text(options, "tz", NULL);
    context->is_json = options_has(options, "json");
    context->is_quiet = options_has(options, "quiet");
    context->is_verbose = options_has(options, "verbose");
    context->has_no_input = options_has(options, "no-input") || is_set("DATEMILL_NO_INPUT");
    context->has_no_progress = options_has(options, "no-progress");
}

void context_note(struct context *context, const char *format, ...)
{
    if (context->is_quiet || context->is_json)
        return;
    SCOPED_TEXT struct text text = {0};
    va_list args;
    va_start(args, format);
    text_append_args(&text, format, args);
    va_end(args);
    report_note(context->err, "note", "%s", text_string(&text));
}

void context_show_problems(struct context *context, const struct diagnostics *problems)
{
    SCOPED_TEXT struct text text = {0};
    if (context->is_json) {
        diagnostics_write_json(problems, &text);
    } else {
        struct diagnostic_style style = {.has_color = context->err->has_color,
                                         .is_ascii = !context->err->has_utf8,
                                         .width = (size_t)context->err->width};
        diagnostics_render(problems, &style, &text);
    }
    terminal_print(context->err, "%s", text_string(&text));
    terminal_flush(context->err);
}

int context_companion(struct context *context, const char *name, const char **ret_path,
                      struct error *err)
{
    const char *dir = context->libexec_dir;
    const char *path = dir != NULL ? arena_format(&context->arena, "%s/%s", dir, name) : NULL;
    if (path != NULL && access(path, X_OK) == 0) {
        *ret_path = path;
        return 0;
    }
    if (path == NULL)
        error_set(err, ERROR_KIND_PRECONDITION,
                  "the companion program `%s` was not found beside datemill", name);
    else
        error_set_errno(err, ERROR_KIND_PRECONDITION, "the companion program %s cannot be run",
                        path);
    error_help(err, "build all of datemill, or install it again; DATEMILL_LIBEXEC names another "
                    "folder with its companions");
    if (err != NULL) {
        err->kind = ERROR_KIND_PRECONDITION;
        memcpy(err->code, "E203", 5);
    }
    return -1;
}

static bool reads_yes(void)
{
    char answer[ANSWER_BYTES];
    ssize_t length = read(STDIN_FILENO, answer, sizeof answer - 1);
    if (length <= 0)
        return false;
    answer[length] = '\0';
    answer[strcspn(answer, "\r\n")] = '\0';
    return strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0;
}

bool context_can_ask(const struct context *context)
{
    return !context->has_no_input && !context->is_json && isatty(STDIN_FILENO) == 1 &&
           context->err->is_terminal;
}

int context_confirm(struct context *context, const char *question, const char *flag,
                    struct error *err)
{
    if (!context_can_ask(context)) {
        error_set(err, ERROR_KIND_REFUSED, "%s: this needs a yes, and nobody can be asked",
                  question);
        return error_help(err, "give %s to say yes beforehand", flag);
    }
    terminal_put(context->err, question);
    terminal_print(context->err, " [y/N] ");
    terminal_flush(context->err);
    if (reads_yes())
        return 0;
    return error_set(err, ERROR_KIND_REFUSED, "nothing was changed");
}

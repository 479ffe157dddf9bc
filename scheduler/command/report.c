#include "scheduler/command/report.h"

#include "scheduler/base/error_json.h"
#include "scheduler/base/scope.h"

#include <stdarg.h>
#include <string.h>

#define INDENT 3 /* columns before the quoted command line */

/* The lines after the first stand below the text of the first. */
static void put_indented(struct terminal *terminal, const char *text, int indent)
{
    for (const char *line = text; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        if (line != text)
            terminal_print(terminal, "%*s", indent, "");
        terminal_put_bytes(terminal, line, length);
        terminal_print(terminal, "\n");
        line += length + (line[length] == '\n');
    }
}

static void put_place(struct terminal *terminal, const char *file, const struct error *err)
{
    if (file == NULL)
        return;
    terminal_print(terminal, "  --> ");
    terminal_put(terminal, file);
    if (err->line > 0)
        terminal_print(terminal, ":%d", err->line);
    if (err->line > 0 && err->column > 0)
        terminal_print(terminal, ":%d", err->column);
    terminal_print(terminal, "\n");
}

static void put_command_line(struct terminal *terminal, const struct command_line *line)
{
    SCOPED_TEXT struct text shown = {0};
    command_line_show(line, INDENT, (size_t)terminal->width, !terminal->has_utf8, &shown);
    const char *carets = strrchr(text_string(&shown), '^');
    if (carets == NULL)
        return;
    size_t first = strcspn(text_string(&shown), "\n") + 1;
    terminal_put_bytes(terminal, text_string(&shown), first);
    terminal_print_styled(terminal, TERMINAL_STYLE_ERROR, "%.*s", (int)(shown.length - first - 1),
                          text_string(&shown) + first);
    terminal_print(terminal, "\n");
}

void report_error(struct terminal *terminal, bool is_json, const struct command_line *line,
                  const char *file, const struct error *err)
{
    if (is_json) {
        SCOPED_TEXT struct text json = {0};
        error_write_json(err, file, &json);
        terminal_print(terminal, "%s\n", text_string(&json));
        terminal_flush(terminal);
        return;
    }
    if (err->code[0] != '\0')
        terminal_print_styled(terminal, TERMINAL_STYLE_ERROR, "error[%s]", err->code);
    else
        terminal_print_styled(terminal, TERMINAL_STYLE_ERROR, "error");
    terminal_print(terminal, ": ");
    put_indented(terminal, err->text, 3);
    put_place(terminal, file, err);
    if (line != NULL)
        put_command_line(terminal, line);
    if (err->help[0] != '\0') {
        terminal_print_styled(terminal, TERMINAL_STYLE_CYAN, "help");
        terminal_print(terminal, ": ");
        put_indented(terminal, err->help, 6);
    }
    terminal_flush(terminal);
}

void report_note(struct terminal *terminal, const char *kind, const char *format, ...)
{
    SCOPED_TEXT struct text text = {0};
    va_list args;
    va_start(args, format);
    text_append_args(&text, format, args);
    va_end(args);
    bool is_warning = strcmp(kind, "warning") == 0;
    terminal_print_styled(terminal, is_warning ? TERMINAL_STYLE_WARNING : TERMINAL_STYLE_CYAN, "%s",
                          kind);
    terminal_print(terminal, ": ");
    put_indented(terminal, text_string(&text), 6);
    terminal_flush(terminal);
}

int report_exit_code(const struct error *err)
{
    return error_exit_code(err);
}

/* Errors, warnings and questions of the command line.
 *
 * An error is shown as
 *
 *     error[E011]: there is no flow `smartrm_stuy`
 *        datemill show smartrm_stuy
 *                      ^^^^^^^^^^^^
 *     help: did you mean `smartrm_study`?
 *
 * or, with --json, as one line {"error":{"code","message","file","line","column","help"}}. */
#ifndef DATEMILL_COMMAND_REPORT_H
#define DATEMILL_COMMAND_REPORT_H

#include "scheduler/base/error.h"
#include "scheduler/command/options.h"
#include "scheduler/command/terminal.h"

#include <stdbool.h>

/* Shows an error and flushes. `line` may be NULL; its mark is shown if it has one. `file` may be
 * NULL; it is the file that line and column of the error belong to. */
void report_error(struct terminal *terminal, bool is_json, const struct command_line *line,
                  const char *file, const struct error *err);

/* `warning: …` or `note: …` in one line, for people only (nothing with `is_json`). */
void report_note(struct terminal *terminal, const char *kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The exit code for an error. */
int report_exit_code(const struct error *err);

#endif

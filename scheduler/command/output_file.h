/* -o FILE: what a command prints goes to a file. The file appears whole or not at all. */
#ifndef DATEMILL_COMMAND_OUTPUT_FILE_H
#define DATEMILL_COMMAND_OUTPUT_FILE_H

#include "scheduler/base/error.h"
#include "scheduler/command/terminal.h"

#include <limits.h>

struct output_file {
    struct terminal *terminal; /* whose output is turned aside */
    struct terminal saved;
    const char *path; /* borrowed */
    char temporary[PATH_MAX];
};

/* From now on the terminal writes to a file beside `path`, without colour and without a width;
 * glyphs stay as they were decided. */
int output_file_begin(struct output_file *file, const char *path, struct terminal *terminal,
                      struct error *err);

/* Puts the file in its place and the terminal back. */
int output_file_end(struct output_file *file, struct error *err);

#endif

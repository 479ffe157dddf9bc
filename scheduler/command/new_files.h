/* Writing the files of a new project or flow: several files, each whole or not at all, none
 * replaced without being asked. */
#ifndef DATEMILL_COMMAND_NEW_FILES_H
#define DATEMILL_COMMAND_NEW_FILES_H

#include "scheduler/base/error.h"
#include "scheduler/command/context.h"

#include <stdbool.h>
#include <stddef.h>

#define NEW_FILES_MAX 16

struct new_file {
    const char *path;    /* relative to the folder, with '/' */
    const char *content; /* text */
    const char *remark;  /* beside its name when it is told, "" = nothing */
};

struct new_files {
    const char *dir; /* absolute; exists, or is made */
    struct new_file items[NEW_FILES_MAX];
    size_t count;
    bool replaces; /* existing files are replaced without a question */
};

void new_files_add(struct new_files *files, const char *path, const char *content,
                   const char *remark);

/* Asks before existing files are replaced (context_confirm, --yes), then makes folders and files
 * and tells each on context->out (not as JSON). Nothing is written unless all may be. */
int new_files_write(struct context *context, const struct new_files *files, struct error *err);

/* One line of JSON: {"schema":1,"created":[…],"next":[…]}. `next` ends with NULL. */
void new_files_print_json(struct context *context, const struct new_files *files,
                          const char *const *next);

/* `next     datemill …` and lines below it. */
void new_files_print_next(struct context *context, const char *const *next);

#endif

/* What a command is given: global options, the two streams, the project, the store.
 *
 * The project is looked for when a command asks for it: the nearest folder upward from -C DIR, or
 * from the working folder, that holds datemill.yaml. Everything handed out here is borrowed from the
 * context and lives until context_free(). */
#ifndef DATEMILL_COMMAND_CONTEXT_H
#define DATEMILL_COMMAND_CONTEXT_H

#include "nodes/node_type.h"
#include "scheduler/base/arena.h"
#include "scheduler/base/error.h"
#include "scheduler/base/zone.h"
#include "scheduler/command/command.h"
#include "scheduler/command/options.h"
#include "scheduler/command/terminal.h"
#include "scheduler/flow/flow.h"

#include <stdbool.h>
#include <stddef.h>

struct context {
    struct command_line *line;
    const struct command *command;
    struct terminal *out; /* data */
    struct terminal *err; /* progress, notes, errors */
    struct arena arena;   /* for everything a command keeps until its end */

    /* Global options. */
    const char *dir;       /* -C DIR, NULL = the working folder */
    const char *zone_name; /* --tz ZONE, NULL = the flow's */
    bool is_json;          /* --json */
    bool is_quiet;         /* -q: no notes, no progress */
    bool is_verbose;       /* -v */
    bool has_no_input;     /* --no-input, DATEMILL_NO_INPUT=1: never asks */
    bool has_no_progress;  /* --no-progress: no frames; one line per event */
    bool wants_help;       /* --help */

    /* Handed in from main. */
    const struct node_type *const *types;
    size_t type_count;
    const char *libexec_dir; /* absolute folder of the companion programs; NULL = not found */

    struct project *project; /* NULL until context_project() */
    struct zone *zone;       /* of --tz; NULL until context_zone() */
};

extern const struct option global_options[];

/* Takes the global options out of `options` and the environment. */
int context_init(struct context *context, const struct options *options, struct error *err);
void context_free(struct context *context);

/* E010 ERROR_KIND_NOT_FOUND without a project, ERROR_KIND_REFUSED for somebody else's, ERROR_KIND_INVALID
 * for a datemill.yaml that is wrong (its problems are shown on context->err already). */
int context_project(struct context *context, const struct project **ret_project, struct error *err);

/* The zone of --tz, else NULL: then a flow's own is used. */
int context_zone(struct context *context, const struct zone **ret_zone, struct error *err);

/* Absolute path of a companion program (`datemill-keeper`), which exists and can be executed. It
 * belongs to the context's arena. */
int context_companion(struct context *context, const char *name, const char **ret_path,
                      struct error *err);

/* Asks a question that can be answered with yes or no. 0 = yes. Without a terminal, or with
 * --no-input, it is ERROR_KIND_REFUSED and names `flag`, which answers yes beforehand. */
int context_confirm(struct context *context, const char *question, const char *flag,
                    struct error *err);

/* `note: …` on context->err, not with -q or --json. */
void context_note(struct context *context, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif

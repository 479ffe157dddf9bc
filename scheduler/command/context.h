/* What a command is given: global options, the two streams, the project, the store.
 *
 * The project is looked for when a command asks for it: the nearest folder upward from -C DIR, or
 * from the working folder, that holds datemill.yaml. Everything handed out here is borrowed from
 * the context and lives until context_free().
 *
 * A failure whose text is empty has been shown already: only its kind counts. */
#ifndef DATEMILL_COMMAND_CONTEXT_H
#define DATEMILL_COMMAND_CONTEXT_H

#include "nodes/node_type.h"
#include "scheduler/base/arena.h"
#include "scheduler/base/diagnostic.h"
#include "scheduler/base/error.h"
#include "scheduler/base/zone.h"
#include "scheduler/command/command.h"
#include "scheduler/command/options.h"
#include "scheduler/command/terminal.h"
#include "scheduler/flow/flow.h"
#include "scheduler/flow/flow_source.h"

#include <stdbool.h>
#include <stddef.h>

struct context_flow; /* a flow that was loaded; context_project.c */
struct context_zone; /* a zone that was loaded by name; context_store.c */
struct store;        /* scheduler/store/store.h */

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

    /* Handed in from main. */
    const struct node_type *const *types;
    size_t type_count;
    const char *libexec_dir; /* absolute folder of the companion programs; NULL = not found */

    /* Opened when asked for; NULL before. */
    struct flow_source *source;
    struct project *project;
    struct context_flow *flows; /* all that were loaded */
    struct zone *zone;          /* of --tz */
    struct store *store;
    struct context_zone *zones; /* all that were loaded by name */
};

extern const struct option global_options[];

/* Takes the global options out of `options` and the environment; the rest of the struct is set by
 * main before. */
void context_take_options(struct context *context, const struct options *options);
void context_free(struct context *context);

/* E010 ERROR_KIND_NOT_FOUND without a project, ERROR_KIND_REFUSED for somebody else's,
 * ERROR_KIND_INVALID for a datemill.yaml that is wrong (its problems have been shown). */
int context_project(struct context *context, const struct project **ret_project, struct error *err);

/* Without -C, a flow named by a path (`workflows/hello.yaml`) says where its project is: it is
 * looked for from there upward. No effect once the project is found, or when `word` is a plain
 * name. */
void context_start_at(struct context *context, const char *word);

/* Opens the project's folder alone, without reading datemill.yaml. */
int context_source(struct context *context, struct flow_source **ret_source, struct error *err);

/* The flow that argument `index` names: a name, or a path to its file. A missing one is
 * ERROR_KIND_NOT_FOUND with did-you-mean, marked; problems in its files are shown and the failure
 * is ERROR_KIND_INVALID. Warnings are shown with -v. */
int context_flow(struct context *context, const struct options *options, size_t index,
                 const struct flow **ret_flow, struct error *err);

/* The same for a path relative to the project, as flow_source_list() gives it; problems are left to
 * the caller. */
int context_load_flow(struct context *context, const char *path, struct diagnostics *problems,
                      const struct flow **ret_flow, struct error *err);

/* The same, with the flows that it needs (flow_load_among_others()). */
int context_check_flow(struct context *context, const char *path, struct diagnostics *problems,
                       const struct flow **ret_flow, struct error *err);

/* Whether the programs that the flow's nodes name are there: shows all that are not, then fails
 * with ERROR_KIND_PRECONDITION. */
int context_preflight(struct context *context, const struct flow *flow, struct error *err);

/* The context frees the flow in the end. */
void context_keep_flow(struct context *context, struct flow *flow);

/* What --var gave, as NAME=TEXT each; belongs to the context's arena. */
const struct node_setting *context_vars(struct context *context, const struct options *options,
                                        size_t *ret_count);

/* The node of the flow with that name; ERROR_KIND_NOT_FOUND with did-you-mean otherwise. */
int context_node(const struct flow *flow, const char *name, size_t *ret_index, struct error *err);

/* E012: `whose` (`run 12`) has no such node; the nearest of its names as help. Always -1. */
int context_unknown_node(const char *whose, const char *wrong, const char *const *names,
                         size_t count, struct error *err);

/* Times are shown in the zone of --tz, else in `fallback`, which may be NULL: then UTC is meant. An
 * unknown --tz is E025, marked. */
int context_zone(struct context *context, const struct options *options,
                 const struct zone *fallback, const struct zone **ret_zone, struct error *err);

/* The flow that was loaded last, NULL before any. It lives as long as the context. */
struct flow *context_newest_flow(const struct context *context);

/* The store, for reading. ERROR_KIND_NOT_FOUND while the project has none: nothing ever ran. */
int context_store(struct context *context, struct store **ret_store, struct error *err);

/* A zone by name, for times of runs that are shown: that of --tz where it was given, else the named
 * one, else UTC where the machine does not know it. Never NULL. */
const struct zone *context_shown_zone(struct context *context, const char *name);

/* Lets what the keeper knows become known to the store, if no engine is at work: tries its lock
 * once, without waiting. Called by commands that show runs, before they read. Never fails: what
 * cannot be settled is shown as it is. */
void context_settle(struct context *context);

/* Absolute path of a companion program (`datemill-keeper`), which exists and can be executed. It
 * belongs to the context's arena. E203 ERROR_KIND_PRECONDITION. */
int context_companion(struct context *context, const char *name, const char **ret_path,
                      struct error *err);

/* Whether somebody sits there who can be asked. */
bool context_can_ask(const struct context *context);

/* Asks a question that can be answered with yes or no. 0 = yes. Anything else is
 * ERROR_KIND_REFUSED; without a terminal, or with --no-input, it names `flag`, which answers yes
 * beforehand. */
int context_confirm(struct context *context, const char *question, const char *flag,
                    struct error *err);

/* `note: …` on context->err, not with -q or --json. */
void context_note(struct context *context, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Shows problems on context->err, as JSON lines with --json. */
void context_show_problems(struct context *context, const struct diagnostics *problems);

#endif

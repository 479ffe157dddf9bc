#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/detach.h"
#include "scheduler/command/foreground.h"
#include "scheduler/command/rerun_note.h"
#include "scheduler/command/run_word.h"

#include <string.h>

static const char *const version_choices[] = {"run", "current", NULL};

static const struct option rerun_options[] = {
    {.name = "from-failed",
     .kind = OPTION_KIND_FLAG,
     .help = "what failed or was stopped, and what it held up (the default)"},
    {.name = "all", .kind = OPTION_KIND_FLAG, .help = "every node"},
    {.name = "from",
     .kind = OPTION_KIND_TEXT,
     .value = "NODE",
     .help = "this node and all downstream of it"},
    {.name = "only", .kind = OPTION_KIND_TEXT, .value = "NODE", .help = "this node alone"},
    {.name = "use-version",
     .kind = OPTION_KIND_CHOICE,
     .value = "WHICH",
     .choices = version_choices,
     .help = "run, the definition it was made of (the default), or current, the files as they are"},
    {.name = "reason", .kind = OPTION_KIND_TEXT, .value = "TEXT", .help = "kept with the run"},
    {.name = "detach", .kind = OPTION_KIND_FLAG, .help = "hand it to datemill serve and return"},
    {.name = NULL}};

static int read_scope(const struct options *options, struct request *request, struct error *err)
{
    static const char *const names[] = {"from-failed", "all", "from", "only"};
    for (size_t a = 0; a < 4; a++) {
        for (size_t b = a + 1; b < 4; b++) {
            if (options_exclude(options, names[a], names[b], err) < 0)
                return -1;
        }
    }
    request->nodes = "";
    if (options_has(options, "all")) {
        request->scope = REQUEST_SCOPE_ALL;
    } else if (options_has(options, "from")) {
        request->scope = REQUEST_SCOPE_FROM;
        request->nodes = options_text(options, "from", "");
    } else if (options_has(options, "only")) {
        request->scope = REQUEST_SCOPE_ONLY;
        request->nodes = options_text(options, "only", "");
    }
    return 0;
}

static int run_rerun(struct context *context, const struct options *options, struct error *err)
{
    struct request request = {.kind = REQUEST_KIND_RERUN,
                              .who = foreground_user(context),
                              .uses_current_version = options_number(options, "use-version", 0) > 0,
                              .reason = options_text(options, "reason", ""),
                              .run_count = 1};
    if (run_word_parse(context, options, 0, &request.run_ids[0], err) < 0 ||
        read_scope(options, &request, err) < 0)
        return -1;
    if (options_has(options, "detach"))
        return detach_hand_over(context, &request, err);
    struct foreground_options follow = {.request = &request, .said_date = ""};
    if (!request.uses_current_version)
        rerun_note(context, request.run_ids[0]);
    return foreground_follow(context, &follow, err);
}

const struct command command_rerun = {
    .name = "rerun",
    .usage = "rerun RUN",
    .summary = "Run nodes of a run again: same run, same dates, same parameter values.",
    .details =
        "The run is opened again with the definition it was made of. A run that was left\n"
        "unfinished goes on where it was.\n\n"
        "With --use-version current it takes the flow's files as they are now, and keeps the\n"
        "values of its parameters. Nodes keep how they stand by their names; new ones run,\n"
        "those that are gone stay behind with their logs.",
    .arguments = {"RUN"},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = rerun_options,
    .run = run_rerun,
};

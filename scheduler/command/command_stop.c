#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/foreground.h"
#include "scheduler/command/run_word.h"

static const struct option stop_options[] = {
    {.name = "now",
     .kind = OPTION_KIND_FLAG,
     .help = "SIGTERM to what runs, SIGKILL after its grace; without it running nodes finish"},
    {.name = "kill", .kind = OPTION_KIND_FLAG, .help = "SIGKILL at once"},
    {.name = "reason", .kind = OPTION_KIND_TEXT, .value = "TEXT", .help = "kept with the run"},
    {.name = NULL}};

static int run_stop(struct context *context, const struct options *options, struct error *err)
{
    struct request request = {.kind = REQUEST_KIND_STOP,
                              .who = foreground_user(context),
                              .reason = options_text(options, "reason", ""),
                              .force = options_has(options, "kill")  ? REQUEST_FORCE_KILL
                                       : options_has(options, "now") ? REQUEST_FORCE_STOP
                                                                     : REQUEST_FORCE_DRAIN};
    if (options->argument_count > NOTICE_MAX_RUNS)
        return error_set(err, ERROR_KIND_USAGE, "at most %d runs in one go", NOTICE_MAX_RUNS);
    for (size_t i = 0; i < options->argument_count; i++) {
        if (run_word_parse(context, options, i, &request.run_ids[i], err) < 0)
            return -1;
        request.run_count++;
    }
    struct foreground_options follow = {.request = &request, .said_date = "", .only_watches = true};
    int result = foreground_follow(context, &follow, err);
    return result == 1 ? 0 : result;
}

const struct command command_stop = {
    .name = "stop",
    .usage = "stop RUN…",
    .summary = "Stop runs: nothing new starts, running nodes finish; --now ends them too.",
    .details =
        "Returns when the runs are over: a node is called stopped only when its whole process\n"
        "tree is gone.",
    .arguments = {"RUN"},
    .min_arguments = 1,
    .max_arguments = COMMAND_MANY,
    .options = stop_options,
    .run = run_stop,
};

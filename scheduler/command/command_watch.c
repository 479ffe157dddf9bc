#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/foreground.h"
#include "scheduler/command/run_word.h"

static const struct option watch_options[] = {{.name = "exit-status",
                                               .kind = OPTION_KIND_FLAG,
                                               .help = "exit with 1 if the run does not end green"},
                                              {.name = NULL}};

static int run_watch(struct context *context, const struct options *options, struct error *err)
{
    struct request request = {.kind = REQUEST_KIND_WATCH, .run_count = 1};
    if (run_word_parse(context, options, 0, &request.run_ids[0], err) < 0)
        return -1;
    struct foreground_options follow = {.request = &request, .said_date = "", .only_watches = true};
    int result = foreground_follow(context, &follow, err);
    return result == 1 && !options_has(options, "exit-status") ? 0 : result;
}

const struct command command_runs_watch = {
    .name = "watch",
    .parent = "runs",
    .usage = "runs watch RUN",
    .summary = "Follow a run until it is over; Ctrl-C leaves it alone.",
    .arguments = {"RUN"},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = watch_options,
    .run = run_watch,
};

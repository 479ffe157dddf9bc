#include "scheduler/command/backfill_facts.h"
#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/detach.h"
#include "scheduler/command/foreground.h"
#include "scheduler/command/foreground_backfill.h"

static const struct option resume_options[] = {
    {.name = "reason", .kind = OPTION_KIND_TEXT, .value = "TEXT", .help = "kept with the backfill"},
    {.name = "detach", .kind = OPTION_KIND_FLAG, .help = "hand it to datemill serve and return"},
    {.name = NULL}};

static const struct option retry_options[] = {
    {.name = "failed",
     .kind = OPTION_KIND_FLAG,
     .help = "what failed, was blocked, stopped or in conflict (the default)"},
    {.name = "reason", .kind = OPTION_KIND_TEXT, .value = "TEXT", .help = "kept with the backfill"},
    {.name = "detach", .kind = OPTION_KIND_FLAG, .help = "hand it to datemill serve and return"},
    {.name = NULL}};

static int follow(struct context *context, const struct options *options, enum request_kind kind,
                  struct error *err)
{
    struct backfill_facts facts;
    if (backfill_facts_find(context, options, 0, &facts, err) < 0)
        return -1;
    bool only_watches = kind == REQUEST_KIND_BACKFILL_WATCH;
    struct request request = {.kind = kind,
                              .who = foreground_user(context),
                              .reason = options_text(options, "reason", ""),
                              .backfill_id = facts.of.row.id};
    if (options_has(options, "detach"))
        return detach_hand_over(context, &request, err);
    struct backfill_view_options view = {.context = context,
                                         .zone = facts.zone,
                                         .has_times = facts.has_times,
                                         .per_date = facts.per_date};
    struct foreground_backfill_options work = {
        .request = &request,
        .view = &view,
        .order = facts.of.row.is_descending ? "newest first, " : "oldest first, ",
        .only_watches = only_watches};
    return foreground_backfill_follow(context, &work, err);
}

static int run_resume(struct context *context, const struct options *options, struct error *err)
{
    return follow(context, options, REQUEST_KIND_BACKFILL_RESUME, err);
}

static int run_retry(struct context *context, const struct options *options, struct error *err)
{
    return follow(context, options, REQUEST_KIND_BACKFILL_RETRY, err);
}

static int run_watch(struct context *context, const struct options *options, struct error *err)
{
    return follow(context, options, REQUEST_KIND_BACKFILL_WATCH, err);
}

const struct command command_backfill_resume = {
    .name = "resume",
    .parent = "backfill",
    .usage = "backfill resume ID",
    .summary = "Go on with a backfill that is paused or stopped, in the foreground.",
    .details = "Dates that were stopped run again; those that failed stay as they are: that is\n"
               "`backfill retry`.",
    .arguments = {"ID"},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = resume_options,
    .run = run_resume,
};

const struct command command_backfill_retry = {
    .name = "retry",
    .parent = "backfill",
    .usage = "backfill retry ID",
    .summary = "Run the dates of a backfill again that did not end well.",
    .arguments = {"ID"},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = retry_options,
    .run = run_retry,
};

const struct command command_backfill_watch = {
    .name = "watch",
    .parent = "backfill",
    .usage = "backfill watch ID",
    .summary = "Follow a backfill until it is over or paused; Ctrl-C leaves it alone.",
    .details = "Exits with 1 when it did not end well, or is paused.",
    .arguments = {"ID"},
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run_watch,
};

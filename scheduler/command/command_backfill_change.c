#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/command/backfill_facts.h"
#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/foreground.h"
#include "scheduler/command/foreground_backfill.h"

#include <inttypes.h>

static const struct option stop_options[] = {
    {.name = "now",
     .kind = OPTION_KIND_FLAG,
     .help = "end the dates that run, too; without it they finish"},
    {.name = "reason", .kind = OPTION_KIND_TEXT, .value = "TEXT", .help = "kept with the backfill"},
    {.name = NULL}};

static const struct option set_options[] = {
    {.name = "parallel",
     .kind = OPTION_KIND_NUMBER,
     .value = "N",
     .min = 1,
     .max = 1000,
     .help = "dates at once, from now on"},
    {.name = "max-failures",
     .kind = OPTION_KIND_NUMBER,
     .value = "N",
     .min = 0,
     .max = INT32_MAX,
     .help = "pause when so many dates have failed; 0 never"},
    {.name = "reason", .kind = OPTION_KIND_TEXT, .value = "TEXT", .help = "kept with the backfill"},
    {.name = NULL}};

static void print_json(struct context *context, const struct backfill_standing *standing)
{
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_int(&json, "schema", 1);
    json_out_pair_int(&json, "id", standing->id);
    json_out_pair_string(&json, "flow", standing->flow);
    json_out_pair_string(&json, "state", standing->state);
    json_out_pair_int(&json, "done", standing->done);
    json_out_pair_int(&json, "total", standing->total);
    json_out_pair_int(&json, "failed", standing->failed);
    json_out_pair_int(&json, "running", standing->running);
    json_out_pair_int(&json, "parallel", standing->parallel);
    json_out_end_object(&json);
    terminal_print(context->out, "%s\n", text_string(&text));
}

/* Asks and waits for the answer; with `--now` until no date runs any more. */
static int ask(struct context *context, const struct options *options, struct request *request,
               struct backfill_standing *ret_standing, struct error *err)
{
    struct backfill_facts facts;
    if (backfill_facts_find(context, options, 0, &facts, err) < 0)
        return -1;
    request->who = foreground_user(context);
    request->reason = options_text(options, "reason", "");
    request->backfill_id = facts.of.row.id;
    struct backfill_view_options view = {.context = context, .zone = facts.zone, .is_silent = true};
    struct foreground_backfill_options work = {
        .request = request, .view = &view, .waits_for_quiet = options_has(options, "now")};
    int result = foreground_backfill_ask(context, &work, ret_standing, err);
    if (result == 0 && context->is_json)
        print_json(context, ret_standing);
    return result;
}

static int ask_to_stop(struct context *context, const struct options *options,
                       enum request_kind kind, struct error *err)
{
    struct request request = {.kind = kind,
                              .force = options_has(options, "now") ? REQUEST_FORCE_STOP
                                                                   : REQUEST_FORCE_DRAIN};
    struct backfill_standing standing;
    int result = ask(context, options, &request, &standing, err);
    if (result != 0 || context->is_json || context->is_quiet)
        return result;
    const char *word = kind == REQUEST_KIND_BACKFILL_STOP ? "stopped" : "paused";
    terminal_print(context->err, "backfill %" PRId64 " %s: %" PRId64 " of %" PRId64 " dates done",
                   standing.id, word, standing.done, standing.total);
    if (standing.running > 0)
        terminal_print(context->err, ", %" PRId64 " running one%s will finish", standing.running,
                       standing.running == 1 ? "" : "s");
    terminal_print(context->err, "\n  go on   datemill backfill resume %" PRId64 "\n", standing.id);
    return 0;
}

static int run_pause(struct context *context, const struct options *options, struct error *err)
{
    return ask_to_stop(context, options, REQUEST_KIND_BACKFILL_PAUSE, err);
}

static int run_stop(struct context *context, const struct options *options, struct error *err)
{
    return ask_to_stop(context, options, REQUEST_KIND_BACKFILL_STOP, err);
}

static int run_set(struct context *context, const struct options *options, struct error *err)
{
    struct request request = {.kind = REQUEST_KIND_BACKFILL_SET,
                              .dates_parallel = (int32_t)options_number(options, "parallel", -1),
                              .max_failures = (int32_t)options_number(options, "max-failures", -1)};
    struct backfill_standing standing;
    if (request.dates_parallel < 0 && request.max_failures < 0) {
        error_set(err, ERROR_KIND_USAGE, "there is nothing to set");
        return error_help(err, "give --parallel N or --max-failures N");
    }
    int result = ask(context, options, &request, &standing, err);
    if (result != 0 || context->is_json)
        return result;
    context_note(context, "backfill %" PRId64 ": %" PRId64 " date%s at a time", standing.id,
                 standing.parallel, standing.parallel == 1 ? "" : "s");
    return 0;
}

const struct command command_backfill_pause = {
    .name = "pause",
    .parent = "backfill",
    .usage = "backfill pause ID",
    .summary = "Begin no new dates; those that run finish, or are stopped with --now.",
    .arguments = {"ID"},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = stop_options,
    .run = run_pause,
};

const struct command command_backfill_stop = {
    .name = "stop",
    .parent = "backfill",
    .usage = "backfill stop ID",
    .summary = "The same, for good: the backfill is over, until it is resumed.",
    .arguments = {"ID"},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = stop_options,
    .run = run_stop,
};

const struct command command_backfill_set = {
    .name = "set",
    .parent = "backfill",
    .usage = "backfill set ID --parallel N",
    .summary = "Change how many dates of a backfill run at once, also while it runs.",
    .arguments = {"ID"},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = set_options,
    .run = run_set,
};

#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/foreground.h"
#include "scheduler/command/operation_call.h"
#include "scheduler/command/run_word.h"
#include "scheduler/flow/flow_source.h"
#include "scheduler/store/view.h"

#include <inttypes.h>

static const struct option stop_options[] = {
    {.name = "flow", .kind = OPTION_KIND_TEXT, .value = "FLOW", .help = "all open runs of a flow"},
    {.name = "backfill",
     .kind = OPTION_KIND_NUMBER,
     .value = "ID",
     .min = 1,
     .max = INT64_MAX,
     .help = "a backfill: no new dates; its open runs as without it"},
    {.name = "now",
     .kind = OPTION_KIND_FLAG,
     .help = "SIGTERM to what runs, SIGKILL after its grace; without it running nodes finish"},
    {.name = "kill", .kind = OPTION_KIND_FLAG, .help = "SIGKILL at once"},
    {.name = "reason", .kind = OPTION_KIND_TEXT, .value = "TEXT", .help = "kept with the run"},
    {.name = NULL}};

static int read_runs(struct context *context, const struct options *options,
                     struct request *request, struct error *err)
{
    if (options->argument_count > NOTICE_MAX_RUNS)
        return error_set(err, ERROR_KIND_USAGE, "at most %d runs in one go", NOTICE_MAX_RUNS);
    for (size_t i = 0; i < options->argument_count; i++) {
        if (run_word_parse(context, options, i, &request->run_ids[i], err) < 0)
            return -1;
        request->run_count++;
    }
    return 0;
}

/* The flow's open runs; a flow that is not there is told from one that has none. */
static int find_runs(struct context *context, const struct options *options,
                     struct request *request, struct error *err)
{
    const char *flow = options_text(options, "flow", "");
    struct flow_source *source;
    struct store *store;
    const char *path;
    struct run_query query = {.flows = {&flow, 1}, .states = 1u << RUN_WAITING | 1u << RUN_RUNNING};
    struct view_page page = {.limit = NOTICE_MAX_RUNS, .query = &query};
    struct view_runs runs = {0};
    if (context_store(context, &store, err) < 0 ||
        view_list_runs(store, &page, &context->arena, &runs, err) < 0)
        return -1;
    for (size_t i = 0; i < runs.count; i++)
        request->run_ids[request->run_count++] = runs.items[i].id;
    if (runs.count > 0)
        return 0;
    if (context_source(context, &source, err) == 0 &&
        flow_source_find(source, flow, &context->arena, &path, err) == 0)
        return 0;
    command_line_mark_given(options, options_find(options, "flow"));
    return -1;
}

static int stop_backfill(struct context *context, const struct options *options,
                         struct request *request, struct error *err)
{
    struct operation_answer answer;
    request->kind = REQUEST_KIND_BACKFILL_STOP;
    request->backfill_id = options_number(options, "backfill", 0);
    int result = operation_call(context, request, &answer, err);
    if (result < 0 && err->kind == ERROR_KIND_NOT_FOUND)
        command_line_mark_given(options, options_find(options, "backfill"));
    if (result != 0)
        return result;
    terminal_print_fact(context->out, "backfill", "%" PRId64 " is %s", request->backfill_id,
                        answer.notice.state);
    terminal_print_fact(context->out, "look", "datemill backfill show %" PRId64,
                        request->backfill_id);
    return 0;
}

static int run_stop(struct context *context, const struct options *options, struct error *err)
{
    struct request request = {.kind = REQUEST_KIND_STOP,
                              .who = foreground_user(context),
                              .reason = options_text(options, "reason", ""),
                              .force = options_has(options, "kill")  ? REQUEST_FORCE_KILL
                                       : options_has(options, "now") ? REQUEST_FORCE_STOP
                                                                     : REQUEST_FORCE_DRAIN};
    bool has_flow = options_has(options, "flow");
    bool has_backfill = options_has(options, "backfill");
    if ((options->argument_count > 0) + has_flow + has_backfill != 1) {
        error_set(err, ERROR_KIND_USAGE, "stop what? Name runs, or --flow, or --backfill");
        return error_help(err, "datemill runs list 'state:running' shows what runs");
    }
    if (has_backfill)
        return stop_backfill(context, options, &request, err);
    int result = has_flow ? find_runs(context, options, &request, err)
                          : read_runs(context, options, &request, err);
    if (result < 0)
        return -1;
    if (request.run_count == 0) {
        context_note(context, "no run of %s is open", options_text(options, "flow", ""));
        return 0;
    }
    struct foreground_options follow = {.request = &request, .said_date = "", .only_watches = true};
    result = foreground_follow(context, &follow, err);
    return result == 1 ? 0 : result;
}

const struct command command_stop = {
    .name = "stop",
    .usage = "stop RUN…|--flow FLOW|--backfill ID",
    .summary = "Stop runs: nothing new starts, running nodes finish; --now ends them too.",
    .details =
        "Returns when the runs are over: a node is called stopped only when its whole process\n"
        "tree is gone.",
    .arguments = {"RUN"},
    .max_arguments = COMMAND_MANY,
    .options = stop_options,
    .run = run_stop,
};

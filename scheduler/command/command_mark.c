/* skip and mark: what a person says of one node of a run. */
#include "scheduler/base/scope.h"
#include "scheduler/command/command.h"
#include "scheduler/command/foreground.h"
#include "scheduler/command/operation_call.h"
#include "scheduler/command/run_word.h"

#include <inttypes.h>
#include <string.h>

static bool is_open(const struct notice *notice)
{
    return strcmp(notice->result, "waiting") == 0 || strcmp(notice->result, "running") == 0;
}

/* The command that goes on from here; "" = none is needed. */
static const char *next_command(struct context *context, const struct notice *notice)
{
    if (is_open(notice))
        return arena_format(&context->arena,
                            notice->hold[0] != '\0' ? "datemill rerun %" PRId64
                                                    : "datemill runs watch %" PRId64,
                            notice->run_id);
    if (strcmp(notice->result, "success") == 0)
        return "";
    return arena_format(&context->arena, "datemill rerun %" PRId64 " --from-failed",
                        notice->run_id);
}

static void print_json(struct context *context, const struct operation_answer *answer)
{
    const struct notice *notice = &answer->notice;
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_int(&json, "schema", 1);
    json_out_pair_int(&json, "run", notice->run_id);
    json_out_pair_string(&json, "flow", notice->flow);
    json_out_pair_string(&json, "bizdate", notice->bizdate);
    json_out_pair_string(&json, "node", notice->node);
    json_out_pair_string(&json, "state",
                         answer->became[0] != '\0' ? answer->became : notice->state);
    json_out_pair_bool(&json, "changed", notice->remark[0] == '\0');
    operation_pair(&json, "pending", answer->became[0] == '\0' ? notice->reason : "");
    json_out_pair_string(&json, "run_state", notice->result);
    operation_pair(&json, "hold", notice->hold);
    json_out_key(&json, "may_run");
    json_out_begin_array(&json);
    for (size_t i = 0; i < notice->item_count; i++)
        json_out_string(&json, notice->items[i].key);
    json_out_end_array(&json);
    operation_pair(&json, "next", next_command(context, notice));
    json_out_end_object(&json);
    terminal_print(context->out, "%s\n", text_string(&text));
}

static void print_text(struct context *context, const struct operation_answer *answer,
                       const char *reason)
{
    const struct notice *notice = &answer->notice;
    const char *run = arena_format(&context->arena, "run %" PRId64, notice->run_id);
    if (notice->remark[0] != '\0') {
        terminal_print_fact(context->out, run, "%s %s: %s: %s, nothing was changed", notice->flow,
                            notice->bizdate, notice->node, notice->remark);
        return;
    }
    const char *state = answer->became[0] != '\0' ? answer->became : notice->state;
    const char *end = is_open(notice) ? "" : notice->result;
    terminal_print_fact(context->out, run, "%s %s: %s is %s (%s)%s%s", notice->flow,
                        notice->bizdate, notice->node, state, reason,
                        end[0] != '\0' ? "; the run is " : "", end);
    const char *next = next_command(context, notice);
    if (notice->item_count > 0)
        terminal_print_fact(context->out, "may run", "%s%s%s", operation_nodes(context, notice),
                            notice->hold[0] != '\0' ? "; " : "", notice->hold);
    if (next[0] != '\0')
        terminal_print_fact(context->out,
                            !is_open(notice)          ? "redo"
                            : notice->hold[0] != '\0' ? "go on"
                                                      : "watch",
                            "%s", next);
}

static int operate(struct context *context, const struct options *options, struct request *request,
                   struct error *err)
{
    struct operation_answer answer;
    request->who = foreground_user(context);
    request->run_count = 1;
    request->nodes = options_argument(options, 1, "");
    if (operation_reason(options, &request->reason, err) < 0 ||
        run_word_parse(context, options, 0, &request->run_ids[0], err) < 0)
        return -1;
    int result = operation_call(context, request, &answer, err);
    if (result < 0 && strcmp(err->code, "E012") == 0)
        command_line_mark_argument(options, 1);
    if (result < 0 && err->kind == ERROR_KIND_NOT_FOUND && err->code[0] == '\0') {
        memcpy(err->code, "E013", sizeof "E013");
        command_line_mark_argument(options, 0);
    }
    if (result < 0 || answer.notice.run_id == 0)
        return result;
    if (context->is_json)
        print_json(context, &answer);
    else
        print_text(context, &answer, request->reason);
    return result;
}

static int run_skip(struct context *context, const struct options *options, struct error *err)
{
    struct request request = {.kind = REQUEST_KIND_SKIP};
    return operate(context, options, &request, err);
}

static int run_mark(struct context *context, const struct options *options, struct error *err)
{
    struct request request = {.kind = REQUEST_KIND_MARK};
    const char *word = options_argument(options, 2, "");
    request.is_success = strcmp(word, "success") == 0;
    if (!request.is_success && strcmp(word, "failed") != 0) {
        command_line_mark_argument(options, 2);
        error_set(err, ERROR_KIND_USAGE, "a node is marked success or failed, not `%s`", word);
        if (strncmp(word, "skip", 4) == 0)
            error_help(err, "datemill skip %s %s --reason TEXT", options_argument(options, 0, ""),
                       options_argument(options, 1, ""));
        return -1;
    }
    return operate(context, options, &request, err);
}

static const struct option mark_options[] = {
    {.name = "reason",
     .kind = OPTION_KIND_TEXT,
     .value = "TEXT",
     .help = "why; kept with the run, with who and when. Required"},
    {.name = NULL}};

const struct command command_skip = {
    .name = "skip",
    .usage = "skip RUN NODE --reason TEXT",
    .summary = "Do not run a node; what comes after it goes on as if it were done.",
    .details =
        "A node that runs is stopped for it. A run that is over is open again when something "
        "of it\nmay run now: datemill rerun RUN goes on with it.",
    .arguments = {"RUN", "NODE"},
    .min_arguments = 2,
    .max_arguments = 2,
    .options = mark_options,
    .run = run_skip,
};

const struct command command_mark = {
    .name = "mark",
    .usage = "mark RUN NODE success|failed --reason TEXT",
    .summary = "Call a node success or failed, whatever it was.",
    .details =
        "What comes after it is let go, or held up. A node that runs is stopped for it. A run "
        "that is\nover is open again when something of it may run now: datemill rerun RUN goes "
        "on with it.",
    .arguments = {"RUN", "NODE", "STATE"},
    .min_arguments = 3,
    .max_arguments = 3,
    .options = mark_options,
    .run = run_mark,
};

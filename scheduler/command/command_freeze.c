#include "scheduler/base/civil.h"
#include "scheduler/base/scope.h"
#include "scheduler/command/command.h"
#include "scheduler/command/foreground.h"
#include "scheduler/command/operation_call.h"

#include <inttypes.h>
#include <string.h>

/* `FLOW`, or `FLOW/NODE`. */
static int read_place(struct context *context, const struct options *options,
                      struct request *request, struct error *err)
{
    const char *word = options_argument(options, 0, "");
    const char *slash = strrchr(word, '/');
    request->flow = word;
    request->nodes = "";
    if (slash == NULL)
        return 0;
    request->flow = arena_copy(&context->arena, word, (size_t)(slash - word));
    request->nodes = slash + 1;
    if (request->flow[0] != '\0' && request->nodes[0] != '\0')
        return 0;
    command_line_mark_argument(options, 0);
    return error_set(err, ERROR_KIND_USAGE, "`%s` is neither FLOW nor FLOW/NODE", word);
}

static int mark_until(const struct options *options, struct error *err)
{
    command_line_mark_given(options, options_find(options, "until"));
    err->kind = ERROR_KIND_USAGE;
    memcpy(err->code, "E020", sizeof "E020");
    if (err->help[0] == '\0')
        error_help(err,
                   "a business date is written 2021-12-01 or 20211201; --until names the first "
                   "one that runs again");
    return -1;
}

static int read_until(struct context *context, const struct options *options,
                      struct request *request, struct error *err)
{
    struct civil_date date;
    char text[CIVIL_DATE_BYTES];
    request->until = "";
    if (!options_has(options, "until"))
        return 0;
    if (civil_date_parse(options_text(options, "until", ""), &date, err) < 0)
        return mark_until(options, err);
    request->until = arena_copy_string(&context->arena, civil_date_format(date, text));
    return 0;
}

static const char *place_of(struct context *context, const struct notice *notice)
{
    return arena_format(&context->arena, "%s%s%s", notice->flow, notice->node[0] != '\0' ? "/" : "",
                        notice->node);
}

static void write_items(const struct notice *notice, struct json_out *json)
{
    json_out_key(json, "changes");
    json_out_begin_array(json);
    for (size_t i = 0; i < notice->item_count; i++) {
        json_out_begin_object(json);
        json_out_pair_string(json, "node", notice->items[i].key);
        json_out_pair_string(json, "text", notice->items[i].text);
        json_out_end_object(json);
    }
    json_out_end_array(json);
}

static void print_json(struct context *context, const struct request *request,
                       const struct notice *notice)
{
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_int(&json, "schema", 1);
    json_out_pair_string(&json, "flow", notice->flow);
    operation_pair(&json, "node", notice->node);
    json_out_pair_bool(&json, "frozen", request->kind == REQUEST_KIND_FREEZE);
    if (request->kind == REQUEST_KIND_FREEZE)
        operation_pair(&json, "until", request->until);
    json_out_pair_string(&json, "reason", request->reason);
    operation_pair(&json, "before", notice->remark);
    write_items(notice, &json);
    json_out_key(&json, "ended_runs");
    json_out_begin_array(&json);
    for (size_t i = 0; i < notice->run_count; i++)
        json_out_int(&json, notice->run_ids[i]);
    json_out_end_array(&json);
    json_out_end_object(&json);
    terminal_print(context->out, "%s\n", text_string(&text));
}

static void print_items(struct context *context, const struct notice *notice)
{
    size_t shown =
        notice->item_count > OPERATION_SHOWN_NODES ? OPERATION_SHOWN_NODES : notice->item_count;
    for (size_t i = 0; i < shown; i++)
        terminal_print_fact(context->out, i == 0 ? "open runs" : "", "%s: %s", notice->items[i].key,
                            notice->items[i].text);
    if (notice->item_count > shown)
        terminal_print_fact(context->out, "", "and %zu more", notice->item_count - shown);
}

static void print_frozen(struct context *context, const struct request *request,
                         const struct notice *notice)
{
    const char *place = place_of(context, notice);
    bool has_until = request->until[0] != '\0';
    terminal_print_fact(context->out, "frozen", "%s%s%s%s%s", place,
                        has_until ? ", business dates before " : "", request->until,
                        request->reason[0] != '\0' ? ": " : "", request->reason);
    if (notice->remark[0] != '\0')
        terminal_print_fact(context->out, "before", "%s; replaced", notice->remark);
    print_items(context, notice);
    terminal_print_fact(context->out, "undo", "datemill unfreeze %s", place);
}

static void print_ended(struct context *context, const struct notice *notice)
{
    SCOPED_TEXT struct text text = {0};
    size_t shown =
        notice->run_count > OPERATION_SHOWN_NODES ? OPERATION_SHOWN_NODES : notice->run_count;
    if (shown == 0)
        return;
    for (size_t i = 0; i < shown; i++)
        text_append_format(&text, "%s%" PRId64, i > 0 ? ", " : "", notice->run_ids[i]);
    terminal_print_fact(context->out, "ended", "with it frozen: run %s%s", text_string(&text),
                        notice->run_count > shown ? ", …" : "");
    terminal_print_fact(context->out, "go on", "datemill rerun %" PRId64, notice->run_ids[0]);
}

static void print_unfrozen(struct context *context, const struct notice *notice)
{
    terminal_print_fact(context->out, "unfrozen", "%s   %s", place_of(context, notice),
                        notice->remark);
    print_items(context, notice);
    print_ended(context, notice);
}

static int change(struct context *context, const struct options *options, struct request *request,
                  struct error *err)
{
    struct operation_answer answer;
    request->who = foreground_user(context);
    request->reason = options_text(options, "reason", "");
    if (read_place(context, options, request, err) < 0 ||
        read_until(context, options, request, err) < 0)
        return -1;
    int result = operation_call(context, request, &answer, err);
    if (result < 0 && strcmp(err->code, "E020") == 0)
        return mark_until(options, err);
    if (result < 0 && err->kind == ERROR_KIND_NOT_FOUND)
        command_line_mark_argument(options, 0);
    if (result != 0)
        return result;
    if (context->is_json)
        print_json(context, request, &answer.notice);
    else if (request->kind == REQUEST_KIND_FREEZE)
        print_frozen(context, request, &answer.notice);
    else
        print_unfrozen(context, &answer.notice);
    return 0;
}

static int run_freeze(struct context *context, const struct options *options, struct error *err)
{
    struct request request = {.kind = REQUEST_KIND_FREEZE};
    return change(context, options, &request, err);
}

static int run_unfreeze(struct context *context, const struct options *options, struct error *err)
{
    struct request request = {.kind = REQUEST_KIND_UNFREEZE};
    return change(context, options, &request, err);
}

static const struct option freeze_options[] = {
    {.name = "until",
     .kind = OPTION_KIND_TEXT,
     .value = "DATE",
     .help = "the first business date that runs again; without it until it is unfrozen"},
    {.name = "reason",
     .kind = OPTION_KIND_TEXT,
     .value = "TEXT",
     .help = "why; shown wherever something waits for it"},
    {.name = NULL}};

static const struct option unfreeze_options[] = {
    {.name = "reason", .kind = OPTION_KIND_TEXT, .value = "TEXT", .help = "why; kept"},
    {.name = NULL}};

#define FREEZE_DETAILS                                                                             \
    "A frozen flow starts no runs. A frozen node is not started, in open runs and new ones, and\n" \
    "what needs it is blocked; one that runs may finish, and is frozen instead of tried again."

const struct command command_freeze = {
    .name = "freeze",
    .usage = "freeze FLOW[/NODE] [--until DATE] [--reason TEXT]",
    .summary = "Let a flow, or a node of it, not run until it is unfrozen.",
    .details = FREEZE_DETAILS "\nFrozen again, the new date and reason count.",
    .arguments = {"FLOW[/NODE]"},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = freeze_options,
    .run = run_freeze,
};

const struct command command_unfreeze = {
    .name = "unfreeze",
    .usage = "unfreeze FLOW[/NODE] [--reason TEXT]",
    .summary = "Let a frozen flow or node run again.",
    .details =
        "In open runs the node waits again; runs that ended with it frozen are named, and go "
        "on with\ndatemill rerun.",
    .arguments = {"FLOW[/NODE]"},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = unfreeze_options,
    .run = run_unfreeze,
};

const struct command command_pause = {
    .name = "pause",
    .usage = "pause FLOW[/NODE] [--until DATE] [--reason TEXT]",
    .summary = "The same as freeze.",
    .details = FREEZE_DETAILS,
    .arguments = {"FLOW[/NODE]"},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = freeze_options,
    .run = run_freeze,
};

const struct command command_unpause = {
    .name = "unpause",
    .usage = "unpause FLOW[/NODE] [--reason TEXT]",
    .summary = "The same as unfreeze.",
    .arguments = {"FLOW[/NODE]"},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = unfreeze_options,
    .run = run_unfreeze,
};

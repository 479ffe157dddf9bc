#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"
#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/date_word.h"
#include "scheduler/command/flow_facts.h"
#include "scheduler/command/rendering.h"
#include "scheduler/flow/expression.h"
#include "scheduler/system/clock.h"

#include <string.h>

static const struct option eval_options[] = {
    {.name = "at",
     .kind = OPTION_KIND_TEXT,
     .value = "TIME",
     .help = "the scheduling time, as 2025-11-01T02:30:45"},
    {.name = NULL},
};

/* The zone of --tz, else of the project there is, else UTC. */
static int find_zone(struct context *context, const struct options *options,
                     struct zone **ret_owned, const struct zone **ret_zone, struct error *err)
{
    const struct project *project;
    struct error ignored = {0};
    struct flow_source *source;
    bool has_project =
        context->zone_name == NULL && context_source(context, &source, &ignored) == 0;
    if (!has_project)
        return context_zone(context, options, NULL, ret_zone, err);
    if (context_project(context, &project, err) < 0 ||
        zone_load(project->timezone, ret_owned, err) < 0)
        return -1;
    *ret_zone = *ret_owned;
    return 0;
}

static int read_time(const struct options *options, struct civil_time *ret_time, struct error *err)
{
    const struct option_given *at = options_find(options, "at");
    if (at == NULL) {
        error_set(err, ERROR_KIND_USAGE, "--at is missing: the scheduling time to evaluate for");
        memcpy(err->code, "E005", 5);
        return error_help(err, "datemill params eval '${yyyymmdd}' --at 2025-11-01T02:30:45");
    }
    if (civil_time_parse(at->text, ret_time, err) == 0)
        return 0;
    command_line_mark_given(options, at);
    err->kind = ERROR_KIND_USAGE;
    memcpy(err->code, "E020", 5);
    if (err->help[0] == '\0')
        error_help(err, "a time is written 2025-11-01T02:30:45, 2025-11-01T02:30 or 2025-11-01");
    return -1;
}

/* The error's place is the command line, not a file. */
static int fail_expression(const struct options *options, const struct expression_span *span,
                           struct error *err)
{
    command_line_mark(options->line, options->arguments[0].word, span->offset, span->length);
    err->kind = ERROR_KIND_INVALID;
    err->line = err->column = 0;
    return -1;
}

static int evaluate(struct context *context, const struct options *options,
                    const struct expression_context *at, struct error *err)
{
    const char *text = options->arguments[0].text;
    struct expression_span span = {0};
    const struct expression *expression;
    if (utf8_valid_prefix(text, strlen(text)) < strlen(text)) {
        command_line_mark_argument(options, 0);
        return error_set(err, ERROR_KIND_INVALID, "the expression is not valid UTF-8");
    }
    if (expression_parse(&context->arena, text, &expression, &span, err) < 0)
        return fail_expression(options, &span, err);
    SCOPED_TEXT struct text value = {0};
    if (expression_evaluate(expression, at, &value, err) < 0)
        return fail_expression(options, &span, err);
    if (!context->is_json) {
        terminal_put(context->out, text_string(&value));
        terminal_print(context->out, "\n");
        return 0;
    }
    SCOPED_TEXT struct text line = {0};
    struct json_out json;
    char time[CIVIL_TIME_BYTES];
    json_out_init(&json, &line);
    json_out_begin_object(&json);
    json_out_pair_int(&json, "schema", 1);
    json_out_pair_string(&json, "expression", text);
    json_out_pair_string(&json, "cyctime", civil_time_format(at->planned, time));
    json_out_pair_string(&json, "value", text_string(&value));
    json_out_end_object(&json);
    terminal_print(context->out, "%s\n", text_string(&line));
    return 0;
}

static int run_eval(struct context *context, const struct options *options, struct error *err)
{
    struct expression_context at = {0};
    struct zone *owned = NULL;
    if (read_time(options, &at.planned, err) < 0 ||
        find_zone(context, options, &owned, &at.zone, err) < 0)
        return -1;
    int result = evaluate(context, options, &at, err);
    zone_free(owned);
    return result;
}

const struct command command_params_eval = {
    .name = "eval",
    .parent = "params",
    .usage = "params eval EXPR --at TIME",
    .summary = "Print the value of a parameter expression for a scheduling time.",
    .details = "${yyyymmdd} is the business date (the day before the scheduling time), "
               "$[yyyymmddhh24miss-1/24] the scheduling time an hour earlier. Quote expressions "
               "with ' in a shell. The zone is that of --tz, else of the project, else UTC; it "
               "matters for fractions of a day only.",
    .arguments = {"EXPR"},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = eval_options,
    .run = run_eval,
};

static void print_param_json(struct context *context, const struct plan *plan,
                             const struct plan_param *param)
{
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_int(&json, "schema", 1);
    json_out_pair_string(&json, "flow", plan->flow->name);
    json_out_pair_string(&json, "node",
                         param->node != FLOW_NONE ? plan->flow->nodes[param->node].name : NULL);
    json_out_pair_string(&json, "bizdate", plan->bizdate_text);
    json_out_pair_string(&json, "cyctime", plan->cyctime_text);
    json_out_pair_string(&json, "name", param->name);
    json_out_pair_string(&json, "value", param->text);
    json_out_pair_string(&json, "written", param->written);
    json_out_pair_string(&json, "explanation", param->explanation);
    json_out_pair_string(&json, "place", flow_facts_place(context, plan->flow, param->place));
    json_out_end_object(&json);
    terminal_print(context->out, "%s\n", text_string(&text));
}

/* The lines of an explanation below each other. */
static void print_explanation(struct terminal *out, const char *explanation)
{
    for (const char *line = explanation; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        terminal_print(out, "    ");
        terminal_put_bytes(out, line, length);
        terminal_print(out, "\n");
        line += length + (line[length] == '\n');
    }
}

static void print_param(struct context *context, const struct plan *plan,
                        const struct plan_param *param)
{
    if (context->is_json) {
        print_param_json(context, plan, param);
        return;
    }
    struct terminal *out = context->out;
    if (param->node != FLOW_NONE)
        terminal_print(out, "%s: ", plan->flow->nodes[param->node].name);
    terminal_print_styled(out, TERMINAL_STYLE_BOLD, "%s", param->name);
    terminal_print(out, " = ");
    terminal_put(out, param->text);
    terminal_print(out, "\n    ");
    terminal_put(out, param->written);
    terminal_print(out, "   ");
    terminal_put(out, flow_facts_place(context, plan->flow, param->place));
    terminal_print(out, "\n");
    print_explanation(out, param->explanation);
}

static int explain_time(struct context *context, const struct flow *flow,
                        const struct date_word *date, const struct plan_time *time,
                        struct error *err)
{
    struct plan *plan;
    if (rendering_plan(flow, time, NULL, &plan, err) < 0)
        return -1;
    struct terminal *out = context->out;
    if (!context->is_json) {
        terminal_print(out, "%s   bizdate %s   scheduled %s", flow->name, plan->bizdate_text,
                       date_word_show_planned(flow, time, &context->arena));
        terminal_print(out, "%s%s%s\n", date->meaning[0] != '\0' ? "   (" : "", date->meaning,
                       date->meaning[0] != '\0' ? ")" : "");
    }
    size_t shown = plan->param_count;
    for (size_t i = 0; i < plan->param_count; i++)
        print_param(context, plan, &plan->params[i]);
    for (size_t node = 0; node < plan->node_count; node++) {
        const struct plan_node *own = &plan->nodes[flow->order[node]];
        shown += own->param_count;
        for (size_t i = 0; i < own->param_count; i++)
            print_param(context, plan, &own->params[i]);
    }
    if (shown == 0)
        context_note(context, "%s has no parameters", flow->name);
    plan_free(plan);
    return 0;
}

static int run_explain(struct context *context, const struct options *options, struct error *err)
{
    const struct flow *flow;
    struct date_word date;
    struct plan_times times;
    if (context_flow(context, options, 0, &flow, err) < 0)
        return -1;
    bool is_date =
        date_word_parse(options_argument(options, 1, NULL), flow, clock_now(), &date, err) == 0 &&
        date_word_times(&date, flow, &context->arena, &times, err) == 0;
    if (!is_date) {
        command_line_mark_argument(options, 1);
        return -1;
    }
    if (times.remark[0] != '\0')
        context_note(context, "%s", times.remark);
    for (size_t i = 0; i < times.count; i++) {
        if (explain_time(context, flow, &date, &times.items[i], err) < 0)
            return -1;
    }
    return 0;
}

const struct command command_params_explain = {
    .name = "explain",
    .parent = "params",
    .usage = "params explain FLOW [DATE]",
    .summary = "Show every parameter of a flow for a business date, and how its value came about.",
    .arguments = {"FLOW", "DATE"},
    .min_arguments = 1,
    .max_arguments = 2,
    .run = run_explain,
};

#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/text_diff.h"
#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/date_word.h"
#include "scheduler/command/flow_facts.h"
#include "scheduler/command/rendering.h"
#include "scheduler/system/clock.h"

#include <string.h>

static const struct option render_options[] = {
    {.name = "node", .kind = OPTION_KIND_TEXT, .value = "NODE", .help = "only this node"},
    {.name = "var",
     .kind = OPTION_KIND_PAIR,
     .may_repeat = true,
     .value = "NAME=TEXT",
     .help = "a parameter's value instead of the flow's"},
    {.name = "raw", .help = "only the text that would run"},
    {.name = "diff",
     .kind = OPTION_KIND_TEXT,
     .value = "DATE2",
     .help = "only what differs from this date"},
    {.name = NULL},
};

struct render {
    struct context *context;
    const struct options *options;
    const struct flow *flow;
    size_t node; /* FLOW_NONE = all */
    struct rendering_vars vars;
};

/* One date of a rendering. */
struct render_date {
    struct date_word word;
    struct plan_time time;
    struct plan *plan;
};

static bool has_param(const struct flow_param *params, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(params[i].name, name) == 0)
            return true;
    }
    return false;
}

/* Marks the first --var that no parameter has the name of. */
static void mark_unknown_var(struct render *render)
{
    const struct flow *flow = render->flow;
    size_t cursor = 0;
    for (size_t i = 0; i < render->vars.count; i++) {
        const struct option_given *given = options_each(render->options, "var", &cursor);
        bool is_known = has_param(flow->params, flow->param_count, render->vars.items[i].name);
        for (size_t n = 0; n < flow->node_count && !is_known; n++)
            is_known = has_param(flow->nodes[n].params, flow->nodes[n].param_count,
                                 render->vars.items[i].name);
        if (!is_known)
            command_line_mark(render->options->line, given->word, given->word_offset,
                              strlen(render->vars.items[i].name));
    }
}

/* Reads a date word and makes its plan. The first of several times is taken, and said so. */
static int plan_date(struct render *render, const char *word, struct render_date *ret_date,
                     struct error *err)
{
    struct context *context = render->context;
    struct render_date date = {0};
    struct plan_times times;
    if (date_word_parse(word, render->flow, clock_now(), &date.word, err) < 0)
        return -1;
    if (date_word_times(&date.word, render->flow, &context->arena, &times, err) < 0)
        return -1;
    date.time = times.items[0];
    if (times.remark[0] != '\0')
        context_note(context, "%s", times.remark);
    if (times.count > 1)
        context_note(context, "%s has %zu times on that day; this is the first of them, %02d:%02d",
                     render->flow->name, times.count, date.time.planned.hour,
                     date.time.planned.minute);
    if (rendering_plan(render->flow, &date.time, &render->vars, &date.plan, err) < 0) {
        mark_unknown_var(render);
        return -1;
    }
    *ret_date = date;
    return 0;
}

static void print_params(struct render *render, const struct plan_param *params, size_t count)
{
    struct context *context = render->context;
    struct terminal *out = context->out;
    for (size_t i = 0; i < count; i++) {
        terminal_print(out, "%-10s", i == 0 ? "params" : "");
        terminal_print(out, "%s = ", params[i].name);
        terminal_put(out, params[i].text);
        if (params[i].is_overridden) {
            terminal_print(out, "   as given by --var\n");
            continue;
        }
        terminal_print(out, "   from ");
        terminal_put(out, params[i].written);
        terminal_print(out, "   ");
        terminal_put(out, flow_facts_place(context, render->flow, params[i].place));
        terminal_print(out, "\n");
    }
}

static void print_header(struct render *render, const struct render_date *date)
{
    struct context *context = render->context;
    struct terminal *out = context->out;
    terminal_print(out, "%-10s%s    version %s\n", "flow", render->flow->name,
                   flow_facts_version(context, render->flow));
    terminal_print(out, "%-10s%s       scheduled %s", "bizdate", date->plan->bizdate_text,
                   date_word_show_planned(render->flow, &date->time, &context->arena));
    if (date->word.meaning[0] != '\0')
        terminal_print(out, "   (%s)", date->word.meaning);
    terminal_print(out, "\n");
    print_params(render, date->plan->params, date->plan->param_count);
}

/* "2 substitutions: lines 1, 26" */
static void print_substitutions(struct terminal *out, const struct rendering *rendering)
{
    terminal_print(out, "   %zu substitution%s", rendering->substitutions,
                   rendering->substitutions == 1 ? "" : "s");
    for (size_t i = 0; i < rendering->line_count; i++)
        terminal_print(out, "%s%zu",
                       i > 0                       ? ", "
                       : rendering->line_count > 1 ? ": lines "
                                                   : ": line ",
                       rendering->lines[i]);
}

static void print_text(struct terminal *out, const char *text)
{
    size_t length = strlen(text);
    terminal_put_bytes(out, text, length);
    if (length > 0 && text[length - 1] != '\n')
        terminal_print(out, "\n");
}

/* Why the node does not run on that date; NULL = it does. */
static const char *skipped_text(struct render *render, const struct plan *plan, size_t node)
{
    if (!plan->nodes[node].is_off_day)
        return NULL;
    return flow_facts_off_day(plan->nodes[node].node, plan->cyctime_text, &render->context->arena);
}

static void print_node(struct render *render, const struct plan *plan, size_t node,
                       const struct rendering *rendering)
{
    struct terminal *out = render->context->out;
    const char *skipped = skipped_text(render, plan, node);
    if (options_has(render->options, "raw")) {
        print_text(out, rendering->text);
        return;
    }
    if (render->node == FLOW_NONE) {
        terminal_print(out, "\n");
        terminal_print_styled(out, TERMINAL_STYLE_BOLD, "%s", rendering->node->name);
        terminal_print(out, "  %s\n", rendering->node->type->name);
    }
    if (skipped != NULL)
        terminal_print(out, "%-10s%s\n", "skipped", skipped);
    print_params(render, plan->nodes[node].params, plan->nodes[node].param_count);
    if (rendering->file != NULL) {
        terminal_print(out, "%s-- ", terminal_style(out, TERMINAL_STYLE_DIM));
        terminal_put(out, rendering->file);
        print_substitutions(out, rendering);
        terminal_print(out, "%s\n", terminal_style(out, TERMINAL_STYLE_PLAIN));
    }
    print_text(out, rendering->text);
}

static void write_params(struct json_out *json, const struct plan_param *params, size_t count)
{
    for (size_t i = 0; i < count; i++)
        json_out_pair_string(json, params[i].name, params[i].text);
}

static void print_node_json(struct render *render, const struct plan *plan, size_t node,
                            const struct rendering *rendering)
{
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_int(&json, "schema", 1);
    json_out_pair_string(&json, "flow", render->flow->name);
    json_out_pair_string(&json, "node", rendering->node->name);
    json_out_pair_string(&json, "type", rendering->node->type->name);
    json_out_pair_string(&json, "bizdate", plan->bizdate_text);
    json_out_pair_string(&json, "cyctime", plan->cyctime_text);
    json_out_pair_string(&json, "version", flow_facts_version_id(render->context, render->flow));
    json_out_key(&json, "params");
    json_out_begin_object(&json);
    const struct plan_node *own = &plan->nodes[node];
    for (size_t i = 0; i < plan->param_count; i++) {
        bool is_hidden = false;
        for (size_t j = 0; j < own->param_count && !is_hidden; j++)
            is_hidden = strcmp(own->params[j].name, plan->params[i].name) == 0;
        if (!is_hidden)
            write_params(&json, &plan->params[i], 1);
    }
    write_params(&json, own->params, own->param_count);
    json_out_end_object(&json);
    if (own->is_off_day)
        json_out_pair_string(&json, "skipped", skipped_text(render, plan, node));
    json_out_pair_string(&json, "file", rendering->file);
    json_out_pair_string(&json, "text", rendering->text);
    json_out_end_object(&json);
    terminal_print(render->context->out, "%s\n", text_string(&text));
}

static int print_all(struct render *render, const struct render_date *date, struct error *err)
{
    bool has_header = !render->context->is_json && !options_has(render->options, "raw");
    if (has_header)
        print_header(render, date);
    for (size_t i = 0; i < date->plan->node_count; i++) {
        size_t node = render->flow->order[i];
        bool is_wanted = render->node == FLOW_NONE || render->node == node;
        if (!is_wanted)
            continue;
        struct rendering rendering;
        if (rendering_make(render->context, date->plan, node, &rendering, err) < 0)
            return -1;
        if (render->context->is_json)
            print_node_json(render, date->plan, node, &rendering);
        else
            print_node(render, date->plan, node, &rendering);
    }
    return 0;
}

static void diff_params(struct render *render, const struct plan_param *a,
                        const struct plan_param *b, size_t count)
{
    struct terminal *out = render->context->out;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(a[i].text, b[i].text) == 0)
            continue;
        terminal_print_styled(out, TERMINAL_STYLE_RED, "- %s = ", a[i].name);
        terminal_put(out, a[i].text);
        terminal_print(out, "\n");
        terminal_print_styled(out, TERMINAL_STYLE_GREEN, "+ %s = ", b[i].name);
        terminal_put(out, b[i].text);
        terminal_print(out, "\n");
    }
}

static int print_diff(struct render *render, const struct render_date *a,
                      const struct render_date *b, struct error *err)
{
    struct context *context = render->context;
    struct terminal *out = context->out;
    terminal_print(out, "--- %s %s\n+++ %s %s\n", render->flow->name, a->plan->bizdate_text,
                   render->flow->name, b->plan->bizdate_text);
    diff_params(render, a->plan->params, b->plan->params, a->plan->param_count);
    for (size_t i = 0; i < a->plan->node_count; i++) {
        size_t node = render->flow->order[i];
        bool is_wanted = render->node == FLOW_NONE || render->node == node;
        struct rendering before;
        struct rendering after;
        if (!is_wanted)
            continue;
        if (rendering_make(context, a->plan, node, &before, err) < 0 ||
            rendering_make(context, b->plan, node, &after, err) < 0)
            return -1;
        diff_params(render, a->plan->nodes[node].params, b->plan->nodes[node].params,
                    a->plan->nodes[node].param_count);
        SCOPED_TEXT struct text diff = {0};
        text_diff(before.text, after.text, &diff);
        if (diff.length > 0) {
            terminal_print_styled(out, TERMINAL_STYLE_BOLD, "@@ %s", before.node->name);
            terminal_print(out, "\n");
            terminal_put(out, text_string(&diff));
        }
    }
    return 0;
}

/* The second date of --diff, and what differs. */
static int render_diff(struct render *render, const struct render_date *date,
                       const struct option_given *given, struct error *err)
{
    struct render_date other = {0};
    if (plan_date(render, given->text, &other, err) < 0) {
        command_line_mark_given(render->options, given);
        return -1;
    }
    int result = print_diff(render, date, &other, err);
    plan_free(other.plan);
    return result;
}

static int run_render(struct context *context, const struct options *options, struct error *err)
{
    struct render render = {.context = context, .options = options, .node = FLOW_NONE};
    if (options_exclude(options, "diff", "json", err) < 0 ||
        options_exclude(options, "diff", "raw", err) < 0)
        return -1;
    if (context_flow(context, options, 0, &render.flow, err) < 0)
        return -1;
    const struct option_given *node = options_find(options, "node");
    if (node != NULL && context_node(render.flow, node->text, &render.node, err) < 0) {
        command_line_mark_given(options, node);
        return -1;
    }
    render.vars.items = context_vars(context, options, &render.vars.count);
    struct render_date date = {0};
    if (plan_date(&render, options_argument(options, 1, NULL), &date, err) < 0) {
        if (err->kind == ERROR_KIND_USAGE && strcmp(err->code, "E020") == 0)
            command_line_mark_argument(options, 1);
        return -1;
    }
    const struct option_given *diff = options_find(options, "diff");
    int result =
        diff != NULL ? render_diff(&render, &date, diff, err) : print_all(&render, &date, err);
    plan_free(date.plan);
    return result;
}

const struct command command_render = {
    .name = "render",
    .usage = "render FLOW [DATE] [--node NODE] [--var NAME=TEXT] [--raw] [--diff DATE2]",
    .summary = "Show what would run for a business date, with every value filled in.",
    .details = "DATE is a business date; without one it is yesterday in the flow's zone. Nothing "
               "is run and nothing is written.",
    .arguments = {"FLOW", "DATE"},
    .min_arguments = 1,
    .max_arguments = 2,
    .options = render_options,
    .run = run_render,
};

#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/date_word.h"
#include "scheduler/command/detach.h"
#include "scheduler/command/flow_facts.h"
#include "scheduler/command/foreground.h"
#include "scheduler/plan/plan.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct option run_options[] = {
    {.name = "nodes",
     .kind = OPTION_KIND_TEXT,
     .value = "SEL",
     .help = "run only these: n, +n with upstream, n+ with downstream, commas between"},
    {.name = "var",
     .kind = OPTION_KIND_PAIR,
     .may_repeat = true,
     .value = "NAME=TEXT",
     .help = "set a parameter to this very text"},
    {.name = "parallel",
     .kind = OPTION_KIND_NUMBER,
     .value = "N",
     .min = 1,
     .max = 4096,
     .help = "attempts of this run at once, within the project's slots"},
    {.name = "reason", .kind = OPTION_KIND_TEXT, .value = "TEXT", .help = "kept with the run"},
    {.name = "dry-run", .kind = OPTION_KIND_FLAG, .help = "print the plan, change nothing"},
    {.name = "detach", .kind = OPTION_KIND_FLAG, .help = "hand it to datemill serve and return"},
    {.name = NULL}};

struct run_work {
    const struct flow *flow;
    struct date_word date;
    struct plan_times times;
    struct request request;
    bool is_dry_run;
};

static void print_plan(struct context *context, const struct plan *plan)
{
    struct terminal *out = context->out;
    terminal_print(out, "plan: %s   bizdate %s   scheduled %.16s\n", plan->flow->name,
                   plan->bizdate_text, plan->cyctime_text);
    for (size_t i = 0; i < plan->param_count; i++) {
        terminal_print(out, "  %s = ", plan->params[i].name);
        terminal_put(out, plan->params[i].text);
        terminal_print(out, "   %s ", terminal_glyph(out, TERMINAL_GLYPH_BACK));
        terminal_put(out, plan->params[i].written);
        terminal_print(out, "\n");
    }
    for (size_t i = 0; i < plan->node_count; i++) {
        const struct plan_node *node = &plan->nodes[plan->flow->order[i]];
        const char *why = node->is_off_day
                              ? flow_facts_off_day(node->node, plan->cyctime_text, &context->arena)
                              : "";
        terminal_print(out, "  %-7s %-28s %s%s%s\n",
                       !node->is_selected || node->is_off_day ? "skip"
                       : node->node->is_frozen                ? "frozen"
                                                              : "run",
                       node->node->name, node->node->type->name, why[0] != '\0' ? "   " : "", why);
    }
}

/* The plan of every time of the date: also how a bad --var or --nodes is found before anything is
 * asked of the engine. */
static int check_plans(struct context *context, const struct run_work *work, struct error *err)
{
    const struct request *request = &work->request;
    for (size_t i = 0; i < work->times.count; i++) {
        struct node_setting *vars = arena_array(&context->arena, request->var_count, sizeof *vars);
        for (size_t k = 0; k < request->var_count; k++)
            vars[k] = (struct node_setting){request->vars[k].name, request->vars[k].text};
        struct plan_request wanted = {.planned = work->times.items[i].planned,
                                      .is_second = work->times.items[i].is_second,
                                      .vars = vars,
                                      .var_count = request->var_count,
                                      .selection = request->nodes};
        struct plan *plan;
        if (plan_make(work->flow, &wanted, &plan, err) < 0)
            return -1;
        if (work->is_dry_run)
            print_plan(context, plan);
        plan_free(plan);
    }
    if (work->is_dry_run)
        context_note(context, "nothing was changed");
    return 0;
}

static void fill_request(struct context *context, const struct options *options,
                         const struct date_word *date, struct request *request)
{
    char text[CIVIL_DATE_BYTES];
    size_t count;
    const struct node_setting *vars = context_vars(context, options, &count);
    struct request_setting *settings = arena_array(&context->arena, count, sizeof *settings);
    for (size_t i = 0; i < count; i++)
        settings[i] = (struct request_setting){vars[i].name, vars[i].text};
    request->kind = REQUEST_KIND_RUN;
    request->who = foreground_user(context);
    request->date = arena_copy_string(&context->arena, civil_date_format(date->bizdate, text));
    request->time = date->has_time
                        ? arena_format(&context->arena, "%02d:%02d:%02d", date->time.hour,
                                       date->time.minute, date->time.second)
                        : "";
    request->nodes = options_text(options, "nodes", "");
    request->reason = options_text(options, "reason", "");
    request->parallel = (int32_t)options_number(options, "parallel", 0);
    request->vars = settings;
    request->var_count = count;
}

static int run_run(struct context *context, const struct options *options, struct error *err)
{
    struct run_work work = {.is_dry_run = options_has(options, "dry-run")};
    if (context_flow(context, options, 0, &work.flow, err) < 0)
        return -1;
    if (date_word_parse(options_argument(options, 1, NULL), work.flow, clock_now(), &work.date,
                        err) < 0) {
        command_line_mark_argument(options, 1);
        return -1;
    }
    if (date_word_times(&work.date, work.flow, &context->arena, &work.times, err) < 0)
        return -1;
    work.request.flow = work.flow->name;
    fill_request(context, options, &work.date, &work.request);
    if (check_plans(context, &work, err) < 0 || context_preflight(context, work.flow, err) < 0)
        return -1;
    if (work.is_dry_run)
        return 0;
    if (options_has(options, "detach"))
        return detach_hand_over(context, &work.request, err);
    struct foreground_options follow = {.request = &work.request, .said_date = work.date.meaning};
    return foreground_follow(context, &follow, err);
}

const struct command command_run = {
    .name = "run",
    .usage = "run FLOW [DATE]",
    .summary = "Run a flow for one business date, in the foreground.",
    .group = "Run",
    .details =
        "DATE is the date of the data: 2021-11-11, 20211111, yesterday (the default), latest,\n"
        "or 2021-11-11T13:00 for one of several times a day.\n"
        "\n"
        "Ctrl-C starts nothing more and lets running nodes finish; again stops them; a third\n"
        "time kills them. `datemill rerun RUN` goes on from there.",
    .arguments = {"FLOW", "DATE"},
    .min_arguments = 1,
    .max_arguments = 2,
    .options = run_options,
    .run = run_run,
};

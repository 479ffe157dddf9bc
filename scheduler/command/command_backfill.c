#include "scheduler/base/scope.h"
#include "scheduler/command/backfill_facts.h"
#include "scheduler/command/backfill_plan_text.h"
#include "scheduler/command/backfill_range.h"
#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/detach.h"
#include "scheduler/command/foreground.h"
#include "scheduler/command/foreground_backfill.h"
#include "scheduler/daemon/backfill_downstream.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define ASK_ABOVE 100 /* dates to run */

static const char *const redo_choices[] = {"never", "failed", "always", NULL};
static const char *const order_choices[] = {"asc", "desc", NULL};

static const struct option backfill_options[] = {
    {.name = "redo",
     .kind = OPTION_KIND_CHOICE,
     .value = "WHICH",
     .choices = redo_choices,
     .help = "of dates that ran before: never, failed (the default), always"},
    {.name = "order",
     .kind = OPTION_KIND_CHOICE,
     .value = "ORDER",
     .choices = order_choices,
     .help = "asc, oldest first (the default), or desc"},
    {.name = "parallel",
     .kind = OPTION_KIND_NUMBER,
     .value = "N",
     .min = 1,
     .max = 1000,
     .help = "dates at once; the project's slots unless given"},
    {.name = "nodes",
     .kind = OPTION_KIND_TEXT,
     .value = "SEL",
     .help = "run only these: n, +n with upstream, n+ with downstream, commas between"},
    {.name = "exclude",
     .kind = OPTION_KIND_TEXT,
     .may_repeat = true,
     .value = "SEL",
     .help = "leave these out, written like --nodes"},
    {.name = "var",
     .kind = OPTION_KIND_PAIR,
     .may_repeat = true,
     .value = "NAME=TEXT",
     .help = "set a parameter to this very text"},
    {.name = "max-failures",
     .kind = OPTION_KIND_NUMBER,
     .value = "N",
     .min = 0,
     .max = INT32_MAX,
     .help = "pause when so many dates have failed; 0, the default, never"},
    {.name = "stop-on-failure", .kind = OPTION_KIND_FLAG, .help = "--max-failures 1"},
    {.name = "weekdays", .kind = OPTION_KIND_FLAG, .help = "Monday to Friday only"},
    {.name = "reason", .kind = OPTION_KIND_TEXT, .value = "TEXT", .help = "kept with the backfill"},
    {.name = "downstream",
     .kind = OPTION_KIND_FLAG,
     .help = "and the flows that need it, on the dates that need one of these"},
    {.name = "dry-run", .kind = OPTION_KIND_FLAG, .help = "print the plan, change nothing"},
    {.name = "yes",
     .letter = 'y',
     .kind = OPTION_KIND_FLAG,
     .help = "do not ask before many dates"},
    {.name = "detach", .kind = OPTION_KIND_FLAG, .help = "hand it to datemill serve and return"},
    {.name = NULL}};

struct backfill_work {
    struct context *context;
    const struct options *options;
    const struct flow *flow;
    struct backfill_range range;
    struct backfill_wish wish;
    struct backfill_plan *plan;
    bool can_go_on; /* an unfinished one of the flow may be what the same command goes on with */
    struct backfill_downstream downstream;
    struct request request;
};

/* `--exclude a,b+` takes parts out of the selection: `!a,!b+`. */
static const char *read_selection(struct context *context, const struct options *options)
{
    SCOPED_TEXT struct text text = {0};
    text_append(&text, options_text(options, "nodes", ""));
    size_t cursor = 0;
    const struct option_given *given;
    while ((given = options_each(options, "exclude", &cursor)) != NULL) {
        char *rest = arena_copy_string(&context->arena, given->text);
        for (const char *part = strsep(&rest, ","); part != NULL; part = strsep(&rest, ","))
            text_append_format(&text, "%s!%s", text.length > 0 ? "," : "",
                               part + strspn(part, " "));
    }
    return arena_copy(&context->arena, text_string(&text), text.length);
}

static int read_range(struct backfill_work *work, struct error *err)
{
    struct backfill_range_request request = {
        .first = 1,
        .today = zone_civil_at(work->flow->zone, clock_now()).date,
        .only_weekdays = options_has(work->options, "weekdays")};
    return backfill_range_read(work->context, work->options, &request, &work->range, err);
}

static int32_t project_slots(const struct project *project)
{
    if (project->slots > 0)
        return project->slots;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors < 1 ? 1 : (int32_t)processors;
}

static void fill_wish(struct backfill_work *work, const struct project *project)
{
    const struct options *options = work->options;
    const struct option_given *redo = options_find(options, "redo");
    const struct option_given *order = options_find(options, "order");
    size_t count;
    const struct node_setting *vars = context_vars(work->context, options, &count);
    work->wish = (struct backfill_wish){
        .flow = work->flow,
        .dates = &work->range.dates,
        .redo = redo != NULL ? (enum backfill_redo)redo->number : BACKFILL_REDO_FAILED,
        .is_descending = order != NULL && order->number == 1,
        .parallel = (int32_t)options_number(options, "parallel", project_slots(project)),
        .selection = read_selection(work->context, options),
        .vars = vars,
        .var_count = count};
}

/* Their dates, as they were shown. */
static void add_downstream(struct backfill_work *work)
{
    struct arena *arena = &work->context->arena;
    size_t count = 0;
    struct request_setting *flows = arena_array(arena, work->downstream.count, sizeof *flows);
    for (size_t i = 0; i < work->downstream.count; i++) {
        const struct backfill_member *member = &work->downstream.items[i];
        SCOPED_TEXT struct text ranges = {0};
        if (member->plan == NULL)
            continue;
        plan_dates_write(&member->dates, &ranges);
        flows[count++] = (struct request_setting){
            member->flow->name, arena_copy(arena, text_string(&ranges), ranges.length)};
    }
    work->request.downstream = flows;
    work->request.downstream_count = count;
}

static void fill_request(struct backfill_work *work)
{
    struct context *context = work->context;
    const struct options *options = work->options;
    const struct backfill_wish *wish = &work->wish;
    struct request_setting *vars = arena_array(&context->arena, wish->var_count, sizeof *vars);
    for (size_t i = 0; i < wish->var_count; i++)
        vars[i] = (struct request_setting){wish->vars[i].name, wish->vars[i].text};
    SCOPED_TEXT struct text ranges = {0};
    plan_dates_write(&work->range.dates, &ranges);
    work->request =
        (struct request){.kind = REQUEST_KIND_BACKFILL,
                         .who = foreground_user(context),
                         .flow = work->flow->name,
                         .nodes = wish->selection,
                         .reason = options_text(options, "reason", ""),
                         .vars = vars,
                         .var_count = wish->var_count,
                         .ranges = arena_copy(&context->arena, text_string(&ranges), ranges.length),
                         .typed = work->range.typed,
                         .redo = backfill_redo_name(wish->redo),
                         .is_descending = wish->is_descending,
                         .dates_parallel = (int32_t)options_number(options, "parallel", 0),
                         .max_failures = options_has(options, "stop-on-failure")
                                             ? 1
                                             : (int32_t)options_number(options, "max-failures", 0)};
}

/* A complaint about a selection or a variable stands under its word. */
static void mark_option(const struct options *options, const struct error *err)
{
    static const char *const names[] = {"nodes", "exclude", "var", "order"};
    static const char *const words[] = {"node", "node", "param", "newest first"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct option_given *given = options_find(options, names[i]);
        if (err->kind == ERROR_KIND_USAGE && given != NULL && strstr(err->text, words[i]) != NULL)
            command_line_mark_given(options, given);
    }
}

/* A flow that is downstream: what is wrong with it is shown. */
static int load_downstream(void *owner, const char *name, const struct flow **ret_flow,
                           struct error *err)
{
    struct context *context = owner;
    struct diagnostics problems;
    const char *path;
    if (flow_source_find(context->source, name, &context->arena, &path, err) < 0)
        return -1;
    diagnostics_init(&problems);
    int result = context_check_flow(context, path, &problems, ret_flow, err);
    if (result < 0)
        context_show_problems(context, &problems);
    diagnostics_free(&problems);
    return result;
}

static int find_downstream(struct backfill_work *work, struct store *store, struct error *err)
{
    struct backfill_downstream_request request = {.store = store,
                                                  .source = work->context->source,
                                                  .wish = &work->wish,
                                                  .plan = work->plan,
                                                  .now = clock_now(),
                                                  .load = load_downstream,
                                                  .owner = work->context};
    return backfill_downstream_find(&request, &work->downstream, err);
}

static int find_unfinished(struct backfill_work *work, struct store *store, struct error *err)
{
    /* Downstream any flow may have one: the engine knows whether it is the same. */
    const char *flow = options_has(work->options, "downstream") ? NULL : work->flow->name;
    struct view_backfill_list list = {.flow = flow, .page = {.limit = VIEW_MAX_ROWS}};
    struct view_backfills found = {0};
    if (store != NULL && view_list_backfills(store, &list, &work->context->arena, &found, err) < 0)
        return -1;
    for (size_t i = 0; i < found.count; i++)
        work->can_go_on = work->can_go_on || backfill_facts_is_open(&found.items[i]);
    return 0;
}

/* What is unfinished is looked for first: when it ends meanwhile, the plan knows its dates as done,
 * and the engine is asked in vain. The other way round they would stay in conflict with nothing. */
static int make_plan(struct backfill_work *work, struct error *err)
{
    struct store *store = NULL;
    struct context *context = work->context;
    context_settle(context);
    if (context_store(context, &store, err) < 0) {
        if (err->kind != ERROR_KIND_NOT_FOUND)
            return -1;
        *err = (struct error){0};
        store = NULL;
    }
    if (find_unfinished(work, store, err) < 0)
        return -1;
    if (backfill_plan_make(store, &work->wish, &work->plan, err) < 0) {
        mark_option(work->options, err);
        return -1;
    }
    return options_has(work->options, "downstream") ? find_downstream(work, store, err) : 0;
}

static void print_plan(struct backfill_work *work, struct terminal *terminal)
{
    SCOPED_TEXT struct text text = {0};
    struct backfill_plan_text of = {
        .terminal = terminal,
        .wish = &work->wish,
        .plan = work->plan,
        .downstream = options_has(work->options, "downstream") ? &work->downstream : NULL,
        .has_dates = work->context->is_verbose};
    if (work->context->is_json) {
        backfill_plan_text_json(&of, &text);
    } else {
        backfill_plan_text_people(&of, &text);
    }
    terminal_print(terminal, "%s", text_string(&text));
    terminal_flush(terminal);
}

/* Dates of all flows. */
static int64_t count_to_run(const struct backfill_work *work)
{
    int64_t count = work->plan->to_run;
    for (size_t i = 0; i < work->downstream.count; i++)
        count +=
            work->downstream.items[i].plan == NULL ? 0 : work->downstream.items[i].plan->to_run;
    return count;
}

/* On a terminal a long one is asked about; whatever else starts it cannot be surprised. */
static int confirm(struct backfill_work *work, struct error *err)
{
    struct context *context = work->context;
    int64_t to_run = count_to_run(work);
    if (to_run <= ASK_ABOVE || options_has(work->options, "yes") || !context_can_ask(context))
        return 0;
    return context_confirm(
        context, arena_format(&context->arena, "run %" PRId64 " dates now?", to_run), "--yes", err);
}

static int check_programs(struct backfill_work *work, struct error *err)
{
    int result = context_preflight(work->context, work->flow, err);
    for (size_t i = 0; result == 0 && i < work->downstream.count; i++)
        result = context_preflight(work->context, work->downstream.items[i].flow, err);
    return result;
}

static int follow(struct backfill_work *work, struct error *err)
{
    struct context *context = work->context;
    bool has_times = false;
    for (size_t i = 1; i < work->plan->count; i++)
        has_times = has_times ||
                    strcmp(work->plan->dates[i - 1].bizdate, work->plan->dates[i].bizdate) == 0;
    struct backfill_view_options view = {.context = context,
                                         .zone = backfill_facts_zone(context, work->flow),
                                         .has_times = has_times,
                                         .per_date = work->plan->per_date,
                                         .can_repeat = true};
    struct foreground_backfill_options options = {
        .request = &work->request,
        .view = &view,
        .asked = (int64_t)work->plan->count,
        .order = work->wish.is_descending ? "newest first, " : "oldest first, "};
    return foreground_backfill_follow(context, &options, err);
}

static int start(struct backfill_work *work, struct error *err)
{
    struct context *context = work->context;
    bool is_dry_run = options_has(work->options, "dry-run");
    if (is_dry_run || !(context->is_quiet || context->is_json))
        print_plan(work, is_dry_run ? context->out : context->err);
    if (is_dry_run) {
        context_note(context, "nothing was changed");
        return 0;
    }
    if (count_to_run(work) == 0 && !work->can_go_on) {
        context_note(context, "nothing to run");
        return work->plan->decided[DATE_CONFLICT] > 0 ? 1 : 0;
    }
    if (check_programs(work, err) < 0 || confirm(work, err) < 0)
        return -1;
    fill_request(work);
    add_downstream(work);
    if (options_has(work->options, "detach"))
        return detach_hand_over(context, &work->request, err);
    return follow(work, err);
}

static int run_backfill(struct context *context, const struct options *options, struct error *err)
{
    struct backfill_work work = {.context = context, .options = options};
    const struct project *project;
    if (options_exclude(options, "stop-on-failure", "max-failures", err) < 0 ||
        context_flow(context, options, 0, &work.flow, err) < 0 ||
        context_project(context, &project, err) < 0 || read_range(&work, err) < 0)
        return -1;
    fill_wish(&work, project);
    if (make_plan(&work, err) < 0) {
        backfill_plan_free(work.plan);
        return -1;
    }
    int result = start(&work, err);
    backfill_downstream_free(&work.downstream);
    backfill_plan_free(work.plan);
    return result;
}

const struct command command_backfill = {
    .name = "backfill",
    .usage = "backfill FLOW RANGE...",
    .summary = "Run a flow for many business dates; the same command again goes on.",
    .details =
        "RANGE is 2021-11-01..2021-11-11 (both ends included), a month 2021-11, a year, a date,\n"
        "yesterday, `last 7d`, @FILE or - (standard input) with one or more of these a line.\n"
        "\n"
        "The plan comes first: which dates run, and why the others do not. A failed date holds up\n"
        "no other. Ctrl-C lets the dates that run finish and pauses it; again stops them; a third\n"
        "time kills them.\n"
        "\n"
        "--downstream adds the flows that need this one, those that need these, and so on: whole\n"
        "flows, each a backfill of its own, on the dates that need one of the others. What is\n"
        "done to the first of them (pause, resume, stop, retry) is done to all.\n"
        "\n"
        "backfill list, show, pause, resume, stop, retry, set and watch are for those that exist;\n"
        "for a flow with such a name write `backfill -- list RANGE`.",
    .arguments = {"FLOW", "RANGE"},
    .min_arguments = 2,
    .max_arguments = COMMAND_MANY,
    .options = backfill_options,
    .run = run_backfill,
};

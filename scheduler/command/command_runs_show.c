#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"
#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/run_facts.h"
#include "scheduler/command/run_show_json.h"
#include "scheduler/command/run_starts.h"
#include "scheduler/command/table.h"

#include <inttypes.h>
#include <string.h>

static const struct table_column node_columns[] = {
    {.title = "STATE"},
    {.title = "NODE", .shrink_to = 10},
    {.title = "TYPE", .rank = 4},
    {.title = "TRY", .is_right = true, .rank = 3},
    {.title = "START", .rank = 5},
    {.title = "DUR", .is_right = true, .rank = 2},
    {.title = "WHY", .shrink_to = 14, .rank = 1},
    {.title = NULL},
};

static void print_head(struct context *context, const struct run_show *show)
{
    struct terminal *out = context->out;
    const struct view_run *run = &show->of.run;
    SCOPED_TEXT struct text state = {0};
    terminal_append_state(out, &state, run_state_name(run->state));
    terminal_print_styled(out, TERMINAL_STYLE_BOLD, "run %" PRId64, run->id);
    terminal_print(out, "   ");
    terminal_put(out, run->flow);
    terminal_print(out, "   %s   %s\n", text_string(&state), run_facts_counts(context, run));
    terminal_print_fact(out, "bizdate", "%s   scheduled %s", run->bizdate,
                        run_facts_planned(context, run));
    if (run->started_at.us != 0)
        terminal_print_fact(out, "started", "%s   %s%s",
                            run_facts_time(context, run, run->started_at),
                            run->ended_at.us != 0 ? "took " : "for ",
                            run_facts_duration(context, run->started_at, run->ended_at));
    terminal_print_fact(out, "trigger", "%s%s%s", run->trigger,
                        run->opening > 1 ? "   attempt " : "",
                        run->opening > 1 ? arena_format(&context->arena, "%d", run->opening) : "");
    if (show->details.reason[0] != '\0')
        terminal_print_fact(out, "reason", "%s", show->details.reason);
    const char *note = show->details.version_note;
    terminal_print_fact(out, "version", "%s%s%s%s", run->version,
                        show->details.is_dirty ? "   modified since the commit" : "",
                        note[0] != '\0' ? "   " : "", note);
    if (show->details.selection[0] != '\0')
        terminal_print_fact(out, "nodes", "%s", show->details.selection);
    if (run->hold != RUN_HOLD_NONE)
        terminal_print_fact(out, "held", "%s", run_hold_name(run->hold));
}

static void print_params(struct context *context, const struct run_show *show)
{
    for (size_t i = 0; i < show->details.param_count; i++) {
        const struct store_param *param = &show->details.params[i];
        const char *whose = param->node != NULL && param->node[0] != '\0'
                                ? arena_format(&context->arena, "%s: ", param->node)
                                : "";
        if (param->is_overridden)
            terminal_print_fact(context->out, i == 0 ? "params" : "",
                                "%s%s = %s   as given by --var", whose, param->name, param->value);
        else
            terminal_print_fact(context->out, i == 0 ? "params" : "", "%s%s = %s   from %s", whose,
                                param->name, param->value, param->written);
    }
}

static void print_nodes(struct context *context, const struct run_show *show)
{
    const struct view_run *run = &show->of.run;
    struct table table;
    table_init(&table, node_columns, &context->arena);
    for (size_t i = 0; i < show->of.nodes.count; i++) {
        const struct view_node *node = &show->of.nodes.items[i];
        table_cell_state(&table, context->out, task_state_name(node->state));
        table_cell(&table, node->name);
        table_cell(&table, node->type);
        if (node->attempts > 0)
            table_cell_format(&table, "%d", node->attempts);
        else
            table_cell(&table, "");
        const char *start = run_facts_time(context, run, node->started_at);
        table_cell_format(&table, "%.8s", start[0] != '\0' ? start + 11 : "");
        table_cell(&table, run_facts_duration(context, node->started_at, node->ended_at));
        table_cell(&table, run_facts_why(context, &show->of, node));
    }
    terminal_print(context->out, "\n");
    table_print(&table, context->out, true);
}

static void print_tables(struct context *context, const struct run_show *show)
{
    for (size_t i = 0; i < show->details.table_count; i++) {
        const struct view_written *written = &show->details.tables[i];
        const struct store_table *table = &written->table;
        const char *rows = table->rows >= 0
                               ? arena_format(&context->arena, "   %" PRId64 " rows", table->rows)
                               : "";
        terminal_print_fact(context->out, i == 0 ? "wrote" : "", "%s%s%s%s   %s by %s",
                            table->table, table->partition[0] != '\0' ? "/" : "", table->partition,
                            rows, table->mode, written->node_name);
    }
}

static void print_operations(struct context *context, const struct run_show *show)
{
    for (size_t i = 0; i < show->details.operation_count; i++) {
        const struct view_operation *operation = &show->details.operations[i];
        if (i == 0)
            terminal_print_styled(context->out, TERMINAL_STYLE_BOLD, "\nOPERATIONS\n");
        SCOPED_TEXT struct text line = {0};
        text_append_format(&line, "%s  %s", run_facts_time(context, &show->of.run, operation->at),
                           store_operation_kind_name(operation->kind));
        if (operation->node_name[0] != '\0')
            text_append_format(&line, " %s", operation->node_name);
        if (operation->detail[0] != '\0')
            text_append_format(&line, " %s", operation->detail);
        text_append_format(&line, " by %s", operation->who);
        if (operation->reason[0] != '\0')
            text_append_format(&line, ": %s", operation->reason);
        terminal_put(context->out, text_string(&line));
        terminal_print(context->out, "\n");
    }
}

/* A script that a node opens by itself is not part of the capture. */
static bool has_script(const struct run_show *show)
{
    for (size_t i = 0; i < show->of.nodes.count; i++) {
        if (strcmp(show->of.nodes.items[i].type, "shell") == 0)
            return true;
    }
    return false;
}

static void print_next(struct context *context, const struct run_show *show)
{
    struct terminal *out = context->out;
    const struct view_run *run = &show->of.run;
    if (run->failure.node[0] != '\0') {
        terminal_print(out, "\n");
        terminal_print_fact(out, "why", "%s", run_facts_failure(context, run));
        if (run->failure.attempt_id != 0)
            terminal_print_fact(out, "log", "datemill logs %" PRId64 " %s", run->id,
                                run->failure.node);
    }
    bool can_redo = run->state == RUN_FAILED || run->state == RUN_STOPPED;
    if (can_redo)
        terminal_print(out, run->failure.node[0] == '\0' ? "\n" : "");
    if (can_redo)
        terminal_print_fact(out, "redo", "datemill rerun %" PRId64 " --from-failed", run->id);
    if (has_script(show) && context->is_verbose)
        context_note(context,
                     "the flow's files are kept with the run; files that a script opens by "
                     "itself are not");
}

static int load(struct context *context, const struct options *options, struct run_show *show,
                struct error *err)
{
    struct store *store;
    context_settle(context);
    if (run_facts_find(context, options, 0, &show->of.run, err) < 0 ||
        context_store(context, &store, err) < 0 ||
        view_run_nodes(store, show->of.run.id, &context->arena, &show->of.nodes, err) < 0 ||
        view_run_details(store, show->of.run.id, &context->arena, &show->details, err) < 0 ||
        view_run_attempts(store, show->of.run.id, &context->arena, &show->attempts, err) < 0 ||
        view_run_starts(store, show->of.run.id, &context->arena, &show->starts, err) < 0 ||
        view_version_files(store, show->of.run.version_id, &context->arena, &show->files, err) < 0)
        return -1;
    show->of.flow = run_facts_flow(context, store, &show->of.run);
    run_waits_find(context, &show->of, &show->waits);
    return 0;
}

/* The text of the newest attempt, with all values filled in, as it was handed over. */
static int print_text(struct context *context, const struct options *options,
                      const struct run_show *show, struct error *err)
{
    struct store *store;
    const char *name = options_text(options, "text", "");
    const struct view_node *node = NULL;
    for (size_t i = 0; i < show->of.nodes.count; i++) {
        if (strcmp(show->of.nodes.items[i].name, name) == 0)
            node = &show->of.nodes.items[i];
    }
    if (node == NULL)
        return error_set(err, ERROR_KIND_NOT_FOUND, "run %" PRId64 " has no node `%s`",
                         show->of.run.id, name);
    if (node->attempt == NULL)
        return error_set(err, ERROR_KIND_NOT_FOUND, "node `%s` has not run in run %" PRId64, name,
                         show->of.run.id);
    struct flow_file text;
    if (context_store(context, &store, err) < 0 ||
        view_text(store, node->attempt->text_hash, &context->arena, &text, err) < 0)
        return -1;
    SCOPED_TEXT struct text safe = {0};
    utf8_append_safe(&safe, text.bytes, text.length);
    terminal_print(context->out, "%s%s", text_string(&safe),
                   text.length > 0 && text.bytes[text.length - 1] == '\n' ? "" : "\n");
    return 0;
}

static int run_show(struct context *context, const struct options *options, struct error *err)
{
    struct run_show show = {0};
    if (load(context, options, &show, err) < 0)
        return -1;
    if (options_has(options, "text"))
        return print_text(context, options, &show, err);
    if (context->is_json) {
        run_show_print_json(context, &show);
        return 0;
    }
    print_head(context, &show);
    print_params(context, &show);
    print_nodes(context, &show);
    if (context->is_verbose)
        run_starts_print(context, &show.of.run, &show.starts);
    if (show.details.table_count > 0)
        terminal_print(context->out, "\n");
    print_tables(context, &show);
    if (!run_state_is_final(show.of.run.state))
        run_waits_print(context, &show.waits);
    print_operations(context, &show);
    print_next(context, &show);
    return 0;
}

static const struct option show_options[] = {
    {.name = "text",
     .kind = OPTION_KIND_TEXT,
     .value = "NODE",
     .help = "only the text that ran in this node, with its values"},
    {.name = NULL}};

const struct command command_runs_show = {
    .name = "show",
    .parent = "runs",
    .usage = "runs show RUN",
    .summary = "Show a run: its dates, values, version, nodes, and why each of them waits.",
    .details =
        "RUN is its number, or `latest`. The definition of a run is kept with it: the flow, "
        "its SQL, the text that ran. A script that a node opens by itself is not. With -v, why "
        "each attempt was started when it was, and not before.",
    .arguments = {"RUN"},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = show_options,
    .run = run_show,
};

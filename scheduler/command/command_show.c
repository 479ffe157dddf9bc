#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/flow_facts.h"
#include "scheduler/command/table.h"
#include "scheduler/flow/flow_need.h"

#include <string.h>

static const struct table_column node_columns[] = {
    {.title = "NODE", .shrink_to = 12},
    {.title = "TYPE"},
    {.title = "NEEDS", .shrink_to = 10},
    {.title = "ON", .shrink_to = 10},
    {.title = "RETRY", .rank = 3},
    {.title = "TIMEOUT", .rank = 2},
    {.title = "TITLE", .shrink_to = 8, .rank = 1},
    {.title = NULL},
};

static void print_fact(struct terminal *out, const char *name, const char *value)
{
    terminal_print(out, "%-11s", name);
    terminal_put(out, value);
    terminal_print(out, "\n");
}

static void print_params(struct context *context, const struct flow *flow)
{
    struct terminal *out = context->out;
    for (size_t i = 0; i < flow->param_count; i++) {
        const struct flow_param *param = &flow->params[i];
        terminal_print(out, "%-11s%s = ", i == 0 ? "params" : "", param->name);
        terminal_put(out, param->text);
        terminal_print(out, "   ");
        terminal_put(out, flow_facts_place(context, flow, param->place));
        terminal_print(out, "\n");
    }
}

static const char *retry_text(struct arena *arena, const struct flow_node *node)
{
    char delay[DURATION_TEXT_BYTES];
    if (node->retry.max == 0 || !node->type->has_process)
        return "";
    return arena_format(arena, "%d after %s", node->retry.max,
                        duration_format_exact(node->retry.delay, delay));
}

static void print_nodes(struct context *context, const struct flow *flow)
{
    struct table table;
    table_init(&table, node_columns, &context->arena);
    for (size_t i = 0; i < flow->node_count; i++) {
        const struct flow_node *node = &flow->nodes[flow->order[i]];
        char timeout[DURATION_TEXT_BYTES];
        table_cell(&table, node->name);
        table_cell(&table, node->type->name);
        table_cell(&table, flow_facts_needs(node, &context->arena));
        table_cell(&table, node->on != NULL ? node->on->text : "");
        table_cell(&table, retry_text(&context->arena, node));
        table_cell(&table, node->timeout.us > 0 && node->type->has_process
                               ? duration_format_exact(node->timeout, timeout)
                               : "");
        table_cell(&table, node->title);
    }
    terminal_print(context->out, "\n");
    table_print(&table, context->out, true);
}

static void print_people(struct context *context, const struct flow *flow)
{
    struct terminal *out = context->out;
    struct arena *arena = &context->arena;
    terminal_print_styled(out, TERMINAL_STYLE_BOLD, "%s", flow->name);
    terminal_print(out, "   ");
    terminal_put(out, flow->title);
    terminal_print(out, "\n");
    if (flow->description[0] != '\0') {
        terminal_put(out, flow->description);
        size_t length = strlen(flow->description);
        terminal_print(out, "%s", flow->description[length - 1] == '\n' ? "" : "\n");
    }
    print_fact(out, "file", flow_source_shown_path(context->source, flow->files[0].path, arena));
    print_fact(out, "version", flow_facts_version(context, flow));
    print_fact(out, "schedule", flow_facts_schedule(flow, arena));
    if (flow->owner[0] != '\0')
        print_fact(out, "owner", flow->owner);
    print_params(context, flow);
    for (size_t i = 0; i < flow->table_count; i++)
        print_fact(out, i == 0 ? "tables" : "", flow->tables[i].path);
    print_nodes(context, flow);
}

static void write_nodes(struct json_out *json, const struct flow *flow, struct arena *arena)
{
    json_out_key(json, "nodes");
    json_out_begin_array(json);
    for (size_t i = 0; i < flow->node_count; i++) {
        const struct flow_node *node = &flow->nodes[flow->order[i]];
        json_out_begin_object(json);
        json_out_pair_string(json, "name", node->name);
        json_out_pair_string(json, "type", node->type->name);
        json_out_pair_string(json, "title", node->title);
        json_out_key(json, "needs");
        json_out_begin_array(json);
        for (size_t need = 0; need < node->need_count; need++)
            json_out_string(json, flow_need_text(&node->needs[need], arena));
        json_out_end_array(json);
        if (node->on != NULL)
            json_out_pair_string(json, "on", node->on->text);
        json_out_pair_int(json, "retry_max", node->retry.max);
        json_out_pair_int(json, "retry_delay_ms", node->retry.delay.us / 1000);
        json_out_pair_int(json, "timeout_ms", node->timeout.us / 1000);
        json_out_pair_bool(json, "frozen", node->is_frozen);
        json_out_end_object(json);
    }
    json_out_end_array(json);
}

static void write_lists(struct json_out *json, const struct flow *flow)
{
    json_out_key(json, "params");
    json_out_begin_array(json);
    for (size_t i = 0; i < flow->param_count; i++) {
        json_out_begin_object(json);
        json_out_pair_string(json, "name", flow->params[i].name);
        json_out_pair_string(json, "value", flow->params[i].text);
        json_out_end_object(json);
    }
    json_out_end_array(json);
    json_out_key(json, "tables");
    json_out_begin_array(json);
    for (size_t i = 0; i < flow->table_count; i++)
        json_out_string(json, flow->tables[i].path);
    json_out_end_array(json);
    json_out_key(json, "tags");
    json_out_begin_array(json);
    for (size_t i = 0; i < flow->tag_count; i++)
        json_out_string(json, flow->tags[i]);
    json_out_end_array(json);
}

static void print_json(struct context *context, const struct flow *flow)
{
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_int(&json, "schema", 1);
    json_out_pair_string(&json, "flow", flow->name);
    json_out_pair_string(&json, "title", flow->title);
    json_out_pair_string(&json, "description", flow->description);
    json_out_pair_string(&json, "owner", flow->owner);
    json_out_pair_string(&json, "file", flow->files[0].path);
    json_out_pair_string(&json, "version", flow_facts_version_id(context, flow));
    json_out_pair_string(&json, "schedule",
                         flow->schedule.rule_count == 0 ? NULL : flow->schedule.text);
    json_out_pair_string(&json, "timezone", zone_name(flow->zone));
    write_lists(&json, flow);
    write_nodes(&json, flow, &context->arena);
    json_out_end_object(&json);
    terminal_print(context->out, "%s\n", text_string(&text));
}

static int run_show(struct context *context, const struct options *options, struct error *err)
{
    const struct flow *flow;
    if (context_flow(context, options, 0, &flow, err) < 0)
        return -1;
    if (context->is_json)
        print_json(context, flow);
    else
        print_people(context, flow);
    return 0;
}

const struct command command_show = {
    .name = "show",
    .usage = "show FLOW",
    .summary = "Summarise a flow: version, schedule, parameters, tables, nodes.",
    .arguments = {"FLOW"},
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run_show,
};

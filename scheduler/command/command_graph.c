#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/flow_facts.h"
#include "scheduler/command/graph_picture.h"
#include "scheduler/command/graph_text.h"
#include "scheduler/command/output_file.h"
#include "scheduler/command/table.h"
#include "scheduler/flow/flow_need.h"

#include <string.h>

enum graph_format {
    GRAPH_FORMAT_TEXT,
    GRAPH_FORMAT_DOT,
    GRAPH_FORMAT_MERMAID,
    GRAPH_FORMAT_JSON,
    GRAPH_FORMAT_SVG
};

static const char *const format_choices[] = {"text", "dot", "mermaid", "json", "svg", NULL};

static const struct option graph_options[] = {
    {.name = "format",
     .kind = OPTION_KIND_CHOICE,
     .value = "FORMAT",
     .choices = format_choices,
     .help = "text (the default), dot, mermaid, json or svg"},
    {.name = "output",
     .letter = 'o',
     .kind = OPTION_KIND_TEXT,
     .value = "FILE",
     .help = "write to this file"},
    {.name = NULL},
};

/* Needs within the flow and the same cycle: what a drawing shows. */
static bool is_drawn(const struct flow_need *need)
{
    return flow_need_is_inside(need);
}

static struct graph_text make_graph(const struct flow *flow, struct arena *arena)
{
    struct graph_text_node *nodes = arena_array(arena, flow->node_count, sizeof *nodes);
    for (size_t i = 0; i < flow->node_count; i++) {
        const struct flow_node *node = &flow->nodes[i];
        size_t *needs = arena_array(arena, node->need_count, sizeof *needs);
        nodes[i] = (struct graph_text_node){.label = node->name, .needs = needs};
        for (size_t n = 0; n < node->need_count; n++) {
            if (is_drawn(&node->needs[n]))
                needs[nodes[i].need_count++] = node->needs[n].index;
        }
    }
    return (struct graph_text){
        .nodes = nodes, .order = flow->order, .node_count = flow->node_count};
}

/* What a drawing cannot show: needs of other flows and of the cycle before. */
static void append_others(const struct flow *flow, struct arena *arena, struct text *out)
{
    for (size_t i = 0; i < flow->node_count; i++) {
        const struct flow_node *node = &flow->nodes[flow->order[i]];
        for (size_t n = 0; n < node->need_count; n++) {
            if (!is_drawn(&node->needs[n]))
                text_append_format(out, "%s also needs %s\n", node->name,
                                   flow_need_text(&node->needs[n], arena));
        }
    }
}

static const struct table_column list_columns[] = {
    {.title = "RANK", .is_right = true},
    {.title = "NODE", .shrink_to = 12},
    {.title = "TYPE", .rank = 1},
    {.title = "NEEDS", .shrink_to = 10},
    {.title = NULL},
};

static void print_list(struct context *context, const struct flow *flow,
                       const struct graph_text *graph)
{
    struct arena *arena = &context->arena;
    struct table table;
    table_init(&table, list_columns, arena);
    size_t *ranks = arena_array(arena, flow->node_count, sizeof *ranks);
    graph_text_ranks(graph, ranks);
    size_t last = 0;
    for (size_t i = 0; i < flow->node_count; i++)
        last = ranks[i] > last ? ranks[i] : last;
    for (size_t rank = 0; rank <= last; rank++) {
        for (size_t i = 0; i < flow->node_count; i++) {
            if (ranks[i] != rank)
                continue;
            const struct flow_node *node = &flow->nodes[i];
            const char *needs = flow_facts_needs(node, arena);
            table_cell_format(&table, "%zu", rank + 1);
            table_cell(&table, node->name);
            table_cell(&table, node->type->name);
            table_cell_format(&table, "%s%s%s",
                              needs[0] != '\0' ? terminal_glyph(context->out, TERMINAL_GLYPH_BACK)
                                               : "",
                              needs[0] != '\0' ? " " : "", needs);
        }
    }
    table_print(&table, context->out, false);
}

static void print_text(struct context *context, const struct flow *flow)
{
    struct graph_text graph = make_graph(flow, &context->arena);
    graph.width = (size_t)context->out->width;
    graph.is_ascii = !context->out->has_utf8;
    SCOPED_TEXT struct text text = {0};
    if (graph_text_draw(&graph, &context->arena, &text)) {
        append_others(flow, &context->arena, &text);
        terminal_print(context->out, "%s", text_string(&text));
    } else {
        print_list(context, flow, &graph);
    }
}

/* Between double quotes, for DOT and Mermaid alike. */
static void append_label(struct text *out, const char *label)
{
    for (const char *byte = label; *byte != '\0'; byte++) {
        if (*byte == '"' || *byte == '\\')
            text_append(out, *byte == '"' ? "&quot;" : "&#92;");
        else
            text_append_char(out, *byte == '\n' ? ' ' : *byte);
    }
}

static void write_dot(const struct flow *flow, struct arena *arena, struct text *out)
{
    text_append_format(out, "digraph \"%s\" {\n  rankdir=LR;\n  node [shape=box];\n", flow->name);
    for (size_t i = 0; i < flow->node_count; i++) {
        const struct flow_node *node = &flow->nodes[flow->order[i]];
        text_append_format(out, "  \"%s\" [label=\"%s\\n", node->name, node->name);
        append_label(out, node->title[0] != '\0' ? node->title : node->type->name);
        text_append(out, "\"];\n");
    }
    for (size_t i = 0; i < flow->node_count; i++) {
        const struct flow_node *node = &flow->nodes[flow->order[i]];
        for (size_t n = 0; n < node->need_count; n++) {
            const struct flow_need *need = &node->needs[n];
            text_append_format(out, "  \"%s\" -> \"%s\"%s;\n", flow_need_text(need, arena),
                               node->name, is_drawn(need) ? "" : " [style=dashed]");
        }
    }
    text_append(out, "}\n");
}

/* Mermaid has words of its own that no node may be named after, so nodes are numbered. */
static void write_mermaid(const struct flow *flow, struct arena *arena, struct text *out)
{
    text_append(out, "graph LR\n");
    for (size_t i = 0; i < flow->node_count; i++) {
        const struct flow_node *node = &flow->nodes[flow->order[i]];
        text_append_format(out, "  n%zu[\"%s<br>", node->index, node->name);
        append_label(out, node->title[0] != '\0' ? node->title : node->type->name);
        text_append(out, "\"]\n");
    }
    size_t others = 0;
    for (size_t i = 0; i < flow->node_count; i++) {
        const struct flow_node *node = &flow->nodes[flow->order[i]];
        for (size_t n = 0; n < node->need_count; n++) {
            const struct flow_need *need = &node->needs[n];
            if (is_drawn(need))
                text_append_format(out, "  n%zu --> n%zu\n", need->index, node->index);
            else
                text_append_format(out, "  x%zu[\"%s\"] -.-> n%zu\n", others++,
                                   flow_need_text(need, arena), node->index);
        }
    }
}

static void write_json(const struct flow *flow, struct arena *arena, struct text *out)
{
    struct json_out json;
    json_out_init(&json, out);
    json_out_begin_object(&json);
    json_out_pair_int(&json, "schema", 1);
    json_out_pair_string(&json, "flow", flow->name);
    json_out_key(&json, "nodes");
    json_out_begin_array(&json);
    for (size_t i = 0; i < flow->node_count; i++) {
        const struct flow_node *node = &flow->nodes[flow->order[i]];
        json_out_begin_object(&json);
        json_out_pair_string(&json, "name", node->name);
        json_out_pair_string(&json, "type", node->type->name);
        json_out_pair_string(&json, "title", node->title);
        json_out_end_object(&json);
    }
    json_out_end_array(&json);
    json_out_key(&json, "edges");
    json_out_begin_array(&json);
    for (size_t i = 0; i < flow->node_count; i++) {
        const struct flow_node *node = &flow->nodes[flow->order[i]];
        for (size_t n = 0; n < node->need_count; n++) {
            json_out_begin_object(&json);
            json_out_pair_string(&json, "from", flow_need_text(&node->needs[n], arena));
            json_out_pair_string(&json, "to", node->name);
            json_out_pair_int(&json, "cycle_back", node->needs[n].cycle_back);
            json_out_end_object(&json);
        }
    }
    json_out_end_array(&json);
    json_out_end_object(&json);
    text_append_char(out, '\n');
}

static void print_graph(struct context *context, const struct flow *flow, enum graph_format format)
{
    SCOPED_TEXT struct text text = {0};
    switch (format) {
    case GRAPH_FORMAT_TEXT:
        print_text(context, flow);
        return;
    case GRAPH_FORMAT_DOT:
        write_dot(flow, &context->arena, &text);
        break;
    case GRAPH_FORMAT_MERMAID:
        write_mermaid(flow, &context->arena, &text);
        break;
    case GRAPH_FORMAT_JSON:
        write_json(flow, &context->arena, &text);
        break;
    case GRAPH_FORMAT_SVG:
        graph_picture_write(flow, &context->arena, &text);
        break;
    }
    terminal_put(context->out, text_string(&text));
}

static int run_graph(struct context *context, const struct options *options, struct error *err)
{
    const struct flow *flow;
    if (context_flow(context, options, 0, &flow, err) < 0)
        return -1;
    enum graph_format format = context->is_json ? GRAPH_FORMAT_JSON : GRAPH_FORMAT_TEXT;
    format = (enum graph_format)options_number(options, "format", format);
    const struct option_given *output = options_find(options, "output");
    if (output == NULL) {
        print_graph(context, flow, format);
        return 0;
    }
    struct output_file file;
    if (output_file_begin(&file, output->text, context->out, err) < 0) {
        command_line_mark_given(options, output);
        return -1;
    }
    print_graph(context, flow, format);
    return output_file_end(&file, err);
}

const struct command command_graph = {
    .name = "graph",
    .usage = "graph FLOW [--format text|dot|mermaid|json|svg] [-o FILE]",
    .summary = "Draw the nodes of a flow and what needs what.",
    .details = "Text is a drawing where the graph is small and can be drawn without a crossing, "
               "else a list by rank. SVG is the picture that the page shows.",
    .arguments = {"FLOW"},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = graph_options,
    .run = run_graph,
};

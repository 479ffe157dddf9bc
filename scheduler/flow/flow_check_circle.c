/* Circles of needs through several flows. */
#include "scheduler/base/scope.h"
#include "scheduler/flow/flow_graph.h"
#include "scheduler/flow/flow_loader.h"
#include "scheduler/flow/flow_need.h"
#include "scheduler/flow/flow_other.h"

#include <string.h>

#define MAX_SHOWN_ON_CIRCLE 8
#define NO_EDGE SIZE_MAX

/* A flow in the graph: spot `first` is all of it, the ones behind it are its nodes. */
struct circle_flow {
    const char *name;
    const struct flow_other *other; /* NULL: the flow that is loaded */
    struct name_index *names;
    size_t first;
    size_t node_count;
};

struct circle_edge {
    struct field_place place; /* of the need; line 0: all of a flow is each of its nodes */
    size_t flow;              /* in whose file */
};

struct circle_graph {
    struct flow_loader *loader;
    struct arena arena;
    struct name_index *index; /* of flows */
    struct circle_flow *flows;
    size_t flow_count;
    size_t flow_capacity;
    size_t spot_count;
    struct flow_edge *edges; /* node waits for needs, both spots */
    struct circle_edge *about;
    size_t edge_count;
    size_t edge_capacity;
    size_t about_capacity;
};

/* ---- the graph ---- */

static const char *node_name(const struct circle_graph *graph, const struct circle_flow *flow,
                             size_t node)
{
    return flow->other != NULL ? flow->other->nodes->pairs[node].key->text
                               : graph->loader->flow->nodes[node].name;
}

static void add_flow(struct circle_graph *graph, const char *name, const struct flow_other *other)
{
    graph->flows = arena_grow(&graph->arena, graph->flows, graph->flow_count, &graph->flow_capacity,
                              sizeof *graph->flows);
    struct circle_flow *flow = &graph->flows[graph->flow_count];
    size_t count = other != NULL ? other->nodes->count : graph->loader->flow->node_count;
    *flow = (struct circle_flow){.name = name,
                                 .other = other,
                                 .names = name_index_new(&graph->arena, count + 1),
                                 .first = graph->spot_count,
                                 .node_count = count};
    for (size_t i = 0; i < count; i++)
        name_index_add(flow->names, node_name(graph, flow, i), i);
    name_index_add(graph->index, name, graph->flow_count++);
    graph->spot_count += count + 1;
}

/* The number of a flow, which is read when it is new; NAME_INDEX_NONE: it cannot be. */
static size_t find_flow(struct circle_graph *graph, const char *name)
{
    size_t known = name_index_find(graph->index, name);
    if (known != NAME_INDEX_NONE)
        return known;
    const struct flow_other *other = flow_others_find(graph->loader->source, name);
    if (other == NULL || other->nodes == NULL)
        return NAME_INDEX_NONE;
    add_flow(graph, name, other);
    return graph->flow_count - 1;
}

static void add_edge(struct circle_graph *graph, size_t from, size_t to, struct circle_edge about)
{
    graph->edges = arena_grow(&graph->arena, graph->edges, graph->edge_count, &graph->edge_capacity,
                              sizeof *graph->edges);
    graph->about = arena_grow(&graph->arena, graph->about, graph->edge_count,
                              &graph->about_capacity, sizeof *graph->about);
    graph->edges[graph->edge_count] = (struct flow_edge){from, to};
    graph->about[graph->edge_count++] = about;
}

/* A need of a node of flow `number`; those of a cycle before cannot close a circle. */
static void add_need(struct circle_graph *graph, size_t number, size_t node,
                     const struct flow_need *need)
{
    if (need->cycle_back > 0)
        return;
    size_t from = graph->flows[number].first + 1 + node;
    size_t target = need->flow == NULL ? number : find_flow(graph, need->flow);
    if (target == NAME_INDEX_NONE)
        return;
    const struct circle_flow *flow = &graph->flows[target];
    size_t to = flow_need_is_all(need) ? 0 : name_index_find(flow->names, need->node);
    if (to == NAME_INDEX_NONE)
        return;
    to += flow_need_is_all(need) ? 0 : 1;
    add_edge(graph, from, flow->first + to,
             (struct circle_edge){.place = need->place, .flow = number});
}

static void add_written_need(struct circle_graph *graph, size_t number, size_t node,
                             const struct yaml_node *text)
{
    struct flow_need need;
    if (text->kind != YAML_KIND_SCALAR ||
        flow_need_parse(text->text, &graph->arena, &need, NULL) < 0)
        return;
    need.place = text->place;
    add_need(graph, number, node, &need);
}

static void add_needs_of_other(struct circle_graph *graph, size_t number)
{
    const struct yaml_node *nodes = graph->flows[number].other->nodes;
    for (size_t i = 0; i < nodes->count; i++) {
        const struct yaml_node *block = nodes->pairs[i].value;
        const struct yaml_node *needs =
            block->kind == YAML_KIND_MAPPING ? yaml_find(block, "needs") : NULL;
        if (needs == NULL)
            continue;
        if (needs->kind == YAML_KIND_SCALAR)
            add_written_need(graph, number, i, needs);
        for (size_t k = 0; needs->kind == YAML_KIND_SEQUENCE && k < needs->count; k++)
            add_written_need(graph, number, i, needs->items[k]);
    }
}

static void add_needs(struct circle_graph *graph, size_t number)
{
    const struct flow *own = graph->loader->flow;
    if (graph->flows[number].other != NULL)
        add_needs_of_other(graph, number);
    for (size_t i = 0; number == 0 && i < own->node_count; i++) {
        for (size_t k = 0; k < own->nodes[i].need_count; k++)
            add_need(graph, number, i, &own->nodes[i].needs[k]);
    }
    size_t count = graph->flows[number].node_count;
    size_t first = graph->flows[number].first;
    for (size_t i = 0; i < count; i++)
        add_edge(graph, first, first + 1 + i, (struct circle_edge){.flow = number});
}

/* ---- the way around ---- */

/* The edges of each spot, next to each other. */
struct circle_ways {
    size_t *starts; /* in `edges`; one more than there are spots */
    size_t *edges;
};

static struct circle_ways list_ways(struct circle_graph *graph)
{
    struct circle_ways ways = {
        .starts = arena_array(&graph->arena, graph->spot_count + 2, sizeof *ways.starts),
        .edges = arena_array(&graph->arena, graph->edge_count + 1, sizeof *ways.edges)};
    for (size_t i = 0; i < graph->edge_count; i++)
        ways.starts[graph->edges[i].node + 2]++;
    for (size_t i = 2; i < graph->spot_count + 2; i++)
        ways.starts[i] += ways.starts[i - 1];
    for (size_t i = 0; i < graph->edge_count; i++)
        ways.edges[ways.starts[graph->edges[i].node + 1]++] = i;
    return ways;
}

/* The edge by which each spot was reached, of a shortest way from `from` back to itself. False:
 * there is none. */
static bool search(const struct circle_graph *graph, const struct circle_ways *ways, size_t from,
                   size_t *by, size_t *queue)
{
    size_t count = 0;
    for (size_t i = 0; i < graph->spot_count; i++)
        by[i] = NO_EDGE;
    queue[count++] = from;
    for (size_t at = 0; at < count; at++) {
        for (size_t i = ways->starts[queue[at]]; i < ways->starts[queue[at] + 1]; i++) {
            size_t to = graph->edges[ways->edges[i]].needs;
            if (by[to] != NO_EDGE)
                continue;
            by[to] = ways->edges[i];
            if (to == from)
                return true;
            queue[count++] = to;
        }
    }
    return false;
}

static void append_spot(const struct circle_graph *graph, size_t spot, struct text *text)
{
    size_t number = 0;
    while (number + 1 < graph->flow_count && graph->flows[number + 1].first <= spot)
        number++;
    const struct circle_flow *flow = &graph->flows[number];
    text_append_format(text, "%s/%s", flow->name,
                       spot == flow->first ? FLOW_NEED_ALL
                                           : node_name(graph, flow, spot - flow->first - 1));
}

/* Its place among the problems; the file of another flow becomes a source of theirs. */
static struct diagnostic_place place_of(struct circle_graph *graph, size_t edge, size_t *sources)
{
    struct flow_loader *loader = graph->loader;
    const struct circle_edge *about = &graph->about[edge];
    const struct flow_other *other = graph->flows[about->flow].other;
    struct diagnostic_place place = flow_report_place(&loader->report, about->place);
    if (other == NULL)
        return place;
    if (sources[about->flow] == 0)
        sources[about->flow] =
            1 + diagnostics_add_source(
                    loader->report.list,
                    flow_source_shown_path(loader->source, other->file.path, &graph->arena),
                    other->file.bytes, other->file.length);
    place.source = sources[about->flow] - 1;
    return place;
}

static void report(struct circle_graph *graph, const size_t *circle, size_t length)
{
    SCOPED_TEXT struct text path = {0};
    size_t *sources = arena_array(&graph->arena, graph->flow_count, sizeof *sources);
    struct diagnostic *problem = diagnostics_add(graph->loader->report.list, DIAGNOSTIC_ERROR,
                                                 "E110", "flows wait for each other in a circle");
    append_spot(graph, graph->edges[circle[0]].node, &path);
    for (size_t i = 0; i < length; i++) {
        bool is_left_out = i >= MAX_SHOWN_ON_CIRCLE - 1 && i < length - 1;
        if (is_left_out) {
            text_append(&path, i == MAX_SHOWN_ON_CIRCLE - 1 ? " → …" : "");
            continue;
        }
        text_append(&path, " → ");
        append_spot(graph, graph->edges[circle[i]].needs, &path);
    }
    diagnostic_detail(problem, "%s", text_string(&path));
    for (size_t i = 0; i < length && i < MAX_SHOWN_ON_CIRCLE; i++) {
        SCOPED_TEXT struct text words = {0};
        if (graph->about[circle[i]].place.line == 0)
            continue;
        append_spot(graph, graph->edges[circle[i]].node, &words);
        text_append(&words, " waits for ");
        append_spot(graph, graph->edges[circle[i]].needs, &words);
        diagnostic_label(problem, place_of(graph, circle[i], sources), "%s%s", i == 0 ? "" : "and ",
                         text_string(&words));
    }
    diagnostic_help(problem, "remove one of these needs, or let it be of the cycle before: @-1");
}

/* From each node that needs another flow: is there a way back? The first is told. */
static void find_circle(struct circle_graph *graph)
{
    struct circle_ways ways = list_ways(graph);
    size_t *by = arena_array(&graph->arena, graph->spot_count, sizeof *by);
    size_t *queue = arena_array(&graph->arena, graph->spot_count + 1, sizeof *queue);
    size_t *circle = arena_array(&graph->arena, graph->spot_count, sizeof *circle);
    size_t own_end = graph->flows[0].node_count + 1;
    for (size_t i = 0; i < graph->edge_count; i++) {
        size_t from = graph->edges[i].node;
        bool leaves = from > 0 && from < own_end && graph->edges[i].needs >= own_end;
        if (!leaves || !search(graph, &ways, from, by, queue))
            continue;
        size_t length = 0;
        size_t spot = from;
        do {
            length++;
            spot = graph->edges[by[spot]].node;
        } while (spot != from);
        for (size_t k = length; k > 0; k--) {
            circle[k - 1] = by[spot];
            spot = graph->edges[by[spot]].node;
        }
        report(graph, circle, length);
        return;
    }
}

static bool needs_others(const struct flow *flow)
{
    for (size_t i = 0; i < flow->node_count; i++) {
        for (size_t k = 0; k < flow->nodes[i].need_count; k++) {
            const struct flow_need *need = &flow->nodes[i].needs[k];
            if (need->flow != NULL && need->cycle_back == 0)
                return true;
        }
    }
    return false;
}

void flow_check_circle_of_flows(struct flow_loader *loader)
{
    if (!needs_others(loader->flow) || flow_source_dir(loader->source) == NULL)
        return;
    struct circle_graph graph = {.loader = loader};
    arena_init(&graph.arena, 0);
    graph.index = name_index_new(&graph.arena, 4);
    add_flow(&graph, loader->flow->name, NULL);
    for (size_t i = 0; i < graph.flow_count; i++)
        add_needs(&graph, i);
    size_t *order;
    struct flow_graph whole = {graph.spot_count, graph.edges, graph.edge_count};
    if (!flow_graph_order(&whole, &graph.arena, &order))
        find_circle(&graph);
    arena_free(&graph.arena);
}

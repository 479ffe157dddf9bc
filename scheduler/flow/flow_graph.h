/* Order of a graph given as edges, and a circle in it with its path. Pure; work lists, no
 * recursion; O(nodes + edges). */
#ifndef DATEMILL_FLOW_FLOW_GRAPH_H
#define DATEMILL_FLOW_FLOW_GRAPH_H

#include "scheduler/base/arena.h"

#include <stdbool.h>
#include <stddef.h>

struct flow_edge {
    size_t node;  /* the one that waits */
    size_t needs; /* the one it waits for */
};

struct flow_graph {
    size_t node_count;
    const struct flow_edge *edges;
    size_t edge_count;
};

/* Topological order, needed ones first, ties by index: true and all indexes in *ret_order, or false
 * when there is a circle. Belongs to `arena`. */
bool flow_graph_order(const struct flow_graph *graph, struct arena *arena, size_t **ret_order);

/* One circle, as indexes of edges: edge[0].node needs edge[0].needs, which is edge[1].node, and so
 * on; the last one needs edge[0].node. A shortest one through its first node. 0 = there is none. */
size_t flow_graph_circle(const struct flow_graph *graph, struct arena *arena, size_t **ret_edges);

#endif

/* Which part of a large graph to show first: the nodes that matter and one step around them. */
#ifndef DATEMILL_WEB_DRAW_GRAPH_PART_H
#define DATEMILL_WEB_DRAW_GRAPH_PART_H

#include "web/draw/layout.h"

struct graph_part {
    size_t node_count;
    const struct layout_edge *edges;
    size_t edge_count;
    const bool *is_seed; /* of each node: it matters */
    size_t at_most;      /* nodes to choose */
};

struct graph_part_choice {
    const uint32_t *nodes; /* ascending */
    size_t count;
    const struct layout_edge *edges; /* between them, as places in `nodes` */
    size_t edge_count;
    size_t seeds; /* how many of them were chosen */
};

/* Seeds in their order, then what a line joins to a chosen one, then (without any seed) the first
 * nodes; all memory belongs to `arena`. */
void graph_part_choose(const struct graph_part *part, struct arena *arena,
                       struct graph_part_choice *ret_choice);

#endif

/* The graph of a flow on a page: all of it up to FLOW_GRAPH_PART_NODES nodes, else the part that
 * matters and a link to all. What a node needs outside its cycle stands beside it, dashed. */
#ifndef DATEMILL_WEB_PAGES_FLOW_GRAPH_PART_H
#define DATEMILL_WEB_PAGES_FLOW_GRAPH_PART_H

#include "web/draw/graph_svg.h"
#include "web/site/visit.h"

#define FLOW_GRAPH_PART_NODES 200
#define FLOW_GRAPH_PART_MOST 400 /* when all are asked for: a page stays below 300 KB */

struct flow_graph_part {
    struct visit *visit;
    const struct flow *flow;
    const struct graph_svg_node *nodes; /* as flow->nodes */
    const bool *is_seed;                /* of each node: it matters; NULL = none does */
    bool is_whole;                      /* all were asked for (?graph=all) */
};

void flow_graph_part_write(const struct flow_graph_part *part);

#endif

/* A graph as graph_text.h draws it, and where its nodes and lines stand. */
#ifndef DATEMILL_COMMAND_GRAPH_LAYOUT_H
#define DATEMILL_COMMAND_GRAPH_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GRAPH_TEXT_MAX_NODES 12

struct graph_text_node {
    const char *label;   /* may be Chinese */
    const size_t *needs; /* indexes of nodes */
    size_t need_count;
};

struct graph_text {
    const struct graph_text_node *nodes; /* without a circle */
    const size_t *order;                 /* topological */
    size_t node_count;
    size_t width; /* columns there are; 0 = no limit */
    bool is_ascii;
};

/* The column of each node: 0 for those that need nothing, else one more than the furthest node it
 * needs. `ret_ranks` has node_count places. */
void graph_text_ranks(const struct graph_text *graph, size_t *ret_ranks);

/* Nodes and pieces of lines. */
#define GRAPH_LAYOUT_MAX_ITEMS (GRAPH_TEXT_MAX_NODES * GRAPH_TEXT_MAX_NODES)
#define GRAPH_LAYOUT_NONE SIZE_MAX

/* What stands in one column at one row: a node, or a line that passes by on its way further
 * right. */
struct graph_item {
    size_t node;   /* GRAPH_LAYOUT_NONE: a line */
    size_t source; /* a line: the node it comes from */
    size_t column;
    size_t row;
    size_t weight; /* of the order within the column */
    size_t bundle; /* of the gap on its right it is a source of; GRAPH_LAYOUT_NONE = none */
};

struct graph_link {
    size_t from; /* item in column c */
    size_t to;   /* item in column c + 1 */
};

/* Lines of one gap that hang together. */
struct graph_bundle {
    size_t gap;
    size_t first;
    size_t last;
    size_t sources;
    size_t targets;
    size_t links;
    size_t source_top;
    size_t target_top;
};

struct graph_drawing {
    const struct graph_text *graph;
    struct graph_item items[GRAPH_LAYOUT_MAX_ITEMS];
    size_t item_count;
    struct graph_link links[GRAPH_LAYOUT_MAX_ITEMS * 2];
    size_t link_count;
    struct graph_bundle bundles[GRAPH_LAYOUT_MAX_ITEMS];
    size_t bundle_count;
    size_t target_bundle[GRAPH_LAYOUT_MAX_ITEMS]; /* by item: of the gap on its left */
    size_t column_count;
    size_t by_node[GRAPH_TEXT_MAX_NODES];
};

/* Places everything; false when a drawing would say something wrong, or gets too large. `drawing`
 * is zero but for its graph. */
bool graph_layout_make(struct graph_drawing *drawing);

#endif

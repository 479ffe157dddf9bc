/* Where the nodes and lines of a drawing stand; between graph_text.c and graph_layout.c only. */
#ifndef DATEMILL_COMMAND_GRAPH_LAYOUT_H
#define DATEMILL_COMMAND_GRAPH_LAYOUT_H

#include "scheduler/command/graph_text.h"

#include <stdint.h>

/* Nodes and pieces of lines. */
#define GRAPH_LAYOUT_MAX_ITEMS (GRAPH_TEXT_MAX_NODES * GRAPH_TEXT_MAX_NODES)
#define GRAPH_LAYOUT_NONE SIZE_MAX

/* What stands in one column at one row: a node, or a line that passes by on its way further right. */
struct item {
    size_t node;   /* GRAPH_LAYOUT_NONE: a line */
    size_t source; /* a line: the node it comes from */
    size_t column;
    size_t row;
    size_t weight; /* of the order within the column */
    size_t bundle; /* of the gap on its right it is a source of; GRAPH_LAYOUT_NONE = none */
};

struct link {
    size_t from; /* item in column c */
    size_t to;   /* item in column c + 1 */
};

/* Lines of one gap that hang together. */
struct bundle {
    size_t gap;
    size_t first;
    size_t last;
    size_t sources;
    size_t targets;
    size_t links;
    size_t source_top;
    size_t target_top;
};

struct drawing {
    const struct graph_text *graph;
    struct item items[GRAPH_LAYOUT_MAX_ITEMS];
    size_t item_count;
    struct link links[GRAPH_LAYOUT_MAX_ITEMS * 2];
    size_t link_count;
    struct bundle bundles[GRAPH_LAYOUT_MAX_ITEMS];
    size_t bundle_count;
    size_t target_bundle[GRAPH_LAYOUT_MAX_ITEMS]; /* by item: of the gap on its left */
    size_t column_count;
    size_t by_node[GRAPH_TEXT_MAX_NODES];
};

/* Places everything; false when a drawing would say something wrong, or gets too large. `drawing` is
 * zero but for its graph. */
bool graph_layout_make(struct drawing *drawing);

#endif

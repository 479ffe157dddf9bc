/* A graph drawn with lines of text, from left to right:
 *
 *     sales_stat_start ─┬─ commodity_sync ───────┬─ sales_stat
 *                       └─ order_succeeded_sync ─┘
 *
 * A drawing never says anything wrong: between two columns of nodes the lines of one bundle join
 * every node on its left with every node on its right, and bundles do not cross. A graph for which
 * that cannot be done, or that is too large or too wide, is not drawn; then it is listed. */
#ifndef DATEMILL_COMMAND_GRAPH_TEXT_H
#define DATEMILL_COMMAND_GRAPH_TEXT_H

#include "scheduler/base/arena.h"
#include "scheduler/base/text.h"

#include <stdbool.h>
#include <stddef.h>

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

/* Appends the drawing; false when there is none. Working memory in `arena`. */
bool graph_text_draw(const struct graph_text *graph, struct arena *arena, struct text *out);

/* The column of each node: 0 for those that need nothing, else one more than the furthest node it
 * needs. `ret_ranks` has node_count places. */
void graph_text_ranks(const struct graph_text *graph, size_t *ret_ranks);

#endif

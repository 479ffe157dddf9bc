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
#include "scheduler/command/graph_layout.h"

#include <stdbool.h>

/* Appends the drawing; false when there is none. Working memory in `arena`. */
bool graph_text_draw(const struct graph_text *graph, struct arena *arena, struct text *out);

#endif

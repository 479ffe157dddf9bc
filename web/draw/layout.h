/* Where the boxes and lines of a graph stand: in layers from left to right.
 *
 * Every box stands in a layer behind those it comes from, its line enters it from the left. A line
 * that passes layers has a bend in each of them, shared by all lines of the same box, and room is
 * kept for it. Where the whole would be wider than `fold_width` it goes on in a new row, like text,
 * at places that a single line passes.
 *
 * Whole numbers only, no recursion, the same result everywhere. Time and memory have a bound: a
 * graph with more bends than LAYOUT_MAX_BENDS has some lines without any, straight behind boxes. */
#ifndef DATEMILL_WEB_DRAW_LAYOUT_H
#define DATEMILL_WEB_DRAW_LAYOUT_H

#include "scheduler/base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LAYOUT_MAX_BOXES 10000
#define LAYOUT_MAX_EDGES 200000
#define LAYOUT_MAX_BENDS 20000

struct layout_size {
    int32_t width;
    int32_t height;
};

struct layout_edge {
    uint32_t from; /* stands left */
    uint32_t to;
};

struct layout_graph {
    const struct layout_size *sizes; /* of the boxes; each is made as wide as its layer */
    size_t box_count;
    const struct layout_edge *edges; /* an edge given twice is drawn once */
    size_t edge_count;
    int32_t fold_width; /* 0 = never goes on in a new row */
};

/* A box (the first box_count items, in the order given) or a bend. */
struct layout_item {
    int32_t x; /* left */
    int32_t y; /* top; a bend's line */
    int32_t width;
    int32_t height;  /* a bend: 0 */
    uint32_t layer;  /* from 0 */
    uint32_t row;    /* from 0 */
    uint32_t source; /* a bend: the box its line comes from; a box: itself */
};

/* A piece of line from the right side of an item to the left side of another. */
struct layout_link {
    uint32_t from;
    uint32_t to;
    bool is_direct; /* passes layers without bends */
    bool is_folded; /* from the end of a row to the start of the next, by way of `fold_y` */
    int32_t fold_y;
};

struct layout {
    const struct layout_item *items;
    size_t item_count;
    size_t box_count;
    const struct layout_link *links;
    size_t link_count;
    uint32_t layer_count;
    int32_t width;
    int32_t height;
    int64_t crossings; /* of links that are not direct */
};

/* False when there is a circle, a box number that does not exist, or more than the limits; all
 * memory belongs to `arena`. */
bool layout_make(const struct layout_graph *graph, struct arena *arena, struct layout *ret_layout);

#endif

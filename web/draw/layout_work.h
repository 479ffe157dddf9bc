/* A layout while it is made; for layout*.c only. Each step is a function, in the order of this
 * file. */
#ifndef DATEMILL_WEB_DRAW_LAYOUT_WORK_H
#define DATEMILL_WEB_DRAW_LAYOUT_WORK_H

#include "web/draw/layout.h"

/* Neighbours of items: those of item i are list[first[i]] to list[first[i + 1] - 1]. */
struct layout_near {
    uint32_t *first;
    uint32_t *list;
};

struct layout_work {
    const struct layout_graph *graph;
    struct arena *arena;
    struct layout_item *items;
    size_t item_count;
    struct layout_link *links;
    size_t link_count;
    struct layout_near users; /* of boxes, by the edges: each once */
    struct layout_near left;  /* of items, by links that are not direct */
    struct layout_near right;
    uint32_t *order;       /* of boxes, topological */
    uint32_t layer_count;  /* */
    uint32_t *layer_first; /* in layer_items, layer_count + 1 of them */
    uint32_t *layer_items; /* from top to bottom */
    uint32_t *place;       /* of an item within its layer */
    int64_t crossings;
    int64_t effort; /* steps that are left for improvements */
};

/* layers: of each box; false when the graph has a circle */
bool layout_rank(struct layout_work *work);

/* bends and links */
void layout_route(struct layout_work *work);

/* the order within layers, so that few lines cross */
void layout_order(struct layout_work *work);

/* heights (items[].y is the middle of an item here), then widths and rows; the size of it all */
void layout_place(struct layout_work *work);
struct layout_size layout_fold(struct layout_work *work);

#endif

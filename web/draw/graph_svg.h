/* A graph drawn as SVG: boxes with a glyph, a name and a line of notes, from left to right.
 *
 * Colours are the page's: a node has the class it is given, and glyph and words say the same
 * without colour. Names longer than GRAPH_SVG_COLUMNS are cut; the whole one is in the title. */
#ifndef DATEMILL_WEB_DRAW_GRAPH_SVG_H
#define DATEMILL_WEB_DRAW_GRAPH_SVG_H

#include "scheduler/base/arena.h"
#include "web/draw/layout.h"
#include "web/html/html.h"

#define GRAPH_SVG_COLUMNS 30 /* of a name; a Chinese character takes two */

struct graph_svg_node {
    const char *name;
    const char *glyph; /* "" = none */
    const char *note;  /* `sql · 12s · try 2/2` */
    const char *title; /* what pointing at it shows, and what a screen reader says */
    const char *state; /* class of the box, "" = none */
    const char *href;  /* "" = no link */
    const char *key;   /* value of data-node, "" = none */
    bool is_outside;   /* of another flow or cycle: dashed, as its lines are */
};

struct graph_svg {
    const struct graph_svg_node *nodes;
    size_t node_count;
    const struct layout_edge *edges;
    size_t edge_count;
    int32_t fold_width; /* as in struct layout_graph */
    const char *label;  /* of the whole, for screen readers */
    bool is_file;       /* a file of its own, with its looks in it; else a part of a page */
};

/* Writes the drawing; false when there is none (layout_make()). Working memory in `arena`. */
bool graph_svg_draw(const struct graph_svg *graph, struct arena *arena, struct html *html);

#endif

/* When each row was busy: a table of names, which are links, and a drawing beside each; below them
 * a scale of the time since the start. The drawings are as wide as their place: widths are shares
 * of it, and a bar that would be too thin to see is TIMELINE_SVG_LEAST_WIDTH pixels wide. */
#ifndef DATEMILL_WEB_DRAW_TIMELINE_SVG_H
#define DATEMILL_WEB_DRAW_TIMELINE_SVG_H

#include "scheduler/base/instant.h"
#include "web/html/html.h"

#define TIMELINE_SVG_ROW_HEIGHT 27 /* pixels: that of a row of the table */
#define TIMELINE_SVG_LEAST_WIDTH 3
#define TIMELINE_SVG_NAME_COLUMNS 22 /* a longer name is cut, and whole in its title */

struct timeline_svg_row {
    const char *name;
    const char *href;
};

struct timeline_svg_bar {
    uint32_t row; /* ascending in a list of bars */
    struct instant from;
    struct instant to;
    const char *state; /* class */
    const char *title;
    const char *href; /* "" = none */
    bool is_waiting;  /* dashed, and thinner */
};

struct timeline_svg {
    const struct timeline_svg_row *rows;
    size_t row_count;
    const struct timeline_svg_bar *bars;
    size_t bar_count;
    struct instant from; /* what the scale begins with and ends with; bars are cut there */
    struct instant to;
    const char *caption;    /* of the table, for screen readers */
    const char *bars_label; /* of each drawing, behind the row's name */
};

void timeline_svg_draw(const struct timeline_svg *timeline, struct html *html);

/* The step of a scale over `span`: a round one, so that there are at most `at_most` steps. */
struct duration timeline_svg_step(struct duration span, int at_most);

#endif

/* How a duration developed: a point each time, oldest left, with lines of reference. What went well
 * is a dot, what did not the sign of its state, so that colour alone says nothing. */
#ifndef DATEMILL_WEB_DRAW_TREND_SVG_H
#define DATEMILL_WEB_DRAW_TREND_SVG_H

#include "scheduler/base/instant.h"
#include "web/html/html.h"

struct trend_svg_point {
    struct duration value;
    const char *state; /* class */
    const char *glyph; /* "" = a dot */
    const char *title;
    const char *href; /* "" = none */
};

struct trend_svg_line {
    struct duration value;
    const char *label; /* `median 58s` */
    const char *class_name;
};

struct trend_svg {
    const struct trend_svg_point *points;
    size_t point_count;
    const struct trend_svg_line *lines;
    size_t line_count;
    const char *first; /* under the first and the last point: dates */
    const char *last;
    const char *label; /* for screen readers */
};

void trend_svg_draw(const struct trend_svg *trend, struct html *html);

#endif

/* A small row of bars beside a word: height = value, colour = kind. One path a kind, so that a page
 * may have hundreds of them. */
#ifndef DATEMILL_WEB_DRAW_BARS_SVG_H
#define DATEMILL_WEB_DRAW_BARS_SVG_H

#include "web/html/html.h"

#define BARS_SVG_KINDS 4
#define BARS_SVG_MAX 100 /* bars; more are left out, the first ones */
#define BARS_SVG_STEP 6  /* pixels from a bar to the next */
#define BARS_SVG_HEIGHT 22

struct bars_svg_bar {
    int64_t value; /* 0 is drawn as the least height */
    uint32_t kind; /* below BARS_SVG_KINDS */
};

struct bars_svg {
    const struct bars_svg_bar *bars; /* from left to right */
    size_t count;
    size_t slots;                        /* room for so many, right-aligned; at least count */
    const char *classes[BARS_SVG_KINDS]; /* of the kinds; NULL = there is none of it */
    const char *label;                   /* for screen readers: the picture in words */
};

void bars_svg_draw(const struct bars_svg *bars, struct html *html);

#endif

/* Shares of a whole as percentages with up to three decimals: places in a drawing that is as wide
 * as the page lets it be. Whole numbers only. */
#ifndef DATEMILL_WEB_DRAW_SHARE_H
#define DATEMILL_WEB_DRAW_SHARE_H

#include "web/html/html.h"

#define SHARE_PERCENT 1000
#define SHARE_WHOLE (100 * SHARE_PERCENT)

/* 0 to SHARE_WHOLE; what lies outside is cut. `whole` is positive. */
int64_t share_of(int64_t part, int64_t whole);

void share_attr(struct html *html, const char *name, int64_t share);

#endif

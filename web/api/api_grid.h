/* The grid of a flow, columnar; and what would run on a date. */
#ifndef DATEMILL_WEB_API_API_GRID_H
#define DATEMILL_WEB_API_API_GRID_H

#include "web/site/route.h"

extern const struct parameter api_grid_parameters[];

int api_show_grid(struct visit *visit, struct error *err);
int api_show_rendering(struct visit *visit, struct error *err);

#endif

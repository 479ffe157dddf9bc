/* The grid of a flow, columnar. */
#ifndef DATEMILL_WEB_API_API_GRID_H
#define DATEMILL_WEB_API_API_GRID_H

#include "web/site/route.h"

extern const struct parameter api_grid_parameters[];

int api_show_grid(struct visit *visit, struct error *err);

#endif

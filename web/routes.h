/* Every route there is. */
#ifndef DATEMILL_WEB_ROUTES_H
#define DATEMILL_WEB_ROUTES_H

#include "web/site/route.h"

extern const struct route_tables web_routes;

#endif

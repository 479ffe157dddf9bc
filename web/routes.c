#include "web/routes.h"

#include "web/pages/pages.h"

static const struct route *const tables[] = {page_flows_routes, page_health_routes,
                                             page_login_routes, page_asset_routes, NULL};

const struct route_tables web_routes = {tables};

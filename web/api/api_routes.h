/* The tables of routes; web/routes.c names them. Each is in the file of its name. */
#ifndef DATEMILL_WEB_API_API_ROUTES_H
#define DATEMILL_WEB_API_API_ROUTES_H

#include "web/site/route.h"

extern const struct route api_flow_routes[];
extern const struct route api_run_routes[];
extern const struct route api_log_routes[];
extern const struct route api_backfill_routes[];
extern const struct route api_event_routes[];
extern const struct route api_health_routes[];
extern const struct route api_table_routes[];
extern const struct route api_openapi_routes[];

#endif

/* The tables of routes, one a page: web/routes.c names them. Each is in the file of its name. */
#ifndef DATEMILL_WEB_PAGES_PAGES_H
#define DATEMILL_WEB_PAGES_PAGES_H

#include "web/site/route.h"

extern const struct route page_asset_routes[];
extern const struct route page_backfill_routes[];
extern const struct route page_backfills_routes[];
extern const struct route page_data_routes[];
extern const struct route page_date_routes[];
extern const struct route page_flows_routes[];
extern const struct route page_grid_routes[];
extern const struct route page_definition_routes[];
extern const struct route page_node_routes[];
extern const struct route page_run_routes[];
extern const struct route page_run_diff_routes[];
extern const struct route page_attempt_routes[];
extern const struct route page_health_routes[];
extern const struct route page_login_routes[];
extern const struct route page_runs_routes[];
extern const struct route page_table_routes[];

#endif

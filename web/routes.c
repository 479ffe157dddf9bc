#include "web/routes.h"

#include "web/action/actions.h"
#include "web/api/api_routes.h"
#include "web/pages/pages.h"

/* one a line, so that two who add one do not meet */
/* clang-format off */
static const struct route *const tables[] = {
    page_flows_routes,
    page_runs_routes,
    page_grid_routes,
    page_date_routes,
    page_backfills_routes,
    page_backfill_routes,
    page_data_routes,
    page_table_routes,
    page_definition_routes,
    page_node_routes,
    page_run_routes,
    page_run_diff_routes,
    page_attempt_routes,
    page_health_routes,
    page_login_routes,
    page_asset_routes,
    action_backfill_new_routes,
    action_backfill_routes,
    action_run_routes,
    action_freeze_routes,
    action_start_routes,
    api_flow_routes,
    api_run_routes,
    api_log_routes,
    api_backfill_routes,
    api_table_routes,
    api_event_routes,
    api_health_routes,
    api_openapi_routes,
    NULL
};
/* clang-format on */

const struct route_tables web_routes = {tables};

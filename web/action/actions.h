/* The tables of routes that change something; web/routes.c names them. */
#ifndef DATEMILL_WEB_ACTION_ACTIONS_H
#define DATEMILL_WEB_ACTION_ACTIONS_H

#include "web/site/route.h"

extern const struct route action_run_routes[];          /* /runs/{id}/rerun stop skip mark */
extern const struct route action_freeze_routes[];       /* /flows/{flow}/freeze unfreeze */
extern const struct route action_start_routes[];        /* /flows/{flow}/run */
extern const struct route action_backfill_routes[];     /* /backfills/{id}/pause resume … */
extern const struct route action_backfill_new_routes[]; /* /backfills/new */

#endif

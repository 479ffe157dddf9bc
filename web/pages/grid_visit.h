/* What the page of a grid shows, read from the store and the flow's file. */
#ifndef DATEMILL_WEB_PAGES_GRID_VISIT_H
#define DATEMILL_WEB_PAGES_GRID_VISIT_H

#include "scheduler/store/store_load.h"
#include "scheduler/store/view_backfill.h"
#include "web/pages/grid.h"
#include "web/site/visit.h"

struct grid_visit {
    struct visit *visit;
    const char *name;
    const struct flow *flow; /* NULL = wrong, or not on disk: `why_not` */
    struct error why_not;
    const struct zone *zone;
    struct store *store; /* NULL = nothing ever ran in this project */
    int64_t newest_event;
    size_t cols;
    bool only_failures;
    struct view_grid dates;
    struct grid_page columns_of;
    bool is_many_a_day;
    const struct view_grid_date *day; /* MANY A DAY: that is shown */
    struct grid_columns strip;        /* same */
    struct grid_columns columns;
    struct grid_rows rows;
    const struct grid_row **shown;
    size_t shown_count;
    const struct view_backfill *backfills; /* open ones, of this flow */
    size_t backfill_count;
    struct load_freezes freezes;
};

/* By the parameters of the visit, which `page` has, and the flow's name. NOT_FOUND where the flow
 * is neither on disk nor in the store. */
int grid_visit_read(struct grid_visit *page, struct error *err);

bool grid_visit_is_open(const struct grid_visit *page); /* something on it may move */

/* It ran, but not on the dates that are asked for. */
bool grid_visit_is_elsewhere(const struct grid_visit *page);

#endif

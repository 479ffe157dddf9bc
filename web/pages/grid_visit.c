#include "web/pages/grid_visit.h"

#include <string.h>

#define MAX_BANNERS 3
#define MAX_FILTERED_CELLS 12000 /* that are looked at for rows with a failure */

static size_t average_name(const struct flow *flow)
{
    size_t bytes = 0;
    for (size_t i = 0; i < flow->node_count; i++)
        bytes += strlen(flow->nodes[i].name);
    return flow->node_count == 0 ? 0 : bytes / flow->node_count;
}

static int read_dates(struct grid_visit *page, struct error *err)
{
    const struct visit *visit = page->visit;
    size_t rows = page->flow != NULL && !page->is_many_a_day ? page->flow->node_count : 0;
    size_t name = page->flow != NULL ? average_name(page->flow) : 0;
    struct view_grid_of which = {.flow = page->name,
                                 .from = visit_text(visit, "from", ""),
                                 .to = visit_text(visit, "to", "")};
    if (page->only_failures)
        rows = rows * GRID_MAX_CELLS / MAX_FILTERED_CELLS;
    which.limit = (int32_t)grid_column_limit(page->cols, rows, name);
    which.is_ascending = which.from[0] != '\0' && which.to[0] == '\0';
    if (view_grid(page->store, &which, visit->arena, &page->dates, err) != 0)
        return -1;
    /* forward to the end: the newest page, filled */
    if (which.is_ascending && page->dates.newer[0] == '\0') {
        which.is_ascending = false;
        which.from = "";
        if (view_grid(page->store, &which, visit->arena, &page->dates, err) != 0)
            return -1;
    }
    page->columns_of =
        (struct grid_page){.flow = page->flow,
                           .dates = &page->dates,
                           .is_ascending = which.is_ascending,
                           .limit = (size_t)which.limit,
                           .today = civil_add_days(zone_civil_at(page->zone, visit->now).date, -2)};
    return 0;
}

static bool has_many_a_day(const struct grid_visit *page)
{
    if (page->flow != NULL)
        return !plan_schedule_is_daily(page->flow);
    for (size_t i = 0; i < page->dates.count; i++)
        if (page->dates.items[i].count > 3)
            return true;
    return false;
}

/* The day that is asked for, or the newest of those shown. */
static int read_day(struct grid_visit *page, struct error *err)
{
    const struct visit *visit = page->visit;
    const char *asked = visit_text(visit, "date", NULL);
    struct view_grid *one = arena_alloc(visit->arena, sizeof *one);
    struct grid_page times = page->columns_of;
    grid_date_columns(&page->columns_of, visit->arena, &page->strip);
    if (asked == NULL)
        asked = page->dates.items[page->dates.count - 1].bizdate;
    struct view_grid_of which = {.flow = page->name, .from = asked, .to = asked, .limit = 1};
    if (view_grid(page->store, &which, visit->arena, one, err) != 0)
        return -1;
    if (one->count == 0) {
        error_set(err, ERROR_KIND_NOT_FOUND, "%s has no run of business date %s", page->name,
                  asked);
        return -1;
    }
    times.dates = one;
    times.limit =
        grid_column_limit(page->cols, page->flow != NULL ? page->flow->node_count : 1, 20);
    page->day = &one->items[0];
    grid_time_columns(&times, visit_text(visit, "until", ""), visit->arena, &page->columns);
    return 0;
}

static void choose_rows(struct grid_visit *page)
{
    size_t limit = GRID_MAX_CELLS / (page->columns.count == 0 ? 1 : page->columns.count);
    page->shown = arena_array(page->visit->arena, page->rows.count, sizeof *page->shown);
    for (size_t i = 0; i < page->rows.count && page->shown_count < limit; i++)
        if (!page->only_failures || page->rows.items[i].has_failure)
            page->shown[page->shown_count++] = &page->rows.items[i];
}

static int read_backfills(struct grid_visit *page, struct error *err)
{
    struct arena *arena = page->visit->arena;
    struct load_backfills open;
    if (load_open_backfills(page->store, arena, &open, err) != 0)
        return -1;
    struct view_backfill *items = arena_array(arena, MAX_BANNERS, sizeof *items);
    for (size_t i = open.count; i-- > 0 && page->backfill_count < MAX_BANNERS;) {
        if (strcmp(open.items[i].flow, page->name) != 0)
            continue;
        if (view_find_backfill(page->store, open.items[i].id, arena, &items[page->backfill_count++],
                               err) != 0)
            return -1;
    }
    page->backfills = items;
    return load_freezes(page->store, arena, &page->freezes, err);
}

static int read_history(struct grid_visit *page, struct error *err)
{
    if (view_newest_event(page->store, 0, &page->newest_event, err) != 0 ||
        read_dates(page, err) != 0 || read_backfills(page, err) != 0)
        return -1;
    page->is_many_a_day = has_many_a_day(page);
    page->strip = (struct grid_columns){.older = page->dates.older, .newer = page->dates.newer};
    page->columns = page->strip;
    if (page->dates.count == 0)
        return 0;
    if (page->is_many_a_day) {
        if (read_day(page, err) != 0)
            return -1;
    } else {
        grid_date_columns(&page->columns_of, page->visit->arena, &page->columns);
    }
    const struct grid_rows_of which = {.store = page->store,
                                       .flow_name = page->name,
                                       .flow = page->flow,
                                       .columns = &page->columns,
                                       .arena = page->visit->arena};
    if (grid_read_rows(&which, &page->rows, err) != 0)
        return -1;
    choose_rows(page);
    return 0;
}

bool grid_visit_is_elsewhere(const struct grid_visit *page)
{
    return page->dates.older[0] != '\0' || page->dates.newer[0] != '\0';
}

int grid_visit_read(struct grid_visit *page, struct error *err)
{
    struct visit *visit = page->visit;
    struct error none = {0};
    page->dates = (struct view_grid){.older = "", .newer = ""};
    page->columns = page->strip = (struct grid_columns){.older = "", .newer = ""};
    if (visit_flow(visit, page->name, &page->flow, &page->why_not) != 0)
        page->flow = NULL;
    page->zone = page->flow != NULL ? page->flow->zone : site_project_zone(visit->site);
    page->is_many_a_day = page->flow != NULL && !plan_schedule_is_daily(page->flow);
    page->cols = (size_t)visit_int(visit, "cols", 40);
    bool is_large = page->flow != NULL && page->flow->node_count * 15 > GRID_MAX_CELLS;
    page->only_failures =
        strcmp(visit_text(visit, "rows", is_large ? "failed" : "all"), "failed") == 0;
    if (visit_store(visit, &page->store, &none) != 0) {
        page->store = NULL;
        if (none.kind != ERROR_KIND_NOT_FOUND) {
            *err = none;
            return -1;
        }
    } else {
        if (store_begin_reading(page->store, err) != 0)
            return -1;
        int result = read_history(page, err);
        store_end_reading(page->store);
        if (result != 0)
            return -1;
    }
    bool has_history = page->dates.count > 0 || grid_visit_is_elsewhere(page);
    if (page->flow == NULL && page->why_not.kind == ERROR_KIND_NOT_FOUND && !has_history) {
        *err = page->why_not;
        return -1;
    }
    return 0;
}

bool grid_visit_is_open(const struct grid_visit *page)
{
    if (page->backfill_count > 0)
        return true;
    const struct grid_columns *all[] = {&page->columns, &page->strip};
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < all[k]->count; i++)
            if (all[k]->items[i].run != NULL && !run_state_is_final(all[k]->items[i].run->state))
                return true;
    return false;
}

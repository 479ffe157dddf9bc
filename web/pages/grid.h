/* The grid of a flow: business dates across, its nodes down; per node the state of its newest
 * attempt in any run of that time. Of a flow with several times a day the columns are the times of
 * one day.
 *
 * What there is to show is worked out here, `grid_html.c` writes it. */
#ifndef DATEMILL_WEB_PAGES_GRID_H
#define DATEMILL_WEB_PAGES_GRID_H

#include "scheduler/engine/task_state.h"
#include "scheduler/plan/plan_time.h"
#include "scheduler/store/view_grid.h"
#include "web/html/html.h"

#define GRID_MAX_CELLS 3000
#define GRID_MAX_BYTES 240000 /* of the cells' markup */
#define GRID_MAX_HOLES 10     /* dates without a run in a row; of more, one column for all */

struct grid_column {
    const char *bizdate;
    const char *cyctime;             /* "" = a date without a run, or many of them */
    const struct view_grid_run *run; /* the newest; NULL = none */
    int32_t run_count;
    bool is_second;
    bool is_gap;          /* many dates without a run: from bizdate … */
    const char *gap_last; /* … to this one */
};

struct grid_columns {
    struct grid_column *items; /* ascending */
    size_t count;
    const char *older; /* dates, or times of the day, "" = none */
    const char *newer;
};

/* What a page of columns is made of. */
struct grid_page {
    const struct flow *flow; /* NULL = not on disk, or wrong: nothing is known to be missing */
    const struct view_grid *dates;
    bool is_ascending; /* as in view_grid_of: the first columns are kept, else the last */
    size_t limit;
    struct civil_date today; /* business date: up to here dates are missing that have no run */
};

/* A column a date: those with a run, and between them those that the schedule has. */
void grid_date_columns(const struct grid_page *page, struct arena *arena,
                       struct grid_columns *ret_columns);

/* A column a planned time of page->dates->items[0]; the last `limit` up to `until` ("" = all). */
void grid_time_columns(const struct grid_page *page, const char *until, struct arena *arena,
                       struct grid_columns *ret_columns);

/* Of a day's times: what needs eyes first. */
enum run_state grid_day_state(const struct view_grid_date *date);

/* ---- cells ---- */

struct grid_cell {
    int64_t run_id; /* 0 = nothing to show */
    enum task_state state;
    bool is_by_hand;
};

struct grid_row {
    const char *name;
    const char *title;       /* "" = none */
    bool has_left;           /* is not in the flow any more */
    bool has_failure;        /* a cell is failed or blocked */
    struct grid_cell *cells; /* one a column */
};

struct grid_rows {
    struct grid_row *items; /* the flow's order; then what only older runs have */
    size_t count;
};

struct grid_rows_of {
    struct store *store;
    const char *flow_name;   /* for the store */
    const struct flow *flow; /* gives the order; NULL = the newest run does */
    const struct grid_columns *columns;
    struct arena *arena;
};

int grid_read_rows(const struct grid_rows_of *which, struct grid_rows *ret_rows, struct error *err);

/* How many columns a flow of so many rows may have, with names of so many bytes on average. */
size_t grid_column_limit(size_t asked, size_t rows, size_t name_bytes);

/* ---- markup ---- */

struct grid_view {
    const char *flow;
    const struct grid_columns *columns;
    const struct grid_row *const *rows; /* those shown */
    size_t row_count;
    bool is_by_time;
    bool is_sparse;       /* hardly two dates of a month: heads are years, then months and days */
    bool is_strip;        /* days only: no rows, a column links to its day */
    const char *selected; /* STRIP: the day that is shown below */
    struct instant now;
    struct arena *arena;
};

/* view->is_sparse is worked out here. */
void grid_write(struct html *html, struct grid_view view);

#endif

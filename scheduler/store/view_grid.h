/* A flow's history by business date, as a grid of dates shows it: an index finds each date, however
 * many runs there are. Conventions: view.h. */
#ifndef DATEMILL_STORE_VIEW_GRID_H
#define DATEMILL_STORE_VIEW_GRID_H

#include "scheduler/store/view_history.h"

#define VIEW_GRID_MAX_DATES 400
#define VIEW_GRID_MAX_RUNS 5000 /* of one date; the newest are looked at */

/* The newest run of a planned time. */
struct view_grid_run {
    int64_t id;
    const char *cyctime;
    bool is_second;
    enum run_state state;
    struct instant started_at;
    struct instant ended_at;
};

struct view_grid_date {
    const char *bizdate;
    const struct view_grid_run *runs; /* by (cyctime, is_second), one of each */
    size_t count;                     /* at least 1 */
    const struct view_grid_run *newest;
    int32_t run_count; /* of all of them, VIEW_GRID_MAX_RUNS at most */
};

struct view_grid_of {
    const char *flow;
    const char *from;  /* business dates, included; "" = the first there is */
    const char *to;    /* "" = the newest there is */
    bool is_ascending; /* of more dates than the limit, those after `from`; else those up to `to` */
    int32_t limit;     /* dates, 1 to VIEW_GRID_MAX_DATES */
};

struct view_grid {
    const struct view_grid_date *items; /* ascending; only dates with a run */
    size_t count;
    const char *older; /* the newest date before them, and before `from`, "" = none */
    const char *newer; /* the first date after them, and after `to`, "" = none */
};

/* An unknown flow has no dates. */
int view_grid(struct store *store, const struct view_grid_of *which, struct arena *arena,
              struct view_grid *ret_grid, struct error *err);

#endif

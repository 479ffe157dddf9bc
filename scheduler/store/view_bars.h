/* Flows at a glance: how the newest runs of each went. Conventions: view.h. */
#ifndef DATEMILL_STORE_VIEW_BARS_H
#define DATEMILL_STORE_VIEW_BARS_H

#include "scheduler/store/view.h"

#define VIEW_BARS_MAX 100

struct view_bar {
    int64_t run_id;
    const char *bizdate;
    const char *cyctime;
    enum run_state state;
    struct instant started_at;
    struct instant ended_at;
};

struct view_bars {
    const struct view_bar *items; /* newest first */
    size_t count;
};

/* The newest runs of a flow, up to `each` (1 to VIEW_BARS_MAX); none for a flow that never ran. */
struct view_bars_of {
    const char *flow;
    int32_t each;
};

int view_flow_bars(struct store *store, const struct view_bars_of *which, struct arena *arena,
                   struct view_bars *ret_bars, struct error *err);

/* How many flows there are whose newest run is failed or stopped. */
int view_count_failing(struct store *store, int64_t *ret_count, struct error *err);

#endif

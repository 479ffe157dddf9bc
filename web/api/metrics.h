/* Figures in Prometheus' text format (0.0.4). Pure. */
#ifndef DATEMILL_WEB_API_METRICS_H
#define DATEMILL_WEB_API_METRICS_H

#include "scheduler/daemon/notice.h"
#include "scheduler/store/view_history.h"
#include "web/site/site.h"

struct health {
    bool has_store;
    struct store_figures store;
    struct view_status status; /* at most VIEW_MAX_ROWS open runs */
    int64_t newest_run;
    const struct notice *engine; /* its STATUS; NULL = none answers */
};

struct metrics {
    const struct health *health;
    const struct site_traffic *traffic;
    size_t connections;
    size_t streams;
    struct instant since; /* when the page's process began */
};

void metrics_write(const struct metrics *metrics, struct text *text);

#endif

/* What all pages of one flow begin with: its name and title, and the way to the others. */
#ifndef DATEMILL_WEB_PAGES_FLOW_HEAD_H
#define DATEMILL_WEB_PAGES_FLOW_HEAD_H

#include "scheduler/flow/flow.h"
#include "web/site/visit.h"

enum flow_tab {
    FLOW_TAB_NONE,
    FLOW_TAB_GRID,
    FLOW_TAB_DEFINITION,
    FLOW_TAB_RUNS
};

/* <h1>; `flow` may be NULL: not on disk, or wrong. */
void flow_head_title(struct visit *visit, const char *name, const struct flow *flow);

/* The tabs, behind what the page says of itself. */
void flow_head_tabs(struct visit *visit, const char *name, enum flow_tab current);

#endif

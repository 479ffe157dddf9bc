/* What the page of a run shows, collected, and its sections; one file each. Everything is borrowed
 * until run_page_close() or belongs to the visit's arena. */
#ifndef DATEMILL_WEB_PAGES_RUN_PAGE_H
#define DATEMILL_WEB_PAGES_RUN_PAGE_H

#include "scheduler/daemon/notice.h"
#include "scheduler/store/view_history.h"
#include "web/pages/log_part.h"
#include "web/site/page.h"

/* A thing that a node waits for, and where NOTICE_HOLDS_UP begins the key, what waits for it. */
struct run_page_waits {
    const struct notice_item *items;
    size_t count;
    bool is_of_engine; /* else: as far as the store knows */
};

struct run_page {
    struct visit *visit;
    struct html *html; /* set when the page is begun */
    struct store *store;
    const struct zone *zone;
    struct view_run run;
    struct view_nodes nodes;
    struct view_attempts attempts; /* oldest first */
    struct view_details details;
    struct view_median median; /* of the whole run */
    struct view_node_medians medians;
    const struct flow *flow;    /* the run's definition; NULL = it cannot be read any more */
    struct flow *own_flow;      /* the same where it was read for this page */
    const struct flow *current; /* the flow as it is on disk; NULL = gone or wrong */
    struct run_page_waits waits;
    const struct view_node *shown; /* whose log is shown: failed first, or running; NULL = none */
    struct log_part log;           /* of its newest attempt */
    int32_t behind;                /* commits since the run's version; 0 = none, or not known */
    bool is_open;
};

int run_page_open(struct run_page *page, struct visit *visit, int64_t run_id, struct error *err);
void run_page_close(struct run_page *page);

/* Where the visit's store says why nodes wait, when no engine has. */
void run_page_explain(struct run_page *page);

/* The node's place in the definition, NULL where it is not in it. */
const struct flow_node *run_page_definition(const struct run_page *page, const char *name);

/* The median of a node, {0} where there is none. */
struct duration run_page_median(const struct run_page *page, const char *node);

/* From the start of this opening to its end, until now while it is open; 0 before. */
struct duration run_page_took(const struct run_page *page, const struct view_node *node);

/* `/runs/12/nodes/load?try=2`; try 0 = the newest. */
const char *run_page_attempt_url(struct visit *visit, int64_t run_id, const char *node,
                                 int32_t number);

/* `10:31:02`, `11-22 10:31:02` where the day is not that of the run's start. */
const char *run_page_clock(const struct run_page *page, struct instant at);

/* ---- sections ---- */

void run_head_write(struct run_page *page); /* heading, why, actions, facts, parameters */
void run_graph_write(struct run_page *page);
void run_timeline_write(struct run_page *page);
void run_nodes_write(struct run_page *page);
void run_story_write(struct run_page *page); /* what nodes wait for, tables, version, operations */

#endif

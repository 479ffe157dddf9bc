#include "web/pages/run_page.h"

#include "scheduler/daemon/explain_store.h"
#include "web/pages/flow_capture.h"

#include <string.h>

#define MAX_MEDIAN_NODES 2000 /* beyond, medians of all nodes would cost more than the page */

/* ---- the definition ---- */

/* Of a run whose definition is still the present one the flow is there already. */
static void find_definition(struct run_page *page)
{
    if (visit_flow(page->visit, page->run.flow, &page->current, NULL) < 0)
        page->current = NULL;
    if (page->current != NULL && strcmp(page->current->hash, page->details.hash) == 0) {
        page->flow = page->current;
        return;
    }
    page->own_flow = flow_capture_read(page->visit, page->store, page->run.version_id);
    page->flow = page->own_flow;
}

const struct flow_node *run_page_definition(const struct run_page *page, const char *name)
{
    size_t index = page->flow != NULL ? flow_find_node(page->flow, name) : FLOW_NONE;
    return index != FLOW_NONE ? &page->flow->nodes[index] : NULL;
}

/* ---- what is shown ---- */

static const struct view_node *find_node(const struct view_nodes *nodes, const char *name)
{
    for (size_t i = 0; i < nodes->count; i++) {
        if (strcmp(nodes->items[i].name, name) == 0)
            return &nodes->items[i];
    }
    return NULL;
}

/* The node that was asked for (?log=); the one that failed first; one that runs; any with a log. */
static const struct view_node *find_shown(const struct run_page *page)
{
    const char *asked = visit_text(page->visit, "log", NULL);
    const struct view_node *node = asked != NULL ? find_node(&page->nodes, asked) : NULL;
    if (node == NULL && page->run.failure.node[0] != '\0')
        node = find_node(&page->nodes, page->run.failure.node);
    for (size_t i = 0; node == NULL && i < page->nodes.count; i++) {
        const struct view_node *other = &page->nodes.items[i];
        if (other->state == TASK_RUNNING && other->attempt != NULL)
            node = other;
    }
    for (size_t i = page->nodes.count; node == NULL && i-- > 0;) {
        const struct view_node *other = &page->nodes.items[i];
        if (other->attempt != NULL && other->attempt->log_bytes > 0)
            node = other;
    }
    return node != NULL && node->attempt != NULL ? node : NULL;
}

static int read_all(struct run_page *page, int64_t run_id, struct error *err)
{
    struct arena *arena = page->visit->arena;
    struct view_place place = {.node = ""};
    if (view_find_run(page->store, run_id, arena, &page->run, err) < 0 ||
        view_run_nodes(page->store, run_id, arena, &page->nodes, err) < 0 ||
        view_run_attempts(page->store, run_id, arena, &page->attempts, err) < 0 ||
        view_run_details(page->store, run_id, arena, &page->details, err) < 0)
        return -1;
    place.flow = page->run.flow;
    if (page->nodes.count <= MAX_MEDIAN_NODES &&
        view_node_medians(page->store, page->run.flow, arena, &page->medians, err) < 0)
        return -1;
    return view_median(page->store, &place, &page->median, err);
}

int run_page_open(struct run_page *page, struct visit *visit, int64_t run_id, struct error *err)
{
    *page = (struct run_page){.visit = visit};
    if (visit_store(visit, &page->store, err) < 0 || read_all(page, run_id, err) < 0)
        return -1;
    page->zone = site_zone(visit->site, page->run.zone);
    page->is_open = !run_state_is_final(page->run.state);
    find_definition(page);
    if (page->details.commit[0] != '\0')
        page->behind = site_commits_behind(visit->site, page->details.commit);
    page->behind = page->behind > 0 ? page->behind : 0;
    page->shown = find_shown(page);
    if (page->shown != NULL)
        log_part_read(visit, page->shown->attempt, 0, &page->log);
    return 0;
}

void run_page_close(struct run_page *page)
{
    flow_free(page->own_flow);
    page->own_flow = NULL;
}

/* ---- why nodes wait ---- */

static const struct flow *find_flow(void *owner, const char *name)
{
    const struct flow *flow;
    return visit_flow(owner, name, &flow, NULL) < 0 ? NULL : flow;
}

void run_page_explain(struct run_page *page)
{
    struct explain_list list;
    struct explain_store of = {.run = &page->run,
                               .nodes = &page->nodes,
                               .flow = page->flow,
                               .now = page->visit->now,
                               .zone = page->zone,
                               .find_flow = find_flow,
                               .owner = page->visit};
    explain_store(page->store, &of, page->visit->arena, &list);
    page->waits = (struct run_page_waits){.items = list.items, .count = list.count};
}

/* ---- small things ---- */

struct duration run_page_median(const struct run_page *page, const char *node)
{
    for (size_t i = 0; i < page->medians.count; i++) {
        if (strcmp(page->medians.items[i].name, node) == 0)
            return page->medians.items[i].median.median;
    }
    return (struct duration){0};
}

struct duration run_page_took(const struct run_page *page, const struct view_node *node)
{
    if (node->started_at.us == 0)
        return (struct duration){0};
    struct instant end = node->ended_at.us != 0 ? node->ended_at : page->visit->now;
    return instant_elapsed(node->started_at, end);
}

const char *run_page_attempt_url(struct visit *visit, int64_t run_id, const char *node,
                                 int32_t number)
{
    struct url url;
    url_begin(&url, visit->arena, "/runs");
    url_part_int(&url, run_id);
    url_part(&url, "nodes");
    url_part(&url, node);
    if (number > 0)
        url_query_int(&url, "try", number);
    return url_string(&url);
}

const char *run_page_clock(const struct run_page *page, struct instant at)
{
    const char *time = visit_time(page->visit, at, page->zone);
    const char *start = visit_time(page->visit, page->run.started_at, page->zone);
    if (time[0] == '\0')
        return "";
    bool is_same_day = start[0] != '\0' && strncmp(time, start, 10) == 0;
    return is_same_day ? time + 11 : time + 5;
}

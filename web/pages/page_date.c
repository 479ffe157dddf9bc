/* /flows/{flow}/dates/{date}: all runs of a business date, and how its nodes stand.
 * /flows/{flow}/{date}: the newest of them. */
#include "web/pages/data.h"
#include "web/pages/flow_head.h"
#include "web/pages/grid.h"
#include "web/pages/pages.h"
#include "web/site/page.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define RUNS_SHOWN 200

struct page {
    struct visit *visit;
    const char *name;
    const char *bizdate;
    const struct flow *flow; /* NULL = wrong, or not on disk */
    const struct zone *zone;
    struct store *store;
    int64_t newest_event;
    struct view_grid grid; /* of this date alone: what is before and after, too */
    struct view_runs runs;
    struct view_date date; /* of the newest run's time; of a flow with one time a day */
};

static int read_runs(struct page *page, struct error *err)
{
    struct arena *arena = page->visit->arena;
    const char **names = arena_array(arena, 1, sizeof *names);
    struct run_query_dates dates;
    names[0] = page->name;
    snprintf(dates.from, sizeof dates.from, "%s", page->bizdate);
    snprintf(dates.to, sizeof dates.to, "%s", page->bizdate);
    struct run_query query = {.flows = {names, 1}, .dates = &dates, .date_count = 1};
    struct view_page list = {.limit = RUNS_SHOWN, .query = &query};
    list.after = visit_int(page->visit, "after", 0);
    return view_list_runs(page->store, &list, arena, &page->runs, err);
}

static int read_page(struct page *page, struct error *err)
{
    struct view_grid_of which = {
        .flow = page->name, .from = page->bizdate, .to = page->bizdate, .limit = 1};
    if (view_newest_event(page->store, 0, &page->newest_event, err) != 0 ||
        view_grid(page->store, &which, page->visit->arena, &page->grid, err) != 0)
        return -1;
    if (page->grid.count == 0)
        return 0;
    const struct view_grid_run *newest = page->grid.items[0].newest;
    struct view_planned planned = {page->name, newest->cyctime, newest->is_second};
    if (page->grid.items[0].count == 1 &&
        view_date_state(page->store, &planned, page->visit->arena, &page->date, err) != 0)
        return -1;
    return read_runs(page, err);
}

/* Everything there is to know. NOT_FOUND for a flow that neither is nor was. */
static int open_page(struct page *page, struct error *err)
{
    struct error why_not = {0};
    struct civil_date date;
    char text[CIVIL_DATE_BYTES];
    page->name = page->visit->parts[0];
    if (civil_date_parse(page->visit->parts[1], &date, err) != 0 ||
        strcmp(civil_date_format(date, text), page->visit->parts[1]) != 0)
        return error_set(err, ERROR_KIND_NOT_FOUND, "there is no page %s",
                         page->visit->request->path);
    page->bizdate = page->visit->parts[1];
    if (visit_flow(page->visit, page->name, &page->flow, &why_not) != 0)
        page->flow = NULL;
    page->zone = page->flow != NULL ? page->flow->zone : site_project_zone(page->visit->site);
    if (visit_store(page->visit, &page->store, err) != 0 ||
        store_begin_reading(page->store, err) != 0)
        return -1;
    int result = read_page(page, err);
    store_end_reading(page->store);
    if (result != 0)
        return -1;
    if (page->grid.count == 0 && page->flow == NULL && page->grid.older[0] == '\0' &&
        page->grid.newer[0] == '\0') {
        *err = why_not;
        return -1;
    }
    return 0;
}

/* ---- markup ---- */

static const char *date_href(const struct page *page, const char *bizdate)
{
    struct url url;
    url_begin(&url, page->visit->arena, "/flows");
    url_part(&url, page->name);
    url_part(&url, "dates");
    url_part(&url, bizdate);
    return url_string(&url);
}

static void write_actions(struct page *page)
{
    struct html *html = &page->visit->html;
    struct url url;
    url_begin(&url, page->visit->arena, "/backfills/new");
    url_query(&url, "flow", page->name);
    url_query(&url, "from", page->bizdate);
    url_query(&url, "to", page->bizdate);
    html_open(html, "div");
    html_attr(html, "class", "actions");
    page_action_link(page->visit, url_string(&url), string_of(html->language, STR_DATE_BACKFILL));
    html_open(html, "span");
    html_attr(html, "class", "cli");
    html_open(html, "code");
    html_format(html, "datemill run %s %s", page->name, page->bizdate);
    html_close(html, "code");
    html_close(html, "span");
    html_open(html, "span");
    html_attr(html, "class", "end");
    if (page->grid.older[0] != '\0')
        page_action_link(page->visit, date_href(page, page->grid.older),
                         arena_format(page->visit->arena, "← %s", page->grid.older));
    html_text(html, " ");
    if (page->grid.newer[0] != '\0')
        page_action_link(page->visit, date_href(page, page->grid.newer),
                         arena_format(page->visit->arena, "%s →", page->grid.newer));
    html_close(html, "span");
    html_close(html, "div");
}

static const char *run_href(const struct page *page, int64_t run_id, const char *node)
{
    struct url url;
    url_begin(&url, page->visit->arena, "/runs");
    url_part_int(&url, run_id);
    if (node[0] != '\0')
        url_fragment(&url, arena_format(page->visit->arena, "n-%s", node));
    return url_string(&url);
}

static void write_run(struct page *page, const struct view_run *run)
{
    struct html *html = &page->visit->html;
    const char *state = run_state_name(run->state);
    html_open(html, "tr");
    html_attr(html, "class", state);
    html_attr_int(html, "data-run", run->id);
    html_attr(html, "data-node", "");
    html_open(html, "th");
    html_attr(html, "scope", "row");
    html_attr(html, "class", "nb");
    html_link(html, run_href(page, run->id, ""),
              arena_format(page->visit->arena, "%lld", (long long)run->id));
    html_close(html, "th");
    html_open(html, "td");
    page_state(html, state);
    html_close(html, "td");
    html_open(html, "td");
    html_attr(html, "class", "nb");
    html_format(html, "%.10s %.5s%s", run->cyctime, run->cyctime + 11, run->is_second ? "′" : "");
    html_close(html, "td");
    html_element(html, "td", NULL, run->trigger);
    html_open(html, "td");
    html_attr(html, "class", "nb");
    page_time(page->visit, run->started_at, page->zone);
    html_close(html, "td");
    html_open(html, "td");
    html_attr(html, "class", "n");
    if (run->started_at.us != 0)
        html_text(html, visit_duration(page->visit,
                                       instant_elapsed(run->started_at, run->ended_at.us != 0
                                                                            ? run->ended_at
                                                                            : page->visit->now)));
    html_close(html, "td");
    html_open(html, "td");
    html_attr(html, "class", "cut");
    if (run->failure.node[0] != '\0') {
        html_attr_format(html, "title", "%s: %s", run->failure.node, run->failure.text);
        html_format(html, "%s: %s", run->failure.node, run->failure.text);
    }
    html_close(html, "td");
    html_close(html, "tr");
}

static void write_runs(struct page *page)
{
    static const enum string_key keys[] = {STR_RUN,     STR_STATE,    STR_CYCTIME, STR_TRIGGER,
                                           STR_STARTED, STR_DURATION, STR_REASON};
    struct html *html = &page->visit->html;
    html_element_say(html, "h2", NULL, STR_NAV_RUNS);
    html_open(html, "div");
    html_attr(html, "class", "scroll");
    html_open(html, "table");
    html_attr(html, "class", "list");
    data_head(html, keys, sizeof keys / sizeof keys[0], 1u << 5); /* the duration */
    html_open(html, "tbody");
    for (size_t i = 0; i < page->runs.count; i++)
        write_run(page, &page->runs.items[i]);
    html_close(html, "tbody");
    html_close(html, "table");
    html_close(html, "div");
    if (page->runs.next == 0)
        return;
    struct url url;
    url_begin(&url, page->visit->arena, date_href(page, page->bizdate));
    url_query_int(&url, "after", page->runs.next);
    html_open(html, "nav");
    html_attr(html, "class", "pager");
    html_attr(html, "aria-label", string_of(html->language, STR_NAV_RUNS));
    page_action_link(page->visit, url_string(&url), string_of(html->language, STR_OLDER));
    html_close(html, "nav");
}

static void write_node(struct page *page, const struct view_date_node *node)
{
    struct html *html = &page->visit->html;
    const char *state = task_state_name(node->state);
    html_open(html, "tr");
    html_attr(html, "class", state);
    html_attr_int(html, "data-run", node->run_id);
    html_attr(html, "data-node", node->name);
    html_open(html, "th");
    html_attr(html, "scope", "row");
    html_link(html, run_href(page, node->run_id, node->name), node->name);
    html_close(html, "th");
    html_open(html, "td");
    page_state(html, state);
    if (node->is_by_hand) {
        html_text(html, " ");
        html_element_say(html, "small", NULL, STR_DATE_BY_HAND);
    }
    html_close(html, "td");
    html_open(html, "td");
    html_attr(html, "class", "nb");
    page_time(page->visit, node->changed_at, page->zone);
    html_close(html, "td");
    html_open(html, "td");
    html_link(html, run_href(page, node->run_id, ""),
              arena_format(page->visit->arena, "%lld", (long long)node->run_id));
    html_close(html, "td");
    html_close(html, "tr");
}

/* Where the date has one planned time; else the grid of the day says it. */
static void write_nodes(struct page *page)
{
    static const enum string_key keys[] = {STR_NODE, STR_STATE, STR_DATE_SINCE, STR_RUN};
    struct html *html = &page->visit->html;
    html_element_say(html, "h2", NULL, STR_DATE_NODES);
    if (page->grid.items[0].count > 1) {
        struct url url;
        url_begin(&url, page->visit->arena, "/flows");
        url_part(&url, page->name);
        url_query(&url, "date", page->bizdate);
        html_open(html, "p");
        html_link(html, url_string(&url), string_of(html->language, STR_DATE_TIMES));
        html_close(html, "p");
        return;
    }
    html_element_say(html, "p", "hint", STR_DATE_NODES_HINT);
    html_open(html, "div");
    html_attr(html, "class", "scroll");
    html_open(html, "table");
    html_attr(html, "class", "list");
    data_head(html, keys, sizeof keys / sizeof keys[0], 0);
    html_open(html, "tbody");
    for (size_t i = 0; i < page->date.node_count; i++)
        write_node(page, &page->date.nodes[i]);
    html_close(html, "tbody");
    html_close(html, "table");
    html_close(html, "div");
}

static bool is_open(const struct page *page)
{
    for (size_t i = 0; i < page->runs.count; i++)
        if (!run_state_is_final(page->runs.items[i].state))
            return true;
    return false;
}

static void write_body(struct page *page)
{
    struct html *html = &page->visit->html;
    html_open(html, "div");
    html_attr(html, "id", "date");
    html_flag(html, "data-part");
    if (page->grid.count == 0) {
        html_open(html, "div");
        html_attr(html, "class", "empty");
        html_say(html, STR_DATE_NO_RUN);
        html_open(html, "code");
        html_format(html, "datemill run %s %s", page->name, page->bizdate);
        html_close(html, "code");
        html_close(html, "div");
    } else {
        write_runs(page);
        write_nodes(page);
    }
    html_close(html, "div");
}

static int answer_date(struct visit *visit, struct error *err)
{
    struct page page = {.visit = visit};
    struct url flow;
    if (open_page(&page, err) != 0)
        return -1;
    if (!is_open(&page) &&
        visit_is_unchanged(visit, arena_format(visit->arena, "%" PRId64, page.newest_event)))
        return 0;
    url_begin(&flow, visit->arena, "/flows");
    url_part(&flow, page.name);
    struct page_head head = {.title = arena_format(visit->arena, "%s %s", page.name, page.bizdate),
                             .nav = PAGE_NAV_FLOWS,
                             .zone = page.zone,
                             .crumbs = {{"/", string_of(visit->language, STR_NAV_FLOWS)},
                                        {url_string(&flow), page.name}}};
    if (is_open(&page))
        head.events = arena_format(visit->arena, "/api/v1/events?flow=%s&after=%lld", page.name,
                                   (long long)page.newest_event);
    struct html *html = page_begin(visit, &head);
    html_open(html, "h1");
    html_text(html, page.name);
    html_text(html, " ");
    html_element(html, "span", NULL, page.bizdate);
    html_close(html, "h1");
    html_open(html, "p");
    html_attr(html, "class", "sub dots");
    html_element_say(html, "span", NULL, STR_BIZDATE);
    if (page.grid.count > 0 && page.grid.items[0].count == 1) {
        const char *cyctime = page.grid.items[0].newest->cyctime;
        const char *planned = arena_format(visit->arena, "%.10s %.5s", cyctime, cyctime + 11);
        html_open(html, "span");
        html_say_with(html, STR_DATE_PLANNED, (const char *const[]){planned, NULL});
        html_close(html, "span");
    }
    if (page.grid.count > 0) {
        html_open(html, "span");
        html_say_count(html, STR_RUN_COUNT, page.grid.items[0].run_count);
        html_close(html, "span");
    }
    html_close(html, "p");
    write_actions(&page);
    write_body(&page);
    return page_end(visit);
}

/* A short address for chats and alerts. */
static int answer_alias(struct visit *visit, struct error *err)
{
    struct page page = {.visit = visit};
    if (open_page(&page, err) != 0)
        return -1;
    return visit_redirect(visit, page.grid.count == 0
                                     ? date_href(&page, page.bizdate)
                                     : run_href(&page, page.grid.items[0].newest->id, ""));
}

static const struct parameter date_parameters[] = {
    {.name = "after", .kind = PARAMETER_INT, .min = 1, .max = INT64_MAX}, {.name = NULL}};

const struct route page_date_routes[] = {
    {.pattern = "/flows/{flow}/dates/{date}",
     .methods = HTTP_GET,
     .parameters = date_parameters,
     .answer = answer_date},
    {.pattern = "/flows/{flow}/{date}", .methods = HTTP_GET, .answer = answer_alias},
    {.pattern = NULL}};

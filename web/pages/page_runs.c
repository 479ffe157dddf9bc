/* /runs: runs that match a query, newest first. */
#include "web/pages/pages.h"

#include "scheduler/store/view_history.h"
#include "web/site/page.h"

#include <inttypes.h>
#include <string.h>

#define RUNS_A_PAGE 50

struct page {
    struct visit *visit;
    struct html *html;
    const char *text; /* of the query */
    struct run_query query;
    struct view_runs runs;
    int64_t newest_event;
    bool has_store;
};

static const char *url_of(struct visit *visit, const char *query, int64_t after)
{
    struct url url;
    url_begin(&url, visit->arena, "/runs");
    if (query[0] != '\0')
        url_query(&url, "q", query);
    if (after != 0)
        url_query_int(&url, "after", after);
    return url_string(&url);
}

/* ---- the search ---- */

static void write_filters(struct page *page)
{
    static const struct {
        enum string_key text;
        const char *query;
    } filters[] = {{STR_RUNS_ALL, ""},
                   {STR_STATE_FAILED, "state:failed"},
                   {STR_STATE_RUNNING, "state:running,waiting"},
                   {STR_STATE_STOPPED, "state:stopped"},
                   {STR_RUNS_TODAY, "since:1d"}};
    struct html *html = page->html;
    html_open(html, "nav");
    html_attr(html, "class", "tabs");
    html_attr(html, "aria-label", string_of(html->language, STR_RUNS_FILTERS));
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
        html_open(html, "a");
        html_attr(html, "href", url_of(page->visit, filters[i].query, 0));
        if (strcmp(filters[i].query, page->text) == 0)
            html_attr(html, "aria-current", "page");
        html_say(html, filters[i].text);
        html_close(html, "a");
    }
    html_close(html, "nav");
}

static void write_form(struct page *page, const struct error *wrong)
{
    struct html *html = page->html;
    html_open(html, "form");
    html_attr(html, "class", "form");
    html_attr(html, "action", "/runs");
    html_open(html, "label");
    html_attr(html, "for", "query");
    html_say(html, STR_RUNS_QUERY);
    html_close(html, "label");
    html_void(html, "input");
    html_attr(html, "id", "query");
    html_attr(html, "name", "q");
    html_attr(html, "type", "search");
    html_attr(html, "value", page->text);
    html_attr_int(html, "maxlength", RUN_QUERY_MAX_BYTES);
    if (wrong != NULL) {
        html_attr(html, "aria-invalid", "true");
        html_attr(html, "aria-describedby", "query-wrong");
        html_open(html, "p");
        html_attr(html, "class", "wrong");
        html_attr(html, "id", "query-wrong");
        html_text(html, wrong->text);
        if (wrong->help[0] != '\0')
            html_format(html, "; %s", wrong->help);
        html_close(html, "p");
    }
    html_open(html, "p");
    html_attr(html, "class", "hint");
    html_say(html, STR_RUNS_GRAMMAR);
    html_text(html, " ");
    html_element(html, "code", NULL,
                 "flow:smartrm* state:failed date:2021-11 node:sales_stat since:7d \"no such\"");
    html_close(html, "p");
    html_close(html, "form");
}

/* The query again, with the part that is wrong marked. */
static void write_mark(struct page *page, const struct error *wrong)
{
    struct html *html = page->html;
    size_t length = strlen(page->text);
    size_t begin = wrong->column > 0 ? (size_t)wrong->column - 1 : 0;
    size_t size = wrong->line > 0 ? (size_t)wrong->line : 0;
    if (wrong->column == 0 || begin > length)
        return;
    if (size > length - begin)
        size = length - begin;
    html_open(html, "pre");
    html_bytes(html, page->text, begin);
    html_open(html, "mark");
    html_bytes(html, page->text + begin, size);
    html_close(html, "mark");
    html_text(html, page->text + begin + size);
    html_close(html, "pre");
}

/* ---- the list ---- */

static void write_columns(struct html *html)
{
    static const enum string_key titles[] = {STR_RUN,     STR_STATE,    STR_FLOW,  STR_BIZDATE,
                                             STR_STARTED, STR_DURATION, STR_REASON};
    html_open(html, "thead");
    html_open(html, "tr");
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
        html_open(html, "th");
        html_attr(html, "scope", "col");
        if (titles[i] == STR_DURATION)
            html_attr(html, "class", "n");
        html_say(html, titles[i]);
        html_close(html, "th");
    }
    html_close(html, "tr");
    html_close(html, "thead");
}

static void write_duration(struct page *page, const struct view_run *run)
{
    struct html *html = page->html;
    bool is_open = run->ended_at.us == 0 && run->started_at.us != 0;
    html_open(html, "td");
    html_attr(html, "class", "n");
    if (is_open) {
        char utc[CIVIL_TIME_BYTES];
        civil_time_format(civil_from_seconds(run->started_at.us / DURATION_SECOND_US), utc);
        html_open(html, "span");
        html_attr_format(html, "data-since", "%sZ", utc);
        html_text(html,
                  visit_duration(page->visit, instant_elapsed(run->started_at, page->visit->now)));
        html_close(html, "span");
    } else if (run->started_at.us != 0) {
        html_text(html,
                  visit_duration(page->visit, instant_elapsed(run->started_at, run->ended_at)));
    }
    html_close(html, "td");
}

static void write_why(struct page *page, const struct view_run *run)
{
    struct html *html = page->html;
    html_open(html, "td");
    html_attr(html, "class", "cut");
    if (run->failure.node[0] != '\0') {
        html_attr_format(html, "title", "%s: %s", run->failure.node, run->failure.text);
        html_open(html, "a");
        html_attr_format(html, "href", "/runs/%" PRId64 "#n-%s", run->id, run->failure.node);
        html_text(html, run->failure.node);
        html_close(html, "a");
        html_format(html, ": %s", run->failure.text);
    } else if (run->hold != RUN_HOLD_NONE && !run_state_is_final(run->state)) {
        html_text(html, run_hold_name(run->hold));
    }
    html_close(html, "td");
}

static void write_row(struct page *page, const struct view_run *run)
{
    struct html *html = page->html;
    struct visit *visit = page->visit;
    struct url flow;
    url_begin(&flow, visit->arena, "/flows");
    url_part(&flow, run->flow);
    const char *flow_url = url_string(&flow);
    url_part(&flow, run->bizdate);
    html_open(html, "tr");
    html_attr_int(html, "data-run", run->id);
    html_open(html, "th");
    html_attr(html, "scope", "row");
    html_attr(html, "class", "nb");
    html_link(html, arena_format(visit->arena, "/runs/%" PRId64, run->id),
              arena_format(visit->arena, "%" PRId64, run->id));
    html_close(html, "th");
    html_open(html, "td");
    html_attr(html, "data-node", "");
    page_state(html, run_state_name(run->state));
    html_close(html, "td");
    html_open(html, "td");
    html_attr(html, "class", "wrap");
    html_link(html, flow_url, run->flow);
    html_close(html, "td");
    html_open(html, "td");
    html_attr(html, "class", "nb");
    html_link(html, url_string(&flow), run->bizdate);
    html_element(
        html, "small", NULL,
        page_fill(visit, STR_RUNS_PLANNED,
                  arena_format(visit->arena, "%.10s %.5s", run->cyctime, run->cyctime + 11), NULL));
    html_close(html, "td");
    html_open(html, "td");
    html_attr(html, "class", "nb");
    page_time(visit, run->started_at, site_zone(visit->site, run->zone));
    html_element(html, "small", NULL, run->trigger);
    html_close(html, "td");
    write_duration(page, run);
    write_why(page, run);
    html_close(html, "tr");
}

static void write_pager(struct page *page)
{
    struct html *html = page->html;
    if (page->runs.next == 0 && !visit_has(page->visit, "after"))
        return;
    html_open(html, "nav");
    html_attr(html, "class", "pager");
    html_attr(html, "aria-label", string_of(html->language, STR_PAGER));
    if (visit_has(page->visit, "after"))
        html_link(html, url_of(page->visit, page->text, 0),
                  string_of(html->language, STR_RUNS_NEWEST));
    if (page->runs.next != 0)
        html_link(html, url_of(page->visit, page->text, page->runs.next),
                  string_of(html->language, page->runs.is_partial ? STR_RUNS_GO_ON : STR_OLDER));
    html_close(html, "nav");
}

static void write_list(struct page *page)
{
    struct html *html = page->html;
    html_open(html, "div");
    html_attr(html, "class", "scroll");
    html_attr(html, "id", "runs");
    html_flag(html, "data-part");
    html_attr(html, "tabindex", "0");
    html_attr(html, "role", "region");
    html_attr(html, "aria-label", string_of(html->language, STR_NAV_RUNS));
    html_open(html, "table");
    html_attr(html, "class", "list");
    write_columns(html);
    html_open(html, "tbody");
    for (size_t i = 0; i < page->runs.count; i++)
        write_row(page, &page->runs.items[i]);
    html_close(html, "tbody");
    html_close(html, "table");
    html_close(html, "div");
}

static void write_empty(struct page *page)
{
    struct html *html = page->html;
    enum string_key text = STR_RUNS_NONE_MATCH;
    if (page->runs.is_partial)
        text = STR_RUNS_NONE_YET;
    else if (!page->has_store || page->text[0] == '\0')
        text = STR_RUNS_NONE;
    html_open(html, "div");
    html_attr(html, "class", "empty");
    html_element_say(html, "p", NULL, text);
    if (text == STR_RUNS_NONE)
        html_element(html, "code", NULL, "datemill run hello");
    html_close(html, "div");
}

/* ---- the page ---- */

static bool has_open(const struct page *page)
{
    for (size_t i = 0; i < page->runs.count; i++) {
        if (!run_state_is_final(page->runs.items[i].state))
            return true;
    }
    return false;
}

static int write_page(struct page *page, const struct error *wrong)
{
    struct visit *visit = page->visit;
    struct url alternate;
    bool is_first = !visit_has(visit, "after");
    url_begin(&alternate, visit->arena, "/api/v1/runs");
    if (page->text[0] != '\0')
        url_query(&alternate, "q", page->text);
    struct page_head head = {.title = string_of(visit->language, STR_NAV_RUNS),
                             .nav = PAGE_NAV_RUNS,
                             .query = page->text,
                             .alternate = wrong == NULL ? url_string(&alternate) : NULL};
    if (wrong == NULL && (is_first || has_open(page)))
        head.events =
            arena_format(visit->arena, "/api/v1/events?after=%" PRId64, page->newest_event);
    page->html = page_begin(visit, &head);
    html_element_say(page->html, "h1", NULL, STR_NAV_RUNS);
    write_filters(page);
    write_form(page, wrong);
    if (wrong != NULL)
        write_mark(page, wrong);
    else if (page->runs.count == 0)
        write_empty(page);
    else
        write_list(page);
    write_pager(page);
    return page_end(visit);
}

static int read_runs(struct page *page, struct error *err)
{
    struct store *store;
    struct view_page list = {
        .limit = RUNS_A_PAGE, .after = visit_int(page->visit, "after", 0), .query = &page->query};
    if (visit_store(page->visit, &store, err) < 0) {
        if (err->kind != ERROR_KIND_NOT_FOUND)
            return -1;
        *err = (struct error){0};
        return 0;
    }
    page->has_store = true;
    if (view_newest_event(store, 0, &page->newest_event, err) < 0)
        return -1;
    return view_list_runs(store, &list, page->visit->arena, &page->runs, err);
}

static int answer_runs(struct visit *visit, struct error *err)
{
    struct page page = {.visit = visit, .text = visit_text(visit, "q", "")};
    struct error wrong = {0};
    if (run_query_parse(page.text, visit->now, visit->arena, &page.query, &wrong) < 0) {
        visit->response->status = 400;
        return write_page(&page, &wrong);
    }
    if (read_runs(&page, err) < 0)
        return -1;
    bool is_settled = !has_open(&page) && page.query.since.us == 0;
    if (is_settled &&
        visit_is_unchanged(visit, arena_format(visit->arena, "%" PRId64, page.newest_event)))
        return 0;
    return write_page(&page, NULL);
}

static const struct parameter runs_parameters[] = {
    {.name = "q", .kind = PARAMETER_TEXT, .max = RUN_QUERY_MAX_BYTES},
    {.name = "after", .kind = PARAMETER_INT, .min = 1, .max = INT64_MAX},
    {.name = NULL}};

const struct route page_runs_routes[] = {
    {.pattern = "/runs", .methods = HTTP_GET, .parameters = runs_parameters, .answer = answer_runs},
    {.pattern = NULL}};

/* /flows/F/nodes/N: one node through its runs. */
#include "scheduler/base/suggest.h"
#include "scheduler/flow/flow_need.h"
#include "scheduler/store/view_history.h"
#include "web/draw/trend_svg.h"
#include "web/html/ansi.h"
#include "web/pages/pages.h"
#include "web/pages/run_page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ATTEMPTS 100

struct node_page {
    struct visit *visit;
    struct html *html;
    struct store *store;
    const struct zone *zone;
    const char *flow_name;
    const char *name;
    const struct flow *flow;       /* NULL = gone or wrong */
    const struct flow_node *node;  /* NULL = it is not in the flow */
    struct view_attempts attempts; /* newest first */
    const struct view_run *runs;   /* of each of them */
    struct duration median;        /* of those that went well */
    struct duration p95;
    size_t successes;
};

/* ---- reading ---- */

static const char *state_of(const struct view_attempt *attempt)
{
    if (attempt->state != ATTEMPT_ENDED)
        return attempt->state == ATTEMPT_RUNNING ? "running" : "waiting";
    if (attempt->outcome.end == ATTEMPT_END_SUCCESS)
        return "success";
    return attempt->outcome.end == ATTEMPT_END_STOPPED ? "stopped" : "failed";
}

static struct duration took(const struct node_page *page, const struct view_attempt *attempt)
{
    if (attempt->started_at.us == 0)
        return (struct duration){0};
    struct instant end = attempt->ended_at.us != 0 ? attempt->ended_at : page->visit->now;
    return instant_elapsed(attempt->started_at, end);
}

static int compare_durations(const void *a, const void *b)
{
    const struct duration *left = a;
    const struct duration *right = b;
    return (left->us > right->us) - (left->us < right->us);
}

static void measure(struct node_page *page)
{
    struct duration *all = arena_array(page->visit->arena, page->attempts.count + 1, sizeof *all);
    for (size_t i = 0; i < page->attempts.count; i++) {
        const struct view_attempt *attempt = &page->attempts.items[i];
        if (strcmp(state_of(attempt), "success") == 0)
            all[page->successes++] = took(page, attempt);
    }
    if (page->successes == 0)
        return;
    qsort(all, page->successes, sizeof *all, compare_durations);
    page->median = all[(page->successes - 1) / 2];
    page->p95 = all[(page->successes * 95 + 99) / 100 - 1];
}

static int read_attempts(struct node_page *page, struct error *err)
{
    struct arena *arena = page->visit->arena;
    struct view_node_list list = {
        .place = {page->flow_name, page->name},
        .page = {.limit = ATTEMPTS, .after = visit_int(page->visit, "after", 0)}};
    if (view_node_history(page->store, &list, arena, &page->attempts, err) < 0)
        return -1;
    struct view_run *runs = arena_array(arena, page->attempts.count + 1, sizeof *runs);
    for (size_t i = 0; i < page->attempts.count; i++) {
        if (view_find_run(page->store, page->attempts.items[i].run_id, arena, &runs[i], err) < 0)
            return -1;
    }
    page->runs = runs;
    measure(page);
    return 0;
}

static int fail_unknown(struct node_page *page, struct error *err)
{
    error_set(err, ERROR_KIND_NOT_FOUND, "flow %s has no node `%.63s`", page->flow_name,
              page->name);
    const char **names = arena_array(page->visit->arena, page->flow->node_count, sizeof *names);
    for (size_t i = 0; i < page->flow->node_count; i++)
        names[i] = page->flow->nodes[i].name;
    const char *best = suggest_among(page->name, names, page->flow->node_count);
    return best != NULL ? error_help(err, "did you mean `%s`?", best) : -1;
}

/* A store that is not there yet is no reason to hide what the node is. */
static int open_page(struct node_page *page, struct error *err)
{
    struct visit *visit = page->visit;
    struct error flow_error = {0};
    struct error store_error = {0};
    if (visit_flow(visit, page->flow_name, &page->flow, &flow_error) < 0)
        page->flow = NULL;
    size_t index = page->flow != NULL ? flow_find_node(page->flow, page->name) : FLOW_NONE;
    page->node = index != FLOW_NONE ? &page->flow->nodes[index] : NULL;
    page->zone = page->flow != NULL ? site_zone(visit->site, zone_name(page->flow->zone))
                                    : site_project_zone(visit->site);
    if (visit_store(visit, &page->store, &store_error) < 0) {
        if (page->node != NULL && store_error.kind == ERROR_KIND_NOT_FOUND)
            return 0;
        *err = page->flow == NULL ? flow_error : store_error;
        return -1;
    }
    if (read_attempts(page, err) < 0)
        return -1;
    if (page->node != NULL || page->attempts.count > 0 || visit_has(visit, "after"))
        return 0;
    if (page->flow != NULL)
        return fail_unknown(page, err);
    *err = flow_error;
    return -1;
}

/* ---- what it is ---- */

/* Links that may stand below each other are large enough for a finger. */
static void write_chip(struct html *html, const char *href, const char *text)
{
    html_open(html, "a");
    html_attr(html, "class", "button small");
    html_attr(html, "href", href);
    html_text(html, text);
    html_close(html, "a");
    html_text(html, " ");
}

static void write_needs(struct node_page *page)
{
    struct html *html = page->html;
    html_open(html, "div");
    html_element_say(html, "dt", NULL, STR_NEEDS);
    html_open(html, "dd");
    for (size_t i = 0; i < page->node->need_count; i++) {
        const struct flow_need *need = &page->node->needs[i];
        struct url url;
        url_begin(&url, page->visit->arena, "/flows");
        url_part(&url, need->flow != NULL ? need->flow : page->flow_name);
        if (!flow_need_is_all(need)) {
            url_part(&url, "nodes");
            url_part(&url, need->node);
        }
        write_chip(html, url_string(&url), flow_need_text(need, page->visit->arena));
    }
    if (page->node->need_count == 0)
        html_text(html, "–");
    html_close(html, "dd");
    html_close(html, "div");
}

static bool needs_it(const struct node_page *page, const struct flow_node *other)
{
    for (size_t i = 0; i < other->need_count; i++) {
        if (other->needs[i].index == page->node->index)
            return true;
    }
    return false;
}

static void write_users(struct node_page *page)
{
    struct html *html = page->html;
    bool has_one = false;
    html_open(html, "div");
    html_element_say(html, "dt", NULL, STR_NEEDED_BY);
    html_open(html, "dd");
    for (size_t i = 0; i < page->flow->node_count; i++) {
        const struct flow_node *other = &page->flow->nodes[i];
        struct url url;
        if (!needs_it(page, other))
            continue;
        has_one = true;
        url_begin(&url, page->visit->arena, "/flows");
        url_part(&url, page->flow_name);
        url_part(&url, "nodes");
        url_part(&url, other->name);
        write_chip(html, url_string(&url), other->name);
    }
    if (!has_one)
        html_text(html, "–");
    html_close(html, "dd");
    html_close(html, "div");
}

static void write_fact(struct html *html, enum string_key name, const char *text)
{
    html_open(html, "div");
    html_element_say(html, "dt", NULL, name);
    html_element(html, "dd", NULL, text);
    html_close(html, "div");
}

static void write_facts(struct node_page *page)
{
    struct html *html = page->html;
    struct arena *arena = page->visit->arena;
    char text[DURATION_TEXT_BYTES];
    html_open(html, "dl");
    html_attr(html, "class", "facts");
    if (page->node != NULL) {
        write_fact(html, STR_TYPE, page->node->type->name);
        write_needs(page);
        write_users(page);
        if (page->node->retry.max > 0)
            write_fact(html, STR_RETRIES, arena_format(arena, "%d", page->node->retry.max));
        if (page->node->timeout.us > 0)
            write_fact(html, STR_TIMEOUT,
                       arena_copy_string(arena, duration_format_exact(page->node->timeout, text)));
    }
    if (page->successes > 0) {
        write_fact(html, STR_MEDIAN, visit_duration(page->visit, page->median));
        write_fact(html, STR_P95, visit_duration(page->visit, page->p95));
    }
    html_close(html, "dl");
}

/* ---- trend ---- */

static void add_point(struct node_page *page, struct trend_svg *trend,
                      struct trend_svg_point *points, size_t index)
{
    struct visit *visit = page->visit;
    const struct view_attempt *attempt = &page->attempts.items[index];
    const char *state = state_of(attempt);
    if (attempt->started_at.us == 0)
        return;
    points[trend->point_count++] = (struct trend_svg_point){
        .value = took(page, attempt),
        .state = state,
        .glyph = strcmp(state, "success") == 0 ? "" : string_state_glyph(state),
        .title = arena_format(visit->arena, "%s · %s · %s", page->runs[index].bizdate,
                              string_state(visit->language, state),
                              visit_duration(visit, took(page, attempt))),
        .href = run_page_attempt_url(visit, attempt->run_id, page->name, attempt->number)};
}

/* Points stand in the order of their runs, whose business dates may go to and fro. */
static const char *day_of(const struct node_page *page, const struct view_attempt *attempt)
{
    const char *time = visit_time(page->visit, attempt->started_at, page->zone);
    return arena_format(page->visit->arena, "%.10s", time);
}

static void write_trend(struct node_page *page)
{
    struct html *html = page->html;
    struct visit *visit = page->visit;
    struct trend_svg_point *points =
        arena_array(visit->arena, page->attempts.count + 1, sizeof *points);
    struct trend_svg_line lines[2];
    struct trend_svg trend = {.points = points,
                              .lines = lines,
                              .first = "",
                              .last = "",
                              .label = string_of(visit->language, STR_TREND)};
    for (size_t i = page->attempts.count; i-- > 0;)
        add_point(page, &trend, points, i);
    if (trend.point_count < 2)
        return;
    trend.first = day_of(page, &page->attempts.items[page->attempts.count - 1]);
    trend.last = day_of(page, &page->attempts.items[0]);
    if (page->successes > 0)
        lines[trend.line_count++] = (struct trend_svg_line){
            page->median,
            arena_format(visit->arena, "%s %s", string_of(visit->language, STR_MEDIAN),
                         visit_duration(visit, page->median)),
            "median"};
    if (page->successes >= 20)
        lines[trend.line_count++] = (struct trend_svg_line){
            page->p95, arena_format(visit->arena, "p95 %s", visit_duration(visit, page->p95)),
            "line p95"};
    html_open(html, "section");
    html_attr(html, "id", "trend");
    html_element_say(html, "h2", NULL, STR_TREND);
    html_open(html, "div");
    html_attr(html, "class", "card");
    trend_svg_draw(&trend, html);
    html_close(html, "div");
    html_close(html, "section");
}

/* ---- attempts ---- */

static void write_columns(struct html *html)
{
    static const struct {
        enum string_key text;
        const char *class_name;
    } columns[] = {{STR_BIZDATE, NULL}, {STR_RUN, "n"},   {STR_STATE, NULL}, {STR_STARTED, "n"},
                   {STR_DURATION, "n"}, {STR_TRIES, "n"}, {STR_CPU, "n"},    {STR_REASON, NULL}};
    html_open(html, "thead");
    html_open(html, "tr");
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        html_open(html, "th");
        html_attr(html, "scope", "col");
        if (columns[i].class_name != NULL)
            html_attr(html, "class", columns[i].class_name);
        html_say(html, columns[i].text);
        html_close(html, "th");
    }
    html_close(html, "tr");
    html_close(html, "thead");
}

static void write_attempt(struct node_page *page, size_t index)
{
    struct html *html = page->html;
    struct visit *visit = page->visit;
    const struct view_attempt *attempt = &page->attempts.items[index];
    struct ansi ansi;
    ansi_init(&ansi);
    html_open(html, "tr");
    html_open(html, "th");
    html_attr(html, "scope", "row");
    html_link(html, run_page_attempt_url(visit, attempt->run_id, page->name, attempt->number),
              page->runs[index].bizdate);
    html_close(html, "th");
    html_open(html, "td");
    html_attr(html, "class", "n");
    html_link(html, arena_format(visit->arena, "/runs/%" PRId64, attempt->run_id),
              arena_format(visit->arena, "%" PRId64, attempt->run_id));
    html_close(html, "td");
    html_open(html, "td");
    page_state(html, state_of(attempt));
    html_close(html, "td");
    html_open(html, "td");
    html_attr(html, "class", "n");
    page_time(visit, attempt->started_at, page->zone);
    html_close(html, "td");
    html_element(html, "td", "n",
                 attempt->started_at.us != 0 ? visit_duration(visit, took(page, attempt)) : "");
    html_element(html, "td", "n", arena_format(visit->arena, "%d", attempt->number));
    html_element(html, "td", "n", attempt->cpu.us > 0 ? visit_duration(visit, attempt->cpu) : "");
    html_open(html, "td");
    html_attr(html, "class", "cut");
    html_attr(html, "title", attempt->reason);
    ansi_line(&ansi, html, attempt->reason, strlen(attempt->reason), LOG_PART_LINE_BYTES);
    html_close(html, "td");
    html_close(html, "tr");
}

static void write_attempts(struct node_page *page)
{
    struct html *html = page->html;
    html_element_say(html, "h2", NULL, STR_RUNS_OF_NODE);
    if (page->attempts.count == 0) {
        html_element_say(html, "p", "empty", STR_NEVER_RAN);
        return;
    }
    html_open(html, "div");
    html_attr(html, "class", "scroll");
    html_attr(html, "tabindex", "0");
    html_attr(html, "role", "region");
    html_attr(html, "aria-label", string_of(page->visit->language, STR_RUNS_OF_NODE));
    html_open(html, "table");
    html_attr(html, "class", "list");
    write_columns(html);
    html_open(html, "tbody");
    for (size_t i = 0; i < page->attempts.count; i++)
        write_attempt(page, i);
    html_close(html, "tbody");
    html_close(html, "table");
    html_close(html, "div");
    if (page->attempts.next == 0)
        return;
    html_open(html, "nav");
    html_attr(html, "class", "pager");
    html_attr(html, "aria-label", string_of(page->visit->language, STR_RUNS_OF_NODE));
    html_link(html, arena_format(page->visit->arena, "?after=%" PRId64, page->attempts.next),
              string_of(page->visit->language, STR_OLDER));
    html_close(html, "nav");
}

static int answer_node(struct visit *visit, struct error *err)
{
    struct node_page page = {.visit = visit, .flow_name = visit->parts[0], .name = visit->parts[1]};
    if (open_page(&page, err) < 0)
        return -1;
    struct url flow;
    url_begin(&flow, visit->arena, "/flows");
    url_part(&flow, page.flow_name);
    struct page_head head = {.title =
                                 arena_format(visit->arena, "%s · %s", page.name, page.flow_name),
                             .nav = PAGE_NAV_FLOWS,
                             .crumbs = {{"/", string_of(visit->language, STR_NAV_FLOWS)},
                                        {url_string(&flow), page.flow_name}},
                             .zone = page.zone};
    url_part(&flow, "definition");
    page.html = page_begin(visit, &head);
    html_element(page.html, "h1", NULL, page.name);
    html_open(page.html, "p");
    html_attr(page.html, "class", "sub dots");
    if (page.node != NULL && page.node->title[0] != '\0')
        html_element(page.html, "span", NULL, page.node->title);
    if (page.node == NULL)
        html_element_say(page.html, "span", NULL, STR_LEFT_FLOW);
    else
        html_link(page.html,
                  arena_format(visit->arena, "%s#L%u", url_string(&flow), page.node->place.line),
                  string_of(visit->language, STR_DEFINITION));
    html_close(page.html, "p");
    write_facts(&page);
    write_trend(&page);
    write_attempts(&page);
    return page_end(visit);
}

static const struct parameter node_parameters[] = {
    {.name = "after", .kind = PARAMETER_INT, .min = 1, .max = INT64_MAX}, {.name = NULL}};

const struct route page_node_routes[] = {{.pattern = "/flows/{flow}/nodes/{node}",
                                          .methods = HTTP_GET,
                                          .parameters = node_parameters,
                                          .answer = answer_node},
                                         {.pattern = NULL}};

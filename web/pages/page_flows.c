/* /: every flow at a glance, a page of them at a time. */
#include "web/pages/pages.h"

#include "scheduler/base/scope.h"
#include "scheduler/plan/plan_calendar.h"
#include "scheduler/store/store_load.h"
#include "scheduler/store/view_bars.h"
#include "scheduler/store/view_history.h"
#include "scheduler/system/lock_file.h"
#include "web/draw/bars_svg.h"
#include "web/site/page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FLOWS_A_PAGE 50
#define BARS 30
#define COUNT_AT_MOST 100
#define ENGINE_LOCK "engine.lock"

enum bar_kind {
    BAR_GOOD,
    BAR_BAD,
    BAR_STOPPED,
    BAR_OPEN
};

struct page {
    struct visit *visit;
    struct html *html;
    struct store *store; /* NULL = nothing ever ran */
    const char *const *names;
    size_t count;               /* of `names` */
    const char *const *on_disk; /* those with a file, sorted */
    size_t disk_count;
    size_t first; /* of those that are shown */
    size_t shown;
    int64_t failing;
    int32_t open; /* runs; COUNT_AT_MOST = or more */
    int64_t newest_event;
    struct load_freezes freezes;
    struct lock_holder engine;
};

/* ---- what there is ---- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Those on disk and those that ever ran, each once. */
static int read_names(struct page *page, struct error *err)
{
    struct arena *arena = page->visit->arena;
    const char *const *ran = NULL;
    size_t ran_count = 0;
    if (site_flow_names(page->visit->site, arena, &page->on_disk, &page->disk_count, err) < 0)
        return -1;
    if (page->store != NULL && view_flow_names(page->store, arena, &ran, &ran_count, err) < 0)
        return -1;
    const char **names = arena_array(arena, page->disk_count + ran_count + 1, sizeof *names);
    size_t count = 0;
    for (size_t i = 0; i < page->disk_count; i++)
        names[count++] = page->on_disk[i];
    for (size_t i = 0; i < ran_count; i++)
        names[count++] = ran[i];
    qsort(names, count, sizeof *names, compare_names);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0)
            names[kept++] = names[i];
    }
    page->names = names;
    page->count = kept;
    return 0;
}

static void choose(struct page *page)
{
    const char *after = visit_text(page->visit, "after", "");
    while (page->first < page->count && strcmp(page->names[page->first], after) <= 0)
        page->first++;
    size_t left = page->count - page->first;
    page->shown = left > FLOWS_A_PAGE ? FLOWS_A_PAGE : left;
}

static int read_store(struct page *page, struct error *err)
{
    struct run_query open = {.states = 1u << RUN_WAITING | 1u << RUN_RUNNING};
    if (visit_store(page->visit, &page->store, err) < 0) {
        if (err->kind != ERROR_KIND_NOT_FOUND)
            return -1;
        *err = (struct error){0};
        page->store = NULL;
        return 0;
    }
    if (view_newest_event(page->store, 0, &page->newest_event, err) < 0 ||
        view_count_failing(page->store, &page->failing, err) < 0 ||
        view_count_runs(page->store, &open, COUNT_AT_MOST, &page->open, err) < 0)
        return -1;
    return load_freezes(page->store, page->visit->arena, &page->freezes, err);
}

static const struct store_freeze *find_freeze(const struct page *page, const char *flow)
{
    for (size_t i = 0; i < page->freezes.count; i++) {
        const struct store_freeze *freeze = &page->freezes.items[i];
        if (freeze->node[0] == '\0' && strcmp(freeze->flow, flow) == 0)
            return freeze;
    }
    return NULL;
}

/* ---- a row ---- */

struct row {
    const char *name;
    const char *url;
    const struct flow *flow; /* NULL = wrong, or not on disk */
    struct error why_not;
    struct view_bars bars;
    struct duration median; /* of the bars that are success */
    size_t samples;         /* 0 = there is none */
};

static enum bar_kind kind_of(enum run_state state)
{
    if (state == RUN_SUCCESS)
        return BAR_GOOD;
    if (state == RUN_FAILED)
        return BAR_BAD;
    return state == RUN_STOPPED ? BAR_STOPPED : BAR_OPEN;
}

static void write_bars(struct page *page, const struct row *row)
{
    struct bars_svg_bar bars[BARS];
    size_t good = 0;
    size_t bad = 0;
    for (size_t i = 0; i < row->bars.count; i++) {
        const struct view_bar *bar = &row->bars.items[row->bars.count - 1 - i];
        struct instant end = bar->ended_at.us != 0 ? bar->ended_at : page->visit->now;
        int64_t took = bar->started_at.us == 0 ? 0 : instant_elapsed(bar->started_at, end).us;
        bars[i] = (struct bars_svg_bar){.value = took, .kind = kind_of(bar->state)};
        good += bar->state == RUN_SUCCESS;
        bad += bar->state == RUN_FAILED;
    }
    struct bars_svg picture = {
        .bars = bars,
        .count = row->bars.count,
        .slots = BARS,
        .classes = {"success", "failed", "stopped", "running"},
        .label = page_fill(page->visit, STR_FLOWS_BARS,
                           arena_format(page->visit->arena, "%zu", row->bars.count),
                           arena_format(page->visit->arena, "%zu", good),
                           arena_format(page->visit->arena, "%zu", bad), NULL)};
    html_open(page->html, "td");
    if (row->bars.count > 0)
        bars_svg_draw(&picture, page->html);
    html_close(page->html, "td");
}

static void write_last(struct page *page, const struct row *row)
{
    struct html *html = page->html;
    html_open(html, "td");
    if (row->bars.count == 0) {
        html_element_say(html, "span", "muted", STR_FLOWS_NEVER);
    } else {
        const struct view_bar *last = &row->bars.items[0];
        html_open(html, "a");
        html_attr_format(html, "href", "/runs/%" PRId64, last->run_id);
        page_state(html, run_state_name(last->state));
        html_close(html, "a");
    }
    html_close(html, "td");
    html_open(html, "td");
    html_attr(html, "class", "nb");
    if (row->bars.count > 0)
        html_link(html,
                  arena_format(page->visit->arena, "%s/%s", row->url, row->bars.items[0].bizdate),
                  row->bars.items[0].bizdate);
    html_close(html, "td");
}

/* The next planned time; why there is none. */
static void write_next(struct page *page, const struct row *row)
{
    struct html *html = page->html;
    struct plan_time time = plan_calendar_after(page->visit->now);
    const struct store_freeze *freeze = find_freeze(page, row->name);
    html_open(html, "td");
    html_attr(html, "class", "nb");
    if (freeze != NULL) {
        html_open(html, "span");
        html_attr(html, "title", freeze->reason);
        page_state(html, "frozen");
        html_close(html, "span");
        if (freeze->until[0] != '\0')
            html_format(html, " – %s", freeze->until);
    } else if (row->flow == NULL) {
        bool is_gone = row->why_not.kind == ERROR_KIND_NOT_FOUND;
        html_open(html, "span");
        html_attr(html, "class", is_gone ? "muted" : "wrong");
        html_attr(html, "title", row->why_not.text);
        html_say(html, is_gone ? STR_FLOWS_GONE : STR_FLOWS_WRONG);
        html_close(html, "span");
    } else if (plan_calendar_next(row->flow, &time, &time)) {
        page_time(page->visit, time.firing, row->flow->zone);
    } else {
        html_element_say(html, "span", "muted", STR_FLOWS_BY_HAND);
    }
    html_close(html, "td");
}

static void write_actions(struct page *page, const struct row *row)
{
    struct html *html = page->html;
    struct visit *visit = page->visit;
    struct url backfill;
    bool is_frozen = find_freeze(page, row->name) != NULL;
    url_begin(&backfill, visit->arena, "/backfills/new");
    url_query(&backfill, "flow", row->name);
    html_open(html, "td");
    html_attr(html, "class", "nb");
    if (row->flow != NULL) {
        html_link(html, arena_format(visit->arena, "%s/run", row->url),
                  string_of(visit->language, STR_FLOWS_RUN));
        html_text(html, " · ");
        html_link(html, url_string(&backfill), string_of(visit->language, STR_FLOWS_BACKFILL));
        html_text(html, " · ");
    }
    html_link(html,
              arena_format(visit->arena, "%s/%s", row->url, is_frozen ? "unfreeze" : "freeze"),
              string_of(visit->language, is_frozen ? STR_FLOWS_UNFREEZE : STR_FLOWS_FREEZE));
    html_close(html, "td");
}

static int compare_durations(const void *a, const void *b)
{
    int64_t first = *(const int64_t *)a;
    int64_t second = *(const int64_t *)b;
    return (first > second) - (first < second);
}

/* Of what is drawn: a question to the store for each flow would look at a thousand runs. */
static void find_median(struct row *row)
{
    int64_t took[BARS];
    for (size_t i = 0; i < row->bars.count; i++) {
        const struct view_bar *bar = &row->bars.items[i];
        if (bar->state == RUN_SUCCESS && bar->started_at.us != 0)
            took[row->samples++] = instant_elapsed(bar->started_at, bar->ended_at).us;
    }
    if (row->samples == 0)
        return;
    qsort(took, row->samples, sizeof took[0], compare_durations);
    row->median.us = (took[(row->samples - 1) / 2] + took[row->samples / 2]) / 2;
}

static int read_row(struct page *page, struct row *row, struct error *err)
{
    struct view_bars_of which = {.flow = row->name, .each = BARS};
    struct url url;
    url_begin(&url, page->visit->arena, "/flows");
    url_part(&url, row->name);
    row->url = url_string(&url);
    if (bsearch(&row->name, page->on_disk, page->disk_count, sizeof row->name, compare_names) ==
        NULL)
        error_set(&row->why_not, ERROR_KIND_NOT_FOUND, "there is no flow `%s`", row->name);
    else if (visit_flow(page->visit, row->name, &row->flow, &row->why_not) < 0)
        row->flow = NULL;
    if (page->store == NULL)
        return 0;
    if (view_flow_bars(page->store, &which, page->visit->arena, &row->bars, err) < 0)
        return -1;
    find_median(row);
    return 0;
}

static int write_row(struct page *page, const char *name, struct error *err)
{
    struct html *html = page->html;
    struct row row = {.name = name};
    if (read_row(page, &row, err) < 0)
        return -1;
    html_open(html, "tr");
    html_open(html, "th");
    html_attr(html, "scope", "row");
    html_link(html, row.url, name);
    if (row.flow != NULL && row.flow->title[0] != '\0')
        html_element(html, "small", NULL, row.flow->title);
    html_close(html, "th");
    write_last(page, &row);
    write_bars(page, &row);
    html_element(html, "td", "n", row.samples == 0 ? "" : visit_duration(page->visit, row.median));
    write_next(page, &row);
    write_actions(page, &row);
    html_close(html, "tr");
    return 0;
}

/* ---- the page ---- */

static void write_engine(struct page *page)
{
    struct html *html = page->html;
    if (page->engine.pid == 0) {
        html_element_say(html, "span", "wrong", STR_FLOWS_NO_ENGINE);
        return;
    }
    const char *up =
        visit_duration(page->visit, instant_elapsed(page->engine.started, page->visit->now));
    bool is_server = strstr(page->engine.command, " serve") != NULL;
    html_element(html, "span", NULL,
                 page_fill(page->visit, is_server ? STR_FLOWS_UP : STR_FLOWS_COMMAND, up, NULL));
}

static void write_counts(struct page *page)
{
    struct html *html = page->html;
    html_open(html, "p");
    html_attr(html, "class", "sub dots");
    html_open(html, "span");
    html_say_count(html, STR_FLOWS_COUNT, (int64_t)page->count);
    html_close(html, "span");
    if (page->failing > 0) {
        html_open(html, "span");
        html_attr(html, "class", "wrong");
        html_say_count(html, STR_FLOWS_FAILING, page->failing);
        html_close(html, "span");
    }
    if (page->open > 0)
        html_link(html, "/runs?q=state%3Arunning%2Cwaiting",
                  page_fill(page->visit, STR_FLOWS_OPEN,
                            arena_format(page->visit->arena, "%d%s", page->open,
                                         page->open == COUNT_AT_MOST ? "+" : ""),
                            NULL));
    write_engine(page);
    html_close(html, "p");
}

static void write_columns(struct html *html)
{
    static const enum string_key titles[] = {STR_FLOW,         STR_FLOWS_LAST, STR_BIZDATE,
                                             STR_FLOWS_RECENT, STR_MEDIAN,     STR_FLOWS_NEXT,
                                             STR_ACTIONS};
    html_open(html, "thead");
    html_open(html, "tr");
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
        html_open(html, "th");
        html_attr(html, "scope", "col");
        if (titles[i] == STR_MEDIAN)
            html_attr(html, "class", "n");
        html_say(html, titles[i]);
        html_close(html, "th");
    }
    html_close(html, "tr");
    html_close(html, "thead");
}

static void write_pager(struct page *page)
{
    struct html *html = page->html;
    size_t end = page->first + page->shown;
    if (page->shown == page->count)
        return;
    html_open(html, "nav");
    html_attr(html, "class", "pager");
    html_attr(html, "aria-label", string_of(html->language, STR_PAGER));
    if (page->first > 0) {
        size_t before = page->first > FLOWS_A_PAGE ? page->first - FLOWS_A_PAGE : 0;
        struct url url;
        url_begin(&url, page->visit->arena, "/");
        if (before > 0)
            url_query(&url, "after", page->names[before - 1]);
        html_link(html, url_string(&url), string_of(html->language, STR_PREVIOUS));
    }
    if (end < page->count) {
        struct url url;
        url_begin(&url, page->visit->arena, "/");
        url_query(&url, "after", page->names[end - 1]);
        html_link(html, url_string(&url), string_of(html->language, STR_NEXT));
    }
    html_close(html, "nav");
}

static int write_table(struct page *page, struct error *err)
{
    struct html *html = page->html;
    html_open(html, "div");
    html_attr(html, "class", "scroll");
    html_attr(html, "id", "flows");
    html_flag(html, "data-part");
    html_attr(html, "tabindex", "0");
    html_attr(html, "role", "region");
    html_attr(html, "aria-label", string_of(html->language, STR_NAV_FLOWS));
    html_open(html, "table");
    html_attr(html, "class", "list");
    write_columns(html);
    html_open(html, "tbody");
    for (size_t i = 0; i < page->shown; i++) {
        if (write_row(page, page->names[page->first + i], err) < 0)
            return -1;
    }
    html_close(html, "tbody");
    html_close(html, "table");
    html_close(html, "div");
    return 0;
}

static void write_empty(struct html *html)
{
    html_open(html, "div");
    html_attr(html, "class", "empty");
    html_element_say(html, "p", NULL, STR_FLOWS_NONE);
    html_element(html, "code", NULL, "datemill new hello");
    html_close(html, "div");
}

static int answer_flows(struct visit *visit, struct error *err)
{
    struct page page = {.visit = visit};
    lock_file_holder(site_state_dir_fd(visit->site), ENGINE_LOCK, &page.engine, NULL);
    if (read_store(&page, err) < 0 || read_names(&page, err) < 0)
        return -1;
    choose(&page);
    struct page_head head = {
        .title = string_of(visit->language, STR_NAV_FLOWS),
        .nav = PAGE_NAV_FLOWS,
        .alternate = "/api/v1/flows",
        .events = arena_format(visit->arena, "/api/v1/events?after=%" PRId64, page.newest_event)};
    page.html = page_begin(visit, &head);
    html_element_say(page.html, "h1", NULL, STR_NAV_FLOWS);
    write_counts(&page);
    if (page.count == 0)
        write_empty(page.html);
    else if (write_table(&page, err) < 0)
        return -1;
    write_pager(&page);
    return page_end(visit);
}

static const struct parameter flows_parameters[] = {{.name = "after", .kind = PARAMETER_NAME},
                                                    {.name = NULL}};

const struct route page_flows_routes[] = {
    {.pattern = "/", .methods = HTTP_GET, .parameters = flows_parameters, .answer = answer_flows},
    {.pattern = NULL}};

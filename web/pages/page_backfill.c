/* /backfills/{id}: how far it is, what failed and why, each date, what can be done. */
#include "web/pages/backfill_page.h"
#include "web/pages/pages.h"
#include "web/site/calendar.h"

#include <inttypes.h>
#include <string.h>

#define OPEN_SHOWN 100
#define FAILED_READ 1000

/* ---- what there is to know ---- */

#define BIT(state) (1u << (state))

static int read_dates(struct backfill_page *page, struct store *store, struct error *err)
{
    struct arena *arena = page->visit->arena;
    int64_t id = page->of.row.id;
    int32_t after = (int32_t)visit_int(page->visit, "after", 0) - 1;
    const struct load_dates_of open = {id, BIT(DATE_OPEN), -1, OPEN_SHOWN};
    const struct load_dates_of failed = {
        id, BIT(DATE_FAILED) | BIT(DATE_STOPPED) | BIT(DATE_BLOCKED) | BIT(DATE_IN_CONFLICT), -1,
        FAILED_READ};
    const struct load_dates_of all = {id, ~0u, after, CALENDAR_MAX_DAYS};
    if (view_backfill_dates(store, &open, arena, &page->open, err) < 0 ||
        view_backfill_dates(store, &failed, arena, &page->failed, err) < 0)
        return -1;
    return view_backfill_dates(store, &all, arena, &page->dates, err);
}

static int read_page(struct backfill_page *page, int64_t id, struct store *store, struct error *err)
{
    struct arena *arena = page->visit->arena;
    struct view_median median;
    struct view_place place = {.node = ""};
    if (view_newest_event(store, 0, &page->newest_event, err) < 0 ||
        view_find_backfill(store, id, arena, &page->of, err) < 0 ||
        read_dates(page, store, err) < 0 ||
        view_backfill_operations(store, id, arena, &page->operations, err) < 0 ||
        view_backfill_median(store, id, &median, err) < 0)
        return -1;
    place.flow = page->of.row.flow;
    if (median.samples == 0 && view_median(store, &place, &median, err) < 0)
        return -1;
    page->per_date = median.median;
    return 0;
}

/* ---- markup ---- */

static void write_sub(struct backfill_page *page)
{
    struct html *html = page->html;
    const struct store_backfill *row = &page->of.row;
    struct url url;
    url_begin(&url, page->visit->arena, "/flows");
    url_part(&url, row->flow);
    html_open(html, "p");
    html_attr(html, "class", "sub dots");
    html_link(html, url_string(&url), row->flow);
    html_open(html, "span");
    html_say(html, STR_BIZDATE);
    html_format(html, strcmp(page->of.first, page->of.last) == 0 ? " %s" : " %s … %s",
                page->of.first, page->of.last);
    html_close(html, "span");
    html_element_say(html, "span", NULL,
                     row->is_descending ? STR_BACKFILL_NEWEST_FIRST : STR_BACKFILL_OLDEST_FIRST);
    html_open(html, "span");
    html_say_count(html, STR_BACKFILL_AT_ONCE, row->parallel);
    html_close(html, "span");
    html_close(html, "p");
}

static void write_fact(struct html *html, enum string_key key, const char *text)
{
    if (text[0] == '\0')
        return;
    html_open(html, "div");
    html_element_say(html, "dt", NULL, key);
    html_element(html, "dd", NULL, text);
    html_close(html, "div");
}

static void write_facts(struct backfill_page *page)
{
    struct html *html = page->html;
    struct arena *arena = page->visit->arena;
    const struct store_backfill *row = &page->of.row;
    html_open(html, "dl");
    html_attr(html, "class", "facts");
    write_fact(html, STR_BACKFILL_CREATED, visit_time(page->visit, row->created_at, page->zone));
    write_fact(html, STR_BACKFILL_WHO, row->who);
    write_fact(html, STR_REASON, row->reason);
    write_fact(html, STR_BACKFILL_TYPED, row->typed);
    write_fact(html, STR_BACKFILL_REDO, backfill_redo_name(row->redo));
    write_fact(html, STR_BACKFILL_NODES, row->selection);
    if (row->max_failures > 0)
        write_fact(html, STR_BACKFILL_MAX_FAILURES, arena_format(arena, "%d", row->max_failures));
    for (size_t i = 0; i < row->var_count; i++)
        write_fact(html, STR_BACKFILL_VAR,
                   arena_format(arena, "%s = %s", row->vars[i].name, row->vars[i].text));
    write_fact(html, STR_VERSION, page->of.version);
    if (row->ended_at.us != 0)
        write_fact(html, STR_ENDED, visit_time(page->visit, row->ended_at, page->zone));
    html_close(html, "dl");
}

static void write_action(struct backfill_page *page, const char *action, enum string_key text)
{
    struct html *html = page->html;
    struct url url;
    url_begin(&url, page->visit->arena, "/backfills");
    url_part_int(&url, page->of.row.id);
    url_part(&url, action);
    page_action_link(page->visit, url_string(&url), string_of(html->language, text));
    html_open(html, "span");
    html_attr(html, "class", "cli");
    html_open(html, "code");
    html_format(html, "datemill backfill %s %" PRId64 "%s", action, page->of.row.id,
                strcmp(action, "set") == 0 ? " --parallel N" : "");
    html_close(html, "code");
    html_close(html, "span");
}

static void write_actions(struct backfill_page *page)
{
    enum backfill_state state = page->of.row.state;
    int64_t bad = view_backfill_done(&page->of) - page->of.counts.items[DATE_SUCCESS];
    bool is_open = state == BACKFILL_RUNNING || state == BACKFILL_PAUSED;
    html_open(page->html, "div");
    html_attr(page->html, "class", "actions");
    html_attr(page->html, "id", "actions");
    html_flag(page->html, "data-part");
    if (state == BACKFILL_RUNNING)
        write_action(page, "pause", STR_BACKFILL_PAUSE);
    if (state == BACKFILL_PAUSED || state == BACKFILL_STOPPED)
        write_action(page, "resume", STR_BACKFILL_RESUME);
    if (is_open)
        write_action(page, "stop", STR_BACKFILL_STOP);
    if (bad > 0)
        write_action(page, "retry", STR_BACKFILL_RETRY);
    if (is_open)
        write_action(page, "set", STR_BACKFILL_SET);
    html_close(page->html, "div");
}

static void write_operations(struct backfill_page *page)
{
    struct html *html = page->html;
    if (page->operations.count == 0)
        return;
    html_element_say(html, "h2", NULL, STR_BACKFILL_CHANGES);
    html_open(html, "ul");
    for (size_t i = 0; i < page->operations.count; i++) {
        const struct view_operation *operation = &page->operations.items[i];
        html_open(html, "li");
        page_time(page->visit, operation->at, page->zone);
        html_format(html, " %s%s%s, %s%s%s", store_operation_kind_name(operation->kind),
                    operation->detail[0] != '\0' ? " " : "", operation->detail, operation->who,
                    operation->reason[0] != '\0' ? ": " : "", operation->reason);
        html_close(html, "li");
    }
    html_close(html, "ul");
}

static int write_page(struct backfill_page *page)
{
    struct visit *visit = page->visit;
    int64_t id = page->of.row.id;
    const char *number = arena_format(visit->arena, "%" PRId64, id);
    const char *title = page_fill(visit, STR_BACKFILL_NUMBER, number, NULL);
    struct page_head head = {
        .title = title,
        .nav = PAGE_NAV_BACKFILLS,
        .zone = page->zone,
        .crumbs = {{"/backfills", string_of(visit->language, STR_NAV_BACKFILLS)}},
        .alternate = arena_format(visit->arena, "/api/v1/backfills/%s", number)};
    if (page->of.row.state == BACKFILL_RUNNING || page->open.count > 0)
        head.events = arena_format(visit->arena, "/api/v1/events?backfill=%s&after=%" PRId64,
                                   number, page->newest_event);
    page->html = page_begin(visit, &head);
    html_open(page->html, "h1");
    html_attr(page->html, "id", "heading");
    html_flag(page->html, "data-part");
    html_text(page->html, title);
    html_text(page->html, " ");
    page_state(page->html, backfill_state_name(page->of.row.state));
    html_close(page->html, "h1");
    write_sub(page);
    backfill_page_progress(page);
    write_actions(page);
    write_facts(page);
    backfill_page_dates(page);
    write_operations(page);
    return page_end(visit);
}

static int answer_backfill(struct visit *visit, struct error *err)
{
    struct backfill_page page = {.visit = visit};
    const struct flow *flow;
    struct store *store;
    int64_t id;
    if (visit_part_id(visit, 0, &id, err) < 0 || visit_store(visit, &store, err) < 0 ||
        store_begin_reading(store, err) < 0)
        return -1;
    int result = read_page(&page, id, store, err);
    store_end_reading(store);
    if (result < 0)
        return -1;
    page.zone = visit_flow(visit, page.of.row.flow, &flow, NULL) == 0
                    ? flow->zone
                    : site_project_zone(visit->site);
    return write_page(&page);
}

static const struct parameter backfill_parameters[] = {
    {.name = "after", .kind = PARAMETER_INT, .min = 0, .max = INT32_MAX}, {.name = NULL}};

const struct route page_backfill_routes[] = {{.pattern = "/backfills/{id}",
                                              .methods = HTTP_GET,
                                              .parameters = backfill_parameters,
                                              .answer = answer_backfill},
                                             {.pattern = NULL}};

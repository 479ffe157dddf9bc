/* /backfills: all of them, the newest first. */
#include "web/pages/data.h"
#include "web/pages/pages.h"
#include "web/site/page.h"

#include "scheduler/store/view_backfill.h"
#include "scheduler/store/view_json.h"

#include <inttypes.h>
#include <string.h>

#define BACKFILLS_SHOWN 50

static void write_progress(struct html *html, const struct view_backfill *of)
{
    int64_t total = view_backfill_total(of);
    html_open(html, "td");
    html_open(html, "progress");
    html_attr(html, "class", of->row.state == BACKFILL_PAUSED ? "stopped" : "success");
    html_attr_int(html, "max", total > 0 ? total : 1);
    html_attr_int(html, "value", view_backfill_done(of));
    html_attr_format(html, "aria-label", "%" PRId64 "/%" PRId64, view_backfill_done(of), total);
    html_close(html, "progress");
    html_close(html, "td");
}

static void write_counts(struct visit *visit, const struct view_backfill *of)
{
    struct html *html = &visit->html;
    int64_t bad = view_backfill_done(of) - of->counts.items[DATE_SUCCESS];
    html_open(html, "td");
    html_attr(html, "class", "n");
    html_format(html, "%s / %s", data_number(visit, view_backfill_done(of)),
                data_number(visit, view_backfill_total(of)));
    html_close(html, "td");
    html_open(html, "td");
    html_attr(html, "class", "n");
    if (bad > 0) {
        html_open(html, "span");
        html_attr(html, "class", "state failed");
        html_text(html, data_number(visit, bad));
        html_close(html, "span");
    }
    html_close(html, "td");
}

static void write_backfill(struct visit *visit, const struct view_backfill *of)
{
    struct html *html = &visit->html;
    struct url url;
    url_begin(&url, visit->arena, "/backfills");
    url_part_int(&url, of->row.id);
    html_open(html, "tr");
    html_open(html, "th");
    html_attr(html, "scope", "row");
    html_link(html, url_string(&url), arena_format(visit->arena, "%" PRId64, of->row.id));
    html_close(html, "th");
    html_element(html, "td", NULL, of->row.flow);
    html_open(html, "td");
    page_state(html, backfill_state_name(of->row.state));
    html_close(html, "td");
    html_open(html, "td");
    html_attr(html, "class", "nb");
    html_format(html, strcmp(of->first, of->last) == 0 ? "%s" : "%s … %s", of->first, of->last);
    html_close(html, "td");
    write_progress(html, of);
    write_counts(visit, of);
    html_open(html, "td");
    html_attr(html, "class", "nb");
    page_time(visit, of->row.created_at, NULL);
    html_close(html, "td");
    html_element(html, "td", NULL, of->row.who);
    html_element(html, "td", "cut", of->row.reason);
    html_close(html, "tr");
}

static void write_list(struct visit *visit, const struct view_backfills *backfills)
{
    static const enum string_key keys[] = {
        STR_BACKFILL,     STR_FLOW,           STR_STATE,        STR_BIZDATE,
        STR_BACKFILL_WAY, STR_BACKFILL_DATES, STR_STATE_FAILED, STR_BACKFILL_CREATED,
        STR_BACKFILL_WHO, STR_REASON};
    struct html *html = &visit->html;
    html_open(html, "div");
    html_attr(html, "class", "scroll");
    html_attr(html, "id", "backfills");
    html_flag(html, "data-part");
    html_open(html, "table");
    html_attr(html, "class", "list");
    data_head(html, keys, sizeof keys / sizeof *keys, 0x60);
    html_open(html, "tbody");
    for (size_t i = 0; i < backfills->count; i++)
        write_backfill(visit, &backfills->items[i]);
    html_close(html, "tbody");
    html_close(html, "table");
    html_close(html, "div");
    if (backfills->next == 0)
        return;
    struct url url;
    url_begin(&url, visit->arena, "/backfills");
    if (visit_has(visit, "flow"))
        url_query(&url, "flow", visit_text(visit, "flow", ""));
    url_query_int(&url, "after", backfills->next);
    html_open(html, "nav");
    html_attr(html, "class", "pager");
    html_attr(html, "aria-label", string_of(html->language, STR_NAV_BACKFILLS));
    page_action_link(visit, url_string(&url), string_of(html->language, STR_OLDER));
    html_close(html, "nav");
}

static bool is_any_running(const struct view_backfills *backfills)
{
    for (size_t i = 0; i < backfills->count; i++) {
        if (backfills->items[i].row.state == BACKFILL_RUNNING)
            return true;
    }
    return false;
}

static int write_page(struct visit *visit, const struct view_backfills *backfills, int64_t event)
{
    const char *title = string_of(visit->language, STR_NAV_BACKFILLS);
    const char *flow = visit_text(visit, "flow", "");
    struct url url;
    struct page_head head = {
        .title = title, .nav = PAGE_NAV_BACKFILLS, .alternate = "/api/v1/backfills"};
    if (is_any_running(backfills))
        head.events = arena_format(visit->arena, "/api/v1/events?after=%" PRId64, event);
    struct html *html = page_begin(visit, &head);
    html_open(html, "h1");
    html_text(html, title);
    if (flow[0] != '\0') {
        html_text(html, " ");
        html_element(html, "span", NULL, flow);
    }
    html_close(html, "h1");
    url_begin(&url, visit->arena, "/backfills/new");
    if (flow[0] != '\0')
        url_query(&url, "flow", flow);
    html_open(html, "div");
    html_attr(html, "class", "actions");
    page_action_link(visit, url_string(&url), string_of(visit->language, STR_BACKFILL_NEW));
    html_close(html, "div");
    if (backfills->count > 0) {
        write_list(visit, backfills);
        return page_end(visit);
    }
    html_open(html, "div");
    html_attr(html, "class", "empty");
    html_say(html, STR_BACKFILL_NONE);
    html_element(html, "code", NULL, "datemill backfill FLOW 2021-11-01..2021-11-11");
    html_close(html, "div");
    return page_end(visit);
}

static int answer_backfills(struct visit *visit, struct error *err)
{
    struct store *store;
    struct error absent = {0};
    struct view_backfills backfills = {0};
    int64_t event = 0;
    struct view_backfill_list list = {
        .flow = visit_has(visit, "flow") ? visit_text(visit, "flow", NULL) : NULL,
        .page = {.limit = BACKFILLS_SHOWN, .after = visit_int(visit, "after", 0)}};
    if (visit_store(visit, &store, &absent) < 0) {
        *err = absent;
        return absent.kind == ERROR_KIND_NOT_FOUND ? write_page(visit, &backfills, 0) : -1;
    }
    if (view_newest_event(store, 0, &event, err) < 0 ||
        view_list_backfills(store, &list, visit->arena, &backfills, err) < 0)
        return -1;
    return write_page(visit, &backfills, event);
}

static const struct parameter backfills_parameters[] = {
    {.name = "flow", .kind = PARAMETER_NAME},
    {.name = "after", .kind = PARAMETER_INT, .min = 1, .max = INT64_MAX},
    {.name = NULL}};

const struct route page_backfills_routes[] = {{.pattern = "/backfills",
                                               .methods = HTTP_GET,
                                               .parameters = backfills_parameters,
                                               .answer = answer_backfills},
                                              {.pattern = NULL}};

/* /flows/{flow}: the flow's history, business dates across. */
#include "web/pages/flow_head.h"
#include "web/pages/grid_visit.h"
#include "web/pages/pages.h"
#include "web/site/page.h"

#include "scheduler/plan/plan_calendar.h"

#include <inttypes.h>
#include <string.h>

#define NEXT_INSTANCES 3

/* ---- what stands above the grid ---- */

static void write_next(struct grid_visit *page)
{
    struct html *html = &page->visit->html;
    struct plan_time at = plan_calendar_after(page->visit->now);
    for (int i = 0; i < NEXT_INSTANCES && plan_calendar_next(page->flow, &at, &at); i++) {
        char planned[CIVIL_TIME_BYTES];
        char bizdate[CIVIL_DATE_BYTES];
        civil_time_format(at.planned, planned);
        planned[10] = ' ';
        planned[16] = '\0';
        civil_date_format(civil_add_days(at.planned.date, -1), bizdate);
        html_open(html, "span");
        if (i == 0)
            html_say_with(html, STR_GRID_NEXT, (const char *const[]){planned, bizdate, NULL});
        else
            html_text(html, planned);
        html_close(html, "span");
    }
}

static void write_facts(struct grid_visit *page)
{
    struct html *html = &page->visit->html;
    html_open(html, "p");
    html_attr(html, "class", "sub dots");
    if (page->flow != NULL) {
        const char *text = page->flow->schedule.text;
        html_open(html, "span");
        if (text[0] == '\0')
            html_say(html, STR_GRID_NO_SCHEDULE);
        else
            html_element(html, "code", NULL, text);
        html_close(html, "span");
        html_open(html, "span");
        html_say_count(html, STR_NODE_COUNT, (int64_t)page->flow->node_count);
        html_close(html, "span");
        write_next(page);
    }
    html_close(html, "p");
}

static void write_action(struct grid_visit *page, const char *path, enum string_key text)
{
    page_action_link(page->visit, path, string_of(page->visit->language, text));
    html_text(&page->visit->html, " ");
}

static void write_actions(struct grid_visit *page)
{
    struct html *html = &page->visit->html;
    struct arena *arena = page->visit->arena;
    bool is_frozen = false;
    for (size_t i = 0; i < page->freezes.count; i++)
        if (strcmp(page->freezes.items[i].flow, page->name) == 0 &&
            page->freezes.items[i].node[0] == '\0')
            is_frozen = true;
    html_open(html, "div");
    html_attr(html, "class", "actions");
    write_action(page, arena_format(arena, "/flows/%s/run", page->name), STR_GRID_RUN);
    write_action(page, arena_format(arena, "/backfills/new?flow=%s", page->name),
                 STR_GRID_BACKFILL_NEW);
    write_action(page,
                 arena_format(arena, "/flows/%s/%s", page->name, is_frozen ? "unfreeze" : "freeze"),
                 is_frozen ? STR_GRID_UNFREEZE : STR_GRID_FREEZE);
    html_close(html, "div");
}

/* What is not as usual: frozen, wrong, gone. */
static void write_notes(struct grid_visit *page)
{
    struct html *html = &page->visit->html;
    for (size_t i = 0; i < page->freezes.count; i++) {
        const struct store_freeze *freeze = &page->freezes.items[i];
        if (strcmp(freeze->flow, page->name) != 0)
            continue;
        html_open(html, "div");
        html_attr(html, "class", "banner frozen");
        page_state(html, "frozen");
        html_open(html, "span");
        html_say_with(html, freeze->node[0] == '\0' ? STR_GRID_FROZEN : STR_GRID_NODE_FROZEN,
                      (const char *const[]){freeze->who, freeze->reason, freeze->node, NULL});
        html_close(html, "span");
        html_close(html, "div");
    }
    if (page->flow != NULL)
        return;
    bool is_gone = page->why_not.kind == ERROR_KIND_NOT_FOUND;
    bool has_run = page->dates.count > 0 || grid_visit_is_elsewhere(page);
    html_open(html, "div");
    html_attr(html, "class", "why failed");
    html_element_say(html, "strong", NULL,
                     is_gone   ? STR_GRID_GONE
                     : has_run ? STR_GRID_WRONG
                               : STR_GRID_WRONG_NEW);
    if (!is_gone) {
        html_open(html, "pre");
        html_text(html, page->why_not.text);
        html_close(html, "pre");
        html_open(html, "p");
        html_attr(html, "class", "cli");
        html_open(html, "code");
        html_format(html, "datemill validate %s", page->name);
        html_close(html, "code");
        html_close(html, "p");
    }
    html_close(html, "div");
}

static void write_banner(struct grid_visit *page, const struct view_backfill *backfill)
{
    struct html *html = &page->visit->html;
    struct url url;
    const char *state = backfill_state_name(backfill->row.state);
    int64_t total = 0;
    for (int i = 0; i < DATE_STATE_COUNT; i++)
        total += i == DATE_LEFT_OUT ? 0 : backfill->counts.items[i];
    int64_t left = backfill->counts.items[DATE_WAITING] + backfill->counts.items[DATE_OPEN];
    const char *number = arena_format(page->visit->arena, "%lld", (long long)backfill->row.id);
    url_begin(&url, page->visit->arena, "/backfills");
    url_part_int(&url, backfill->row.id);
    html_open(html, "div");
    html_attr_format(html, "class", "banner %s", state);
    html_open(html, "a");
    html_attr(html, "href", url_string(&url));
    html_say_with(html, STR_GRID_BACKFILL,
                  (const char *const[]){number, string_state(html->language, state), NULL});
    html_close(html, "a");
    html_open(html, "progress");
    html_attr_int(html, "max", total);
    html_attr_int(html, "value", total - left);
    html_attr_format(html, "aria-label", "%s", number);
    html_format(html, "%lld/%lld", (long long)(total - left), (long long)total);
    html_close(html, "progress");
    html_open(html, "span");
    html_say_with(
        html, STR_GRID_DATES_DONE,
        (const char *const[]){arena_format(page->visit->arena, "%lld", (long long)(total - left)),
                              arena_format(page->visit->arena, "%lld", (long long)total),
                              arena_format(page->visit->arena, "%lld",
                                           (long long)backfill->counts.items[DATE_FAILED]),
                              NULL});
    html_close(html, "span");
    html_close(html, "div");
}

/* ---- filters and pages ---- */

static void write_date_field(struct grid_visit *page, const char *name, enum string_key label)
{
    struct html *html = &page->visit->html;
    html_open(html, "label");
    html_say(html, label);
    html_void(html, "input");
    html_attr(html, "type", "date");
    html_attr(html, "name", name);
    html_attr(html, "value", visit_text(page->visit, name, ""));
    html_close(html, "label");
}

static void write_option(struct html *html, const char *value, const char *text, bool is_chosen)
{
    html_open(html, "option");
    html_attr(html, "value", value);
    if (is_chosen)
        html_flag(html, "selected");
    html_text(html, text);
    html_close(html, "option");
}

static void write_select(struct grid_visit *page, bool is_rows)
{
    struct html *html = &page->visit->html;
    html_open(html, "label");
    html_say(html, is_rows ? STR_GRID_ROWS : STR_GRID_COLUMNS);
    html_open(html, "select");
    html_attr(html, "name", is_rows ? "rows" : "cols");
    if (is_rows) {
        write_option(html, "all", string_of(html->language, STR_GRID_ROWS_ALL),
                     !page->only_failures);
        write_option(html, "failed", string_of(html->language, STR_GRID_ROWS_FAILED),
                     page->only_failures);
    } else {
        write_option(html, "20", "20", page->cols == 20);
        write_option(html, "40", "40", page->cols == 40);
        write_option(html, "80", "80", page->cols == 80);
    }
    html_close(html, "select");
    html_close(html, "label");
}

/* The same page with another `name`=`value`; `from` and `to` go where the other says. */
static const char *turned(const struct grid_visit *page, const char *name, const char *value)
{
    static const char *const kept[] = {"rows", "cols", "date", NULL};
    const struct visit *visit = page->visit;
    struct url url;
    url_begin(&url, visit->arena, "/flows");
    url_part(&url, page->name);
    for (size_t i = 0; kept[i] != NULL; i++)
        if (visit_has(visit, kept[i]) && (strcmp(kept[i], "date") != 0 || !strcmp(name, "until")))
            url_query(&url, kept[i], visit_text(visit, kept[i], ""));
    bool keeps_from = strcmp(name, "to") == 0 && visit_has(visit, "to");
    if (keeps_from && visit_has(visit, "from"))
        url_query(&url, "from", visit_text(visit, "from", ""));
    url_query(&url, name, value);
    return url_string(&url);
}

static void write_turn(struct grid_visit *page, const char *name, const char *value,
                       enum string_key key)
{
    struct html *html = &page->visit->html;
    if (value[0] == '\0')
        return;
    html_open(html, "a");
    html_attr(html, "class", "button");
    html_attr(html, "href", turned(page, name, value));
    html_say(html, key);
    html_close(html, "a");
    html_text(html, " ");
}

static void write_filters(struct grid_visit *page)
{
    struct html *html = &page->visit->html;
    struct url url;
    const struct grid_columns *dates = page->is_many_a_day ? &page->strip : &page->columns;
    url_begin(&url, page->visit->arena, "/flows");
    url_part(&url, page->name);
    html_open(html, "form");
    html_attr(html, "class", "filters");
    html_attr(html, "action", url_string(&url));
    write_date_field(page, "from", STR_GRID_FROM);
    write_date_field(page, "to", STR_GRID_TO);
    write_select(page, true);
    write_select(page, false);
    html_open(html, "button");
    html_say(html, STR_SHOW);
    html_close(html, "button");
    html_open(html, "span");
    html_attr(html, "class", "end");
    write_turn(page, "to", dates->older, STR_OLDER);
    write_turn(page, "from", dates->newer, STR_NEWER);
    html_close(html, "span");
    html_close(html, "form");
}

/* ---- the page ---- */

static void write_legend(struct html *html)
{
    static const char *const states[] = {"success", "failed",  "running", "blocked",
                                         "stopped", "waiting", "skipped", "frozen"};
    html_open(html, "ul");
    html_attr(html, "class", "legend");
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        html_open(html, "li");
        page_state(html, states[i]);
        html_close(html, "li");
    }
    html_close(html, "ul");
}

/* The days of a flow with several times a day; then the one that is shown. */
static void write_strip(struct grid_visit *page)
{
    struct html *html = &page->visit->html;
    struct grid_column *columns =
        arena_array(page->visit->arena, page->strip.count, sizeof *columns);
    struct grid_columns days = {.items = columns, .count = page->strip.count};
    for (size_t i = 0, k = 0; i < page->strip.count; i++) {
        columns[i] = page->strip.items[i];
        while (k < page->dates.count &&
               strcmp(page->dates.items[k].bizdate, columns[i].bizdate) < 0)
            k++;
        if (columns[i].run == NULL || k == page->dates.count)
            continue;
        struct view_grid_run *day = arena_alloc(page->visit->arena, sizeof *day);
        *day = *columns[i].run;
        day->state = grid_day_state(&page->dates.items[k]);
        columns[i].run = day;
    }
    grid_write(html, (struct grid_view){.flow = page->name,
                                        .columns = &days,
                                        .is_strip = true,
                                        .selected = page->day->bizdate,
                                        .now = page->visit->now,
                                        .arena = page->visit->arena});
    html_open(html, "h2");
    html_text(html, page->day->bizdate);
    html_close(html, "h2");
    if (page->columns.older[0] == '\0' && page->columns.newer[0] == '\0')
        return;
    html_open(html, "p");
    html_attr(html, "class", "actions");
    write_turn(page, "until", page->columns.older, STR_OLDER);
    write_turn(page, "until", page->columns.newer, STR_NEWER);
    html_close(html, "p");
}

static void write_cut(struct grid_visit *page)
{
    struct html *html = &page->visit->html;
    size_t hidden = page->rows.count - page->shown_count;
    if (hidden == 0)
        return;
    html_open(html, "p");
    html_attr(html, "class", "hint");
    html_say_count(html, page->only_failures ? STR_GRID_ROWS_QUIET : STR_GRID_ROWS_CUT,
                   (int64_t)hidden);
    html_text(html, " ");
    html_link(
        html, turned(page, "rows", page->only_failures ? "all" : "failed"),
        string_of(html->language, page->only_failures ? STR_GRID_ROWS_ALL : STR_GRID_ROWS_FAILED));
    html_close(html, "p");
}

/* Nothing here: what to do, or where there is something. */
static void write_empty(struct grid_visit *page)
{
    struct html *html = &page->visit->html;
    struct arena *arena = page->visit->arena;
    const struct view_grid *dates = &page->dates;
    bool is_elsewhere = grid_visit_is_elsewhere(page);
    html_open(html, "div");
    html_attr(html, "class", "empty");
    html_element_say(html, "p", NULL, is_elsewhere ? STR_GRID_NONE_HERE : STR_GRID_NEVER_RAN);
    if (dates->older[0] != '\0')
        page_action_link(page->visit, turned(page, "to", dates->older),
                         arena_format(arena, "← %s", dates->older));
    html_text(html, " ");
    if (dates->newer[0] != '\0')
        page_action_link(page->visit, turned(page, "from", dates->newer),
                         arena_format(arena, "%s →", dates->newer));
    if (!is_elsewhere && page->flow != NULL) {
        html_open(html, "code");
        html_format(html, "datemill run %s", page->name);
        html_close(html, "code");
    }
    html_close(html, "div");
}

static void write_body(struct grid_visit *page)
{
    struct html *html = &page->visit->html;
    html_open(html, "div");
    html_attr(html, "id", "history");
    html_flag(html, "data-part");
    for (size_t i = 0; i < page->backfill_count; i++)
        write_banner(page, &page->backfills[i]);
    if (page->dates.count == 0) {
        write_empty(page);
        html_close(html, "div");
        return;
    }
    if (page->is_many_a_day)
        write_strip(page);
    grid_write(html, (struct grid_view){.flow = page->name,
                                        .columns = &page->columns,
                                        .rows = page->shown,
                                        .row_count = page->shown_count,
                                        .is_by_time = page->is_many_a_day,
                                        .selected = page->day != NULL ? page->day->bizdate : "",
                                        .now = page->visit->now,
                                        .arena = page->visit->arena});
    write_cut(page);
    html_close(html, "div");
}

/* What the page says follows from the story, the flow's files, and which instance comes next. */
static bool is_unchanged(struct grid_visit *page)
{
    struct plan_time next = plan_calendar_after(page->visit->now);
    if (page->flow == NULL || page->store == NULL || grid_visit_is_open(page))
        return false;
    if (!plan_calendar_next(page->flow, &next, &next))
        next.firing.us = 0;
    return visit_is_unchanged(page->visit,
                              arena_format(page->visit->arena, "%" PRId64 ".%.12s.%" PRId64,
                                           page->newest_event, page->flow->hash,
                                           next.firing.us / DURATION_SECOND_US));
}

static int answer_grid(struct visit *visit, struct error *err)
{
    struct grid_visit page = {.visit = visit, .name = visit->parts[0]};
    if (grid_visit_read(&page, err) != 0)
        return -1;
    if (is_unchanged(&page))
        return 0;
    struct page_head head = {.title = page.name,
                             .nav = PAGE_NAV_FLOWS,
                             .zone = page.zone,
                             .crumbs = {{"/", string_of(visit->language, STR_NAV_FLOWS)}},
                             .alternate =
                                 arena_format(visit->arena, "/api/v1/flows/%s/grid", page.name)};
    if (grid_visit_is_open(&page))
        head.events = arena_format(visit->arena, "/api/v1/events?flow=%s&after=%lld", page.name,
                                   (long long)page.newest_event);
    page_begin(visit, &head);
    flow_head_title(visit, page.name, page.flow);
    write_facts(&page);
    if (page.flow != NULL)
        write_actions(&page);
    flow_head_tabs(visit, page.name, FLOW_TAB_GRID);
    write_notes(&page);
    if (page.dates.count > 0 || visit_has(visit, "from") || visit_has(visit, "to"))
        write_filters(&page);
    write_body(&page);
    if (page.dates.count > 0)
        write_legend(&visit->html);
    return page_end(visit);
}

static const struct parameter grid_parameters[] = {
    {.name = "from", .kind = PARAMETER_DATE},
    {.name = "to", .kind = PARAMETER_DATE},
    {.name = "date", .kind = PARAMETER_DATE},
    {.name = "until", .kind = PARAMETER_TEXT, .max = 8},
    {.name = "rows", .kind = PARAMETER_CHOICE, .choices = "all|failed"},
    {.name = "cols", .kind = PARAMETER_CHOICE, .choices = "20|40|80"},
    {.name = NULL}};

const struct route page_grid_routes[] = {{.pattern = "/flows/{flow}",
                                          .methods = HTTP_GET,
                                          .parameters = grid_parameters,
                                          .answer = answer_grid},
                                         {.pattern = NULL}};

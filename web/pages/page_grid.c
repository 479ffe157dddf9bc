/* /flows/{flow}: the flow's history, business dates across. */
#include "web/pages/flow_head.h"
#include "web/pages/grid.h"
#include "web/pages/pages.h"
#include "web/site/page.h"

#include "scheduler/plan/plan_calendar.h"
#include "scheduler/store/store_load.h"
#include "scheduler/store/view_backfill.h"

#include <string.h>

#define NEXT_INSTANCES 3
#define MAX_BANNERS 3
#define MAX_FILTERED_CELLS 12000 /* that are looked at for rows with a failure */

struct page {
    struct visit *visit;
    const char *name;
    const struct flow *flow; /* NULL = wrong, or not on disk: `why_not` */
    struct error why_not;
    const struct zone *zone;
    struct store *store; /* NULL = nothing ever ran in this project */
    int64_t newest_event;
    size_t cols;
    bool only_failures;
    struct view_grid dates;
    struct grid_page columns_of;
    bool is_many_a_day;
    const struct view_grid_date *day; /* MANY A DAY: that is shown */
    struct grid_columns strip;        /* same */
    struct grid_columns columns;
    struct grid_rows rows;
    const struct grid_row **shown;
    size_t shown_count;
    const struct view_backfill *backfills; /* open ones, of this flow */
    size_t backfill_count;
    struct load_freezes freezes;
};

/* ---- what there is ---- */

static size_t average_name(const struct flow *flow)
{
    size_t bytes = 0;
    for (size_t i = 0; i < flow->node_count; i++)
        bytes += strlen(flow->nodes[i].name);
    return flow->node_count == 0 ? 0 : bytes / flow->node_count;
}

static int read_dates(struct page *page, struct error *err)
{
    const struct visit *visit = page->visit;
    size_t rows = page->flow != NULL && !page->is_many_a_day ? page->flow->node_count : 0;
    size_t name = page->flow != NULL ? average_name(page->flow) : 0;
    struct view_grid_of which = {.flow = page->name,
                                 .from = visit_text(visit, "from", ""),
                                 .to = visit_text(visit, "to", "")};
    if (page->only_failures)
        rows = rows * GRID_MAX_CELLS / MAX_FILTERED_CELLS;
    which.limit = (int32_t)grid_column_limit(page->cols, rows, name);
    which.is_ascending = which.from[0] != '\0' && which.to[0] == '\0';
    if (view_grid(page->store, &which, visit->arena, &page->dates, err) != 0)
        return -1;
    /* forward to the end: the newest page, filled */
    if (which.is_ascending && page->dates.newer[0] == '\0') {
        which.is_ascending = false;
        which.from = "";
        if (view_grid(page->store, &which, visit->arena, &page->dates, err) != 0)
            return -1;
    }
    page->columns_of =
        (struct grid_page){.flow = page->flow,
                           .dates = &page->dates,
                           .is_ascending = which.is_ascending,
                           .limit = (size_t)which.limit,
                           .today = civil_add_days(zone_civil_at(page->zone, visit->now).date, -2)};
    return 0;
}

static bool has_many_a_day(const struct page *page)
{
    if (page->flow != NULL)
        return !plan_schedule_is_daily(page->flow);
    for (size_t i = 0; i < page->dates.count; i++)
        if (page->dates.items[i].count > 3)
            return true;
    return false;
}

/* The day that is asked for, or the newest of those shown. */
static int read_day(struct page *page, struct error *err)
{
    const struct visit *visit = page->visit;
    const char *asked = visit_text(visit, "date", NULL);
    struct view_grid *one = arena_alloc(visit->arena, sizeof *one);
    struct grid_page times = page->columns_of;
    grid_date_columns(&page->columns_of, visit->arena, &page->strip);
    if (asked == NULL)
        asked = page->dates.items[page->dates.count - 1].bizdate;
    struct view_grid_of which = {.flow = page->name, .from = asked, .to = asked, .limit = 1};
    if (view_grid(page->store, &which, visit->arena, one, err) != 0)
        return -1;
    if (one->count == 0) {
        error_set(err, ERROR_KIND_NOT_FOUND, "%s has no run of business date %s", page->name,
                  asked);
        return -1;
    }
    times.dates = one;
    times.limit =
        grid_column_limit(page->cols, page->flow != NULL ? page->flow->node_count : 1, 20);
    page->day = &one->items[0];
    grid_time_columns(&times, visit_text(visit, "until", ""), visit->arena, &page->columns);
    return 0;
}

static void choose_rows(struct page *page)
{
    size_t limit = GRID_MAX_CELLS / (page->columns.count == 0 ? 1 : page->columns.count);
    page->shown = arena_array(page->visit->arena, page->rows.count, sizeof *page->shown);
    for (size_t i = 0; i < page->rows.count && page->shown_count < limit; i++)
        if (!page->only_failures || page->rows.items[i].has_failure)
            page->shown[page->shown_count++] = &page->rows.items[i];
}

static int read_backfills(struct page *page, struct error *err)
{
    struct arena *arena = page->visit->arena;
    struct load_backfills open;
    if (load_open_backfills(page->store, arena, &open, err) != 0)
        return -1;
    struct view_backfill *items = arena_array(arena, MAX_BANNERS, sizeof *items);
    for (size_t i = open.count; i-- > 0 && page->backfill_count < MAX_BANNERS;) {
        if (strcmp(open.items[i].flow, page->name) != 0)
            continue;
        if (view_find_backfill(page->store, open.items[i].id, arena, &items[page->backfill_count++],
                               err) != 0)
            return -1;
    }
    page->backfills = items;
    return load_freezes(page->store, arena, &page->freezes, err);
}

static int read_history(struct page *page, struct error *err)
{
    if (view_newest_event(page->store, 0, &page->newest_event, err) != 0 ||
        read_dates(page, err) != 0 || read_backfills(page, err) != 0)
        return -1;
    page->is_many_a_day = has_many_a_day(page);
    if (page->dates.count == 0)
        return 0;
    if (page->is_many_a_day) {
        if (read_day(page, err) != 0)
            return -1;
    } else {
        grid_date_columns(&page->columns_of, page->visit->arena, &page->columns);
    }
    const struct grid_rows_of which = {.store = page->store,
                                       .flow_name = page->name,
                                       .flow = page->flow,
                                       .columns = &page->columns,
                                       .arena = page->visit->arena};
    if (grid_read_rows(&which, &page->rows, err) != 0)
        return -1;
    choose_rows(page);
    return 0;
}

/* It ran, but not on the dates that are asked for. */
static bool is_elsewhere(const struct page *page)
{
    return page->dates.older != NULL &&
           (page->dates.older[0] != '\0' || page->dates.newer[0] != '\0');
}

/* The flow on disk and its history; NOT_FOUND where there is neither. */
static int read_page(struct page *page, struct error *err)
{
    struct visit *visit = page->visit;
    struct error none = {0};
    if (visit_flow(visit, page->name, &page->flow, &page->why_not) != 0)
        page->flow = NULL;
    page->zone = page->flow != NULL ? page->flow->zone : site_project_zone(visit->site);
    page->is_many_a_day = page->flow != NULL && !plan_schedule_is_daily(page->flow);
    page->cols = (size_t)visit_int(visit, "cols", 40);
    bool is_large = page->flow != NULL && page->flow->node_count * 15 > GRID_MAX_CELLS;
    page->only_failures =
        strcmp(visit_text(visit, "rows", is_large ? "failed" : "all"), "failed") == 0;
    if (visit_store(visit, &page->store, &none) != 0) {
        page->store = NULL;
        if (none.kind != ERROR_KIND_NOT_FOUND) {
            *err = none;
            return -1;
        }
    } else {
        if (store_begin_reading(page->store, err) != 0)
            return -1;
        int result = read_history(page, err);
        store_end_reading(page->store);
        if (result != 0)
            return -1;
    }
    bool has_history = page->dates.count > 0 || is_elsewhere(page);
    if (page->flow == NULL && page->why_not.kind == ERROR_KIND_NOT_FOUND && !has_history) {
        *err = page->why_not;
        return -1;
    }
    return 0;
}

static bool is_open(const struct page *page)
{
    if (page->backfill_count > 0)
        return true;
    const struct grid_columns *all[] = {&page->columns, &page->strip};
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < all[k]->count; i++)
            if (all[k]->items[i].run != NULL && !run_state_is_final(all[k]->items[i].run->state))
                return true;
    return false;
}

/* ---- what stands above the grid ---- */

static void write_next(struct page *page)
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

static void write_facts(struct page *page)
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

static void write_action(struct page *page, const char *path, enum string_key text)
{
    page_action_link(page->visit, path, string_of(page->visit->language, text));
    html_text(&page->visit->html, " ");
}

static void write_actions(struct page *page)
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
static void write_notes(struct page *page)
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
    bool has_run = page->dates.count > 0 || is_elsewhere(page);
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

static void write_banner(struct page *page, const struct view_backfill *backfill)
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

static void write_date_field(struct page *page, const char *name, enum string_key label)
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

static void write_select(struct page *page, bool is_rows)
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
static const char *turned(const struct page *page, const char *name, const char *value)
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

static void write_turn(struct page *page, const char *name, const char *value, enum string_key key)
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

static void write_filters(struct page *page)
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
static void write_strip(struct page *page)
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

static void write_cut(struct page *page)
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

static void write_empty(struct page *page)
{
    struct html *html = &page->visit->html;
    html_open(html, "div");
    html_attr(html, "class", "empty");
    html_say(html, is_elsewhere(page) ? STR_GRID_NONE_HERE : STR_GRID_NEVER_RAN);
    if (page->flow != NULL) {
        html_open(html, "code");
        html_format(html, "datemill run %s", page->name);
        html_close(html, "code");
    }
    html_close(html, "div");
}

static void write_body(struct page *page)
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

static int answer_grid(struct visit *visit, struct error *err)
{
    struct page page = {.visit = visit, .name = visit->parts[0]};
    if (read_page(&page, err) != 0)
        return -1;
    struct page_head head = {.title = page.name,
                             .nav = PAGE_NAV_FLOWS,
                             .zone = page.zone,
                             .crumbs = {{"/", string_of(visit->language, STR_NAV_FLOWS)}},
                             .alternate =
                                 arena_format(visit->arena, "/api/v1/flows/%s/grid", page.name)};
    if (is_open(&page))
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

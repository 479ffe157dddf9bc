#include "web/pages/backfill_page.h"

#include "web/pages/data.h"
#include "web/site/calendar.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define STRETCHES_SHOWN 12
#define GROUPS_SHOWN 20

/* ---- progress ---- */

static void write_left(struct backfill_page *page)
{
    const struct view_backfill *of = &page->of;
    int64_t remaining = view_backfill_total(of) - view_backfill_done(of);
    int64_t at_once = remaining < of->row.parallel ? remaining : of->row.parallel;
    if (of->row.state != BACKFILL_RUNNING || page->per_date.us == 0 || at_once < 1)
        return;
    struct duration left = {page->per_date.us * remaining / at_once};
    html_open(page->html, "span");
    html_say_with(page->html, STR_BACKFILL_LEFT,
                  (const char *const[]){visit_duration(page->visit, left), NULL});
    html_close(page->html, "span");
}

static void write_count(struct backfill_page *page, enum date_state state, enum string_key key)
{
    int64_t count = page->of.counts.items[state];
    if (count == 0)
        return;
    html_open(page->html, "span");
    html_say_with(page->html, key, (const char *const[]){data_number(page->visit, count), NULL});
    html_close(page->html, "span");
}

void backfill_page_progress(struct backfill_page *page)
{
    struct html *html = page->html;
    int64_t total = view_backfill_total(&page->of);
    int64_t done = view_backfill_done(&page->of);
    html_open(html, "div");
    html_attr(html, "id", "progress");
    html_flag(html, "data-part");
    html_open(html, "div");
    html_attr_format(html, "class", "banner %s", backfill_state_name(page->of.row.state));
    html_open(html, "progress");
    html_attr_int(html, "max", total > 0 ? total : 1);
    html_attr_int(html, "value", done);
    html_attr(html, "aria-label", string_of(html->language, STR_BACKFILL_WAY));
    html_close(html, "progress");
    html_open(html, "strong");
    html_say_with(html, STR_BACKFILL_OF,
                  (const char *const[]){data_number(page->visit, done),
                                        data_number(page->visit, total), NULL});
    html_close(html, "strong");
    write_count(page, DATE_FAILED, STR_BACKFILL_FAILED);
    write_count(page, DATE_BLOCKED, STR_BACKFILL_BLOCKED);
    write_count(page, DATE_STOPPED, STR_BACKFILL_STOPPED);
    write_count(page, DATE_IN_CONFLICT, STR_BACKFILL_CONFLICTS);
    write_count(page, DATE_OPEN, STR_BACKFILL_RUNNING);
    write_count(page, DATE_LEFT_OUT, STR_BACKFILL_KEPT);
    write_left(page);
    if (page->of.row.state_reason[0] != '\0')
        html_element(html, "span", NULL, page->of.row.state_reason);
    html_close(html, "div");
    html_close(html, "div");
}

/* ---- dates ---- */

static const char *run_href(struct backfill_page *page, const struct store_date *date)
{
    struct url url;
    if (date->run_id > 0) {
        url_begin(&url, page->visit->arena, "/runs");
        url_part_int(&url, date->run_id);
    } else {
        url_begin(&url, page->visit->arena, "/flows");
        url_part(&url, page->of.row.flow);
        url_part(&url, "dates");
        url_part(&url, date->bizdate);
    }
    return url_string(&url);
}

static void write_open(struct backfill_page *page)
{
    static const enum string_key keys[] = {STR_BIZDATE, STR_RUN, STR_STARTED, STR_DURATION};
    struct html *html = page->html;
    html_open(html, "div");
    html_attr(html, "id", "open");
    html_flag(html, "data-part");
    if (page->open.count > 0) {
        html_element_say(html, "h2", NULL, STR_BACKFILL_NOW);
        html_open(html, "table");
        html_attr(html, "class", "list");
        data_head(html, keys, sizeof keys / sizeof *keys, 0x8);
        html_open(html, "tbody");
    }
    for (size_t i = 0; i < page->open.count; i++) {
        const struct view_date_run *date = &page->open.items[i];
        bool has_begun = date->started_at.us != 0;
        html_open(html, "tr");
        html_open(html, "th");
        html_attr(html, "scope", "row");
        html_link(html, run_href(page, &date->date), date->date.bizdate);
        html_close(html, "th");
        html_open(html, "td");
        html_format(html, "%" PRId64, date->date.run_id);
        html_close(html, "td");
        html_open(html, "td");
        page_time(page->visit, date->started_at, page->zone);
        html_close(html, "td");
        html_element(html, "td", "n",
                     has_begun ? visit_duration(page->visit,
                                                instant_elapsed(date->started_at, page->visit->now))
                               : "–");
        html_close(html, "tr");
    }
    if (page->open.count > 0) {
        html_close(html, "tbody");
        html_close(html, "table");
    }
    html_close(html, "div");
}

/* ---- failures ---- */

static void write_stretches(struct backfill_page *page, const struct backfill_group *group)
{
    struct html *html = page->html;
    const struct backfill_stretch *stretches;
    int64_t dates;
    size_t count = backfill_group_stretches(group, page->visit->arena, &stretches, &dates);
    html_open(html, "span");
    html_say_count(html, STR_BACKFILL_DATE_COUNT, dates);
    html_text(html, ": ");
    for (size_t i = 0; i < count && i < STRETCHES_SHOWN; i++)
        html_format(html, stretches[i].count > 1 ? "%s%s … %s" : "%s%s", i > 0 ? ", " : "",
                    stretches[i].first, stretches[i].last);
    html_text(html, count > STRETCHES_SHOWN ? ", …" : "");
    html_close(html, "span");
}

static void write_group(struct backfill_page *page, const struct backfill_group *group)
{
    struct html *html = page->html;
    struct url url;
    html_open(html, "div");
    html_attr(html, "class", "why failed");
    if (group->node[0] != '\0') {
        html_element(html, "strong", NULL, group->node);
        html_text(html, " ");
    }
    html_text(html, group->reason);
    html_open(html, "p");
    html_attr(html, "class", "muted");
    write_stretches(page, group);
    if (group->run_id > 0) {
        url_begin(&url, page->visit->arena, "/runs");
        url_part_int(&url, group->run_id);
        html_text(html, " ");
        html_link(html, url_string(&url),
                  page_fill(page->visit, STR_RUN_NUMBER,
                            arena_format(page->visit->arena, "%" PRId64, group->run_id), NULL));
    }
    html_close(html, "p");
    html_close(html, "div");
}

static void write_failures(struct backfill_page *page)
{
    struct html *html = page->html;
    struct backfill_groups groups = {0};
    for (size_t i = 0; i < page->failed.count; i++) {
        const struct view_date_run *date = &page->failed.items[i];
        bool has_node = date->failure.node[0] != '\0';
        const struct backfill_failure failure = {.node = date->failure.node,
                                                 .reason = has_node ? date->failure.text
                                                                    : date->date.reason,
                                                 .bizdate = date->date.bizdate,
                                                 .run_id = date->date.run_id};
        backfill_groups_add(&groups, &failure);
    }
    html_open(html, "div");
    html_attr(html, "id", "failures");
    html_flag(html, "data-part");
    if (groups.count > 0)
        html_element_say(html, "h2", NULL, STR_BACKFILL_FAILURES);
    for (size_t i = 0; i < groups.count && i < GROUPS_SHOWN; i++)
        write_group(page, &groups.items[i]);
    if (page->failed.next >= 0)
        html_element_say(html, "p", "hint", STR_BACKFILL_MORE_FAILURES);
    html_close(html, "div");
    backfill_groups_free(&groups);
}

/* ---- the calendar ---- */

static const char *class_of(const struct store_date *date)
{
    static const char *const classes[DATE_STATE_COUNT] = {
        "waiting", "running", "success", "failed", "stopped", "blocked", "blocked", "skipped"};
    return date->state == DATE_LEFT_OUT && date->decision == DATE_KEEP ? "success"
                                                                       : classes[date->state];
}

/* What matters most of a day with several times. */
static int weight_of(const char *state)
{
    static const char *const order[] = {"skipped", "success", "waiting", "stopped",
                                        "blocked", "running", "failed"};
    for (int i = 0; i < (int)(sizeof order / sizeof *order); i++) {
        if (strcmp(order[i], state) == 0)
            return i;
    }
    return 0;
}

static int compare_days(const void *a, const void *b)
{
    const struct calendar_day *left = a;
    const struct calendar_day *right = b;
    int order = strcmp(left->bizdate, right->bizdate);
    return order != 0 ? order : weight_of(right->state) - weight_of(left->state);
}

static size_t make_days(struct backfill_page *page, struct calendar_day *days)
{
    size_t count = 0;
    for (size_t i = 0; i < page->dates.count; i++) {
        const struct store_date *date = &page->dates.items[i].date;
        const char *state = class_of(date);
        const char *word = string_state(page->html->language, state);
        if (date->state == DATE_LEFT_OUT)
            word = string_of(page->html->language, date->decision == DATE_KEEP
                                                       ? STR_BACKFILL_DAY_KEPT
                                                       : STR_BACKFILL_DAY_NONE);
        days[i] = (struct calendar_day){date->bizdate, state, word, run_href(page, date)};
    }
    qsort(days, page->dates.count, sizeof *days, compare_days);
    for (size_t i = 0; i < page->dates.count; i++) {
        if (count == 0 || strcmp(days[count - 1].bizdate, days[i].bizdate) != 0)
            days[count++] = days[i];
    }
    return count;
}

static void write_legend(struct html *html)
{
    static const char *const states[] = {"waiting", "running", "success", "failed",
                                         "blocked", "stopped", "skipped"};
    html_open(html, "ul");
    html_attr(html, "class", "legend");
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        html_open(html, "li");
        page_state(html, states[i]);
        html_close(html, "li");
    }
    html_close(html, "ul");
}

static void write_calendar(struct backfill_page *page)
{
    struct html *html = page->html;
    struct calendar_day *days =
        arena_array(page->visit->arena, page->dates.count + 1, sizeof *days);
    struct url url;
    size_t count = make_days(page, days);
    html_element_say(html, "h2", NULL, STR_BACKFILL_DATES);
    html_open(html, "div");
    html_attr(html, "id", "calendar");
    html_flag(html, "data-part");
    calendar_write(page->visit, days, count);
    html_close(html, "div");
    write_legend(html);
    if (page->dates.next < 0 && !visit_has(page->visit, "after"))
        return;
    url_begin(&url, page->visit->arena, "/backfills");
    url_part_int(&url, page->of.row.id);
    html_open(html, "nav");
    html_attr(html, "class", "pager");
    html_attr(html, "aria-label", string_of(html->language, STR_BACKFILL_DATES));
    html_link(html, url_string(&url), string_of(html->language, STR_BACKFILL_FIRST_DATES));
    if (page->dates.next >= 0) {
        url_query_int(&url, "after", page->dates.next + 1);
        html_link(html, url_string(&url), string_of(html->language, STR_BACKFILL_NEXT_DATES));
    }
    html_close(html, "nav");
}

void backfill_page_dates(struct backfill_page *page)
{
    write_open(page);
    write_failures(page);
    write_calendar(page);
}

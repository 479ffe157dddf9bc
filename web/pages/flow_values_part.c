#include "web/pages/flow_values_part.h"

#include "scheduler/plan/plan.h"
#include "scheduler/plan/plan_calendar.h"
#include "web/site/page.h"

#define MAX_DATES 5
#define MAX_DATED_NODES 500 /* a plan of a larger flow is made for one date only */
#define MAX_PARAMS 50

struct values_part {
    struct visit *visit;
    struct html *html;
    const struct flow *flow;
};

/* The next times of the schedule; without one, the days from today on. */
static size_t find_times(const struct values_part *page, struct plan_time *times)
{
    const struct flow *flow = page->flow;
    size_t wanted = flow->node_count > MAX_DATED_NODES ? 1 : MAX_DATES;
    size_t count = 0;
    struct plan_time after = plan_calendar_after(page->visit->now);
    while (count < wanted && flow->schedule.rule_count > 0 &&
           plan_calendar_next(flow, &after, &times[count])) {
        after = times[count++];
    }
    struct civil_date today = zone_civil_at(flow->zone, page->visit->now).date;
    for (int day = 0; count < wanted && flow->schedule.rule_count == 0; day++) {
        struct civil_time planned = {.date = civil_add_days(today, day)};
        if (!plan_time_locate(flow, planned, false, &times[count++]))
            break;
    }
    return count;
}

static void write_values(struct values_part *page, struct plan *const *plans, size_t count,
                         size_t index, size_t node)
{
    struct html *html = page->html;
    struct arena *arena = page->visit->arena;
    const struct plan_param *first =
        node == FLOW_NONE ? &plans[0]->params[index] : &plans[0]->nodes[node].params[index];
    html_open(html, "tr");
    html_open(html, "th");
    html_attr(html, "scope", "row");
    html_text(html, node == FLOW_NONE
                        ? first->name
                        : arena_format(arena, "%s: %s", page->flow->nodes[node].name, first->name));
    html_element(html, "small", NULL, first->written);
    html_close(html, "th");
    for (size_t i = 0; i < count; i++) {
        const struct plan_param *param =
            node == FLOW_NONE ? &plans[i]->params[index] : &plans[i]->nodes[node].params[index];
        html_open(html, "td");
        html_attr(html, "title", param->explanation);
        html_element(html, "code", NULL, param->text);
        html_close(html, "td");
    }
    html_close(html, "tr");
}

static void write_dates(struct values_part *page, struct plan *const *plans, size_t count)
{
    struct html *html = page->html;
    html_open(html, "thead");
    html_open(html, "tr");
    html_open(html, "th");
    html_attr(html, "scope", "col");
    html_say(html, STR_BIZDATE);
    html_close(html, "th");
    for (size_t i = 0; i < count; i++) {
        html_open(html, "th");
        html_attr(html, "scope", "col");
        html_text(html, plans[i]->bizdate_text);
        html_element(html, "small", NULL,
                     arena_format(page->visit->arena, "%.10s %.5s", plans[i]->cyctime_text,
                                  plans[i]->cyctime_text + 11));
        html_close(html, "th");
    }
    html_close(html, "tr");
    html_close(html, "thead");
}

static void write_param_rows(struct values_part *page, struct plan *const *plans, size_t count)
{
    size_t rows = 0;
    for (size_t i = 0; i < plans[0]->param_count && rows < MAX_PARAMS; i++, rows++)
        write_values(page, plans, count, i, FLOW_NONE);
    for (size_t node = 0; node < plans[0]->node_count; node++) {
        for (size_t i = 0; i < plans[0]->nodes[node].param_count && rows < MAX_PARAMS; i++, rows++)
            write_values(page, plans, count, i, node);
    }
}

void flow_values_part_write(struct visit *visit, const struct flow *flow)
{
    struct values_part part = {visit, &visit->html, flow};
    struct values_part *page = &part;
    struct html *html = page->html;
    struct plan_time times[MAX_DATES];
    struct plan *plans[MAX_DATES] = {NULL};
    size_t wanted = find_times(page, times);
    size_t count = 0;
    struct error err = {0};
    for (; count < wanted; count++) {
        struct plan_request request = {.planned = times[count].planned,
                                       .is_second = times[count].is_second};
        if (plan_make(page->flow, &request, &plans[count], &err) < 0)
            break;
    }
    html_open(html, "section");
    html_attr(html, "id", "params");
    html_element_say(html, "h2", NULL, STR_NEXT_VALUES);
    if (err.text[0] != '\0')
        html_element(html, "p", "why failed", err.text);
    if (count > 0) {
        html_open(html, "div");
        html_attr(html, "class", "scroll");
        html_attr(html, "tabindex", "0");
        html_attr(html, "role", "region");
        html_attr(html, "aria-label", string_of(page->visit->language, STR_NEXT_VALUES));
        html_open(html, "table");
        html_attr(html, "class", "list");
        write_dates(page, plans, count);
        html_open(html, "tbody");
        write_param_rows(page, plans, count);
        html_close(html, "tbody");
        html_close(html, "table");
        html_close(html, "div");
    }
    html_close(html, "section");
    for (size_t i = 0; i < count; i++)
        plan_free(plans[i]);
}

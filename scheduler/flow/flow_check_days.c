/* `on:` of nodes: on which dates they run. */
#include "scheduler/base/scope.h"
#include "scheduler/flow/cron.h"
#include "scheduler/flow/flow_loader.h"
#include "scheduler/flow/schedule.h"

static void report_days(struct flow_loader *loader, const struct field_value *value,
                        const struct error *err)
{
    size_t offset = err->column > 0 ? (size_t)err->column - 1 : 0;
    size_t length = err->line > 0 ? (size_t)err->line : 1;
    struct field_place place = flow_report_inside(&loader->report, value, offset, length);
    struct diagnostic *problem = diagnostics_add(loader->report.list, DIAGNOSTIC_ERROR, "E117",
                                                 "the days of `on` cannot be read");
    diagnostic_label(problem, flow_report_place(&loader->report, place), "%s", err->text);
    if (err->help[0] != '\0')
        diagnostic_help(problem, "%s", err->help);
}

static bool has_date(const struct flow_days *days, struct civil_date date)
{
    for (size_t i = 0; i < days->count; i++) {
        if (cron_has_date(days->crons[i], date))
            return true;
    }
    return false;
}

/* Whether the schedule, whatever its bounds, fires on one of the days. */
static bool meets_schedule(const struct flow_schedule *schedule, const struct flow_days *days)
{
    static const struct civil_date some_day = {2000, 1, 1};
    const struct civil_date end = civil_add_days(some_day, CRON_MAX_GAP_DAYS);
    bool meets = schedule->rule_count == 0;
    for (size_t i = 0; i < schedule->rule_count && !meets; i++) {
        struct civil_date date = some_day;
        while (!meets && cron_next_date(schedule->rules[i].cron, date, &date) &&
               civil_date_compare(date, end) < 0) {
            meets = has_date(days, date);
            date = civil_add_days(date, 1);
        }
    }
    return meets;
}

static void read_days(struct flow_loader *loader, struct flow_node *node,
                      const struct field_value *list)
{
    SCOPED_TEXT struct text text = {0};
    struct arena *arena = &loader->flow->arena;
    const struct cron **crons = arena_array(arena, list->item_count, sizeof *crons);
    struct flow_days *days = arena_alloc(arena, sizeof *days);
    for (size_t i = 0; i < list->item_count; i++) {
        struct error err = {0};
        const char *normal;
        if (schedule_parse_days(list->items[i].text, arena, &crons[days->count], &normal, &err) !=
            0) {
            report_days(loader, &list->items[i], &err);
            continue;
        }
        days->count++;
        text_append_format(&text, "%s%s", text.length > 0 ? "; " : "", normal);
    }
    days->crons = crons;
    days->text = arena_copy(arena, text_string(&text), text.length);
    node->on = days;
}

static void check_node(struct flow_loader *loader, struct flow_node *node)
{
    const struct flow_schedule *schedule = &loader->flow->schedule;
    const struct field_value *list = field_find(node->block, "on");
    if (list == NULL)
        return;
    if (list->item_count == 0) {
        flow_report_error(&loader->report, list->place, "E117", "this list of days is empty");
        return;
    }
    read_days(loader, node, list);
    if (node->on->count < list->item_count || meets_schedule(schedule, node->on))
        return;
    struct diagnostic *problem =
        flow_report_error(&loader->report, list->place, "E117", "node `%s` never runs", node->name);
    diagnostic_help(problem, "the flow's schedule `%s` has none of these days", schedule->text);
}

void flow_check_days(struct flow_loader *loader)
{
    for (size_t i = 0; i < loader->flow->node_count; i++)
        check_node(loader, &loader->nodes[i]);
}

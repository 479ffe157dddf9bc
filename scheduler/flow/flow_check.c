#include "scheduler/base/scope.h"
#include "scheduler/flow/field_table.h"
#include "scheduler/flow/flow_loader.h"
#include "scheduler/flow/schedule.h"

#include <string.h>

static void report_schedule(struct flow_loader *loader, const struct field_value *value,
                            const struct error *err)
{
    size_t offset = err->column > 0 ? (size_t)err->column - 1 : 0;
    size_t length = err->line > 0 ? (size_t)err->line : 1;
    struct field_place place = flow_report_inside(&loader->report, value, offset, length);
    struct diagnostic *problem = diagnostics_add(loader->report.list, DIAGNOSTIC_ERROR, "E117",
                                                 "the schedule cannot be read");
    diagnostic_label(problem, flow_report_place(&loader->report, place), "%s", err->text);
    if (err->help[0] != '\0')
        diagnostic_help(problem, "%s", err->help);
}

/* The rules of a schedule while they are read. */
struct schedule_reader {
    struct flow_loader *loader;
    struct flow_schedule_rule *rules;
    size_t count;
    struct text text; /* theirs, joined */
};

static void read_rule(struct schedule_reader *reader, const struct field_value *value, bool is_cron)
{
    struct flow_loader *loader = reader->loader;
    struct arena *arena = &loader->flow->arena;
    struct flow_schedule_rule *rule = &reader->rules[reader->count];
    struct error err = {0};
    int failed = is_cron ? schedule_parse_cron(value->text, arena, rule, &err)
                         : schedule_parse(value->text, arena, rule, &err);
    if (failed != 0) {
        report_schedule(loader, value, &err);
        return;
    }
    reader->count++;
    text_append_format(&reader->text, "%s%s", reader->text.length > 0 ? "; " : "", rule->text);
}

/* One rule, or a list of them. */
static void read_schedule(struct flow_loader *loader, const struct field_value *value, bool is_cron)
{
    struct flow *flow = loader->flow;
    struct flow_schedule *schedule = &flow->schedule;
    struct schedule_reader reader = {.loader = loader};
    bool is_list = value->kind == FIELD_KIND_LIST;
    size_t count = is_list ? value->item_count : 1;
    reader.rules = arena_array(&flow->arena, count, sizeof *reader.rules);
    for (size_t i = 0; i < count; i++)
        read_rule(&reader, is_list ? &value->items[i] : value, is_cron);
    if (count == 0)
        flow_report_error(&loader->report, value->place, "E117", "this list of times is empty");
    schedule->rules = reader.rules;
    schedule->rule_count = reader.count;
    schedule->text = arena_copy(&flow->arena, text_string(&reader.text), reader.text.length);
    schedule->place = value->place;
    text_free(&reader.text);
}

static struct civil_date read_date(const struct field_value *block, const char *name)
{
    const struct field_value *value = field_find(block, name);
    struct civil_date date = {0};
    if (value == NULL || civil_date_parse(value->text, &date, NULL) != 0)
        return (struct civil_date){0};
    return date;
}

/* The place of a choice among its words; 0, the default, when it was not given. */
static size_t read_choice(const struct field_value *block, const char *name)
{
    const struct field_value *value = field_find(block, name);
    size_t index = 0;
    while (value != NULL && strcmp(value->field->choices[index], value->text) != 0)
        index++;
    return index;
}

static void read_policies(struct flow_schedule *schedule, const struct field_value *block)
{
    schedule->catchup = (enum flow_catchup)read_choice(block, "catchup");
    schedule->catchup_limit = (int32_t)field_number(block, "catchup_limit", FLOW_CATCHUP_LIMIT);
    schedule->overlap = (enum flow_overlap)read_choice(block, "overlap");
}

static void read_schedule_block(struct flow_loader *loader, const struct field_value *block)
{
    struct flow_schedule *schedule = &loader->flow->schedule;
    const struct field_value *at = field_find(block, "at");
    const struct field_value *cron = field_find(block, "cron");
    if (at != NULL && cron != NULL)
        flow_report_error(&loader->report, cron->key_place, "E117",
                          "a schedule has `at` or `cron`, not both");
    else if (at != NULL || cron != NULL)
        read_schedule(loader, at != NULL ? at : cron, at == NULL);
    schedule->from = read_date(block, "from");
    schedule->until = read_date(block, "until");
    const struct field_value *until = field_find(block, "until");
    if (until != NULL && field_find(block, "from") != NULL &&
        civil_date_compare(schedule->until, schedule->from) < 0)
        flow_report_error(&loader->report, until->place, "E117", "`until` is before `from`");
    read_policies(schedule, block);
    bool has_dates = until != NULL || field_find(block, "from") != NULL;
    if (has_dates && at == NULL && cron == NULL)
        flow_report_error(&loader->report, block->key_place, "E106",
                          "`schedule` needs `at` or `cron`");
}

static void load_zone(struct flow_loader *loader, const struct field_value *value)
{
    struct flow *flow = loader->flow;
    const char *name = value != NULL ? value->text : loader->project->timezone;
    struct error err;
    if (zone_load(name, &flow->zone, &err) == 0)
        return;
    if (value == NULL) {
        diagnostics_add_error(loader->report.list, "E118", DIAGNOSTIC_NO_SOURCE, &err);
        return;
    }
    struct diagnostic *problem =
        flow_report_error(&loader->report, value->place, "E118", "%s", err.text);
    diagnostic_help(problem, "%s",
                    err.help[0] != '\0' ? err.help
                                        : "a name of the tz database: Asia/Shanghai, UTC");
}

void flow_check_schedule(struct flow_loader *loader)
{
    struct flow *flow = loader->flow;
    const struct field_value *value = field_find(&loader->block, "schedule");
    flow->schedule = (struct flow_schedule){.text = "", .catchup_limit = FLOW_CATCHUP_LIMIT};
    bool is_block = value != NULL && value->kind == FIELD_KIND_BLOCK;
    if (value != NULL && is_block)
        read_schedule_block(loader, value);
    else if (value != NULL)
        read_schedule(loader, value, false);
    load_zone(loader, is_block ? field_find(value, "timezone") : NULL);
}

/* A node without a process has no attempts: its `timeout` is of its wait. One that all nodes have
 * by `defaults` is not meant for it. */
static void set_wait(struct flow_node *node, const struct node_work *work)
{
    struct node_wait wait = {0};
    if (node->type->find_wait == NULL || !node->type->find_wait(node->type, work, &wait))
        return;
    const struct field_value *timeout = field_find(node->block, "timeout");
    node->wait = (struct node_wait_limit){true, wait.timeout, wait.is_skipped};
    if (!node->type->has_process && timeout != NULL)
        node->wait.timeout.us = timeout->number;
}

void flow_check_types(struct flow_loader *loader)
{
    struct flow *flow = loader->flow;
    const struct project *project = loader->project;
    struct node_report report = flow_report_for_node(&loader->report);
    for (size_t i = 0; i < flow->node_count; i++) {
        struct flow_node *node = &loader->nodes[i];
        if (node->type == NULL || node->block->number != 0)
            continue;
        struct node_values values = {
            .resolved = &node->values, .written = &node->values, .file_names = flow->file_names};
        struct node_facts facts = {.project_dir = project->dir,
                                   .state_dir = project->state_dir,
                                   .flow_dir = flow->dir,
                                   .flow = flow->name,
                                   .node = node->name,
                                   .connections = project->connections,
                                   .connection_count = project->connection_count,
                                   .tables = flow->tables,
                                   .table_count = flow->table_count};
        SCOPED_ARENA struct arena arena = {0};
        struct node_work work = {&values, &facts, &arena};
        if (node->type->check != NULL)
            node->type->check(node->type, &values, &facts, &report);
        set_wait(node, &work);
    }
}

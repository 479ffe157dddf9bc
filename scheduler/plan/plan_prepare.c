#include "scheduler/plan/plan_prepare.h"

#include "nodes/node_wait.h"
#include "scheduler/plan/plan_resolve.h"
#include "scheduler/plan/plan_value.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define USUAL_ENTRIES 32

/* The environment while it is put together: a later entry of a name replaces an earlier one. */
struct environment {
    struct arena *arena;
    const struct plan *plan;
    const struct plan_resolver *resolver;
    struct node_environment *items;
    size_t count;
    size_t capacity;
};

static void add(struct environment *environment, struct node_environment item)
{
    environment->items = arena_grow(environment->arena, environment->items, environment->count,
                                    &environment->capacity, sizeof *environment->items);
    environment->items[environment->count] = item;
    environment->count++;
}

static void add_text(struct environment *environment, const char *name, const char *text)
{
    add(environment, (struct node_environment){.name = name, .text = text});
}

/* A secret's file is relative to the project. */
static const char *secret_path(const struct environment *environment, const char *file)
{
    if (file == NULL || file[0] == '/')
        return file;
    const char *folder = environment->plan->flow->project->dir;
    return arena_format(environment->arena, "%s/%s", folder, file);
}

static void add_value(struct environment *environment, const struct field_value *value)
{
    if (!value->is_secret) {
        add_text(environment, value->name, value->text);
        return;
    }
    const struct field_value *file = field_find(value, "file");
    const struct field_value *variable = field_find(value, "env");
    struct node_environment item = {.name = value->name};
    item.secret_file = secret_path(environment, file == NULL ? NULL : file->text);
    item.secret_env = variable == NULL ? NULL : variable->text;
    add(environment, item);
}

/* `env:` of the project or of the node; NULL = none was written. */
static int add_block(struct environment *environment, const struct field_value *written,
                     struct error *err)
{
    if (written == NULL)
        return 0;
    struct field_value resolved;
    if (plan_resolve(environment->resolver, written, &resolved, err) < 0)
        return -1;
    for (size_t i = 0; i < resolved.item_count; i++)
        add_value(environment, &resolved.items[i]);
    return 0;
}

static void add_facts(struct environment *environment, const struct node_facts *facts)
{
    struct arena *arena = environment->arena;
    for (size_t i = 0; i < facts->param_count; i++)
        add_text(environment, facts->params[i].name, facts->params[i].text);
    add_text(environment, "DATEMILL_BIZDATE", facts->bizdate);
    add_text(environment, "DATEMILL_CYCTIME", facts->cyctime);
    add_text(environment, "DATEMILL_RUN_ID", arena_format(arena, "%" PRId64, facts->run_id));
    add_text(environment, "DATEMILL_FLOW", facts->flow);
    add_text(environment, "DATEMILL_NODE", facts->node);
    add_text(environment, "DATEMILL_ATTEMPT", arena_format(arena, "%" PRId32, facts->attempt));
}

struct entry {
    struct node_environment item;
    size_t order;
};

static int compare_entries(const void *a, const void *b)
{
    const struct entry *left = a;
    const struct entry *right = b;
    int by_name = strcmp(left->item.name, right->item.name);
    return by_name != 0 ? by_name : (left->order > right->order) - (left->order < right->order);
}

/* Sorted by name, and of each name the last one that was added. */
static void finish(struct environment *environment, struct plan_start *start)
{
    struct entry *entries = arena_array(environment->arena, environment->count, sizeof *entries);
    for (size_t i = 0; i < environment->count; i++)
        entries[i] = (struct entry){environment->items[i], i};
    qsort(entries, environment->count, sizeof *entries, compare_entries);
    size_t count = 0;
    for (size_t i = 0; i < environment->count; i++) {
        bool is_replaced = i + 1 < environment->count &&
                           strcmp(entries[i].item.name, entries[i + 1].item.name) == 0;
        if (!is_replaced)
            environment->items[count++] = entries[i].item;
    }
    start->environment = environment->items;
    start->environment_count = count;
}

/* The node's own parameters and those of the flow that they do not hide. */
static const struct node_setting *list_params(const struct plan *plan, size_t node,
                                              struct arena *arena, size_t *ret_count)
{
    const struct plan_node *own = &plan->nodes[node];
    struct node_setting *params =
        arena_array(arena, plan->param_count + own->param_count, sizeof *params);
    size_t count = 0;
    for (size_t i = 0; i < plan->param_count; i++) {
        const char *name = plan->params[i].name;
        bool is_hidden = false;
        for (size_t j = 0; j < own->param_count && !is_hidden; j++)
            is_hidden = strcmp(own->params[j].name, name) == 0;
        if (!is_hidden)
            params[count++] = (struct node_setting){name, plan->params[i].text};
    }
    for (size_t i = 0; i < own->param_count; i++)
        params[count++] = (struct node_setting){own->params[i].name, own->params[i].text};
    *ret_count = count;
    return params;
}

static struct node_facts make_facts(const struct plan *plan, const struct plan_facts *facts,
                                    struct arena *arena)
{
    const struct flow *flow = plan->flow;
    const struct project *project = flow->project;
    struct node_facts result = {.project_dir = project->dir,
                                .state_dir = project->state_dir,
                                .flow_dir = flow->dir,
                                .libexec_dir = facts->libexec_dir,
                                .flow = flow->name,
                                .node = flow->nodes[facts->node].name,
                                .bizdate = plan->bizdate_text,
                                .cyctime = plan->cyctime_text,
                                .version = facts->version,
                                .run_id = plan->run_id,
                                .attempt_id = facts->attempt_id,
                                .attempt = facts->attempt,
                                .reject_file = facts->reject_file,
                                .connections = project->connections,
                                .connection_count = project->connection_count,
                                .tables = flow->tables,
                                .table_count = flow->table_count};
    result.params = list_params(plan, facts->node, arena, &result.param_count);
    return result;
}

static const char *const *list_file_names(const struct flow *flow, struct arena *arena)
{
    const char **names = arena_array(arena, flow->file_count + 1, sizeof *names);
    for (size_t i = 0; i < flow->file_count; i++)
        names[i] = flow->files[i].path;
    return names;
}

static int begin_environment(struct environment *environment, const struct flow_node *node,
                             const struct plan_facts *facts, struct error *err)
{
    const struct flow *flow = environment->plan->flow;
    environment->capacity = USUAL_ENTRIES;
    environment->items = arena_array(environment->arena, USUAL_ENTRIES, sizeof *environment->items);
    for (size_t i = 0; i < facts->environment_count; i++)
        add_text(environment, facts->environment[i].name, facts->environment[i].text);
    add_text(environment, "TZ", zone_name(flow->zone));
    if (add_block(environment, flow->project->env, err) < 0)
        return -1;
    return add_block(environment, node->env, err);
}

int plan_prepare(const struct plan *plan, const struct plan_facts *facts, struct arena *arena,
                 struct plan_start *ret_start, struct error *err)
{
    size_t node = facts->node;
    assert(node < plan->node_count);
    const struct flow_node *flow_node = &plan->flow->nodes[node];
    assert(flow_node->type->has_process);
    struct plan_names names;
    if (plan_value_names(plan, (struct plan_seen){node, facts->attempt}, arena, &names, err) < 0)
        return -1;
    struct plan_resolver resolver = {plan->flow, facts->finder, &names.node, arena};
    struct environment environment = {.arena = arena, .plan = plan, .resolver = &resolver};
    struct field_value resolved;
    if (plan_resolve(&resolver, &flow_node->values, &resolved, err) < 0 ||
        begin_environment(&environment, flow_node, facts, err) < 0)
        return -1;
    struct node_facts node_facts = make_facts(plan, facts, arena);
    struct node_values values = {.resolved = &resolved,
                                 .written = &flow_node->values,
                                 .file_names = list_file_names(plan->flow, arena)};
    struct plan_start start = {0};
    struct node_work work = {&values, &node_facts, arena};
    if (flow_node->type->prepare(flow_node->type, &work, &start.command, err) < 0)
        return -1;
    for (size_t i = 0; i < start.command.environment_count; i++)
        add(&environment, start.command.environment[i]);
    add_facts(&environment, &node_facts);
    finish(&environment, &start);
    *ret_start = start;
    return 0;
}

/* The node's values with their references substituted, without an attempt. */
static int resolve_node(const struct plan *plan, const struct plan_facts *facts,
                        struct arena *arena, struct field_value *ret_resolved, struct error *err)
{
    struct plan_names names;
    if (plan_value_names(plan, (struct plan_seen){facts->node, 1}, arena, &names, err) < 0)
        return -1;
    struct plan_resolver resolver = {plan->flow, facts->finder, &names.node, arena};
    return plan_resolve(&resolver, &plan->flow->nodes[facts->node].values, ret_resolved, err);
}

int plan_find_replaced(const struct plan *plan, const struct plan_facts *facts, struct arena *arena,
                       struct node_table *ret_table, struct error *err)
{
    assert(facts->node < plan->node_count);
    const struct flow_node *node = &plan->flow->nodes[facts->node];
    struct node_table table = {0};
    struct field_value resolved;
    if (node->type->find_replaced == NULL) {
        *ret_table = table;
        return 0;
    }
    if (resolve_node(plan, facts, arena, &resolved, err) < 0)
        return -1;
    struct node_values values = {.resolved = &resolved, .written = &node->values};
    struct node_work work = {&values, NULL, arena};
    bool is_known = node->type->find_replaced(node->type, &work, &table);
    *ret_table = is_known ? table : (struct node_table){0};
    return 0;
}

void plan_name_wait(const struct node_wait *wait, struct text *text)
{
    switch (wait->kind) {
    case NODE_WAIT_FILE:
        text_append_format(text, "file %s: %s", wait->connection, wait->file);
        return;
    case NODE_WAIT_PARTITION:
        text_append_format(text, "%s %s%s%s", wait->partition[0] == '\0' ? "table" : "partition",
                           wait->table, wait->partition[0] == '\0' ? "" : "/", wait->partition);
        return;
    case NODE_WAIT_TIME:
        text_append(text, wait->time);
        return;
    }
}

int plan_find_wait(const struct plan *plan, const struct plan_facts *facts, struct arena *arena,
                   struct plan_wait *ret_wait, struct error *err)
{
    const struct flow_node *node = &plan->flow->nodes[facts->node];
    struct field_value resolved;
    int32_t seconds = 0;
    assert(node->wait.is_set);
    if (resolve_node(plan, facts, arena, &resolved, err) < 0)
        return -1;
    struct node_facts node_facts = make_facts(plan, facts, arena);
    struct node_values values = {.resolved = &resolved, .written = &node->values};
    struct node_work work = {&values, &node_facts, arena};
    *ret_wait = (struct plan_wait){0};
    if (!node->type->find_wait(node->type, &work, &ret_wait->wait))
        return error_set(err, ERROR_KIND_BUG, "%s waits for nothing", node->name);
    if (ret_wait->wait.kind == NODE_WAIT_FILE && ret_wait->wait.root == NULL)
        return error_set(err, ERROR_KIND_INVALID, "no connection `%s` in datemill.yaml",
                         ret_wait->wait.connection);
    if (ret_wait->wait.kind != NODE_WAIT_TIME)
        return 0;
    node_wait_parse_time(ret_wait->wait.time, &seconds);
    struct civil_time time = {.date = plan->planned.date,
                              .hour = seconds / 3600,
                              .minute = seconds / 60 % 60,
                              .second = seconds % 60};
    ret_wait->at = zone_find_local(plan->flow->zone, time).first;
    return 0;
}

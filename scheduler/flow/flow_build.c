#include "scheduler/flow/field_read.h"
#include "scheduler/flow/field_table.h"
#include "scheduler/flow/flow_loader.h"
#include "scheduler/flow/notify.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"

#include <string.h>

#define DEFAULT_PRIORITY 4
#define DEFAULT_DELAY (60 * DURATION_SECOND_US)
#define DEFAULT_MAX_DELAY (3600 * DURATION_SECOND_US)

static const char *text_or_empty(const struct field_value *block, const char *name)
{
    const struct field_value *value = field_find(block, name);
    return value == NULL ? "" : value->text;
}

/* What a flow at this path is called: the file's name, or the folder's for flow.yaml. */
static const char *expected_name(const char *path, struct arena *arena)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    size_t length = strcspn(name, ".");
    if (slash == NULL || strcmp(name, "flow.yaml") != 0)
        return arena_copy(arena, name, length);
    const char *folder = slash;
    while (folder > path && folder[-1] != '/')
        folder--;
    return arena_copy(arena, folder, (size_t)(slash - folder));
}

static void check_name(struct flow_loader *loader)
{
    const struct field_value *value = field_find(&loader->block, "flow");
    const char *path = loader->files[0].path;
    const char *expected = expected_name(path, &loader->flow->arena);
    loader->flow->name = value == NULL ? expected : value->text;
    if (value == NULL || strcmp(value->text, expected) == 0)
        return;
    bool is_folder = strcmp(path + strlen(path) - strlen("flow.yaml"), "flow.yaml") == 0 &&
                     strchr(path, '/') != NULL;
    struct diagnostic *problem = flow_report_error(
        &loader->report, value->place, "E108", "the flow is called `%s` but its %s is `%s`",
        value->text, is_folder ? "folder" : "file", is_folder ? expected : path);
    diagnostic_help(problem, "write `flow: %s`, or rename the %s", expected,
                    is_folder ? "folder" : "file");
}

void flow_build_head(struct flow_loader *loader)
{
    struct flow *flow = loader->flow;
    const struct field_value *block = &loader->block;
    check_name(loader);
    flow->title = text_or_empty(block, "title");
    flow->description = text_or_empty(block, "description");
    flow->owner = text_or_empty(block, "owner");
    flow->priority = (int32_t)field_number(block, "priority", DEFAULT_PRIORITY);
    flow->max_runs = (int32_t)field_number(block, "max_runs", 0);
    flow->notify = notify_read_flow(block, loader->project, &loader->report, &flow->arena);
    const struct field_value *tags = field_find(block, "tags");
    flow->tag_count = tags == NULL ? 0 : tags->item_count;
    const char **list = arena_array(&flow->arena, flow->tag_count + 1, sizeof *list);
    for (size_t i = 0; i < flow->tag_count; i++)
        list[i] = tags->items[i].text;
    flow->tags = list;
    const char *path = loader->files[0].path;
    const char *slash = strrchr(path, '/');
    const char *dir = loader->project->dir;
    flow->dir =
        slash == NULL ? dir : arena_format(&flow->arena, "%s/%.*s", dir, (int)(slash - path), path);
}

/* The files a pattern names; without `*` and `?` it is a file that must be there. */
static void add_tables(struct flow_loader *loader, const struct field_value *value,
                       struct node_table_file **tables, size_t *capacity)
{
    struct flow *flow = loader->flow;
    struct arena *arena = &flow->arena;
    const char *pattern = flow_source_join(loader->files[0].path, value->text, arena);
    struct flow_paths paths = {0};
    struct error err = {0};
    if (pattern == NULL)
        error_set(&err, ERROR_KIND_PRECONDITION, "lies outside the project");
    else if (strpbrk(value->text, "*?") == NULL)
        paths = (struct flow_paths){&pattern, 1};
    else if (flow_source_glob(loader->source, pattern, arena, &paths, &err) == 0 &&
             paths.count == 0)
        error_set(&err, ERROR_KIND_PRECONDITION, "matches no file");
    if (err.text[0] != '\0')
        flow_report_error(&loader->report, value->place, "E105", "`%s`: %s", value->text, err.text);
    for (size_t i = 0; i < paths.count; i++) {
        const char *slash = strrchr(loader->files[0].path, '/');
        size_t skipped = slash == NULL ? 0 : (size_t)(slash - loader->files[0].path) + 1;
        bool is_beneath = strncmp(paths.paths[i], loader->files[0].path, skipped) == 0;
        const char *name = is_beneath ? paths.paths[i] + skipped : value->text;
        size_t index = flow_loader_add_file(loader, name, value->place);
        if (index == FLOW_NONE)
            continue;
        *tables = arena_grow(arena, *tables, flow->table_count, capacity, sizeof **tables);
        (*tables)[flow->table_count++] =
            (struct node_table_file){loader->files[index].path, loader->files[index].bytes};
    }
}

void flow_build_tables(struct flow_loader *loader)
{
    const struct field_value *list = field_find(&loader->block, "tables");
    struct node_table_file *tables = NULL;
    size_t capacity = 0;
    for (size_t i = 0; list != NULL && i < list->item_count; i++)
        add_tables(loader, &list->items[i], &tables, &capacity);
    loader->flow->tables = tables;
}

/* Compiles the parameters of a MAP (NULL = none); a malformed one is reported and has no
 * expression. */
static struct flow_param *build_params(struct flow_loader *loader, const struct field_value *map,
                                       size_t *ret_count)
{
    struct arena *arena = &loader->flow->arena;
    size_t count = map == NULL ? 0 : map->item_count;
    struct flow_param *params = arena_array(arena, count + 1, sizeof *params);
    size_t kept = 0;
    if (count > PARAMETER_MAX_COUNT) {
        flow_report_error(&loader->report, map->place, "E107", "more than %d parameters",
                          PARAMETER_MAX_COUNT);
        count = PARAMETER_MAX_COUNT;
    }
    for (size_t i = 0; i < count; i++) {
        const struct field_value *value = &map->items[i];
        struct expression_span span = {0};
        struct error err;
        const struct expression *expression;
        if (expression_parse(arena, value->text, &expression, &span, &err) != 0) {
            struct field_place place =
                flow_report_inside(&loader->report, value, span.offset, span.length);
            struct diagnostic *problem =
                diagnostics_add(loader->report.list, DIAGNOSTIC_ERROR, "E121",
                                "the value of parameter `%s` is malformed", value->name);
            diagnostic_label(problem, flow_report_place(&loader->report, place), "%s", err.text);
            if (err.help[0] != '\0')
                diagnostic_help(problem, "%s", err.help);
            expression = NULL; /* the name is defined all the same */
        }
        params[kept++] = (struct flow_param){value->name, value->text, value->place, expression};
    }
    *ret_count = kept;
    return params;
}

void flow_build_params(struct flow_loader *loader)
{
    struct flow *flow = loader->flow;
    flow->params = build_params(loader, field_find(&loader->block, "params"), &flow->param_count);
}

/* A setting of the node, else of `defaults`. */
static const struct field_value *setting(const struct flow_loader *loader,
                                         const struct field_value *node, const char *name)
{
    const struct field_value *value = field_find(node, name);
    return value != NULL ? value : field_find(field_find(&loader->block, "defaults"), name);
}

static int64_t setting_number(const struct flow_loader *loader, const struct field_value *node,
                              const char *name, int64_t fallback)
{
    const struct field_value *value = setting(loader, node, name);
    return value == NULL ? fallback : value->number;
}

/* A key of `retry`: the node's block first, then that of `defaults`. */
static const struct field_value *retry_setting(const struct flow_loader *loader,
                                               const struct field_value *node, const char *name)
{
    const struct field_value *value = field_find(field_find(node, "retry"), name);
    if (value != NULL)
        return value;
    const struct field_value *defaults = field_find(&loader->block, "defaults");
    return field_find(field_find(defaults, "retry"), name);
}

static int64_t retry_number(const struct flow_loader *loader, const struct field_value *node,
                            const char *name, int64_t fallback)
{
    const struct field_value *value = retry_setting(loader, node, name);
    return value == NULL ? fallback : value->number;
}

static void build_retry(struct flow_loader *loader, const struct field_value *block,
                        struct flow_retry *retry)
{
    const struct field_value *backoff = retry_setting(loader, block, "backoff");
    const struct field_value *codes = retry_setting(loader, block, "codes");
    retry->max = (int32_t)retry_number(loader, block, "max", 0);
    retry->delay.us = retry_number(loader, block, "delay", DEFAULT_DELAY);
    retry->max_delay.us = retry_number(loader, block, "max_delay", DEFAULT_MAX_DELAY);
    retry->backoff_percent = backoff != NULL && strcmp(backoff->text, "double") == 0 ? 200 : 100;
    retry->on_timeout = retry_number(loader, block, "on_timeout", 0) != 0;
    retry->on_lost = retry_number(loader, block, "on_lost", 0) != 0;
    if (retry->max_delay.us < retry->delay.us)
        retry->max_delay = retry->delay;
    retry->code_count = codes == NULL ? 0 : codes->item_count;
    int32_t *list = arena_array(&loader->flow->arena, retry->code_count + 1, sizeof *list);
    for (size_t i = 0; i < retry->code_count; i++)
        list[i] = (int32_t)codes->items[i].number;
    retry->codes = list;
}

static size_t find_pool(struct flow_loader *loader, const struct field_value *block)
{
    const struct project *project = loader->project;
    const struct field_value *value = setting(loader, block, "pool");
    if (value == NULL)
        return FLOW_NONE;
    struct suggest suggest;
    suggest_begin(&suggest, value->text);
    for (size_t i = 0; i < project->pool_count; i++) {
        if (strcmp(project->pools[i].name, value->text) == 0)
            return i;
        suggest_offer(&suggest, project->pools[i].name);
    }
    /* A wrong default is one mistake, not one of each node. */
    if (field_find(block, "pool") == NULL && block != loader->nodes[0].block)
        return FLOW_NONE;
    struct diagnostic *problem =
        flow_report_error(&loader->report, value->place, "E114",
                          "no pool `%s` in " FLOW_SOURCE_PROJECT_FILE, value->text);
    if (suggest_best(&suggest) != NULL)
        diagnostic_help(problem, "did you mean `%s`?", suggest_best(&suggest));
    else
        diagnostic_help(problem, "add it: pools: {%s: 2}", value->text);
    return FLOW_NONE;
}

/* The members of the type's own fields, as a BLOCK. */
static struct field_value own_values(struct flow_loader *loader, const struct field_value *block)
{
    struct field_value own = *block;
    struct field_value *items =
        arena_array(&loader->flow->arena, block->item_count + 1, sizeof *items);
    own.item_count = 0;
    for (size_t i = 0; i < block->item_count; i++) {
        if (field_describe(field_table_node, block->items[i].name) == NULL)
            items[own.item_count++] = block->items[i];
    }
    own.items = items;
    return own;
}

/* Reads the files that SQL_FILE values name and notes their numbers. */
static void add_sql_files(struct flow_loader *loader, struct field_value *own)
{
    for (size_t i = 0; i < own->item_count; i++) {
        struct field_value *value = (struct field_value *)&own->items[i];
        if (value->kind != FIELD_KIND_SQL_FILE)
            continue;
        size_t index = flow_loader_add_file(loader, value->text, value->place);
        value->number = index == FLOW_NONE ? 0 : (int64_t)index;
        if (index == FLOW_NONE)
            value->kind = FIELD_KIND_PATH; /* nothing to look into; the flow is refused anyway */
    }
}

static void build_node(struct flow_loader *loader, const struct field_value *block, size_t index)
{
    struct flow_node *node = &loader->nodes[index];
    const struct project *project = loader->project;
    const struct field_value *type = field_find(block, "type");
    node->name = block->name;
    node->index = index;
    node->block = block;
    node->place = block->key_place;
    node->title = text_or_empty(block, "title");
    node->type = field_read_type(project->types, project->type_count,
                                 type == NULL ? FIELD_TABLE_DEFAULT_TYPE : type->text);
    node->values = own_values(loader, block);
    add_sql_files(loader, &node->values);
    node->params = build_params(loader, field_find(block, "params"), &node->param_count);
    node->env = field_find(block, "env");
    build_retry(loader, block, &node->retry);
    node->timeout.us = setting_number(loader, block, "timeout", 0);
    node->stop_grace.us = setting_number(loader, block, "stop_grace", project->stop_grace.us);
    node->log_limit = setting_number(loader, block, "log_limit", project->log_limit);
    node->priority = (int32_t)setting_number(loader, block, "priority", DEFAULT_PRIORITY);
    node->pool = find_pool(loader, block);
    const struct field_value *leftovers = setting(loader, block, "leftovers");
    node->keeps_leftovers = leftovers != NULL && strcmp(leftovers->text, "keep") == 0;
    node->is_frozen = field_number(block, "frozen", 0) != 0;
}

void flow_build_nodes(struct flow_loader *loader)
{
    struct flow *flow = loader->flow;
    const struct field_value *map = field_find(&loader->block, "nodes");
    size_t count = map == NULL ? 0 : map->item_count;
    /* Nodes that could not be read at all were reported and left out. */
    bool has_errors = loader->report.list->error_count > loader->errors_before;
    if (map != NULL && count == 0 && !has_errors)
        flow_report_error(&loader->report, map->key_place, "E106",
                          "a flow needs at least one node");
    loader->nodes = arena_array(&flow->arena, count + 1, sizeof *loader->nodes);
    loader->names = name_index_new(&flow->arena, count + 1);
    loader->nodes[0].block = count == 0 ? NULL : &map->items[0];
    for (size_t i = 0; i < count; i++) {
        name_index_add(loader->names, map->items[i].name, i);
        build_node(loader, &map->items[i], i);
    }
    flow->nodes = loader->nodes;
    flow->node_count = count;
    flow->node_index = loader->names;
}

#include "scheduler/flow/flow_other.h"

#include "scheduler/base/diagnostic.h"
#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/flow/flow_report.h"
#include "scheduler/flow/flow_source_inside.h"
#include "scheduler/flow/name_index.h"
#include "scheduler/flow/schedule.h"

#include <stdlib.h>
#include <string.h>

struct flow_others {
    struct arena arena;
    struct flow_source *source;
    struct flow_other **items; /* in the order in which they were asked for */
    size_t count;
    size_t capacity;
    struct name_index *index;
};

static void free_others(struct flow_others *others)
{
    arena_free(&others->arena);
    free(others);
}

static struct flow_others *others_of(struct flow_source *source)
{
    if (source->others == NULL) {
        source->others = memory_new(1, sizeof *source->others);
        source->others->source = source;
        arena_init(&source->others->arena, 0);
        source->others->index = name_index_new(&source->others->arena, 4);
        source->free_others = free_others;
    }
    return source->others;
}

void flow_others_forget(struct flow_source *source)
{
    if (source->others != NULL)
        free_others(source->others);
    source->others = NULL;
}

static void read_tree(struct flow_others *others, struct flow_other *other)
{
    struct diagnostics ignored;
    diagnostics_init(&ignored);
    struct flow_report report = {.list = &ignored, .files = &other->file, .file_count = 1};
    report.first_source =
        diagnostics_add_source(&ignored, other->file.path, other->file.bytes, other->file.length);
    struct yaml_input input = {.file = &other->file, .report = &report, .arena = &others->arena};
    const struct yaml_node *tree;
    if (yaml_tree_read(&input, &tree) == 0 && tree->kind == YAML_KIND_MAPPING) {
        const struct yaml_node *nodes = yaml_find(tree, "nodes");
        other->schedule = yaml_find(tree, "schedule");
        if (nodes != NULL && nodes->kind == YAML_KIND_MAPPING)
            other->nodes = nodes;
    }
    diagnostics_free(&ignored);
}

static void read_other(struct flow_others *others, struct flow_other *other)
{
    const char *path;
    if (flow_source_find(others->source, other->name, &others->arena, &path, NULL) != 0)
        return;
    other->exists = true;
    if (flow_source_read(others->source, path, &others->arena, &other->file, NULL) == 0)
        read_tree(others, other);
}

const struct flow_other *flow_others_find(struct flow_source *source, const char *name)
{
    struct flow_others *others = others_of(source);
    size_t known = name_index_find(others->index, name);
    if (known != NAME_INDEX_NONE)
        return others->items[known];
    if (others->count == FLOW_OTHERS_MAX)
        return NULL;
    others->items = arena_grow(&others->arena, others->items, others->count, &others->capacity,
                               sizeof(struct flow_other *));
    struct flow_other *other = arena_alloc(&others->arena, sizeof *other);
    other->name = arena_copy_string(&others->arena, name);
    name_index_add(others->index, other->name, others->count);
    others->items[others->count++] = other;
    read_other(others, other);
    return other;
}

/* ---- its times ---- */

static bool rule_has_time(const char *text, bool is_cron, const struct civil_time *time)
{
    SCOPED_ARENA struct arena arena = {0};
    struct flow_schedule_rule rule;
    int result = is_cron ? schedule_parse_cron(text, &arena, &rule, NULL)
                         : schedule_parse(text, &arena, &rule, NULL);
    if (result != 0)
        return true; /* that is its own mistake */
    for (size_t i = 0; i < rule.time_count; i++) {
        if (rule.times[i].hour == time->hour && rule.times[i].minute == time->minute &&
            rule.times[i].second == time->second)
            return true;
    }
    return false;
}

static bool rules_have_time(const struct yaml_node *rules, bool is_cron,
                            const struct civil_time *time)
{
    if (rules->kind == YAML_KIND_SCALAR)
        return rule_has_time(rules->text, is_cron, time);
    bool has_time = rules->kind == YAML_KIND_MAPPING;
    for (size_t i = 0; i < rules->count && !has_time; i++)
        has_time = rules->items[i]->kind != YAML_KIND_SCALAR ||
                   rule_has_time(rules->items[i]->text, is_cron, time);
    return has_time;
}

bool flow_other_has_time(const struct flow_other *other, const struct civil_time *time)
{
    const struct yaml_node *rules = other->schedule;
    if (rules == NULL || yaml_is_null(rules))
        return time->hour == 0 && time->minute == 0 && time->second == 0;
    if (rules->kind != YAML_KIND_MAPPING)
        return rules_have_time(rules, false, time);
    const struct yaml_node *at = yaml_find(rules, "at");
    const struct yaml_node *cron = yaml_find(rules, "cron");
    if (at == NULL && cron == NULL)
        return time->hour == 0 && time->minute == 0 && time->second == 0;
    return rules_have_time(at != NULL ? at : cron, at == NULL, time);
}

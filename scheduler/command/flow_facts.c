#include "scheduler/command/flow_facts.h"

#include "scheduler/base/scope.h"
#include "scheduler/daemon/explain_store.h"
#include "scheduler/flow/flow_need.h"

#include <string.h>

#define SHORT_HASH 12

const struct flow *flow_facts_present(struct context *context, const char *name)
{
    const struct flow *flow = NULL;
    struct flow_source *source;
    const char *path;
    struct error ignored = {0};
    struct diagnostics problems;
    diagnostics_init(&problems);
    bool is_there = context_source(context, &source, &ignored) == 0 &&
                    flow_source_find(source, name, &context->arena, &path, &ignored) == 0 &&
                    context_load_flow(context, path, &problems, &flow, &ignored) == 0;
    diagnostics_free(&problems);
    return is_there ? flow : NULL;
}

const char *flow_facts_number(struct arena *arena, size_t count, const char *noun)
{
    return arena_format(arena, "%zu %s%s", count, noun, count == 1 ? "" : "s");
}

static void add_count(struct text *text, size_t count, const char *noun)
{
    if (count > 0)
        text_append_format(text, "%s%zu %s%s", text->length > 0 ? ", " : "", count, noun,
                           count == 1 ? "" : "s");
}

const char *flow_facts_counts(const struct flow *flow, struct arena *arena)
{
    SCOPED_TEXT struct text text = {0};
    add_count(&text, flow->node_count, "node");
    add_count(&text, flow->table_count, "table");
    add_count(&text, flow->param_count, "param");
    return arena_copy(arena, text_string(&text), text.length);
}

const char *flow_facts_needs(const struct flow_node *node, struct arena *arena)
{
    SCOPED_TEXT struct text text = {0};
    for (size_t i = 0; i < node->need_count; i++) {
        text_append(&text, i > 0 ? ", " : "");
        text_append(&text, flow_need_text(&node->needs[i], arena));
    }
    return arena_copy(arena, text_string(&text), text.length);
}

const char *flow_facts_off_day(const struct flow_node *node, const char *cyctime,
                               struct arena *arena)
{
    static const char *const names[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                        "Friday", "Saturday", "Sunday"};
    struct civil_time planned;
    const char *days = node == NULL || node->on == NULL ? "other days" : node->on->text;
    if (civil_time_parse(cyctime, &planned, NULL) < 0)
        return arena_format(arena, "not on that date (on: %s)", days);
    return arena_format(arena, "not on %.10s, a %s (on: %s)", cyctime,
                        names[civil_weekday(planned.date) - 1], days);
}

const char *flow_facts_wait(const struct flow_node *node, struct arena *arena)
{
    return explain_store_wait(node, arena);
}

const char *flow_facts_schedule(const struct flow *flow, struct arena *arena)
{
    const char *zone = zone_name(flow->zone);
    if (flow->schedule.rule_count == 0)
        return arena_format(arena, "none: started by hand, planned at 00:00   %s", zone);
    return arena_format(arena, "%s   %s", flow->schedule.text, zone);
}

static struct flow_version read_version(struct context *context, const struct flow *flow)
{
    struct flow_version version = {0};
    flow_source_version(context->source, flow->file_names, flow->file_count, &version);
    return version;
}

const char *flow_facts_version(struct context *context, const struct flow *flow)
{
    struct flow_version version = read_version(context, flow);
    if (version.commit[0] != '\0')
        return arena_format(&context->arena, "%s (%s)", version.short_commit,
                            version.is_dirty ? "modified" : "clean");
    const char *why = version.note[0] != '\0' ? version.note : "no git repository";
    return arena_format(&context->arena, "%.*s (%s)", SHORT_HASH, flow->hash, why);
}

const char *flow_facts_version_id(struct context *context, const struct flow *flow)
{
    struct flow_version version = read_version(context, flow);
    if (version.commit[0] != '\0')
        return arena_format(&context->arena, "%s%s", version.short_commit,
                            version.is_dirty ? "+" : "");
    return arena_copy_string(&context->arena, flow->hash);
}

const char *flow_facts_place(struct context *context, const struct flow *flow,
                             struct field_place place)
{
    if (place.file >= flow->file_count)
        return "";
    const char *shown =
        flow_source_shown_path(context->source, flow->files[place.file].path, &context->arena);
    return place.line > 0 ? arena_format(&context->arena, "%s:%u", shown, place.line) : shown;
}

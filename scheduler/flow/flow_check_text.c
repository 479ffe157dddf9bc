#include "scheduler/base/scope.h"
#include "scheduler/flow/flow_loader.h"
#include "scheduler/flow/yaml_tree.h"

#include <string.h>

#define MAX_SEEN_NAMES 64

static const char *const builtin_names[] = {"bizdate", "cyctime", "run_id",
                                            "flow",    "node",    "attempt"};

/* Where texts of one node are looked at. */
struct text_check {
    struct flow_loader *loader;
    const struct flow_node *node; /* NULL: the flow's own */
    const struct parameter_scope *scope;
};

/* "var (workflows/smartrm_study/flow.yaml:9), bizdate, …" */
static void append_seen(const struct text_check *check, struct text *out)
{
    struct flow_loader *loader = check->loader;
    const struct flow *flow = loader->flow;
    const char *file = loader->report.list->sources[loader->report.first_source].name;
    size_t own_count = check->node == NULL ? 0 : check->node->param_count;
    size_t count = own_count + flow->param_count;
    size_t shown = 0;
    for (size_t i = 0; i < count && shown < MAX_SEEN_NAMES; i++) {
        const struct flow_param *param =
            i < own_count ? &check->node->params[i] : &flow->params[i - own_count];
        bool is_hidden = false;
        for (size_t k = 0; i >= own_count && k < own_count; k++)
            is_hidden = is_hidden || strcmp(check->node->params[k].name, param->name) == 0;
        if (is_hidden)
            continue;
        text_append_format(out, "%s (%s:%u), ", param->name, file, param->place.line);
        shown++;
    }
    if (shown < count && shown == MAX_SEEN_NAMES)
        text_append(out, "…, ");
    for (size_t i = 0; i < sizeof builtin_names / sizeof builtin_names[0]; i++)
        text_append_format(out, "%s%s", i == 0 ? "" : ", ", builtin_names[i]);
}

static void report_undefined(const struct text_check *check, struct field_place place,
                             const char *name, bool is_angled)
{
    struct flow_loader *loader = check->loader;
    const char *open = is_angled ? "$<" : "${";
    const char *close = is_angled ? ">" : "}";
    struct diagnostic *problem = diagnostics_add(loader->report.list, DIAGNOSTIC_ERROR, "E120",
                                                 "`%s%s%s` is not defined", open, name, close);
    const char *best = parameter_suggest(check->scope, name);
    struct diagnostic_place at = flow_report_place(&loader->report, place);
    if (best != NULL)
        diagnostic_label(problem, at, "did you mean `%s%s%s`?", open, best, close);
    else
        diagnostic_label(problem, at, "%s", "");
    SCOPED_TEXT struct text seen = {0};
    append_seen(check, &seen);
    if (check->node == NULL) {
        diagnostic_note(problem, "the flow's parameters see: %s", text_string(&seen));
        return;
    }
    diagnostic_note(problem, "node %s sees: %s", check->node->name, text_string(&seen));
    if (best != NULL)
        diagnostic_help(problem, "datemill render %s --node %s", loader->flow->name,
                        check->node->name);
    else
        diagnostic_help(problem, "define it under `params:`, or write $%s%s%s for the text itself",
                        open, name, close);
}

/* A text with references. `value` is a scalar of the flow's file, or names the file itself. */
static void check_text(const struct text_check *check, const struct field_value *value)
{
    struct flow_loader *loader = check->loader;
    bool is_file = value->kind == FIELD_KIND_SQL_FILE;
    const struct flow_file *file = is_file ? &loader->files[value->number] : NULL;
    const char *bytes = is_file ? file->bytes : value->text;
    size_t length = is_file ? file->length : strlen(value->text);
    if (memchr(bytes, '$', length) == NULL)
        return;
    SCOPED_ARENA struct arena scratch;
    arena_init(&scratch, 0);
    struct name_index *seen = name_index_new(&scratch, 4);
    struct reference_walk walk;
    reference_walk_init(&walk, bytes, length);
    struct reference reference;
    struct error err;
    for (int found; (found = reference_next(loader->finder, &walk, &reference, &err)) != 0;) {
        bool is_defined = found > 0 && (reference.is_escape ||
                                        parameter_is_defined(check->scope, reference.name));
        if (is_defined)
            continue;
        struct field_place place = {.file = is_file ? (uint32_t)value->number : 0,
                                    .line = (uint32_t)reference.line,
                                    .column = (uint32_t)reference.column,
                                    .length = (uint32_t)reference.length};
        if (!is_file)
            place = flow_report_inside(&loader->report, value, reference.offset, reference.length);
        if (found < 0) {
            struct diagnostic *problem =
                flow_report_error(&loader->report, place, "E121", "%s", err.text);
            if (err.help[0] != '\0')
                diagnostic_help(problem, "%s", err.help);
            continue;
        }
        /* Of one cause one problem: each name once in a text. */
        const char *name = arena_copy_string(&scratch, reference.name);
        if (name_index_add(seen, name, 0) == NAME_INDEX_NONE)
            report_undefined(check, place, name, bytes[reference.offset + 1] == '<');
    }
}

static bool has_references(enum field_kind kind)
{
    return kind == FIELD_KIND_TEXT || kind == FIELD_KIND_SQL || kind == FIELD_KIND_SQL_FILE;
}

/* A collection on the way down, and its next item. */
struct frame {
    const struct field_value *value;
    size_t next;
};

/* All scalars below a value. No table is deeper than YAML can be. */
static void check_values(const struct text_check *check, const struct field_value *root)
{
    struct frame frames[YAML_MAX_DEPTH + 1];
    size_t depth = 0;
    frames[depth++] = (struct frame){root, 0};
    while (depth > 0) {
        struct frame *frame = &frames[depth - 1];
        const struct field_value *value = frame->value;
        if (frame->next == 0 && !value->is_secret && has_references(value->kind))
            check_text(check, value);
        if (frame->next == value->item_count || value->is_secret || depth > YAML_MAX_DEPTH)
            depth--;
        else
            frames[depth++] = (struct frame){&value->items[frame->next++], 0};
    }
}

/* Undefined names and circles of the parameters in `map`, whose scope is `scope`. */
static void check_params(const struct text_check *check, const struct field_value *map,
                         struct parameter_scope *scope)
{
    struct flow_loader *loader = check->loader;
    size_t errors = loader->report.list->error_count;
    for (size_t i = 0; i < scope->count; i++) {
        const struct parameter *parameter = &scope->parameters[i];
        if (parameter->expression == NULL)
            continue;
        struct expression_span span;
        const char *name;
        for (size_t k = 0; (name = expression_reference(parameter->expression, k, &span)) != NULL;
             k++) {
            bool is_self = strcmp(name, parameter->name) == 0;
            const struct parameter_scope *seen_by = is_self ? scope->outer : scope;
            if (parameter_is_defined(seen_by, name))
                continue;
            struct field_place place = flow_report_inside(
                &loader->report, field_find(map, parameter->name), span.offset, span.length);
            report_undefined(check, place, name, true);
        }
    }
    if (loader->report.list->error_count > errors)
        return;
    struct parameter_mistake mistake;
    struct error err;
    if (parameter_scope_check(scope, &mistake, &err) == 0)
        return;
    const struct field_value *value = field_find(map, scope->parameters[mistake.index].name);
    struct field_place place =
        flow_report_inside(&loader->report, value, mistake.span.offset, mistake.span.length);
    struct diagnostic *problem = flow_report_error(
        &loader->report, place, err.code[0] != '\0' ? err.code : "E122", "%s", err.text);
    if (err.help[0] != '\0')
        diagnostic_help(problem, "%s", err.help);
}

static struct parameter *to_parameters(const struct flow_param *params, size_t count,
                                       struct arena *arena)
{
    struct parameter *list = arena_array(arena, count + 1, sizeof *list);
    for (size_t i = 0; i < count; i++)
        list[i] = (struct parameter){params[i].name, params[i].text, params[i].expression};
    return list;
}

static void check_node(struct flow_loader *loader, const struct flow_node *node)
{
    SCOPED_ARENA struct arena scratch; /* empty unless the node has parameters */
    arena_init(&scratch, 0);
    struct parameter_scope scope;
    struct text_check check = {.loader = loader, .node = node, .scope = &loader->flow_scope};
    if (node->param_count > 0) {
        parameter_scope_init(&scope, &scratch,
                             to_parameters(node->params, node->param_count, &scratch),
                             node->param_count, &loader->flow_scope);
        check.scope = &scope;
        check_params(&check, field_find(node->block, "params"), &scope);
    }
    check_values(&check, &node->values);
    if (node->env != NULL)
        check_values(&check, node->env);
}

void flow_check_texts(struct flow_loader *loader)
{
    struct flow *flow = loader->flow;
    SCOPED_ARENA struct arena scratch;
    arena_init(&scratch, 0);
    static const struct parameter_facts facts = {0};
    parameter_scope_init_builtin(&loader->builtin_scope, &scratch, &facts);
    parameter_scope_init(&loader->flow_scope, &scratch,
                         to_parameters(flow->params, flow->param_count, &scratch),
                         flow->param_count, &loader->builtin_scope);
    struct text_check check = {.loader = loader, .scope = &loader->flow_scope};
    check_params(&check, field_find(&loader->block, "params"), &loader->flow_scope);
    for (size_t i = 0; i < flow->node_count; i++)
        check_node(loader, &flow->nodes[i]);
}

#include "scheduler/flow/parameter.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"
#include "scheduler/flow/parameter_scope.h"

#include <stdlib.h>
#include <string.h>

static int compare_by_name(const void *a, const void *b, void *data)
{
    const struct parameter *parameters = data;
    size_t left = *(const size_t *)a;
    size_t right = *(const size_t *)b;
    int by_name = strcmp(parameters[left].name, parameters[right].name);
    return by_name != 0 ? by_name : (left > right) - (left < right);
}

void parameter_scope_init(struct parameter_scope *scope, struct arena *arena,
                          const struct parameter *parameters, size_t count,
                          const struct parameter_scope *outer)
{
    *scope = (struct parameter_scope){
        .arena = arena, .parameters = parameters, .count = count, .outer = outer};
    scope->by_name = arena_array(arena, count, sizeof *scope->by_name);
    for (size_t i = 0; i < count; i++)
        scope->by_name[i] = i;
    /* The comparison only reads; qsort_r() has no const. */
    qsort_r(scope->by_name, count, sizeof *scope->by_name, compare_by_name,
            (void *)(uintptr_t)parameters);
}

size_t parameter_scope_index(const struct parameter_scope *scope, const char *name)
{
    size_t low = 0;
    size_t high = scope->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(scope->parameters[scope->by_name[middle]].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == scope->count || strcmp(scope->parameters[scope->by_name[low]].name, name) != 0)
        return PARAMETER_NONE;
    return scope->by_name[low];
}

bool parameter_is_defined(const struct parameter_scope *scope, const char *name)
{
    for (; scope != NULL; scope = scope->outer) {
        if (parameter_scope_index(scope, name) != PARAMETER_NONE)
            return true;
    }
    return false;
}

const char *parameter_value(const struct parameter_scope *scope, const char *name)
{
    for (; scope != NULL; scope = scope->outer) {
        size_t index = parameter_scope_index(scope, name);
        if (index != PARAMETER_NONE)
            return scope->values == NULL ? NULL : scope->values[index];
    }
    return NULL;
}

const char *parameter_find(const void *data, const char *name)
{
    return parameter_value(data, name);
}

const char *parameter_suggest(const struct parameter_scope *scope, const char *wrong)
{
    struct suggest suggest;
    suggest_begin(&suggest, wrong);
    for (; scope != NULL; scope = scope->outer) {
        for (size_t i = 0; i < scope->count; i++)
            suggest_offer(&suggest, scope->parameters[i].name);
    }
    return suggest_best(&suggest);
}

/* Looks a name up for one parameter: its own name means the outer one. */
struct lookup {
    const struct parameter_scope *scope;
    size_t index;
};

static const char *find_for(const void *data, const char *name)
{
    const struct lookup *lookup = data;
    const struct parameter_scope *scope = lookup->scope;
    bool is_own = parameter_scope_index(scope, name) == lookup->index;
    return parameter_value(is_own ? scope->outer : scope, name);
}

static struct expression_context context_for(const struct expression_context *context,
                                             const struct lookup *lookup)
{
    struct expression_context own = *context;
    own.find = find_for;
    own.find_data = lookup;
    return own;
}

static int evaluate(const struct parameter_scope *scope, size_t index,
                    const struct expression_context *context, const char **ret_value,
                    struct error *err)
{
    const struct parameter *parameter = &scope->parameters[index];
    struct lookup lookup = {scope, index};
    struct expression_context own = context_for(context, &lookup);
    SCOPED_TEXT struct text value = {0};
    if (parameter->expression == NULL) {
        *ret_value = parameter->text;
        return 0;
    }
    if (expression_evaluate(parameter->expression, &own, &value, err) != 0)
        return error_prefix(err, "parameter `%s`", parameter->name);
    *ret_value = arena_copy(scope->arena, text_string(&value), value.length);
    return 0;
}

int parameter_scope_evaluate(struct parameter_scope *scope,
                             const struct expression_context *context, struct error *err)
{
    if (!scope->is_ordered && parameter_scope_check(scope, NULL, err) != 0)
        return -1;
    scope->values = arena_array(scope->arena, scope->count, sizeof *scope->values);
    for (size_t i = 0; i < scope->count; i++) {
        size_t index = scope->order[i];
        if (evaluate(scope, index, context, &scope->values[index], err) != 0)
            return -1;
    }
    return 0;
}

int parameter_explain(const struct parameter_scope *scope, size_t index,
                      const struct expression_context *context, struct text *ret_text,
                      struct error *err)
{
    const struct expression *expression = scope->parameters[index].expression;
    struct lookup lookup = {scope, index};
    struct expression_context own = context_for(context, &lookup);
    if (expression != NULL && !expression_is_constant(expression))
        return expression_explain(expression, &own, ret_text, err);
    text_append(ret_text, "as it was given");
    return 0;
}

static struct parameter known(struct arena *arena, const char *name, const char *text)
{
    struct parameter parameter = {.name = name, .text = text};
    expression_parse(arena, text, &parameter.expression, NULL, NULL);
    return parameter;
}

static struct parameter date(struct arena *arena, const char *name, const char *expression,
                             const char *value)
{
    if (value == NULL)
        return known(arena, name, expression);
    return (struct parameter){.name = name, .text = value};
}

void parameter_scope_init_builtin(struct parameter_scope *scope, struct arena *arena,
                                  const struct parameter_facts *facts)
{
    const struct parameter builtin[] = {
        date(arena, "bizdate", "$bizdate", facts->bizdate),
        date(arena, "cyctime", "$cyctime", facts->cyctime),
        {.name = "run_id", .text = facts->run_id},
        {.name = "flow", .text = facts->flow},
        {.name = "node", .text = facts->node},
        {.name = "attempt", .text = facts->attempt},
        date(arena, "bdp.system.bizdate", "$bizdate", facts->bizdate),
        date(arena, "bdp.system.cyctime", "$cyctime", facts->cyctime),
    };
    size_t count = sizeof builtin / sizeof builtin[0];
    struct parameter *parameters = arena_array(arena, count, sizeof *parameters);
    memcpy(parameters, builtin, sizeof builtin);
    parameter_scope_init(scope, arena, parameters, count, NULL);
}

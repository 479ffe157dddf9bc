#include "scheduler/flow/parameter_scope.h"

#include "scheduler/base/scope.h"
#include "scheduler/flow/parameter.h"

/* Putting the parameters of a scope in an order, by a walk in depth over a path of its own. */

enum visit {
    VISIT_NOT_YET,
    VISIT_ON_PATH,
    VISIT_DONE
};

struct visitor {
    struct parameter_scope *scope;
    enum visit *visits;
    size_t *path;  /* indexes of parameters, each refers to the next */
    size_t *taken; /* by place in the path: references already followed */
    size_t depth;
    size_t ordered;
    struct parameter_mistake *mistake; /* may be NULL */
    struct error *err;
};

static void set_place(const struct visitor *visitor, size_t index, struct expression_span span)
{
    if (visitor->mistake != NULL)
        *visitor->mistake = (struct parameter_mistake){index, span};
}

static int refuse_undefined(const struct visitor *visitor, const char *name)
{
    const char *near = parameter_suggest(visitor->scope, name);
    error_at(visitor->err, 0, 0, "E120", "`$<%s>` is not defined", name);
    return near == NULL ? -1 : error_help(visitor->err, "did you mean `$<%s>`?", near);
}

/* `again` is on the path: from there on it is a circle. */
static int refuse_circle(const struct visitor *visitor, size_t again)
{
    const struct parameter *parameters = visitor->scope->parameters;
    SCOPED_TEXT struct text circle = {.limit = 400};
    size_t start = visitor->depth - 1;
    while (visitor->path[start] != again)
        start--;
    for (size_t i = start; i < visitor->depth; i++)
        text_append_format(&circle, "%s → ", parameters[visitor->path[i]].name);
    text_append(&circle, parameters[again].name);
    error_at(visitor->err, 0, 0, "E122", "the parameters refer to each other in a circle: %s%s",
             text_string(&circle), circle.is_cut ? "…" : "");
    return error_help(visitor->err, "write the value of one of them without the others");
}

static void enter(struct visitor *visitor, size_t index)
{
    visitor->visits[index] = VISIT_ON_PATH;
    visitor->path[visitor->depth] = index;
    visitor->taken[visitor->depth] = 0;
    visitor->depth++;
}

static void leave(struct visitor *visitor)
{
    size_t index = visitor->path[--visitor->depth];
    visitor->visits[index] = VISIT_DONE;
    visitor->scope->order[visitor->ordered++] = index;
}

/* Follows the next reference of the parameter at the end of the path, or leaves it. */
static int step(struct visitor *visitor)
{
    struct parameter_scope *scope = visitor->scope;
    size_t index = visitor->path[visitor->depth - 1];
    const struct expression *expression = scope->parameters[index].expression;
    struct expression_span span;
    const char *name = NULL;
    if (expression != NULL)
        name = expression_reference(expression, visitor->taken[visitor->depth - 1]++, &span);
    if (name == NULL) {
        leave(visitor);
        return 0;
    }
    size_t target = parameter_scope_index(scope, name);
    bool is_outer = target == PARAMETER_NONE || target == index;
    if (is_outer && scope->outer != NULL && parameter_is_defined(scope->outer, name))
        return 0;
    set_place(visitor, index, span);
    if (target == PARAMETER_NONE)
        return refuse_undefined(visitor, name);
    if (visitor->visits[target] == VISIT_ON_PATH)
        return refuse_circle(visitor, target);
    if (visitor->visits[target] == VISIT_NOT_YET)
        enter(visitor, target);
    return 0;
}

static int visit_all(struct visitor *visitor)
{
    for (size_t i = 0; i < visitor->scope->count; i++) {
        if (visitor->visits[i] == VISIT_NOT_YET)
            enter(visitor, i);
        while (visitor->depth > 0) {
            if (step(visitor) != 0)
                return -1;
        }
    }
    return 0;
}

int parameter_scope_check(struct parameter_scope *scope, struct parameter_mistake *ret_mistake,
                          struct error *err)
{
    if (scope->count > PARAMETER_MAX_COUNT) {
        if (ret_mistake != NULL)
            *ret_mistake = (struct parameter_mistake){.index = PARAMETER_MAX_COUNT};
        return error_at(err, 0, 0, "E121", "more than %d parameters", PARAMETER_MAX_COUNT);
    }
    struct visitor visitor = {.scope = scope, .mistake = ret_mistake, .err = err};
    visitor.visits = arena_array(scope->arena, scope->count, sizeof *visitor.visits);
    visitor.path = arena_array(scope->arena, scope->count, sizeof *visitor.path);
    visitor.taken = arena_array(scope->arena, scope->count, sizeof *visitor.taken);
    scope->order = arena_array(scope->arena, scope->count, sizeof *scope->order);
    if (visit_all(&visitor) != 0)
        return -1;
    scope->is_ordered = true;
    return 0;
}

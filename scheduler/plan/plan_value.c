#include "scheduler/plan/plan_value.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"

#include <inttypes.h>
#include <string.h>

/* One level of parameters: the flow's, or a node's. */
struct level {
    struct plan *plan;
    struct arena *scratch; /* lives while the values are found */
    const struct plan_request *request;
    const struct flow_param *written;
    size_t count;
    size_t node; /* FLOW_NONE: the flow's */
};

static const char *level_node_name(const struct level *level)
{
    return level->node == FLOW_NONE ? NULL : level->plan->flow->nodes[level->node].name;
}

static const struct node_setting *find_var(const struct plan_request *request, const char *name)
{
    for (size_t i = request->var_count; i > 0; i--) {
        if (strcmp(request->vars[i - 1].name, name) == 0)
            return &request->vars[i - 1];
    }
    return NULL;
}

static const struct plan_fixed *find_fixed(const struct level *level, const char *name)
{
    const char *node = level_node_name(level);
    for (size_t i = 0; i < level->request->fixed_count; i++) {
        const struct plan_fixed *fixed = &level->request->fixed[i];
        bool is_same_level = node == NULL ? fixed->node == NULL
                                          : fixed->node != NULL && strcmp(fixed->node, node) == 0;
        if (is_same_level && strcmp(fixed->name, name) == 0)
            return fixed;
    }
    return NULL;
}

/* What is evaluated: the expression as written, unless a value stands for it. */
static struct parameter *make_parameters(const struct level *level)
{
    struct parameter *parameters = arena_array(level->scratch, level->count, sizeof *parameters);
    for (size_t i = 0; i < level->count; i++) {
        const struct flow_param *param = &level->written[i];
        const struct plan_fixed *fixed = find_fixed(level, param->name);
        const struct node_setting *var = find_var(level->request, param->name);
        parameters[i] = (struct parameter){
            .name = param->name, .text = param->text, .expression = param->expression};
        if (fixed != NULL || var != NULL) {
            const char *text = fixed != NULL ? fixed->text : var->text;
            parameters[i].text = text;
            parameters[i].expression = NULL;
        }
    }
    return parameters;
}

static int place_error(const struct level *level, size_t index, struct error *err)
{
    if (err == NULL)
        return -1;
    const struct flow *flow = level->plan->flow;
    const struct field_place *place = &level->written[index].place;
    size_t file = place->file < flow->file_count ? place->file : 0;
    err->line = (int)place->line;
    err->column = (int)place->column;
    return flow->file_count == 0 ? -1 : error_prefix(err, "%s", flow->files[file].path);
}

/* The first one, in the order of evaluation, that got no value. */
static int place_unevaluated(const struct level *level, const struct parameter_scope *scope,
                             struct error *err)
{
    for (size_t i = 0; i < scope->count; i++) {
        size_t index = scope->order[i];
        if (scope->values[index] == NULL)
            return place_error(level, index, err);
    }
    return -1;
}

static const char *explain(const struct level *level, const struct parameter_scope *scope,
                           size_t index, const struct expression_context *context)
{
    const char *name = scope->parameters[index].name;
    if (find_fixed(level, name) != NULL)
        return "as it was stored with the run";
    if (find_var(level->request, name) != NULL)
        return "as given by --var";
    SCOPED_TEXT struct text text = {0};
    if (parameter_explain(scope, index, context, &text, NULL) != 0)
        return "";
    return arena_copy(&level->plan->arena, text_string(&text), text.length);
}

static int evaluate_level(const struct level *level, const struct expression_context *context,
                          struct parameter_scope *scope, const struct plan_param **ret_params,
                          struct error *err)
{
    struct parameter_mistake mistake;
    if (parameter_scope_check(scope, &mistake, err) != 0)
        return place_error(level, mistake.index, err);
    if (parameter_scope_evaluate(scope, context, err) != 0)
        return place_unevaluated(level, scope, err);
    struct plan_param *params = arena_array(&level->plan->arena, level->count, sizeof *params);
    for (size_t i = 0; i < level->count; i++) {
        const char *name = level->written[i].name;
        params[i] =
            (struct plan_param){.name = name,
                                .text = arena_copy_string(&level->plan->arena, scope->values[i]),
                                .explanation = explain(level, scope, i, context),
                                .written = level->written[i].text,
                                .place = level->written[i].place,
                                .node = level->node,
                                .is_overridden = find_fixed(level, name) == NULL &&
                                                 find_var(level->request, name) != NULL};
    }
    *ret_params = params;
    return 0;
}

static struct parameter_facts facts_of(const struct plan *plan, struct plan_seen seen,
                                       struct arena *arena)
{
    return (struct parameter_facts){
        .run_id = arena_format(arena, "%" PRId64, plan->run_id),
        .flow = plan->flow->name,
        .node = seen.node == FLOW_NONE ? NULL : plan->flow->nodes[seen.node].name,
        .attempt = seen.attempt == 0 ? NULL : arena_format(arena, "%" PRId32, seen.attempt),
        .bizdate = plan->bizdate_value,
        .cyctime = plan->cyctime_value};
}

static struct expression_context context_of(const struct plan *plan, size_t node,
                                            struct arena *arena)
{
    struct expression_context context = {.planned = plan->planned,
                                         .is_second = plan->is_second,
                                         .zone = plan->flow->zone,
                                         .job_id = plan->flow->name};
    if (node != FLOW_NONE) {
        context.node_id = plan->flow->nodes[node].name;
        context.task_id = arena_format(arena, "%" PRId64 ".%s", plan->run_id, context.node_id);
    }
    return context;
}

static int init_builtin(struct parameter_scope *scope, const struct plan *plan,
                        struct plan_seen seen, struct arena *arena)
{
    struct parameter_facts facts = facts_of(plan, seen, arena);
    struct expression_context context = context_of(plan, seen.node, arena);
    parameter_scope_init_builtin(scope, arena, &facts);
    return parameter_scope_evaluate(scope, &context, NULL);
}

/* The flow's parameters have one value for all nodes; a node sees its own name around them. */
static int evaluate_node(const struct level *flow_level, size_t node,
                         const struct parameter_scope *flow_scope, struct error *err)
{
    struct plan *plan = flow_level->plan;
    struct arena *scratch = flow_level->scratch;
    struct level level = *flow_level;
    level.written = plan->flow->nodes[node].params;
    level.count = plan->flow->nodes[node].param_count;
    level.node = node;
    struct parameter_scope builtin;
    if (init_builtin(&builtin, plan, (struct plan_seen){.node = node}, scratch) != 0)
        return error_set(err, ERROR_KIND_BUG, "the built-in parameters have no value");
    struct parameter_scope outer = *flow_scope;
    outer.outer = &builtin;
    struct parameter_scope scope;
    parameter_scope_init(&scope, scratch, make_parameters(&level), level.count, &outer);
    struct expression_context context = context_of(plan, node, scratch);
    plan->nodes[node].param_count = level.count;
    return evaluate_level(&level, &context, &scope, &plan->nodes[node].params, err);
}

static void offer_names(struct suggest *suggest, const struct flow_param *params, size_t count)
{
    for (size_t i = 0; i < count; i++)
        suggest_offer(suggest, params[i].name);
}

static bool has_name(const struct flow_param *params, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(params[i].name, name) == 0)
            return true;
    }
    return false;
}

static int check_vars(const struct flow *flow, const struct plan_request *request,
                      struct error *err)
{
    for (size_t i = 0; i < request->var_count; i++) {
        const char *name = request->vars[i].name;
        struct suggest suggest;
        suggest_begin(&suggest, name);
        bool is_known = has_name(flow->params, flow->param_count, name);
        offer_names(&suggest, flow->params, flow->param_count);
        for (size_t j = 0; j < flow->node_count; j++) {
            const struct flow_node *node = &flow->nodes[j];
            is_known = is_known || has_name(node->params, node->param_count, name);
            offer_names(&suggest, node->params, node->param_count);
        }
        if (is_known)
            continue;
        error_set(err, ERROR_KIND_USAGE, "flow %s has no parameter `%s`", flow->name, name);
        const char *near = suggest_best(&suggest);
        return near == NULL ? -1 : error_help(err, "did you mean `%s`?", near);
    }
    return 0;
}

/* $bizdate is yyyymmdd and $cyctime yyyymmddhh24miss: the digits of the dates, which need no
 * expression for each of ten thousand runs. */
static const char *copy_digits(struct arena *arena, const char *date)
{
    char *digits = arena_alloc(arena, strlen(date) + 1);
    size_t length = 0;
    for (; *date != '\0'; date++) {
        if (*date >= '0' && *date <= '9')
            digits[length++] = *date;
    }
    digits[length] = '\0';
    return digits;
}

int plan_value_evaluate(struct plan *plan, const struct plan_request *request, struct error *err)
{
    const struct flow *flow = plan->flow;
    SCOPED_ARENA struct arena scratch = {0};
    struct parameter_scope builtin;
    if (check_vars(flow, request, err) < 0)
        return -1;
    plan->bizdate_value = copy_digits(&plan->arena, plan->bizdate_text);
    plan->cyctime_value = copy_digits(&plan->arena, plan->cyctime_text);
    if (init_builtin(&builtin, plan, (struct plan_seen){.node = FLOW_NONE}, &scratch) != 0)
        return error_set(err, ERROR_KIND_BUG, "the built-in parameters have no value");
    struct level level = {plan, &scratch, request, flow->params, flow->param_count, FLOW_NONE};
    struct parameter_scope scope;
    parameter_scope_init(&scope, &scratch, make_parameters(&level), level.count, &builtin);
    struct expression_context context = context_of(plan, FLOW_NONE, &scratch);
    plan->param_count = flow->param_count;
    if (evaluate_level(&level, &context, &scope, &plan->params, err) < 0)
        return -1;
    for (size_t i = 0; i < flow->node_count; i++) {
        if (flow->nodes[i].param_count > 0 && evaluate_node(&level, i, &scope, err) < 0)
            return -1;
    }
    return 0;
}

/* Values that are known, as parameters that stand for themselves. */
static int init_values(struct parameter_scope *scope, const struct plan_param *params, size_t count,
                       const struct parameter_scope *outer, struct arena *arena)
{
    struct parameter *values = arena_array(arena, count, sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = (struct parameter){.name = params[i].name, .text = params[i].text};
    static const struct expression_context none = {.zone = NULL};
    parameter_scope_init(scope, arena, values, count, outer);
    return parameter_scope_evaluate(scope, &none, NULL);
}

int plan_value_names(const struct plan *plan, struct plan_seen seen, struct arena *arena,
                     struct plan_names *ret_names, struct error *err)
{
    const struct plan_node *own = &plan->nodes[seen.node];
    struct plan_names *names = ret_names;
    if (init_builtin(&names->builtin, plan, seen, arena) != 0 ||
        init_values(&names->flow, plan->params, plan->param_count, &names->builtin, arena) != 0 ||
        init_values(&names->node, own->params, own->param_count, &names->flow, arena) != 0)
        return error_set(err, ERROR_KIND_BUG, "the parameters have no value");
    return 0;
}

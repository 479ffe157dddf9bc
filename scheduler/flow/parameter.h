/* Parameters by name: which is seen where, in what order they are evaluated, their values.
 *
 * A scope holds the parameters of one level and knows the level around it: built-in names, then
 * the flow, then the node, then what the command line sets. An inner name hides an outer one; a
 * parameter that names itself ($<var> in the value of var) means the outer one.
 *
 *     parameter_scope_init(&scope, &arena, parameters, count, &outer);
 *     parameter_scope_check(&scope, &mistake, &err);      // once, at validation
 *     parameter_scope_evaluate(&scope, &context, &err);   // for one date
 *     value = parameter_value(&scope, "var");
 *
 * A scope may be evaluated again and again, for other contexts. */
#ifndef DATEMILL_FLOW_PARAMETER_H
#define DATEMILL_FLOW_PARAMETER_H

#include "scheduler/base/arena.h"
#include "scheduler/flow/expression.h"

#include <stdbool.h>
#include <stddef.h>

#define PARAMETER_MAX_COUNT 1000 /* in one scope */

struct parameter {
    const char *name;
    const char *text;                    /* as written */
    const struct expression *expression; /* NULL: `text` is the value as it stands (--var,
                                            built-ins); with text NULL too, the name exists but has
                                            no value at this point */
};

struct parameter_scope {
    struct arena *arena;
    const struct parameter *parameters; /* borrowed */
    size_t count;
    const struct parameter_scope *outer; /* borrowed; NULL for the outermost */
    size_t *by_name;                     /* indexes, sorted by name */
    size_t *order;                       /* indexes, each after those it refers to */
    const char **values;                 /* by index; belong to the arena; NULL before evaluation */
    bool is_ordered;                     /* `order` has been made: there is no circle */
};

/* Which parameter is wrong and where in its text. */
struct parameter_mistake {
    size_t index;                /* in the scope's parameters */
    struct expression_span span; /* the reference in its text */
};

/* Parameters are borrowed and must outlive the scope; names must be unique (the first one wins). */
void parameter_scope_init(struct parameter_scope *scope, struct arena *arena,
                          const struct parameter *parameters, size_t count,
                          const struct parameter_scope *outer);

/* Finds names that are not defined (E120, with a suggestion as help) and circles (E122, with the
 * path: `a → b → a`). Reports the first; `ret_mistake` may be NULL. */
int parameter_scope_check(struct parameter_scope *scope, struct parameter_mistake *ret_mistake,
                          struct error *err);

/* Gives every parameter its value; checks first if that was not done. `context->find` is ignored.
 * The outer scopes must have been evaluated. Errors name the parameter. */
int parameter_scope_evaluate(struct parameter_scope *scope,
                             const struct expression_context *context, struct error *err);

/* The innermost parameter of that name: whether there is one, and its value after evaluation.
 * NULL: no such name, or no value (yet). */
bool parameter_is_defined(const struct parameter_scope *scope, const char *name);
const char *parameter_value(const struct parameter_scope *scope, const char *name);

/* parameter_value() as reference.h takes it: `data` is a struct parameter_scope. */
const char *parameter_find(const void *data, const char *name);

/* The defined name nearest to a misspelt one, NULL if none is near. */
const char *parameter_suggest(const struct parameter_scope *scope, const char *wrong);

/* Appends how one parameter of the evaluated scope came about: expression_explain(), or
 * `as it was given`. */
int parameter_explain(const struct parameter_scope *scope, size_t index,
                      const struct expression_context *context, struct text *ret_text,
                      struct error *err);

/* What is defined everywhere. NULL: not known at this point (the name is defined all the same). */
struct parameter_facts {
    const char *run_id;
    const char *flow;
    const char *node;
    const char *attempt;
    const char *bizdate; /* the values, where they were found out before; NULL: evaluated */
    const char *cyctime;
};

/* The outermost scope: bizdate (yyyymmdd), cyctime (yyyymmddhh24miss), run_id, flow, node, attempt,
 * bdp.system.bizdate, bdp.system.cyctime. Its parameters belong to the arena, the strings of the
 * facts are borrowed. Evaluate it like any other. */
void parameter_scope_init_builtin(struct parameter_scope *scope, struct arena *arena,
                                  const struct parameter_facts *facts);

#endif

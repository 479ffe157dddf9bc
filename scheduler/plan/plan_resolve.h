/* A node's values with their references substituted. Private to this folder. */
#ifndef DATEMILL_PLAN_PLAN_RESOLVE_H
#define DATEMILL_PLAN_PLAN_RESOLVE_H

#include "scheduler/flow/reference.h"
#include "scheduler/plan/plan.h"

struct plan_resolver {
    const struct flow *flow;
    const struct reference_finder *finder;
    const struct parameter_scope *scope;
    struct arena *arena;
};

/* A copy of the tree under `written` of the same shape, in the arena: TEXT and SQL values hold the
 * final text, SQL_FILE values the substituted content of their file; all others are as written. */
int plan_resolve(const struct plan_resolver *resolver, const struct field_value *written,
                 struct field_value *ret_resolved, struct error *err);

#endif

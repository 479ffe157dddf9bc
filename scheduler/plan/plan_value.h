/* The values of a plan's parameters, when it is made and when a node starts. Private. */
#ifndef DATEMILL_PLAN_PLAN_VALUE_H
#define DATEMILL_PLAN_PLAN_VALUE_H

#include "scheduler/plan/plan.h"

/* Evaluates the parameters of the flow and of every node into plan->params and
 * plan->nodes[].params. */
int plan_value_evaluate(struct plan *plan, const struct plan_request *request, struct error *err);

/* The names one node sees, for one attempt: built-in ones, the flow's, its own. */
struct plan_names {
    struct parameter_scope builtin;
    struct parameter_scope flow;
    struct parameter_scope node; /* ask this one */
};

struct plan_seen {
    size_t node;     /* index: whose names */
    int32_t attempt; /* number, 0 = unknown */
};

/* Memory belongs to `arena`. */
int plan_value_names(const struct plan *plan, struct plan_seen seen, struct arena *arena,
                     struct plan_names *ret_names, struct error *err);

#endif

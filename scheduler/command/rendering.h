/* What would run: plans and texts of a flow for one planned time, without running it. */
#ifndef DATEMILL_COMMAND_RENDERING_H
#define DATEMILL_COMMAND_RENDERING_H

#include "scheduler/base/error.h"
#include "scheduler/command/context.h"
#include "scheduler/plan/plan.h"
#include "scheduler/plan/plan_time.h"

#include <stddef.h>

/* A text that a node would run, and how it came about. */
struct rendering {
    const struct flow_node *node;
    const char *text;    /* script, SQL, from → to; "" for a node without a process */
    const char *file;    /* the file it was read from, as messages show it; NULL = the flow's */
    const size_t *lines; /* of `file`: lines with a substitution, ascending, each once */
    size_t line_count;
    size_t substitutions; /* how many */
};

/* As --var gave them. */
struct rendering_vars {
    const struct node_setting *items;
    size_t count;
};

/* The plan of a flow for one planned time; `vars` may be NULL. The caller frees with plan_free().
 * */
int rendering_plan(const struct flow *flow, const struct plan_time *time,
                   const struct rendering_vars *vars, struct plan **ret_plan, struct error *err);

/* The text of one node of the plan. Memory belongs to the context's arena. */
int rendering_make(struct context *context, const struct plan *plan, size_t node,
                   struct rendering *ret_rendering, struct error *err);

/* Whether every node can be rendered for that time; the first problem otherwise. */
int rendering_check(struct context *context, const struct flow *flow, const struct plan_time *time,
                    struct error *err);

#endif

/* What a flow means for one planned time: dates, parameter values, graph, what is selected.
 *
 * A plan is a function of its arguments: a flow, a planned wall time and what the command line
 * sets. Everything it points to belongs to its arena or to the flow, which must outlive it. */
#ifndef DATEMILL_PLAN_PLAN_H
#define DATEMILL_PLAN_PLAN_H

#include "scheduler/base/arena.h"
#include "scheduler/base/civil.h"
#include "scheduler/base/error.h"
#include "scheduler/base/instant.h"
#include "scheduler/flow/flow.h"
#include "scheduler/flow/parameter.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A parameter with its value. */
struct plan_param {
    const char *name;
    const char *text;        /* the value */
    const char *explanation; /* how it came about, one or more lines; "as given by --var" */
    const char *written;     /* as in the file */
    struct field_place place;
    size_t node;        /* whose it is: index, or FLOW_NONE for the flow's */
    bool is_overridden; /* by --var */
};

/* A need outside the run: another flow, or the cycle before. */
struct plan_external {
    const char *flow;   /* never NULL: this flow's name for `node@-1` */
    const char *node;   /* FLOW_NEED_ALL: all of the flow */
    int32_t cycle_back; /* as in struct flow_need, with the three that follow */
    int32_t days_back;
    bool has_time;
    struct civil_time time;
    bool is_self; /* the node itself, one cycle before */
    struct field_place place;
};

struct plan_node {
    const struct flow_node *node; /* the flow's */
    bool is_selected;             /* false: it is skipped, and what needs it may go on */
    bool is_off_day;              /* `on` leaves its date out: it does nothing */
    uint32_t rank;                /* position in topological order */
    const uint32_t *needs;        /* indexes in plan->nodes */
    size_t need_count;
    const uint32_t *dependents; /* indexes in plan->nodes, ascending */
    size_t dependent_count;
    const struct plan_external *externals;
    size_t external_count;
    const struct plan_param *params; /* its own; they hide the flow's */
    size_t param_count;
};

struct plan {
    struct arena arena;
    const struct flow *flow; /* borrowed */
    struct civil_time planned;
    bool is_second; /* of a wall time that comes twice, the second */
    struct civil_date bizdate;
    struct instant firing; /* the planned instant; the first one after it if it is skipped */
    bool is_moved;         /* the wall time is skipped by the zone's clock that day */
    int64_t run_id;
    const char *bizdate_value; /* $bizdate and $cyctime, as every attempt sees them */
    const char *cyctime_value;
    char bizdate_text[CIVIL_DATE_BYTES]; /* 2021-11-11 */
    char cyctime_text[CIVIL_TIME_BYTES]; /* 2021-11-12T00:30:00 */
    const struct plan_param *params;     /* the flow's */
    size_t param_count;
    struct plan_node *nodes; /* as flow->nodes: same count, same indexes */
    size_t node_count;
    size_t selected_count;
};

/* A value that was stored when the run was created; it is taken instead of evaluating. */
struct plan_fixed {
    const char *node; /* name; NULL: the flow's */
    const char *name;
    const char *text;
};

struct plan_request {
    struct civil_time planned;
    bool is_second;
    int64_t run_id; /* 0: a preview, in which $<run_id> and $taskid are 0 */
    const struct node_setting
        *vars; /* --var: literal values for the flow's and its nodes' params */
    size_t var_count;
    const struct plan_fixed *fixed; /* of a run that exists */
    size_t fixed_count;
    const char *selection; /* plan_select(); NULL or "" = all */
};

/* Fails for a planned date the zone never had, a --var that no parameter has the name of (USAGE,
 * with a suggestion), a bad selection, a value that cannot be evaluated (INVALID; line and column
 * are the place, the text begins with the file). The caller frees with plan_free(). */
int plan_make(const struct flow *flow, const struct plan_request *request, struct plan **ret_plan,
              struct error *err);
void plan_free(struct plan *plan); /* NULL is fine */

#define PLAN_MAX_SELECTION_BYTES 65536

/* Which nodes a selection means: `n`, `+n` (with all upstream), `n+` (with all downstream), `+n+`,
 * and unions with commas. A part that begins with `!` (`!n`, `!n+`) takes its nodes out again,
 * whatever the order; with such parts alone the rest is all. *ret_selected is an array over the
 * flow's nodes in `arena`. NULL or "" is all. Unknown names, empty parts and a selection of nothing
 * fail (USAGE, with a suggestion). */
int plan_select(const struct flow *flow, const char *selection, struct arena *arena,
                bool **ret_selected, struct error *err);

#endif

#include "scheduler/plan/plan.h"

#include "scheduler/base/memory.h"
#include "scheduler/flow/flow_need.h"
#include "scheduler/plan/plan_time.h"
#include "scheduler/plan/plan_value.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void copy_needs(struct plan *plan, const struct flow_node *node, struct plan_node *ret_node)
{
    uint32_t *needs = arena_array(&plan->arena, node->need_count, sizeof *needs);
    struct plan_external *externals =
        arena_array(&plan->arena, node->need_count, sizeof *externals);
    for (size_t i = 0; i < node->need_count; i++) {
        const struct flow_need *need = &node->needs[i];
        if (flow_need_is_inside(need)) {
            needs[ret_node->need_count] = (uint32_t)need->index;
            ret_node->need_count++;
            continue;
        }
        bool is_own_flow = need->flow == NULL || strcmp(need->flow, plan->flow->name) == 0;
        externals[ret_node->external_count] =
            (struct plan_external){.flow = is_own_flow ? plan->flow->name : need->flow,
                                   .node = need->node,
                                   .cycle_back = need->cycle_back,
                                   .days_back = need->days_back,
                                   .has_time = need->has_time,
                                   .time = need->time,
                                   .is_self = is_own_flow && strcmp(need->node, node->name) == 0,
                                   .place = need->place};
        ret_node->external_count++;
    }
    ret_node->needs = needs;
    ret_node->externals = externals;
}

/* Lists in one array, filled in the order of the nodes, so that each is ascending. */
static void link_dependents(struct plan *plan, struct plan_node *nodes)
{
    size_t edge_count = 0;
    for (size_t i = 0; i < plan->node_count; i++) {
        edge_count += nodes[i].need_count;
        for (size_t j = 0; j < nodes[i].need_count; j++)
            nodes[nodes[i].needs[j]].dependent_count++;
    }
    uint32_t *edges = arena_array(&plan->arena, edge_count, sizeof *edges);
    uint32_t **next = arena_array(&plan->arena, plan->node_count, sizeof *next);
    for (size_t i = 0; i < plan->node_count; i++) {
        nodes[i].dependents = edges;
        next[i] = edges;
        edges += nodes[i].dependent_count;
    }
    for (size_t i = 0; i < plan->node_count; i++) {
        for (size_t j = 0; j < nodes[i].need_count; j++) {
            uint32_t need = nodes[i].needs[j];
            *next[need] = (uint32_t)i;
            next[need]++;
        }
    }
}

static int make_nodes(struct plan *plan, const struct plan_request *request, struct error *err)
{
    const struct flow *flow = plan->flow;
    bool *selected;
    if (plan_select(flow, request->selection, &plan->arena, &selected, err) < 0)
        return -1;
    struct plan_node *nodes = arena_array(&plan->arena, flow->node_count, sizeof *nodes);
    plan->node_count = flow->node_count;
    for (size_t i = 0; i < flow->node_count; i++) {
        nodes[i].node = &flow->nodes[i];
        nodes[i].is_off_day = !plan_node_has_date(&flow->nodes[i], plan->planned.date);
        nodes[i].is_selected = selected[i];
        plan->selected_count += selected[i];
        copy_needs(plan, &flow->nodes[i], &nodes[i]);
    }
    for (size_t i = 0; i < flow->node_count; i++)
        nodes[flow->order[i]].rank = (uint32_t)i;
    link_dependents(plan, nodes);
    plan->nodes = nodes;
    return 0;
}

static int set_dates(struct plan *plan, const struct plan_request *request, struct error *err)
{
    struct plan_time time;
    if (!civil_date_is_valid(request->planned.date))
        return error_set(err, ERROR_KIND_INVALID, "the planned date is not a date");
    civil_time_format(request->planned, plan->cyctime_text);
    if (!plan_time_locate(plan->flow, request->planned, request->is_second, &time))
        return error_set(err, ERROR_KIND_NOT_FOUND, "%.10s never was in %s", plan->cyctime_text,
                         zone_name(plan->flow->zone));
    plan->planned = time.planned;
    plan->is_second = time.is_second;
    plan->firing = time.firing;
    plan->is_moved = time.is_moved;
    plan->bizdate = expression_business_date(time.planned);
    civil_date_format(plan->bizdate, plan->bizdate_text);
    return 0;
}

int plan_make(const struct flow *flow, const struct plan_request *request, struct plan **ret_plan,
              struct error *err)
{
    struct plan *plan = memory_new(1, sizeof *plan);
    arena_init(&plan->arena, 0);
    plan->flow = flow;
    plan->run_id = request->run_id;
    if (set_dates(plan, request, err) < 0 || make_nodes(plan, request, err) < 0 ||
        plan_value_evaluate(plan, request, err) < 0) {
        plan_free(plan);
        return -1;
    }
    *ret_plan = plan;
    return 0;
}

void plan_free(struct plan *plan)
{
    if (plan == NULL)
        return;
    arena_free(&plan->arena);
    free(plan);
}

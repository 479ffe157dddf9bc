#include "scheduler/engine/run_image.h"

static struct event_retry retry_of(const struct flow_retry *retry)
{
    return (struct event_retry){.max = retry->max,
                                .delay = retry->delay,
                                .backoff_percent = retry->backoff_percent,
                                .max_delay = retry->max_delay,
                                .on_timeout = retry->on_timeout,
                                .on_lost = retry->on_lost,
                                .codes = retry->codes,
                                .code_count = retry->code_count};
}

static enum task_state first_state(const struct plan_node *node)
{
    if (!node->is_selected)
        return TASK_SKIPPED;
    return node->node->is_frozen ? TASK_FROZEN : TASK_WAITING;
}

void run_image_from_plan(const struct plan *plan, int64_t run_id, struct arena *arena,
                         struct run_image *ret_image)
{
    struct event_node *nodes = arena_array(arena, plan->node_count, sizeof *nodes);
    for (size_t i = 0; i < plan->node_count; i++) {
        const struct plan_node *node = &plan->nodes[i];
        size_t pool = node->node->pool;
        nodes[i] =
            (struct event_node){.retry = retry_of(&node->node->retry),
                                .needs = node->needs,
                                .need_count = node->need_count,
                                .rank = node->rank,
                                .pool = pool == FLOW_NONE ? ENGINE_NO_POOL : (uint32_t)pool,
                                .priority = node->node->priority,
                                .has_process = node->node->type->has_process && !node->is_off_day,
                                .is_off_day = node->is_off_day,
                                .is_selected = node->is_selected,
                                .external_open = (uint32_t)node->external_count,
                                .wait = {node->node->wait.is_set && !node->is_off_day,
                                         node->node->wait.timeout, node->node->wait.is_skipped},
                                .state = first_state(node)};
    }
    ret_image->nodes = nodes;
    ret_image->run = (struct event_run){.run_id = run_id,
                                        .priority = plan->flow->priority,
                                        .opening = 1,
                                        .state = RUN_WAITING,
                                        .nodes = nodes,
                                        .node_count = plan->node_count};
}

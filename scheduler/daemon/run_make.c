#include "scheduler/daemon/run_make.h"

#include "scheduler/base/memory.h"
#include "scheduler/daemon/capacity.h"
#include "scheduler/daemon/freezes.h"
#include "scheduler/daemon/needs.h"
#include "scheduler/engine/run_image.h"
#include "scheduler/system/clock.h"

#include <string.h>

const struct node_setting *run_make_copy_vars(struct arena *arena, const struct request *request)
{
    struct node_setting *vars = arena_array(arena, request->var_count, sizeof *vars);
    for (size_t i = 0; i < request->var_count; i++)
        vars[i] = (struct node_setting){arena_copy_string(arena, request->vars[i].name),
                                        arena_copy_string(arena, request->vars[i].text)};
    return vars;
}

/* For the turn, which outlives the caller. */
static const struct node_setting *keep_vars(struct arena *arena, const struct run_wish *wish)
{
    struct node_setting *vars = arena_array(arena, wish->var_count, sizeof *vars);
    for (size_t i = 0; i < wish->var_count; i++)
        vars[i] = (struct node_setting){arena_copy_string(arena, wish->vars[i].name),
                                        arena_copy_string(arena, wish->vars[i].text)};
    return vars;
}

static void copy_params(const struct plan_param *params, size_t count, const char *node,
                        struct store_param *rows)
{
    for (size_t i = 0; i < count; i++)
        rows[i] = (struct store_param){.name = params[i].name,
                                       .value = params[i].text,
                                       .explanation = params[i].explanation,
                                       .written = params[i].written,
                                       .node = node,
                                       .is_overridden = params[i].is_overridden};
}

/* The row's texts belong to the plan, which lives as long as the run, or to the turn. */
static void fill_params(const struct plan *plan, struct arena *arena, struct store_run *row)
{
    size_t count = plan->param_count;
    for (size_t i = 0; i < plan->node_count; i++)
        count += plan->nodes[i].param_count;
    struct store_param *params = arena_array(arena, count, sizeof *params);
    copy_params(plan->params, plan->param_count, NULL, params);
    size_t at = plan->param_count;
    for (size_t i = 0; i < plan->node_count; i++) {
        const struct plan_node *node = &plan->nodes[i];
        copy_params(node->params, node->param_count, node->node->name, params + at);
        at += node->param_count;
    }
    row->params = params;
    row->param_count = count;
}

static void fill_nodes(const struct plan *plan, const struct run_image *image, struct arena *arena,
                       struct store_run *row)
{
    struct store_run_node *nodes = arena_array(arena, plan->node_count, sizeof *nodes);
    for (size_t i = 0; i < plan->node_count; i++)
        nodes[i] = (struct store_run_node){.name = plan->nodes[i].node->name,
                                           .type = plan->nodes[i].node->type->name,
                                           .state = image->nodes[i].state,
                                           .is_selected = plan->nodes[i].is_selected};
    row->nodes = nodes;
    row->node_count = plan->node_count;
}

void run_make_row(const struct daemon_run *run, const struct run_wish *wish,
                  const struct run_image *image, struct arena *arena, struct store_run *row)
{
    const struct plan *plan = run->plan;
    *row = (struct store_run){.run_id = run->id,
                              .flow = plan->flow->name,
                              .cyctime = plan->cyctime_text,
                              .is_second = plan->is_second,
                              .bizdate = plan->bizdate_text,
                              .zone = run->zone,
                              .fires_at = plan->firing,
                              .created_at = run->opened,
                              .kind = wish->kind,
                              .trigger = arena_copy_string(arena, wish->trigger),
                              .request = arena_copy_string(arena, wish->request),
                              .reason = arena_copy_string(arena, wish->reason),
                              .selection = arena_copy_string(arena, wish->selection),
                              .priority = image->run.priority,
                              .parallel = image->run.parallel,
                              .hold = image->run.hold,
                              .vars = keep_vars(arena, wish),
                              .var_count = wish->var_count};
    fill_params(plan, arena, row);
    fill_nodes(plan, image, arena, row);
}

int run_make_plan(const struct run_wish *wish, const struct plan_time *time, int64_t run_id,
                  struct plan **ret_plan, struct error *err)
{
    struct plan_request request = {.planned = time->planned,
                                   .is_second = time->is_second,
                                   .run_id = run_id,
                                   .vars = wish->vars,
                                   .var_count = wish->var_count,
                                   .selection = wish->selection};
    return plan_make(wish->definition->flow, &request, ret_plan, err);
}

int run_make(struct daemon *daemon, const struct run_wish *wish, struct plan *plan,
             struct daemon_run **ret_run, struct error *err)
{
    struct arena *arena = &daemon->turn.arena;
    wish->definition->users++;
    struct daemon_run *run = daemon_runs_make(wish->definition, plan, plan->run_id, clock_now());
    if (wish->remark != NULL && wish->remark[0] != '\0')
        run->remark = memory_copy_string(wish->remark);
    run->is_scheduled = wish->kind == STORE_RUN_SCHEDULE;
    run->backfill_id = wish->backfill_id;
    run->position = wish->position;
    struct run_image image;
    run_image_from_plan(plan, run->id, arena, &image);
    freezes_apply(daemon, plan, &image);
    image.run.parallel = wish->parallel;
    image.run.hold = daemon->is_draining ? RUN_HOLD_NO_SCHEDULER : wish->hold;
    if (wish->priority != 0)
        image.run.priority = wish->priority;
    struct event event = {.kind = EVENT_RUN_ADDED, .run_id = run->id, .run = &image.run};
    struct turn_run *item = arena_alloc(arena, sizeof *item);
    item->run = run;
    run_make_row(run, wish, &image, arena, &item->row);
    for (size_t i = 0; i < plan->node_count; i++) {
        run->is_done[i] = task_states[image.nodes[i].state].is_final;
        run->done += run->is_done[i];
    }
    if (run->is_scheduled)
        needs_find_anyway(daemon, run);
    if (capacity_map(daemon, plan, &image, err) < 0 || needs_find(daemon, run, err) < 0 ||
        daemon_step(daemon, &event, err) < 0) {
        daemon_runs_free(daemon, run);
        return -1;
    }
    daemon_runs_add(daemon, run);
    TURN_ADD(daemon->turn.runs, item);
    *ret_run = run;
    return 0;
}

static bool is_same_time(const struct daemon_run *run, const char *flow,
                         const struct plan_time *time)
{
    return !run->is_over && strcmp(run->plan->flow->name, flow) == 0 &&
           civil_time_compare(run->plan->planned, time->planned) == 0 &&
           run->plan->is_second == time->is_second;
}

struct daemon_run *run_make_find_open(struct daemon *daemon, const char *flow,
                                      const struct plan_time *time)
{
    for (size_t i = daemon->run_count; i > 0; i--) {
        if (is_same_time(daemon->runs[i - 1], flow, time))
            return daemon->runs[i - 1];
    }
    return NULL;
}

#include "scheduler/daemon/rerun_version.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/daemon/freezes.h"
#include "scheduler/daemon/run_make.h"
#include "scheduler/store/view_run.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <string.h>

/* A run on its way from one version to another. */
struct change {
    struct daemon *daemon;
    const struct request *request;
    struct arena *arena;   /* the turn's */
    struct load_run row;   /* as stored; then with the nodes of the new definition */
    struct view_run shown; /* how people see it */
    struct definition *definition;
    struct plan *plan;
    struct run_image image; /* of a new run with this plan */
};

static int fail_open(int64_t run_id, struct error *err)
{
    error_set(err, ERROR_KIND_REFUSED, "run %" PRId64 " is open: it goes on as it began", run_id);
    return error_help(err, "stop it first: datemill stop %" PRId64, run_id);
}

static int load_row(struct change *change, int64_t run_id, struct error *err)
{
    struct daemon *daemon = change->daemon;
    struct daemon_run *run = daemon_runs_find(daemon, run_id);
    if (run != NULL && request_is_open(daemon, run))
        return fail_open(run_id, err);
    if (run != NULL)
        return error_set(err, ERROR_KIND_BUSY, "run %" PRId64 " is just ending", run_id);
    if (load_run(daemon->store, run_id, change->arena, &change->row, err) < 0 ||
        view_find_run(daemon->store, run_id, change->arena, &change->shown, err) < 0)
        return -1;
    if (!run_state_is_final(change->row.state))
        return fail_open(run_id, err);
    return request_check_time(daemon, &change->row, err);
}

/* How a node of the new definition stands. One that has not run in it is stopped, also when it was
 * blocked: what blocks it now, the engine finds. */
static void fill_node(const struct change *change, size_t index, const struct view_node *was,
                      struct load_node *node)
{
    const struct plan_node *planned = &change->plan->nodes[index];
    enum task_state first = change->image.nodes[index].state;
    *node = (struct load_node){.name = planned->node->name,
                               .type = planned->node->type->name,
                               .is_selected = planned->is_selected,
                               .state = first == TASK_WAITING ? TASK_STOPPED : first};
    if (was == NULL)
        return;
    node->attempts = was->attempts;
    node->tries = was->tries;
    bool is_kept = was->type[0] != '\0' && was->is_selected == planned->is_selected &&
                   was->state != TASK_BLOCKED && was->state != TASK_FROZEN;
    if (is_kept)
        node->state = was->state;
}

static int fill_nodes(struct change *change, struct error *err)
{
    struct view_nodes nodes;
    const struct plan *plan = change->plan;
    if (view_run_nodes(change->daemon->store, change->row.run_id, change->arena, &nodes, err) < 0)
        return -1;
    const struct view_node **was = arena_array(change->arena, plan->node_count, sizeof *was);
    for (size_t i = 0; i < nodes.count; i++) {
        size_t index = flow_find_node(plan->flow, nodes.items[i].name);
        if (index != FLOW_NONE)
            was[index] = &nodes.items[i];
    }
    struct load_node *rows = arena_array(change->arena, plan->node_count, sizeof *rows);
    for (size_t i = 0; i < plan->node_count; i++)
        fill_node(change, i, was[i], &rows[i]);
    change->row.nodes = rows;
    change->row.node_count = plan->node_count;
    return 0;
}

static bool has_work(const struct change *change)
{
    bool is_all = change->request->scope == REQUEST_SCOPE_ALL;
    for (size_t i = 0; i < change->row.node_count; i++) {
        const struct load_node *node = &change->row.nodes[i];
        bool is_bad = node->state == TASK_FAILED || node->state == TASK_STOPPED;
        if (is_all ? node->is_selected && node->state != TASK_FROZEN : is_bad)
            return true;
    }
    return false;
}

/* What the engine would refuse: it is asked when the run has changed. */
static int check_scope(const struct change *change, struct error *err)
{
    const struct request *request = change->request;
    uint32_t node;
    if (request->scope == REQUEST_SCOPE_FAILED || request->scope == REQUEST_SCOPE_ALL)
        return has_work(change) ? 0
                                : error_set(err, ERROR_KIND_REFUSED,
                                            "run %" PRId64 " has nothing to rerun in %s",
                                            change->row.run_id, change->definition->shown_version);
    if (request_find_node(change->plan, request->nodes, &node, err) < 0)
        return -1;
    if (change->row.nodes[node].state == TASK_FROZEN)
        return error_set(err, ERROR_KIND_REFUSED, "a node that is frozen cannot be rerun");
    return 0;
}

/* A value that was fixed says how it came about then. */
static void explain_params(const struct load_values *values, struct store_run *row)
{
    struct store_param *params = (struct store_param *)row->params; /* the turn's, ours to write */
    for (size_t i = 0; i < row->param_count; i++) {
        for (size_t n = 0; n < values->param_count; n++) {
            const struct store_param *was = &values->params[n];
            bool is_same_node = was->node == NULL || params[i].node == NULL
                                    ? was->node == params[i].node
                                    : strcmp(was->node, params[i].node) == 0;
            if (!is_same_node || strcmp(was->name, params[i].name) != 0)
                continue;
            params[i].explanation = was->explanation;
            params[i].is_overridden = was->is_overridden;
        }
    }
}

static void add_to_turn(struct change *change, struct daemon_run *run,
                        const struct load_values *values)
{
    struct turn_version *item = arena_alloc(change->arena, sizeof *item);
    struct run_wish wish = {.definition = change->definition,
                            .trigger = change->row.trigger,
                            .vars = values->vars,
                            .var_count = values->var_count};
    for (size_t i = 0; i < change->row.node_count; i++)
        change->image.nodes[i].state = change->row.nodes[i].state;
    run_make_row(run, &wish, &change->image, change->arena, &item->row);
    explain_params(values, &item->row);
    item->row.created_at = clock_now();
    item->run = run;
    TURN_ADD(change->daemon->turn.versions, item);
}

/* Takes over the plan and one use of the definition. */
static int take(struct change *change, struct daemon_run **ret_run, struct error *err)
{
    struct daemon *daemon = change->daemon;
    struct restore_values stored = {.arena = change->arena};
    struct restore_meaning meaning = {change->definition, change->plan};
    run_image_from_plan(change->plan, change->row.run_id, change->arena, &change->image);
    freezes_apply(daemon, change->plan, &change->image);
    if (freezes_check(daemon, change->plan->flow->name, change->plan->bizdate_text, err) < 0 ||
        fill_nodes(change, err) < 0 || check_scope(change, err) < 0 ||
        restore_values(daemon, &change->row, change->plan->flow, &stored, err) < 0) {
        plan_free(change->plan);
        definition_release(&daemon->definitions, change->definition);
        return -1;
    }
    if (restore_planned(daemon, &change->row, &meaning, ret_run, err) < 0)
        return -1;
    add_to_turn(change, *ret_run, &stored.values);
    return 0;
}

static int is_changed(const struct change *change, bool *ret_is_changed, struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    struct load_definition stored;
    if (load_definition(change->daemon->store, change->row.version_id, &arena, &stored, err) < 0)
        return -1;
    *ret_is_changed = strcmp(stored.hash, change->definition->flow->hash) != 0;
    return 0;
}

int rerun_version_take(struct daemon *daemon, const struct request *request,
                       struct rerun_version *ret_version, struct error *err)
{
    struct change change = {.daemon = daemon, .request = request, .arena = &daemon->turn.arena};
    bool is_other = false;
    if (load_row(&change, request->run_ids[0], err) < 0 ||
        definition_from_folder(&daemon->definitions, &daemon->place, change.row.flow,
                               &change.definition, err) < 0)
        return -1;
    int result = is_changed(&change, &is_other, err);
    if (result == 0 && is_other)
        result = restore_plan(daemon, &change.row, change.definition, &change.plan, err);
    if (result < 0 || !is_other) {
        definition_release(&daemon->definitions, change.definition);
        return result < 0 ? -1
                          : request_find_run(daemon, change.row.run_id, &ret_version->run, err);
    }
    if (take(&change, &ret_version->run, err) < 0)
        return -1;
    ret_version->before = change.shown.version;
    return 0;
}

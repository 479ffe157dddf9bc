/* Skip and mark: what people say of one node of a run. */
#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"
#include "scheduler/daemon/daemon_state.h"
#include "scheduler/daemon/request_freeze.h"

#include <inttypes.h>
#include <string.h>

/* One operation while it is worked on. */
struct operation {
    struct daemon *daemon;
    struct daemon_watcher *watcher;
    const struct request *request;
    struct daemon_run *run;
    uint32_t node;
    struct engine_task before;
    enum task_state *states; /* of all nodes, before; in the turn's arena */
};

static enum task_state wanted_state(const struct request *request)
{
    if (request->kind == REQUEST_KIND_SKIP)
        return TASK_SKIPPED;
    return request->is_success ? TASK_SUCCESS : TASK_FAILED;
}

int request_find_node(const struct plan *plan, const char *name, uint32_t *ret_node,
                      struct error *err)
{
    const struct flow *flow = plan->flow;
    size_t node = flow_find_node(flow, name);
    if (node != FLOW_NONE) {
        *ret_node = (uint32_t)node;
        return 0;
    }
    struct suggest suggest;
    suggest_begin(&suggest, name);
    for (size_t i = 0; i < flow->node_count; i++)
        suggest_offer(&suggest, flow->nodes[i].name);
    error_set(err, ERROR_KIND_NOT_FOUND, "run %" PRId64 " of %s has no node `%s`", plan->run_id,
              flow->name, name);
    if (err != NULL)
        memcpy(err->code, "E012", sizeof "E012");
    if (suggest_best(&suggest) != NULL)
        return error_help(err, "did you mean `%s`?", suggest_best(&suggest));
    return error_help(err, "datemill runs show %" PRId64 " lists its nodes", plan->run_id);
}

static void note_states(struct operation *work)
{
    size_t count = work->run->plan->node_count;
    work->states = arena_array(&work->daemon->turn.arena, count, sizeof *work->states);
    for (size_t i = 0; i < count; i++) {
        struct engine_task task;
        if (engine_look(work->daemon->engine, work->run->id, (uint32_t)i, &task, NULL) == 0)
            work->states[i] = task.state;
    }
}

static int refuse(const struct operation *work, struct error *err)
{
    const char *name = work->run->plan->nodes[work->node].node->name;
    error_prefix(err, "%s of run %" PRId64, name, work->run->id);
    if (work->before.state != TASK_SUCCESS)
        return -1;
    return error_help(
        err,
        "what comes after it may go on already; if it is wrong: datemill mark %" PRId64
        " %s failed --reason TEXT",
        work->run->id, name);
}

static int step(struct operation *work, struct error *err)
{
    const struct request *request = work->request;
    bool is_skip = request->kind == REQUEST_KIND_SKIP;
    struct event event = {
        .kind = is_skip ? EVENT_SKIP : EVENT_MARK, .run_id = work->run->id, .node = work->node};
    if (!is_skip)
        event.is_success = request->is_success;
    if (daemon_step(work->daemon, &event, err) < 0)
        return refuse(work, err);
    requests_add_operation(
        work->daemon, work->watcher, request,
        (struct store_operation){.kind = is_skip ? STORE_OPERATION_SKIP : STORE_OPERATION_MARK,
                                 .detail = is_skip               ? ""
                                           : request->is_success ? "success"
                                                                 : "failed",
                                 .run_id = work->run->id,
                                 .node = work->node});
    return 0;
}

/* A node that waits, and for nothing of its run. */
static bool may_run(const struct operation *work, uint32_t node)
{
    const struct plan_node *planned = &work->run->plan->nodes[node];
    struct engine_task task;
    if (engine_look(work->daemon->engine, work->run->id, node, &task, NULL) < 0 ||
        task.state != TASK_WAITING)
        return false;
    for (size_t i = 0; i < planned->need_count; i++) {
        if (engine_look(work->daemon->engine, work->run->id, planned->needs[i], &task, NULL) < 0 ||
            !task_states[task.state].lets_go_on)
            return false;
    }
    return true;
}

/* What was blocked before, and may run now. */
static void list_freed(const struct operation *work, struct notice *notice)
{
    const struct plan *plan = work->run->plan;
    struct arena *arena = &work->daemon->turn.arena;
    struct notice_item *items = arena_array(arena, plan->node_count, sizeof *items);
    notice->items = items;
    for (uint32_t i = 0; i < plan->node_count && notice->item_count < NOTICE_MAX_ITEMS; i++) {
        bool was_held = work->states[i] == TASK_BLOCKED || work->states[i] == TASK_WAITING;
        if (i == work->node || !was_held || !may_run(work, i))
            continue;
        items[notice->item_count].key = arena_copy_string(arena, plan->nodes[i].node->name);
        items[notice->item_count++].text = "may run";
    }
}

/* What is asked of an open attempt comes when it is gone. */
static const char *what_comes_later(const struct engine_task *after)
{
    if (after->attempt_id == 0)
        return "";
    return after->is_granted ? "it was about to start: that is taken back first"
                             : "it runs: it is stopped for it";
}

static void answer(struct operation *work, const char *remark)
{
    struct daemon *daemon = work->daemon;
    struct arena *arena = &daemon->turn.arena;
    const struct plan *plan = work->run->plan;
    struct engine_task after = work->before;
    struct engine_run_facts facts = {0};
    engine_look(daemon->engine, work->run->id, work->node, &after, NULL);
    engine_look_run(daemon->engine, work->run->id, &facts, NULL);
    struct notice *notice = &requests_reply(daemon, work->watcher, work->request, NULL)->notice;
    notice->run_id = work->run->id;
    notice->flow = arena_copy_string(arena, plan->flow->name);
    notice->bizdate = arena_copy_string(arena, plan->bizdate_text);
    notice->node = arena_copy_string(arena, plan->nodes[work->node].node->name);
    notice->state = task_state_name(after.state);
    notice->result = run_state_name(facts.state);
    notice->remark = remark;
    if (remark[0] != '\0')
        return;
    bool is_open = !run_state_is_final(facts.state);
    notice->reason = what_comes_later(&after);
    if (is_open && facts.hold != RUN_HOLD_NONE)
        notice->hold = run_hold_name(facts.hold);
    list_freed(work, notice);
    if (notice->reason[0] != '\0')
        watch_add_interest(daemon, work->watcher, work->run->id, false);
}

/* A run that was brought back and is over still leaves again. */
static void let_go(struct daemon *daemon, struct daemon_run *run)
{
    if (request_is_open(daemon, run))
        return;
    run->is_over = true;
    daemon->needs_tidying = true;
}

static int operate(struct operation *work, struct error *err)
{
    const struct request *request = work->request;
    if (restore_check(work->run, err) < 0 ||
        request_find_node(work->run->plan, request->nodes, &work->node, err) < 0 ||
        engine_look(work->daemon->engine, work->run->id, work->node, &work->before, err) < 0)
        return -1;
    if (work->before.state == wanted_state(request)) {
        const char *name = task_state_name(work->before.state);
        answer(work, arena_format(&work->daemon->turn.arena, "it is %s already", name));
        return 0;
    }
    note_states(work);
    if (step(work, err) < 0)
        return -1;
    answer(work, "");
    return 0;
}

static int operate_run(struct daemon *daemon, struct daemon_watcher *watcher,
                       const struct request *request, struct error *err)
{
    if (request->run_count != 1 || request->nodes == NULL || request->nodes[0] == '\0')
        return error_set(err, ERROR_KIND_USAGE, "name one run and one node");
    struct operation work = {.daemon = daemon, .watcher = watcher, .request = request};
    int64_t run_id = request->run_ids[0];
    bool was_here = daemon_runs_find(daemon, run_id) != NULL;
    if (request_find_run(daemon, run_id, &work.run, err) < 0)
        return -1;
    int result = operate(&work, err);
    if (!was_here)
        let_go(daemon, work.run);
    return result;
}

int request_operate(struct daemon *daemon, struct daemon_watcher *watcher,
                    const struct request *request, struct error *err)
{
    if (request->kind == REQUEST_KIND_SKIP || request->kind == REQUEST_KIND_MARK)
        return operate_run(daemon, watcher, request, err);
    return request_freeze(daemon, watcher, request, err);
}

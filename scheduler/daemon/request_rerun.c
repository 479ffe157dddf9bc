#include "scheduler/daemon/daemon_state.h"
#include "scheduler/daemon/freezes.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int request_find_run(struct daemon *daemon, int64_t run_id, struct daemon_run **ret_run,
                     struct error *err)
{
    *ret_run = daemon_runs_find(daemon, run_id);
    if (*ret_run != NULL)
        return 0;
    struct arena arena = {0};
    struct load_run row;
    int64_t other = 0;
    int result = load_run(daemon->store, run_id, &arena, &row, err);
    if (result == 0)
        result = load_open_run_of(daemon->store,
                                  &(struct load_planned){row.flow, row.cyctime, row.is_second},
                                  &other, err);
    if (result == 0 && other != 0 && other != run_id)
        result = error_set(err, ERROR_KIND_BUSY, "run %" PRId64 " of %s for %s is open", other,
                           row.flow, row.bizdate);
    if (result == 0)
        result = restore_run(daemon, &row, ret_run, err);
    arena_free(&arena);
    return result;
}

static int make_event(const struct daemon_run *run, const struct request *request,
                      struct event *ret_event, struct error *err)
{
    static const enum rerun_scope scopes[] = {RERUN_FROM_FAILED, RERUN_ALL, RERUN_FROM_NODE,
                                              RERUN_ONLY_NODE};
    *ret_event =
        (struct event){.kind = EVENT_RERUN, .run_id = run->id, .scope = scopes[request->scope]};
    if (request->scope == REQUEST_SCOPE_FAILED || request->scope == REQUEST_SCOPE_ALL)
        return 0;
    return request_find_node(run, request->nodes, &ret_event->node, err);
}

/* The nodes downstream of one, itself included; in the turn's arena. */
static const bool *mark_downstream(struct daemon *daemon, const struct plan *plan, uint32_t from)
{
    struct arena *arena = &daemon->turn.arena;
    bool *is_marked = arena_array(arena, plan->node_count, sizeof *is_marked);
    uint32_t *list = arena_array(arena, plan->node_count, sizeof *list);
    size_t count = 0;
    is_marked[from] = true;
    list[count++] = from;
    for (size_t next = 0; next < count; next++) {
        const struct plan_node *node = &plan->nodes[list[next]];
        for (size_t i = 0; i < node->dependent_count; i++) {
            uint32_t dependent = node->dependents[i];
            if (is_marked[dependent])
                continue;
            is_marked[dependent] = true;
            list[count++] = dependent;
        }
    }
    return is_marked;
}

/* Nodes that were frozen when the run ended, and are not any more, go on with the others. */
static size_t thaw(struct daemon *daemon, const struct daemon_run *run, const struct event *event)
{
    size_t count = 0;
    const bool *is_downstream =
        event->scope == RERUN_FROM_NODE ? mark_downstream(daemon, run->plan, event->node) : NULL;
    for (uint32_t i = 0; i < run->plan->node_count; i++) {
        struct engine_task task;
        bool is_meant = is_downstream != NULL ? is_downstream[i]
                                              : event->scope != RERUN_ONLY_NODE || event->node == i;
        if (is_meant && engine_look(daemon->engine, run->id, i, &task, NULL) == 0 &&
            task.state == TASK_FROZEN)
            count += freezes_settle(daemon, run, i);
    }
    return count;
}

/* What is frozen by hand is not started by a rerun either. */
static void freeze_again(struct daemon *daemon, const struct daemon_run *run)
{
    for (uint32_t i = 0; i < run->plan->node_count; i++) {
        if (freezes_hold(daemon, run, i) && !run->plan->nodes[i].node->is_frozen)
            freezes_settle(daemon, run, i);
    }
}

bool request_is_open(struct daemon *daemon, const struct daemon_run *run)
{
    struct engine_run_facts facts;
    return engine_look_run(daemon->engine, run->id, &facts, NULL) == 0 &&
           !run_state_is_final(facts.state);
}

static void reset_books(struct daemon *daemon, struct daemon_run *run)
{
    run->opened = clock_now();
    run->failed_node = STORE_NO_NODE;
    run->is_over = false;
    run->is_draining = false;
    run->done = 0;
    for (size_t i = 0; i < run->plan->node_count; i++) {
        struct engine_task task;
        if (engine_look(daemon->engine, run->id, (uint32_t)i, &task, NULL) < 0)
            continue;
        run->is_done[i] = task_states[task.state].is_final;
        run->done += run->is_done[i];
    }
}

static void add_operation(struct daemon *daemon, const struct daemon_watcher *watcher,
                          const struct request *request, int64_t run_id, uint32_t node)
{
    static const char *const details[] = {"from failed", "all", "from", "only"};
    bool has_node = request->scope == REQUEST_SCOPE_FROM || request->scope == REQUEST_SCOPE_ONLY;
    requests_add_operation(daemon, watcher, request,
                           (struct store_operation){.kind = STORE_OPERATION_RERUN,
                                                    .detail = details[request->scope],
                                                    .run_id = run_id,
                                                    .node = has_node ? node : STORE_NO_NODE});
}

/* What was re-opened is known only after the step. */
static void describe(struct daemon_run *run)
{
    size_t open = run->plan->node_count - (size_t)run->done;
    free(run->remark);
    run->remark = NULL;
    if (asprintf(&run->remark, "%zu kept, %zu to run, in the definition of the run (%s)",
                 (size_t)run->done, open, run->definition->shown_version) < 0)
        run->remark = NULL;
}

static int reopen(struct daemon *daemon, struct daemon_watcher *watcher,
                  const struct request *request, struct daemon_run *run, struct error *err)
{
    struct event event;
    if (restore_check(run, err) < 0 || make_event(run, request, &event, err) < 0 ||
        freezes_check(daemon, run->plan->flow->name, run->plan->bizdate_text, err) < 0)
        return -1;
    bool is_open = request_is_open(daemon, run);
    if (is_open && watch_is_driven(daemon, run->id))
        return error_set(err, ERROR_KIND_BUSY, "run %" PRId64 " is open and somebody drives it",
                         run->id);
    /* held, nothing starts before it is known what is frozen; released with the interest in it */
    struct event hold = {.kind = EVENT_HOLD, .run_id = run->id, .hold = RUN_HOLD_NO_SCHEDULER};
    struct error refused = {0};
    if (daemon_step(daemon, &hold, err) < 0)
        return -1;
    size_t thawed = thaw(daemon, run, &event);
    bool is_refused = daemon_step(daemon, &event, &refused) < 0;
    if (is_refused && !is_open && thawed == 0) {
        *err = refused;
        return -1;
    }
    if (!is_refused || thawed > 0)
        add_operation(daemon, watcher, request, run->id, event.node);
    freeze_again(daemon, run);
    reset_books(daemon, run);
    describe(run);
    watch_add_interest(daemon, watcher, run->id, true);
    return 0;
}

int request_rerun(struct daemon *daemon, struct daemon_watcher *watcher,
                  const struct request *request, struct error *err)
{
    if (request->run_count != 1)
        return error_set(err, ERROR_KIND_USAGE, "a rerun names one run");
    if (request->uses_current_version) {
        error_set(err, ERROR_KIND_REFUSED, "a run goes on in the definition it was made of");
        return error_help(err, "datemill run makes a new run of that date, in the present one");
    }
    struct daemon_run *run;
    if (request_find_run(daemon, request->run_ids[0], &run, err) < 0)
        return -1;
    if (reopen(daemon, watcher, request, run, err) < 0) {
        if (!request_is_open(daemon, run)) {
            run->is_over = true;
            daemon->needs_tidying = true;
        }
        return -1;
    }
    requests_reply_runs(daemon, watcher, request, &run->id, 1);
    return 0;
}

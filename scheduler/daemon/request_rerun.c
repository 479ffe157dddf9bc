#include "scheduler/daemon/daemon_state.h"
#include "scheduler/daemon/freezes.h"
#include "scheduler/daemon/rerun_version.h"
#include "scheduler/daemon/run_make.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* One rerun while it is worked on. */
struct rerun {
    struct daemon *daemon;
    struct daemon_watcher *watcher;
    const struct request *request;
    struct rerun_version version;
};

int request_check_time(struct daemon *daemon, const struct load_run *row, struct error *err)
{
    struct plan_time time = {.is_second = row->is_second};
    int64_t other = 0;
    if (civil_time_parse(row->cyctime, &time.planned, err) < 0 ||
        load_open_run_of(daemon->store,
                         &(struct load_planned){row->flow, row->cyctime, row->is_second}, &other,
                         err) < 0)
        return -1;
    const struct daemon_run *run = run_make_find_open(daemon, row->flow, &time);
    if (run != NULL)
        other = run->id;
    if (other == 0 || other == row->run_id)
        return 0;
    return error_set(err, ERROR_KIND_BUSY, "run %" PRId64 " of %s for %s is open", other, row->flow,
                     row->bizdate);
}

int request_find_run(struct daemon *daemon, int64_t run_id, struct daemon_run **ret_run,
                     struct error *err)
{
    *ret_run = daemon_runs_find(daemon, run_id);
    if (*ret_run != NULL)
        return 0;
    struct arena arena = {0};
    struct load_run row;
    int result = load_run(daemon->store, run_id, &arena, &row, err);
    if (result == 0)
        result = request_check_time(daemon, &row, err);
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
    return request_find_node(run->plan, request->nodes, &ret_event->node, err);
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

/* `all`, `all in 41d07e9 instead of 9f2c1ab` */
static const char *detail_of(const struct rerun *work)
{
    static const char *const details[] = {"from failed", "all", "from", "only"};
    const char *scope = details[work->request->scope];
    if (work->version.before == NULL)
        return scope;
    return arena_format(&work->daemon->turn.arena, "%s, in %s instead of %s", scope,
                        work->version.run->definition->shown_version, work->version.before);
}

static void add_operation(const struct rerun *work, uint32_t node)
{
    const struct request *request = work->request;
    bool has_node = request->scope == REQUEST_SCOPE_FROM || request->scope == REQUEST_SCOPE_ONLY;
    requests_add_operation(work->daemon, work->watcher, request,
                           (struct store_operation){.kind = STORE_OPERATION_RERUN,
                                                    .detail = detail_of(work),
                                                    .run_id = work->version.run->id,
                                                    .node = has_node ? node : STORE_NO_NODE});
}

/* What was re-opened is known only after the step. */
static void describe(const struct rerun_version *version)
{
    struct daemon_run *run = version->run;
    const char *shown = run->definition->shown_version;
    size_t open = run->plan->node_count - (size_t)run->done;
    free(run->remark);
    run->remark = NULL;
    int length =
        version->before == NULL
            ? asprintf(&run->remark, "%zu kept, %zu to run, in the definition of the run (%s)",
                       (size_t)run->done, open, shown)
            : asprintf(&run->remark, "%zu kept, %zu to run, in %s instead of %s", (size_t)run->done,
                       open, shown, version->before);
    if (length < 0)
        run->remark = NULL;
}

static int reopen(const struct rerun *work, struct error *err)
{
    struct daemon *daemon = work->daemon;
    const struct request *request = work->request;
    struct daemon_run *run = work->version.run;
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
        add_operation(work, event.node);
    freeze_again(daemon, run);
    reset_books(daemon, run);
    describe(&work->version);
    watch_add_interest(daemon, work->watcher, run->id, true);
    return 0;
}

int request_rerun(struct daemon *daemon, struct daemon_watcher *watcher,
                  const struct request *request, struct error *err)
{
    if (request->run_count != 1)
        return error_set(err, ERROR_KIND_USAGE, "a rerun names one run");
    struct rerun work = {.daemon = daemon, .watcher = watcher, .request = request};
    int found = request->uses_current_version
                    ? rerun_version_take(daemon, request, &work.version, err)
                    : request_find_run(daemon, request->run_ids[0], &work.version.run, err);
    if (found < 0)
        return -1;
    struct daemon_run *run = work.version.run;
    if (reopen(&work, err) < 0) {
        if (!request_is_open(daemon, run)) {
            run->is_over = true;
            daemon->needs_tidying = true;
        }
        return -1;
    }
    requests_reply_runs(daemon, watcher, request, &run->id, 1);
    return 0;
}

#include "scheduler/daemon/daemon_state.h"
#include "scheduler/daemon/explain_text.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>

#define EXPLAIN_MAX_NODES 200 /* of a run as a whole; each takes time with all that is loaded */

/* In two rounds: those that could run but for the machine first, then what waits for these. */
static size_t explain_run(struct explanation *explanation)
{
    const struct daemon_run *run = explanation->run;
    size_t explained = 0;
    size_t left = 0;
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < run->plan->node_count; i++) {
            struct engine_task task;
            if (engine_look(explanation->daemon->engine, run->id, i, &task, NULL) < 0)
                continue;
            bool is_first = task.state == TASK_FROZEN ||
                            (task.state == TASK_WAITING && task.reason != TASK_REASON_UPSTREAM);
            bool is_second = task.state == TASK_BLOCKED ||
                             (task.state == TASK_WAITING && task.reason == TASK_REASON_UPSTREAM);
            if (round == 0 ? !is_first : !is_second)
                continue;
            if (explained < EXPLAIN_MAX_NODES)
                explain_node(explanation, i);
            else
                left++;
            explained++;
        }
    }
    return left;
}

int request_explain(struct daemon *daemon, struct daemon_watcher *watcher,
                    const struct request *request, struct error *err)
{
    struct arena *arena = &daemon->turn.arena;
    uint32_t node = STORE_NO_NODE;
    struct engine_run_facts facts;
    if (request->run_count != 1)
        return error_set(err, ERROR_KIND_USAGE, "name one run");
    struct daemon_run *run = daemon_runs_find(daemon, request->run_ids[0]);
    if (run == NULL)
        return error_set(err, ERROR_KIND_NOT_FOUND, "run %" PRId64 " is not open",
                         request->run_ids[0]);
    if (request->nodes != NULL && request->nodes[0] != '\0' &&
        request_find_node(run->plan, request->nodes, &node, err) < 0)
        return -1;
    if (engine_look_run(daemon->engine, run->id, &facts, err) < 0)
        return -1;
    struct explanation explanation = {
        .daemon = daemon, .run = run, .arena = arena, .now = clock_now()};
    size_t left = 0;
    if (node == STORE_NO_NODE)
        left = explain_run(&explanation);
    else
        explain_node(&explanation, node);
    explain_waiters(&explanation, node);
    engine_reasons_free(&explanation.reasons);
    struct notice notice = {.kind = NOTICE_KIND_REPLY,
                            .request = request->number,
                            .run_id = run->id,
                            .state = run_state_name(facts.state),
                            .items = explanation.items,
                            .item_count = explanation.count};
    notice.hold = facts.hold == RUN_HOLD_NONE ? "" : run_hold_name(facts.hold);
    notice.remark = left == 0 ? "" : arena_format(arena, "%zu more nodes wait", left);
    requests_answer(daemon, watcher, &notice);
    return 0;
}

#include "scheduler/daemon/daemon_state.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct turn_reply *requests_reply(struct daemon *daemon, struct daemon_watcher *watcher,
                                  const struct request *request, const struct error *error)
{
    struct turn_reply *reply = arena_alloc(&daemon->turn.arena, sizeof *reply);
    reply->watcher = watcher;
    reply->notice = (struct notice){.kind = NOTICE_KIND_REPLY, .request = request->number};
    if (error != NULL)
        reply->notice.error = *error;
    TURN_ADD(daemon->turn.replies, reply);
    return reply;
}

void requests_answer(struct daemon *daemon, struct daemon_watcher *watcher,
                     const struct notice *answer)
{
    if (daemon->trouble[TROUBLE_STORE] != NULL) {
        watcher->tell(watcher->owner, answer);
        return;
    }
    struct turn_reply *reply = arena_alloc(&daemon->turn.arena, sizeof *reply);
    reply->watcher = watcher;
    reply->notice = *answer;
    TURN_ADD(daemon->turn.replies, reply);
}

void requests_reply_runs(struct daemon *daemon, struct daemon_watcher *watcher,
                         const struct request *request, const int64_t *run_ids, size_t run_count)
{
    struct turn_reply *reply = requests_reply(daemon, watcher, request, NULL);
    memcpy(reply->notice.run_ids, run_ids, run_count * sizeof *run_ids);
    reply->notice.run_count = run_count;
    reply->tells_runs = true;
}

/* A run that is final is told from the store: its facts and its end. */
static int tell_stored(struct daemon *daemon, struct daemon_watcher *watcher, int64_t run_id,
                       struct error *err)
{
    struct arena arena = {0};
    struct load_run row;
    int result = load_run(daemon->store, run_id, &arena, &row, err);
    if (result == 0) {
        struct notice notice = {.kind = NOTICE_KIND_RUN_END,
                                .run_id = run_id,
                                .at = clock_now(),
                                .flow = row.flow,
                                .bizdate = row.bizdate,
                                .cyctime = row.cyctime,
                                .zone = row.zone,
                                .node_count = (int64_t)row.node_count,
                                .done = (int64_t)row.node_count,
                                .result = "it was over already",
                                .state = run_state_name(row.state)};
        watcher->tell(watcher->owner, &notice);
    }
    arena_free(&arena);
    return result;
}

int request_follow(struct daemon *daemon, struct daemon_watcher *watcher,
                   const struct request *request, struct error *err)
{
    int64_t over[NOTICE_MAX_RUNS];
    size_t over_count = 0;
    for (size_t i = 0; i < request->run_count; i++) {
        int64_t run_id = request->run_ids[i];
        struct arena arena = {0};
        struct load_run row;
        const struct daemon_run *run = daemon_runs_find(daemon, run_id);
        bool drives = request->kind == REQUEST_KIND_CLAIM;
        int result = run == NULL ? load_run(daemon->store, run_id, &arena, &row, err)
                     : drives    ? restore_check(run, err)
                                 : 0;
        arena_free(&arena);
        if (result < 0)
            return -1;
    }
    for (size_t i = 0; i < request->run_count; i++) {
        watch_add_interest(daemon, watcher, request->run_ids[i],
                           request->kind == REQUEST_KIND_CLAIM);
        const struct daemon_run *run = daemon_runs_find(daemon, request->run_ids[i]);
        if (run == NULL || run->is_over)
            over[over_count++] = request->run_ids[i];
    }
    struct notice reply = {
        .kind = NOTICE_KIND_REPLY, .request = request->number, .run_count = request->run_count};
    memcpy(reply.run_ids, request->run_ids, sizeof reply.run_ids);
    watcher->tell(watcher->owner, &reply);
    for (size_t i = 0; i < request->run_count; i++) {
        const struct daemon_run *run = daemon_runs_find(daemon, request->run_ids[i]);
        if (run != NULL)
            watch_tell_run(daemon, watcher, run);
    }
    for (size_t i = 0; i < over_count; i++)
        tell_stored(daemon, watcher, over[i], NULL);
    return 0;
}

void requests_add_operation(struct daemon *daemon, const struct daemon_watcher *watcher,
                            const struct request *request, struct store_operation row)
{
    struct arena *arena = &daemon->turn.arena;
    struct turn_operation *item = arena_alloc(arena, sizeof *item);
    const char *who = request->who != NULL && request->who[0] != '\0' ? request->who : watcher->who;
    item->row = row;
    item->row.at = clock_now();
    item->row.who = arena_copy_string(arena, who);
    item->row.reason = arena_copy_string(arena, request->reason);
    TURN_ADD(daemon->turn.operations, item);
}

static int stop_run(struct daemon *daemon, struct daemon_run *run, enum request_force force,
                    struct error *err)
{
    struct event event = {.run_id = run->id};
    switch (force) {
    case REQUEST_FORCE_DRAIN:
        event.kind = EVENT_HOLD;
        event.hold = RUN_HOLD_DRAIN;
        run->is_draining = true;
        daemon->needs_tidying = true;
        break;
    case REQUEST_FORCE_STOP:
    case REQUEST_FORCE_KILL:
        event.kind = EVENT_STOP_RUN;
        event.is_kill = force == REQUEST_FORCE_KILL;
        run->is_draining = false;
        break;
    }
    return daemon_step(daemon, &event, err);
}

static int request_stop(struct daemon *daemon, struct daemon_watcher *watcher,
                        const struct request *request, struct error *err)
{
    static const char *const details[] = {"drain", "stop", "now"};
    bool is_new = false;
    for (size_t i = 0; i < request->run_count; i++) {
        struct daemon_run *run = daemon_runs_find(daemon, request->run_ids[i]);
        if (run != NULL)
            continue;
        struct arena arena = {0};
        struct load_run row;
        int result = load_run(daemon->store, request->run_ids[i], &arena, &row, err);
        if (result == 0)
            result = error_set(err, ERROR_KIND_REFUSED, "run %" PRId64 " is over: it is %s",
                               request->run_ids[i], run_state_name(row.state));
        arena_free(&arena);
        return result;
    }
    for (size_t i = 0; i < request->run_count; i++) {
        struct daemon_run *run = daemon_runs_find(daemon, request->run_ids[i]);
        if (stop_run(daemon, run, request->force, err) < 0)
            return -1;
        requests_add_operation(daemon, watcher, request,
                               (struct store_operation){.kind = STORE_OPERATION_STOP,
                                                        .detail = details[request->force],
                                                        .run_id = run->id,
                                                        .node = STORE_NO_NODE});
        is_new |= watch_add_interest(daemon, watcher, run->id, false);
    }
    struct turn_reply *reply = requests_reply(daemon, watcher, request, NULL);
    memcpy(reply->notice.run_ids, request->run_ids, sizeof request->run_ids);
    reply->notice.run_count = request->run_count;
    reply->tells_runs = is_new;
    return 0;
}

static void request_status(struct daemon *daemon, struct daemon_watcher *watcher,
                           const struct request *request)
{
    struct engine_counts counts = engine_count(daemon->engine);
    struct notice notice = {.kind = NOTICE_KIND_REPLY, .request = request->number};
    struct error *about = &notice.error;
    snprintf(about->text, sizeof about->text,
             "%zu of %d slots used, %zu runs open, %zu nodes ready, %zu granted", counts.running,
             daemon->project->slots, counts.open_runs, counts.ready, counts.granted);
    notice.state = daemon->is_server ? NOTICE_STATE_SERVER : NOTICE_STATE_COMMAND;
    notice.running = (int64_t)counts.open_runs;
    notice.done = (int64_t)counts.running;
    notice.total = daemon->project->slots;
    notice.reason = watch_trouble(daemon);
    struct notice_item *pools = arena_array(&daemon->turn.arena, daemon->pool_count, sizeof *pools);
    for (size_t i = 0; i < daemon->pool_count; i++)
        pools[i] = (struct notice_item){daemon->pools[i].name,
                                        arena_format(&daemon->turn.arena, "%u of %d",
                                                     engine_pool_used(daemon->engine, i),
                                                     daemon->pools[i].size)};
    notice.items = pools;
    notice.item_count = daemon->pool_count;
    requests_answer(daemon, watcher, &notice);
}

static int request_step_down(struct daemon *daemon, struct daemon_watcher *watcher,
                             const struct request *request, struct error *err)
{
    if (daemon->asked_to_leave == NULL || daemon->is_server) {
        error_set(err, ERROR_KIND_REFUSED, "%s is the engine of this project already, process %d",
                  daemon->is_server ? "datemill serve" : "another command", (int)getpid());
        return error_help(err, daemon->is_server ? "look at it: datemill status"
                                                 : "it ends when its work is done");
    }
    daemon->asked_to_leave(daemon->owner);
    requests_reply(daemon, watcher, request, NULL);
    return 0;
}

/* What an asker that goes away again would leave undriven. */
static int check_server(const struct daemon *daemon, const struct request *request,
                        struct error *err)
{
    if (!request->needs_server || daemon->is_server)
        return 0;
    error_set(err, ERROR_KIND_PRECONDITION,
              "`datemill serve` is not running; the engine is a command in the foreground");
    return error_help(err, "start one: datemill serve");
}

static int work_on(struct daemon *daemon, struct daemon_watcher *watcher,
                   const struct request *request, struct error *err)
{
    switch (request->kind) {
    case REQUEST_KIND_RUN:
        return request_run(daemon, watcher, request, err);
    case REQUEST_KIND_CLAIM:
    case REQUEST_KIND_WATCH:
        return request_follow(daemon, watcher, request, err);
    case REQUEST_KIND_RERUN:
        return request_rerun(daemon, watcher, request, err);
    case REQUEST_KIND_STOP:
        return request_stop(daemon, watcher, request, err);
    case REQUEST_KIND_STATUS:
        request_status(daemon, watcher, request);
        return 0;
    case REQUEST_KIND_BACKFILL:
    case REQUEST_KIND_BACKFILL_CLAIM:
    case REQUEST_KIND_BACKFILL_RESUME:
    case REQUEST_KIND_BACKFILL_RETRY:
    case REQUEST_KIND_BACKFILL_WATCH:
    case REQUEST_KIND_BACKFILL_PAUSE:
    case REQUEST_KIND_BACKFILL_STOP:
    case REQUEST_KIND_BACKFILL_SET:
        return request_backfill(daemon, watcher, request, err);
    case REQUEST_KIND_SKIP:
    case REQUEST_KIND_MARK:
    case REQUEST_KIND_FREEZE:
    case REQUEST_KIND_UNFREEZE:
        return request_operate(daemon, watcher, request, err);
    case REQUEST_KIND_EXPLAIN:
        return request_explain(daemon, watcher, request, err);
    case REQUEST_KIND_PRUNE:
        return request_prune(daemon, watcher, request, err);
    case REQUEST_KIND_STEP_DOWN:
        return request_step_down(daemon, watcher, request, err);
    }
    return 0;
}

void daemon_request(struct daemon *daemon, struct daemon_watcher *watcher,
                    const struct request *request)
{
    struct error err = {0};
    if (check_server(daemon, request, &err) < 0 || work_on(daemon, watcher, request, &err) < 0)
        requests_reply(daemon, watcher, request, &err);
    watch_tell_trouble(daemon, watcher);
}

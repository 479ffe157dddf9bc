#include "scheduler/base/json_in.h"
#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/daemon/pruning.h"
#include "scheduler/daemon/waits.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void daemon_add_watcher(struct daemon *daemon, struct daemon_watcher *watcher)
{
    watcher->next = daemon->watchers;
    daemon->watchers = watcher;
}

static void hold_if_alone(struct daemon *daemon, int64_t run_id)
{
    struct daemon_run *run = daemon_runs_find(daemon, run_id);
    if (run == NULL || run->is_over || run->is_draining || watch_is_driven(daemon, run_id))
        return;
    struct event event = {.kind = EVENT_HOLD, .run_id = run_id, .hold = RUN_HOLD_NO_SCHEDULER};
    if (daemon_step(daemon, &event, NULL) < 0)
        return;
    turn_add_hold(daemon, run_id, RUN_HOLD_NO_SCHEDULER);
}

void watch_hold_all(struct daemon *daemon)
{
    for (size_t i = 0; i < daemon->run_count; i++)
        hold_if_alone(daemon, daemon->runs[i]->id);
    loop_want_turn(daemon->loop);
}

static void hold_backfill_if_alone(struct daemon *daemon, int64_t backfill_id)
{
    for (size_t i = 0; i < daemon->run_count; i++) {
        if (daemon->runs[i]->backfill_id == backfill_id)
            hold_if_alone(daemon, daemon->runs[i]->id);
    }
}

void daemon_remove_watcher(struct daemon *daemon, struct daemon_watcher *watcher)
{
    struct daemon_watcher **place = &daemon->watchers;
    while (*place != NULL && *place != watcher)
        place = &(*place)->next;
    if (*place == NULL)
        return;
    *place = watcher->next;
    pruning_end(daemon, watcher);
    for (struct turn_reply *reply = daemon->turn.replies.first; reply != NULL;
         reply = reply->next) {
        if (reply->watcher == watcher)
            reply->watcher = NULL;
    }
    for (size_t i = 0; i < watcher->item_count; i++) {
        const struct daemon_interest *item = &watcher->items[i];
        if (item->drives && item->backfill_id != 0)
            hold_backfill_if_alone(daemon, item->backfill_id);
        else if (item->drives)
            hold_if_alone(daemon, item->run_id);
    }
    free(watcher->items);
    watcher->items = NULL;
    watcher->item_count = 0;
    watcher->item_capacity = 0;
}

static struct daemon_interest *find_interest(const struct daemon_watcher *watcher, int64_t run_id)
{
    for (size_t i = 0; i < watcher->item_count; i++) {
        if (watcher->items[i].backfill_id == 0 && watcher->items[i].run_id == run_id)
            return &watcher->items[i];
    }
    return NULL;
}

static struct daemon_interest *find_backfill(const struct daemon_watcher *watcher,
                                             int64_t backfill_id)
{
    for (size_t i = 0; i < watcher->item_count; i++) {
        if (watcher->items[i].backfill_id == backfill_id)
            return &watcher->items[i];
    }
    return NULL;
}

static struct daemon_interest *add_interest(struct daemon_watcher *watcher)
{
    watcher->items = memory_grow(watcher->items, watcher->item_count, &watcher->item_capacity,
                                 sizeof *watcher->items);
    struct daemon_interest *interest = &watcher->items[watcher->item_count++];
    *interest = (struct daemon_interest){0};
    return interest;
}

/* What held the run does so no longer. */
static void release(struct daemon *daemon, int64_t run_id)
{
    struct engine_run_facts facts;
    struct event event = {.kind = EVENT_RELEASE, .run_id = run_id};
    if (daemon->is_draining || engine_look_run(daemon->engine, run_id, &facts, NULL) < 0 ||
        facts.hold == RUN_HOLD_NONE || facts.hold == RUN_HOLD_OVERLAP ||
        daemon_step(daemon, &event, NULL) < 0)
        return;
    turn_add_hold(daemon, run_id, RUN_HOLD_NONE);
}

bool watch_add_interest(struct daemon *daemon, struct daemon_watcher *watcher, int64_t run_id,
                        bool drives)
{
    struct daemon_interest *interest = find_interest(watcher, run_id);
    bool is_new = interest == NULL;
    if (is_new) {
        interest = add_interest(watcher);
        interest->run_id = run_id;
    }
    interest->drives |= drives;
    if (drives)
        release(daemon, run_id);
    return is_new;
}

void watch_add_backfill(struct daemon *daemon, struct daemon_watcher *watcher, int64_t backfill_id,
                        bool drives)
{
    struct daemon_interest *interest = find_backfill(watcher, backfill_id);
    if (interest == NULL) {
        interest = add_interest(watcher);
        interest->backfill_id = backfill_id;
    }
    interest->drives |= drives;
    for (size_t i = 0; drives && i < daemon->run_count; i++) {
        const struct daemon_run *run = daemon->runs[i];
        if (run->backfill_id == backfill_id && !run->is_over && restore_check(run, NULL) == 0)
            release(daemon, run->id);
    }
}

bool watch_has_backfill(const struct daemon *daemon, int64_t backfill_id)
{
    const struct daemon_watcher *each = daemon->watchers;
    while (each != NULL && find_backfill(each, backfill_id) == NULL)
        each = each->next;
    return each != NULL;
}

bool watch_drives_backfill(const struct daemon *daemon, int64_t backfill_id)
{
    if (daemon->is_server)
        return !daemon->is_draining;
    for (const struct daemon_watcher *each = daemon->watchers; each != NULL; each = each->next) {
        const struct daemon_interest *interest = find_backfill(each, backfill_id);
        if (interest != NULL && interest->drives)
            return true;
    }
    return false;
}

void watch_tell_backfill(struct daemon *daemon, int64_t backfill_id, const struct notice *notice)
{
    struct daemon_watcher *next;
    for (struct daemon_watcher *each = daemon->watchers; each != NULL; each = next) {
        next = each->next;
        if (find_backfill(each, backfill_id) != NULL)
            each->tell(each->owner, notice);
    }
}

bool watch_is_driven(const struct daemon *daemon, int64_t run_id)
{
    if (daemon->is_server) {
        const struct daemon_run *own = daemon_runs_find(daemon, run_id);
        return !daemon->is_draining && own != NULL && own->definition->problem == NULL;
    }
    for (const struct daemon_watcher *each = daemon->watchers; each != NULL; each = each->next) {
        const struct daemon_interest *interest = find_interest(each, run_id);
        if (interest != NULL && interest->drives)
            return true;
    }
    const struct daemon_run *run = daemon_runs_find(daemon, run_id);
    return run != NULL && run->backfill_id != 0 && watch_drives_backfill(daemon, run->backfill_id);
}

/* To all who watch the run, or, when it is about none, to everybody. */
static void tell(struct daemon *daemon, const struct notice *notice)
{
    struct daemon_watcher *next;
    for (struct daemon_watcher *each = daemon->watchers; each != NULL; each = next) {
        next = each->next;
        if (notice->run_id == 0 || find_interest(each, notice->run_id) != NULL)
            each->tell(each->owner, notice);
    }
}

static struct notice run_notice(const struct daemon_run *run, enum notice_kind kind)
{
    return (struct notice){.kind = kind,
                           .run_id = run->id,
                           .at = clock_now(),
                           .flow = run->plan->flow->name,
                           .bizdate = run->plan->bizdate_text,
                           .cyctime = run->plan->cyctime_text,
                           .zone = run->zone,
                           .version = run->definition->shown_version,
                           .node_count = (int64_t)run->plan->node_count,
                           .done = run->done};
}

static struct notice node_notice(const struct daemon_run *run, uint32_t index,
                                 enum task_state state)
{
    const struct flow_node *node = run->plan->nodes[index].node;
    struct notice notice = run_notice(run, NOTICE_KIND_NODE);
    notice.node = node->name;
    notice.type = node->type->name;
    notice.state = task_state_name(state);
    notice.attempts_max = node->retry.max + 1;
    return notice;
}

void watch_tell_run(struct daemon *daemon, struct daemon_watcher *only,
                    const struct daemon_run *run)
{
    struct notice notice = run_notice(run, NOTICE_KIND_RUN);
    struct engine_run_facts facts;
    notice.remark = run->remark == NULL ? "" : run->remark;
    if (engine_look_run(daemon->engine, run->id, &facts, NULL) == 0)
        notice.state = run_state_name(facts.state);
    only->tell(only->owner, &notice);
    for (size_t i = 0; i < daemon->attempt_count; i++) {
        const struct daemon_attempt *attempt = &daemon->attempts[i];
        if (attempt->run_id != run->id || attempt->started.us == 0)
            continue;
        struct notice running = node_notice(run, attempt->node, TASK_RUNNING);
        running.attempt = attempt->number;
        running.duration = instant_elapsed(attempt->started, running.at);
        only->tell(only->owner, &running);
    }
}

static const struct turn_end *find_end(const struct daemon *daemon, const struct record_task *task)
{
    const struct turn_end *end = daemon->done_turn == NULL ? NULL : daemon->done_turn->ends.first;
    while (end != NULL && (end->run_id != task->run_id || end->node != task->node))
        end = end->next;
    return end;
}

static void describe_off_day(const struct daemon_run *run, uint32_t node, struct text *reason)
{
    const struct flow_days *days = run == NULL ? NULL : run->plan->nodes[node].node->on;
    if (days != NULL)
        text_append_format(reason, "not on %.10s (on: %s)", run->plan->cyctime_text, days->text);
}

/* The wait begins; what is there at its end needs no words. */
static void describe_wait(const struct daemon *daemon, const struct record_task *task,
                          struct text *reason)
{
    if (task->wait_since.us == 0)
        return;
    text_append(reason, "waits for ");
    waits_name(daemon, daemon_runs_find(daemon, task->run_id), task->node, reason);
}

static void describe_task(const struct daemon *daemon, const struct record_task *task,
                          struct notice *notice, struct text *reason)
{
    const struct turn_end *end = task->why == TASK_WHY_STARTED ? NULL : find_end(daemon, task);
    char delay[DURATION_TEXT_BYTES];
    if (end != NULL) {
        notice->duration = end->elapsed;
        notice->result = end->result.result;
        notice->log_path = end->log_path;
        text_append(reason, end->result.reason);
    }
    switch (task->why) {
    case TASK_WHY_RETRY:
        text_append_format(reason, ", try %d of %d, again in %s", task->tries, notice->attempts_max,
                           duration_format(instant_elapsed(task->at, task->ready_at), delay));
        break;
    case TASK_WHY_UPSTREAM:
        if (task->state == TASK_BLOCKED)
            text_append(reason, "upstream has not succeeded");
        break;
    case TASK_WHY_STOP:
        if (reason->length == 0 && task->state == TASK_STOPPED)
            text_append(reason, "not started");
        break;
    case TASK_WHY_WAIT:
        describe_wait(daemon, task, reason);
        break;
    case TASK_WHY_WAIT_TIMEOUT:
        text_append(reason, "waited too long for ");
        waits_name(daemon, daemon_runs_find(daemon, task->run_id), task->node, reason);
        break;
    case TASK_WHY_VIRTUAL:
    case TASK_WHY_STARTED:
    case TASK_WHY_ENDED:
    case TASK_WHY_SKIP:
    case TASK_WHY_MARK:
    case TASK_WHY_FREEZE:
    case TASK_WHY_UNFREEZE:
    case TASK_WHY_RERUN:
    case TASK_WHY_REVOKED:
        break;
    case TASK_WHY_OFF_DAY:
        describe_off_day(daemon_runs_find(daemon, task->run_id), task->node, reason);
        break;
    }
    notice->reason = text_string(reason);
}

void watch_tell_task(struct daemon *daemon, const struct record_task *task)
{
    struct daemon_run *run = daemon_runs_find(daemon, task->run_id);
    if (run == NULL)
        return;
    bool is_done = task_states[task->state].is_final;
    if (is_done != run->is_done[task->node])
        run->done += is_done ? 1 : -1;
    run->is_done[task->node] = is_done;
    if (task->state == TASK_FAILED && run->failed_node == STORE_NO_NODE)
        run->failed_node = task->node;
    bool is_only_a_wish = task->why == TASK_WHY_STOP && !is_done;
    if (task->why == TASK_WHY_REVOKED || is_only_a_wish)
        return;
    SCOPED_TEXT struct text reason = {0};
    struct notice notice = node_notice(run, task->node, task->state);
    notice.at = task->at;
    notice.attempt = task->tries;
    describe_task(daemon, task, &notice, &reason);
    tell(daemon, &notice);
}

void watch_tell_need(struct daemon *daemon, const struct daemon_run *run, uint32_t node,
                     const char *reason)
{
    struct notice notice = node_notice(run, node, TASK_WAITING);
    notice.reason = reason;
    tell(daemon, &notice);
}

static void count_states(const struct engine_run_facts *facts, struct text *text)
{
    static const enum task_state shown[] = {TASK_SUCCESS, TASK_FAILED,  TASK_BLOCKED,
                                            TASK_STOPPED, TASK_SKIPPED, TASK_FROZEN};
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        if (facts->counts[shown[i]] == 0)
            continue;
        text_append_format(text, "%s%" PRIu32 " %s", text->length > 0 ? ", " : "",
                           facts->counts[shown[i]],
                           shown[i] == TASK_SUCCESS ? "ok" : task_state_name(shown[i]));
    }
}

void watch_tell_run_end(struct daemon *daemon, struct daemon_run *run, enum run_state state)
{
    SCOPED_TEXT struct text counts = {0};
    struct engine_run_facts facts;
    if (engine_look_run(daemon->engine, run->id, &facts, NULL) == 0)
        count_states(&facts, &counts);
    struct notice notice = run_notice(run, NOTICE_KIND_RUN_END);
    notice.state = run_state_name(state);
    notice.result = text_string(&counts);
    notice.duration = instant_elapsed(run->opened, notice.at);
    if (run->failed_node != STORE_NO_NODE)
        notice.node = run->plan->nodes[run->failed_node].node->name;
    run->is_over = true;
    daemon->needs_tidying = true;
    tell(daemon, &notice);
}

void watch_tell_progress(struct daemon *daemon, const struct daemon_attempt *attempt,
                         const char *line)
{
    const struct daemon_run *run = daemon_runs_find(daemon, attempt->run_id);
    struct json *json;
    if (run == NULL || json_parse(line, strlen(line), &json, NULL) < 0)
        return;
    const struct json *progress = json_get(json, "progress");
    if (progress != NULL) {
        struct notice notice = run_notice(run, NOTICE_KIND_PROGRESS);
        notice.node = run->plan->nodes[attempt->node].node->name;
        notice.done = json_get_int(progress, "done", 0);
        notice.total = json_get_int(progress, "total", 0);
        notice.unit = json_get_string(progress, "unit", "");
        tell(daemon, &notice);
    }
    json_free(json);
}

const char *watch_trouble(const struct daemon *daemon)
{
    for (size_t i = 0; i < TROUBLE_COUNT; i++) {
        if (daemon->trouble[i] != NULL)
            return daemon->trouble[i];
    }
    return "";
}

static struct notice trouble_notice(const struct daemon *daemon)
{
    return (struct notice){
        .kind = NOTICE_KIND_TROUBLE, .at = clock_now(), .reason = watch_trouble(daemon)};
}

void watch_set_trouble(struct daemon *daemon, enum trouble kind, const char *text)
{
    bool was_there = daemon->trouble[kind] != NULL;
    if (was_there == (text != NULL))
        return;
    free(daemon->trouble[kind]);
    daemon->trouble[kind] = text == NULL ? NULL : memory_copy_string(text);
    struct notice notice = trouble_notice(daemon);
    tell(daemon, &notice);
}

void watch_tell_trouble(struct daemon *daemon, struct daemon_watcher *watcher)
{
    struct notice notice = trouble_notice(daemon);
    if (notice.reason[0] != '\0')
        watcher->tell(watcher->owner, &notice);
}

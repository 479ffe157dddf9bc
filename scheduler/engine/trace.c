#include "scheduler/engine/action.h"

#include <assert.h>
#include <inttypes.h>

static const char *const end_names[] = {
    [ATTEMPT_END_SUCCESS] = "success",
    [ATTEMPT_END_FAILURE] = "failure",
    [ATTEMPT_END_SIGNAL] = "signal",
    [ATTEMPT_END_TIMEOUT] = "timeout",
    [ATTEMPT_END_STOPPED] = "stopped",
    [ATTEMPT_END_LOST] = "lost",
    [ATTEMPT_END_COULD_NOT_START] = "could_not_start",
    [ATTEMPT_END_REVOKED] = "revoked",
};

static const char *const attempt_names[] = {
    [ATTEMPT_GRANTED] = "granted",
    [ATTEMPT_RUNNING] = "running",
    [ATTEMPT_ENDED] = "ended",
};

static const char *const wish_names[] = {
    [TASK_WISH_NONE] = "none",
    [TASK_WISH_STOP] = "stop",
    [TASK_WISH_KILL] = "kill",
    [TASK_WISH_SKIP] = "skip",
    [TASK_WISH_MARK_SUCCESS] = "mark success",
    [TASK_WISH_MARK_FAILED] = "mark failed",
    [TASK_WISH_FREEZE] = "freeze",
};

static const char *const why_names[] = {
    [TASK_WHY_VIRTUAL] = "virtual",
    [TASK_WHY_STARTED] = "started",
    [TASK_WHY_ENDED] = "ended",
    [TASK_WHY_RETRY] = "retry",
    [TASK_WHY_UPSTREAM] = "upstream",
    [TASK_WHY_STOP] = "stop",
    [TASK_WHY_SKIP] = "skip",
    [TASK_WHY_MARK] = "mark",
    [TASK_WHY_FREEZE] = "freeze",
    [TASK_WHY_UNFREEZE] = "unfreeze",
    [TASK_WHY_RERUN] = "rerun",
    [TASK_WHY_REVOKED] = "revoked",
    [TASK_WHY_OFF_DAY] = "off day",
    [TASK_WHY_WAIT] = "wait",
    [TASK_WHY_WAIT_TIMEOUT] = "wait timeout",
};

static const char *const reason_names[] = {
    [TASK_REASON_NONE] = "none",   [TASK_REASON_UPSTREAM] = "upstream",
    [TASK_REASON_RETRY] = "retry", [TASK_REASON_EXTERNAL] = "external",
    [TASK_REASON_SLOT] = "slot",   [TASK_REASON_WAIT] = "wait",
};

static const char *const hold_names[] = {
    [RUN_HOLD_NONE] = "none",
    [RUN_HOLD_NO_SCHEDULER] = "no scheduler is running",
    [RUN_HOLD_DRAIN] = "drain",
    [RUN_HOLD_PAUSED] = "paused",
    [RUN_HOLD_OVERLAP] = "an earlier run of this flow is open",
};

static const char *const event_names[] = {
    [EVENT_BEGIN] = "begin",
    [EVENT_RUN_ADDED] = "run_added",
    [EVENT_ATTEMPT_STARTED] = "started",
    [EVENT_ATTEMPT_ENDED] = "ended",
    [EVENT_ATTEMPT_REVOKED] = "revoked",
    [EVENT_ATTEMPT_QUEUED] = "queued",
    [EVENT_ATTEMPT_UNKNOWN] = "unknown",
    [EVENT_TIME] = "time",
    [EVENT_STOP_RUN] = "stop_run",
    [EVENT_RERUN] = "rerun",
    [EVENT_SKIP] = "skip",
    [EVENT_MARK] = "mark",
    [EVENT_FREEZE] = "freeze",
    [EVENT_UNFREEZE] = "unfreeze",
    [EVENT_NEEDS_MET] = "needs_met",
    [EVENT_LOOKED] = "looked",
    [EVENT_HOLD] = "hold",
    [EVENT_RELEASE] = "release",
    [EVENT_SET_CAPACITY] = "set_capacity",
    [EVENT_RUN_FORGET] = "run_forget",
};

static const char *const scope_names[] = {
    [RERUN_FROM_FAILED] = "from failed",
    [RERUN_ALL] = "all",
    [RERUN_FROM_NODE] = "from node",
    [RERUN_ONLY_NODE] = "only node",
};

#define NAME(table, value)                                                                         \
    (assert((size_t)(value) < sizeof(table) / sizeof(table)[0]), (table)[value])

const char *attempt_end_name(enum attempt_end end)
{
    return NAME(end_names, end);
}

const char *attempt_state_name(enum attempt_state state)
{
    return NAME(attempt_names, state);
}

const char *start_cause_name(enum start_cause cause)
{
    static const char *const names[] = {"run",   "need", "outside", "pause", "release",
                                        "rerun", "hand", "engine",  "data"};
    return NAME(names, cause);
}

const char *start_wait_name(enum start_wait wait)
{
    static const char *const names[] = {"none", "slot", "pool", "run", "setting", "engine"};
    return NAME(names, wait);
}

const char *task_wish_name(enum task_wish wish)
{
    return NAME(wish_names, wish);
}

const char *run_hold_name(enum run_hold hold)
{
    return NAME(hold_names, hold);
}

/* Seconds, with milliseconds where there are any. */
static void format_instant(struct instant instant, struct text *text)
{
    int64_t ms = instant.us / 1000;
    text_append_format(text, "%" PRId64, ms / 1000);
    if (ms % 1000 != 0)
        text_append_format(text, ".%03d", (int)(ms % 1000));
    text_append(text, "s");
}

static void format_outcome(struct attempt_outcome outcome, struct text *text)
{
    text_append(text, attempt_end_name(outcome.end));
    if (outcome.end == ATTEMPT_END_FAILURE || outcome.end == ATTEMPT_END_SIGNAL)
        text_append_format(text, " %" PRId32, outcome.code);
}

static void format_task(const struct record_task *task, struct text *text)
{
    text_append_format(text, "task %" PRId64 "/%" PRIu32 " %s", task->run_id, task->node,
                       task_state_name(task->state));
    if (task->reason != TASK_REASON_NONE)
        text_append_format(text, " %s", NAME(reason_names, task->reason));
    if (task->ready_at.us != 0) {
        text_append(text, " at ");
        format_instant(task->ready_at, text);
    }
    if (task->attempts != 0 || task->tries != 0)
        text_append_format(text, " tries %" PRId32 " of %" PRId32, task->tries, task->attempts);
    if (task->wish != TASK_WISH_NONE)
        text_append_format(text, " wish %s", task_wish_name(task->wish));
    text_append_format(text, ": %s", NAME(why_names, task->why));
}

static void format_attempt(const struct record_attempt *attempt, struct text *text)
{
    text_append_format(text, "attempt %" PRId64 " %" PRId64 "/%" PRIu32 " #%" PRId32 " ",
                       attempt->attempt_id, attempt->run_id, attempt->node, attempt->number);
    if (attempt->state == ATTEMPT_ENDED)
        format_outcome(attempt->outcome, text);
    else
        text_append(text, attempt_state_name(attempt->state));
}

void action_format(const struct action *action, struct text *text)
{
    switch (action->kind) {
    case ACTION_RECORD_TASK:
        format_task(&action->task, text);
        return;
    case ACTION_RECORD_ATTEMPT:
        format_attempt(&action->attempt, text);
        return;
    case ACTION_RECORD_RUN:
        text_append_format(text, "run %" PRId64 " %s", action->run.run_id,
                           run_state_name(action->run.state));
        if (action->run.opening > 1)
            text_append_format(text, " opening %" PRId32, action->run.opening);
        return;
    case ACTION_GRANT:
        text_append(text, "grant");
        break;
    case ACTION_REVOKE:
        text_append(text, "revoke");
        break;
    case ACTION_STOP:
        text_append(text, action->order.is_kill ? "kill" : "stop");
        break;
    case ACTION_LOOK:
        text_append_format(text, "look %" PRId64 "/%" PRIu32, action->order.run_id,
                           action->order.node);
        return;
    }
    text_append_format(text, " %" PRId64 " %" PRId64 "/%" PRIu32 " #%" PRId32,
                       action->order.attempt_id, action->order.run_id, action->order.node,
                       action->order.number);
}

static void format_event_detail(const struct event *event, struct text *text)
{
    switch (event->kind) {
    case EVENT_RUN_ADDED:
        text_append_format(text, " %" PRId64 " nodes %zu", event->run->run_id,
                           event->run->node_count);
        break;
    case EVENT_ATTEMPT_STARTED:
    case EVENT_ATTEMPT_REVOKED:
    case EVENT_ATTEMPT_QUEUED:
    case EVENT_ATTEMPT_UNKNOWN:
        text_append_format(text, " attempt %" PRId64, event->attempt.id);
        break;
    case EVENT_ATTEMPT_ENDED:
        text_append_format(text, " attempt %" PRId64 " ", event->attempt.id);
        format_outcome(event->attempt.outcome, text);
        break;
    case EVENT_STOP_RUN:
        text_append_format(text, " %" PRId64 "%s", event->run_id, event->is_kill ? " kill" : "");
        break;
    case EVENT_RERUN:
        text_append_format(text, " %" PRId64 "/%" PRIu32 " %s", event->run_id, event->node,
                           NAME(scope_names, event->scope));
        break;
    case EVENT_MARK:
        text_append_format(text, " %" PRId64 "/%" PRIu32 " %s", event->run_id, event->node,
                           event->is_success ? "success" : "failed");
        break;
    case EVENT_NEEDS_MET:
        text_append_format(text, " %" PRId64 "/%" PRIu32 " open %" PRIu32, event->run_id,
                           event->node, event->external_open);
        break;
    case EVENT_LOOKED:
        text_append_format(text, " %" PRId64 "/%" PRIu32 " %s", event->run_id, event->node,
                           event->is_there ? "there" : "not there");
        break;
    case EVENT_HOLD:
        text_append_format(text, " %" PRId64 " %s", event->run_id, run_hold_name(event->hold));
        break;
    case EVENT_SKIP:
    case EVENT_FREEZE:
    case EVENT_UNFREEZE:
        text_append_format(text, " %" PRId64 "/%" PRIu32, event->run_id, event->node);
        break;
    case EVENT_RELEASE:
    case EVENT_RUN_FORGET:
        text_append_format(text, " %" PRId64, event->run_id);
        break;
    case EVENT_SET_CAPACITY:
        text_append_format(text, " slots %" PRId32 " pools %zu", event->capacity.slots,
                           event->capacity.pool_count);
        break;
    case EVENT_BEGIN:
    case EVENT_TIME:
        break;
    }
}

void event_format(const struct event *event, struct text *text)
{
    text_append(text, NAME(event_names, event->kind));
    format_event_detail(event, text);
    text_append(text, " @");
    format_instant(event->now, text);
}

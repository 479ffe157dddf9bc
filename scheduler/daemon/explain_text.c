#include "scheduler/daemon/explain_text.h"

#include "scheduler/base/scope.h"
#include "scheduler/daemon/freezes.h"
#include "scheduler/daemon/need_text.h"
#include "scheduler/daemon/needs.h"
#include "scheduler/daemon/waits.h"
#include "scheduler/flow/flow_need.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void add(struct explanation *explanation, const char *key, const struct text *text)
{
    if (explanation->count >= EXPLAIN_MAX_ITEMS)
        return;
    explanation->items = arena_grow(explanation->arena, explanation->items, explanation->count,
                                    &explanation->capacity, sizeof *explanation->items);
    explanation->items[explanation->count++] =
        (struct notice_item){key, arena_copy_string(explanation->arena, text_string(text))};
}

static const char *name_of(const struct daemon_run *run, uint32_t node)
{
    return run->plan->nodes[node].node->name;
}

static const char *key_of(const struct explanation *explanation, uint32_t node, bool holds_up)
{
    const char *name = name_of(explanation->run, node);
    if (holds_up)
        return arena_format(explanation->arena, "%c%s", NOTICE_HOLDS_UP, name);
    return arena_copy_string(explanation->arena, name);
}

/* `20:19:18`, in the zone of the run. */
static void append_clock(const struct explanation *explanation, struct instant at,
                         struct text *text)
{
    struct civil_time time = zone_civil_at(explanation->run->plan->flow->zone, at);
    text_append_format(text, "%02d:%02d:%02d", time.hour, time.minute, time.second);
}

/* `run 12 hello/slow of 2021-11-11 since 20:19:18` */
static void append_holder(const struct explanation *explanation, int64_t run_id, uint32_t node,
                          struct text *text)
{
    const struct daemon *daemon = explanation->daemon;
    const struct daemon_run *run = daemon_runs_find(explanation->daemon, run_id);
    text_append_format(text, "run %" PRId64, run_id);
    if (run == NULL)
        return;
    text_append_format(text, " %s/%s of %s", run->plan->flow->name, name_of(run, node),
                       run->plan->bizdate_text);
    for (size_t i = 0; i < daemon->attempt_count; i++) {
        const struct daemon_attempt *attempt = &daemon->attempts[i];
        if (attempt->run_id != run_id || attempt->node != node)
            continue;
        text_append(text, attempt->started.us != 0 ? " since " : ", about to start");
        if (attempt->started.us != 0)
            append_clock(explanation, attempt->started, text);
        return;
    }
}

static enum task_state state_of(const struct explanation *explanation, uint32_t node)
{
    struct engine_task task = {0};
    engine_look(explanation->daemon->engine, explanation->run->id, node, &task, NULL);
    return task.state;
}

/* From a blocked node up to one that blocks by itself; each step goes upstream, so it ends. */
static uint32_t find_root(const struct explanation *explanation, uint32_t node)
{
    const struct plan *plan = explanation->run->plan;
    size_t i = 0;
    while (i < plan->nodes[node].need_count && state_of(explanation, node) == TASK_BLOCKED) {
        uint32_t need = plan->nodes[node].needs[i++];
        if (!task_states[state_of(explanation, need)].blocks_downstream)
            continue;
        node = need;
        i = 0;
    }
    return node;
}

static void explain_upstream(const struct explanation *explanation,
                             const struct engine_reason *reason, struct text *text)
{
    const char *name = name_of(explanation->run, reason->node);
    if (reason->state != TASK_BLOCKED) {
        text_append_format(text, "%s is %s", name, task_state_name(reason->state));
        return;
    }
    uint32_t root = find_root(explanation, reason->node);
    text_append_format(text, "%s is blocked", name);
    if (root != reason->node)
        text_append_format(text, " by %s, which is %s", name_of(explanation->run, root),
                           task_state_name(state_of(explanation, root)));
}

/* The run of its backfill is to do it again, whatever older ones left. */
static void explain_other_run(const struct needs_open *open, struct text *text)
{
    text_append_format(text, "%s/%s planned %.10s %.5s: it runs again first", open->flow,
                       open->needed, open->cyctime, open->cyctime + 11);
}

static void explain_needs(struct explanation *explanation, uint32_t node)
{
    struct needs_open open;
    size_t cursor = 0;
    while (needs_next(explanation->run, &cursor, &open)) {
        if (open.node != node)
            continue;
        SCOPED_TEXT struct text text = {0};
        if (!need_text_append(explanation->daemon->store, &open, &text))
            explain_other_run(&open, &text);
        add(explanation, key_of(explanation, node, false), &text);
    }
}

void explain_in_short(const struct daemon *daemon, const struct daemon_run *run, uint32_t node,
                      const struct engine_task *task, struct text *text)
{
    char delay[DURATION_TEXT_BYTES];
    SCOPED_TEXT struct text needs = {0};
    switch (task->reason) {
    case TASK_REASON_EXTERNAL:
        needs_describe(run, node, &needs);
        text_append(text, needs.length == 0 ? "waits outside its run" : text_string(&needs));
        return;
    case TASK_REASON_RETRY:
        text_append_format(text, "again in %s",
                           duration_format(instant_elapsed(clock_now(), task->ready_at), delay));
        return;
    case TASK_REASON_WAIT:
        text_append(text, "waits for ");
        waits_name(daemon, run, node, text);
        return;
    case TASK_REASON_NONE:
    case TASK_REASON_UPSTREAM:
    case TASK_REASON_SLOT:
        break;
    }
    size_t pool = run->plan->nodes[node].node->pool;
    text_append(text, "waits for a free slot");
    if (pool != FLOW_NONE)
        text_append_format(text, " (pool %s)", run->plan->flow->project->pools[pool].name);
}

static void explain_retry(const struct explanation *explanation, uint32_t node, struct instant at,
                          struct text *text)
{
    struct engine_task task = {0};
    char delay[DURATION_TEXT_BYTES];
    engine_look(explanation->daemon->engine, explanation->run->id, node, &task, NULL);
    text_append(text, "again at ");
    append_clock(explanation, at, text);
    text_append_format(text, ", in %s",
                       duration_format(instant_elapsed(explanation->now, at), delay));
    if (task.tries > 0)
        text_append_format(text, "; try %d of %d", task.tries + 1,
                           explanation->run->plan->nodes[node].node->retry.max + 1);
}

/* `file oss: a/20211111data since 00:30:05, until 2021-11-12 06:30:05 at most, then skipped; …` */
static void explain_wait(const struct explanation *explanation, uint32_t node,
                         const struct engine_reason *reason, struct text *text)
{
    const struct daemon_run *run = explanation->run;
    char date[CIVIL_DATE_BYTES];
    struct civil_time until = zone_civil_at(run->plan->flow->zone, reason->at);
    waits_name(explanation->daemon, run, node, text);
    text_append(text, " since ");
    append_clock(explanation, reason->since, text);
    text_append_format(text, ", until %s ", civil_date_format(until.date, date));
    append_clock(explanation, reason->at, text);
    text_append_format(text, " at most, then %s",
                       run->plan->nodes[node].node->wait.is_skipped ? "skipped" : "failed");
    waits_append_sight(explanation->daemon, run, node, text);
}

static void explain_slot(const struct explanation *explanation, const struct engine_reason *reason,
                         struct text *text)
{
    size_t count;
    size_t shown = 0;
    size_t running = engine_count(explanation->daemon->engine).running;
    int32_t slots = explanation->daemon->project->slots;
    struct engine_open_attempt *open = engine_open_attempts(explanation->daemon->engine, &count);
    text_append_format(text, "a free slot: %zu of %d are used, %zu before it", running, slots,
                       reason->count);
    for (size_t i = 0; i < count; i++) {
        if (!open[i].is_running || shown++ >= EXPLAIN_MAX_HOLDERS)
            continue;
        text_append(text, shown == 1 ? "; used by " : ", ");
        append_holder(explanation, open[i].run_id, open[i].node, text);
    }
    if (shown > EXPLAIN_MAX_HOLDERS)
        text_append_format(text, " and %zu more", shown - EXPLAIN_MAX_HOLDERS);
    free(open);
}

/* The reasons of one pool, a holder each, are one line; returns how many there are. */
static size_t explain_pool(const struct explanation *explanation, size_t first, struct text *text)
{
    const struct engine_reasons *reasons = &explanation->reasons;
    uint32_t pool = reasons->items[first].pool;
    const struct flow_pool *known = &explanation->daemon->pools[pool];
    size_t count = 0;
    text_append_format(text, "pool %s (%d place%s) is held by ", known->name, known->size,
                       known->size == 1 ? "" : "s");
    while (first + count < reasons->count) {
        const struct engine_reason *reason = &reasons->items[first + count];
        if (reason->kind != ENGINE_REASON_POOL || reason->pool != pool)
            break;
        if (count < EXPLAIN_MAX_HOLDERS) {
            text_append(text, count == 0 ? "" : ", ");
            append_holder(explanation, reason->run_id, reason->node, text);
        }
        count++;
    }
    if (count > EXPLAIN_MAX_HOLDERS)
        text_append_format(text, " and %zu more", count - EXPLAIN_MAX_HOLDERS);
    return count;
}

static void explain_frozen(const struct explanation *explanation, uint32_t node, struct text *text)
{
    const struct plan *plan = explanation->run->plan;
    struct freezes_place place = {plan->flow->name, name_of(explanation->run, node),
                                  plan->bizdate_text};
    const struct store_freeze *freeze = freezes_find(explanation->daemon, &place);
    if (freeze != NULL) {
        text_append(text, freeze->node[0] == '\0' ? "the whole flow is " : "");
        freezes_describe(freeze, text);
    } else if (plan->nodes[node].node->is_frozen) {
        text_append(text, "its flow's file freezes it (frozen: true)");
    } else {
        text_append_format(text, "it was frozen, and is not any more: datemill rerun %" PRId64,
                           explanation->run->id);
    }
}

/* The runs of its flow that go on before it. */
static void explain_overlap(const struct explanation *explanation, struct text *text)
{
    const struct daemon *daemon = explanation->daemon;
    const struct daemon_run *run = explanation->run;
    const char *between = "waits for run ";
    for (size_t i = 0; i < daemon->run_count; i++) {
        const struct daemon_run *other = daemon->runs[i];
        struct engine_run_facts facts;
        if (other == run || !other->is_scheduled || other->is_over ||
            strcmp(other->plan->flow->name, run->plan->flow->name) != 0 ||
            engine_look_run(daemon->engine, other->id, &facts, NULL) < 0 ||
            facts.hold == RUN_HOLD_OVERLAP || run_state_is_final(facts.state))
            continue;
        text_append_format(text, "%s%" PRId64, between, other->id);
        between = ", ";
    }
    text_append(text, between[0] == ',' ? " of this flow" : run_hold_name(RUN_HOLD_OVERLAP));
}

/* A run of a backfill goes on with it; one that is paused was meant to wait. */
static void explain_backfill(const struct explanation *explanation, struct text *text)
{
    SCOPED_ARENA struct arena arena = {0};
    struct store_backfill row = {.state = BACKFILL_RUNNING};
    int64_t id = explanation->run->backfill_id;
    load_backfill(explanation->daemon->store, id, &arena, &row, NULL);
    if (row.state == BACKFILL_PAUSED)
        text_append_format(
            text, "backfill %" PRId64 " is paused: datemill backfill resume %" PRId64, id, id);
    else
        text_append_format(
            text, "no scheduler is running: datemill backfill resume %" PRId64 " goes on", id);
}

static void explain_hold(const struct explanation *explanation, enum run_hold hold,
                         struct text *text)
{
    const struct daemon_run *run = explanation->run;
    switch (hold) {
    case RUN_HOLD_NONE:
        break;
    case RUN_HOLD_NO_SCHEDULER:
        if (run->backfill_id != 0)
            explain_backfill(explanation, text);
        else
            text_append_format(text, "no scheduler is running: datemill rerun %" PRId64 " goes on",
                               run->id);
        break;
    case RUN_HOLD_DRAIN:
        text_append(text, "the run is being stopped: nothing new starts");
        break;
    case RUN_HOLD_PAUSED:
        text_append(text, run_hold_name(hold));
        break;
    case RUN_HOLD_OVERLAP:
        explain_overlap(explanation, text);
        break;
    }
}

static void explain_reason(struct explanation *explanation, uint32_t node,
                           const struct engine_reason *reason, struct text *text)
{
    switch (reason->kind) {
    case ENGINE_REASON_UPSTREAM:
        explain_upstream(explanation, reason, text);
        break;
    case ENGINE_REASON_RETRY:
        explain_retry(explanation, node, reason->at, text);
        break;
    case ENGINE_REASON_WAIT:
        explain_wait(explanation, node, reason, text);
        break;
    case ENGINE_REASON_SLOT:
        explain_slot(explanation, reason, text);
        break;
    case ENGINE_REASON_PARALLEL:
        text_append_format(text,
                           "the run's own limit: %zu of its attempts are open, as many as may "
                           "be",
                           reason->count);
        break;
    case ENGINE_REASON_FROZEN:
        explain_frozen(explanation, node, text);
        break;
    case ENGINE_REASON_HELD:
        explain_hold(explanation, reason->hold, text);
        break;
    case ENGINE_REASON_WISH:
        text_append_format(text, "%s was asked for: its start is taken back first",
                           task_wish_name(reason->wish));
        break;
    case ENGINE_REASON_RECOVERING:
        text_append(text, "the scheduler has just begun, and asks what runs");
        break;
    case ENGINE_REASON_EXTERNAL:
    case ENGINE_REASON_POOL:
        break;
    }
}

/* Trouble of the engine holds up whatever waits. */
static void explain_trouble(struct explanation *explanation, uint32_t node)
{
    if (state_of(explanation, node) != TASK_WAITING)
        return;
    for (size_t i = 0; i < TROUBLE_COUNT; i++) {
        SCOPED_TEXT struct text text = {0};
        if (explanation->daemon->trouble[i] == NULL)
            continue;
        text_append(&text, explanation->daemon->trouble[i]);
        add(explanation, key_of(explanation, node, false), &text);
    }
}

void explain_node(struct explanation *explanation, uint32_t node)
{
    struct engine_reasons *reasons = &explanation->reasons;
    if (engine_explain(explanation->daemon->engine, explanation->run->id, node, reasons, NULL) < 0)
        return;
    explain_trouble(explanation, node);
    for (size_t i = 0; i < reasons->count; i++) {
        SCOPED_TEXT struct text text = {0};
        if (reasons->items[i].kind == ENGINE_REASON_EXTERNAL)
            explain_needs(explanation, node);
        else if (reasons->items[i].kind == ENGINE_REASON_POOL)
            i += explain_pool(explanation, i, &text) - 1;
        else
            explain_reason(explanation, node, &reasons->items[i], &text);
        if (text.length > 0)
            add(explanation, key_of(explanation, node, false), &text);
    }
}

static void explain_own_waiters(struct explanation *explanation, uint32_t node)
{
    const struct plan_node *planned = &explanation->run->plan->nodes[node];
    for (size_t i = 0; i < planned->dependent_count; i++) {
        uint32_t dependent = planned->dependents[i];
        enum task_state state = state_of(explanation, dependent);
        if (state != TASK_WAITING && state != TASK_BLOCKED)
            continue;
        SCOPED_TEXT struct text text = {0};
        text_append(&text, name_of(explanation->run, dependent));
        add(explanation, key_of(explanation, node, true), &text);
    }
}

/* The first node of the run that holds up who needs all of it. */
static size_t find_undone(const struct explanation *explanation)
{
    const struct plan *plan = explanation->run->plan;
    for (size_t i = 0; i < plan->node_count; i++) {
        size_t node = plan->flow->order[i];
        if (!task_states[state_of(explanation, (uint32_t)node)].lets_go_on)
            return node;
    }
    return FLOW_NONE;
}

/* What another open run waits for of this one. */
static void explain_other_waiters(struct explanation *explanation, const struct daemon_run *other,
                                  uint32_t only)
{
    const struct plan *plan = explanation->run->plan;
    struct needs_open open;
    size_t cursor = 0;
    while (needs_next(other, &cursor, &open)) {
        if (strcmp(open.flow, plan->flow->name) != 0 ||
            strcmp(open.cyctime, plan->cyctime_text) != 0 || open.is_second != plan->is_second ||
            other->is_done[open.node])
            continue;
        bool is_all = strcmp(open.needed, FLOW_NEED_ALL) == 0;
        size_t node = is_all ? find_undone(explanation) : flow_find_node(plan->flow, open.needed);
        if (node == FLOW_NONE || (only != STORE_NO_NODE && only != node))
            continue;
        SCOPED_TEXT struct text text = {0};
        text_append_format(&text, "%s/%s of %s (run %" PRId64 ")", other->plan->flow->name,
                           name_of(other, open.node), other->plan->bizdate_text, other->id);
        add(explanation, key_of(explanation, (uint32_t)node, true), &text);
    }
}

void explain_waiters(struct explanation *explanation, uint32_t node)
{
    const struct daemon *daemon = explanation->daemon;
    const struct plan *plan = explanation->run->plan;
    for (uint32_t i = 0; i < plan->node_count; i++) {
        bool is_meant = node == STORE_NO_NODE || node == i;
        if (is_meant && !task_states[state_of(explanation, i)].lets_go_on)
            explain_own_waiters(explanation, i);
    }
    for (size_t i = 0; i < daemon->run_count; i++) {
        if (!daemon->runs[i]->is_over)
            explain_other_waiters(explanation, daemon->runs[i], node);
    }
}

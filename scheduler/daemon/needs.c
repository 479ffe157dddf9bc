#include "scheduler/daemon/needs.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/daemon/backfill.h"
#include "scheduler/daemon/needs_inside.h"
#include "scheduler/flow/flow_need.h"
#include "scheduler/store/view_history.h"

#include <stdlib.h>
#include <string.h>

struct needs *needs_new(const struct plan *plan)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->node_count; i++)
        count += plan->nodes[i].external_count;
    if (count == 0)
        return NULL;
    struct needs *needs = memory_new(1, sizeof *needs);
    needs->must_look = true;
    return needs;
}

void needs_free(struct needs *needs)
{
    if (needs == NULL)
        return;
    arena_free(&needs->arena);
    free(needs->items);
    free(needs->why);
    free(needs);
}

/* ---- how they stand ---- */

/* The last instance that was looked up: the needs of a flow's nodes are mostly of one. */
struct look {
    struct store *store;
    struct arena arena;
    const struct need *at; /* whose date `date` is; NULL = none */
    struct view_date date;
    size_t next; /* where in date.nodes the next need is probably met */
    char first[CIVIL_TIME_BYTES];
};

static int look_up(struct look *look, const struct need *need, struct error *err)
{
    const struct need *at = look->at;
    bool is_same_flow = at != NULL && strcmp(at->flow, need->flow) == 0;
    if (is_same_flow && strcmp(at->cyctime, need->cyctime) == 0 && at->is_second == need->is_second)
        return 0;
    look->at = NULL;
    look->next = 0;
    arena_free(&look->arena);
    struct view_planned planned = {need->flow, need->cyctime, need->is_second};
    if (!is_same_flow && view_first_planned(look->store, need->flow, look->first, err) < 0)
        return -1;
    if (view_date_state(look->store, &planned, &look->arena, &look->date, err) < 0)
        return -1;
    look->at = need;
    return 0;
}

static bool is_node_done(struct look *look, const char *name)
{
    const struct view_date *date = &look->date;
    const struct view_date_node *undone;
    if (strcmp(name, FLOW_NEED_ALL) == 0)
        return view_date_is_done(date, name, &undone);
    for (size_t i = 0; i < date->node_count; i++) {
        size_t at = (look->next + i) % date->node_count;
        if (strcmp(date->nodes[at].name, name) != 0)
            continue;
        look->next = at + 1;
        return task_states[date->nodes[at].state].lets_go_on;
    }
    return false;
}

static bool is_met(struct look *look, const struct need *need)
{
    if (need->is_before && look->first[0] != '\0' && strcmp(need->cyctime, look->first) < 0)
        return true;
    return is_node_done(look, need->needed);
}

/* A date of the run's own backfill decides by the run that the backfill makes of it, whatever older
 * runs of that date have left. False: it is none. */
static bool look_in_backfill(struct daemon *daemon, const struct daemon_run *run, struct need *need)
{
    SCOPED_ARENA struct arena arena = {0};
    struct backfill_need wanted = {run, need->flow, need->cyctime, need->is_second, need->needed};
    enum backfill_verdict verdict = BACKFILL_NEED_OPEN;
    const char *why = "";
    if (run->backfill_id == 0)
        return false;
    if (backfill_look_need(daemon, &wanted, &arena, &verdict, &why) < 0)
        verdict = BACKFILL_NEED_OPEN;
    if (verdict == BACKFILL_NEED_OUTSIDE)
        return false;
    need->is_open = verdict != BACKFILL_NEED_MET;
    need->is_hopeless = verdict == BACKFILL_NEED_HOPELESS || verdict == BACKFILL_NEED_PUT_OFF;
    run->needs->is_put_off = run->needs->is_put_off || verdict == BACKFILL_NEED_PUT_OFF;
    if (need->is_hopeless && run->needs->why == NULL)
        run->needs->why = memory_copy_string(why);
    return true;
}

static int look_at(struct daemon *daemon, const struct daemon_run *run, struct error *err)
{
    struct look look = {.store = daemon->store};
    struct needs *needs = run->needs;
    int result = 0;
    free(needs->why);
    needs->why = NULL;
    needs->is_put_off = false;
    for (size_t i = 0; result == 0 && i < needs->count; i++) {
        struct need *need = &needs->items[i];
        need->is_hopeless = false;
        if (need->problem != NULL || look_in_backfill(daemon, run, need))
            continue;
        result = look_up(&look, need, err);
        if (result == 0)
            need->is_open = !is_met(&look, need);
    }
    arena_free(&look.arena);
    return result;
}

static void describe(const struct need *need, struct text *text)
{
    struct civil_time cyctime;
    char date[CIVIL_DATE_BYTES] = "?";
    if (need->problem != NULL) {
        text_append_format(text, "%s%s/%s: %s", text->length == 0 ? "waits for " : ", ", need->flow,
                           need->needed, need->problem);
        return;
    }
    if (civil_time_parse(need->cyctime, &cyctime, NULL) == 0)
        civil_date_format(civil_add_days(cyctime.date, -1), date);
    text_append_format(text, "%s%s/%s of %s (planned %.10s %.5s)",
                       text->length == 0 ? "waits for " : ", ", need->flow, need->needed, date,
                       need->cyctime, need->cyctime + 11);
}

/* The engine hears of every node, since for it a need may be many instances. */
static void tell(struct daemon *daemon, struct daemon_run *run)
{
    const struct needs *needs = run->needs;
    size_t i = 0;
    for (uint32_t node = 0; node < run->plan->node_count; node++) {
        SCOPED_TEXT struct text reason = {0};
        struct event event = {.kind = EVENT_NEEDS_MET, .run_id = run->id, .node = node};
        for (; i < needs->count && needs->items[i].node == node; i++) {
            if (!needs->items[i].is_open)
                continue;
            event.external_open++;
            describe(&needs->items[i], &reason);
        }
        if (run->plan->nodes[node].external_count == 0)
            continue;
        daemon_step(daemon, &event, NULL);
        if (event.external_open > 0 && !run->is_done[node] && !needs->was_told_of)
            watch_tell_need(daemon, run, node, text_string(&reason));
    }
}

/* What cannot be looked up stays open, and is looked up again with the next change. */
static void look_at_run(struct daemon *daemon, struct daemon_run *run)
{
    struct error err;
    struct needs *needs = run->needs;
    needs_find_anyway(daemon, run);
    if (look_at(daemon, run, &err) < 0)
        return;
    tell(daemon, run);
    needs->must_look = false;
    needs->was_told_of = true;
}

bool needs_next(const struct daemon_run *run, size_t *cursor, struct needs_open *ret_open)
{
    const struct needs *needs = run->needs;
    while (needs != NULL && *cursor < needs->count) {
        const struct need *need = &needs->items[(*cursor)++];
        if (!need->is_open)
            continue;
        *ret_open = (struct needs_open){.node = need->node,
                                        .flow = need->flow,
                                        .needed = need->needed,
                                        .cyctime = need->cyctime,
                                        .is_second = need->is_second,
                                        .is_by_hand = need->is_by_hand,
                                        .is_daily = need->is_daily,
                                        .is_gone = need->is_gone,
                                        .due = need->due,
                                        .problem = need->problem};
        return true;
    }
    return false;
}

static bool has_need_of(const struct needs *needs, const char *flow)
{
    for (size_t i = 0; i < needs->count; i++) {
        if (strcmp(needs->items[i].flow, flow) == 0)
            return true;
    }
    return false;
}

/* Flows of which something has changed concern those who need them. */
static void note_changes(struct daemon *daemon, const struct turn *done)
{
    const struct daemon_run *last = NULL;
    for (size_t i = 0; i < done->actions.count; i++) {
        const struct action *action = &done->actions.items[i];
        bool is_end = action->kind == ACTION_RECORD_TASK && action->task.state != TASK_RUNNING;
        const struct daemon_run *run =
            is_end ? daemon_runs_find(daemon, action->task.run_id) : NULL;
        if (run == NULL || run == last)
            continue;
        last = run;
        for (size_t j = 0; j < daemon->run_count; j++) {
            struct needs *needs = daemon->runs[j]->needs;
            if (needs != NULL && !needs->must_look)
                needs->must_look = has_need_of(needs, run->plan->flow->name);
        }
    }
}

void needs_look(struct daemon *daemon, const struct turn *done)
{
    bool has_any = false;
    for (size_t i = 0; i < daemon->run_count; i++)
        has_any |= daemon->runs[i]->needs != NULL && !daemon->runs[i]->is_over;
    if (!has_any)
        return;
    if (done != NULL)
        note_changes(daemon, done);
    for (size_t i = 0; i < daemon->run_count; i++) {
        struct daemon_run *run = daemon->runs[i];
        if (run->needs != NULL && run->needs->must_look && !run->is_over)
            look_at_run(daemon, run);
    }
}

static bool is_mate(const struct daemon *daemon, const struct backfill *backfill, int64_t other_id)
{
    const struct backfill *other = daemon->backfills;
    while (other != NULL && other->row.id != other_id)
        other = other->next;
    return other != NULL && other->row.leader_id != 0 &&
           other->row.leader_id == backfill->row.leader_id;
}

void needs_look_again(struct daemon *daemon, const struct backfill *backfill)
{
    for (size_t i = 0; i < daemon->run_count; i++) {
        const struct daemon_run *run = daemon->runs[i];
        bool is_meant = run->backfill_id != 0 && (run->backfill_id == backfill->row.id ||
                                                  is_mate(daemon, backfill, run->backfill_id));
        if (is_meant && run->needs != NULL)
            run->needs->must_look = true;
    }
}

void needs_flow_changed(struct daemon *daemon, const char *flow)
{
    for (size_t i = 0; i < daemon->run_count; i++) {
        struct needs *needs = daemon->runs[i]->needs;
        for (size_t k = 0; needs != NULL && needs->is_found && k < needs->count; k++) {
            if (!needs->items[k].is_open || strcmp(needs->items[k].flow, flow) != 0)
                continue;
            needs->is_found = false;
            needs->must_look = true;
            needs->was_told_of = false;
        }
    }
}

void needs_describe(const struct daemon_run *run, uint32_t node, struct text *text)
{
    const struct needs *needs = run->needs;
    for (size_t i = 0; needs != NULL && i < needs->count; i++) {
        if (needs->items[i].node == node && needs->items[i].is_open)
            describe(&needs->items[i], text);
    }
}

static bool has_hopeless_need(const struct needs *needs, uint32_t node)
{
    for (size_t i = 0; i < needs->count; i++) {
        if (needs->items[i].node == node && needs->items[i].is_hopeless)
            return true;
    }
    return false;
}

/* By rank: what a node needs of its run is decided before it. False: something else goes on. */
static bool is_hopeless(const struct daemon *daemon, const struct daemon_run *run,
                        const uint32_t *by_rank, bool *hopeless)
{
    const struct plan *plan = run->plan;
    for (size_t i = 0; i < plan->node_count; i++) {
        uint32_t node = by_rank[i];
        struct engine_task task;
        if (engine_look(daemon->engine, run->id, node, &task, NULL) < 0)
            return false;
        if (task_states[task.state].is_final)
            continue;
        hopeless[node] = has_hopeless_need(run->needs, node);
        for (size_t j = 0; j < plan->nodes[node].need_count; j++)
            hopeless[node] = hopeless[node] || hopeless[plan->nodes[node].needs[j]];
        if (!hopeless[node])
            return false;
    }
    return true;
}

const char *needs_hopeless(const struct daemon *daemon, const struct daemon_run *run)
{
    struct engine_run_facts facts;
    const struct plan *plan = run->plan;
    if (run->needs == NULL || run->needs->why == NULL ||
        engine_look_run(daemon->engine, run->id, &facts, NULL) < 0 || facts.open_attempts > 0 ||
        run_state_is_final(facts.state))
        return NULL;
    SCOPED_ARENA struct arena arena = {0};
    uint32_t *by_rank = arena_array(&arena, plan->node_count, sizeof *by_rank);
    bool *hopeless = arena_array(&arena, plan->node_count, sizeof *hopeless);
    for (size_t i = 0; i < plan->node_count; i++)
        by_rank[plan->nodes[i].rank] = (uint32_t)i;
    return is_hopeless(daemon, run, by_rank, hopeless) ? run->needs->why : NULL;
}

bool needs_are_put_off(const struct daemon_run *run)
{
    return run->needs != NULL && run->needs->is_put_off;
}

static bool may_need(const struct plan *plan, const char *flow)
{
    for (size_t i = 0; i < plan->node_count; i++) {
        for (size_t j = 0; j < plan->nodes[i].external_count; j++) {
            if (strcmp(plan->nodes[i].externals[j].flow, flow) == 0)
                return true;
        }
    }
    return false;
}

bool needs_wait_for(const struct daemon *daemon, const char *flow)
{
    for (size_t i = 0; i < daemon->run_count; i++) {
        const struct daemon_run *run = daemon->runs[i];
        const struct needs *needs = run->needs;
        if (needs == NULL || run->is_over)
            continue;
        if (!needs->is_found && may_need(run->plan, flow))
            return true;
        for (size_t j = 0; j < needs->count; j++) {
            const struct need *need = &needs->items[j];
            if (need->is_open && !run->is_done[need->node] && strcmp(need->flow, flow) == 0)
                return true;
        }
    }
    return false;
}

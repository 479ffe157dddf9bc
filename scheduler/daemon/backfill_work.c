#include "scheduler/daemon/backfill_work.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/daemon/backfill_tell.h"
#include "scheduler/daemon/freezes.h"
#include "scheduler/daemon/needs.h"
#include "scheduler/daemon/run_make.h"
#include "scheduler/store/view.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- dates that end ---- */

static void note_task(const struct daemon *daemon, struct daemon_run *run,
                      const struct record_task *task)
{
    const char *reason = "marked failed";
    if (task->why == TASK_WHY_RERUN) {
        free(run->failure);
        run->failure = NULL;
        run->is_blocked = false;
    }
    if (task->state != TASK_FAILED || run->failure != NULL)
        return;
    for (const struct turn_end *end = daemon->turn.ends.first; end != NULL; end = end->next) {
        if (end->run_id == task->run_id && end->node == task->node)
            reason = end->result.reason;
    }
    const char *node = run->plan->nodes[task->node].node->name;
    if (asprintf(&run->failure, "%s: %s", node, reason) < 0)
        run->failure = NULL;
    run->failed_node = task->node;
}

static enum date_state date_state_of(const struct daemon_run *run, enum run_state state)
{
    if (!run_state_is_final(state))
        return DATE_OPEN;
    if (state == RUN_SUCCESS)
        return DATE_SUCCESS;
    if (run->is_blocked)
        return DATE_BLOCKED;
    return state == RUN_FAILED ? DATE_FAILED : DATE_STOPPED;
}

/* A run that an earlier engine saw fail: the store knows how. */
static void describe_stored(const struct daemon *daemon, const struct daemon_run *run,
                            struct arena *arena, struct backfill_date_change *change)
{
    struct view_run row;
    if (view_find_run(daemon->store, run->id, arena, &row, NULL) < 0 || row.failure.node[0] == '\0')
        return;
    change->node = row.failure.node;
    change->reason = arena_format(arena, "%s: %s%s%s", row.failure.node, row.failure.code,
                                  row.failure.code[0] == '\0' ? "" : " ", row.failure.text);
}

static void describe_end(const struct daemon *daemon, const struct daemon_run *run,
                         struct arena *arena, struct backfill_date_change *change)
{
    struct engine_run_facts facts = {0};
    engine_look_run(daemon->engine, run->id, &facts, NULL);
    switch (change->to) {
    case DATE_FAILED:
        change->reason = run->failure;
        if (facts.counts[TASK_FAILED] == 0) {
            change->reason = "what it needs is frozen or stopped";
            return;
        }
        if (run->failed_node != STORE_NO_NODE)
            change->node = run->plan->nodes[run->failed_node].node->name;
        if (run->failure == NULL)
            describe_stored(daemon, run, arena, change);
        return;
    case DATE_BLOCKED:
        change->reason = run->failure;
        return;
    case DATE_STOPPED:
        change->reason = facts.counts[TASK_STOPPED] == 0 && facts.counts[TASK_FROZEN] > 0
                             ? "a node of it is frozen"
                             : "its run was stopped";
        return;
    case DATE_WAITING:
    case DATE_OPEN:
    case DATE_SUCCESS:
    case DATE_IN_CONFLICT:
    case DATE_LEFT_OUT:
        return;
    }
}

/* Too many dates have failed since it was opened: no new ones. */
static void count_failure(struct backfill *backfill)
{
    struct store_backfill *row = &backfill->row;
    char reason[64];
    row->opening_failures++;
    backfill_change(backfill);
    if (row->max_failures == 0 || row->opening_failures < row->max_failures ||
        row->state != BACKFILL_RUNNING)
        return;
    snprintf(reason, sizeof reason, "%" PRId64 " date%s failed", row->opening_failures,
             row->opening_failures == 1 ? "" : "s");
    backfill_set_state(backfill, BACKFILL_PAUSED, reason);
}

static void set_date(struct backfill *backfill, const struct backfill_date_change *change)
{
    backfill_set_date(backfill, change);
    if (change->to == DATE_FAILED)
        count_failure(backfill);
    backfill_settle(backfill);
}

static int note_run(struct daemon *daemon, const struct record_run *record, struct error *err)
{
    struct daemon_run *run = daemon_runs_find(daemon, record->run_id);
    struct backfill *backfill;
    if (run == NULL || run->backfill_id == 0)
        return 0;
    struct error problem = {0};
    if (backfill_load(daemon, run->backfill_id, &backfill, &problem) < 0) {
        if (problem.kind == ERROR_KIND_NOT_FOUND) {
            run->backfill_id = 0;
            return 0;
        }
        *err = problem;
        return -1;
    }
    if (backfill_find_date(backfill, run, err) < 0)
        return -1;
    enum date_state to = date_state_of(run, record->state);
    if (run->backfill_id == 0 || to == run->date_state)
        return 0;
    SCOPED_ARENA struct arena arena = {0};
    struct backfill_date_change change = {.bizdate = run->plan->bizdate_text,
                                          .cyctime = run->plan->cyctime_text,
                                          .position = run->position,
                                          .from = run->date_state,
                                          .to = to,
                                          .run_id = run->id,
                                          .duration = instant_elapsed(run->opened, record->at)};
    describe_end(daemon, run, &arena, &change);
    run->date_state = to;
    set_date(backfill, &change);
    return 0;
}

int backfill_note(struct daemon *daemon, struct error *err)
{
    struct turn *turn = &daemon->turn;
    for (; turn->noted < turn->actions.count; turn->noted++) {
        const struct action *action = &turn->actions.items[turn->noted];
        if (action->kind == ACTION_RECORD_RUN && note_run(daemon, &action->run, err) < 0)
            return -1;
        struct daemon_run *run = action->kind != ACTION_RECORD_TASK
                                     ? NULL
                                     : daemon_runs_find(daemon, action->task.run_id);
        if (run != NULL && run->backfill_id != 0)
            note_task(daemon, run, &action->task);
    }
    return 0;
}

/* ---- dates that begin ---- */

enum take_result {
    TAKE_DONE,
    TAKE_LATER /* what is in its way goes with this turn, or it has paused over it */
};

static void fail_date(struct backfill *backfill, struct backfill_date_change *change,
                      const char *reason)
{
    change->to = DATE_FAILED;
    change->reason = reason;
    set_date(backfill, change);
    needs_look_again(backfill->daemon, backfill);
}

/* Another run of that date is open. */
static enum take_result meet(struct backfill *backfill, const struct daemon_run *run,
                             struct backfill_date_change *change)
{
    struct daemon *daemon = backfill->daemon;
    struct engine_run_facts facts;
    char reason[64];
    if (engine_look_run(daemon->engine, run->id, &facts, NULL) < 0 ||
        run_state_is_final(facts.state))
        return TAKE_LATER;
    snprintf(reason, sizeof reason, "run %" PRId64 " of it is open", run->id);
    change->to = DATE_IN_CONFLICT;
    change->reason = reason;
    change->run_id = run->id;
    set_date(backfill, change);
    needs_look_again(daemon, backfill);
    return TAKE_DONE;
}

static struct run_wish wish_of(const struct backfill *backfill, int32_t position)
{
    const struct store_backfill *row = &backfill->row;
    struct arena *arena = &backfill->daemon->turn.arena;
    return (struct run_wish){.definition = backfill->definition,
                             .kind = STORE_RUN_BACKFILL,
                             .trigger = arena_format(arena, "backfill %" PRId64, row->id),
                             .reason = row->reason,
                             .selection = row->selection,
                             .priority = row->priority,
                             .backfill_id = row->id,
                             .position = position,
                             .vars = row->vars,
                             .var_count = row->var_count};
}

static enum take_result take(struct backfill *backfill, const struct store_date *date)
{
    struct daemon *daemon = backfill->daemon;
    const struct flow *flow = backfill->definition->flow;
    struct backfill_date_change change = {.bizdate = date->bizdate,
                                          .cyctime = date->cyctime,
                                          .position = date->position,
                                          .from = DATE_WAITING};
    struct civil_time planned;
    struct plan_time time;
    struct error err = {0};
    if (civil_time_parse(date->cyctime, &planned, &err) < 0 ||
        !plan_time_locate(flow, planned, date->is_second, &time)) {
        fail_date(backfill, &change, "the flow's zone never had that date");
        return TAKE_DONE;
    }
    const struct daemon_run *open = run_make_find_open(daemon, flow->name, &time);
    if (open != NULL)
        return meet(backfill, open, &change);
    if (freezes_check(daemon, flow->name, date->bizdate, &err) < 0) {
        backfill_set_state(backfill, BACKFILL_PAUSED, err.text);
        return TAKE_LATER;
    }
    struct run_wish wish = wish_of(backfill, date->position);
    struct plan *plan;
    struct daemon_run *run;
    if (run_make_plan(&wish, &time, store_take_run_id(daemon->store), &plan, &err) < 0 ||
        run_make(daemon, &wish, plan, &run, &err) < 0) {
        fail_date(backfill, &change, err.text);
        return TAKE_DONE;
    }
    run->date_state = DATE_OPEN;
    change.to = DATE_OPEN;
    change.run_id = run->id;
    backfill_set_date(backfill, &change);
    return TAKE_DONE;
}

static bool has_room(const struct backfill *backfill)
{
    return backfill->row.state == BACKFILL_RUNNING && !backfill->must_commit &&
           backfill->counts.items[DATE_WAITING] > 0 &&
           backfill->counts.items[DATE_OPEN] < backfill->row.parallel;
}

/* Whether there may be more to take in the next turn. */
static bool fill(struct backfill *backfill, struct error *err)
{
    if (backfill_read_definition(backfill, err) < 0)
        return false;
    for (int32_t taken = 0; has_room(backfill); taken++) {
        const struct store_date *date;
        if (taken == BACKFILL_TAKE_AT_ONCE)
            return true;
        if (backfill_next(backfill, &date, err) < 0 || date == NULL)
            return false;
        if (take(backfill, date) == TAKE_LATER) {
            backfill->page_next--;
            return true;
        }
    }
    return false;
}

void backfill_fill(struct daemon *daemon)
{
    bool has_more = false;
    if (daemon->settles_only || !daemon->has_begun)
        return;
    for (struct backfill *each = daemon->backfills; each != NULL; each = each->next) {
        struct error err = {0};
        if (!has_room(each) || !watch_drives_backfill(daemon, each->row.id))
            continue;
        has_more |= fill(each, &err);
        if (err.kind != ERROR_KIND_NONE)
            backfill_set_state(each, BACKFILL_PAUSED, err.text);
    }
    if (has_more)
        loop_want_turn(daemon->loop);
}

/* ---- after a commit ---- */

static void block_hopeless(struct daemon *daemon)
{
    for (size_t i = 0; i < daemon->run_count; i++) {
        struct daemon_run *run = daemon->runs[i];
        if (run->backfill_id == 0 || run->is_over || run->needs == NULL ||
            !watch_drives_backfill(daemon, run->backfill_id))
            continue;
        const char *why = needs_hopeless(daemon, run);
        if (why == NULL)
            continue;
        struct event stop = {.kind = EVENT_STOP_RUN, .run_id = run->id};
        run->is_blocked = !needs_are_put_off(run);
        free(run->failure);
        run->failure = memory_copy_string(why);
        daemon_step(daemon, &stop, NULL);
    }
}

/* Runs of backfills of which something has changed. */
static void note_news(struct daemon *daemon, const struct turn *done)
{
    for (size_t i = 0; i < done->actions.count; i++) {
        const struct action *action = &done->actions.items[i];
        if (action->kind != ACTION_RECORD_TASK)
            continue;
        const struct daemon_run *run = daemon_runs_find(daemon, action->task.run_id);
        struct backfill *backfill =
            run == NULL || run->backfill_id == 0 ? NULL : backfill_find(daemon, run->backfill_id);
        if (backfill != NULL)
            backfill->has_news = true;
    }
}

/* One that was paused, stopped or taken up again: runs that need its dates look at them anew. */
static void look_at_changed(struct daemon *daemon, const struct turn *done)
{
    bool has_changed = false;
    for (const struct turn_backfill *item = done->backfills.first; item != NULL;
         item = item->next) {
        if (item->kind != TURN_BACKFILL_SET && item->kind != TURN_BACKFILL_RESET)
            continue;
        needs_look_again(daemon, item->backfill);
        has_changed = true;
    }
    if (has_changed)
        needs_look(daemon, NULL);
}

void backfill_after_commit(struct daemon *daemon, const struct turn *done)
{
    bool has_room_left = false;
    if (daemon->backfills == NULL)
        return;
    note_news(daemon, done);
    look_at_changed(daemon, done);
    backfill_tell_turn(daemon, done);
    if (!daemon->settles_only)
        block_hopeless(daemon);
    for (const struct backfill *each = daemon->backfills; each != NULL; each = each->next)
        has_room_left |= has_room(each) && watch_drives_backfill(daemon, each->row.id);
    if (has_room_left)
        loop_want_turn(daemon->loop);
}

void backfill_stop_runs(struct backfill *backfill, bool is_kill)
{
    struct daemon *daemon = backfill->daemon;
    for (size_t i = 0; i < daemon->run_count; i++) {
        struct event stop = {
            .kind = EVENT_STOP_RUN, .run_id = daemon->runs[i]->id, .is_kill = is_kill};
        if (daemon->runs[i]->backfill_id == backfill->row.id && !daemon->runs[i]->is_over)
            daemon_step(daemon, &stop, NULL);
    }
}

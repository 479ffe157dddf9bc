#include "scheduler/base/scope.h"
#include "scheduler/base/text.h"
#include "scheduler/daemon/backfill_work.h"
#include "scheduler/daemon/daemon_state.h"
#include "scheduler/daemon/firing.h"
#include "scheduler/daemon/freezes.h"
#include "scheduler/daemon/needs.h"
#include "scheduler/daemon/outbox.h"
#include "scheduler/daemon/waits.h"
#include "scheduler/system/clock.h"

#include <stdlib.h>
#include <string.h>

#define TURN_RETRY_MS 1000 /* after a failed commit */
#define TURN_SHARE_MS 25   /* how long ends that nobody waits for wait for each other */
#define TURN_LOW_GRANTS 8  /* fewer at the keeper: new ones are waited for */

int turn_store_version(struct daemon *daemon, const struct definition *definition,
                       struct instant now, int64_t *ret_version_id, struct error *err)
{
    const struct flow *flow = definition->flow;
    *ret_version_id = definition->version_id;
    if (definition->version_id != 0)
        return 0;
    struct store_version version = {.flow = flow->name,
                                    .hash = flow->hash,
                                    .commit = definition->version.commit,
                                    .short_commit = definition->version.short_commit,
                                    .is_dirty = definition->version.is_dirty,
                                    .note = definition->version.note,
                                    .files = flow->files,
                                    .file_count = flow->file_count};
    return store_put_version(daemon->store, &version, now, ret_version_id, err);
}

static int store_run_row(struct daemon *daemon, struct turn_run *item, struct error *err)
{
    if (turn_store_version(daemon, item->run->definition, item->row.created_at, &item->version_id,
                           err) < 0)
        return -1;
    item->row.version_id = item->version_id;
    return store_put_run(daemon->store, &item->row, err);
}

static int store_story(struct daemon *daemon, struct error *err)
{
    const struct turn *turn = &daemon->turn;
    for (const struct turn_schedule *item = turn->schedules.first; item != NULL;
         item = item->next) {
        if (store_put_schedule(daemon->store, &item->row, err) < 0)
            return -1;
    }
    for (const struct turn_note *item = turn->notes.first; item != NULL; item = item->next) {
        if (store_put_note(daemon->store, item->flow, item->text, item->at, err) < 0)
            return -1;
    }
    return 0;
}

static int store_details(struct daemon *daemon, struct error *err)
{
    struct turn *turn = &daemon->turn;
    struct store *store = daemon->store;
    if (backfill_store(daemon, err) < 0)
        return -1;
    for (struct turn_grant *item = turn->grants.first; item != NULL; item = item->next) {
        if (store_put_grant(store, &item->row, err) < 0)
            return -1;
    }
    for (struct turn_started *item = turn->started.first; item != NULL; item = item->next) {
        if (store_put_started(store, item->attempt_id, item->pid, err) < 0)
            return -1;
    }
    for (struct turn_end *item = turn->ends.first; item != NULL; item = item->next) {
        if (store_put_end(store, &item->row, err) < 0)
            return -1;
    }
    for (struct turn_operation *item = turn->operations.first; item != NULL; item = item->next) {
        if (store_put_operation(store, &item->row, err) < 0)
            return -1;
    }
    for (struct turn_hold *item = turn->holds.first; item != NULL; item = item->next) {
        if (store_set_hold(store, item->run_id, item->hold, err) < 0)
            return -1;
    }
    if (outbox_store(daemon, err) < 0 || freezes_store(daemon, err) < 0)
        return -1;
    return store_story(daemon, err);
}

static int store_new_version(struct daemon *daemon, struct turn_version *item, struct error *err)
{
    if (turn_store_version(daemon, item->run->definition, item->row.created_at, &item->version_id,
                           err) < 0)
        return -1;
    item->row.version_id = item->version_id;
    return store_set_run_version(daemon->store, &item->row, err);
}

static int store_turn(struct daemon *daemon, struct error *err)
{
    struct turn *turn = &daemon->turn;
    if (store_begin(daemon->store, err) < 0)
        return -1;
    for (struct turn_run *item = turn->runs.first; item != NULL; item = item->next) {
        if (store_run_row(daemon, item, err) < 0)
            return -1;
    }
    for (struct turn_version *item = turn->versions.first; item != NULL; item = item->next) {
        if (store_new_version(daemon, item, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < turn->actions.count; i++) {
        const struct action *action = &turn->actions.items[i];
        bool is_record = action->kind == ACTION_RECORD_TASK ||
                         action->kind == ACTION_RECORD_ATTEMPT || action->kind == ACTION_RECORD_RUN;
        if (is_record && store_apply(daemon->store, action, err) < 0)
            return -1;
    }
    if (store_details(daemon, err) < 0)
        return -1;
    return store_commit(daemon->store, err);
}

static struct turn_grant *find_grant(const struct turn *turn, int64_t attempt_id)
{
    struct turn_grant *grant = turn->grants.first;
    while (grant != NULL && grant->row.attempt_id != attempt_id)
        grant = grant->next;
    return grant;
}

/* What could not be started ends at once; that end belongs to the next turn. */
static void start_granted(struct daemon *daemon, int64_t attempt_id, struct turn *turn)
{
    struct turn_grant *grant = find_grant(turn, attempt_id);
    if (grant == NULL)
        return;
    struct error err = {0};
    const char *problem = grant->problem;
    if (problem == NULL && keeper_client_start(daemon->keeper, &grant->start, &err) < 0)
        problem = err.text;
    if (problem == NULL)
        return;
    struct instant now = clock_now();
    struct keeper_end end = {.attempt_id = attempt_id,
                             .kind = KEEPER_END_COULD_NOT_START,
                             .why = KEEPER_WHY_OWN,
                             .started = now,
                             .ended = now,
                             .text = problem};
    keeper_link_end(daemon, &end);
}

/* A keeper that was greeted in the middle of a turn may have been granted the same attempt twice in
 * it: handed over twice, the second could undo what the keeper said of the first. */
static bool is_granted_again(const struct turn *turn, size_t place)
{
    int64_t attempt_id = turn->actions.items[place].order.attempt_id;
    for (size_t i = place + 1; i < turn->actions.count; i++) {
        const struct action *action = &turn->actions.items[i];
        if (action->kind == ACTION_GRANT && action->order.attempt_id == attempt_id)
            return true;
    }
    return false;
}

static void carry_out(struct daemon *daemon, struct turn *turn)
{
    for (size_t i = 0; i < turn->actions.count; i++) {
        const struct action *action = &turn->actions.items[i];
        switch (action->kind) {
        case ACTION_GRANT:
            if (!is_granted_again(turn, i))
                start_granted(daemon, action->order.attempt_id, turn);
            break;
        case ACTION_REVOKE:
            keeper_client_revoke(daemon->keeper, action->order.attempt_id);
            break;
        case ACTION_STOP:
            keeper_client_stop(daemon->keeper, action->order.attempt_id, action->order.is_kill);
            break;
        case ACTION_LOOK:
            waits_look(daemon, action->order.run_id, action->order.node);
            break;
        case ACTION_RECORD_TASK:
        case ACTION_RECORD_ATTEMPT:
        case ACTION_RECORD_RUN:
            break;
        }
    }
}

static void settle_ends(struct daemon *daemon, struct turn *turn)
{
    for (struct turn_end *item = turn->ends.first; item != NULL && daemon->keeper != NULL;
         item = item->next)
        keeper_client_settled(daemon->keeper, &item->row.attempt_id, 1);
}

static void tell_changes(struct daemon *daemon, struct turn *turn)
{
    for (struct turn_run *item = turn->runs.first; item != NULL; item = item->next)
        item->run->definition->version_id = item->version_id;
    for (struct turn_version *item = turn->versions.first; item != NULL; item = item->next)
        item->run->definition->version_id = item->version_id;
    for (struct turn_reply *item = turn->replies.first; item != NULL; item = item->next) {
        if (item->watcher == NULL)
            continue;
        item->watcher->tell(item->watcher->owner, &item->notice);
        for (size_t i = 0; i < item->notice.run_count; i++) {
            const struct daemon_run *run = daemon_runs_find(daemon, item->notice.run_ids[i]);
            if (run != NULL && item->tells_runs)
                watch_tell_run(daemon, item->watcher, run);
        }
    }
    for (size_t i = 0; i < turn->actions.count; i++) {
        const struct action *action = &turn->actions.items[i];
        if (action->kind == ACTION_RECORD_TASK)
            watch_tell_task(daemon, &action->task);
    }
    for (size_t i = 0; i < turn->actions.count; i++) {
        const struct action *action = &turn->actions.items[i];
        struct daemon_run *run =
            action->kind == ACTION_RECORD_RUN ? daemon_runs_find(daemon, action->run.run_id) : NULL;
        if (run != NULL && run_state_is_final(action->run.state) && !run->is_over)
            watch_tell_run_end(daemon, run, action->run.state);
    }
}

/* Runs that are over leave; a run that drains and has nothing running any more is stopped. */
static void tidy_runs(struct daemon *daemon)
{
    struct error err;
    if (!daemon->needs_tidying)
        return;
    daemon->needs_tidying = false;
    for (size_t i = daemon->run_count; i > 0; i--) {
        struct daemon_run *run = daemon->runs[i - 1];
        struct engine_run_facts facts;
        if (engine_look_run(daemon->engine, run->id, &facts, &err) < 0)
            continue;
        if (run->is_over && run_state_is_final(facts.state) && facts.open_attempts == 0) {
            struct event forget = {.kind = EVENT_RUN_FORGET, .run_id = run->id};
            if (daemon_step(daemon, &forget, &err) == 0) {
                daemon_runs_remove(daemon, run->id);
                continue;
            }
        } else if (run->is_draining && facts.open_attempts == 0 && !run->is_over) {
            struct event stop = {.kind = EVENT_STOP_RUN, .run_id = run->id};
            run->is_draining = false;
            daemon_step(daemon, &stop, &err);
        }
        daemon->needs_tidying |= run->is_draining || run->is_over;
    }
}

static bool is_empty(const struct turn *turn)
{
    return turn->actions.count == 0 && turn->runs.first == NULL && turn->grants.first == NULL &&
           turn->started.first == NULL && turn->ends.first == NULL &&
           turn->operations.first == NULL && turn->holds.first == NULL &&
           turn->backfills.first == NULL && turn->replies.first == NULL &&
           turn->schedules.first == NULL && turn->notes.first == NULL &&
           turn->messages.first == NULL;
}

/* Grants that the keeper has and has not started: while there are some it lacks nothing. */
static size_t count_grants_at_keeper(const struct daemon *daemon)
{
    size_t granted = engine_count(daemon->engine).granted;
    for (size_t i = 0; i < daemon->turn.actions.count; i++)
        granted -= daemon->turn.actions.items[i].kind == ACTION_GRANT && granted > 0;
    return granted;
}

/* Runs of a backfill come and go by themselves: for one of them nobody waits. */
static bool is_of_backfill(const struct daemon *daemon, int64_t run_id)
{
    const struct daemon_run *run = daemon_runs_find(daemon, run_id);
    return run != NULL && run->backfill_id != 0;
}

static bool has_awaited_row(const struct turn *turn)
{
    for (const struct turn_run *item = turn->runs.first; item != NULL; item = item->next) {
        if (item->run->backfill_id == 0)
            return true;
    }
    for (const struct turn_backfill *item = turn->backfills.first; item != NULL;
         item = item->next) {
        if (item->kind != TURN_BACKFILL_DATE)
            return true;
    }
    return turn->operations.first != NULL || turn->replies.first != NULL ||
           turn->holds.first != NULL;
}

/* Whether anybody, a process or a person, waits for this turn: then it is not put off. */
static bool is_awaited(const struct daemon *daemon)
{
    const struct turn *turn = &daemon->turn;
    bool has_grants = false;
    if (has_awaited_row(turn) || !daemon->has_begun)
        return true;
    for (size_t i = 0; i < turn->actions.count; i++) {
        const struct action *action = &turn->actions.items[i];
        enum action_kind kind = action->kind;
        if (kind == ACTION_REVOKE || kind == ACTION_STOP ||
            (kind == ACTION_RECORD_RUN && !is_of_backfill(daemon, action->run.run_id)))
            return true;
        has_grants |= kind == ACTION_GRANT;
    }
    return has_grants && count_grants_at_keeper(daemon) < TURN_LOW_GRANTS;
}

void turn_add_hold(struct daemon *daemon, int64_t run_id, enum run_hold hold)
{
    struct turn_hold *item = arena_alloc(&daemon->turn.arena, sizeof *item);
    item->run_id = run_id;
    item->hold = hold;
    TURN_ADD(daemon->turn.holds, item);
}

void turn_clear(struct daemon *daemon)
{
    struct turn *turn = &daemon->turn;
    arena_free(&turn->arena);
    struct action_list actions = turn->actions;
    action_list_clear(&actions);
    *turn = (struct turn){.actions = actions};
}

static void in_trouble(struct daemon *daemon, const struct error *err)
{
    store_rollback(daemon->store);
    SCOPED_TEXT struct text text = {0};
    text_append_format(&text, "%s%s%s", err->text, err->help[0] == '\0' ? "" : "; ", err->help);
    watch_set_trouble(daemon, TROUBLE_STORE, text_string(&text));
    loop_set_timer(daemon->loop, &daemon->commit_again, duration_ms(TURN_RETRY_MS));
}

/* Carried out with a list of its own: what it leads to joins the next turn. */
static void after_commit(struct daemon *daemon)
{
    struct turn done = daemon->turn;
    daemon->turn = (struct turn){0};
    daemon->done_turn = &done;
    backfill_committed(daemon);
    carry_out(daemon, &done);
    settle_ends(daemon, &done);
    tell_changes(daemon, &done);
    for (struct turn_end *item = done.ends.first; item != NULL; item = item->next)
        daemon_runs_remove_attempt(daemon, item->row.attempt_id);
    waits_tidy(daemon);
    needs_look(daemon, &done);
    backfill_after_commit(daemon, &done);
    firing_after_turn(daemon->firing, &done);
    outbox_after_commit(daemon->outbox, &done);
    daemon->done_turn = NULL;
    arena_free(&done.arena);
    action_list_free(&done.actions);
}

static void prepare_grants(struct daemon *daemon)
{
    struct turn *turn = &daemon->turn;
    for (size_t i = 0; i < turn->actions.count; i++) {
        const struct action *action = &turn->actions.items[i];
        if (action->kind == ACTION_GRANT && find_grant(turn, action->order.attempt_id) == NULL)
            grant_prepare(daemon, action);
    }
}

void turn_end(struct daemon *daemon)
{
    struct turn *turn = &daemon->turn;
    struct error err = {0};
    bool may_retry = !loop_timer_is_set(&daemon->commit_again);
    if (may_retry && backfill_note(daemon, &err) == 0)
        backfill_fill(daemon);
    while (!is_empty(turn) && may_retry) {
        if (!is_awaited(daemon) && !daemon->shares_commit) {
            daemon->shares_commit = true;
            loop_set_timer(daemon->loop, &daemon->commit_soon, duration_ms(TURN_SHARE_MS));
        }
        if (!is_awaited(daemon) && loop_timer_is_set(&daemon->commit_soon))
            return;
        loop_cancel_timer(daemon->loop, &daemon->commit_soon);
        daemon->shares_commit = false;
        prepare_grants(daemon);
        int noted = backfill_note(daemon, &err);
        if (noted == 0)
            outbox_note(daemon);
        if (noted < 0 || store_turn(daemon, &err) < 0) {
            in_trouble(daemon, &err);
            return;
        }
        watch_set_trouble(daemon, TROUBLE_STORE, NULL);
        after_commit(daemon);
        tidy_runs(daemon);
    }
    backfill_tidy(daemon);
    daemon->is_settled = daemon->has_begun && is_empty(turn);
    struct instant wakeup = engine_next_wakeup(daemon->engine);
    if (instant_is_never(wakeup))
        loop_cancel_timer(daemon->loop, &daemon->wakeup);
    else
        loop_set_timer(daemon->loop, &daemon->wakeup, instant_minus(wakeup, clock_now()));
}

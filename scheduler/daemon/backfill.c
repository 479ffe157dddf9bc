#include "scheduler/daemon/backfill.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BIT(state) (1u << (state))

/* ---- the collection ---- */

struct backfill *backfill_find(struct daemon *daemon, int64_t backfill_id)
{
    struct backfill *backfill = daemon->backfills;
    while (backfill != NULL && backfill->row.id != backfill_id)
        backfill = backfill->next;
    return backfill;
}

static struct backfill *make(struct daemon *daemon)
{
    struct backfill *backfill = memory_new(1, sizeof *backfill);
    backfill->daemon = daemon;
    backfill->after = -1;
    return backfill;
}

static void backfill_free(struct backfill *backfill)
{
    struct daemon *daemon = backfill->daemon;
    loop_cancel_timer(daemon->loop, &backfill->tell_timer);
    definition_release(&daemon->definitions, backfill->definition);
    backfill_plan_free(backfill->plan);
    arena_free(&backfill->page_arena);
    arena_free(&backfill->arena);
    free(backfill);
}

static void add(struct daemon *daemon, struct backfill *backfill)
{
    backfill->next = daemon->backfills;
    daemon->backfills = backfill;
}

static enum date_state state_of_run(enum run_state state)
{
    if (state == RUN_SUCCESS)
        return DATE_SUCCESS;
    return state == RUN_FAILED ? DATE_FAILED : DATE_STOPPED;
}

/* What becomes of an open date whose run is not open: a run and its date end in one transaction, so
 * that this mends what somebody else changed. `to` stays DATE_OPEN for one that is. */
static int look_at_lost(struct daemon *daemon, const struct store_date *date,
                        struct backfill_date_change *ret_change, struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    struct load_run row;
    struct error problem = {0};
    *ret_change = (struct backfill_date_change){.bizdate = date->bizdate,
                                                .cyctime = date->cyctime,
                                                .position = date->position,
                                                .from = DATE_OPEN,
                                                .to = DATE_OPEN,
                                                .run_id = date->run_id};
    if (load_run(daemon->store, date->run_id, &arena, &row, &problem) == 0) {
        if (run_state_is_final(row.state))
            ret_change->to = state_of_run(row.state);
    } else if (problem.kind == ERROR_KIND_NOT_FOUND) {
        ret_change->to = DATE_STOPPED;
        ret_change->run_id = 0;
        ret_change->reason = "its run is not there any more";
    } else {
        *err = problem;
        return -1;
    }
    return 0;
}

static void join_run(const struct backfill *backfill, struct daemon_run *run,
                     const struct store_date *date)
{
    run->backfill_id = backfill->row.id;
    run->position = date->position;
    run->date_state = DATE_OPEN;
}

/* Runs in memory learn their place. Nothing is changed before everything was read. */
static int join_runs(struct backfill *backfill, struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    struct daemon *daemon = backfill->daemon;
    struct load_dates dates;
    struct load_dates_of open = {backfill->row.id, BIT(DATE_OPEN), -1, INT32_MAX};
    if (load_dates(daemon->store, &open, &arena, &dates, err) < 0)
        return -1;
    struct backfill_date_change *changes = arena_array(&arena, dates.count, sizeof *changes);
    for (size_t i = 0; i < dates.count; i++) {
        const struct store_date *date = &dates.items[i];
        struct daemon_run *run = daemon_runs_find(daemon, date->run_id);
        if (run != NULL)
            join_run(backfill, run, date);
        else if (look_at_lost(daemon, date, &changes[i], err) < 0)
            return -1;
    }
    for (size_t i = 0; i < dates.count; i++) {
        if (changes[i].to != changes[i].from)
            backfill_set_date(backfill, &changes[i]);
    }
    return 0;
}

int backfill_load(struct daemon *daemon, int64_t backfill_id, struct backfill **ret_backfill,
                  struct error *err)
{
    struct backfill *backfill = backfill_find(daemon, backfill_id);
    if (backfill == NULL) {
        backfill = make(daemon);
        if (load_backfill(daemon->store, backfill_id, &backfill->arena, &backfill->row, err) < 0 ||
            load_date_counts(daemon->store, backfill_id, &backfill->counts, err) < 0 ||
            join_runs(backfill, err) < 0) {
            backfill_free(backfill);
            return -1;
        }
        add(daemon, backfill);
        backfill_settle(backfill);
    }
    *ret_backfill = backfill;
    return 0;
}

static const struct node_setting *copy_vars(struct arena *arena, const struct store_backfill *row)
{
    struct node_setting *vars = arena_array(arena, row->var_count, sizeof *vars);
    for (size_t i = 0; i < row->var_count; i++)
        vars[i] = (struct node_setting){arena_copy_string(arena, row->vars[i].name),
                                        arena_copy_string(arena, row->vars[i].text)};
    return vars;
}

static struct turn_backfill *add_change(struct backfill *backfill, enum turn_backfill_kind kind)
{
    struct turn *turn = &backfill->daemon->turn;
    struct turn_backfill *item = arena_alloc(&turn->arena, sizeof *item);
    item->kind = kind;
    item->backfill = backfill;
    TURN_ADD(turn->backfills, item);
    return item;
}

struct backfill *backfill_add(struct daemon *daemon, const struct store_backfill *row,
                              struct backfill_plan *plan, struct definition *definition)
{
    struct backfill *backfill = make(daemon);
    struct arena *arena = &backfill->arena;
    backfill->plan = plan;
    backfill->definition = definition;
    backfill->row = *row;
    backfill->row.flow = arena_copy_string(arena, row->flow);
    backfill->row.request = arena_copy_string(arena, row->request);
    backfill->row.typed = arena_copy_string(arena, row->typed);
    backfill->row.ranges = arena_copy_string(arena, row->ranges);
    backfill->row.selection = arena_copy_string(arena, row->selection);
    backfill->row.who = arena_copy_string(arena, row->who);
    backfill->row.reason = arena_copy_string(arena, row->reason);
    backfill->row.vars = copy_vars(arena, row);
    backfill->row.state_reason = "";
    for (size_t i = 0; i < plan->count; i++)
        backfill->counts.items[plan->dates[i].state]++;
    add_change(backfill, TURN_BACKFILL_PUT);
    backfill->is_in_turn = true;
    backfill->must_tell = true;
    backfill->must_commit = true;
    add(daemon, backfill);
    return backfill;
}

int backfill_load_running(struct daemon *daemon, struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    struct load_backfills open;
    struct backfill *backfill;
    if (load_open_backfills(daemon->store, &arena, &open, err) < 0)
        return -1;
    for (size_t i = 0; i < open.count; i++) {
        if (open.items[i].state == BACKFILL_RUNNING &&
            backfill_load(daemon, open.items[i].id, &backfill, err) < 0)
            return -1;
    }
    return 0;
}

static bool is_needed(const struct backfill *backfill)
{
    const struct daemon *daemon = backfill->daemon;
    if (backfill->is_in_turn || watch_has_backfill(daemon, backfill->row.id) ||
        (daemon->is_server && backfill->row.state == BACKFILL_RUNNING))
        return true;
    for (size_t i = 0; i < daemon->run_count; i++) {
        if (daemon->runs[i]->backfill_id == backfill->row.id)
            return true;
    }
    return false;
}

void backfill_tidy(struct daemon *daemon)
{
    struct backfill **place = &daemon->backfills;
    while (*place != NULL && daemon->turn.backfills.first == NULL) {
        struct backfill *backfill = *place;
        if (is_needed(backfill)) {
            place = &backfill->next;
        } else {
            *place = backfill->next;
            backfill_free(backfill);
        }
    }
}

void backfill_free_all(struct daemon *daemon)
{
    while (daemon->backfills != NULL) {
        struct backfill *backfill = daemon->backfills;
        daemon->backfills = backfill->next;
        backfill_free(backfill);
    }
}

/* ---- changes ---- */

void backfill_change(struct backfill *backfill)
{
    backfill->has_news = true;
    if (backfill->is_in_turn)
        return;
    backfill->is_in_turn = true;
    add_change(backfill, TURN_BACKFILL_SET);
}

void backfill_set_state(struct backfill *backfill, enum backfill_state state, const char *reason)
{
    struct store_backfill *row = &backfill->row;
    bool is_open = state == BACKFILL_RUNNING || state == BACKFILL_PAUSED;
    row->state = state;
    row->state_reason = arena_copy_string(&backfill->arena, reason);
    row->ended_at = is_open ? (struct instant){0} : clock_now();
    backfill->must_tell = true;
    backfill_change(backfill);
}

static void drop_page(struct backfill *backfill)
{
    arena_free(&backfill->page_arena);
    backfill->page = (struct load_dates){0};
    backfill->page_next = 0;
    backfill->after = -1;
    backfill->is_at_end = false;
}

int64_t backfill_reset(struct backfill *backfill, uint32_t states)
{
    int64_t count = 0;
    for (size_t i = 0; i < DATE_STATE_COUNT; i++) {
        if ((states & BIT(i)) == 0)
            continue;
        count += backfill->counts.items[i];
        backfill->counts.items[i] = 0;
    }
    backfill->counts.items[DATE_WAITING] += count;
    if (count == 0)
        return 0;
    add_change(backfill, TURN_BACKFILL_RESET)->states = states;
    backfill_change(backfill);
    drop_page(backfill);
    backfill->must_commit = true;
    return count;
}

static bool is_end(enum date_state state)
{
    return state != DATE_WAITING && state != DATE_OPEN;
}

static void fill_notice(const struct backfill *backfill, const struct backfill_date_change *change,
                        struct turn_backfill *item)
{
    struct arena *arena = &backfill->daemon->turn.arena;
    item->notice = (struct notice){.kind = NOTICE_KIND_DATE,
                                   .at = clock_now(),
                                   .backfill_id = backfill->row.id,
                                   .run_id = change->run_id,
                                   .flow = arena_copy_string(arena, backfill->row.flow),
                                   .bizdate = item->date.bizdate,
                                   .cyctime = item->date.cyctime,
                                   .state = date_state_name(change->to),
                                   .node = arena_copy_string(arena, change->node),
                                   .duration = change->duration,
                                   .done = backfill_done(backfill),
                                   .total = backfill_total(backfill),
                                   .failed = backfill_failed(backfill),
                                   .running = backfill->counts.items[DATE_OPEN]};
    item->notice.reason = item->date.reason;
    size_t length = change->node == NULL ? 0 : strlen(change->node);
    if (length > 0 && strncmp(item->date.reason, change->node, length) == 0 &&
        strncmp(item->date.reason + length, ": ", 2) == 0)
        item->notice.reason += length + 2;
}

void backfill_set_date(struct backfill *backfill, const struct backfill_date_change *change)
{
    struct arena *arena = &backfill->daemon->turn.arena;
    struct turn_backfill *item = add_change(backfill, TURN_BACKFILL_DATE);
    const char *reason = change->reason == NULL ? "" : change->reason;
    item->date = (struct store_date){.position = change->position,
                                     .bizdate = arena_copy_string(arena, change->bizdate),
                                     .cyctime = arena_copy_string(arena, change->cyctime),
                                     .state = change->to,
                                     .run_id = change->run_id,
                                     .reason = arena_copy_string(arena, reason)};
    backfill->counts.items[change->from]--;
    backfill->counts.items[change->to]++;
    backfill->has_news = true;
    item->is_end = is_end(change->to);
    if (item->is_end)
        fill_notice(backfill, change, item);
}

static void finish(struct backfill *backfill)
{
    bool is_success = backfill_total(backfill) == backfill->counts.items[DATE_SUCCESS];
    backfill_set_state(backfill, is_success ? BACKFILL_SUCCESS : BACKFILL_FAILED, "");
}

void backfill_settle(struct backfill *backfill)
{
    const int64_t *counts = backfill->counts.items;
    if (counts[DATE_OPEN] > 0)
        return;
    switch (backfill->row.state) {
    case BACKFILL_RUNNING:
        if (counts[DATE_WAITING] == 0)
            finish(backfill);
        return;
    case BACKFILL_PAUSED:
        if (backfill->is_stopping) {
            backfill->is_stopping = false;
            backfill_set_state(backfill, BACKFILL_STOPPED, backfill->row.state_reason);
        } else if (counts[DATE_WAITING] == 0 && counts[DATE_STOPPED] == 0) {
            finish(backfill);
        }
        return;
    case BACKFILL_FAILED: /* a run was opened again, and mended it */
        if (backfill_total(backfill) == counts[DATE_SUCCESS])
            finish(backfill);
        return;
    case BACKFILL_SUCCESS:
        if (backfill_total(backfill) != counts[DATE_SUCCESS])
            finish(backfill);
        return;
    case BACKFILL_STOPPED:
        return;
    }
}

/* ---- figures ---- */

int64_t backfill_total(const struct backfill *backfill)
{
    int64_t total = 0;
    for (size_t i = 0; i < DATE_STATE_COUNT; i++)
        total += i == DATE_LEFT_OUT ? 0 : backfill->counts.items[i];
    return total;
}

int64_t backfill_done(const struct backfill *backfill)
{
    const int64_t *counts = backfill->counts.items;
    return backfill_total(backfill) - counts[DATE_WAITING] - counts[DATE_OPEN];
}

int64_t backfill_failed(const struct backfill *backfill)
{
    return backfill_done(backfill) - backfill->counts.items[DATE_SUCCESS];
}

/* ---- the turn's ---- */

static int store_row(struct daemon *daemon, struct turn_backfill *item, struct error *err)
{
    struct backfill *backfill = item->backfill;
    if (backfill->definition != NULL &&
        turn_store_version(daemon, backfill->definition, clock_now(), &backfill->row.version_id,
                           err) < 0)
        return -1;
    if (item->kind == TURN_BACKFILL_SET)
        return store_set_backfill(daemon->store, &backfill->row, err);
    return store_put_backfill(daemon->store, &backfill->row, backfill->plan->dates,
                              backfill->plan->count, err);
}

int backfill_store(struct daemon *daemon, struct error *err)
{
    int result = 0;
    for (struct turn_backfill *item = daemon->turn.backfills.first; item != NULL && result == 0;
         item = item->next) {
        int64_t backfill_id = item->backfill->row.id;
        int64_t count;
        switch (item->kind) {
        case TURN_BACKFILL_PUT:
        case TURN_BACKFILL_SET:
            result = store_row(daemon, item, err);
            break;
        case TURN_BACKFILL_RESET:
            result = store_reset_dates(daemon->store, backfill_id, item->states, &count, err);
            break;
        case TURN_BACKFILL_DATE:
            result = store_set_date(daemon->store, backfill_id, &item->date, err);
            break;
        }
    }
    return result;
}

void backfill_committed(struct daemon *daemon)
{
    for (struct backfill *each = daemon->backfills; each != NULL; each = each->next) {
        if (each->definition != NULL && each->is_in_turn)
            each->definition->version_id = each->row.version_id;
        backfill_plan_free(each->plan);
        each->plan = NULL;
        each->is_in_turn = false;
        each->must_commit = false;
    }
}

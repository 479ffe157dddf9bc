/* Rows of attempts, nodes and runs, each written once. */
#include "scheduler/store/commit_pending.h"

#include "scheduler/base/memory.h"

static struct pending *pending_of(struct store *store)
{
    if (store->pending == NULL)
        store->pending = memory_new(1, sizeof *store->pending);
    return store->pending;
}

/* --- attempts --------------------------------------------------------------------------------- */

/* A grant of which no more is known yet. */
static int insert_attempt(struct store *store, const struct record_attempt *granted,
                          struct error *err)
{
    STATEMENT(s);
    if (statement_open_beside(
            &s, store,
            "INSERT INTO attempt(id, run_id, node, number, state, granted_at, opening)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, (SELECT opening FROM run WHERE id = ?2))",
            err) != 0)
        return -1;
    statement_int(&s, granted->attempt_id);
    statement_int(&s, granted->run_id);
    statement_int(&s, granted->node);
    statement_int(&s, granted->number);
    statement_int(&s, granted->state);
    statement_int(&s, granted->at.us);
    return statement_run(&s, err) != 0 ? -1 : commit_start(store, granted, err);
}

static void bind_if(struct statement *s, bool is_known, int64_t value)
{
    if (is_known)
        statement_int(s, value);
    else
        statement_int_or_null(s, 0);
}

static void bind_end(struct statement *s, const struct store_end *end, const char *reason)
{
    if (end == NULL)
        return; /* what is not bound is NULL */
    statement_text(s, end->code);
    statement_text(s, reason);
    statement_int(s, end->cpu.us);
    statement_int(s, end->peak_bytes);
    statement_int(s, end->log_bytes);
    statement_int(s, end->log_lost_bytes);
    statement_int(s, end->leftovers);
}

int pending_update_attempt(struct store *store, const struct pending_attempt *attempt,
                           const struct store_end *end, const char *reason, struct error *err)
{
    STATEMENT(s);
    bool has_state = attempt->is_started || attempt->is_ended;
    if (statement_open_beside(
            &s, store,
            "UPDATE attempt SET state = coalesce(?2, state), started_at = coalesce(?3, started_at),"
            " pid = coalesce(?4, pid), ended_at = coalesce(?5, ended_at),"
            " outcome = coalesce(?6, outcome), code = coalesce(?7, code),"
            " error_code = coalesce(?8, error_code), reason = coalesce(?9, reason),"
            " cpu_us = coalesce(?10, cpu_us), peak_bytes = coalesce(?11, peak_bytes),"
            " log_bytes = coalesce(?12, log_bytes),"
            " log_lost_bytes = coalesce(?13, log_lost_bytes),"
            " leftovers = coalesce(?14, leftovers) WHERE id = ?1",
            err) != 0)
        return -1;
    statement_int(&s, attempt->id);
    bind_if(&s, has_state, attempt->is_ended ? ATTEMPT_ENDED : ATTEMPT_RUNNING);
    bind_if(&s, attempt->is_started, attempt->started_at.us);
    bind_if(&s, attempt->has_pid, attempt->pid);
    bind_if(&s, attempt->is_ended, attempt->ended_at.us);
    bind_if(&s, attempt->is_ended, attempt->outcome.end);
    bind_if(&s, attempt->is_ended, attempt->outcome.code);
    bind_end(&s, end, reason);
    return statement_run_one(&s, "attempt", err);
}

static int write_attempt(struct store *store, const struct pending_attempt *attempt,
                         struct error *err)
{
    bool is_more = attempt->is_started || attempt->has_pid || attempt->is_ended;
    if (attempt->is_granted && insert_attempt(store, &attempt->granted, err) != 0)
        return -1;
    return is_more ? pending_update_attempt(store, attempt, NULL, NULL, err) : 0;
}

struct pending_attempt *pending_find_attempt(struct store *store, int64_t id)
{
    struct pending *pending = pending_of(store);
    for (size_t i = pending->attempt_count; i > 0; i--) {
        if (pending->attempts[i - 1].id == id)
            return &pending->attempts[i - 1];
    }
    return NULL;
}

struct pending_attempt *pending_attempt(struct store *store, int64_t id, struct error *err)
{
    struct pending_attempt *attempt = pending_find_attempt(store, id);
    if (attempt != NULL)
        return attempt;
    struct pending *pending = pending_of(store);
    if (pending->attempt_count == PENDING_MAX && store_write_pending(store, err) != 0)
        return NULL;
    attempt = &pending->attempts[pending->attempt_count++];
    *attempt = (struct pending_attempt){.id = id};
    return attempt;
}

void pending_drop_attempt(struct store *store, struct pending_attempt *attempt)
{
    struct pending *pending = pending_of(store);
    *attempt = pending->attempts[--pending->attempt_count];
}

/* --- nodes ------------------------------------------------------------------------------------ */

static int write_task(struct store *store, const struct pending_task *task, struct error *err)
{
    const struct record_task *row = &task->row;
    bool is_open = row->state == TASK_WAITING || row->state == TASK_RUNNING;
    STATEMENT(s);
    if (statement_open_beside(
            &s, store,
            "UPDATE node_run SET state = ?3, reason = ?4, wish = ?5,"
            " attempts = ?6, tries = ?7, ready_at = ?8,"
            " why = iif(state = ?3 AND NOT ?9, why, ?10),"
            " changed_at = iif(state = ?3 AND NOT ?9, changed_at, ?11),"
            " event_id = iif(state = ?3 AND NOT ?9, event_id, ?12),"
            " started_at = coalesce(?13, started_at),"
            " ended_at = CASE WHEN ?14 THEN 0 WHEN state = ?3 AND NOT ?9 THEN ended_at ELSE ?11 END"
            " WHERE run_id = ?1 AND node = ?2",
            err) != 0)
        return -1;
    statement_int(&s, row->run_id);
    statement_int(&s, row->node);
    statement_int(&s, row->state);
    statement_int(&s, row->reason);
    statement_int(&s, row->wish);
    statement_int(&s, row->attempts);
    statement_int(&s, row->tries);
    statement_int(&s, row->ready_at.us);
    statement_int(&s, task->is_changed);
    statement_int(&s, task->why);
    statement_int(&s, task->changed_at.us);
    statement_int(&s, task->event_id);
    bind_if(&s, task->started_at >= 0, task->started_at);
    statement_int(&s, is_open);
    return statement_run_one(&s, "node of a run", err);
}

static struct pending_task *find_task(struct pending *pending, const struct record_task *task)
{
    for (size_t i = pending->task_count; i > 0; i--) {
        const struct record_task *row = &pending->tasks[i - 1].row;
        if (row->node == task->node && row->run_id == task->run_id)
            return &pending->tasks[i - 1];
    }
    return NULL;
}

/* -1: the record does not touch it. */
static int64_t started_at(const struct record_task *task)
{
    if (task->why == TASK_WHY_VIRTUAL || (task->why == TASK_WHY_STARTED && task->tries <= 1))
        return task->at.us;
    if (task->why == TASK_WHY_WAIT && task->wait_since.us != 0 && task->tries == 0)
        return task->wait_since.us;
    return task->why == TASK_WHY_RERUN ? 0 : -1;
}

int pending_add_task(struct store *store, const struct record_task *task, int64_t event_id,
                     struct error *err)
{
    struct pending *pending = pending_of(store);
    struct pending_task *known = find_task(pending, task);
    bool is_new = known == NULL;
    if (is_new) {
        if (pending->task_count == PENDING_MAX && store_write_pending(store, err) != 0)
            return -1;
        known = &pending->tasks[pending->task_count++];
        *known = (struct pending_task){.started_at = -1};
    }
    bool is_change = !is_new && known->row.state != task->state;
    if (is_new || is_change) {
        known->is_changed |= is_change;
        known->why = task->why;
        known->changed_at = task->at;
        known->event_id = event_id;
    }
    known->row = *task;
    if (started_at(task) >= 0)
        known->started_at = started_at(task);
    return 0;
}

/* --- runs ------------------------------------------------------------------------------------- */

/* Nodes of a run that is over are counted once: lists need not look at them. */
static int write_run(struct store *store, const struct pending_run *run, struct error *err)
{
    const struct record_run *row = &run->row;
    STATEMENT(s);
    if (statement_open_beside(
            &s, store,
            "UPDATE run SET state = ?2, queued_at = iif(opening = ?3, queued_at, ?4),"
            " started_at = CASE WHEN opening <> ?3 THEN ?5 WHEN started_at = 0 THEN ?6"
            "  ELSE started_at END,"
            " ended_at = CASE WHEN ?2 < 2 THEN 0 WHEN state = ?2 AND NOT ?7 THEN ended_at"
            "  ELSE ?8 END,"
            " opening = ?3, counts = iif(?2 < 2, NULL,"
            " (SELECT count(*) FILTER (WHERE state = 0) || ',' ||"
            " count(*) FILTER (WHERE state = 1) || ',' ||"
            " count(*) FILTER (WHERE state = 2) || ',' ||"
            " count(*) FILTER (WHERE state = 3) || ',' ||"
            " count(*) FILTER (WHERE state = 4) || ',' ||"
            " count(*) FILTER (WHERE state = 5) || ',' ||"
            " count(*) FILTER (WHERE state = 6) || ',' ||"
            " count(*) FILTER (WHERE state = 7)"
            " FROM node_run WHERE run_id = ?1 AND type <> '')) WHERE id = ?1",
            err) != 0)
        return -1;
    statement_int(&s, row->run_id);
    statement_int(&s, row->state);
    statement_int(&s, row->opening);
    statement_int(&s, run->opened_at.us);
    statement_int(&s, run->new_started.us);
    statement_int(&s, run->more_started.us);
    statement_int(&s, run->is_changed);
    statement_int(&s, run->ended_at.us);
    if (run_state_is_final(row->state))
        store->uncounted[(size_t)row->run_id % STORE_MAX_UNCOUNTED] = 0;
    return statement_run_one(&s, "run", err);
}

static struct pending_run *find_run(struct pending *pending, int64_t run_id)
{
    for (size_t i = pending->run_count; i > 0; i--) {
        if (pending->runs[i - 1].row.run_id == run_id)
            return &pending->runs[i - 1];
    }
    return NULL;
}

static void add_to_run(struct pending_run *known, const struct record_run *run)
{
    bool has_begun = run->state != RUN_WAITING;
    if (known->row.state != run->state) {
        known->is_changed = true;
        known->ended_at = run->at;
    }
    if (has_begun && known->new_started.us == 0)
        known->new_started = run->at;
    if (has_begun && known->more_started.us == 0)
        known->more_started = run->at;
    known->row = *run;
}

int pending_add_run(struct store *store, const struct record_run *run, struct error *err)
{
    struct pending *pending = pending_of(store);
    struct pending_run *known = find_run(pending, run->run_id);
    if (known != NULL && known->row.opening == run->opening) {
        add_to_run(known, run);
        return 0;
    }
    if ((known != NULL || pending->run_count == PENDING_MAX) &&
        store_write_pending(store, err) != 0)
        return -1;
    struct instant none = {0};
    pending->runs[pending->run_count++] =
        (struct pending_run){.row = *run,
                             .opened_at = run->at,
                             .new_started = run->state == RUN_RUNNING ? run->at : none,
                             .more_started = run->state != RUN_WAITING ? run->at : none,
                             .ended_at = run->at};
    return 0;
}

/* --- dates of a backfill ---------------------------------------------------------------------- */

static int write_dates(struct store *store, const struct pending_dates *dates, struct error *err)
{
    for (int state = 0; dates->backfill_id != 0 && state < DATE_STATE_COUNT; state++) {
        if (dates->more[state] == 0)
            continue;
        STATEMENT(s);
        if (statement_open_beside(&s, store,
                                  "UPDATE backfill_count SET dates = dates + ?3"
                                  " WHERE backfill_id = ?1 AND state = ?2",
                                  err) != 0)
            return -1;
        statement_int(&s, dates->backfill_id);
        statement_int(&s, state);
        statement_int(&s, dates->more[state]);
        if (statement_run_one(&s, "backfill", err) != 0)
            return -1;
    }
    return 0;
}

int pending_move_date(struct store *store, int64_t backfill_id, int from, int to, struct error *err)
{
    struct pending_dates *dates = &pending_of(store)->dates;
    if (dates->backfill_id != backfill_id) {
        if (dates->backfill_id != 0 && store_write_pending(store, err) != 0)
            return -1;
        *dates = (struct pending_dates){.backfill_id = backfill_id};
    }
    dates->more[from]--;
    dates->more[to]++;
    return 0;
}

/* --- all -------------------------------------------------------------------------------------- */

/* Runs after their nodes, which they count. */
int store_write_pending(struct store *store, struct error *err)
{
    struct pending *pending = store->pending;
    if (pending == NULL)
        return 0;
    for (size_t i = 0; i < pending->attempt_count; i++) {
        if (write_attempt(store, &pending->attempts[i], err) != 0)
            return -1;
    }
    pending->attempt_count = 0;
    for (size_t i = 0; i < pending->task_count; i++) {
        if (write_task(store, &pending->tasks[i], err) != 0)
            return -1;
    }
    pending->task_count = 0;
    for (size_t i = 0; i < pending->run_count; i++) {
        if (write_run(store, &pending->runs[i], err) != 0)
            return -1;
    }
    pending->run_count = 0;
    if (write_dates(store, &pending->dates, err) != 0)
        return -1;
    pending->dates = (struct pending_dates){0};
    return 0;
}

bool store_has_pending(const struct store *store)
{
    const struct pending *pending = store->pending;
    return pending != NULL && (pending->attempt_count > 0 || pending->task_count > 0 ||
                               pending->run_count > 0 || pending->dates.backfill_id != 0);
}

void store_drop_pending(struct store *store)
{
    if (store->pending == NULL)
        return;
    store->pending->attempt_count = 0;
    store->pending->task_count = 0;
    store->pending->run_count = 0;
    store->pending->dates = (struct pending_dates){0};
}

/* The engine's records. */
#include "scheduler/store/commit_pending.h"

static int forget_counts(struct store *store, int64_t run_id, struct error *err)
{
    int64_t *uncounted = &store->uncounted[(size_t)run_id % STORE_MAX_UNCOUNTED];
    if (*uncounted == run_id)
        return 0;
    STATEMENT(s);
    if (statement_open_beside(&s, store,
                              "UPDATE run SET counts = NULL WHERE id = ? AND counts IS NOT NULL",
                              err) != 0)
        return -1;
    statement_int(&s, run_id);
    if (statement_run(&s, err) != 0)
        return -1;
    *uncounted = run_id;
    return 0;
}

static int record_task(struct store *store, const struct record_task *task, struct error *err)
{
    int64_t event_id;
    struct commit_event event = {.kind = VIEW_EVENT_TASK,
                                 .at = task->at,
                                 .run_id = task->run_id,
                                 .node = task->node,
                                 .state = (int)task->state,
                                 .why = (int)task->why,
                                 .reason = (int)task->reason,
                                 .tries = task->tries,
                                 .attempt_id = task->attempt_id};
    if (commit_event(store, &event, &event_id, err) != 0 ||
        pending_add_task(store, task, event_id, err) != 0)
        return -1;
    return forget_counts(store, task->run_id, err);
}

static int add_attempt(struct store *store, const struct record_attempt *attempt, struct error *err)
{
    struct pending_attempt *pending = pending_attempt(store, attempt->attempt_id, err);
    if (pending == NULL)
        return -1;
    pending->is_granted = true;
    pending->granted = *attempt;
    if (attempt->attempt_id >= store->next_attempt_id)
        store->next_attempt_id = attempt->attempt_id + 1;
    return 0;
}

static int start_attempt(struct store *store, const struct record_attempt *attempt,
                         struct error *err)
{
    struct pending_attempt *pending = pending_attempt(store, attempt->attempt_id, err);
    if (pending == NULL)
        return -1;
    pending->is_started = true;
    pending->started_at = attempt->at;
    return 0;
}

static int remove_attempt(struct store *store, const struct record_attempt *attempt,
                          struct error *err)
{
    STATEMENT(s);
    STATEMENT(start);
    if (statement_open(&start, store, "DELETE FROM attempt_start WHERE attempt_id = ?1", err) != 0)
        return -1;
    statement_int(&start, attempt->attempt_id);
    if (statement_run(&start, err) != 0 ||
        statement_open(&s, store, "DELETE FROM attempt WHERE id = ?1 AND state = 0", err) != 0)
        return -1;
    statement_int(&s, attempt->attempt_id);
    return statement_run_one(&s, "granted attempt", err);
}

static int end_attempt(struct store *store, const struct record_attempt *attempt, struct error *err)
{
    if (attempt->outcome.end == ATTEMPT_END_REVOKED)
        return remove_attempt(store, attempt, err);
    struct pending_attempt *pending = pending_attempt(store, attempt->attempt_id, err);
    if (pending == NULL)
        return -1;
    pending->is_ended = true;
    pending->outcome = attempt->outcome;
    pending->ended_at = attempt->at;
    return 0;
}

static int record_attempt(struct store *store, const struct record_attempt *attempt,
                          struct error *err)
{
    switch (attempt->state) {
    case ATTEMPT_GRANTED:
        return add_attempt(store, attempt, err);
    case ATTEMPT_RUNNING:
        return start_attempt(store, attempt, err);
    case ATTEMPT_ENDED:
        return end_attempt(store, attempt, err);
    }
    return error_set(err, ERROR_KIND_BUG, "an attempt has no state %d", (int)attempt->state);
}

static int record_run(struct store *store, const struct record_run *run, struct error *err)
{
    int64_t event_id;
    struct commit_event event = {.kind = VIEW_EVENT_RUN,
                                 .at = run->at,
                                 .run_id = run->run_id,
                                 .node = STORE_NO_NODE,
                                 .state = (int)run->state,
                                 .tries = run->opening};
    if (commit_event(store, &event, &event_id, err) != 0)
        return -1;
    return pending_add_run(store, run, err);
}

int store_apply(struct store *store, const struct action *action, struct error *err)
{
    if (store_require_batch(store, err) != 0)
        return -1;
    switch (action->kind) {
    case ACTION_RECORD_TASK:
        return record_task(store, &action->task, err);
    case ACTION_RECORD_ATTEMPT:
        return record_attempt(store, &action->attempt, err);
    case ACTION_RECORD_RUN:
        return record_run(store, &action->run, err);
    case ACTION_GRANT:
    case ACTION_REVOKE:
    case ACTION_STOP:
    case ACTION_LOOK:
        break;
    }
    return error_set(err, ERROR_KIND_BUG, "only records go into the store");
}

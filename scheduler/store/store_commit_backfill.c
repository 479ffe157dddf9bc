/* Backfills and their dates. */
#include "scheduler/store/store_backfill.h"

#include "scheduler/store/commit_pending.h"

#include <string.h>

int64_t store_take_backfill_id(struct store *store)
{
    return store->next_backfill_id++;
}

static int fail_bug(struct store *store, const char *what, struct error *err)
{
    struct error ours = {0};
    error_set(&ours, ERROR_KIND_BUG, "%s", what);
    if (err != NULL)
        *err = ours;
    return store_spoil(store, &ours);
}

/* ---- a new one ---- */

struct summary { /* of all dates, fixed when the backfill is made */
    const char *first;
    const char *last;
    int64_t decided[DATE_DECISION_COUNT];
    int64_t counts[DATE_STATE_COUNT];
};

static int summarize(struct store *store, const struct store_date *dates, size_t date_count,
                     struct summary *ret_summary, struct error *err)
{
    struct summary summary = {.first = "", .last = ""};
    for (size_t i = 0; i < date_count; i++) {
        const struct store_date *date = &dates[i];
        if (date->position < 0 || (size_t)date->position != i)
            return fail_bug(store, "dates of a backfill are not in the order of their positions",
                            err);
        if (i == 0 || strcmp(date->bizdate, summary.first) < 0)
            summary.first = date->bizdate;
        if (strcmp(date->bizdate, summary.last) > 0)
            summary.last = date->bizdate;
        summary.decided[date->decision]++;
        summary.counts[date->state]++;
    }
    *ret_summary = summary;
    return 0;
}

static void append_numbers(struct text *text, const int64_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        text_append_format(text, "%s%lld", i == 0 ? "" : ",", (long long)numbers[i]);
}

static int add_backfill(struct store *store, const struct store_backfill *backfill,
                        const struct summary *summary, int64_t flow_id, struct error *err)
{
    SCOPED_TEXT struct text decided = {0};
    append_numbers(&decided, summary->decided, DATE_DECISION_COUNT);
    STATEMENT(s);
    if (statement_open(&s, store,
                       "INSERT INTO backfill(id, flow_id, version_id, request, typed, ranges,"
                       " first_date, last_date, redo, is_descending, parallel, max_failures,"
                       " priority, selection, who, reason, decided, created_at, state,"
                       " state_reason, opened_at, ended_at, opening_failures)"
                       " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
                       " ?)",
                       err) != 0)
        return -1;
    statement_int(&s, backfill->id);
    statement_int(&s, flow_id);
    statement_int(&s, backfill->version_id);
    statement_text(&s, backfill->request);
    statement_text(&s, backfill->typed);
    statement_text(&s, backfill->ranges);
    statement_text(&s, summary->first);
    statement_text(&s, summary->last);
    statement_int(&s, backfill->redo);
    statement_int(&s, backfill->is_descending);
    statement_int(&s, backfill->parallel);
    statement_int(&s, backfill->max_failures);
    statement_int(&s, backfill->priority);
    statement_text(&s, backfill->selection);
    statement_text(&s, backfill->who);
    statement_text(&s, backfill->reason);
    statement_text(&s, text_string(&decided));
    statement_int(&s, backfill->created_at.us);
    statement_int(&s, backfill->state);
    statement_text(&s, backfill->state_reason);
    statement_int(&s, backfill->opened_at.us);
    statement_int(&s, backfill->ended_at.us);
    statement_int(&s, backfill->opening_failures);
    return statement_run(&s, err);
}

static int add_vars(struct store *store, const struct store_backfill *backfill, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store, "INSERT INTO backfill_var VALUES (?, ?, ?, ?)", err) != 0)
        return -1;
    for (size_t i = 0; i < backfill->var_count; i++) {
        statement_int(&s, backfill->id);
        statement_int(&s, (int64_t)i);
        statement_text(&s, backfill->vars[i].name);
        statement_text(&s, backfill->vars[i].text);
        if (statement_run(&s, err) != 0)
            return -1;
    }
    return 0;
}

static int put_leader(struct store *store, const struct store_backfill *backfill, struct error *err)
{
    STATEMENT(s);
    if (backfill->leader_id == 0)
        return 0;
    if (statement_open(&s, store, "INSERT OR REPLACE INTO backfill_group VALUES (?, ?)", err) != 0)
        return -1;
    statement_int(&s, backfill->id);
    statement_int(&s, backfill->leader_id);
    return statement_run(&s, err);
}

static int add_counts(struct store *store, int64_t backfill_id, const struct summary *summary,
                      struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store, "INSERT INTO backfill_count VALUES (?, ?, ?)", err) != 0)
        return -1;
    for (int state = 0; state < DATE_STATE_COUNT; state++) {
        statement_int(&s, backfill_id);
        statement_int(&s, state);
        statement_int(&s, summary->counts[state]);
        if (statement_run(&s, err) != 0)
            return -1;
    }
    return 0;
}

/* A run that was forgotten after the dates were planned is no run. */
static int add_dates(struct store *store, int64_t backfill_id, const struct store_date *dates,
                     size_t date_count, struct error *err)
{
    SCOPED_TEXT struct text line = {0};
    STATEMENT(s);
    if (statement_open(&s, store,
                       "INSERT INTO backfill_date(backfill_id, position, bizdate, cyctime,"
                       " is_second, decision, state, run_id, reason)"
                       " VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT id FROM run WHERE id = ?), ?)",
                       err) != 0)
        return -1;
    for (size_t i = 0; i < date_count; i++) {
        statement_int(&s, backfill_id);
        statement_int(&s, dates[i].position);
        statement_text(&s, dates[i].bizdate);
        statement_text(&s, dates[i].cyctime);
        statement_int(&s, dates[i].is_second);
        statement_int(&s, dates[i].decision);
        statement_int(&s, dates[i].state);
        statement_int(&s, dates[i].run_id);
        text_clear(&line);
        commit_append_line(&line, dates[i].reason);
        statement_text(&s, text_string(&line));
        if (statement_run(&s, err) != 0)
            return -1;
    }
    return 0;
}

int store_put_backfill(struct store *store, const struct store_backfill *backfill,
                       const struct store_date *dates, size_t date_count, struct error *err)
{
    int64_t flow_id;
    struct summary summary;
    if (store_require_batch(store, err) != 0 ||
        summarize(store, dates, date_count, &summary, err) != 0 ||
        commit_flow_id(store, backfill->flow, &flow_id, err) != 0 ||
        add_backfill(store, backfill, &summary, flow_id, err) != 0 ||
        put_leader(store, backfill, err) != 0 || add_vars(store, backfill, err) != 0 ||
        add_counts(store, backfill->id, &summary, err) != 0 ||
        add_dates(store, backfill->id, dates, date_count, err) != 0)
        return -1;
    if (backfill->id >= store->batch_backfill_id)
        store->batch_backfill_id = backfill->id + 1;
    return 0;
}

/* ---- changes ---- */

static int set_row(struct store *store, const struct store_backfill *backfill, struct error *err)
{
    STATEMENT(s);
    if (store_require_batch(store, err) != 0 ||
        statement_open_beside(
            &s, store,
            "UPDATE backfill SET version_id = ?2, parallel = ?3, max_failures = ?4,"
            " state = ?5, state_reason = ?6, opened_at = ?7, ended_at = ?8,"
            " opening_failures = ?9 WHERE id = ?1",
            err) != 0)
        return -1;
    statement_int(&s, backfill->id);
    statement_int(&s, backfill->version_id);
    statement_int(&s, backfill->parallel);
    statement_int(&s, backfill->max_failures);
    statement_int(&s, backfill->state);
    statement_text(&s, backfill->state_reason);
    statement_int(&s, backfill->opened_at.us);
    statement_int(&s, backfill->ended_at.us);
    statement_int(&s, backfill->opening_failures);
    return statement_run_one(&s, "backfill", err);
}

int store_set_backfill(struct store *store, const struct store_backfill *backfill,
                       struct error *err)
{
    return set_row(store, backfill, err) != 0 ? -1 : put_leader(store, backfill, err);
}

static int count_dates(struct store *store, int64_t backfill_id, int state, int64_t more,
                       struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "UPDATE backfill_count SET dates = dates + ?3"
                       " WHERE backfill_id = ?1 AND state = ?2",
                       err) != 0)
        return -1;
    statement_int(&s, backfill_id);
    statement_int(&s, state);
    statement_int(&s, more);
    return statement_run_one(&s, "backfill", err);
}

struct present { /* of a date, as it is stored */
    int state;   /* -1: there is no such date */
    int64_t run_id;
};

static int read_present(struct store *store, int64_t backfill_id, int32_t position,
                        struct present *ret_present, struct error *err)
{
    STATEMENT(s);
    if (statement_open_beside(&s, store,
                              "SELECT state, run_id FROM backfill_date"
                              " WHERE backfill_id = ? AND position = ?",
                              err) != 0)
        return -1;
    statement_int(&s, backfill_id);
    statement_int(&s, position);
    int row = statement_step(&s, err);
    if (row < 0)
        return -1;
    *ret_present = (struct present){.state = -1};
    if (row == 1)
        *ret_present = (struct present){.state = statement_get_enum(&s, 0, DATE_STATE_COUNT),
                                        .run_id = statement_get_int(&s, 1)};
    return statement_end(&s, err);
}

/* Two statements, because SQLite writes the index of what is named, changed or not. Nothing is
 * changed where the state before, or the run that stays, is another. */
static const char *date_update(bool has_other_run)
{
    return has_other_run
               ? "UPDATE backfill_date SET state = ?3, reason = ?4, run_id = ?5"
                 " WHERE backfill_id = ?1 AND position = ?2 AND state = ?6"
               : "UPDATE backfill_date SET state = ?3, reason = ?4"
                 " WHERE backfill_id = ?1 AND position = ?2 AND run_id IS ?5 AND state = ?6";
}

/* Returns the number of rows changed: one or none. */
static int update_date(struct store *store, int64_t backfill_id, const struct store_date *date,
                       const struct present *before, struct error *err)
{
    SCOPED_TEXT struct text line = {0};
    STATEMENT(s);
    if (statement_open_beside(&s, store, date_update(date->run_id != before->run_id), err) != 0)
        return -1;
    commit_append_line(&line, date->reason);
    statement_int(&s, backfill_id);
    statement_int(&s, date->position);
    statement_int(&s, date->state);
    statement_text(&s, text_string(&line));
    statement_int_or_null(&s, date->run_id);
    statement_int(&s, before->state);
    return statement_run(&s, err) != 0 ? -1 : sqlite3_changes(store->db);
}

/* What nearly every date was before: it waited, or its run was open. */
static struct present likely_before(const struct store_date *date)
{
    if (date->state == DATE_OPEN)
        return (struct present){.state = DATE_WAITING};
    return (struct present){.state = DATE_OPEN, .run_id = date->run_id};
}

int store_set_date(struct store *store, int64_t backfill_id, const struct store_date *date,
                   struct error *err)
{
    struct present before = likely_before(date);
    if (store_require_batch(store, err) != 0)
        return -1;
    int changed = update_date(store, backfill_id, date, &before, err);
    if (changed == 0) {
        if (read_present(store, backfill_id, date->position, &before, err) != 0)
            return -1;
        changed = update_date(store, backfill_id, date, &before, err);
    }
    if (changed < 0)
        return -1;
    if (changed == 0)
        return fail_bug(store, "the store has no such date of a backfill", err);
    if (before.state == (int)date->state)
        return 0;
    return pending_move_date(store, backfill_id, before.state, (int)date->state, err);
}

static int reset_state(struct store *store, int64_t backfill_id, int state, int64_t *count,
                       struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "UPDATE backfill_date SET state = 0, run_id = NULL, reason = ''"
                       " WHERE backfill_id = ? AND state = ?",
                       err) != 0)
        return -1;
    statement_int(&s, backfill_id);
    statement_int(&s, state);
    if (statement_run(&s, err) != 0)
        return -1;
    int64_t changed = sqlite3_changes64(store->db);
    *count += changed;
    if (changed == 0)
        return 0;
    return count_dates(store, backfill_id, state, -changed, err) != 0 ||
                   count_dates(store, backfill_id, DATE_WAITING, changed, err) != 0
               ? -1
               : 0;
}

int store_reset_dates(struct store *store, int64_t backfill_id, uint32_t states, int64_t *ret_count,
                      struct error *err)
{
    int64_t count = 0;
    if (store_require_batch(store, err) != 0)
        return -1;
    for (int state = DATE_WAITING + 1; state < DATE_STATE_COUNT; state++)
        if ((states & (UINT32_C(1) << state)) != 0 &&
            reset_state(store, backfill_id, state, &count, err) != 0)
            return -1;
    *ret_count = count;
    return 0;
}

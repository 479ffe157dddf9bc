#include "scheduler/store/store_prune.h"

#include "scheduler/base/memory.h"
#include "scheduler/store/commit_internal.h"
#include "scheduler/store/view_internal.h"

#include <assert.h>
#include <stdlib.h>

struct ids {
    int64_t *items;
    size_t count;
    size_t capacity;
};

static void free_ids(struct ids *ids)
{
    free(ids->items);
}

static int collect(struct statement *statement, struct ids *ids, struct error *err)
{
    int row;
    while ((row = statement_step(statement, err)) == 1) {
        ids->items = memory_grow(ids->items, ids->count, &ids->capacity, sizeof *ids->items);
        ids->items[ids->count++] = statement_get_int(statement, 0);
    }
    return row;
}

/* Each deletes what hangs on run ?1, in an order that leaves nothing pointing nowhere. */
static const char *const removals[] = {
    "DELETE FROM attempt_table WHERE attempt_id IN (SELECT id FROM attempt WHERE run_id = ?1)",
    "DELETE FROM attempt_output WHERE attempt_id IN (SELECT id FROM attempt WHERE run_id = ?1)",
    "DELETE FROM attempt_start WHERE attempt_id IN (SELECT id FROM attempt WHERE run_id = ?1)",
    "DELETE FROM attempt WHERE run_id = ?1",
    "DELETE FROM node_run WHERE run_id = ?1",
    "DELETE FROM run_param WHERE run_id = ?1",
    "DELETE FROM run_var WHERE run_id = ?1",
    ("INSERT INTO run_error_text(run_error_text, rowid, lines)"
     " SELECT 'delete', run_id, lines FROM run_error WHERE run_id = ?1"),
    "DELETE FROM run_error WHERE run_id = ?1",
    "DELETE FROM operation WHERE run_id = ?1",
    "DELETE FROM event WHERE run_id = ?1",
    "UPDATE backfill_date SET run_id = NULL WHERE run_id = ?1",
    "DELETE FROM run WHERE id = ?1",
};

/* What hangs on backfill ?1 beside its dates. */
static const char *const backfill_removals[] = {
    "DELETE FROM backfill_var WHERE backfill_id = ?1",
    "DELETE FROM backfill_count WHERE backfill_id = ?1",
    "DELETE FROM backfill_group WHERE backfill_id = ?1",
    "DELETE FROM operation WHERE backfill_id = ?1",
    "DELETE FROM backfill WHERE id = ?1",
};

/* The same for a version without runs, then for bytes that nothing names. */
static const char *const version_removals[] = {
    ("DELETE FROM version_file WHERE version_id = ?1"
     " AND NOT EXISTS (SELECT 1 FROM run WHERE version_id = ?1)"
     " AND NOT EXISTS (SELECT 1 FROM backfill WHERE version_id = ?1)"),
    ("DELETE FROM version WHERE id = ?1"
     " AND NOT EXISTS (SELECT 1 FROM run WHERE version_id = ?1)"
     " AND NOT EXISTS (SELECT 1 FROM backfill WHERE version_id = ?1)"),
};

static const char *const blob_removals[] = {
    ("DELETE FROM blob WHERE id = ?1"
     " AND NOT EXISTS (SELECT 1 FROM attempt WHERE text_id = ?1)"
     " AND NOT EXISTS (SELECT 1 FROM version_file WHERE blob_id = ?1)"),
};

static int remove_all(struct store *store, const char *const *removal_texts, size_t text_count,
                      const struct ids *ids, struct error *err)
{
    for (size_t i = 0; i < ids->count; i++)
        for (size_t k = 0; k < text_count; k++) {
            STATEMENT(s);
            if (statement_open(&s, store, removal_texts[k], err) != 0)
                return -1;
            statement_int(&s, ids->items[i]);
            if (statement_run(&s, err) != 0)
                return -1;
        }
    return 0;
}

static int collect_of(struct store *store, const char *sql, const struct ids *of, struct ids *ids,
                      struct error *err)
{
    for (size_t i = 0; i < of->count; i++) {
        STATEMENT(s);
        if (statement_open(&s, store, sql, err) != 0)
            return -1;
        statement_int(&s, of->items[i]);
        if (collect(&s, ids, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- which ---- */

/* Something has happened to a node when it was started, or was decided by hand: as
 * view_date_state() sees it. 2, 3, 6: success, failed, skipped. */
#define HAPPENED(row)                                                                              \
    "(" row ".attempts > 0 OR (" row ".event_id > 0 AND " row ".state IN (2, 3, 6)))"

#define OLD_RUN_COLUMNS "run.id, state, ended_at, flow.name, cyctime, flow_id, bizdate, is_second"

struct old_run {
    struct store_old_run about;
    int64_t flow_id;
    const char *bizdate;
    int64_t is_second;
    struct instant ended;
    bool is_final;
};

static struct old_run read_old_run(struct statement *s)
{
    return (struct old_run){.about = {.id = statement_get_int(s, 0),
                                      .flow = statement_peek_text(s, 3),
                                      .cyctime = statement_peek_text(s, 4)},
                            .is_final = statement_get_int(s, 1) >= RUN_SUCCESS,
                            .ended = statement_get_instant(s, 2),
                            .flow_id = statement_get_int(s, 5),
                            .bizdate = statement_peek_text(s, 6),
                            .is_second = statement_get_int(s, 7)};
}

/* 1 = the statement, with the run's id as its first parameter, has a row. */
static int has_row(struct store *store, const char *sql, int64_t run_id, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store, sql, err) != 0)
        return -1;
    statement_int(&s, run_id);
    return statement_step(&s, err);
}

/* Whether a run of the same date stays, being open or younger. */
static int has_younger(struct store *store, const struct old_run *run, struct instant before,
                       struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT 1 FROM run INDEXED BY run_by_flow_date WHERE flow_id = ?"
                       " AND bizdate = ? AND cyctime = ? AND is_second = ? AND id <> ?"
                       " AND (state < 2 OR ended_at >= ?) LIMIT 1",
                       err) != 0)
        return -1;
    statement_int(&s, run->flow_id);
    statement_text(&s, run->bizdate);
    statement_text(&s, run->about.cyctime);
    statement_int(&s, run->is_second);
    statement_int(&s, run->about.id);
    statement_int(&s, before.us);
    return statement_step(&s, err);
}

/* Whether it has a node to which nothing happened later in any run of its date. */
static int decides_a_node(struct store *store, int64_t run_id, struct error *err)
{
    return has_row(
        store,
        "SELECT 1 FROM run AS own JOIN node_run AS mine ON mine.run_id = own.id"
        " WHERE own.id = ?1 AND " HAPPENED(
            "mine") " AND NOT EXISTS (SELECT 1"
                    " FROM run AS other INDEXED BY run_by_flow_date"
                    " CROSS JOIN node_run AS later ON later.run_id = other.id"
                    "  AND later.node_id = mine.node_id"
                    " WHERE other.flow_id = own.flow_id AND other.bizdate = own.bizdate"
                    "  AND other.cyctime = own.cyctime AND other.is_second = own.is_second"
                    "  AND other.id <> ?1 AND later.event_id > mine.event_id"
                    "  AND " HAPPENED("later") ") LIMIT 1",
        run_id, err);
}

static int has_open_attempt(struct store *store, int64_t run_id, struct error *err)
{
    return has_row(store, "SELECT 1 FROM attempt WHERE run_id = ? AND state < 2 LIMIT 1", run_id,
                   err);
}

/* 1 = an old final run stays all the same. */
static int is_kept(struct store *store, const struct store_pruning *pruning,
                   const struct old_run *run, struct error *err)
{
    if (pruning->keeps != NULL && pruning->keeps(pruning->owner, &run->about))
        return 1;
    int result = has_open_attempt(store, run->about.id, err);
    if (result == 0)
        result = has_row(store,
                         "SELECT 1 FROM backfill_date INDEXED BY backfill_date_by_run"
                         " JOIN backfill ON backfill.id = backfill_id"
                         " WHERE run_id = ? AND backfill.state < 2 LIMIT 1",
                         run->about.id, err);
    if (result != 0)
        return result;
    result = has_younger(store, run, pruning->before, err);
    return result == 1 ? decides_a_node(store, run->about.id, err) : result;
}

/* 1 = it goes. */
static int is_going(struct store *store, const struct store_pruning *pruning,
                    const struct old_run *run, struct error *err)
{
    if (!run->is_final || instant_compare(run->ended, pruning->before) >= 0)
        return 0;
    int result = is_kept(store, pruning, run, err);
    return result < 0 ? -1 : result == 0;
}

/* Looks on behind *after, which is moved. */
static int find_runs(struct store *store, const struct store_pruning *pruning, struct ids *ids,
                     int64_t *after, struct error *err)
{
    int row = 0;
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT " OLD_RUN_COLUMNS " FROM run JOIN flow ON flow.id = flow_id"
                       " WHERE run.id > ? ORDER BY run.id LIMIT ?",
                       err) != 0)
        return -1;
    statement_int(&s, *after);
    statement_int(&s, (int64_t)pruning->max_runs * STORE_PRUNE_LOOK_RUNS);
    while (ids->count < (size_t)pruning->max_runs && (row = statement_step(&s, err)) == 1) {
        struct old_run run = read_old_run(&s);
        int result = is_going(store, pruning, &run, err);
        if (result < 0)
            return -1;
        *after = run.about.id;
        if (result == 1) {
            ids->items = memory_grow(ids->items, ids->count, &ids->capacity, sizeof *ids->items);
            ids->items[ids->count++] = run.about.id;
        }
    }
    return row < 0 ? -1 : 0;
}

/* ---- one step ---- */

/* Ids of events go on from the newest: if that one goes, a line takes its place before. */
static int keep_newest_event(struct store *store, const struct ids *runs, struct instant at,
                             struct error *err)
{
    int64_t newest;
    if (store_read_int(store,
                       "SELECT coalesce(run_id, 0) FROM event WHERE id ="
                       " (SELECT max(id) FROM event)",
                       &newest, err) != 0)
        return -1;
    for (size_t i = 0; i < runs->count; i++) {
        if (runs->items[i] == newest)
            return store_put_note(store, NULL, "old runs were removed", at, err);
    }
    return 0;
}

/* Versions that nothing is made of any more, with their files and other texts. */
static int remove_versions(struct store *store, const struct ids *versions, struct ids *blobs,
                           struct error *err)
{
    if (collect_of(store, "SELECT blob_id FROM version_file WHERE version_id = ?", versions, blobs,
                   err) != 0 ||
        remove_all(store, version_removals, sizeof version_removals / sizeof *version_removals,
                   versions, err) != 0)
        return -1;
    return remove_all(store, blob_removals, sizeof blob_removals / sizeof *blob_removals, blobs,
                      err);
}

static int remove_runs(struct store *store, const struct ids *runs, struct instant at,
                       struct error *err)
{
    SCOPED(free_ids) struct ids versions = {0};
    SCOPED(free_ids) struct ids blobs = {0};
    if (keep_newest_event(store, runs, at, err) != 0 ||
        collect_of(store, "SELECT version_id FROM run WHERE id = ?", runs, &versions, err) != 0 ||
        collect_of(store, "SELECT text_id FROM attempt WHERE run_id = ? AND text_id IS NOT NULL",
                   runs, &blobs, err) != 0 ||
        remove_all(store, removals, sizeof removals / sizeof *removals, runs, err) != 0)
        return -1;
    return remove_versions(store, &versions, &blobs, err);
}

static int prune_runs(struct store *store, struct store_pruning *pruning, struct error *err)
{
    SCOPED(free_ids) struct ids runs = {0};
    int64_t before = pruning->after;
    if (find_runs(store, pruning, &runs, &pruning->after, err) != 0 ||
        (!pruning->is_dry_run && runs.count > 0 &&
         remove_runs(store, &runs, pruning->before, err) != 0))
        return -1;
    pruning->runs += (int64_t)runs.count;
    pruning->has_all_runs = pruning->after == before;
    return 0;
}

/* ---- backfills ---- */

/* While one of its runs stays, what "backfill 12" means there is kept. */
static int find_backfill(struct store *store, struct instant before, struct ids *ids,
                         struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT id FROM backfill INDEXED BY backfill_ended"
                       " WHERE state >= 2 AND ended_at < ? AND NOT EXISTS (SELECT 1"
                       "  FROM backfill_date WHERE backfill_id = backfill.id"
                       "  AND run_id IS NOT NULL) ORDER BY ended_at LIMIT 1",
                       err) != 0)
        return -1;
    statement_int(&s, before.us);
    return collect(&s, ids, err);
}

/* Its first dates; 1 = there were as many as a step takes. */
static int remove_dates(struct store *store, int64_t backfill_id, int32_t max, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "DELETE FROM backfill_date WHERE backfill_id = ?1 AND position IN"
                       " (SELECT position FROM backfill_date WHERE backfill_id = ?1"
                       "  ORDER BY position LIMIT ?2)",
                       err) != 0)
        return -1;
    statement_int(&s, backfill_id);
    statement_int(&s, max);
    if (statement_run(&s, err) != 0)
        return -1;
    return sqlite3_changes(store->db) == max;
}

static int remove_backfill(struct store *store, const struct ids *one, struct error *err)
{
    SCOPED(free_ids) struct ids versions = {0};
    SCOPED(free_ids) struct ids blobs = {0};
    if (collect_of(store, "SELECT version_id FROM backfill WHERE id = ?", one, &versions, err) !=
            0 ||
        remove_all(store, backfill_removals, sizeof backfill_removals / sizeof *backfill_removals,
                   one, err) != 0)
        return -1;
    return remove_versions(store, &versions, &blobs, err);
}

/* One backfill, or the first of its dates. */
static int prune_backfill(struct store *store, struct store_pruning *pruning, struct error *err)
{
    SCOPED(free_ids) struct ids one = {0};
    if (find_backfill(store, pruning->before, &one, err) != 0)
        return -1;
    pruning->has_all_backfills = one.count == 0;
    if (pruning->has_all_backfills)
        return 0;
    int has_more =
        remove_dates(store, one.items[0], pruning->max_runs * STORE_PRUNE_LOOK_RUNS, err);
    if (has_more != 0)
        return has_more < 0 ? -1 : 0;
    pruning->backfills++;
    return remove_backfill(store, &one, err);
}

/* ---- lines of the story about no run ---- */

/* Lines are in the order of time: the first young one ends it. The newest stays, so that ids go
 * on. */
static int find_lines(struct store *store, struct store_pruning *pruning, struct ids *lines,
                      struct error *err)
{
    int row;
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT id, at, run_id IS NULL FROM event"
                       " WHERE id > ? AND id < (SELECT max(id) FROM event) ORDER BY id LIMIT ?",
                       err) != 0)
        return -1;
    statement_int(&s, pruning->after_line);
    statement_int(&s, (int64_t)pruning->max_runs * STORE_PRUNE_LOOK_RUNS);
    pruning->is_done = true;
    while ((row = statement_step(&s, err)) == 1) {
        pruning->is_done = statement_get_int(&s, 1) >= pruning->before.us;
        if (pruning->is_done)
            break;
        pruning->after_line = statement_get_int(&s, 0);
        if (statement_get_int(&s, 2) == 0)
            continue;
        lines->items =
            memory_grow(lines->items, lines->count, &lines->capacity, sizeof *lines->items);
        lines->items[lines->count++] = pruning->after_line;
    }
    return row < 0 ? -1 : 0;
}

static int prune_lines(struct store *store, struct store_pruning *pruning, struct error *err)
{
    static const char *const removal[] = {"DELETE FROM event WHERE id = ?1"};
    SCOPED(free_ids) struct ids lines = {0};
    return find_lines(store, pruning, &lines, err) != 0
               ? -1
               : remove_all(store, removal, 1, &lines, err);
}

static int count_backfills(struct store *store, struct store_pruning *pruning, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT count(*) FROM backfill INDEXED BY backfill_ended"
                       " WHERE state >= 2 AND ended_at < ?",
                       err) != 0)
        return -1;
    statement_int(&s, pruning->before.us);
    if (statement_step(&s, err) < 0)
        return -1;
    pruning->backfills = statement_get_int(&s, 0);
    pruning->is_done = true;
    return 0;
}

static int prune_batch(struct store *store, struct store_pruning *pruning, struct error *err)
{
    if (!pruning->has_all_runs)
        return prune_runs(store, pruning, err);
    if (pruning->is_dry_run)
        return count_backfills(store, pruning, err);
    return pruning->has_all_backfills ? prune_lines(store, pruning, err)
                                      : prune_backfill(store, pruning, err);
}

int store_prune(struct store *store, struct store_pruning *pruning, struct error *err)
{
    struct store_pruning next = *pruning;
    VIEW_MOMENT(moment);
    assert(next.max_runs >= 1 && next.max_runs <= STORE_PRUNE_MAX_RUNS);
    if ((next.is_dry_run ? view_enter(&moment, store, err) : store_begin(store, err)) != 0)
        return -1;
    int result = prune_batch(store, &next, err);
    if (!next.is_dry_run && result == 0)
        result = store_commit(store, err);
    else if (!next.is_dry_run)
        store_rollback(store);
    if (result != 0)
        return -1;
    *pruning = next;
    return 0;
}

int store_prune_look(struct store *store, const struct store_pruning *pruning, int64_t run_id,
                     struct store_prune_state *ret_state, struct error *err)
{
    VIEW_MOMENT(moment);
    STATEMENT(s);
    if (view_enter(&moment, store, err) != 0 ||
        statement_open(&s, store,
                       "SELECT " OLD_RUN_COLUMNS
                       " FROM run JOIN flow ON flow.id = flow_id WHERE run.id = ?",
                       err) != 0)
        return -1;
    statement_int(&s, run_id);
    int row = statement_step(&s, err);
    if (row < 0)
        return -1;
    if (row == 0) {
        *ret_state = (struct store_prune_state){.fate = STORE_PRUNE_GONE};
        return 0;
    }
    struct old_run run = read_old_run(&s);
    int result = is_going(store, pruning, &run, err);
    int open = result == 0 && run.is_final ? has_open_attempt(store, run_id, err) : !run.is_final;
    if (result < 0 || open < 0)
        return -1;
    ret_state->ended = run.ended;
    ret_state->fate = open == 1     ? STORE_PRUNE_OPEN
                      : result == 1 ? STORE_PRUNE_GOES
                                    : STORE_PRUNE_STAYS;
    return 0;
}

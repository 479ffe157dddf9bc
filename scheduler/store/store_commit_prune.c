/* Forgetting old runs. */
#include "scheduler/base/memory.h"
#include "scheduler/store/commit_internal.h"

#include <assert.h>
#include <stdlib.h>

#define MAX_PRUNED_RUNS 1000 /* in one step */

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
    "DELETE FROM attempt WHERE run_id = ?1",
    "DELETE FROM node_run WHERE run_id = ?1",
    "DELETE FROM run_param WHERE run_id = ?1",
    "DELETE FROM run_var WHERE run_id = ?1",
    ("INSERT INTO run_error_text(run_error_text, rowid, lines)"
     " SELECT 'delete', run_id, lines FROM run_error WHERE run_id = ?1"),
    "DELETE FROM run_error WHERE run_id = ?1",
    "DELETE FROM operation WHERE run_id = ?1",
    "DELETE FROM event WHERE run_id = ?1",
    "DELETE FROM run WHERE id = ?1",
};

/* The same for a version without runs, then for bytes that nothing names. */
static const char *const version_removals[] = {
    ("DELETE FROM version_file WHERE version_id = ?1"
     " AND NOT EXISTS (SELECT 1 FROM run WHERE version_id = ?1)"),
    ("DELETE FROM version WHERE id = ?1"
     " AND NOT EXISTS (SELECT 1 FROM run WHERE version_id = ?1)"),
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

static int find_runs(struct store *store, struct instant before, int32_t max_runs, struct ids *ids,
                     struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT id FROM run WHERE state >= 2 AND ended_at < ? ORDER BY id LIMIT ?",
                       err) != 0)
        return -1;
    statement_int(&s, before.us);
    statement_int(&s, max_runs);
    return collect(&s, ids, err);
}

static int prune_batch(struct store *store, struct instant before, int32_t max_runs,
                       int32_t *ret_removed, struct error *err)
{
    SCOPED(free_ids) struct ids runs = {0};
    SCOPED(free_ids) struct ids versions = {0};
    SCOPED(free_ids) struct ids blobs = {0};
    if (find_runs(store, before, max_runs, &runs, err) != 0 ||
        collect_of(store, "SELECT version_id FROM run WHERE id = ?", &runs, &versions, err) != 0 ||
        collect_of(store, "SELECT text_id FROM attempt WHERE run_id = ? AND text_id IS NOT NULL",
                   &runs, &blobs, err) != 0 ||
        collect_of(store, "SELECT blob_id FROM version_file WHERE version_id = ?", &versions,
                   &blobs, err) != 0)
        return -1;
    if (runs.count > 0) {
        SCOPED_TEXT struct text note = {0};
        text_append_format(&note, "%zu old runs were removed", runs.count);
        /* It also keeps the newest event's id, so that no cursor ever goes back. */
        if (store_put_note(store, NULL, text_string(&note), before, err) != 0)
            return -1;
    }
    if (remove_all(store, removals, sizeof removals / sizeof *removals, &runs, err) != 0 ||
        remove_all(store, version_removals, sizeof version_removals / sizeof *version_removals,
                   &versions, err) != 0 ||
        remove_all(store, blob_removals, sizeof blob_removals / sizeof *blob_removals, &blobs,
                   err) != 0)
        return -1;
    *ret_removed = (int32_t)runs.count;
    return 0;
}

int store_prune(struct store *store, struct instant before, int32_t max_runs, int32_t *ret_removed,
                struct error *err)
{
    int32_t removed = 0;
    assert(max_runs >= 1 && max_runs <= MAX_PRUNED_RUNS);
    if (store_begin(store, err) != 0)
        return -1;
    if (prune_batch(store, before, max_runs, &removed, err) != 0) {
        store_rollback(store);
        return -1;
    }
    if (store_commit(store, err) != 0)
        return -1;
    *ret_removed = removed;
    return 0;
}

#include "scheduler/store/store.h"

#include "scheduler/base/scope.h"
#include "scheduler/store/statement.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

const char *store_path(const struct store *store)
{
    return store->path;
}

bool store_is_writer(const struct store *store)
{
    return store->is_writer;
}

bool store_is_in_batch(const struct store *store)
{
    return store->is_in_batch;
}

int store_execute(struct store *store, const char *sql, struct error *err)
{
    int result = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? 0 : store_fail(store, result, err);
}

int store_read_int(struct store *store, const char *sql, int64_t *ret_value, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store, sql, err) != 0)
        return -1;
    int row = statement_step(&s, err);
    if (row < 0)
        return -1;
    *ret_value = row == 0 ? 0 : statement_get_int(&s, 0);
    return 0;
}

static int step_once(struct store *store, const char *sql, struct error *err)
{
    STATEMENT(s);
    return statement_open(&s, store, sql, err) != 0 ? -1 : statement_run(&s, err);
}

int store_begin_at(struct store *store, const char *file, int line, struct error *err)
{
    if (store->is_in_batch)
        return error_set(err, ERROR_KIND_BUG,
                         "a batch begins at %s:%d within the one that began at %s:%d", file, line,
                         store->begin_file, store->begin_line);
    if (!store->is_writer || store->is_reading)
        return error_set(err, ERROR_KIND_BUG, "%s:%d writes to a store that is open for reading",
                         file, line);
    if (step_once(store, "BEGIN IMMEDIATE", err) != 0)
        return -1;
    store->is_in_batch = true;
    store->is_spoiled = false;
    store->batch++;
    store->boot.name[0] = '\0';
    store->blob.name[0] = '\0';
    store->flow.name[0] = '\0';
    store->begin_file = file;
    store->begin_line = line;
    return 0;
}

void store_rollback(struct store *store)
{
    if (!store->is_in_batch)
        return;
    store->is_in_batch = false;
    store->is_spoiled = false;
    store_drop_pending(store);
    memset(store->uncounted, 0, sizeof store->uncounted);
    store->next_attempt_id = store->stored_attempt_id;
    store->batch_run_id = store->stored_run_id;
    store->batch_backfill_id = store->stored_backfill_id;
    /* SQLite has rolled back by itself after some failures. */
    if (!sqlite3_get_autocommit(store->db))
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

int store_require_batch(struct store *store, struct error *err)
{
    if (!store->is_in_batch)
        return error_set(err, ERROR_KIND_BUG, "something is put into the store outside a batch");
    if (!store->is_spoiled)
        return 0;
    if (err != NULL)
        *err = store->spoil;
    return -1;
}

int store_commit(struct store *store, struct error *err)
{
    int result = store_require_batch(store, err);
    if (result == 0)
        result = store_write_pending(store, err);
    if (result == 0)
        result = store_write_counters(store, err);
    store->is_committing = true;
    if (result == 0)
        result = step_once(store, "COMMIT", err);
    store->is_committing = false;
    if (result != 0) {
        store_rollback(store);
        return -1;
    }
    store->is_in_batch = false;
    store->stored_attempt_id = store->next_attempt_id;
    store->stored_run_id = store->batch_run_id;
    store->stored_backfill_id = store->batch_backfill_id;
    return 0;
}

int store_begin_reading(struct store *store, struct error *err)
{
    assert(!store->is_reading && !store->is_in_batch);
    if (step_once(store, "BEGIN", err) != 0)
        return -1;
    store->is_reading = true;
    return 0;
}

void store_end_reading(struct store *store)
{
    if (!store->is_reading)
        return;
    store->is_reading = false;
    if (!sqlite3_get_autocommit(store->db))
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

int64_t store_take_run_id(struct store *store)
{
    return store->next_run_id++;
}

int64_t store_next_attempt_id(const struct store *store)
{
    return store->next_attempt_id;
}

static int read_counter(struct store *store, const char *sql, int64_t *ret_value, struct error *err)
{
    int64_t value;
    if (store_read_int(store, sql, &value, err) != 0)
        return -1;
    if (value < 0 || value == INT64_MAX)
        return store_fail_damaged(store, "its counters cannot be", err);
    *ret_value = value < 1 ? 1 : value;
    return 0;
}

int store_read_counters(struct store *store, struct error *err)
{
    if (read_counter(store, "SELECT value FROM meta WHERE name = 'next_run_id'",
                     &store->next_run_id, err) != 0 ||
        read_counter(store, "SELECT value FROM meta WHERE name = 'next_attempt_id'",
                     &store->next_attempt_id, err) != 0 ||
        read_counter(store, "SELECT value FROM meta WHERE name = 'next_backfill_id'",
                     &store->next_backfill_id, err) != 0)
        return -1;
    store->stored_run_id = store->next_run_id;
    store->batch_run_id = store->next_run_id;
    store->stored_attempt_id = store->next_attempt_id;
    store->stored_backfill_id = store->next_backfill_id;
    store->batch_backfill_id = store->next_backfill_id;
    return 0;
}

int store_data_version(struct store *store, int64_t *ret_version, struct error *err)
{
    return store_read_int(store, "PRAGMA data_version", ret_version, err);
}

int store_checkpoint(struct store *store, struct error *err)
{
    if (store->is_in_batch)
        return error_set(err, ERROR_KIND_BUG, "a checkpoint within a batch");
    int result = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return result == SQLITE_OK || result == SQLITE_BUSY ? 0 : store_fail(store, result, err);
}

static int64_t size_of_file(const struct store *store, const char *suffix)
{
    SCOPED_TEXT struct text path = {0};
    text_append_format(&path, "%s%s", store->path, suffix);
    struct stat facts;
    return stat(text_string(&path), &facts) == 0 ? (int64_t)facts.st_size : 0;
}

void store_measure_files(const struct store *store, struct store_figures *figures)
{
    figures->file_bytes = size_of_file(store, "");
    figures->wal_bytes = size_of_file(store, "-wal");
}

int store_measure(struct store *store, struct store_figures *ret_figures, struct error *err)
{
    int64_t version;
    char mount[512];
    struct store_figures figures = {0};
    if (store_read_int(store, "PRAGMA user_version", &version, err) != 0)
        return -1;
    figures.schema_version = (int32_t)version;
    store_measure_files(store, &figures);
    if (store_find_space(store->path, mount, sizeof mount, &figures.free_bytes) != 0)
        figures.free_bytes = 0;
    *ret_figures = figures;
    return 0;
}

const char *store_library_version(struct arena *arena)
{
    return arena_copy_string(arena, sqlite3_libversion());
}

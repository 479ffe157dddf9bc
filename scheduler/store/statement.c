#include "scheduler/store/statement.h"

#include "scheduler/engine/event.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

static struct store_cached *find_slot(struct store *store, const char *sql)
{
    size_t slot = ((uintptr_t)sql >> 3) * 2654435761u % STORE_MAX_STATEMENTS;
    while (store->statements[slot].sql != NULL && store->statements[slot].sql != sql)
        slot = (slot + 1) % STORE_MAX_STATEMENTS;
    return &store->statements[slot];
}

int statement_open(struct statement *statement, struct store *store, const char *sql,
                   struct error *err)
{
    if (store_has_pending(store) && store_write_pending(store, err) != 0)
        return -1;
    return statement_open_beside(statement, store, sql, err);
}

int statement_open_beside(struct statement *statement, struct store *store, const char *sql,
                          struct error *err)
{
    *statement = (struct statement){.store = store, .result = SQLITE_OK};
    struct store_cached *cached = find_slot(store, sql);
    if (cached->sql == NULL) {
        sqlite3_stmt *handle = NULL;
        int result =
            sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, NULL);
        if (result != SQLITE_OK)
            return store_fail(store, result, err);
        assert(store->statement_count < STORE_MAX_STATEMENTS - 1);
        *cached = (struct store_cached){.sql = sql, .handle = handle};
        store->statement_count++;
    }
    assert(!sqlite3_stmt_busy(cached->handle));
    statement->handle = cached->handle;
    return 0;
}

void statement_close(struct statement *statement)
{
    if (statement->handle == NULL)
        return;
    sqlite3_reset(statement->handle);
    sqlite3_clear_bindings(statement->handle);
    statement->handle = NULL;
}

static void note_result(struct statement *statement, int result)
{
    if (result != SQLITE_OK && statement->result == SQLITE_OK)
        statement->result = result;
}

void statement_int(struct statement *statement, int64_t value)
{
    note_result(statement, sqlite3_bind_int64(statement->handle, ++statement->bound, value));
}

void statement_text(struct statement *statement, const char *text)
{
    note_result(statement, sqlite3_bind_text(statement->handle, ++statement->bound,
                                             text == NULL ? "" : text, -1, SQLITE_STATIC));
}

void statement_text_or_null(struct statement *statement, const char *text)
{
    if (text != NULL && text[0] != '\0')
        statement_text(statement, text);
    else
        note_result(statement, sqlite3_bind_null(statement->handle, ++statement->bound));
}

void statement_bytes(struct statement *statement, const void *bytes, size_t length)
{
    note_result(statement, sqlite3_bind_blob64(statement->handle, ++statement->bound,
                                               length == 0 ? "" : bytes, length, SQLITE_STATIC));
}

void statement_int_or_null(struct statement *statement, int64_t value)
{
    if (value != 0)
        statement_int(statement, value);
    else
        note_result(statement, sqlite3_bind_null(statement->handle, ++statement->bound));
}

int statement_step(struct statement *statement, struct error *err)
{
    if (statement->result != SQLITE_OK)
        return store_fail(statement->store, statement->result, err);
    if (statement_end(statement, err) != 0)
        return -1;
    int result = sqlite3_step(statement->handle);
    if (result == SQLITE_ROW)
        return 1;
    if (result == SQLITE_DONE)
        return 0;
    return store_fail(statement->store, result, err);
}

int statement_run(struct statement *statement, struct error *err)
{
    int row = statement_step(statement, err);
    sqlite3_reset(statement->handle);
    statement->bound = 0;
    return row < 0 ? -1 : 0;
}

int statement_run_one(struct statement *statement, const char *what, struct error *err)
{
    if (statement_run(statement, err) != 0)
        return -1;
    if (sqlite3_changes(statement->store->db) == 1)
        return 0;
    struct error ours = {0};
    error_set(&ours, ERROR_KIND_BUG, "the store has no such %s", what);
    if (err != NULL)
        *err = ours;
    return store_spoil(statement->store, &ours);
}

int statement_end(struct statement *statement, struct error *err)
{
    if (!statement->is_damaged)
        return 0;
    return store_fail_damaged(statement->store, "it holds a value that cannot be", err);
}

int64_t statement_get_int(struct statement *statement, int column)
{
    return sqlite3_column_int64(statement->handle, column);
}

int32_t statement_get_int32(struct statement *statement, int column)
{
    int64_t value = statement_get_int(statement, column);
    if (value >= INT32_MIN && value <= INT32_MAX)
        return (int32_t)value;
    statement->is_damaged = true;
    return 0;
}

struct instant statement_get_instant(struct statement *statement, int column)
{
    return (struct instant){statement_get_int(statement, column)};
}

bool statement_get_bool(struct statement *statement, int column)
{
    return statement_get_int(statement, column) != 0;
}

uint32_t statement_get_index(struct statement *statement, int column)
{
    if (statement_get_is_null(statement, column))
        return UINT32_MAX;
    int64_t value = statement_get_int(statement, column);
    if (value >= 0 && value < ENGINE_MAX_NODES)
        return (uint32_t)value;
    statement->is_damaged = true;
    return 0;
}

int statement_get_enum(struct statement *statement, int column, int count)
{
    int64_t value = statement_get_int(statement, column);
    if (value >= 0 && value < count)
        return (int)value;
    statement->is_damaged = true;
    return 0;
}

const char *statement_get_text(struct statement *statement, int column, struct arena *arena)
{
    const unsigned char *text = sqlite3_column_text(statement->handle, column);
    int length = sqlite3_column_bytes(statement->handle, column);
    if (text == NULL || length <= 0)
        return "";
    return arena_copy(arena, (const char *)text, (size_t)length);
}

const char *statement_peek_text(struct statement *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement->handle, column);
    return text == NULL ? "" : (const char *)text;
}

bool statement_get_is_null(struct statement *statement, int column)
{
    return sqlite3_column_type(statement->handle, column) == SQLITE_NULL;
}

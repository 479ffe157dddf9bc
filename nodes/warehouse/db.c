#include "nodes/warehouse/db.h"

#include "nodes/warehouse/failure.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

int db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret_statement, struct error *err)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        return failure_set_sqlite(err, db, "cannot read the catalogue");
    *ret_statement = statement;
    return 0;
}

static void bind(sqlite3_stmt *statement, const char *format, va_list args)
{
    assert(sqlite3_bind_parameter_count(statement) == (int)strlen(format));
    for (int i = 0; format[i] != '\0'; i++) {
        if (format[i] == 'i')
            sqlite3_bind_int64(statement, i + 1, va_arg(args, int64_t));
        else
            sqlite3_bind_text(statement, i + 1, va_arg(args, const char *), -1, SQLITE_STATIC);
    }
}

void db_bind(sqlite3_stmt *statement, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bind(statement, format, args);
    va_end(args);
}

int db_step(sqlite3_stmt *statement, struct error *err)
{
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        return 1;
    if (code == SQLITE_DONE)
        return 0;
    return failure_set_sqlite(err, sqlite3_db_handle(statement), "cannot use the catalogue");
}

int db_run(sqlite3 *db, struct error *err, const char *sql, const char *format, ...)
{
    sqlite3_stmt *statement;
    if (db_prepare(db, sql, &statement, err) != 0)
        return -1;
    va_list args;
    va_start(args, format);
    bind(statement, format, args);
    va_end(args);
    int stepped = 1;
    while (stepped == 1)
        stepped = db_step(statement, err);
    sqlite3_finalize(statement);
    return stepped;
}

int db_script(sqlite3 *db, const char *sql, struct error *err)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return failure_set_sqlite(err, db, "cannot use the catalogue");
    return 0;
}

const char *db_text(sqlite3_stmt *statement, int column, struct arena *arena)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    if (text == NULL)
        return "";
    return arena_copy(arena, text, (size_t)sqlite3_column_bytes(statement, column));
}

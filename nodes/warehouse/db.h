/* SQLite statements of the catalogue with our errors. */
#ifndef DATEMILL_NODES_WAREHOUSE_DB_H
#define DATEMILL_NODES_WAREHOUSE_DB_H

#include "scheduler/base/arena.h"
#include "scheduler/base/error.h"

#include <sqlite3.h>
#include <stdint.h>

#define SCOPED_STATEMENT __attribute__((cleanup(db_finalize)))

static inline void db_finalize(sqlite3_stmt **statement)
{
    sqlite3_finalize(*statement);
}

int db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret_statement, struct error *err);

/* `format` has one letter for each `?`: i = int64_t, s = const char * (NULL is NULL; it must
 * outlive the statement). */
void db_bind(sqlite3_stmt *statement, const char *format, ...);

/* 1 = a row, 0 = done, -1 = error. */
int db_step(sqlite3_stmt *statement, struct error *err);

/* Prepares, binds, steps to the end. */
int db_run(sqlite3 *db, struct error *err, const char *sql, const char *format, ...);

/* Several statements without parameters. */
int db_script(sqlite3 *db, const char *sql, struct error *err);

/* A text column; "" for NULL. Belongs to the arena. */
const char *db_text(sqlite3_stmt *statement, int column, struct arena *arena);

#endif

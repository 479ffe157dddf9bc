/* A prepared statement in use: bind, step, read, let go.
 *
 *     STATEMENT(s);
 *     if (statement_open(&s, store, "SELECT name FROM flow WHERE id = ?1", err) != 0)
 *         return -1;
 *     statement_int(&s, 12);
 *     int row = statement_step(&s, err);      // 1 = a row, 0 = no more, -1 = failed
 *
 * Statements are prepared once and kept, found by the address of their text: so the text must be
 * a literal or a static array. Parameters are bound in order. Numbers of enums are checked as
 * they are read: one that cannot be makes the next statement_step() or statement_end() fail
 * (E503). */
#ifndef DATEMILL_STORE_STATEMENT_H
#define DATEMILL_STORE_STATEMENT_H

#include "scheduler/base/arena.h"
#include "scheduler/base/instant.h"
#include "scheduler/base/scope.h"
#include "scheduler/store/store_internal.h"

struct statement {
    struct store *store;
    sqlite3_stmt *handle; /* NULL = nothing to let go */
    int bound;            /* parameters so far */
    int result;           /* first failure of a bind, else SQLITE_OK */
    bool is_damaged;      /* a value read cannot be */
};

/* Declares one that is let go at the end of its scope, opened or not. */
#define STATEMENT(name) SCOPED(statement_close) struct statement name = {.handle = NULL}

/* What the batch has not written yet (commit_pending.h) is written first. */
int statement_open(struct statement *statement, struct store *store, const char *sql,
                   struct error *err);

/* For statements that do not care about rows of attempts and nodes that are not written yet. */
int statement_open_beside(struct statement *statement, struct store *store, const char *sql,
                          struct error *err);
void statement_close(struct statement *statement);

void statement_int(struct statement *statement, int64_t value);
void statement_text(struct statement *statement, const char *text);         /* NULL binds '' */
void statement_text_or_null(struct statement *statement, const char *text); /* "" and NULL: NULL */
void statement_bytes(struct statement *statement, const void *bytes, size_t length);
void statement_int_or_null(struct statement *statement, int64_t value); /* 0: NULL */

int statement_step(struct statement *statement, struct error *err);

/* For statements without rows: steps to the end, and can be bound and run again. */
int statement_run(struct statement *statement, struct error *err);

/* As statement_run(), and fails with a BUG that names `what` unless exactly one row changed. */
int statement_run_one(struct statement *statement, const char *what, struct error *err);

/* After the last row that is wanted: whether all that was read can be. */
int statement_end(struct statement *statement, struct error *err);

int64_t statement_get_int(struct statement *statement, int column);
int32_t statement_get_int32(struct statement *statement, int column); /* out of range: damaged */
struct instant statement_get_instant(struct statement *statement, int column);
bool statement_get_bool(struct statement *statement, int column);
uint32_t statement_get_index(struct statement *statement,
                             int column); /* of a node; NULL: NO_NODE */
int statement_get_enum(struct statement *statement, int column, int count); /* 0 … count-1 */
const char *statement_get_text(struct statement *statement, int column, struct arena *arena);
const char *statement_peek_text(struct statement *statement, int column); /* until the next step */
bool statement_get_is_null(struct statement *statement, int column);

#endif

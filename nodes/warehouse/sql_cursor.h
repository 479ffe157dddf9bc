/* Walking the tokens of one statement: shared by the readers of DDL and of whole statements. */
#ifndef DATEMILL_NODES_WAREHOUSE_SQL_CURSOR_H
#define DATEMILL_NODES_WAREHOUSE_SQL_CURSOR_H

#include "nodes/warehouse/sql_statement.h"

struct sql_cursor {
    const struct sql_source *source;
    size_t at;
    size_t last; /* one behind the statement's last token */
};

bool sql_cursor_is(const struct sql_cursor *cursor, const char *word);
bool sql_cursor_take(struct sql_cursor *cursor,
                     const char *word); /* steps over it if it is there */
int sql_cursor_expect(struct sql_cursor *cursor, const char *word, struct error *err);

/* "expected …, found …" at the cursor. Returns -1. */
int sql_cursor_fail(const struct sql_cursor *cursor, const char *expected, struct error *err);

/* A name of a table or column in small letters; `what` is for the message: "a table's name". */
int sql_cursor_name(struct sql_cursor *cursor, const char *what, const char **ret_name,
                    struct error *err);
int sql_cursor_string(struct sql_cursor *cursor, const char **ret_string, struct error *err);
int sql_cursor_int(struct sql_cursor *cursor, int64_t *ret_value, struct error *err);

/* A value of a partition: a string, a number or a word. */
int sql_cursor_value(struct sql_cursor *cursor, const char **ret_value, struct error *err);

/* Reads CREATE TABLE behind its name, into statement->definition. */
int sql_ddl_read(struct sql_cursor *cursor, struct sql_statement *statement, struct error *err);

/* Reads a type, as in `DECIMAL(38,18)`. */
int sql_ddl_read_type(struct sql_cursor *cursor, struct column_type *ret_type, struct error *err);

#endif

/* What the statements of a file are: everything but the inside of a SELECT is read here. */
#ifndef DATEMILL_NODES_WAREHOUSE_SQL_STATEMENT_H
#define DATEMILL_NODES_WAREHOUSE_SQL_STATEMENT_H

#include "nodes/warehouse/sql_source.h"
#include "nodes/warehouse/table.h"

enum sql_statement_kind {
    SQL_SELECT,
    SQL_INSERT,
    SQL_CREATE_TABLE,
    SQL_DROP_TABLE,
    SQL_TRUNCATE,
    SQL_ADD_PARTITIONS,
    SQL_DROP_PARTITIONS,
    SQL_SHOW_TABLES,
    SQL_SHOW_PARTITIONS,
    SQL_SHOW_CREATE,
    SQL_DESCRIBE,
    SQL_SET
};

/* PARTITION (dt='20211111', region) */
struct sql_partition_item {
    size_t token;      /* of the name */
    const char *name;  /* as written */
    const char *value; /* NULL = dynamic: it comes from the SELECT */
};

struct sql_partition {
    struct sql_partition_item items[WAREHOUSE_MAX_PARTITION_COLUMNS];
    size_t count;
};

struct sql_statement {
    enum sql_statement_kind kind;
    size_t first; /* tokens [first, last) of the source */
    size_t last;
    size_t table_token;
    const char *table;        /* in small letters; NULL where there is none */
    struct table *definition; /* CREATE TABLE */
    bool is_overwrite;        /* INSERT OVERWRITE */
    bool is_tolerant;         /* IF EXISTS, IF NOT EXISTS */
    struct sql_partition *partitions;
    size_t partition_count; /* INSERT: 0 or 1; ALTER, TRUNCATE, DESC, SHOW PARTITIONS: any */
    const size_t *columns;  /* INSERT INTO t (a, b): tokens of the names */
    size_t column_count;    /* 0 = all columns in order */
    size_t query_first;     /* SELECT, INSERT: tokens [query_first, last) */
    const char *key;        /* SET */
    const char *value;
};

/* Reads the statement at `*at`, which moves behind it and its `;`. 1 = there was one, 0 = the end
 * of the file, -1 = an error with its place. Everything belongs to the source's arena. */
int sql_statement_read(const struct sql_source *source, size_t *at,
                       struct sql_statement *ret_statement, struct error *err);

#endif

/* Running the statements of an SQL file, one after another; the first that fails ends it. */
#ifndef DATEMILL_NODES_WAREHOUSE_SCRIPT_H
#define DATEMILL_NODES_WAREHOUSE_SCRIPT_H

#include "nodes/warehouse/catalog.h"
#include "nodes/warehouse/query.h"
#include "nodes/warehouse/sql_statement.h"

#include <stdint.h>

/* What a script tells whoever runs it. Each may be NULL. Returning -1 ends the script. */
struct script_listener {
    /* The result of SELECT, SHOW and DESC: columns by name first, then one call for each row. */
    int (*begin_result)(void *context, const struct query *query, struct error *err);
    int (*row)(void *context, const struct query *query, struct error *err);
    int (*end_result)(void *context, struct error *err);
    int (*line)(void *context, const char *text, struct error *err); /* SHOW, DESC: a line */
    void (*written)(void *context, const char *table, const char *partition, int64_t rows);
    void (*started)(void *context, size_t number, const char *text); /* a statement begins */
    void (*progress)(void *context, int64_t rows);                   /* rows written so far */
    void *context;
};

struct script {
    struct catalog *catalog;
    const struct catalog_writer *writer; /* NULL: only SELECT, SHOW and DESC are allowed */
    const struct script_listener *listener;
};

/* Errors have line and column in the text. `*ret_count` (may be NULL) counts the statements that
 * ran. */
int script_run(const struct script *script, const char *text, size_t length, size_t *ret_count,
               struct error *err);

/* Declares tables: every statement is CREATE TABLE. A table that is there with other columns stays
 * as it is, and `notes` says so. */
int script_declare(const struct script *script, const char *text, size_t length, struct text *notes,
                   struct error *err);

/* script_insert.c: INSERT. `number` is that of the statement in its file. */
int script_insert(const struct script *script, const struct sql_source *source,
                  const struct sql_statement *statement, unsigned number, struct error *err);

/* script_table.c: CREATE, DROP, TRUNCATE, ALTER, and SHOW, DESC. */
int script_change(const struct script *script, const struct sql_source *source,
                  const struct sql_statement *statement, struct error *err);
int script_show(const struct script *script, const struct sql_source *source,
                const struct sql_statement *statement, struct error *err);

/* The table that a statement names, or an error at its name. */
int script_find_table(const struct script *script, const struct sql_source *source,
                      const struct sql_statement *statement, struct table **ret_table,
                      struct error *err);

/* The values of a PARTITION (…), in the order of the table's partition columns. */
struct script_partition {
    const char *values[WAREHOUSE_MAX_PARTITION_COLUMNS]; /* NULL: comes from the query */
    size_t dynamic_count;                                /* how many of those there are */
};

int script_partition_values(const struct sql_source *source, const struct table *table,
                            const struct sql_partition *partition,
                            struct script_partition *ret_partition, struct error *err);

#endif

/* One query: rewritten, given the tables it names as they are now, and stepped through.
 *
 * Each has an SQLite connection of its own, in memory, that can do nothing but read these tables
 * and call our functions. */
#ifndef DATEMILL_NODES_WAREHOUSE_QUERY_H
#define DATEMILL_NODES_WAREHOUSE_QUERY_H

#include "nodes/warehouse/catalog.h"
#include "nodes/warehouse/function.h"
#include "nodes/warehouse/sql_rewrite.h"
#include "nodes/warehouse/table_source.h"

struct query {
    sqlite3 *db;
    sqlite3_stmt *statement;
    struct function_state *functions;
    struct table_sources sources;
    struct sql_rewritten rewritten;
    const struct sql_source *source;
    size_t first; /* token of the source: where a failure is shown that has no better place */
    int column_count;
};

/* Errors have a place in the source. */
int query_open(struct query *query, struct catalog *catalog, struct sql_span span,
               struct error *err);

/* 1 = a row, 0 = the end, -1 = an error. */
int query_step(struct query *query, struct error *err);
void query_close(struct query *query);

/* What a result column is known to be; TYPE_UNKNOWN if it is not. */
enum type_kind query_column_type(const struct query *query, int column);

#endif

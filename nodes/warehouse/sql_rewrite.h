/* Turns a query in MaxCompute's SQL into one that SQLite answers alike.
 *
 * The text keeps its shape; what differs is edited in place. Expressions are read with SQLite's
 * precedences and each gets a type, as far as it can be told: columns by the tables named in the
 * query, aliases by what they stand for, functions by their table. Where both sides of an operator
 * are known to compare alike, it stays SQLite's own (and can prune partitions or use an index);
 * where they are not, or may not be, it becomes a call that decides by the values. So a type that
 * could not be told costs time, never the right answer.
 *
 * Nothing recurses; brackets are limited to WAREHOUSE_MAX_SQL_DEPTH. */
#ifndef DATEMILL_NODES_WAREHOUSE_SQL_REWRITE_H
#define DATEMILL_NODES_WAREHOUSE_SQL_REWRITE_H

#include "nodes/warehouse/sql_source.h"
#include "nodes/warehouse/table.h"
#include "scheduler/base/text.h"

/* Which tables there are. */
struct sql_tables {
    const struct table *(*find)(void *context, const char *name); /* in small letters; or NULL */
    const char *(*suggest)(void *context, const char *name);      /* the nearest name, or NULL */
    void *context;
};

struct sql_mapping {
    size_t at;    /* offset in the rewritten SQL where … */
    size_t token; /* … this token of the source begins */
};

/* GET_JSON_OBJECT(column, 'path') of a table's own column: the table gives it as one more, hidden
 * column, so that sorting and grouping carry the value and not the document. */
struct sql_path {
    const struct table *table;
    size_t column;
    const char *path;
    size_t number; /* among those of the table: its column is called SQL_PATH_NAME and this */
};

#define SQL_PATH_NAME "get_json_object "

/* A column that a query gives. */
struct rewriter_item {
    const char *name; /* in small letters; NULL if it has none */
    enum type_kind type;
    bool is_star; /* it stands for all columns of one or more tables */
};

struct sql_rewritten {
    const char *sql;
    struct sql_mapping *mappings; /* in order */
    size_t mapping_count;
    struct rewriter_item *items; /* what the outermost SELECT lists */
    size_t item_count;
    const struct table **tables; /* those that the query reads, each once */
    size_t table_count;
    struct sql_path *paths;
    size_t path_count;
    const char **names; /* columns and aliases that were seen, for suggestions */
    size_t name_count;
};

/* Everything belongs to the source's arena. */
int sql_rewrite(struct sql_span span, const struct sql_tables *tables,
                struct sql_rewritten *ret_rewritten, struct error *err);

/* The token of the source at an offset of the rewritten SQL. */
size_t sql_rewritten_token(const struct sql_rewritten *rewritten, size_t offset);

#endif

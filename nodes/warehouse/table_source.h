/* A table as SQLite sees it: a virtual table over the files that a snapshot names.
 *
 * Conditions on partition columns (= < <= > >=, and IN, which SQLite turns into several =) decide
 * which files are opened at all. An equality that a join brings for another column is answered from
 * an index that is built once for the statement. Maps stay until the statement ends, since SQLite
 * keeps pointers into them. */
#ifndef DATEMILL_NODES_WAREHOUSE_TABLE_SOURCE_H
#define DATEMILL_NODES_WAREHOUSE_TABLE_SOURCE_H

#include "nodes/warehouse/catalog.h"
#include "nodes/warehouse/json_path.h"
#include "nodes/warehouse/part_file.h"
#include "nodes/warehouse/row_index.h"

#include <sqlite3.h>
#include <stddef.h>

struct table_source_part {
    const struct catalog_partition *partition;
    const struct catalog_part *part;
    struct part_reader reader; /* map == NULL until it is needed */
};

/* An index over one column of those parts that conditions on partitions leave. */
struct table_source_index {
    size_t column;
    bool *is_kept; /* for each part */
    struct row_index rows;
    struct table_source_index *next;
};

/* A hidden column: what a path finds in the documents of a column. */
struct table_source_path {
    size_t column;
    struct json_path *path; /* NULL: no path, so nothing is ever found */
};

/* One table of a statement. */
struct table_source {
    const struct catalog_snapshot *snapshot;
    int files_fd; /* borrowed: the warehouse's files/ */
    struct table_source_part *parts;
    size_t part_count;
    size_t opened_count; /* how many parts were opened */
    struct table_source_index *indexes;
    struct table_source_path *paths; /* hidden columns, in the order of their numbers */
    size_t path_count;
};

/* What a statement reads; registered as the module `warehouse`. */
struct table_sources {
    struct table_source *items;
    size_t count;
};

void table_sources_open(struct table_sources *sources, const struct catalog *catalog,
                        const struct catalog_snapshot *snapshots, size_t count);

/* Gives the table of that name one more hidden column, called `SQL_PATH_NAME<number>`. */
void table_sources_add_path(struct table_sources *sources, const char *table, size_t column,
                            const char *path);
void table_sources_close(struct table_sources *sources);

/* Makes the tables known to the connection under their names. Returns an SQLite code. */
int table_sources_register(struct table_sources *sources, sqlite3 *db);

/* The part's reader, which maps the file when it is first asked for. NULL and an error if it cannot
 * be read. */
struct part_reader *table_source_reader(struct table_source *source, size_t part,
                                        struct error *err);

/* The index over `column` (a data column, or a hidden one behind all others) of the parts that are
 * kept; built if there is none yet. */
struct row_index *table_source_index(struct table_source *source, size_t column,
                                     const bool *is_kept, struct error *err);

/* The document that hidden columns asked for last, laid out. */
struct table_document {
    struct json_tape tape;
    const char *bytes; /* in a map; NULL = none */
    bool is_valid;
    struct json_path_work work;
};

void table_document_free(struct table_document *document);

/* What hidden column `number` has in the reader's row; NULL for NULL. Borrowed from the row or from
 * `document`, until it is used again. */
const char *table_source_path_value(const struct table_source *source,
                                    const struct part_reader *reader, size_t number,
                                    struct table_document *document, size_t *ret_length);

uint64_t table_source_hash_int(int64_t value);

extern const sqlite3_module table_module;

#endif

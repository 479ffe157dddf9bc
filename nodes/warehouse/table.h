/* What a table is, and which partition a row belongs to. */
#ifndef DATEMILL_NODES_WAREHOUSE_TABLE_H
#define DATEMILL_NODES_WAREHOUSE_TABLE_H

#include "nodes/warehouse/column_type.h"
#include "nodes/warehouse/limits.h"
#include "scheduler/base/arena.h"
#include "scheduler/base/error.h"
#include "scheduler/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_column {
    const char *name; /* as declared */
    struct column_type type;
    const char *comment; /* "" = none */
    bool is_required;    /* NOT NULL */
};

/* Everything belongs to the arena it was read into. */
struct table {
    int64_t id;       /* in the catalogue; 0 = not in it yet */
    const char *name; /* in small letters */
    const char *comment;
    int64_t lifecycle_days;       /* 0 = kept for ever */
    struct table_column *columns; /* data columns, then partition columns */
    size_t column_count;          /* of data */
    size_t partition_count;       /* partition columns behind them */
    int64_t created_us;
};

/* The index of a column, data or partition, by name in any case; SIZE_MAX if there is none. */
size_t table_find_column(const struct table *table, const char *name);

static inline const struct table_column *table_partition_column(const struct table *table,
                                                                size_t level)
{
    return &table->columns[table->column_count + level];
}

static inline bool table_is_partitioned(const struct table *table)
{
    return table->partition_count > 0;
}

/* `dt=20211111/region=cn`, "" for a table without partitions. */
void table_format_partition(const struct table *table, const char *const *values, struct text *out);

/* The values of what table_format_partition() wrote; false if it does not fit the table. */
bool table_split_partition(const struct table *table, const char *spec, struct arena *arena,
                           const char ***ret_values);

/* Letters, digits and ` :_$#.!@-`, 1 to 255 bytes, as MaxCompute; a number where the partition
 * column's type is one. */
int table_check_partition_value(const struct table_column *column, const char *value,
                                struct error *err);

/* How the data columns stand in a part file: `column_count` bytes of enum part_class. */
char *table_part_classes(const struct table *table, struct arena *arena);

/* A letter or `_`, then letters, digits and `_`, at most WAREHOUSE_MAX_NAME_BYTES. */
bool table_is_name(const char *name, size_t length);

/* CREATE TABLE … as it would be written. */
void table_format_ddl(const struct table *table, struct text *out);

/* True if both have the same columns. */
bool table_has_same_columns(const struct table *a, const struct table *b);

#endif

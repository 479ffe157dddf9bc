/* Rows of one table, chosen by filters in words, as they stand in a URL: `dt=20211111`,
 * `num__ge=5`. What is asked becomes a SELECT made here; nothing of the words is ever SQL. */
#ifndef DATEMILL_NODES_WAREHOUSE_TABLE_ROWS_H
#define DATEMILL_NODES_WAREHOUSE_TABLE_ROWS_H

#include "nodes/warehouse/table.h"

#define TABLE_ROWS_MAX_FILTERS 16
#define TABLE_ROWS_MAX 10000 /* rows that one request may reach: those skipped and those given */

/* Comparisons behind `__`: ne lt le gt ge; contains (a piece of the text); null (1: has no value,
 * 0: has one). Without one: equal. */
struct table_rows {
    const char *filters[TABLE_ROWS_MAX_FILTERS]; /* `column=value`, `column__ge=value` */
    size_t filter_count;
    const char *sort; /* `column`, `-column` = largest first; NULL = as they were written */
    int64_t offset;
    int64_t limit;
};

/* Appends the SELECT. ERROR_KIND_INVALID: E022 for a column or a comparison that there is not, with
 * did-you-mean, E021 for a value that the column's type cannot have, or numbers out of bounds. */
int table_rows_write_sql(const struct table *table, const struct table_rows *rows, struct text *sql,
                         struct error *err);

#endif

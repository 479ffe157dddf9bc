/* The rows of a query for people and for programs.
 *
 * table: columns lined up by their width on a terminal, NULL dim; widths come from the first rows,
 *        which are held back for that, so that a result of any length needs little memory
 * csv:   RFC 4180 with a header; NULL is empty, an empty text is ""
 * json:  one array of objects, a row a line; DECIMAL and BIGINT are numbers with all digits */
#ifndef DATEMILL_NODES_WAREHOUSE_RESULT_WRITER_H
#define DATEMILL_NODES_WAREHOUSE_RESULT_WRITER_H

#include "nodes/warehouse/query.h"

#include <stdbool.h>
#include <stdio.h>

enum result_format {
    RESULT_TABLE,
    RESULT_CSV,
    RESULT_JSON
};

#define RESULT_HELD_ROWS 1000
#define RESULT_HELD_BYTES ((size_t)4 << 20)
#define RESULT_MAX_COLUMN_WIDTH 60 /* wider values do not widen the column */

struct result_cell {
    size_t start; /* in `cells` */
    size_t length;
    bool is_null;
};

struct result_writer {
    FILE *out;
    enum result_format format;
    bool has_color;
    int columns;
    size_t *widths;
    bool *is_number; /* lined up on the right */
    struct text names;
    struct result_cell *name_cells;
    struct text cells; /* rows held back */
    struct result_cell *held;
    size_t held_count; /* cells, not rows */
    size_t held_capacity;
    bool is_streaming; /* widths are settled */
    int64_t rows;
    struct text line;
};

void result_begin(struct result_writer *writer, const struct query *query);
int result_row(struct result_writer *writer, const struct query *query, struct error *err);
int result_end(struct result_writer *writer, struct error *err);
void result_free(struct result_writer *writer);

/* 0, or -1 when the output cannot be written; a closed pipe is no error but the end. */
int result_check(const struct result_writer *writer, struct error *err);

#endif

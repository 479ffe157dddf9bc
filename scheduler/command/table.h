/* A table in columns: aligned by display width, so that Chinese names line up.
 *
 * On a terminal it never gets wider than the window: texts of columns that may shrink are cut, then
 * columns are left out, the least important first. In a pipe nothing is cut. */
#ifndef DATEMILL_COMMAND_TABLE_H
#define DATEMILL_COMMAND_TABLE_H

#include "scheduler/base/arena.h"
#include "scheduler/command/terminal.h"

#include <stdbool.h>
#include <stddef.h>

#define TABLE_MAX_COLUMNS 16

struct table_column {
    const char *title; /* NULL ends the list */
    bool is_right;     /* numbers */
    int shrink_to;     /* columns it may be cut to; 0 = it is never cut */
    int rank;          /* 0 = always shown; the largest rank is left out first */
};

struct table {
    struct arena *arena; /* borrowed; cells are copied there */
    const struct table_column *columns;
    size_t column_count;
    const char **cells;          /* row by row */
    enum terminal_style *styles; /* one for each cell */
    size_t row_count;
    size_t cell_capacity;
    size_t style_capacity;
    size_t filled; /* cells of the row being built */
};

void table_init(struct table *table, const struct table_column *columns, struct arena *arena);

/* The next cell of the row; with the last column the row is complete. NULL counts as "". */
void table_cell(struct table *table, const char *text);
void table_cell_styled(struct table *table, enum terminal_style style, const char *text);
void table_cell_format(struct table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Glyph and word of a state. */
void table_cell_state(struct table *table, const struct terminal *terminal, const char *state);

/* Prints titles and rows; `has_titles` false leaves the titles out. */
void table_print(const struct table *table, struct terminal *terminal, bool has_titles);

#endif

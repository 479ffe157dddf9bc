#include "web/pages/grid.h"

#include <string.h>

struct rows {
    struct arena *arena;
    struct grid_row *items;
    size_t count;
    size_t capacity;
    size_t columns;
};

static struct grid_row *add_row(struct rows *rows, const char *name)
{
    rows->items =
        arena_grow(rows->arena, rows->items, rows->count, &rows->capacity, sizeof *rows->items);
    struct grid_row *row = &rows->items[rows->count++];
    *row = (struct grid_row){.name = name, .title = ""};
    row->cells = arena_array(rows->arena, rows->columns, sizeof *row->cells);
    return row;
}

/* Runs have their nodes in nearly the same order each time, so the search begins at `hint`. */
static struct grid_row *find_row(struct rows *rows, const char *name, size_t *hint)
{
    for (size_t i = 0; i < rows->count; i++) {
        size_t at = (*hint + i) % rows->count;
        if (strcmp(rows->items[at].name, name) == 0) {
            *hint = at + 1;
            return &rows->items[at];
        }
    }
    return NULL;
}

static void fill_column(struct rows *rows, const struct view_date *date, size_t column,
                        bool knows_flow)
{
    size_t hint = 0;
    for (size_t i = 0; i < date->node_count; i++) {
        const struct view_date_node *node = &date->nodes[i];
        struct grid_row *row = find_row(rows, node->name, &hint);
        if (row == NULL) {
            row = add_row(rows, node->name);
            row->has_left = knows_flow;
        }
        row->cells[column] = (struct grid_cell){
            .run_id = node->run_id, .state = node->state, .is_by_hand = node->is_by_hand};
        if (node->state == TASK_FAILED || node->state == TASK_BLOCKED)
            row->has_failure = true;
    }
}

int grid_read_rows(const struct grid_rows_of *which, struct grid_rows *ret_rows, struct error *err)
{
    const struct flow *flow = which->flow;
    const struct grid_columns *columns = which->columns;
    struct arena *arena = which->arena;
    struct rows rows = {.arena = arena, .columns = columns->count};
    for (size_t i = 0; flow != NULL && i < flow->node_count; i++) {
        const struct flow_node *node = &flow->nodes[flow->order[i]];
        add_row(&rows, arena_copy_string(arena, node->name))->title =
            arena_copy_string(arena, node->title);
    }
    /* without the flow's file the newest run has the order */
    for (size_t i = columns->count; i-- > 0;) {
        const struct grid_column *column = &columns->items[i];
        struct view_date date;
        struct view_planned planned = {which->flow_name, column->cyctime, column->is_second};
        if (column->run == NULL)
            continue;
        if (view_date_state(which->store, &planned, arena, &date, err) != 0)
            return -1;
        fill_column(&rows, &date, i, flow != NULL);
    }
    *ret_rows = (struct grid_rows){.items = rows.items, .count = rows.count};
    return 0;
}

size_t grid_column_limit(size_t asked, size_t rows, size_t name_bytes)
{
    /* <td><a class="c success" href="/runs/184213#n-NAME" tabindex="-1">success</a></td> */
    size_t by_bytes = GRID_MAX_BYTES / (90 + name_bytes);
    size_t cells = by_bytes < GRID_MAX_CELLS ? by_bytes : GRID_MAX_CELLS;
    size_t limit = cells / (rows + 1);
    limit = limit < 7 ? 7 : limit;
    return limit < asked ? limit : asked;
}

#include "web/api/api_grid.h"

#include "scheduler/store/view_grid.h"
#include "web/api/api.h"
#include "web/api/api_doc.h"

#include <inttypes.h>
#include <string.h>

#define GRID_LIMIT 40
#define GRID_MAX_CELLS 50000
#define NO_STATE (-1)
#define NO_TIME (-1)

const struct parameter api_grid_parameters[] = {
    {.name = "from", .kind = PARAMETER_DATE, .help = "first business date"},
    {.name = "to", .kind = PARAMETER_DATE, .help = "last business date"},
    {.name = "rows",
     .kind = PARAMETER_CHOICE,
     .choices = "all|failed",
     .help = "failed: only nodes that are failed or blocked somewhere"},
    {.name = "limit",
     .kind = PARAMETER_INT,
     .min = 1,
     .max = VIEW_GRID_MAX_DATES,
     .help = "dates, 40 unless given: the newest of the range"},
    {.name = NULL}};

/* One planned time. */
struct column {
    const char *bizdate;
    const struct view_grid_run *run;
    struct view_date state;
};

struct row {
    const char *name;
    int8_t *states; /* by column; NO_STATE */
    int64_t *ms;    /* NO_TIME */
};

struct grid {
    struct visit *visit;
    struct store *store;
    const char *flow;
    struct view_grid dates;
    struct column *columns;
    size_t column_count;
    size_t column_capacity;
    struct row *rows;
    size_t row_count;
    size_t row_capacity;
    size_t cells;
    bool is_cut; /* there were more columns than cells are given for */
};

/* ---- columns ---- */

static void add_column(struct grid *grid, const char *bizdate, const struct view_grid_run *run)
{
    grid->columns = arena_grow(grid->visit->arena, grid->columns, grid->column_count,
                               &grid->column_capacity, sizeof *grid->columns);
    grid->columns[grid->column_count++] = (struct column){.bizdate = bizdate, .run = run};
}

/* Newest first: if it gets too much, the older ones are left out. */
static int load_columns(struct grid *grid, struct error *err)
{
    for (size_t d = grid->dates.count; d-- > 0;) {
        const struct view_grid_date *date = &grid->dates.items[d];
        for (size_t i = date->count; i-- > 0;)
            add_column(grid, date->bizdate, &date->runs[i]);
    }
    for (size_t i = 0; i < grid->column_count; i++) {
        struct column *column = &grid->columns[i];
        struct view_planned planned = {grid->flow, column->run->cyctime, column->run->is_second};
        if (grid->cells > GRID_MAX_CELLS) {
            grid->is_cut = true;
            grid->column_count = i;
            break;
        }
        if (view_date_state(grid->store, &planned, grid->visit->arena, &column->state, err) < 0)
            return -1;
        grid->cells += column->state.node_count;
    }
    for (size_t i = 0; i < grid->column_count / 2; i++) {
        struct column *other = &grid->columns[grid->column_count - 1 - i];
        struct column moved = grid->columns[i];
        grid->columns[i] = *other;
        *other = moved;
    }
    return 0;
}

/* ---- rows ---- */

static struct row *add_row(struct grid *grid, const char *name)
{
    struct arena *arena = grid->visit->arena;
    grid->rows =
        arena_grow(arena, grid->rows, grid->row_count, &grid->row_capacity, sizeof *grid->rows);
    struct row *row = &grid->rows[grid->row_count++];
    *row = (struct row){.name = name,
                        .states = arena_array(arena, grid->column_count, sizeof *row->states),
                        .ms = arena_array(arena, grid->column_count, sizeof *row->ms)};
    for (size_t i = 0; i < grid->column_count; i++) {
        row->states[i] = NO_STATE;
        row->ms[i] = NO_TIME;
    }
    return row;
}

/* Nodes come in nearly the same order in each column: the one behind the last found is tried
 * first. */
static struct row *find_row(struct grid *grid, const char *name, size_t *hint)
{
    for (size_t i = 0; i < grid->row_count; i++) {
        size_t at = (*hint + i) % grid->row_count;
        if (strcmp(grid->rows[at].name, name) == 0) {
            *hint = at + 1;
            return &grid->rows[at];
        }
    }
    *hint = grid->row_count + 1;
    return add_row(grid, name);
}

static int fill_column(struct grid *grid, size_t at, struct error *err)
{
    size_t hint = 0;
    const struct view_date *state = &grid->columns[at].state;
    for (size_t i = 0; i < state->node_count; i++) {
        const struct view_date_node *node = &state->nodes[i];
        struct row *row = find_row(grid, node->name, &hint);
        struct instant started = {0};
        struct instant ended = {0};
        row->states[at] = (int8_t)node->state;
        if (node->attempt_id == 0)
            continue;
        if (view_attempt_times(grid->store, node->attempt_id, &started, &ended, err) < 0)
            return -1;
        if (started.us != 0 && ended.us != 0)
            row->ms[at] = instant_elapsed(started, ended).us / 1000;
    }
    return 0;
}

/* The flow's order first; what only older runs have, behind. */
static int fill_rows(struct grid *grid, struct error *err)
{
    const struct flow *flow;
    if (visit_flow(grid->visit, grid->flow, &flow, NULL) == 0) {
        for (size_t i = 0; i < flow->node_count; i++)
            add_row(grid, arena_copy_string(grid->visit->arena, flow->nodes[flow->order[i]].name));
    }
    for (size_t i = grid->column_count; i-- > 0;) {
        if (fill_column(grid, i, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- the answer ---- */

static bool has_trouble(const struct grid *grid, const struct row *row)
{
    for (size_t i = 0; i < grid->column_count; i++) {
        if (row->states[i] == TASK_FAILED || row->states[i] == TASK_BLOCKED)
            return true;
    }
    return false;
}

static void write_number(struct json_out *out, int64_t number)
{
    if (number < 0)
        json_out_null(out);
    else
        json_out_int(out, number);
}

static void write_row(struct json_out *out, const struct row *row, size_t columns)
{
    json_out_begin_object(out);
    json_out_pair_string(out, "node", row->name);
    json_out_key(out, "s");
    json_out_begin_array(out);
    for (size_t i = 0; i < columns; i++)
        write_number(out, row->states[i]);
    json_out_end_array(out);
    json_out_key(out, "ms");
    json_out_begin_array(out);
    for (size_t i = 0; i < columns; i++)
        write_number(out, row->ms[i]);
    json_out_end_array(out);
    json_out_end_object(out);
}

static void write_run_row(struct grid *grid, struct json_out *out)
{
    struct row row = {.name = NULL};
    row.states = arena_array(grid->visit->arena, grid->column_count, sizeof *row.states);
    row.ms = arena_array(grid->visit->arena, grid->column_count, sizeof *row.ms);
    for (size_t i = 0; i < grid->column_count; i++) {
        const struct view_grid_run *run = grid->columns[i].run;
        bool has_times = run->started_at.us != 0 && run->ended_at.us != 0;
        row.states[i] = (int8_t)run->state; /* numbered as those of nodes */
        row.ms[i] = has_times ? instant_elapsed(run->started_at, run->ended_at).us / 1000 : NO_TIME;
    }
    write_row(out, &row, grid->column_count);
}

static void write_columns(const struct grid *grid, struct json_out *out)
{
    json_out_key(out, "dates");
    json_out_begin_array(out);
    for (size_t i = 0; i < grid->column_count; i++)
        json_out_string(out, grid->columns[i].bizdate);
    json_out_end_array(out);
    json_out_key(out, "cyctimes");
    json_out_begin_array(out);
    for (size_t i = 0; i < grid->column_count; i++)
        json_out_string(out, grid->columns[i].run->cyctime);
    json_out_end_array(out);
    json_out_key(out, "runs");
    json_out_begin_array(out);
    for (size_t i = 0; i < grid->column_count; i++)
        json_out_int(out, grid->columns[i].run->id);
    json_out_end_array(out);
    json_out_key(out, "states");
    json_out_begin_array(out);
    for (int i = 0; i < TASK_STATE_COUNT; i++)
        json_out_string(out, task_state_name((enum task_state)i));
    json_out_end_array(out);
}

static int answer(struct grid *grid)
{
    struct json_out out;
    struct visit *visit = grid->visit;
    bool only_failed = strcmp(visit_text(visit, "rows", "all"), "failed") == 0;
    api_begin(visit, &out);
    json_out_pair_string(&out, "flow", grid->flow);
    write_columns(grid, &out);
    json_out_key(&out, "rows");
    json_out_begin_array(&out);
    write_run_row(grid, &out);
    for (size_t i = 0; i < grid->row_count; i++) {
        if (!only_failed || has_trouble(grid, &grid->rows[i]))
            write_row(&out, &grid->rows[i], grid->column_count);
    }
    json_out_end_array(&out);
    const char *older =
        grid->is_cut && grid->column_count > 0 ? grid->columns[0].bizdate : grid->dates.older;
    json_out_pair_string(&out, "older", older[0] != '\0' ? older : NULL);
    json_out_pair_string(&out, "newer", grid->dates.newer[0] != '\0' ? grid->dates.newer : NULL);
    return api_end(visit, &out);
}

static int load(struct grid *grid, struct error *err)
{
    struct visit *visit = grid->visit;
    struct view_grid_of which = {.flow = grid->flow,
                                 .from = visit_text(visit, "from", ""),
                                 .to = visit_text(visit, "to", ""),
                                 .limit = (int32_t)visit_int(visit, "limit", GRID_LIMIT)};
    if (view_grid(grid->store, &which, visit->arena, &grid->dates, err) < 0 ||
        load_columns(grid, err) < 0)
        return -1;
    return fill_rows(grid, err);
}

/* NOT_FOUND for a flow that is neither on disk nor in the past. */
static int check_flow(struct grid *grid, struct error *err)
{
    const struct flow *flow;
    struct error why = {0};
    char first[CIVIL_TIME_BYTES] = "";
    if (visit_flow(grid->visit, grid->flow, &flow, &why) == 0 || why.kind != ERROR_KIND_NOT_FOUND)
        return 0;
    if (grid->store != NULL && view_first_planned(grid->store, grid->flow, first, err) < 0)
        return -1;
    if (first[0] != '\0')
        return 0;
    *err = why;
    return -1;
}

int api_show_grid(struct visit *visit, struct error *err)
{
    struct grid grid = {.visit = visit, .flow = visit->parts[0]};
    const struct flow *flow;
    const char *state;
    grid.dates.older = grid.dates.newer = "";
    if (api_store(visit, &grid.store, err) < 0 || check_flow(&grid, err) < 0)
        return -1;
    const char *hash = visit_flow(visit, grid.flow, &flow, NULL) == 0 ? flow->hash : "none";
    if (api_state(visit, grid.store, 0, &state, err) < 0)
        return -1;
    if (visit_is_unchanged(visit, arena_format(visit->arena, "%s.%s", state, hash)))
        return 0;
    if (grid.store == NULL)
        return answer(&grid);
    if (store_begin_reading(grid.store, err) < 0)
        return -1;
    int result = load(&grid, err);
    store_end_reading(grid.store);
    return result < 0 ? -1 : answer(&grid);
}

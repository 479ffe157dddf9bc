#include "scheduler/store/view_grid.h"

#include "scheduler/base/civil.h"
#include "scheduler/base/scope.h"
#include "scheduler/store/view_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define FLOW_DATES                                                                                 \
    " FROM run INDEXED BY run_by_flow_date"                                                        \
    " WHERE flow_id = (SELECT id FROM flow WHERE flow.name = ?1)"

struct search {
    struct store *store;
    const char *flow;
    struct arena *arena;
};

/* The nearest date with a run, from one date on, itself included; "" = none. */
static int find_date(const struct search *search, const char *date, bool is_ascending,
                     const char **ret_date, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, search->store,
                       is_ascending ? "SELECT min(bizdate)" FLOW_DATES " AND bizdate >= ?2"
                                    : "SELECT max(bizdate)" FLOW_DATES " AND bizdate <= ?2",
                       err) != 0)
        return -1;
    statement_text(&s, search->flow);
    statement_text(&s, date);
    int row = statement_step(&s, err);
    if (row < 0)
        return -1;
    bool has_date = row == 1 && !statement_get_is_null(&s, 0);
    *ret_date = has_date ? statement_get_text(&s, 0, search->arena) : "";
    return 0;
}

/* Newest run first. */
static int compare_runs(const void *a, const void *b)
{
    const struct view_grid_run *left = a;
    const struct view_grid_run *right = b;
    int order = strcmp(left->cyctime, right->cyctime);
    if (order == 0)
        order = (int)left->is_second - (int)right->is_second;
    return order != 0 ? order : (left->id < right->id) - (left->id > right->id);
}

/* Sorts the runs by planned time and leaves the newest of each. */
static void keep_newest(struct view_grid_run *runs, struct view_grid_date *date)
{
    qsort(runs, (size_t)date->run_count, sizeof *runs, compare_runs);
    for (size_t i = 0; i < (size_t)date->run_count; i++) {
        const struct view_grid_run *last = date->count > 0 ? &runs[date->count - 1] : NULL;
        if (last != NULL && strcmp(last->cyctime, runs[i].cyctime) == 0 &&
            last->is_second == runs[i].is_second)
            continue;
        runs[date->count++] = runs[i];
    }
    date->runs = runs;
    date->newest = &runs[0];
    for (size_t i = 1; i < date->count; i++)
        if (runs[i].id > date->newest->id)
            date->newest = &runs[i];
}

static int read_date(const struct search *search, struct view_grid_date *date, struct error *err)
{
    struct view_grid_run *runs = NULL;
    size_t capacity = 0;
    STATEMENT(s);
    if (statement_open(&s, search->store,
                       "SELECT id, cyctime, is_second, state, started_at, ended_at" FLOW_DATES
                       " AND bizdate = ?2 ORDER BY id DESC LIMIT ?3",
                       err) != 0)
        return -1;
    statement_text(&s, search->flow);
    statement_text(&s, date->bizdate);
    statement_int(&s, VIEW_GRID_MAX_RUNS);
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        runs = arena_grow(search->arena, runs, (size_t)date->run_count, &capacity, sizeof *runs);
        runs[date->run_count++] = (struct view_grid_run){
            .id = statement_get_int(&s, 0),
            .cyctime = statement_get_text(&s, 1, search->arena),
            .is_second = statement_get_bool(&s, 2),
            .state = (enum run_state)statement_get_enum(&s, 3, TASK_STATE_COUNT),
            .started_at = statement_get_instant(&s, 4),
            .ended_at = statement_get_instant(&s, 5)};
    }
    if (row < 0)
        return -1;
    keep_newest(runs, date);
    return 0;
}

/* The date some days away; "" past the calendar's ends. */
static const char *shift_date(const char *date, int64_t days, struct arena *arena)
{
    char text[CIVIL_DATE_BYTES];
    struct civil_date parsed;
    if (civil_date_parse(date, &parsed, NULL) != 0)
        return "";
    int64_t day = civil_to_days(parsed) + days;
    struct civil_date first = {1, 1, 1};
    struct civil_date last = {9999, 12, 31};
    if (day < civil_to_days(first) || day > civil_to_days(last))
        return "";
    return arena_copy_string(arena, civil_date_format(civil_from_days(day), text));
}

static int find_beside(const struct search *search, const struct view_grid_of *which,
                       struct view_grid *grid, struct error *err)
{
    const char *first = grid->count > 0 ? grid->items[0].bizdate : which->from;
    const char *last = grid->count > 0 ? grid->items[grid->count - 1].bizdate : which->to;
    const char *before = first[0] != '\0' ? shift_date(first, -1, search->arena) : "";
    const char *after = last[0] != '\0' ? shift_date(last, 1, search->arena) : "";
    grid->older = "";
    grid->newer = "";
    if (before[0] != '\0' && find_date(search, before, false, &grid->older, err) != 0)
        return -1;
    if (after[0] == '\0')
        return 0;
    return find_date(search, after, true, &grid->newer, err);
}

int view_grid(struct store *store, const struct view_grid_of *which, struct arena *arena,
              struct view_grid *ret_grid, struct error *err)
{
    assert(which->limit >= 1 && which->limit <= VIEW_GRID_MAX_DATES);
    size_t limit = (size_t)which->limit;
    const struct search search = {store, which->flow, arena};
    struct view_grid_date *items = arena_array(arena, limit, sizeof *items);
    struct view_grid grid = {0};
    const char *from = which->from[0] != '\0' ? which->from : "0001-01-01";
    const char *to = which->to[0] != '\0' ? which->to : "9999-12-31";
    const char *at = which->is_ascending ? from : to;
    VIEW_MOMENT(moment);
    if (view_enter(&moment, store, err) != 0)
        return -1;
    while (grid.count < limit && at[0] != '\0') {
        struct view_grid_date date = {0};
        if (find_date(&search, at, which->is_ascending, &date.bizdate, err) != 0)
            return -1;
        if (date.bizdate[0] == '\0' || strcmp(date.bizdate, from) < 0 ||
            strcmp(date.bizdate, to) > 0)
            break;
        if (read_date(&search, &date, err) != 0)
            return -1;
        grid.count++;
        items[which->is_ascending ? grid.count - 1 : limit - grid.count] = date;
        at = shift_date(date.bizdate, which->is_ascending ? 1 : -1, arena);
    }
    grid.items = which->is_ascending ? items : items + (limit - grid.count);
    if (find_beside(&search, which, &grid, err) != 0)
        return -1;
    *ret_grid = grid;
    return 0;
}

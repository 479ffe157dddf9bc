#include "scheduler/store/view_bars.h"

#include "scheduler/store/view_internal.h"

#include <assert.h>

int view_flow_bars(struct store *store, const struct view_bars_of *which, struct arena *arena,
                   struct view_bars *ret_bars, struct error *err)
{
    assert(which->each >= 1 && which->each <= VIEW_BARS_MAX);
    VIEW_MOMENT(moment);
    STATEMENT(s);
    if (view_enter(&moment, store, err) != 0 ||
        statement_open(&s, store,
                       "SELECT id, bizdate, cyctime, state, started_at, ended_at"
                       " FROM run INDEXED BY run_by_flow"
                       " WHERE flow_id = (SELECT id FROM flow WHERE name = ?)"
                       " ORDER BY id DESC LIMIT ?",
                       err) != 0)
        return -1;
    statement_text(&s, which->flow);
    statement_int(&s, which->each);
    struct view_bar *items = arena_array(arena, (size_t)which->each, sizeof *items);
    size_t count = 0;
    int row;
    while ((row = statement_step(&s, err)) == 1)
        items[count++] = (struct view_bar){.run_id = statement_get_int(&s, 0),
                                           .bizdate = statement_get_text(&s, 1, arena),
                                           .cyctime = statement_get_text(&s, 2, arena),
                                           .state = (enum run_state)statement_get_int(&s, 3),
                                           .started_at = {statement_get_int(&s, 4)},
                                           .ended_at = {statement_get_int(&s, 5)}};
    if (row < 0)
        return -1;
    *ret_bars = (struct view_bars){items, count};
    return 0;
}

int view_count_failing(struct store *store, int64_t *ret_count, struct error *err)
{
    VIEW_MOMENT(moment);
    STATEMENT(s);
    if (view_enter(&moment, store, err) != 0 ||
        statement_open(&s, store,
                       "SELECT count(*) FROM flow WHERE (SELECT state FROM run INDEXED BY"
                       " run_by_flow WHERE flow_id = flow.id ORDER BY id DESC LIMIT 1) IN (3, 5)",
                       err) != 0 ||
        statement_step(&s, err) < 0)
        return -1;
    *ret_count = statement_get_int(&s, 0);
    return 0;
}

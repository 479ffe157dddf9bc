#include "scheduler/store/view_internal.h"
#include "scheduler/store/view_run.h"

#include <stdlib.h>

static void read_start(struct statement *s, struct arena *arena, struct view_start *ret_start)
{
    *ret_start = (struct view_start){
        .attempt_id = statement_get_int(s, 0),
        .node_name = statement_get_text(s, 1, arena),
        .number = statement_get_int32(s, 2),
        .granted_at = statement_get_instant(s, 3),
        .started_at = statement_get_instant(s, 4),
        .start = {.ready = statement_get_instant(s, 5),
                  .cause = (enum start_cause)statement_get_enum(s, 6, START_CAUSE_COUNT),
                  .wait = (enum start_wait)statement_get_enum(s, 8, START_WAIT_COUNT),
                  .freed_by = statement_get_int(s, 9),
                  .overtaken = statement_get_int(s, 10)},
        .need_name = statement_get_text(s, 7, arena),
        .freed_run_id = statement_get_int(s, 11),
        .freed_flow = statement_get_text(s, 12, arena),
        .freed_node = statement_get_text(s, 13, arena)};
}

static int compare_starts(const void *a, const void *b)
{
    const struct view_start *first = a;
    const struct view_start *second = b;
    return (first->attempt_id > second->attempt_id) - (first->attempt_id < second->attempt_id);
}

int view_run_starts(struct store *store, int64_t run_id, struct arena *arena,
                    struct view_starts *ret_starts, struct error *err)
{
    struct view_start *items = NULL;
    size_t count = 0;
    size_t capacity = 0;
    VIEW_MOMENT(moment);
    STATEMENT(s);
    if (view_enter(&moment, store, err) != 0 ||
        statement_open(&s, store,
                       "SELECT attempt.id, own.name, attempt.number, attempt.granted_at,"
                       " attempt.started_at, attempt_start.ready_at, cause, need.name, wait,"
                       " freed_by, overtaken, freed.run_id, flow.name, freed_node.name"
                       " FROM attempt JOIN attempt_start ON attempt_start.attempt_id = attempt.id"
                       " JOIN node_run ON node_run.run_id = attempt.run_id"
                       "  AND node_run.node = attempt.node"
                       " JOIN node AS own ON own.id = node_run.node_id"
                       " LEFT JOIN node AS need ON need.id = attempt_start.node_id"
                       " LEFT JOIN attempt AS freed ON freed.id = freed_by"
                       " LEFT JOIN node_run AS freed_run ON freed_run.run_id = freed.run_id"
                       "  AND freed_run.node = freed.node"
                       " LEFT JOIN node AS freed_node ON freed_node.id = freed_run.node_id"
                       " LEFT JOIN flow ON flow.id = freed_node.flow_id"
                       " WHERE attempt.run_id = ? ORDER BY attempt.node, attempt.number",
                       err) != 0)
        return -1;
    statement_int(&s, run_id);
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        items = arena_grow(arena, items, count, &capacity, sizeof *items);
        read_start(&s, arena, &items[count++]);
    }
    if (row != 0)
        return -1;
    if (count > 1) /* the index has them by node */
        qsort(items, count, sizeof *items, compare_starts);
    *ret_starts = (struct view_starts){.items = items, .count = count};
    return 0;
}

/* Flows and what is going on. */
#include "scheduler/store/store_load.h"
#include "scheduler/store/view_internal.h"

#include <assert.h>
#include <string.h>

struct flow_row {
    int64_t id;
    const char *name;
    bool is_frozen;
};

static int read_flows(struct store *store, struct arena *arena, struct flow_row **ret_rows,
                      size_t *ret_count, struct error *err)
{
    struct flow_row *rows = NULL;
    size_t count = 0;
    size_t capacity = 0;
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT id, name, EXISTS (SELECT 1 FROM freeze"
                       " WHERE flow_id = flow.id AND node = '') FROM flow ORDER BY name",
                       err) != 0)
        return -1;
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        rows = arena_grow(arena, rows, count, &capacity, sizeof *rows);
        rows[count].id = statement_get_int(&s, 0);
        rows[count].name = statement_get_text(&s, 1, arena);
        rows[count++].is_frozen = statement_get_bool(&s, 2);
    }
    if (row != 0)
        return -1;
    *ret_rows = rows;
    *ret_count = count;
    return 0;
}

static int find_flow_runs(struct store *store, int64_t flow_id, int32_t each, struct view_ids *ids,
                          struct error *err)
{
    int64_t *items = (int64_t *)ids->items; /* the arena's, with room for `each` */
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT id FROM run INDEXED BY run_by_flow WHERE flow_id = ?"
                       " ORDER BY id DESC LIMIT ?",
                       err) != 0)
        return -1;
    statement_int(&s, flow_id);
    statement_int(&s, each);
    int row;
    while ((row = statement_step(&s, err)) == 1)
        items[ids->count++] = statement_get_int(&s, 0);
    return row;
}

int view_list_flows(struct store *store, int32_t each, struct arena *arena,
                    struct view_flows *ret_flows, struct error *err)
{
    struct flow_row *rows;
    size_t row_count;
    size_t count = 0;
    assert(each >= 1 && each <= 100);
    VIEW_MOMENT(moment);
    if (view_enter(&moment, store, err) != 0 ||
        read_flows(store, arena, &rows, &row_count, err) != 0)
        return -1;
    struct view_flow *flows = arena_array(arena, row_count, sizeof *flows);
    for (size_t i = 0; i < row_count; i++) {
        struct view_flow *flow = &flows[count];
        flow->name = rows[i].name;
        flow->is_frozen = rows[i].is_frozen;
        struct view_ids ids = {.items = arena_array(arena, (size_t)each, sizeof *ids.items)};
        if (find_flow_runs(store, rows[i].id, each, &ids, err) != 0 ||
            view_read_runs(store, &ids, arena, &flow->runs, err) != 0)
            return -1;
        flow->run_count = ids.count;
        if (flow->run_count > 0)
            count++;
    }
    *ret_flows = (struct view_flows){.items = flows, .count = count};
    return 0;
}

int view_flow_names(struct store *store, struct arena *arena, const char *const **ret_names,
                    size_t *ret_count, struct error *err)
{
    struct flow_row *rows;
    size_t count;
    VIEW_MOMENT(moment);
    if (view_enter(&moment, store, err) != 0 || read_flows(store, arena, &rows, &count, err) != 0)
        return -1;
    const char **names = arena_array(arena, count, sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = rows[i].name;
    *ret_names = names;
    *ret_count = count;
    return 0;
}

/* ---- status ---- */

static int read_open(struct store *store, struct arena *arena, struct view_status *status,
                     struct error *err)
{
    struct run_query query = {.states = 1u << RUN_WAITING | 1u << RUN_RUNNING};
    struct view_page page = {.limit = VIEW_MAX_ROWS, .query = &query};
    struct view_ids ids;
    if (view_find_ids(store, &page, arena, &ids, err) != 0 ||
        view_read_runs(store, &ids, arena, &status->open, err) != 0)
        return -1;
    status->open_count = ids.count;
    status->has_more_open = ids.next != 0;
    return 0;
}

static int read_attention(struct store *store, struct arena *arena, struct view_status *status,
                          struct error *err)
{
    struct view_flows flows;
    if (view_list_flows(store, 1, arena, &flows, err) != 0)
        return -1;
    struct view_run *runs = arena_array(arena, flows.count, sizeof *runs);
    for (size_t i = 0; i < flows.count; i++) {
        const struct view_run *run = &flows.items[i].runs[0];
        if (run->state == RUN_FAILED || run->state == RUN_STOPPED)
            runs[status->attention_count++] = *run;
    }
    status->attention = runs;
    return 0;
}

static int read_figures(struct store *store, struct view_status *status, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT count(*) FILTER (WHERE state = 0), count(*) FILTER (WHERE state = 1)"
                       " FROM attempt INDEXED BY attempt_open WHERE state < 2",
                       err) != 0)
        return -1;
    if (statement_step(&s, err) < 0)
        return -1;
    status->granted = statement_get_int(&s, 0);
    status->running = statement_get_int(&s, 1);
    return view_newest_event(store, 0, &status->newest_event, err);
}

int view_status(struct store *store, struct arena *arena, struct view_status *ret_status,
                struct error *err)
{
    struct view_status status = {0};
    struct load_freezes freezes;
    VIEW_MOMENT(moment);
    if (view_enter(&moment, store, err) != 0 || read_open(store, arena, &status, err) != 0 ||
        read_attention(store, arena, &status, err) != 0 ||
        load_freezes(store, arena, &freezes, err) != 0 || read_figures(store, &status, err) != 0)
        return -1;
    status.freezes = freezes.items;
    status.freeze_count = freezes.count;
    *ret_status = status;
    return 0;
}

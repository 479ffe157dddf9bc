#include "scheduler/store/store_load.h"

#include "scheduler/store/statement.h"

#include <stdlib.h>

/* ---- runs ---- */

#define RUN_COLUMNS                                                                                \
    "SELECT run.id, flow.name, version_id, cyctime, is_second, bizdate, zone, fires_at, kind,"     \
    " trigger, selection, priority, parallel, hold, opening, state, queued_at"                     \
    " FROM run JOIN flow ON flow.id = run.flow_id"

static void read_run(struct statement *s, struct arena *arena, struct load_run *run)
{
    run->run_id = statement_get_int(s, 0);
    run->flow = statement_get_text(s, 1, arena);
    run->version_id = statement_get_int(s, 2);
    run->cyctime = statement_get_text(s, 3, arena);
    run->is_second = statement_get_bool(s, 4);
    run->bizdate = statement_get_text(s, 5, arena);
    run->zone = statement_get_text(s, 6, arena);
    run->fires_at = statement_get_instant(s, 7);
    run->kind = (enum store_run_kind)statement_get_enum(s, 8, STORE_RUN_MANUAL + 1);
    run->trigger = statement_get_text(s, 9, arena);
    run->selection = statement_get_text(s, 10, arena);
    run->priority = statement_get_int32(s, 11);
    run->parallel = statement_get_int32(s, 12);
    run->hold = (enum run_hold)statement_get_enum(s, 13, RUN_HOLD_OVERLAP + 1);
    run->opening = statement_get_int32(s, 14);
    run->state = (enum run_state)statement_get_enum(s, 15, TASK_STATE_COUNT);
    run->queued_at = statement_get_instant(s, 16);
}

static void read_node(struct statement *s, struct arena *arena, struct load_node *node)
{
    node->name = statement_get_text(s, 1, arena);
    node->type = statement_get_text(s, 2, arena);
    node->state = (enum task_state)statement_get_enum(s, 3, TASK_STATE_COUNT);
    node->wish = (enum task_wish)statement_get_enum(s, 4, TASK_WISH_FREEZE + 1);
    node->is_selected = statement_get_bool(s, 5);
    node->attempts = statement_get_int32(s, 6);
    node->tries = statement_get_int32(s, 7);
    node->ready_at = statement_get_instant(s, 8);
    node->reason = (enum task_reason)statement_get_enum(s, 9, TASK_REASON_WAIT + 1);
}

static int load_nodes(struct store *store, struct arena *arena, struct load_run *run,
                      struct error *err)
{
    struct load_node *nodes = NULL;
    size_t count = 0;
    size_t capacity = 0;
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT node, node.name, type, state, wish, is_selected, attempts, tries,"
                       " ready_at, reason FROM node_run JOIN node ON node.id = node_id"
                       " WHERE run_id = ? AND type <> '' ORDER BY node_run.node",
                       err) != 0)
        return -1;
    statement_int(&s, run->run_id);
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        if (statement_get_index(&s, 0) != count)
            return store_fail_damaged(store, "a run lacks a node", err);
        nodes = arena_grow(arena, nodes, count, &capacity, sizeof *nodes);
        nodes[count] = (struct load_node){0};
        read_node(&s, arena, &nodes[count++]);
    }
    if (row != 0)
        return -1;
    run->nodes = nodes;
    run->node_count = count;
    return 0;
}

static int load_node_attempts(struct store *store, struct load_run *run, struct error *err)
{
    struct load_node *nodes = (struct load_node *)run->nodes; /* the arena's, ours to write */
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT node, id, number, state FROM attempt WHERE run_id = ? AND state < 2",
                       err) != 0)
        return -1;
    statement_int(&s, run->run_id);
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        uint32_t node = statement_get_index(&s, 0);
        if (node >= run->node_count || nodes[node].attempt_id != 0)
            return store_fail_damaged(store, "an attempt has no node of its own", err);
        nodes[node].attempt_id = statement_get_int(&s, 1);
        nodes[node].attempt_number = statement_get_int32(&s, 2);
        nodes[node].attempt_is_running = statement_get_int(&s, 3) == ATTEMPT_RUNNING;
    }
    return row;
}

int load_open_runs(struct store *store, struct arena *arena, struct load_runs *ret_runs,
                   struct error *err)
{
    struct load_run *runs = NULL;
    size_t count = 0;
    size_t capacity = 0;
    STATEMENT(s);
    if (statement_open(
            &s, store,
            "SELECT run.id, flow.name, version_id, cyctime, is_second, bizdate, zone,"
            " fires_at, kind, trigger, selection, priority, parallel, hold, opening,"
            " state, queued_at FROM run INDEXED BY run_open JOIN flow ON flow.id = run.flow_id"
            " WHERE state < 2 ORDER BY run.id",
            err) != 0)
        return -1;
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        runs = arena_grow(arena, runs, count, &capacity, sizeof *runs);
        runs[count] = (struct load_run){0};
        read_run(&s, arena, &runs[count++]);
    }
    if (row != 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (load_nodes(store, arena, &runs[i], err) != 0 ||
            load_node_attempts(store, &runs[i], err) != 0)
            return -1;
    *ret_runs = (struct load_runs){.items = runs, .count = count};
    return 0;
}

int load_run(struct store *store, int64_t run_id, struct arena *arena, struct load_run *ret_run,
             struct error *err)
{
    struct load_run run = {0};
    STATEMENT(s);
    if (statement_open(&s, store, RUN_COLUMNS " WHERE run.id = ?", err) != 0)
        return -1;
    statement_int(&s, run_id);
    int row = statement_step(&s, err);
    if (row < 0)
        return -1;
    if (row == 0)
        return error_set(err, ERROR_KIND_NOT_FOUND, "there is no run %lld", (long long)run_id);
    read_run(&s, arena, &run);
    if (statement_end(&s, err) != 0 || load_nodes(store, arena, &run, err) != 0 ||
        load_node_attempts(store, &run, err) != 0)
        return -1;
    *ret_run = run;
    return 0;
}

int load_open_run_of(struct store *store, const struct load_planned *planned, int64_t *ret_run_id,
                     struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT id FROM run WHERE flow_id = (SELECT id FROM flow WHERE name = ?)"
                       " AND cyctime = ? AND is_second = ? AND state < 2",
                       err) != 0)
        return -1;
    statement_text(&s, planned->flow);
    statement_text(&s, planned->cyctime);
    statement_int(&s, planned->is_second);
    int row = statement_step(&s, err);
    if (row < 0)
        return -1;
    *ret_run_id = row == 0 ? 0 : statement_get_int(&s, 0);
    return 0;
}

int load_frozen_runs(struct store *store, const struct load_node_place *place, struct arena *arena,
                     struct load_ids *ret_ids, struct error *err)
{
    int64_t *ids = arena_array(arena, (size_t)place->limit, sizeof *ids);
    size_t count = 0;
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT DISTINCT run_id FROM node_run WHERE node_id IN"
                       " (SELECT node.id FROM node JOIN flow ON flow.id = node.flow_id"
                       "  WHERE flow.name = ?1 AND (?2 = '' OR node.name = ?2))"
                       " AND state <> 0 AND state <> 1 AND state <> 2 AND state = 7"
                       " ORDER BY run_id DESC LIMIT ?3",
                       err) != 0)
        return -1;
    statement_text(&s, place->flow);
    statement_text(&s, place->node);
    statement_int(&s, place->limit);
    int row;
    while ((row = statement_step(&s, err)) == 1)
        ids[count++] = statement_get_int(&s, 0);
    if (row != 0)
        return -1;
    *ret_ids = (struct load_ids){.items = ids, .count = count};
    return 0;
}

int load_runs_of_request(struct store *store, const char *request, struct arena *arena,
                         struct load_ids *ret_ids, struct error *err)
{
    int64_t *ids = NULL;
    size_t count = 0;
    size_t capacity = 0;
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT id FROM run WHERE request = ? AND request <> '' ORDER BY id",
                       err) != 0)
        return -1;
    statement_text(&s, request);
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        ids = arena_grow(arena, ids, count, &capacity, sizeof *ids);
        ids[count++] = statement_get_int(&s, 0);
    }
    if (row != 0)
        return -1;
    *ret_ids = (struct load_ids){.items = ids, .count = count};
    return 0;
}

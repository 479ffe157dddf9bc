#include "scheduler/store/view_run.h"

#include "scheduler/store/view_internal.h"

/* ---- attempts ---- */

void view_read_attempt(struct statement *statement, struct arena *arena,
                       struct view_attempt *attempt)
{
    *attempt = (struct view_attempt){
        .id = statement_get_int(statement, 0),
        .run_id = statement_get_int(statement, 1),
        .node = statement_get_index(statement, 2),
        .node_name = "",
        .number = statement_get_int32(statement, 3),
        .opening = statement_get_int32(statement, 4),
        .state = (enum attempt_state)statement_get_enum(statement, 5, ATTEMPT_ENDED + 1),
        .outcome.end = (enum attempt_end)statement_get_enum(statement, 6, ATTEMPT_END_REVOKED + 1),
        .outcome.code = statement_get_int32(statement, 7),
        .executor = statement_get_text(statement, 8, arena),
        .granted_at = statement_get_instant(statement, 9),
        .started_at = statement_get_instant(statement, 10),
        .ended_at = statement_get_instant(statement, 11),
        .code = statement_get_text(statement, 12, arena),
        .reason = statement_get_text(statement, 13, arena),
        .pid = statement_get_int(statement, 14),
        .cpu.us = statement_get_int(statement, 15),
        .peak_bytes = statement_get_int(statement, 16),
        .log_path = statement_get_text(statement, 17, arena),
        .log_bytes = statement_get_int(statement, 18),
        .log_lost_bytes = statement_get_int(statement, 19),
        .leftovers = statement_get_int32(statement, 20),
        .text_hash = statement_get_text(statement, 21, arena),
    };
}

#define ATTEMPTS_SELECT "SELECT " VIEW_ATTEMPT_COLUMNS ", node.name FROM attempt "
#define ATTEMPTS_JOIN                                                                              \
    " JOIN node_run ON node_run.run_id = attempt.run_id AND node_run.node = attempt.node"          \
    " JOIN node ON node.id = node_id "

static int read_attempts(struct statement *s, struct arena *arena,
                         struct view_attempts *ret_attempts, struct error *err)
{
    struct view_attempt *items = NULL;
    size_t count = 0;
    size_t capacity = 0;
    int row;
    while ((row = statement_step(s, err)) == 1) {
        items = arena_grow(arena, items, count, &capacity, sizeof *items);
        view_read_attempt(s, arena, &items[count]);
        items[count++].node_name = statement_get_text(s, VIEW_ATTEMPT_COLUMN_COUNT, arena);
    }
    if (row != 0)
        return -1;
    *ret_attempts = (struct view_attempts){.items = items, .count = count};
    return 0;
}

int view_run_attempts(struct store *store, int64_t run_id, struct arena *arena,
                      struct view_attempts *ret_attempts, struct error *err)
{
    VIEW_MOMENT(moment);
    STATEMENT(s);
    if (view_enter(&moment, store, err) != 0 ||
        statement_open(&s, store,
                       ATTEMPTS_SELECT ATTEMPTS_JOIN "WHERE attempt.run_id = ? ORDER BY attempt.id",
                       err) != 0)
        return -1;
    statement_int(&s, run_id);
    return read_attempts(&s, arena, ret_attempts, err);
}

int view_open_attempts(struct store *store, int64_t run_id, struct arena *arena,
                       struct view_attempts *ret_attempts, struct error *err)
{
    VIEW_MOMENT(moment);
    STATEMENT(s);
    if (view_enter(&moment, store, err) != 0 ||
        statement_open(&s, store,
                       ATTEMPTS_SELECT "INDEXED BY attempt_open" ATTEMPTS_JOIN
                                       "WHERE attempt.run_id = ? AND attempt.state < 2"
                                       " ORDER BY attempt.id",
                       err) != 0)
        return -1;
    statement_int(&s, run_id);
    return read_attempts(&s, arena, ret_attempts, err);
}

int view_find_attempt(struct store *store, int64_t attempt_id, struct arena *arena,
                      struct view_attempt *ret_attempt, struct error *err)
{
    struct view_attempts found;
    VIEW_MOMENT(moment);
    STATEMENT(s);
    if (view_enter(&moment, store, err) != 0 ||
        statement_open(&s, store, ATTEMPTS_SELECT ATTEMPTS_JOIN "WHERE attempt.id = ?", err) != 0)
        return -1;
    statement_int(&s, attempt_id);
    if (read_attempts(&s, arena, &found, err) != 0)
        return -1;
    *ret_attempt = found.count == 1 ? found.items[0] : (struct view_attempt){0};
    return 0;
}

/* ---- nodes ---- */

static void read_node(struct statement *s, struct arena *arena, struct view_node *node)
{
    *node = (struct view_node){
        .index = statement_get_index(s, 0),
        .name = statement_get_text(s, 1, arena),
        .type = statement_get_text(s, 2, arena),
        .state = (enum task_state)statement_get_enum(s, 3, TASK_STATE_COUNT),
        .reason = (enum task_reason)statement_get_enum(s, 4, TASK_REASON_WAIT + 1),
        .wish = (enum task_wish)statement_get_enum(s, 5, TASK_WISH_FREEZE + 1),
        .why = (enum task_why)statement_get_enum(s, 6, TASK_WHY_COUNT),
        .is_selected = statement_get_bool(s, 7),
        .attempts = statement_get_int32(s, 8),
        .tries = statement_get_int32(s, 9),
        .ready_at = statement_get_instant(s, 10),
        .changed_at = statement_get_instant(s, 11),
        .started_at = statement_get_instant(s, 12),
        .ended_at = statement_get_instant(s, 13),
        .tag_who = "",
        .tag_reason = "",
    };
    bool is_by_hand =
        node->why == TASK_WHY_MARK || node->why == TASK_WHY_SKIP || node->why == TASK_WHY_FREEZE;
    if (!is_by_hand)
        return;
    node->tag_who = statement_get_text(s, 14, arena);
    node->tag_reason = statement_get_text(s, 15, arena);
}

static int read_newest_attempts(struct store *store, int64_t run_id, struct arena *arena,
                                const struct view_nodes *nodes, struct error *err)
{
    struct view_attempts attempts;
    struct view_node *items = (struct view_node *)nodes->items; /* the arena's, ours to write */
    if (view_run_attempts(store, run_id, arena, &attempts, err) != 0)
        return -1;
    for (size_t i = 0; i < attempts.count; i++) {
        if (attempts.items[i].node >= nodes->count)
            return store_fail_damaged(store, "an attempt has no node", err);
        items[attempts.items[i].node].attempt = &attempts.items[i];
    }
    return 0;
}

int view_run_nodes(struct store *store, int64_t run_id, struct arena *arena,
                   struct view_nodes *ret_nodes, struct error *err)
{
    struct view_node *items = NULL;
    struct view_nodes nodes = {0};
    struct view_run run;
    size_t capacity = 0;
    VIEW_MOMENT(moment);
    STATEMENT(s);
    if (view_enter(&moment, store, err) != 0 ||
        view_find_run(store, run_id, arena, &run, err) != 0 ||
        statement_open(&s, store,
                       "SELECT node_run.node, name, type, state, node_run.reason, wish, why,"
                       " is_selected, attempts, tries, ready_at, changed_at, started_at, ended_at,"
                       " operation.who, operation.reason FROM node_run"
                       " JOIN node ON node.id = node_id"
                       " LEFT JOIN operation ON operation.id = operation_id"
                       " WHERE node_run.run_id = ? ORDER BY node_run.node",
                       err) != 0)
        return -1;
    statement_int(&s, run_id);
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        items = arena_grow(arena, items, nodes.count, &capacity, sizeof *items);
        read_node(&s, arena, &items[nodes.count]);
        if (items[nodes.count].index != nodes.count)
            return store_fail_damaged(store, "a run lacks a node", err);
        nodes.count++;
    }
    nodes.items = items;
    if (row != 0 || read_newest_attempts(store, run_id, arena, &nodes, err) != 0)
        return -1;
    *ret_nodes = nodes;
    return 0;
}

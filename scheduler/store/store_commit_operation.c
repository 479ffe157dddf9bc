/* Operations, freezes, notes. */
#include "scheduler/store/commit_internal.h"
#include "scheduler/store/view.h"

static int add_operation(struct store *store, const struct store_operation *operation,
                         int64_t flow_id, int64_t *ret_id, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "INSERT INTO operation(kind, at, who, reason, detail, flow_id, run_id, node,"
                       " backfill_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                       err) != 0)
        return -1;
    statement_int(&s, operation->kind);
    statement_int(&s, operation->at.us);
    statement_text(&s, operation->who);
    statement_text(&s, operation->reason);
    statement_text(&s, operation->detail);
    statement_int_or_null(&s, flow_id);
    statement_int_or_null(&s, operation->run_id);
    if (operation->node == STORE_NO_NODE)
        statement_int_or_null(&s, 0);
    else
        statement_int(&s, operation->node);
    statement_int_or_null(&s, operation->backfill_id);
    if (statement_run(&s, err) != 0)
        return -1;
    *ret_id = sqlite3_last_insert_rowid(store->db);
    return 0;
}

static int tag_node(struct store *store, const struct store_operation *operation, int64_t id,
                    struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "UPDATE node_run SET operation_id = ?3 WHERE run_id = ?1 AND node = ?2",
                       err) != 0)
        return -1;
    statement_int(&s, operation->run_id);
    statement_int(&s, operation->node);
    statement_int(&s, id);
    return statement_run_one(&s, "node of a run", err);
}

static int tell_operation(struct store *store, const struct store_operation *operation,
                          int64_t flow_id, int64_t id, struct error *err)
{
    int64_t event_id;
    SCOPED_TEXT struct text text = {0};
    text_append(&text, store_operation_kind_name(operation->kind));
    if (operation->backfill_id != 0)
        text_append_format(&text, "%s %lld",
                           operation->kind == STORE_OPERATION_BACKFILL ? "" : " backfill",
                           (long long)operation->backfill_id);
    if (operation->detail != NULL && operation->detail[0] != '\0')
        text_append_format(&text, " %s", operation->detail);
    struct commit_event event = {.kind = VIEW_EVENT_OPERATION,
                                 .at = operation->at,
                                 .run_id = operation->run_id,
                                 .node = operation->node,
                                 .state = -1,
                                 .operation_id = id,
                                 .flow_id = flow_id,
                                 .text = text_string(&text)};
    return commit_event(store, &event, &event_id, err);
}

int store_put_operation(struct store *store, const struct store_operation *operation,
                        struct error *err)
{
    int64_t flow_id = 0;
    int64_t id;
    bool is_tag = operation->kind == STORE_OPERATION_SKIP ||
                  operation->kind == STORE_OPERATION_MARK ||
                  operation->kind == STORE_OPERATION_FREEZE;
    bool names_flow = operation->flow != NULL && operation->flow[0] != '\0';
    if (store_require_batch(store, err) != 0 ||
        (names_flow && commit_flow_id(store, operation->flow, &flow_id, err) != 0) ||
        add_operation(store, operation, flow_id, &id, err) != 0)
        return -1;
    if (is_tag && operation->run_id != 0 && operation->node != STORE_NO_NODE &&
        tag_node(store, operation, id, err) != 0)
        return -1;
    return tell_operation(store, operation, flow_id, id, err);
}

int store_put_freeze(struct store *store, const struct store_freeze *freeze, struct error *err)
{
    int64_t flow_id;
    STATEMENT(s);
    if (store_require_batch(store, err) != 0 ||
        commit_flow_id(store, freeze->flow, &flow_id, err) != 0 ||
        statement_open(&s, store,
                       "INSERT OR REPLACE INTO freeze(flow_id, node, since, until, who, reason)"
                       " VALUES (?, ?, ?, ?, ?, ?)",
                       err) != 0)
        return -1;
    statement_int(&s, flow_id);
    statement_text(&s, freeze->node);
    statement_int(&s, freeze->since.us);
    statement_text(&s, freeze->until);
    statement_text(&s, freeze->who);
    statement_text(&s, freeze->reason);
    return statement_run(&s, err);
}

int store_remove_freeze(struct store *store, const char *flow, const char *node, struct error *err)
{
    STATEMENT(s);
    if (store_require_batch(store, err) != 0 ||
        statement_open(&s, store,
                       "DELETE FROM freeze WHERE flow_id = (SELECT id FROM flow WHERE name = ?)"
                       " AND node = ?",
                       err) != 0)
        return -1;
    statement_text(&s, flow);
    statement_text(&s, node);
    return statement_run(&s, err);
}

int store_put_note(struct store *store, const char *flow, const char *text, struct instant at,
                   struct error *err)
{
    int64_t flow_id = 0;
    int64_t id;
    if (store_require_batch(store, err) != 0 ||
        (flow != NULL && flow[0] != '\0' && commit_flow_id(store, flow, &flow_id, err) != 0))
        return -1;
    struct commit_event event = {.kind = VIEW_EVENT_NOTE,
                                 .at = at,
                                 .node = STORE_NO_NODE,
                                 .state = -1,
                                 .flow_id = flow_id,
                                 .text = text};
    return commit_event(store, &event, &id, err);
}

/* Definitions and new runs. */
#include "scheduler/store/commit_internal.h"

#include <stdio.h>

/* ---- definitions ---- */

static int find_version(struct store *store, const struct store_version *version, int64_t flow_id,
                        int64_t *ret_id, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT id FROM version WHERE flow_id = ? AND hash = ? AND commit_id = ?"
                       " AND is_dirty = ? AND note = ?",
                       err) != 0)
        return -1;
    statement_int(&s, flow_id);
    statement_text(&s, version->hash);
    statement_text(&s, version->commit);
    statement_int(&s, version->is_dirty);
    statement_text(&s, version->note);
    int row = statement_step(&s, err);
    if (row == 1)
        *ret_id = statement_get_int(&s, 0);
    return row;
}

static int put_file(struct store *store, int64_t version_id, size_t position,
                    const struct flow_file *file, struct error *err)
{
    int64_t blob_id;
    struct commit_bytes blob = {.hash = file->hash, .bytes = file->bytes, .length = file->length};
    if (commit_blob_id(store, &blob, &blob_id, err) != 0)
        return -1;
    STATEMENT(s);
    if (statement_open(&s, store,
                       "INSERT INTO version_file(version_id, position, path, blob_id)"
                       " VALUES (?, ?, ?, ?)",
                       err) != 0)
        return -1;
    statement_int(&s, version_id);
    statement_int(&s, (int64_t)position);
    statement_text(&s, file->path);
    statement_int(&s, blob_id);
    return statement_run(&s, err);
}

static int add_version(struct store *store, const struct store_version *version, int64_t flow_id,
                       struct instant now, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "INSERT INTO version(flow_id, hash, commit_id, short_commit, is_dirty, note,"
                       " created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                       err) != 0)
        return -1;
    statement_int(&s, flow_id);
    statement_text(&s, version->hash);
    statement_text(&s, version->commit);
    statement_text(&s, version->short_commit);
    statement_int(&s, version->is_dirty);
    statement_text(&s, version->note);
    statement_int(&s, now.us);
    return statement_run(&s, err);
}

int store_put_version(struct store *store, const struct store_version *version, struct instant now,
                      int64_t *ret_version_id, struct error *err)
{
    int64_t flow_id;
    int64_t id;
    if (store_require_batch(store, err) != 0 ||
        commit_flow_id(store, version->flow, &flow_id, err) != 0)
        return -1;
    int found = find_version(store, version, flow_id, &id, err);
    if (found < 0)
        return -1;
    if (found == 0) {
        if (add_version(store, version, flow_id, now, err) != 0)
            return -1;
        id = sqlite3_last_insert_rowid(store->db);
        for (size_t i = 0; i < version->file_count; i++)
            if (put_file(store, id, i, &version->files[i], err) != 0)
                return -1;
    }
    *ret_version_id = id;
    return 0;
}

/* ---- runs ---- */

static int fail_conflict(struct store *store, const char *flow, const struct store_run *run,
                         int64_t other, struct error *err)
{
    struct error ours = {0};
    error_set(&ours, ERROR_KIND_BUSY, "%s for %s%s is run %lld already", flow, run->cyctime,
              run->is_second ? " (the second time)" : "", (long long)other);
    error_help(&ours, "datemill runs watch %lld", (long long)other);
    if (err != NULL)
        *err = ours;
    return store_spoil(store, &ours);
}

/* Of a flow and planned time one run is open, and one is the schedule's. */
static int check_conflict(struct store *store, const struct store_run *run, int64_t flow_id,
                          struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT id FROM run WHERE flow_id = ?1 AND cyctime = ?2 AND is_second = ?3"
                       " AND state < 2 UNION ALL "
                       "SELECT id FROM run WHERE flow_id = ?1 AND cyctime = ?2 AND is_second = ?3"
                       " AND kind = 0 AND ?4 = 0 LIMIT 1",
                       err) != 0)
        return -1;
    statement_int(&s, flow_id);
    statement_text(&s, run->cyctime);
    statement_int(&s, run->is_second);
    statement_int(&s, run->kind);
    int row = statement_step(&s, err);
    if (row != 1)
        return row;
    return fail_conflict(store, run->flow, run, statement_get_int(&s, 0), err);
}

static int add_run(struct store *store, const struct store_run *run, int64_t flow_id,
                   struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "INSERT INTO run(id, flow_id, version_id, cyctime, is_second, bizdate, zone,"
                       " fires_at, kind, trigger, request, reason, selection, priority, parallel,"
                       " hold, created_at, queued_at, state, opening, started_at, ended_at)"
                       " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?17, ?17, 0, 1, 0,"
                       " 0)",
                       err) != 0)
        return -1;
    statement_int(&s, run->run_id);
    statement_int(&s, flow_id);
    statement_int(&s, run->version_id);
    statement_text(&s, run->cyctime);
    statement_int(&s, run->is_second);
    statement_text(&s, run->bizdate);
    statement_text(&s, run->zone);
    statement_int(&s, run->fires_at.us);
    statement_int(&s, run->kind);
    statement_text(&s, run->trigger);
    statement_text(&s, run->request);
    statement_text(&s, run->reason);
    statement_text(&s, run->selection);
    statement_int(&s, run->priority);
    statement_int(&s, run->parallel);
    statement_int(&s, run->hold);
    statement_int(&s, run->created_at.us);
    return statement_run(&s, err);
}

int commit_add_values(struct store *store, const struct store_run *run, struct error *err)
{
    STATEMENT(param);
    STATEMENT(var);
    if (statement_open(&param, store, "INSERT INTO run_param VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                       err) != 0 ||
        statement_open(&var, store, "INSERT INTO run_var VALUES (?, ?, ?, ?)", err) != 0)
        return -1;
    for (size_t i = 0; i < run->param_count; i++) {
        const struct store_param *item = &run->params[i];
        statement_int(&param, run->run_id);
        statement_int(&param, (int64_t)i);
        statement_text(&param, item->name);
        statement_text(&param, item->value);
        statement_text(&param, item->explanation);
        statement_text(&param, item->written);
        statement_text_or_null(&param, item->node);
        statement_int(&param, item->is_overridden);
        if (statement_run(&param, err) != 0)
            return -1;
    }
    for (size_t i = 0; i < run->var_count; i++) {
        statement_int(&var, run->run_id);
        statement_int(&var, (int64_t)i);
        statement_text(&var, run->vars[i].name);
        statement_text(&var, run->vars[i].text);
        if (statement_run(&var, err) != 0)
            return -1;
    }
    return 0;
}

static int find_or_add_node(struct store *store, int64_t flow_id, const char *name, int64_t *ret_id,
                            struct error *err)
{
    STATEMENT(found);
    if (statement_open(&found, store, "SELECT id FROM node WHERE flow_id = ? AND name = ?", err) !=
        0)
        return -1;
    statement_int(&found, flow_id);
    statement_text(&found, name);
    int row = statement_step(&found, err);
    if (row < 0)
        return -1;
    if (row == 1) {
        *ret_id = statement_get_int(&found, 0);
        return 0;
    }
    STATEMENT(added);
    if (statement_open(&added, store, "INSERT INTO node(flow_id, name) VALUES (?, ?)", err) != 0)
        return -1;
    statement_int(&added, flow_id);
    statement_text(&added, name);
    if (statement_run(&added, err) != 0)
        return -1;
    *ret_id = sqlite3_last_insert_rowid(store->db);
    return 0;
}

static size_t slot_of(const char *name)
{
    uint32_t sum = 0;
    for (; *name != '\0'; name++)
        sum = sum * 31 + (unsigned char)*name;
    return sum % STORE_KNOWN_NODES;
}

/* The dates of a backfill have the same nodes. */
static int node_id(struct store *store, int64_t flow_id, const char *name, int64_t *ret_id,
                   struct error *err)
{
    struct store_known_node *slot = &store->nodes[slot_of(name)];
    if (slot->batch == store->batch && slot->flow_id == flow_id &&
        commit_is_known(&slot->known, name, ret_id))
        return 0;
    if (find_or_add_node(store, flow_id, name, ret_id, err) != 0)
        return -1;
    slot->batch = store->batch;
    slot->flow_id = flow_id;
    commit_keep_known(&slot->known, name, *ret_id);
    return 0;
}

int commit_add_nodes(struct store *store, const struct store_run *run, int64_t flow_id,
                     struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "INSERT INTO node_run(run_id, node, node_id, type, is_selected, state,"
                       " changed_at, ended_at, reason, wish, why, attempts, tries, ready_at,"
                       " started_at, event_id)"
                       " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, 0, 0, 0, 0, 0)",
                       err) != 0)
        return -1;
    for (size_t i = 0; i < run->node_count; i++) {
        const struct store_run_node *node = &run->nodes[i];
        int64_t id;
        if (node_id(store, flow_id, node->name, &id, err) != 0)
            return -1;
        statement_int(&s, run->run_id);
        statement_int(&s, (int64_t)i);
        statement_int(&s, id);
        statement_text(&s, node->type);
        statement_int(&s, node->is_selected);
        statement_int(&s, node->state);
        statement_int(&s, run->created_at.us);
        statement_int(&s, node->state == TASK_WAITING ? 0 : run->created_at.us);
        statement_int(&s, node->state == TASK_FROZEN ? TASK_WHY_FREEZE : TASK_WHY_SKIP);
        if (statement_run(&s, err) != 0)
            return -1;
    }
    return 0;
}

int store_put_run(struct store *store, const struct store_run *run, struct error *err)
{
    int64_t flow_id;
    int64_t event_id;
    if (store_require_batch(store, err) != 0 ||
        commit_flow_id(store, run->flow, &flow_id, err) != 0 ||
        check_conflict(store, run, flow_id, err) != 0 || add_run(store, run, flow_id, err) != 0 ||
        commit_add_values(store, run, err) != 0 || commit_add_nodes(store, run, flow_id, err) != 0)
        return -1;
    struct commit_event event = {.kind = VIEW_EVENT_RUN_ADDED,
                                 .at = run->created_at,
                                 .run_id = run->run_id,
                                 .node = STORE_NO_NODE,
                                 .state = RUN_WAITING,
                                 .text = run->trigger};
    if (commit_event(store, &event, &event_id, err) != 0)
        return -1;
    store->uncounted[(size_t)run->run_id % STORE_MAX_UNCOUNTED] = run->run_id;
    if (run->run_id >= store->batch_run_id)
        store->batch_run_id = run->run_id + 1;
    return 0;
}

int store_set_hold(struct store *store, int64_t run_id, enum run_hold hold, struct error *err)
{
    STATEMENT(s);
    if (store_require_batch(store, err) != 0 ||
        statement_open(&s, store, "UPDATE run SET hold = ?2 WHERE id = ?1", err) != 0)
        return -1;
    statement_int(&s, run_id);
    statement_int(&s, hold);
    return statement_run_one(&s, "run", err);
}

#include "scheduler/store/view.h"

#include "scheduler/store/view_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int view_enter(struct view_moment *moment, struct store *store, struct error *err)
{
    if (store->is_in_batch || store->is_reading)
        return 0;
    store_begin_question(store);
    if (store_begin_reading(store, err) != 0)
        return -1;
    moment->store = store;
    return 0;
}

void view_leave(struct view_moment *moment)
{
    if (moment->store != NULL)
        store_end_reading(moment->store);
}

const char *store_run_kind_name(enum store_run_kind kind)
{
    switch (kind) {
    case STORE_RUN_SCHEDULE:
        return "schedule";
    case STORE_RUN_BACKFILL:
        return "backfill";
    case STORE_RUN_MANUAL:
        return "manual";
    }
    return "?";
}

const char *store_operation_kind_name(enum store_operation_kind kind)
{
    switch (kind) {
    case STORE_OPERATION_RUN:
        return "run";
    case STORE_OPERATION_RERUN:
        return "rerun";
    case STORE_OPERATION_STOP:
        return "stop";
    case STORE_OPERATION_SKIP:
        return "skip";
    case STORE_OPERATION_MARK:
        return "mark";
    case STORE_OPERATION_FREEZE:
        return "freeze";
    case STORE_OPERATION_UNFREEZE:
        return "unfreeze";
    case STORE_OPERATION_OTHER:
        return "other";
    case STORE_OPERATION_BACKFILL:
        return "backfill";
    case STORE_OPERATION_PAUSE:
        return "pause";
    case STORE_OPERATION_RESUME:
        return "resume";
    case STORE_OPERATION_RETRY:
        return "retry";
    case STORE_OPERATION_SET:
        return "set";
    case STORE_OPERATION_PRUNE:
        return "prune";
    }
    return "?";
}

/* ---- a run's row ---- */

bool view_parse_numbers(const char *text, int64_t most, int64_t *ret_numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *end;
        long long value = strtoll(text, &end, 10);
        if (end == text || value < 0 || value > most || *end != (i == count - 1 ? '\0' : ','))
            return false;
        ret_numbers[i] = value;
        text = end + 1;
    }
    return true;
}

bool view_parse_counts(const char *text, uint32_t ret_counts[TASK_STATE_COUNT])
{
    int64_t numbers[TASK_STATE_COUNT];
    if (!view_parse_numbers(text, ENGINE_MAX_NODES, numbers, TASK_STATE_COUNT))
        return false;
    for (int i = 0; i < TASK_STATE_COUNT; i++)
        ret_counts[i] = (uint32_t)numbers[i];
    return true;
}

static int count_nodes(struct store *store, struct view_run *run, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT count(*) FILTER (WHERE state = 0),"
                       " count(*) FILTER (WHERE state = 1), count(*) FILTER (WHERE state = 2),"
                       " count(*) FILTER (WHERE state = 3), count(*) FILTER (WHERE state = 4),"
                       " count(*) FILTER (WHERE state = 5), count(*) FILTER (WHERE state = 6),"
                       " count(*) FILTER (WHERE state = 7) FROM node_run WHERE run_id = ?"
                       " AND type <> ''",
                       err) != 0)
        return -1;
    statement_int(&s, run->id);
    if (statement_step(&s, err) < 0)
        return -1;
    for (int i = 0; i < TASK_STATE_COUNT; i++)
        run->counts[i] = (uint32_t)statement_get_int32(&s, i);
    return 0;
}

/* Where to look for the reason of a failure. */
struct failed_node {
    int64_t run_id;
    uint32_t node;
};

static int read_attempt_failure(struct store *store, const struct failed_node *failed,
                                struct arena *arena, struct view_failure *failure,
                                struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT id, error_code, reason FROM attempt WHERE run_id = ? AND node = ?"
                       " ORDER BY number DESC LIMIT 1",
                       err) != 0)
        return -1;
    statement_int(&s, failed->run_id);
    statement_int(&s, failed->node);
    int row = statement_step(&s, err);
    if (row != 1)
        return row;
    failure->attempt_id = statement_get_int(&s, 0);
    failure->code = statement_get_text(&s, 1, arena);
    failure->text = statement_get_text(&s, 2, arena);
    return 0;
}

int view_read_failure(struct store *store, int64_t run_id, struct arena *arena,
                      struct view_failure *failure, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT node_run.node, node.name, why, operation.who, operation.reason"
                       " FROM node_run INDEXED BY node_run_failed"
                       " JOIN node ON node.id = node_id"
                       " LEFT JOIN operation ON operation.id = operation_id"
                       " WHERE node_run.run_id = ? AND node_run.state = 3"
                       " ORDER BY event_id LIMIT 1",
                       err) != 0)
        return -1;
    statement_int(&s, run_id);
    int row = statement_step(&s, err);
    if (row != 1)
        return row;
    struct failed_node failed = {.run_id = run_id, .node = statement_get_index(&s, 0)};
    failure->node = statement_get_text(&s, 1, arena);
    if (statement_get_int(&s, 2) == TASK_WHY_WAIT_TIMEOUT) {
        failure->text = "waited too long for what was not there";
        return 0;
    }
    if (statement_get_int(&s, 2) != TASK_WHY_MARK)
        return read_attempt_failure(store, &failed, arena, failure, err);
    failure->text = arena_format(arena, "marked failed by %s: %s", statement_peek_text(&s, 3),
                                 statement_get_text(&s, 4, arena));
    return 0;
}

const char *view_read_version(struct statement *s, int column, struct arena *arena)
{
    const char *commit = statement_get_text(s, column, arena);
    const char *hash = statement_get_text(s, column + 1, arena);
    const char *dirty = statement_get_bool(s, column + 2) ? "+" : "";
    return commit[0] != '\0' ? arena_format(arena, "%s%s", commit, dirty)
                             : arena_format(arena, "%.12s", hash);
}

static void read_columns(struct statement *s, struct arena *arena, struct view_run *run)
{
    run->id = statement_get_int(s, 0);
    run->flow = statement_get_text(s, 1, arena);
    run->bizdate = statement_get_text(s, 2, arena);
    run->cyctime = statement_get_text(s, 3, arena);
    run->is_second = statement_get_bool(s, 4);
    run->zone = statement_get_text(s, 5, arena);
    run->state = (enum run_state)statement_get_enum(s, 6, TASK_STATE_COUNT);
    run->kind = (enum store_run_kind)statement_get_enum(s, 7, STORE_RUN_MANUAL + 1);
    run->opening = statement_get_int32(s, 8);
    run->trigger = statement_get_text(s, 9, arena);
    run->version = view_read_version(s, 10, arena);
    run->version_id = statement_get_int(s, 13);
    run->hold = (enum run_hold)statement_get_enum(s, 14, RUN_HOLD_OVERLAP + 1);
    run->fires_at = statement_get_instant(s, 15);
    run->created_at = statement_get_instant(s, 16);
    run->queued_at = statement_get_instant(s, 17);
    run->started_at = statement_get_instant(s, 18);
    run->ended_at = statement_get_instant(s, 19);
    run->failure = (struct view_failure){.node = "", .code = "", .text = ""};
}

/* 1 and the row, 0 if there is no such run, -1. */
static int read_run(struct store *store, int64_t run_id, struct arena *arena,
                    struct view_run *ret_run, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT run.id, flow.name, bizdate, cyctime, is_second, zone, state, kind,"
                       " opening, trigger, short_commit, hash, is_dirty, version_id, hold,"
                       " fires_at, run.created_at, queued_at, started_at, ended_at, counts"
                       " FROM run JOIN flow ON flow.id = run.flow_id"
                       " JOIN version ON version.id = version_id WHERE run.id = ?",
                       err) != 0)
        return -1;
    statement_int(&s, run_id);
    int row = statement_step(&s, err);
    if (row != 1)
        return row;
    struct view_run run = {0};
    read_columns(&s, arena, &run);
    bool is_counted = !statement_get_is_null(&s, 20);
    if (is_counted && !view_parse_counts(statement_peek_text(&s, 20), run.counts))
        return store_fail_damaged(store, "a run's counts cannot be", err);
    if (statement_end(&s, err) != 0)
        return -1;
    statement_close(&s);
    if (!is_counted && count_nodes(store, &run, err) != 0)
        return -1;
    if (run.counts[TASK_FAILED] > 0 &&
        view_read_failure(store, run_id, arena, &run.failure, err) != 0)
        return -1;
    *ret_run = run;
    return 1;
}

int view_read_runs(struct store *store, const struct view_ids *ids, struct arena *arena,
                   const struct view_run **ret_runs, struct error *err)
{
    struct view_run *runs = arena_array(arena, ids->count, sizeof *runs);
    for (size_t i = 0; i < ids->count; i++) {
        int row = read_run(store, ids->items[i], arena, &runs[i], err);
        if (row == 0)
            return store_fail_damaged(store, "an index names a run that is not there", err);
        if (row < 0)
            return -1;
    }
    *ret_runs = runs;
    return 0;
}

/* ---- questions ---- */

int view_list_runs(struct store *store, const struct view_page *page, struct arena *arena,
                   struct view_runs *ret_runs, struct error *err)
{
    struct view_ids ids;
    struct view_runs runs = {0};
    VIEW_MOMENT(moment);
    if (view_enter(&moment, store, err) != 0 || view_find_ids(store, page, arena, &ids, err) != 0 ||
        view_read_runs(store, &ids, arena, &runs.items, err) != 0)
        return -1;
    runs.count = ids.count;
    runs.next = ids.next;
    runs.is_partial = ids.is_partial;
    *ret_runs = runs;
    return 0;
}

int view_count_runs(struct store *store, const struct run_query *query, int32_t at_most,
                    int32_t *ret_count, struct error *err)
{
    struct view_ids ids;
    struct view_page page = {.limit = at_most, .query = query};
    SCOPED_ARENA struct arena arena;
    arena_init(&arena, 0);
    VIEW_MOMENT(moment);
    if (view_enter(&moment, store, err) != 0 || view_find_ids(store, &page, &arena, &ids, err) != 0)
        return -1;
    *ret_count = (int32_t)ids.count;
    return 0;
}

static int fail_no_run(struct store *store, int64_t run_id, struct error *err)
{
    int64_t newest;
    if (store_read_int(store, "SELECT max(id) FROM run", &newest, err) != 0)
        return -1;
    error_set(err, ERROR_KIND_NOT_FOUND, "there is no run %lld", (long long)run_id);
    return newest > 0 ? error_help(err, "the newest is %lld; datemill runs list shows more",
                                   (long long)newest)
                      : error_help(err, "nothing has run yet");
}

int view_find_run(struct store *store, int64_t run_id, struct arena *arena,
                  struct view_run *ret_run, struct error *err)
{
    VIEW_MOMENT(moment);
    if (view_enter(&moment, store, err) != 0)
        return -1;
    int row = read_run(store, run_id, arena, ret_run, err);
    if (row == 0)
        return fail_no_run(store, run_id, err);
    return row < 0 ? -1 : 0;
}

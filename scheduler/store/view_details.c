/* The facts of a run beside its row. */
#include "scheduler/store/store_load.h"
#include "scheduler/store/view_internal.h"

#include <stdio.h>

static int read_facts(struct store *store, int64_t run_id, struct arena *arena,
                      struct view_details *details, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT commit_id, hash, is_dirty, note, reason, selection, priority,"
                       " parallel FROM run JOIN version ON version.id = version_id"
                       " WHERE run.id = ?",
                       err) != 0)
        return -1;
    statement_int(&s, run_id);
    int row = statement_step(&s, err);
    if (row < 0)
        return -1;
    if (row == 0)
        return error_set(err, ERROR_KIND_NOT_FOUND, "there is no run %lld", (long long)run_id);
    details->commit = statement_get_text(&s, 0, arena);
    details->hash = statement_get_text(&s, 1, arena);
    details->is_dirty = statement_get_bool(&s, 2);
    details->version_note = statement_get_text(&s, 3, arena);
    details->reason = statement_get_text(&s, 4, arena);
    details->selection = statement_get_text(&s, 5, arena);
    details->priority = statement_get_int32(&s, 6);
    details->parallel = statement_get_int32(&s, 7);
    return statement_end(&s, err);
}

int view_read_operations(struct statement *s, struct arena *arena,
                         struct view_operations *ret_operations, struct error *err)
{
    struct view_operation *items = NULL;
    size_t count = 0;
    size_t capacity = 0;
    int row;
    while ((row = statement_step(s, err)) == 1) {
        items = arena_grow(arena, items, count, &capacity, sizeof *items);
        items[count++] = (struct view_operation){
            .id = statement_get_int(s, 0),
            .kind = (enum store_operation_kind)statement_get_enum(s, 1, STORE_OPERATION_COUNT),
            .at = statement_get_instant(s, 2),
            .who = statement_get_text(s, 3, arena),
            .reason = statement_get_text(s, 4, arena),
            .detail = statement_get_text(s, 5, arena),
            .flow = statement_get_text(s, 6, arena),
            .run_id = statement_get_int(s, 7),
            .node = statement_get_index(s, 8),
            .node_name = statement_get_text(s, 9, arena),
            .backfill_id = statement_get_int(s, 10),
        };
    }
    if (row != 0)
        return -1;
    *ret_operations = (struct view_operations){.items = items, .count = count};
    return 0;
}

static int read_operations(struct store *store, int64_t run_id, struct arena *arena,
                           struct view_details *details, struct error *err)
{
    struct view_operations operations;
    STATEMENT(s);
    if (statement_open(&s, store,
                       VIEW_OPERATION_SELECT "INDEXED BY operation_by_run" VIEW_OPERATION_JOIN
                                             "WHERE operation.run_id = ? ORDER BY operation.id",
                       err) != 0)
        return -1;
    statement_int(&s, run_id);
    if (view_read_operations(&s, arena, &operations, err) != 0)
        return -1;
    details->operations = operations.items;
    details->operation_count = operations.count;
    return 0;
}

static int read_tables(struct store *store, int64_t run_id, struct arena *arena,
                       struct view_details *details, struct error *err)
{
    struct view_written *items = NULL;
    size_t capacity = 0;
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT attempt.id, node.name, attempt_table.name, part, mode, rows"
                       " FROM attempt"
                       " JOIN attempt_table ON attempt_table.attempt_id = attempt.id"
                       " JOIN node_run ON node_run.run_id = attempt.run_id"
                       "  AND node_run.node = attempt.node"
                       " JOIN node ON node.id = node_id WHERE attempt.run_id = ?"
                       " ORDER BY attempt.node, number, position",
                       err) != 0)
        return -1;
    statement_int(&s, run_id);
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        items = arena_grow(arena, items, details->table_count, &capacity, sizeof *items);
        items[details->table_count++] = (struct view_written){
            .attempt_id = statement_get_int(&s, 0),
            .node_name = statement_get_text(&s, 1, arena),
            .table.table = statement_get_text(&s, 2, arena),
            .table.partition = statement_get_text(&s, 3, arena),
            .table.mode = statement_get_text(&s, 4, arena),
            .table.rows = statement_get_int(&s, 5),
        };
    }
    details->tables = items;
    return row;
}

static int read_outputs(struct store *store, int64_t run_id, struct arena *arena,
                        struct view_details *details, struct error *err)
{
    struct view_output *items = NULL;
    size_t capacity = 0;
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT attempt.id, node.name, attempt_output.name, value FROM attempt"
                       " JOIN attempt_output ON attempt_output.attempt_id = attempt.id"
                       " JOIN node_run ON node_run.run_id = attempt.run_id"
                       "  AND node_run.node = attempt.node"
                       " JOIN node ON node.id = node_id WHERE attempt.run_id = ?"
                       " ORDER BY attempt.node, number, position",
                       err) != 0)
        return -1;
    statement_int(&s, run_id);
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        items = arena_grow(arena, items, details->output_count, &capacity, sizeof *items);
        items[details->output_count++] = (struct view_output){
            .attempt_id = statement_get_int(&s, 0),
            .node_name = statement_get_text(&s, 1, arena),
            .name = statement_get_text(&s, 2, arena),
            .text = statement_get_text(&s, 3, arena),
        };
    }
    details->outputs = items;
    return row;
}

int view_run_details(struct store *store, int64_t run_id, struct arena *arena,
                     struct view_details *ret_details, struct error *err)
{
    struct view_details details = {0};
    struct load_values values;
    VIEW_MOMENT(moment);
    if (view_enter(&moment, store, err) != 0 ||
        read_facts(store, run_id, arena, &details, err) != 0 ||
        load_values(store, run_id, arena, &values, err) != 0 ||
        read_operations(store, run_id, arena, &details, err) != 0 ||
        read_tables(store, run_id, arena, &details, err) != 0 ||
        read_outputs(store, run_id, arena, &details, err) != 0)
        return -1;
    details.params = values.params;
    details.param_count = values.param_count;
    details.vars = values.vars;
    details.var_count = values.var_count;
    *ret_details = details;
    return 0;
}

int view_version_files(struct store *store, int64_t version_id, struct arena *arena,
                       struct view_files *ret_files, struct error *err)
{
    struct flow_file *items = NULL;
    size_t count = 0;
    size_t capacity = 0;
    VIEW_MOMENT(moment);
    STATEMENT(s);
    if (view_enter(&moment, store, err) != 0 ||
        statement_open(&s, store,
                       "SELECT path, hash, length(bytes) FROM version_file"
                       " JOIN blob ON blob.id = blob_id WHERE version_id = ? ORDER BY position",
                       err) != 0)
        return -1;
    statement_int(&s, version_id);
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        items = arena_grow(arena, items, count, &capacity, sizeof *items);
        items[count] = (struct flow_file){
            .path = statement_get_text(&s, 0, arena),
            .length = (size_t)statement_get_int(&s, 2),
        };
        snprintf(items[count].hash, sizeof items[count].hash, "%s", statement_peek_text(&s, 1));
        count++;
    }
    if (row != 0)
        return -1;
    *ret_files = (struct view_files){.items = items, .count = count};
    return 0;
}

int view_text(struct store *store, const char *hash, struct arena *arena,
              struct flow_file *ret_text, struct error *err)
{
    VIEW_MOMENT(moment);
    STATEMENT(s);
    if (view_enter(&moment, store, err) != 0 ||
        statement_open(&s, store, "SELECT bytes FROM blob WHERE hash = ?", err) != 0)
        return -1;
    statement_text(&s, hash);
    int row = statement_step(&s, err);
    if (row < 0)
        return -1;
    if (row == 0)
        return error_set(err, ERROR_KIND_NOT_FOUND, "the store has no text %.40s", hash);
    struct flow_file text = {.path = "", .bytes = statement_get_text(&s, 0, arena)};
    text.length = (size_t)sqlite3_column_bytes(s.handle, 0);
    snprintf(text.hash, sizeof text.hash, "%s", hash);
    *ret_text = text;
    return 0;
}

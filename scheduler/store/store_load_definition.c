/* What a run was made of. */
#include "scheduler/store/statement.h"
#include "scheduler/store/store_load.h"

#include <stdio.h>

static int load_files(struct store *store, int64_t version_id, struct arena *arena,
                      struct load_definition *definition, struct error *err)
{
    struct flow_file *files = NULL;
    size_t count = 0;
    size_t capacity = 0;
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT path, hash, bytes FROM version_file"
                       " JOIN blob ON blob.id = blob_id WHERE version_id = ? ORDER BY position",
                       err) != 0)
        return -1;
    statement_int(&s, version_id);
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        files = arena_grow(arena, files, count, &capacity, sizeof *files);
        files[count] = (struct flow_file){
            .path = statement_get_text(&s, 0, arena),
            .bytes = statement_get_text(&s, 2, arena),
            .length = (size_t)sqlite3_column_bytes(s.handle, 2),
        };
        snprintf(files[count].hash, sizeof files[count].hash, "%s", statement_peek_text(&s, 1));
        count++;
    }
    if (row != 0)
        return -1;
    definition->files = files;
    definition->file_count = count;
    return 0;
}

int load_definition(struct store *store, int64_t version_id, struct arena *arena,
                    struct load_definition *ret_definition, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT flow.name, hash, commit_id, short_commit, is_dirty, note"
                       " FROM version JOIN flow ON flow.id = flow_id WHERE version.id = ?",
                       err) != 0)
        return -1;
    statement_int(&s, version_id);
    int row = statement_step(&s, err);
    if (row < 0)
        return -1;
    if (row == 0)
        return error_set(err, ERROR_KIND_NOT_FOUND, "there is no version %lld",
                         (long long)version_id);
    struct load_definition definition = {
        .flow = statement_get_text(&s, 0, arena),
        .hash = statement_get_text(&s, 1, arena),
        .commit = statement_get_text(&s, 2, arena),
        .short_commit = statement_get_text(&s, 3, arena),
        .is_dirty = statement_get_bool(&s, 4),
        .note = statement_get_text(&s, 5, arena),
    };
    if (load_files(store, version_id, arena, &definition, err) != 0)
        return -1;
    *ret_definition = definition;
    return 0;
}

static int load_params(struct store *store, int64_t run_id, struct arena *arena,
                       struct load_values *values, struct error *err)
{
    struct store_param *params = NULL;
    size_t capacity = 0;
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT name, value, explanation, written, node, is_overridden"
                       " FROM run_param WHERE run_id = ? ORDER BY position",
                       err) != 0)
        return -1;
    statement_int(&s, run_id);
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        params = arena_grow(arena, params, values->param_count, &capacity, sizeof *params);
        params[values->param_count++] = (struct store_param){
            .name = statement_get_text(&s, 0, arena),
            .value = statement_get_text(&s, 1, arena),
            .explanation = statement_get_text(&s, 2, arena),
            .written = statement_get_text(&s, 3, arena),
            .node = statement_get_is_null(&s, 4) ? NULL : statement_get_text(&s, 4, arena),
            .is_overridden = statement_get_bool(&s, 5),
        };
    }
    values->params = params;
    return row;
}

static int load_vars(struct store *store, int64_t run_id, struct arena *arena,
                     struct load_values *values, struct error *err)
{
    struct node_setting *vars = NULL;
    size_t capacity = 0;
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT name, value FROM run_var WHERE run_id = ? ORDER BY position",
                       err) != 0)
        return -1;
    statement_int(&s, run_id);
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        vars = arena_grow(arena, vars, values->var_count, &capacity, sizeof *vars);
        vars[values->var_count++] = (struct node_setting){
            .name = statement_get_text(&s, 0, arena),
            .text = statement_get_text(&s, 1, arena),
        };
    }
    values->vars = vars;
    return row;
}

int load_values(struct store *store, int64_t run_id, struct arena *arena,
                struct load_values *ret_values, struct error *err)
{
    struct load_values values = {0};
    if (load_params(store, run_id, arena, &values, err) != 0 ||
        load_vars(store, run_id, arena, &values, err) != 0)
        return -1;
    *ret_values = values;
    return 0;
}

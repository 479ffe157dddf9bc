#include "scheduler/store/store_schema.h"

#include "scheduler/store/statement.h"

#include <stdio.h>

static const struct store_migration migrations[] = {
    {1, store_schema_from_1},
    {2, store_schema_from_2},
    {3, store_schema_from_3},
    {4, store_schema_from_4},
};

const struct store_schema store_schema_present = {
    .version = STORE_SCHEMA_VERSION,
    .create = store_schema_sql,
    .migrations = migrations,
    .migration_count = sizeof migrations / sizeof *migrations,
};

/* Best effort: the file's schema is not ours, its table of figures may be. */
static void read_program(struct store *store, char *ret_program, size_t size)
{
    snprintf(ret_program, size, "a newer datemill");
    sqlite3_stmt *handle = NULL;
    if (sqlite3_prepare_v2(store->db, "SELECT value FROM meta WHERE name = 'program'", -1, &handle,
                           NULL) == SQLITE_OK &&
        sqlite3_step(handle) == SQLITE_ROW && sqlite3_column_text(handle, 0) != NULL)
        snprintf(ret_program, size, "%.60s", (const char *)sqlite3_column_text(handle, 0));
    sqlite3_finalize(handle);
}

static int fail_newer(struct store *store, int64_t version, const struct store_schema *schema,
                      struct error *err)
{
    char program[64];
    read_program(store, program, sizeof program);
    error_set(err, ERROR_KIND_PRECONDITION,
              "%s was written by %s: its schema is %lld, this datemill knows schemas up to %d",
              store->path, program, (long long)version, (int)schema->version);
    error_help(err, "use that version, or a newer one; nothing was changed");
    if (err != NULL)
        snprintf(err->code, sizeof err->code, "E502");
    return -1;
}

int store_schema_read(struct store *store, const struct store_schema *schema, int32_t *ret_version,
                      bool *ret_is_new, struct error *err)
{
    int64_t tables;
    int64_t application;
    int64_t version;
    if (store_read_int(store, "SELECT count(*) FROM sqlite_schema", &tables, err) != 0 ||
        store_read_int(store, "PRAGMA application_id", &application, err) != 0 ||
        store_read_int(store, "PRAGMA user_version", &version, err) != 0)
        return -1;
    bool is_new = tables == 0 && application == 0 && version == 0;
    if (!is_new && application != STORE_APPLICATION_ID)
        return store_fail_damaged(store, "it is another program's SQLite database", err);
    if (version > schema->version)
        return fail_newer(store, version, schema, err);
    if (version < 0 || (!is_new && tables == 0))
        return store_fail_damaged(store, "it has no tables", err);
    *ret_version = (int32_t)version;
    *ret_is_new = is_new;
    return 0;
}

static int run_migrations(struct store *store, const struct store_schema *schema, int32_t version,
                          struct error *err)
{
    for (size_t i = 0; i < schema->migration_count; i++) {
        if (schema->migrations[i].from != version)
            continue;
        if (store_execute(store, schema->migrations[i].sql, err) != 0)
            return error_prefix(err, "cannot bring the schema from %d to %d", (int)version,
                                (int)version + 1);
        version++;
    }
    if (version == schema->version)
        return 0;
    return error_set(err, ERROR_KIND_PRECONDITION,
                     "%s has schema %d, from which this datemill cannot go on to %d", store->path,
                     (int)version, (int)schema->version);
}

int store_schema_upgrade(struct store *store, const struct store_schema *schema, int32_t version,
                         bool is_new, struct error *err)
{
    if (!is_new && version == schema->version)
        return 0;
    char figures[128];
    snprintf(figures, sizeof figures, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
             STORE_APPLICATION_ID, (int)schema->version);
    if (store_begin(store, err) != 0)
        return -1;
    int result = is_new ? store_execute(store, schema->create, err)
                        : run_migrations(store, schema, version, err);
    if (result == 0)
        result = store_execute(store, figures, err);
    if (result == 0)
        return store_commit(store, err);
    store_rollback(store);
    return -1;
}

#include "nodes/warehouse/catalog.h"
#include "nodes/warehouse/db.h"
#include "scheduler/base/scope.h"

#include <string.h>

/* The newest attempt of the writer's node in its run, 0 if none ever registered. */
static int newest_attempt(struct catalog *catalog, const struct catalog_writer *writer,
                          int64_t *ret_attempt_id, struct error *err)
{
    SCOPED_STATEMENT sqlite3_stmt *statement = NULL;
    if (db_prepare(catalog->db, "SELECT attempt_id FROM attempt WHERE run_id = ? AND node = ?",
                   &statement, err) != 0)
        return -1;
    db_bind(statement, "is", writer->run, writer->node);
    int stepped = db_step(statement, err);
    if (stepped < 0)
        return -1;
    *ret_attempt_id = stepped == 1 ? sqlite3_column_int64(statement, 0) : 0;
    return 0;
}

static int refuse(const struct catalog_writer *writer, int64_t newest, struct error *err)
{
    error_set(err, ERROR_KIND_REFUSED,
              "attempt %lld of node `%s` in run %lld was replaced by a newer one (%lld); nothing "
              "was changed",
              (long long)writer->attempt_id, writer->node, (long long)writer->run,
              (long long)newest);
    return -1;
}

static int register_attempt(struct catalog *catalog, const struct catalog_writer *writer,
                            struct error *err)
{
    int64_t newest;
    if (newest_attempt(catalog, writer, &newest, err) != 0)
        return -1;
    if (newest > writer->attempt_id)
        return refuse(writer, newest, err);
    return db_run(catalog->db, err,
                  "INSERT INTO attempt VALUES (?, ?, ?, ?) ON CONFLICT (run_id, node)"
                  " DO UPDATE SET attempt_id = excluded.attempt_id,"
                  " started_us = excluded.started_us",
                  "isii", writer->run, writer->node, writer->attempt_id, catalog_now_us(catalog));
}

static int check_fence(struct catalog *catalog, const struct catalog_writer *writer,
                       struct error *err)
{
    int64_t newest;
    if (newest_attempt(catalog, writer, &newest, err) != 0)
        return -1;
    return newest == writer->attempt_id ? 0 : refuse(writer, newest, err);
}

/* Runs `work` in a transaction of its own. */
struct work {
    int (*run)(struct catalog *catalog, const struct work *work, struct error *err);
    const struct catalog_writer *writer;
    const struct catalog_change *changes;
    size_t count;
    const struct table *table;
};

static int in_transaction(struct catalog *catalog, const struct work *work, struct error *err)
{
    catalog->is_in_doubt = false;
    if (db_script(catalog->db, "BEGIN IMMEDIATE", err) != 0)
        return -1;
    if (work->run(catalog, work, err) == 0) {
        if (db_script(catalog->db, "COMMIT", err) == 0)
            return 0;
        catalog->is_in_doubt = true;
    }
    sqlite3_exec(catalog->db, "ROLLBACK", NULL, NULL, NULL);
    return -1;
}

static int work_register(struct catalog *catalog, const struct work *work, struct error *err)
{
    return register_attempt(catalog, work->writer, err);
}

int catalog_register(struct catalog *catalog, const struct catalog_writer *writer,
                     struct error *err)
{
    const struct work work = {.run = work_register, .writer = writer};
    return in_transaction(catalog, &work, err);
}

/* 0 in *ret_id if there is no such partition. */
static int find_partition(struct catalog *catalog, const struct catalog_change *change,
                          int64_t *ret_id, struct error *err)
{
    SCOPED_STATEMENT sqlite3_stmt *statement = NULL;
    if (db_prepare(catalog->db,
                   "SELECT partition_id FROM data_partition"
                   " WHERE table_id = ? AND spec = ? AND dropped_us IS NULL",
                   &statement, err) != 0)
        return -1;
    db_bind(statement, "is", change->table_id, change->spec);
    int stepped = db_step(statement, err);
    if (stepped < 0)
        return -1;
    *ret_id = stepped == 1 ? sqlite3_column_int64(statement, 0) : 0;
    return 0;
}

static int check_table(struct catalog *catalog, int64_t table_id, struct error *err)
{
    SCOPED_STATEMENT sqlite3_stmt *statement = NULL;
    if (db_prepare(catalog->db,
                   "SELECT 1 FROM data_table WHERE table_id = ? AND dropped_us IS NULL", &statement,
                   err) != 0)
        return -1;
    db_bind(statement, "i", table_id);
    int stepped = db_step(statement, err);
    if (stepped == 0)
        return error_set(err, ERROR_KIND_NOT_FOUND, "the table was dropped meanwhile");
    return stepped < 0 ? -1 : 0;
}

static const char *change_name(enum catalog_change_kind kind)
{
    switch (kind) {
    case CATALOG_OVERWRITE:
        return "overwrite";
    case CATALOG_APPEND:
        return "append";
    case CATALOG_DROP:
        return "drop";
    case CATALOG_ADD:
        return "add";
    }
    return "";
}

/* One change being applied. */
struct applying {
    struct catalog *catalog;
    const struct catalog_writer *writer;
    const struct catalog_change *change;
    int64_t partition;
    int64_t version;
    int64_t now_us;
};

static int add_version(struct applying *apply, struct error *err)
{
    const struct catalog_writer *writer = apply->writer;
    sqlite3 *db = apply->catalog->db;
    if (db_run(db, err,
               "INSERT INTO version (partition_id, at_us, kind, run_id, flow, node, attempt,"
               " attempt_id, commit_id, rows, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)",
               "iisissiis", apply->partition, apply->now_us, change_name(apply->change->kind),
               writer->run, writer->flow, writer->node, writer->attempt, writer->attempt_id,
               writer->commit) != 0)
        return -1;
    apply->version = sqlite3_last_insert_rowid(db);
    return 0;
}

/* Files that the change takes out of the partition. */
static int retire_parts(const struct applying *apply, struct error *err)
{
    if (apply->change->kind == CATALOG_ADD)
        return 0;
    if (apply->change->kind != CATALOG_APPEND)
        return db_run(apply->catalog->db, err,
                      "UPDATE part SET left_version = ?, left_us = ?"
                      " WHERE partition_id = ? AND left_version IS NULL",
                      "iii", apply->version, apply->now_us, apply->partition);
    return db_run(apply->catalog->db, err,
                  "UPDATE part SET left_version = ?, left_us = ? WHERE partition_id = ?"
                  " AND left_version IS NULL AND is_append AND run_id = ? AND node = ?"
                  " AND attempt_id < ?",
                  "iiiisi", apply->version, apply->now_us, apply->partition, apply->writer->run,
                  apply->writer->node, apply->writer->attempt_id);
}

static int add_parts(const struct applying *apply, struct error *err)
{
    const struct catalog_writer *writer = apply->writer;
    bool is_append = apply->change->kind == CATALOG_APPEND;
    for (size_t i = 0; i < apply->change->part_count; i++) {
        const struct catalog_part *part = &apply->change->parts[i];
        if (db_run(apply->catalog->db, err,
                   "INSERT INTO part (partition_id, path, rows, bytes, run_id, node, attempt_id,"
                   " is_append, added_version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   "isiiisiii", apply->partition, part->path, part->rows, part->bytes, writer->run,
                   writer->node, writer->attempt_id, (int64_t)is_append, apply->version) != 0)
            return -1;
    }
    return 0;
}

/* Rows and bytes of the partition as it is now, in it and in its newest version. */
static int settle(const struct applying *apply, struct error *err)
{
    if (db_run(apply->catalog->db, err,
               "UPDATE version SET (rows, bytes) = (SELECT coalesce(sum(rows), 0),"
               " coalesce(sum(bytes), 0) FROM part WHERE partition_id = ? AND left_version IS NULL)"
               " WHERE version_id = ?",
               "ii", apply->partition, apply->version) != 0)
        return -1;
    if (apply->change->kind == CATALOG_DROP)
        return db_run(apply->catalog->db, err,
                      "UPDATE data_partition SET dropped_us = ?, version_id = ?"
                      " WHERE partition_id = ?",
                      "iii", apply->now_us, apply->version, apply->partition);
    return db_run(apply->catalog->db, err,
                  "UPDATE data_partition SET modified_us = ?, version_id = ?,"
                  " (rows, bytes) = (SELECT rows, bytes FROM version v"
                  " WHERE v.version_id = ?) WHERE partition_id = ?",
                  "iiii", apply->now_us, apply->version, apply->version, apply->partition);
}

static int create_partition(struct catalog *catalog, const struct catalog_change *change,
                            int64_t *ret_id, struct error *err)
{
    int64_t now = catalog_now_us(catalog);
    if (check_table(catalog, change->table_id, err) != 0 ||
        db_run(catalog->db, err,
               "INSERT INTO data_partition (table_id, spec, created_us, modified_us, rows, bytes,"
               " version_id) VALUES (?, ?, ?, ?, 0, 0, 0)",
               "isii", change->table_id, change->spec, now, now) != 0)
        return -1;
    *ret_id = sqlite3_last_insert_rowid(catalog->db);
    return 0;
}

static int apply_change(struct catalog *catalog, const struct catalog_writer *writer,
                        const struct catalog_change *change, struct error *err)
{
    struct applying apply = {
        .catalog = catalog, .writer = writer, .change = change, .now_us = catalog_now_us(catalog)};
    if (find_partition(catalog, change, &apply.partition, err) != 0)
        return -1;
    bool is_there = apply.partition != 0;
    if (is_there ? change->kind == CATALOG_ADD : change->kind == CATALOG_DROP)
        return 0;
    if (!is_there && create_partition(catalog, change, &apply.partition, err) != 0)
        return -1;
    if (add_version(&apply, err) != 0 || retire_parts(&apply, err) != 0 ||
        add_parts(&apply, err) != 0)
        return -1;
    return settle(&apply, err);
}

static int work_switch(struct catalog *catalog, const struct work *work, struct error *err)
{
    if (check_fence(catalog, work->writer, err) != 0)
        return -1;
    for (size_t i = 0; i < work->count; i++) {
        if (apply_change(catalog, work->writer, &work->changes[i], err) != 0)
            return -1;
    }
    return 0;
}

int catalog_switch(struct catalog *catalog, const struct catalog_writer *writer,
                   const struct catalog_change *changes, size_t count, struct error *err)
{
    const struct work work = {
        .run = work_switch, .writer = writer, .changes = changes, .count = count};
    return in_transaction(catalog, &work, err);
}

static int list_specs(struct catalog *catalog, const struct table *table, struct arena *arena,
                      const char ***ret_specs, struct error *err)
{
    SCOPED_STATEMENT sqlite3_stmt *statement = NULL;
    if (db_prepare(catalog->db,
                   "SELECT spec FROM data_partition WHERE table_id = ? AND dropped_us IS NULL",
                   &statement, err) != 0)
        return -1;
    db_bind(statement, "i", table->id);
    const char **specs = arena_array(arena, 1, sizeof *specs);
    size_t capacity = 1;
    size_t count = 0;
    int stepped;
    while ((stepped = db_step(statement, err)) == 1) {
        specs = arena_grow(arena, specs, count + 1, &capacity, sizeof *specs);
        specs[count++] = db_text(statement, 0, arena);
        specs[count] = NULL;
    }
    *ret_specs = specs;
    return stepped;
}

static int drop_partitions(struct catalog *catalog, const struct catalog_writer *writer,
                           const struct table *table, struct error *err)
{
    SCOPED_ARENA struct arena arena;
    arena_init(&arena, 0);
    const char **specs;
    if (list_specs(catalog, table, &arena, &specs, err) != 0)
        return -1;
    for (; *specs != NULL; specs++) {
        const struct catalog_change change = {
            .table_id = table->id, .spec = *specs, .kind = CATALOG_DROP};
        if (apply_change(catalog, writer, &change, err) != 0)
            return -1;
    }
    return 0;
}

static int work_drop(struct catalog *catalog, const struct work *work, struct error *err)
{
    if (check_fence(catalog, work->writer, err) != 0 ||
        drop_partitions(catalog, work->writer, work->table, err) != 0)
        return -1;
    return db_run(catalog->db, err, "UPDATE data_table SET dropped_us = ? WHERE table_id = ?", "ii",
                  catalog_now_us(catalog), work->table->id);
}

int catalog_drop_table(struct catalog *catalog, const struct catalog_writer *writer,
                       const struct table *table, struct error *err)
{
    const struct work work = {.run = work_drop, .writer = writer, .table = table};
    return in_transaction(catalog, &work, err);
}

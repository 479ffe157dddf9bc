#include "nodes/warehouse/catalog.h"
#include "nodes/warehouse/db.h"

static int read_partition(sqlite3_stmt *row, const struct table *table, struct arena *arena,
                          struct catalog_partition *ret_partition, struct error *err)
{
    struct catalog_partition *partition = ret_partition;
    *partition = (struct catalog_partition){
        .id = sqlite3_column_int64(row, 0),
        .spec = db_text(row, 1, arena),
        .rows = sqlite3_column_int64(row, 2),
        .bytes = sqlite3_column_int64(row, 3),
        .created_us = sqlite3_column_int64(row, 4),
        .modified_us = sqlite3_column_int64(row, 5),
        .run = sqlite3_column_int64(row, 6),
        .flow = db_text(row, 7, arena),
        .node = db_text(row, 8, arena),
        .attempt = sqlite3_column_int64(row, 9),
        .commit = db_text(row, 10, arena),
    };
    if (!table_split_partition(table, partition->spec, arena, &partition->values))
        return error_set(err, ERROR_KIND_FAILED,
                         "the catalogue is damaged: `%s` is no partition of table `%s`",
                         partition->spec, table->name);
    return 0;
}

static int read_partitions(struct catalog *catalog, struct arena *arena,
                           struct catalog_snapshot *snapshot, struct error *err)
{
    SCOPED_STATEMENT sqlite3_stmt *statement = NULL;
    if (db_prepare(catalog->db,
                   "SELECT p.partition_id, p.spec, p.rows, p.bytes, p.created_us, p.modified_us,"
                   " v.run_id, v.flow, v.node, v.attempt, v.commit_id"
                   " FROM data_partition p LEFT JOIN version v USING (version_id)"
                   " WHERE p.table_id = ? AND p.dropped_us IS NULL ORDER BY p.spec",
                   &statement, err) != 0)
        return -1;
    db_bind(statement, "i", snapshot->table->id);
    size_t capacity = 0;
    int stepped;
    while ((stepped = db_step(statement, err)) == 1) {
        snapshot->partitions = arena_grow(arena, snapshot->partitions, snapshot->partition_count,
                                          &capacity, sizeof *snapshot->partitions);
        if (read_partition(statement, snapshot->table, arena,
                           &snapshot->partitions[snapshot->partition_count], err) != 0)
            return -1;
        snapshot->partition_count++;
    }
    return stepped;
}

static int read_parts(struct catalog *catalog, struct arena *arena,
                      struct catalog_snapshot *snapshot, struct error *err)
{
    SCOPED_STATEMENT sqlite3_stmt *statement = NULL;
    if (db_prepare(catalog->db,
                   "SELECT path, rows, bytes FROM part"
                   " WHERE partition_id = ? AND left_version IS NULL ORDER BY part_id",
                   &statement, err) != 0)
        return -1;
    db_bind(statement, "i", (int64_t)0);
    for (size_t i = 0; i < snapshot->partition_count; i++) {
        struct catalog_partition *partition = &snapshot->partitions[i];
        size_t capacity = 0;
        int stepped;
        sqlite3_reset(statement);
        sqlite3_bind_int64(statement, 1, partition->id);
        while ((stepped = db_step(statement, err)) == 1) {
            partition->parts = arena_grow(arena, partition->parts, partition->part_count, &capacity,
                                          sizeof *partition->parts);
            partition->parts[partition->part_count++] =
                (struct catalog_part){.path = db_text(statement, 0, arena),
                                      .rows = sqlite3_column_int64(statement, 1),
                                      .bytes = sqlite3_column_int64(statement, 2)};
        }
        if (stepped < 0)
            return -1;
    }
    return 0;
}

static int read_snapshot(struct catalog *catalog, struct catalog_snapshot *snapshot,
                         struct arena *arena, struct error *err)
{
    *snapshot = (struct catalog_snapshot){.name = snapshot->name};
    if (catalog_find_table(catalog, snapshot->name, arena, &snapshot->table, err) != 0)
        return -1;
    if (snapshot->table == NULL)
        return 0;
    if (read_partitions(catalog, arena, snapshot, err) != 0)
        return -1;
    return read_parts(catalog, arena, snapshot, err);
}

int catalog_snapshot(struct catalog *catalog, struct catalog_snapshot *snapshots, size_t count,
                     struct arena *arena, struct error *err)
{
    if (db_script(catalog->db, "BEGIN", err) != 0)
        return -1;
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++)
        result = read_snapshot(catalog, &snapshots[i], arena, err);
    sqlite3_exec(catalog->db, "COMMIT", NULL, NULL, NULL);
    return result;
}

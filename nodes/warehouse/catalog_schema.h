/* The catalogue's tables. Times are microseconds since the epoch (UTC). */
#ifndef DATEMILL_NODES_WAREHOUSE_CATALOG_SCHEMA_H
#define DATEMILL_NODES_WAREHOUSE_CATALOG_SCHEMA_H

#define CATALOG_VERSION 1

/* Table `part` keeps files that left, with the versions they came and went with: version v of a
 * partition is the files with added_version <= v and (left_version IS NULL or left_version > v). */
#define CATALOG_SCHEMA                                                                             \
    "CREATE TABLE data_table (table_id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,"     \
    " comment TEXT NOT NULL, lifecycle_days INTEGER NOT NULL, created_us INTEGER NOT NULL,"        \
    " run_id INTEGER, node TEXT, dropped_us INTEGER);"                                             \
    "CREATE UNIQUE INDEX data_table_name ON data_table (name) WHERE dropped_us IS NULL;"           \
    "CREATE TABLE data_column (table_id INTEGER NOT NULL, position INTEGER NOT NULL,"              \
    " name TEXT NOT NULL, type TEXT NOT NULL, comment TEXT NOT NULL,"                              \
    " is_required INTEGER NOT NULL, is_partition INTEGER NOT NULL,"                                \
    " PRIMARY KEY (table_id, position)) WITHOUT ROWID;"                                            \
    "CREATE TABLE data_partition (partition_id INTEGER PRIMARY KEY AUTOINCREMENT,"                 \
    " table_id INTEGER NOT NULL, spec TEXT NOT NULL, created_us INTEGER NOT NULL,"                 \
    " modified_us INTEGER NOT NULL, rows INTEGER NOT NULL, bytes INTEGER NOT NULL,"                \
    " version_id INTEGER NOT NULL, dropped_us INTEGER);"                                           \
    "CREATE UNIQUE INDEX data_partition_spec ON data_partition (table_id, spec)"                   \
    " WHERE dropped_us IS NULL;"                                                                   \
    "CREATE TABLE version (version_id INTEGER PRIMARY KEY AUTOINCREMENT,"                          \
    " partition_id INTEGER NOT NULL, at_us INTEGER NOT NULL, kind TEXT NOT NULL, run_id INTEGER,"  \
    " flow TEXT, node TEXT, attempt INTEGER, attempt_id INTEGER, commit_id TEXT,"                  \
    " rows INTEGER NOT NULL, bytes INTEGER NOT NULL);"                                             \
    "CREATE INDEX version_partition ON version (partition_id);"                                    \
    "CREATE TABLE part (part_id INTEGER PRIMARY KEY, partition_id INTEGER NOT NULL,"               \
    " path TEXT NOT NULL, rows INTEGER NOT NULL, bytes INTEGER NOT NULL, run_id INTEGER,"          \
    " node TEXT, attempt_id INTEGER, is_append INTEGER NOT NULL,"                                  \
    " added_version INTEGER NOT NULL, left_version INTEGER, left_us INTEGER);"                     \
    "CREATE INDEX part_current ON part (partition_id) WHERE left_version IS NULL;"                 \
    "CREATE INDEX part_left ON part (left_us) WHERE left_us IS NOT NULL;"                          \
    "CREATE UNIQUE INDEX part_path ON part (path);"                                                \
    "CREATE TABLE attempt (run_id INTEGER NOT NULL, node TEXT NOT NULL,"                           \
    " attempt_id INTEGER NOT NULL, started_us INTEGER NOT NULL, PRIMARY KEY (run_id, node))"       \
    " WITHOUT ROWID;"                                                                              \
    "CREATE TABLE sweep (done_us INTEGER NOT NULL);"                                               \
    "INSERT INTO sweep VALUES (0);"

#endif

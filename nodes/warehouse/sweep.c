/* What nobody needs any more: partitions past their LIFECYCLE, files that left the catalogue, files
 * of attempts that never committed, marks of dead processes. */
#include "nodes/warehouse/catalog.h"
#include "nodes/warehouse/db.h"
#include "nodes/warehouse/failure.h"
#include "scheduler/base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY_US ((int64_t)86400 * 1000000)
#define MAX_PER_SWEEP 10000 /* files; the rest waits for tomorrow */

static int64_t modified_us(const struct stat *status)
{
    return (int64_t)status->st_mtim.tv_sec * 1000000 + status->st_mtim.tv_nsec / 1000;
}

/* A mark is called after the time when its process began. */
static int64_t begin_us(const char *mark_name)
{
    return strtoll(mark_name, NULL, 10);
}

/* When the oldest process began that may still read; marks of dead ones are removed. */
static int64_t oldest_reader(struct catalog *catalog)
{
    int64_t oldest = INT64_MAX;
    int fd = openat(catalog->folder_fd, "open", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    SCOPED_DIR DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        struct stat status;
        SCOPED_FD int mark = openat(fd, entry->d_name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        if (mark < 0 || fstat(mark, &status) != 0 || !S_ISREG(status.st_mode))
            continue;
        bool is_own = mark >= 0 && strcmp(catalog->mark_name + strlen("open/"), entry->d_name) == 0;
        if (!is_own && flock(mark, LOCK_EX | LOCK_NB) == 0)
            unlinkat(fd, entry->d_name, 0);
        else if (begin_us(entry->d_name) < oldest)
            oldest = begin_us(entry->d_name);
    }
    return oldest;
}

static int is_due(struct catalog *catalog, int64_t now, bool *ret_is_due, struct error *err)
{
    SCOPED_STATEMENT sqlite3_stmt *statement = NULL;
    if (db_prepare(catalog->db, "SELECT done_us FROM sweep", &statement, err) != 0)
        return -1;
    if (db_step(statement, err) < 0)
        return -1;
    int64_t done = sqlite3_column_int64(statement, 0);
    *ret_is_due = now - done >= DAY_US || now < done;
    return 0;
}

/* A partition goes when it was last changed more than its table's LIFECYCLE days ago; a table
 * without partitions goes as a whole, as in MaxCompute. */
static int drop_expired(struct catalog *catalog, int64_t now, struct error *err)
{
    static const char *const steps[] = {
        ("INSERT INTO version (partition_id, at_us, kind, rows, bytes)"
         " SELECT p.partition_id, ?1, 'lifecycle', 0, 0 FROM data_partition p"
         " JOIN data_table t USING (table_id) WHERE p.dropped_us IS NULL AND t.dropped_us IS NULL"
         " AND t.lifecycle_days > 0 AND ?1 - p.modified_us > t.lifecycle_days * 86400000000"),
        ("UPDATE data_partition SET dropped_us = ?1, version_id = (SELECT max(version_id)"
         " FROM version v WHERE v.partition_id = data_partition.partition_id)"
         " WHERE dropped_us IS NULL AND partition_id IN"
         " (SELECT partition_id FROM version WHERE kind = 'lifecycle' AND at_us = ?1)"),
        ("UPDATE part SET left_us = ?1, left_version = (SELECT version_id FROM data_partition p"
         " WHERE p.partition_id = part.partition_id) WHERE left_version IS NULL AND partition_id IN"
         " (SELECT partition_id FROM version WHERE kind = 'lifecycle' AND at_us = ?1)"),
        ("UPDATE data_table SET dropped_us = ?1 WHERE dropped_us IS NULL AND table_id IN"
         " (SELECT p.table_id FROM data_partition p WHERE p.dropped_us = ?1 AND p.spec = '')"),
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (db_run(catalog->db, err, steps[i], "i", now) != 0)
            return -1;
    }
    return db_run(catalog->db, err, "UPDATE sweep SET done_us = ?", "i", now);
}

/* Removes the files of versions that ended before `limit`. */
static int remove_left(struct catalog *catalog, int64_t limit, struct error *err)
{
    SCOPED_STATEMENT sqlite3_stmt *statement = NULL;
    SCOPED_ARENA struct arena arena;
    arena_init(&arena, 0);
    const char **paths = arena_array(&arena, MAX_PER_SWEEP, sizeof *paths);
    size_t count = 0;
    if (db_prepare(catalog->db,
                   "SELECT path FROM part WHERE left_us IS NOT NULL AND left_us < ? LIMIT ?",
                   &statement, err) != 0)
        return -1;
    db_bind(statement, "ii", limit, (int64_t)MAX_PER_SWEEP);
    int stepped;
    while ((stepped = db_step(statement, err)) == 1)
        paths[count++] = db_text(statement, 0, &arena);
    if (stepped < 0)
        return -1;
    sqlite3_reset(statement);
    for (size_t i = 0; i < count; i++) {
        if (unlinkat(catalog->files_fd, paths[i], 0) != 0 && errno != ENOENT)
            continue;
        if (db_run(catalog->db, err, "DELETE FROM part WHERE path = ?", "s", paths[i]) != 0)
            return -1;
    }
    return 0;
}

static int is_known(struct catalog *catalog, const char *path, bool *ret_is_known,
                    struct error *err)
{
    SCOPED_STATEMENT sqlite3_stmt *statement = NULL;
    if (db_prepare(catalog->db, "SELECT 1 FROM part WHERE path = ?", &statement, err) != 0)
        return -1;
    db_bind(statement, "s", path);
    int stepped = db_step(statement, err);
    *ret_is_known = stepped == 1;
    return stepped < 0 ? -1 : 0;
}

/* Files in one table's folder that the catalogue never heard of and nobody writes any more. */
static int remove_orphans(struct catalog *catalog, const char *table, int64_t limit,
                          struct error *err)
{
    int fd = openat(catalog->files_fd, table, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    SCOPED_DIR DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        SCOPED_TEXT struct text path = {0};
        struct stat status;
        bool is_kept = true;
        text_append_format(&path, "%s/%s", table, entry->d_name);
        if (fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(status.st_mode) || modified_us(&status) >= limit)
            continue;
        if (is_known(catalog, text_string(&path), &is_kept, err) != 0)
            return -1;
        if (!is_kept)
            unlinkat(fd, entry->d_name, 0);
    }
    return 0;
}

static int remove_all_orphans(struct catalog *catalog, int64_t limit, struct error *err)
{
    int fd = openat(catalog->files_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    SCOPED_DIR DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.' && remove_orphans(catalog, entry->d_name, limit, err) != 0)
            return -1;
    }
    return 0;
}

int catalog_sweep(struct catalog *catalog, bool is_forced, struct error *err)
{
    int64_t now = catalog_now_us(catalog);
    bool is_wanted = is_forced;
    if (!is_wanted && is_due(catalog, now, &is_wanted, err) != 0)
        return -1;
    if (!is_wanted)
        return 0;
    if (db_script(catalog->db, "BEGIN IMMEDIATE", err) != 0)
        return -1;
    if (drop_expired(catalog, now, err) != 0 || db_script(catalog->db, "COMMIT", err) != 0) {
        sqlite3_exec(catalog->db, "ROLLBACK", NULL, NULL, NULL);
        return -1;
    }
    int64_t limit = now - WAREHOUSE_KEEP_LEFT_US;
    int64_t reader = oldest_reader(catalog);
    if (reader < limit)
        limit = reader;
    if (remove_left(catalog, limit, err) != 0)
        return -1;
    return remove_all_orphans(catalog, limit, err);
}

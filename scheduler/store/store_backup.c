#include "scheduler/store/store_backup.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/store/copy_internal.h"
#include "scheduler/store/statement.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define COPY_STEP_PAGES 1024 /* between two questions whether it goes on */
#define COPY_SUFFIX ".part"

/* ---- pages ---- */

struct target {
    const char *path;
    sqlite3 *db;
};

static int fail_target(const struct target *target, int result, struct error *err)
{
    error_set(err, ERROR_KIND_PRECONDITION, "%s cannot be written: %s", target->path,
              target->db == NULL ? sqlite3_errstr(result) : sqlite3_errmsg(target->db));
    return error_help(err, "nothing is left of it there; make room, or name another place");
}

static int open_target(struct target *target, struct error *err)
{
    int fd = open(target->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make %s", target->path);
    close(fd);
    int result = sqlite3_open_v2(target->path, &target->db,
                                 SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                                     SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE,
                                 NULL);
    if (result == SQLITE_OK)
        result = sqlite3_exec(target->db,
                              "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF;"
                              "PRAGMA synchronous = OFF;",
                              NULL, NULL, NULL);
    return result == SQLITE_OK ? 0 : fail_target(target, result, err);
}

static int copy_pages(struct store *from, struct target *target,
                      const struct store_copying *copying, struct error *err)
{
    sqlite3_backup *backup = sqlite3_backup_init(target->db, "main", from->db, "main");
    if (backup == NULL)
        return fail_target(target, sqlite3_errcode(target->db), err);
    int result = SQLITE_OK;
    bool goes_on = true;
    while (result == SQLITE_OK && goes_on) {
        result = sqlite3_backup_step(backup, COPY_STEP_PAGES);
        goes_on = copying->goes_on == NULL || copying->goes_on(copying->owner);
    }
    int finished = sqlite3_backup_finish(backup);
    if (result != SQLITE_DONE && !goes_on)
        return error_set(err, ERROR_KIND_REFUSED, "it was stopped");
    if (result == SQLITE_DONE && finished == SQLITE_OK)
        return 0;
    if (finished != SQLITE_OK && sqlite3_errcode(from->db) != SQLITE_OK)
        return store_fail(from, finished, err);
    return fail_target(target, finished != SQLITE_OK ? finished : result, err);
}

/* The header says WAL, which needs a folder that can be written. */
static int leave_wal(struct target *target, struct error *err)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(target->db, "PRAGMA journal_mode = DELETE", -1, &statement, 0);
    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    bool is_left = result == SQLITE_ROW &&
                   strcmp((const char *)sqlite3_column_text(statement, 0), "delete") == 0;
    sqlite3_finalize(statement);
    return is_left ? 0 : fail_target(target, result, err);
}

int copy_sync(const char *path, struct error *err)
{
    SCOPED_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot sync %s", path);
    return 0;
}

int copy_sync_folder_of(const char *path, struct error *err)
{
    SCOPED_FREE char *folder = memory_copy_string(path);
    char *slash = strrchr(folder, '/');
    if (slash == NULL)
        return copy_sync(".", err);
    slash[slash == folder] = '\0';
    return copy_sync(folder, err);
}

/* Without a transaction that has begun to read, SQLite would begin anew after each commit of
 * others. */
static int copy_moment(struct store *from, struct target *target,
                       const struct store_copying *copying, struct error *err)
{
    int64_t tables;
    if (store_begin_reading(from, err) != 0)
        return -1;
    int result = store_read_int(from, "SELECT count(*) FROM sqlite_schema", &tables, err);
    if (result == 0)
        result = copy_pages(from, target, copying, err);
    store_end_reading(from);
    return result;
}

int copy_store(struct store *from, const char *path, const struct store_copying *copying,
               struct error *err)
{
    struct target target = {.path = path};
    int result = open_target(&target, err);
    if (result == 0)
        result = copy_moment(from, &target, copying, err);
    if (result == 0)
        result = leave_wal(&target, err);
    if (sqlite3_close(target.db) != SQLITE_OK && result == 0)
        result = error_set(err, ERROR_KIND_BUG, "%s cannot be closed", path);
    if (result == 0)
        result = copy_sync(path, err);
    if (result != 0)
        unlink(path);
    return result;
}

/* ---- what is in it ---- */

int copy_look(struct store *store, struct store_copy *ret_copy, struct error *err)
{
    struct store_copy copy = {0};
    struct stat facts;
    if (store_read_int(store, "SELECT count(*) FROM run", &copy.runs, err) != 0 ||
        store_read_int(store, "SELECT count(*) FROM attempt WHERE state < 2", &copy.open_attempts,
                       err) != 0 ||
        store_read_int(store, "SELECT at FROM event ORDER BY id DESC LIMIT 1", &copy.newest.us,
                       err) != 0)
        return -1;
    copy.bytes = stat(store->path, &facts) == 0 ? (int64_t)facts.st_size : 0;
    *ret_copy = copy;
    return 0;
}

int store_look_at_copy(const char *path, struct store_copy *ret_copy, struct error *err)
{
    struct store *store;
    if (store_open_copy(path, &store, err) != 0)
        return -1;
    int result = copy_look(store, ret_copy, err);
    store_close(store);
    return result;
}

int store_backup(struct store *store, const char *path, const struct store_copying *copying,
                 struct store_copy *ret_copy, struct error *err)
{
    SCOPED_TEXT struct text part = {0};
    text_append_format(&part, "%s" COPY_SUFFIX, path);
    unlink(text_string(&part)); /* of one that was killed */
    if (copy_store(store, text_string(&part), copying, err) != 0)
        return -1;
    int result = store_look_at_copy(text_string(&part), ret_copy, err);
    if (result == 0 && rename(text_string(&part), path) != 0)
        result = error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make %s", path);
    if (result != 0) {
        unlink(text_string(&part));
        return -1;
    }
    return copy_sync_folder_of(path, err);
}

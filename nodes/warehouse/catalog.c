#include "nodes/warehouse/catalog.h"

#include "nodes/warehouse/catalog_schema.h"
#include "nodes/warehouse/db.h"
#include "nodes/warehouse/failure.h"
#include "scheduler/base/beneath.h"
#include "scheduler/base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define OPEN_TRIES 200
#define MARK_TRIES 100
#define OPEN_WAIT_MS 50

int64_t catalog_now_us(const struct catalog *catalog)
{
    return catalog->clock_us();
}

static int open_folder_at(int parent, const char *name, bool is_made, int *ret_fd,
                          struct error *err)
{
    if (is_made && mkdirat(parent, name, 0700) != 0 && errno != EEXIST)
        return failure_set_errno(err, "cannot make the folder %s", name);
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return error_set(err, ERROR_KIND_NOT_FOUND,
                         "there is no warehouse here yet: no table was "
                         "ever written");
    if (fd < 0)
        return failure_set_errno(err, "cannot open the folder %s", name);
    *ret_fd = fd;
    return 0;
}

/* Tells the sweeper that somebody may read: a locked file that is gone with the process. Where it
 * cannot be made (a read-only disk) nothing can be swept either. */
static void make_mark(struct catalog *catalog)
{
    mkdirat(catalog->folder_fd, "open", 0700);
    int64_t now = catalog_now_us(catalog);
    for (int i = 0; i < MARK_TRIES && catalog->mark_fd < 0; i++) {
        snprintf(catalog->mark_name, sizeof catalog->mark_name, "open/%lld-%ld.%d", (long long)now,
                 (long)getpid(), i);
        int fd = openat(catalog->folder_fd, catalog->mark_name,
                        O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0 && errno != EEXIST)
            return;
        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
            catalog->mark_fd = fd;
        else if (fd >= 0)
            close(fd);
    }
}

static int open_folders(struct catalog *catalog, const char *state_dir, bool is_made,
                        struct error *err)
{
    if (is_made && mkdir(state_dir, 0700) != 0 && errno != EEXIST)
        return failure_set_errno(err, "cannot make %s", state_dir);
    SCOPED_FD int state_fd = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (state_fd < 0 && errno == ENOENT)
        return error_set(err, ERROR_KIND_NOT_FOUND,
                         "there is no warehouse here yet: no table was ever written");
    if (state_fd < 0)
        return failure_set_errno(err, "cannot open %s", state_dir);
    if (open_folder_at(state_fd, "warehouse", is_made, &catalog->folder_fd, err) != 0 ||
        open_folder_at(catalog->folder_fd, "files", is_made, &catalog->files_fd, err) != 0)
        return -1;
    /* of a new warehouse the folder's own name must last as long as what is committed in it */
    bool is_new = is_made && faccessat(catalog->folder_fd, "catalog.db", F_OK, 0) != 0;
    if (is_new && fsync(state_fd) != 0)
        return failure_set_errno(err, "cannot fsync %s", state_dir);
    make_mark(catalog);
    return 0;
}

static void wait_ms(long milliseconds)
{
    struct timespec pause = {.tv_nsec = milliseconds * 1000000};
    nanosleep(&pause, NULL);
}

/* Changing to WAL does not wait for others by itself. */
static int set_journal(struct catalog *catalog, struct error *err)
{
    for (int i = 0; i < OPEN_TRIES; i++) {
        int code = sqlite3_exec(catalog->db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
                                NULL, NULL, NULL);
        if (code == SQLITE_OK)
            return 0;
        if ((code & 0xff) != SQLITE_BUSY)
            break;
        wait_ms(OPEN_WAIT_MS);
    }
    return failure_set_sqlite(err, catalog->db, "cannot open the catalogue");
}

static int read_version(struct catalog *catalog, int *ret_version, struct error *err)
{
    SCOPED_STATEMENT sqlite3_stmt *statement = NULL;
    if (db_prepare(catalog->db, "PRAGMA user_version", &statement, err) != 0)
        return -1;
    if (db_step(statement, err) < 0)
        return -1;
    *ret_version = sqlite3_column_int(statement, 0);
    return 0;
}

static int create_schema(struct catalog *catalog, struct error *err)
{
    int version;
    if (db_script(catalog->db, "BEGIN IMMEDIATE", err) != 0)
        return -1;
    if (read_version(catalog, &version, err) == 0 &&
        (version != 0 ||
         db_script(catalog->db, CATALOG_SCHEMA "PRAGMA user_version = 1;", err) == 0))
        return db_script(catalog->db, "COMMIT", err);
    sqlite3_exec(catalog->db, "ROLLBACK", NULL, NULL, NULL);
    return -1;
}

static int check_schema(struct catalog *catalog, enum catalog_mode mode, struct error *err)
{
    int version;
    if (read_version(catalog, &version, err) != 0)
        return -1;
    if (version == 0 && mode == CATALOG_READ)
        return error_set(err, ERROR_KIND_NOT_FOUND,
                         "there is no warehouse here yet: no table was ever written");
    if (version == 0 &&
        (create_schema(catalog, err) != 0 || read_version(catalog, &version, err) != 0))
        return -1;
    if (version > CATALOG_VERSION)
        return error_set(err, ERROR_KIND_PRECONDITION,
                         "the warehouse was written by a newer datemill (catalogue version %d, "
                         "this one knows %d)",
                         version, CATALOG_VERSION);
    return 0;
}

static int try_database(struct catalog *catalog, const char *state_dir, enum catalog_mode mode,
                        struct error *err)
{
    SCOPED_TEXT struct text path = {0};
    text_append_format(&path, "%s/warehouse/catalog.db", state_dir);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    if (mode == CATALOG_WRITE)
        flags |= SQLITE_OPEN_CREATE;
    else if (access(text_string(&path), W_OK) != 0)
        flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
    if (mode == CATALOG_READ && access(text_string(&path), F_OK) != 0)
        return error_set(err, ERROR_KIND_NOT_FOUND,
                         "there is no warehouse here yet: no table was ever written");
    if (sqlite3_open_v2(text_string(&path), &catalog->db, flags, NULL) != SQLITE_OK)
        return failure_set_sqlite(err, catalog->db, "cannot open the catalogue");
    sqlite3_busy_timeout(catalog->db, WAREHOUSE_BUSY_TIMEOUT_MS);
    if (mode == CATALOG_WRITE && set_journal(catalog, err) != 0)
        return -1;
    return check_schema(catalog, mode, err);
}

/* SQLite makes files beside the catalogue. Where it could not, the reason is looked for; when there
 * is none any more, it is tried once more. */
static int open_database(struct catalog *catalog, const char *state_dir, enum catalog_mode mode,
                         struct error *err)
{
    int result = try_database(catalog, state_dir, mode, err);
    if (result == 0 || catalog->db == NULL ||
        (sqlite3_errcode(catalog->db) & 0xff) != SQLITE_CANTOPEN)
        return result;
    errno = beneath_try_to_make(catalog->folder_fd);
    if (errno != 0)
        return failure_set_errno(err, "cannot make a file beside the warehouse's catalogue");
    sqlite3_close(catalog->db);
    catalog->db = NULL;
    return try_database(catalog, state_dir, mode, err);
}

int catalog_open(struct catalog *catalog, const char *state_dir, enum catalog_mode mode,
                 int64_t (*clock_us)(void), struct error *err)
{
    *catalog =
        (struct catalog){.folder_fd = -1, .files_fd = -1, .mark_fd = -1, .clock_us = clock_us};
    if (open_folders(catalog, state_dir, mode == CATALOG_WRITE, err) != 0 ||
        open_database(catalog, state_dir, mode, err) != 0) {
        catalog_close(catalog);
        return -1;
    }
    return 0;
}

int catalog_open_empty(struct catalog *catalog, int64_t (*clock_us)(void), struct error *err)
{
    *catalog =
        (struct catalog){.folder_fd = -1, .files_fd = -1, .mark_fd = -1, .clock_us = clock_us};
    if (sqlite3_open_v2(":memory:", &catalog->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK)
        failure_set_sqlite(err, catalog->db, "cannot open the catalogue");
    else if (create_schema(catalog, err) == 0)
        return 0;
    catalog_close(catalog);
    return -1;
}

void catalog_close(struct catalog *catalog)
{
    sqlite3_close(catalog->db);
    if (catalog->mark_fd >= 0) {
        unlinkat(catalog->folder_fd, catalog->mark_name, 0);
        close(catalog->mark_fd);
    }
    if (catalog->files_fd >= 0)
        close(catalog->files_fd);
    if (catalog->folder_fd >= 0)
        close(catalog->folder_fd);
    *catalog = (struct catalog){.folder_fd = -1, .files_fd = -1, .mark_fd = -1};
}

int catalog_open_folder(struct catalog *catalog, const struct table *table, int *ret_fd,
                        struct error *err)
{
    int fd = openat(catalog->files_fd, table->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        if (mkdirat(catalog->files_fd, table->name, 0700) != 0 && errno != EEXIST)
            return failure_set_errno(err, "cannot make the folder of table %s", table->name);
        if (fsync(catalog->files_fd) != 0)
            return failure_set_errno(err, "cannot fsync the warehouse's folder");
        fd = openat(catalog->files_fd, table->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (fd < 0)
        return failure_set_errno(err, "cannot open the folder of table %s", table->name);
    *ret_fd = fd;
    return 0;
}

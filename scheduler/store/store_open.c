#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/store/copy_internal.h"
#include "scheduler/store/statement.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int refuse_stray_commit(void *data)
{
    const struct store *store = data;
    return store->is_committing ? 0 : 1;
}

static int look_at_budget(void *data)
{
    struct store *store = data;
    return ++store->looks > store->max_looks;
}

void store_begin_question(struct store *store)
{
    store->looks = 0;
}

/* SQLite, not we, decides how much an authorizer is told. */
#define AUTHORIZER_DETAILS                                                                         \
    const char *first, const char *second, const char *database, const char *trigger

/* A reader can look and do nothing else, whatever a damaged file makes SQLite try. */
static int allow_reading(void *data, int action, AUTHORIZER_DETAILS)
{
    (void)data;
    (void)second;
    (void)database;
    (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE:
    case SQLITE_TRANSACTION:
        return SQLITE_OK;
    case SQLITE_UPDATE: /* as it is asked when the index of errors tells its columns: in memory */
        return first != NULL && strcmp(first, "sqlite_master") == 0 ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_PRAGMA:
        return first != NULL &&
                       (strcmp(first, "data_version") == 0 ||
                        strcmp(first, "application_id") == 0 || strcmp(first, "user_version") == 0)
                   ? SQLITE_OK
                   : SQLITE_DENY;
    default:
        return SQLITE_DENY;
    }
}

static struct store *new_store(const char *state_dir, bool is_writer)
{
    struct store *store = memory_new(1, sizeof *store);
    store->dir = memory_copy_string(state_dir);
    struct text path = {0};
    text_append_format(&path, "%s/%s", state_dir, STORE_FILE_NAME);
    store->path = text_take(&path);
    store->is_writer = is_writer;
    store->max_looks = STORE_MAX_READ_LOOKS;
    return store;
}

static void close_database(struct store *store)
{
    for (size_t i = 0; i < STORE_MAX_STATEMENTS; i++)
        sqlite3_finalize(store->statements[i].handle);
    memset(store->statements, 0, sizeof store->statements);
    store->statement_count = 0;
    sqlite3_close_v2(store->db);
    store->db = NULL;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    store_rollback(store);
    close_database(store);
    free(store->pending);
    free(store->dir);
    free(store->path);
    free(store);
}

/* `file:` with the path's odd bytes escaped. */
static void append_uri(struct text *uri, const char *path, const char *options)
{
    text_append(uri, "file:");
    for (const char *at = path; *at != '\0'; at++)
        if (strchr("?#%", *at) != NULL)
            text_append_format(uri, "%%%02x", (unsigned)(unsigned char)*at);
        else
            text_append_char(uri, *at);
    text_append(uri, options);
}

static int open_file(struct store *store, int flags, const char *options, struct error *err)
{
    SCOPED_TEXT struct text uri = {0};
    /* Counting every byte costs a lock for each piece of memory, and nobody asks for the sum. It is
     * refused, and costs no more than before, where SQLite is in use already. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    append_uri(&uri, store->path, options);
    int result = sqlite3_open_v2(text_string(&uri), &store->db,
                                 flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
                                     SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE,
                                 NULL);
    if (result != SQLITE_OK)
        return store_fail(store, result, err);
    sqlite3_busy_timeout(store->db, STORE_BUSY_WAIT_MS);
    sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, (int)STORE_MAX_BYTES + (1 << 20));
    sqlite3_limit(store->db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    return 0;
}

static int use_wal(struct store *store, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store, "PRAGMA journal_mode = WAL", err) != 0)
        return -1;
    if (statement_step(&s, err) < 0)
        return -1;
    if (strcmp(statement_peek_text(&s, 0), "wal") == 0)
        return 0;
    error_set(err, ERROR_KIND_PRECONDITION,
              "%s lies on a file system without shared memory for SQLite's WAL", store->path);
    return error_help(err, "keep the project on a local disk, not on a network file system");
}

static int configure_writer(struct store *store, struct error *err)
{
    if (sqlite3_db_readonly(store->db, "main") == 1)
        return store_fail(store, SQLITE_READONLY, err);
    if (use_wal(store, err) != 0)
        return -1;
    sqlite3_commit_hook(store->db, refuse_stray_commit, store);
    return store_execute(store,
                         "PRAGMA synchronous = FULL;"
                         "PRAGMA foreign_keys = ON; PRAGMA secure_delete = OFF;"
                         "PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON;"
                         "PRAGMA cache_size = -8000; PRAGMA journal_size_limit = 67108864;",
                         err);
}

static int note_program(struct store *store, const char *program, struct error *err)
{
    STATEMENT(known);
    if (statement_open(&known, store, "SELECT 1 FROM meta WHERE name = 'program' AND value = ?1",
                       err) != 0)
        return -1;
    statement_text(&known, program);
    int row = statement_step(&known, err);
    if (row != 0)
        return row < 0 ? -1 : 0;
    statement_close(&known);
    return store_note_program(store, program, err);
}

static int open_writer(struct store *store, const char *program, const struct store_schema *schema,
                       struct error *err)
{
    int32_t version;
    bool is_new;
    if (store_make_folder(store, err) != 0 ||
        open_file(store, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "", err) != 0 ||
        store_schema_read(store, schema, &version, &is_new, err) != 0 ||
        configure_writer(store, err) != 0 ||
        store_schema_upgrade(store, schema, version, is_new, err) != 0)
        return -1;
    if (schema->version != STORE_SCHEMA_VERSION) /* a test's: its figures are its own affair */
        return 0;
    if (store_read_counters(store, err) != 0)
        return -1;
    return note_program(store, program, err);
}

int store_open_schema(const char *state_dir, const char *program, const struct store_schema *schema,
                      struct store **ret_store, struct error *err)
{
    struct store *store = new_store(state_dir, true);
    int result = open_writer(store, program, schema, err);
    if (result != 0 && store_is_refusal_over(store)) {
        close_database(store);
        result = open_writer(store, program, schema, err);
    }
    if (result != 0) {
        store_close(store);
        return -1;
    }
    *ret_store = store;
    return 0;
}

int store_open_writer(const char *state_dir, const char *program, struct store **ret_store,
                      struct error *err)
{
    return store_open_schema(state_dir, program, &store_schema_present, ret_store, err);
}

static bool file_has_bytes(const struct store *store, const char *suffix)
{
    SCOPED_TEXT struct text path = {0};
    text_append_format(&path, "%s%s", store->path, suffix);
    struct stat facts;
    return stat(text_string(&path), &facts) == 0 && facts.st_size > 0;
}

static int check_version(struct store *store, struct error *err)
{
    int32_t version;
    bool is_new;
    if (store_schema_read(store, &store_schema_present, &version, &is_new, err) != 0)
        return -1;
    if (is_new)
        return error_set(err, ERROR_KIND_NOT_FOUND, "nothing has run here yet: %s is empty",
                         store->path);
    if (version == STORE_SCHEMA_VERSION)
        return 0;
    error_set(err, ERROR_KIND_PRECONDITION, "%s has schema %d, which is older than %d", store->path,
              (int)version, STORE_SCHEMA_VERSION);
    return error_help(err, "any command that changes something, as `datemill run`, brings it up to "
                           "date");
}

static int open_reader(struct store *store, struct error *err)
{
    if (open_file(store, SQLITE_OPEN_READONLY, "", err) != 0)
        return -1;
    sqlite3_set_authorizer(store->db, allow_reading, NULL);
    sqlite3_progress_handler(store->db, STORE_READ_STEPS, look_at_budget, store);
    return check_version(store, err);
}

/* The file begins without a WAL. Who made it may have been killed over that: then a journal says
 * how it was, and only who may write can put that back, as SQLite does at the first question. */
static int put_back(struct store *store, struct error *err)
{
    int64_t tables;
    close_database(store);
    if (open_file(store, SQLITE_OPEN_READWRITE, "", err) != 0 ||
        store_read_int(store, "SELECT count(*) FROM sqlite_schema", &tables, err) != 0)
        return -1;
    close_database(store);
    return 0;
}

static bool must_be_put_back(const struct store *store)
{
    return store->db != NULL && sqlite3_extended_errcode(store->db) == SQLITE_READONLY_ROLLBACK;
}

/* Where nothing can be made beside the file, a WAL cannot be shared; without one the file is all
 * there is, and nobody can change it. */
static int open_unchanging(struct store *store, struct error *err)
{
    close_database(store);
    if (open_file(store, SQLITE_OPEN_READONLY, "?immutable=1", err) != 0)
        return -1;
    sqlite3_set_authorizer(store->db, allow_reading, NULL);
    sqlite3_progress_handler(store->db, STORE_READ_STEPS, look_at_budget, store);
    return check_version(store, err);
}

int store_open_reader(const char *state_dir, struct store **ret_store, struct error *err)
{
    struct store *store = new_store(state_dir, false);
    struct stat facts;
    struct error ours = {0};
    int result = 0;
    if (stat(store->path, &facts) != 0 && errno == ENOENT)
        result = error_set(&ours, ERROR_KIND_NOT_FOUND, "nothing has run here yet: there is no %s",
                           store->path);
    else
        result = open_reader(store, &ours);
    if (result != 0 && must_be_put_back(store)) {
        result = put_back(store, &ours);
        if (result == 0)
            result = open_reader(store, &ours);
    }
    if (result != 0 && ours.kind != ERROR_KIND_NOT_FOUND && access(store->dir, W_OK) != 0 &&
        access(store->path, R_OK) == 0 && !file_has_bytes(store, "-wal") &&
        !file_has_bytes(store, "-journal"))
        result = open_unchanging(store, &ours);
    if (result != 0) {
        store_close(store);
        if (err != NULL)
            *err = ours;
        return -1;
    }
    *ret_store = store;
    return 0;
}

/* A copy of an older program is one, too. */
static int check_copy(struct store *store, struct error *err)
{
    int32_t version;
    bool is_new;
    if (store_schema_read(store, &store_schema_present, &version, &is_new, err) != 0)
        return -1;
    return is_new ? store_fail_damaged(store, "it has no tables", err) : 0;
}

int store_open_copy(const char *path, struct store **ret_store, struct error *err)
{
    struct stat facts;
    if (stat(path, &facts) != 0)
        return error_set_errno(
            err, errno == ENOENT ? ERROR_KIND_NOT_FOUND : ERROR_KIND_PRECONDITION, "%s", path);
    if (!S_ISREG(facts.st_mode))
        return error_set(err, ERROR_KIND_PRECONDITION, "%s is not a file", path);
    struct store *store = new_store("", false);
    free(store->path);
    store->path = memory_copy_string(path);
    if (open_file(store, SQLITE_OPEN_READONLY, "", err) != 0 || check_copy(store, err) != 0) {
        store_close(store);
        return -1;
    }
    sqlite3_set_authorizer(store->db, allow_reading, NULL);
    *ret_store = store;
    return 0;
}

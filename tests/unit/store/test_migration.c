/* A store of the first schema becomes one of the present, whole or not at all. */
#include "scheduler/store/statement.h"
#include "scheduler/store/view_backfill.h"
#include "tests/unit/store/store_world.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

#define SCHEMA_1 TEST_SOURCE_DIR "/tests/unit/store/schema_v1.sql"
#define ROWS 400 /* of operations: more pages than one */

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, err.text);          \
            _exit(2);                                                                              \
        }                                                                                          \
    } while (0)

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    world_open(world);
    store_close(world->store);
    world->store = NULL;
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    world_close(*state);
    free(*state);
    return 0;
}

static const char *store_file(const char *state_dir, const char *suffix, char path[160])
{
    snprintf(path, 160, "%s/state.db%s", state_dir, suffix);
    return path;
}

static void execute(sqlite3 *db, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s", message);
}

/* Rows of each kind of table that the migration could harm. */
static const char rows[] =
    "PRAGMA application_id = 1685351788; PRAGMA user_version = 1; BEGIN;"
    "INSERT INTO meta VALUES ('program', 'datemill 0.0.9'), ('next_run_id', 8),"
    " ('next_attempt_id', 4), ('epoch', 3);"
    "INSERT INTO flow VALUES (1, 'f'); INSERT INTO node VALUES (5, 1, 'load');"
    "INSERT INTO blob VALUES (1, 'h', x'0001ff'); INSERT INTO version"
    " VALUES (1, 1, 'abcdefabcdef99', '', '', 0, 'no repository', 7);"
    "INSERT INTO version_file VALUES (1, 0, 'f.yaml', 1);"
    "INSERT INTO run VALUES (7, 1, 1, '2021-11-12T00:30:00', 0, '2021-11-11', 'UTC', 1, 2,"
    " 'cli by lin', 'key', '', '', 3, 1, 4, 0, 0, 1, 1, 1, 9, '0,0,0,1,0,0,0,0');"
    "INSERT INTO node_run VALUES (7, 0, 5, 'shell', 1, 3, 0, 0, 7, 1, 1, 0, 1, 1, 1, 1, 2);"
    "INSERT INTO event(at, kind, run_id, node, operation_id) VALUES (1, 3, 7, 0, 2);"
    "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 400)"
    " INSERT INTO operation(kind, at, who, reason, detail, flow_id, run_id, node)"
    " SELECT i % 8, i, 'lin', printf('reason %d %.300c', i, 'x'), '', 1,"
    "  iif(i % 2 = 0, 7, NULL), iif(i % 4 = 0, 0, NULL) FROM n; COMMIT;";

/* A store as the first version left it, closed. */
static void make_first(const char *state_dir)
{
    char path[160];
    size_t length;
    sqlite3 *db;
    unlink(store_file(state_dir, "", path));
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    char *schema = read_whole_file(SCHEMA_1, &length);
    schema[length] = '\0';
    execute(db, "PRAGMA journal_mode = WAL");
    execute(db, schema);
    execute(db, rows);
    free(schema);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* The tables and indexes of a store, each with its text, in the order of their names. */
static const char *describe(struct store *store, struct arena *arena)
{
    SCOPED_TEXT struct text text = {0};
    STATEMENT(s);
    OK(statement_open(&s, store,
                      "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema"
                      " ORDER BY type, name",
                      ok));
    while (statement_step(&s, NULL) == 1)
        text_append_format(&text, "%s %s of %s: %s\n", statement_peek_text(&s, 0),
                           statement_get_text(&s, 1, arena), statement_get_text(&s, 2, arena),
                           statement_get_text(&s, 3, arena));
    return arena_copy_string(arena, text_string(&text));
}

static void check_rows(struct store *store)
{
    assert_int_equal(count_rows(store, "PRAGMA user_version"), STORE_SCHEMA_VERSION);
    assert_int_equal(count_rows(store, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_int_equal(count_rows(store, "SELECT count(*) FROM operation"), ROWS);
    assert_int_equal(
        count_rows(store, "SELECT count(*) FROM operation WHERE kind = id % 8 AND at = id"
                          " AND who = 'lin' AND reason = printf('reason %d %.300c', id, 'x')"
                          " AND detail = '' AND flow_id = 1 AND run_id IS iif(id % 2 = 0, 7, NULL)"
                          " AND node IS iif(id % 4 = 0, 0, NULL) AND backfill_id IS NULL"),
        ROWS);
    assert_int_equal(count_rows(store, "SELECT operation_id FROM event"), 2);
    assert_int_equal(count_rows(store, "SELECT operation_id FROM node_run"), 2);
    assert_int_equal(count_rows(store, "SELECT bytes = x'0001ff' FROM blob"), 1);
}

static void a_store_that_was_migrated_is_like_a_new_one(void **state)
{
    struct world *world = *state;
    struct world fresh = {0};
    make_first(world->state);
    world_reopen(world);
    world_open(&fresh);
    assert_string_equal(describe(world->store, &world->arena),
                        describe(fresh.store, &world->arena));
    assert_int_equal(count_rows(world->store, "PRAGMA application_id"),
                     count_rows(fresh.store, "PRAGMA application_id"));
    world_close(&fresh);
}

static void what_was_there_is_there_and_can_be_used(void **state)
{
    struct world *world = *state;
    struct view_details details;
    struct view_run run;
    make_first(world->state);
    world_reopen(world);
    check_rows(world->store);
    assert_int_equal(store_take_run_id(world->store), 8);
    assert_int_equal(store_next_attempt_id(world->store), 4);
    assert_int_equal(store_take_backfill_id(world->store), 1);
    OK(view_find_run(world->store, 7, &world->arena, &run, ok));
    assert_int_equal(run.state, RUN_FAILED);
    assert_non_null(strstr(run.failure.text, "marked failed by lin: reason 2 xxx"));
    OK(view_run_details(world->store, 7, &world->arena, &details, ok));
    assert_int_equal(details.operation_count, ROWS / 2);
    OK(store_begin(world->store, ok));
    struct store_operation operation = {
        .kind = STORE_OPERATION_PAUSE, .run_id = 7, .node = STORE_NO_NODE};
    OK(store_put_operation(world->store, &operation, ok));
    OK(store_commit(world->store, ok));
    world_reopen(world);
    assert_int_equal(count_rows(world->store, "SELECT count(*) FROM operation"), ROWS + 1);
}

static void readers_wait_for_a_writer(void **state)
{
    struct world *world = *state;
    struct store *store = NULL;
    struct error err = {0};
    make_first(world->state);
    assert_int_equal(store_open_reader(world->state, &store, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_PRECONDITION);
    assert_non_null(strstr(err.text, "has schema 1, which is older than 5"));
    world_reopen(world);
    OK(store_open_reader(world->state, &store, ok));
    store_close(store);
}

static void the_next_one_is_refused(void **state)
{
    struct world *world = *state;
    struct store *store = NULL;
    struct error err = {0};
    char path[160];
    size_t length;
    size_t length_after;
    sqlite3 *db;
    world_reopen(world);
    store_close(world->store);
    world->store = NULL;
    assert_int_equal(sqlite3_open(store_file(world->state, "", path), &db), SQLITE_OK);
    execute(db, "UPDATE meta SET value = 'datemill 9.9' WHERE name = 'program';"
                "PRAGMA user_version = 99");
    sqlite3_close(db);
    char *before = read_whole_file(path, &length);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(i == 0 ? store_open_writer(world->state, "datemill 0.1.0", &store, &err)
                                : store_open_reader(world->state, &store, &err),
                         -1);
        assert_string_equal(err.code, "E502");
        assert_non_null(strstr(err.text, "written by datemill 9.9: its schema is 99"));
    }
    char *after = read_whole_file(path, &length_after);
    assert_int_equal(length, length_after);
    assert_memory_equal(before, after, length);
    free(before);
    free(after);
}

/* ---- a migration that fails ---- */

/* The real steps with one behind them that cannot be. */
static const struct store_migration doomed_steps[] = {
    {1, store_schema_from_1},
    {2, "DROP TABLE run_var; CREATE INDEX nothing ON no_such_table(x);"},
};
static const struct store_schema doomed = {
    .version = 3, .migrations = doomed_steps, .migration_count = 2};

static void a_migration_that_fails_changes_nothing(void **state)
{
    struct world *world = *state;
    struct store *store = NULL;
    struct error err = {0};
    char path[160];
    size_t length;
    size_t length_after;
    make_first(world->state);
    char *before = read_whole_file(store_file(world->state, "", path), &length);
    for (int i = 0; i < 2; i++)
        assert_int_equal(store_open_schema(world->state, "datemill 0.2.0", &doomed, &store, &err),
                         -1);
    assert_non_null(strstr(err.text, "cannot bring the schema from 2 to 3"));
    char *after = read_whole_file(path, &length_after);
    assert_int_equal(length, length_after);
    assert_memory_equal(before, after, length);
    free(before);
    free(after);
    world_reopen(world);
    check_rows(world->store);
}

/* ---- a process that dies in the middle ---- */

struct death {
    int steps; /* of SQLite's machine until it comes */
};

static int die(void *data)
{
    struct death *death = data;
    if (--death->steps == 0)
        kill(getpid(), SIGKILL);
    return 0;
}

/* What sqlite3_auto_extension() calls for every new connection. */
static struct death next_death;

static int arm(sqlite3 *db, char **message, const sqlite3_api_routines *api)
{
    (void)message;
    (void)api;
    sqlite3_progress_handler(db, 1, die, &next_death);
    return SQLITE_OK;
}

/* 1 = it died, 0 = it was through before. */
static int die_after(struct world *world, int steps)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct store *store = NULL;
        next_death.steps = steps;
        sqlite3_auto_extension((void (*)(void))arm);
        int result = store_open_writer(world->state, "datemill 0.1.0", &store, NULL);
        _exit(result == 0 ? 0 : 3);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status))
        return 1;
    assert_int_equal(WEXITSTATUS(status), 0);
    return 0;
}

/* At many moments: the main file is as it was until all is committed, and what is found there then
 * is the one or the other. */
static void a_process_that_dies_in_the_middle_loses_nothing(void **state)
{
    struct world *world = *state;
    char path[160];
    size_t length;
    size_t length_after;
    int steps = 1;
    int deaths = 0;
    int old_ones = 0;
    make_first(world->state);
    char *before = read_whole_file(store_file(world->state, "", path), &length);
    for (;; steps += steps / 4 + 1) {
        write_file(path, before, length);
        unlink(store_file(world->state, "-wal", path));
        unlink(store_file(world->state, "-shm", path));
        if (die_after(world, steps) == 0)
            break;
        deaths++;
        sqlite3 *db;
        char *after = read_whole_file(store_file(world->state, "", path), &length_after);
        if (length == length_after && memcmp(before, after, length) == 0)
            old_ones++;
        free(after);
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        execute(db, "PRAGMA integrity_check");
        sqlite3_close(db);
        world_reopen(world); /* goes on from whichever it is */
        check_rows(world->store);
        store_close(world->store);
        world->store = NULL;
    }
    free(before);
    assert_true(deaths > 20);
    assert_true(old_ones > 15);
}

/* ---- a disk that is full ---- */

static void migrate_on_a_full_disk(const char *dir)
{
    char state_dir[128];
    char ballast[160];
    char path[160];
    size_t length;
    size_t length_after;
    struct store *store = NULL;
    struct error err = {0};
    snprintf(state_dir, sizeof state_dir, "%s/.datemill", dir);
    EXPECT(mkdir(state_dir, 0700) == 0);
    snprintf(path, sizeof path, "%s/%s", state_dir, STORE_GITIGNORE_NAME);
    write_file(path, "*\n", 2);
    make_first(state_dir);
    char *before = read_whole_file(store_file(state_dir, "", path), &length);
    snprintf(ballast, sizeof ballast, "%s/ballast", dir);
    SCOPED_FD int fd = open(ballast, O_CREAT | O_WRONLY, 0600);
    char block[4096] = {0};
    off_t size = 0;
    while (write(fd, block, sizeof block) > 0)
        size += (off_t)sizeof block;
    int failures = 0;
    bool is_old = true;
    /* a page more room each time, until it is enough: at the end for the migration, but not for
     * what comes behind it */
    while (store_open_writer(state_dir, "datemill 0.1.0", &store, &err) != 0) {
        EXPECT(err.code[0] == 'E' && err.code[1] == '5');
        char *after = read_whole_file(path, &length_after);
        bool is_same = length == length_after && memcmp(before, after, length) == 0;
        EXPECT(is_old || !is_same);
        is_old = is_same;
        free(after);
        failures += is_same;
        size -= (off_t)sizeof block;
        EXPECT(size > 0 && ftruncate(fd, size) == 0);
    }
    EXPECT(failures > 5);
    check_rows(store);
    store_close(store);
    free(before);
}

static void a_full_disk_changes_nothing(void **state)
{
    (void)state;
    char dir[] = "/tmp/datemill-disk-XXXXXX";
    assert_non_null(mkdtemp(dir));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount("tmpfs", dir, "tmpfs", 0, "size=4m") != 0)
            _exit(77);
        migrate_on_a_full_disk(dir);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    rmdir(dir);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(status, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_store_that_was_migrated_is_like_a_new_one),
        TEST(what_was_there_is_there_and_can_be_used),
        TEST(readers_wait_for_a_writer),
        TEST(the_next_one_is_refused),
        TEST(a_migration_that_fails_changes_nothing),
        TEST(a_process_that_dies_in_the_middle_loses_nothing),
        TEST(a_full_disk_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

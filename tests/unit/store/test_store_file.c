/* Files that are older, newer, damaged, not ours; disks that are full or read-only. */
#include "tests/unit/store/store_world.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    world_open(world);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    world_close(*state);
    free(*state);
    return 0;
}

/* ---- other versions ---- */

static const struct store_schema old_schema = {
    .version = 7,
    .create = "CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
              "INSERT INTO meta VALUES ('program', 'datemill 0.0.1');"
              "CREATE TABLE fruit(name TEXT); INSERT INTO fruit VALUES ('apple'), ('pear');",
};

static const struct store_migration good_steps[] = {
    {7, "ALTER TABLE fruit ADD COLUMN weight INTEGER NOT NULL DEFAULT 5;"},
    {8, "UPDATE fruit SET weight = weight + 1; CREATE INDEX by_weight ON fruit(weight);"},
};

static const struct store_migration bad_steps[] = {
    {7, "ALTER TABLE fruit ADD COLUMN weight INTEGER NOT NULL DEFAULT 5; DELETE FROM fruit;"},
    {8, "UPDATE fruit SET weight = 1; CREATE INDEX nothing ON no_such_table(x);"},
};

static void make_old(struct world *world)
{
    char path[160];
    store_close(world->store);
    world->store = NULL;
    snprintf(path, sizeof path, "%s/state.db", world->state);
    unlink(path);
    struct store *old = NULL;
    OK(store_open_schema(world->state, "datemill 0.0.1", &old_schema, &old, ok));
    store_close(old);
}

static void an_older_schema_is_brought_up_to_date(void **state)
{
    struct world *world = *state;
    struct store_schema now = {.version = 9, .migrations = good_steps, .migration_count = 2};
    make_old(world);
    OK(store_open_schema(world->state, "datemill 0.2.0", &now, &world->store, ok));
    assert_int_equal(count_rows(world->store, "PRAGMA user_version"), 9);
    assert_int_equal(count_rows(world->store, "SELECT sum(weight) FROM fruit"), 12);
}

static void a_failed_migration_leaves_the_file_as_it_was(void **state)
{
    struct world *world = *state;
    struct store_schema now = {.version = 9, .migrations = bad_steps, .migration_count = 2};
    struct error err = {0};
    char path[160];
    size_t length;
    size_t length_after;
    make_old(world);
    snprintf(path, sizeof path, "%s/state.db", world->state);
    char *before = read_whole_file(path, &length);
    assert_int_equal(store_open_schema(world->state, "datemill 0.2.0", &now, &world->store, &err),
                     -1);
    assert_null(world->store);
    assert_non_null(strstr(err.text, "from 8 to 9"));
    char *after = read_whole_file(path, &length_after);
    assert_int_equal(length, length_after);
    assert_memory_equal(before, after, length);
    free(before);
    free(after);
    struct store_schema good = {.version = 9, .migrations = good_steps, .migration_count = 2};
    OK(store_open_schema(world->state, "datemill 0.2.0", &good, &world->store, ok));
    assert_int_equal(count_rows(world->store, "SELECT count(*) FROM fruit"), 2);
}

static void a_gap_in_the_steps_is_an_error(void **state)
{
    struct world *world = *state;
    struct store_schema now = {.version = 9, .migrations = &good_steps[1], .migration_count = 1};
    struct error err = {0};
    make_old(world);
    assert_int_equal(store_open_schema(world->state, "datemill 0.2.0", &now, &world->store, &err),
                     -1);
    assert_int_equal(err.kind, ERROR_KIND_PRECONDITION);
}

static void a_newer_schema_is_refused_and_named(void **state)
{
    struct world *world = *state;
    struct error err = {0};
    struct store *store = NULL;
    make_old(world); /* 7 > 1 */
    assert_int_equal(store_open_writer(world->state, "datemill 0.1.0", &store, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_PRECONDITION);
    assert_string_equal(err.code, "E502");
    assert_non_null(strstr(err.text, "datemill 0.0.1"));
    assert_non_null(strstr(err.text, "schema is 7"));
    memset(&err, 0, sizeof err);
    assert_int_equal(store_open_reader(world->state, &store, &err), -1);
    assert_string_equal(err.code, "E502");
}

/* ---- damage ---- */

static void expect_damaged(struct world *world, const char *state_dir)
{
    struct store *store = NULL;
    struct error err = {0};
    assert_int_equal(store_open_reader(state_dir, &store, &err), -1);
    assert_string_equal(err.code, "E503");
    memset(&err, 0, sizeof err);
    assert_int_equal(store_open_writer(state_dir, "datemill 0.1.0", &store, &err), -1);
    assert_string_equal(err.code, "E503");
    assert_int_equal(err.kind, ERROR_KIND_PRECONDITION);
    assert_non_null(strstr(err.text, "state.db"));
    assert_true(err.help[0] != '\0');
    (void)world;
}

static void garbage_is_named_and_left_alone(void **state)
{
    struct world *world = *state;
    char path[160];
    char garbage[5000];
    memset(garbage, 'x', sizeof garbage);
    store_close(world->store);
    world->store = NULL;
    snprintf(path, sizeof path, "%s/state.db", world->state);
    write_file(path, garbage, sizeof garbage);
    expect_damaged(world, world->state);
    size_t length;
    char *after = read_whole_file(path, &length);
    assert_int_equal(length, sizeof garbage);
    assert_memory_equal(after, garbage, length);
    free(after);
}

static void somebody_elses_database_is_left_alone(void **state)
{
    struct world *world = *state;
    char path[160];
    sqlite3 *db;
    store_close(world->store);
    world->store = NULL;
    snprintf(path, sizeof path, "%s/state.db", world->state);
    unlink(path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_exec(db, "CREATE TABLE mine(x)", NULL, NULL, NULL);
    sqlite3_close(db);
    expect_damaged(world, world->state);
}

/* Cut at many lengths: opening or asking fails with a message, or it works; never a crash. */
static void a_truncated_file_is_an_error(void **state)
{
    struct world *world = *state;
    char path[160];
    OK(store_begin(world->store, ok));
    for (int i = 1; i <= 28; i++) {
        char cyctime[48];
        char bizdate[48];
        snprintf(cyctime, sizeof cyctime, "2021-12-%02dT00:30:00", i);
        snprintf(bizdate, sizeof bizdate, "2021-11-%02d", i);
        world_done(world, "f", cyctime, bizdate, i % 3 == 0);
    }
    OK(store_commit(world->store, ok));
    store_close(world->store);
    world->store = NULL;
    snprintf(path, sizeof path, "%s/state.db", world->state);
    size_t length;
    char *bytes = read_whole_file(path, &length);
    int failures = 0;
    for (size_t cut = 4096; cut < length; cut += 4096 * 7) {
        struct store *store = NULL;
        struct error err = {0};
        struct view_runs runs;
        struct view_page page = {.limit = 100};
        write_file(path, bytes, cut);
        int result = store_open_reader(world->state, &store, &err);
        if (result == 0)
            result = view_list_runs(store, &page, &world->arena, &runs, &err);
        if (result != 0) {
            failures++;
            assert_string_equal(err.code, "E503");
        }
        store_close(store);
    }
    free(bytes);
    assert_true(failures > 3);
}

/* ---- a writer that was killed ---- */

static void copy_file(const char *from, const char *to, const char *suffix)
{
    char path[192];
    size_t length;
    snprintf(path, sizeof path, "%s%s", from, suffix);
    char *bytes = read_whole_file(path, &length);
    snprintf(path, sizeof path, "%s%s", to, suffix);
    write_file(path, bytes, length);
    free(bytes);
}

/* Leaves in state.db what a process leaves that dies while SQLite makes the file (which begins
 * without a WAL): pages half written, and beside them a journal that puts them back. */
static void die_while_it_is_made(struct world *world, const char *begin)
{
    char path[160];
    char copy[176];
    sqlite3 *db;
    store_close(world->store);
    world->store = NULL;
    snprintf(path, sizeof path, "%s/state.db", world->state);
    snprintf(copy, sizeof copy, "%s.copy", path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, begin, NULL, NULL, NULL), SQLITE_OK);
    /* a cache of two pages: SQLite has to write before the commit */
    assert_int_equal(sqlite3_exec(db,
                                  "PRAGMA cache_size = 2; BEGIN; CREATE TABLE half(x);"
                                  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                                  "WHERE i < 50) INSERT INTO half SELECT randomblob(2000) FROM n",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    copy_file(path, copy, "");
    copy_file(path, copy, "-journal");
    sqlite3_close(db);
    copy_file(copy, path, "");
    copy_file(copy, path, "-journal");
}

static void a_reader_puts_back_what_a_killed_writer_left(void **state)
{
    struct world *world = *state;
    struct store *reader = NULL;
    die_while_it_is_made(world, "PRAGMA journal_mode = DELETE");
    OK(store_open_reader(world->state, &reader, ok));
    int64_t tables = 0;
    OK(store_read_int(reader, "SELECT count(*) FROM sqlite_schema WHERE name IN ('half', 'run')",
                      &tables, ok));
    assert_int_equal(tables, 1);
    assert_int_equal(store_execute(reader, "DELETE FROM meta", NULL), -1);
    store_close(reader);
    world_reopen(world);
}

static void nothing_ran_where_the_first_writer_was_killed(void **state)
{
    struct world *world = *state;
    struct store *reader = NULL;
    struct error err = {0};
    char path[160];
    snprintf(path, sizeof path, "%s/state.db", world->state);
    store_close(world->store);
    world->store = NULL;
    unlink(path);
    die_while_it_is_made(world, "PRAGMA user_version");
    assert_int_equal(store_open_reader(world->state, &reader, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_NOT_FOUND);
    world_reopen(world);
}

/* ---- disks ---- */

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, err.text);          \
            _exit(2);                                                                              \
        }                                                                                          \
    } while (0)

static void a_folder_that_cannot_be_written(void **state)
{
    struct world *world = *state;
    store_close(world->store);
    world->store = NULL;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct error err = {0};
        struct store *store = NULL;
        /* root may write anywhere, so be somebody else */
        EXPECT(geteuid() != 0 || (chmod(world->root, 0755) == 0 && chmod(world->state, 0755) == 0 &&
                                  setresuid(65534, 65534, 65534) == 0));
        EXPECT(geteuid() == 65534 || chmod(world->state, 0500) == 0);
        EXPECT(store_open_writer(world->state, "datemill 0.1.0", &store, &err) == -1);
        EXPECT(err.kind == ERROR_KIND_REFUSED);
        EXPECT(strstr(err.text, world->state) != NULL);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    chmod(world->state, 0700);
    assert_int_equal(status, 0);
}

/* Runs `body` on a file system of its own in a child with its own mounts; skips where that is not
 * allowed. */
static void on_own_disk(const char *size, void (*body)(const char *dir))
{
    char dir[] = "/tmp/datemill-disk-XXXXXX";
    char options[32];
    assert_non_null(mkdtemp(dir));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        snprintf(options, sizeof options, "size=%s", size);
        if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount("tmpfs", dir, "tmpfs", 0, options) != 0)
            _exit(77);
        body(dir);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    rmdir(dir);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(status, 0);
}

static int put_notes(struct store *store, int count, struct error *err)
{
    char text[2048];
    memset(text, 'n', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    if (store_begin(store, err) != 0)
        return -1;
    for (int i = 0; i < count; i++)
        if (store_put_note(store, "f", text, (struct instant){T0}, err) != 0) {
            store_rollback(store);
            return -1;
        }
    return store_commit(store, err);
}

static void fill_the_disk(const char *dir)
{
    char state_dir[128];
    char ballast[128];
    struct store *store = NULL;
    struct error err = {0};
    snprintf(state_dir, sizeof state_dir, "%s/.datemill", dir);
    snprintf(ballast, sizeof ballast, "%s/ballast", dir);
    EXPECT(store_open_writer(state_dir, "datemill 0.1.0", &store, &err) == 0);
    EXPECT(put_notes(store, 10, &err) == 0);
    int fd = open(ballast, O_CREAT | O_WRONLY, 0600);
    char block[4096] = {0};
    while (write(fd, block, sizeof block) > 0) {
    }
    close(fd);
    int failures = 0;
    for (int i = 0; i < 3; i++) {
        memset(&err, 0, sizeof err);
        if (put_notes(store, 600, &err) == 0)
            continue;
        failures++;
        EXPECT(strcmp(err.code, "E504") == 0);
        EXPECT(err.kind == ERROR_KIND_PRECONDITION);
        EXPECT(strstr(err.text, dir) != NULL);
        EXPECT(strstr(err.text, "MB free") != NULL);
        EXPECT(!store_is_in_batch(store));
    }
    EXPECT(failures == 3);
    int64_t count = 0;
    EXPECT(store_read_int(store, "SELECT count(*) FROM event", &count, &err) == 0 && count == 10);
    unlink(ballast);
    EXPECT(put_notes(store, 600, &err) == 0); /* the same batch, once there is room */
    EXPECT(store_read_int(store, "SELECT count(*) FROM event", &count, &err) == 0 && count == 610);
    store_close(store);
}

static void a_full_disk_is_named_and_the_same_batch_goes_in_later(void **state)
{
    (void)state;
    on_own_disk("4m", fill_the_disk);
}

static void use_a_read_only_disk(const char *dir)
{
    char state_dir[128];
    struct store *store = NULL;
    struct error err = {0};
    snprintf(state_dir, sizeof state_dir, "%s/.datemill", dir);
    EXPECT(store_open_writer(state_dir, "datemill 0.1.0", &store, &err) == 0);
    EXPECT(put_notes(store, 3, &err) == 0);
    store_close(store);
    EXPECT(mount("none", dir, NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0);
    EXPECT(store_open_writer(state_dir, "datemill 0.1.0", &store, &err) == -1);
    EXPECT(err.kind == ERROR_KIND_REFUSED);
    EXPECT(strstr(err.text, dir) != NULL);
    EXPECT(store_open_reader(state_dir, &store, &err) == 0);
    int64_t newest = 0;
    EXPECT(view_newest_event(store, 0, &newest, &err) == 0 && newest == 3);
    store_close(store);
}

static void a_read_only_disk_can_be_read(void **state)
{
    (void)state;
    on_own_disk("4m", use_a_read_only_disk);
}

/* SQLite says of a WAL that it cannot make that there is none. */
static void use_a_disk_without_inodes(const char *dir)
{
    char state_dir[128];
    char ballast[128];
    struct store *store = NULL;
    struct error err = {0};
    int count = 0;
    snprintf(state_dir, sizeof state_dir, "%s/.datemill", dir);
    EXPECT(store_open_writer(state_dir, "datemill 0.1.0", &store, &err) == 0);
    store_close(store);
    for (bool is_made = true; is_made; count += is_made) {
        snprintf(ballast, sizeof ballast, "%s/ballast%d", dir, count);
        is_made = mkdir(ballast, 0700) == 0;
    }
    EXPECT(store_open_writer(state_dir, "datemill 0.1.0", &store, &err) == -1);
    EXPECT(strcmp(err.code, "E504") == 0);
    EXPECT(strstr(err.text, "no space left") != NULL);
    for (int i = 0; i < 3; i++) {
        snprintf(ballast, sizeof ballast, "%s/ballast%d", dir, i);
        EXPECT(rmdir(ballast) == 0);
    }
    EXPECT(store_open_writer(state_dir, "datemill 0.1.0", &store, &err) == 0);
    store_close(store);
}

static void a_disk_that_takes_no_more_files_is_named(void **state)
{
    (void)state;
    on_own_disk("4m,nr_inodes=40", use_a_disk_without_inodes);
}

static void a_limit_on_file_sizes_is_no_crash(void **state)
{
    struct world *world = *state;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {200 << 10, 200 << 10};
        struct error err = {0};
        struct store *store = NULL;
        signal(SIGXFSZ, SIG_IGN);
        EXPECT(store_open_writer(world->state, "datemill 0.1.0", &store, &err) == 0);
        EXPECT(setrlimit(RLIMIT_FSIZE, &limit) == 0);
        EXPECT(put_notes(store, 600, &err) == -1);
        EXPECT(strcmp(err.code, "E504") == 0);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    world_reopen(world);
    assert_int_equal(count_rows(world->store, "SELECT count(*) FROM event"), 0);
}

static void figures_are_those_of_the_files(void **state)
{
    struct world *world = *state;
    struct store_figures figures;
    struct error err = {0};
    assert_int_equal(put_notes(world->store, 50, &err), 0);
    OK(store_measure(world->store, &figures, ok));
    assert_int_equal(figures.schema_version, STORE_SCHEMA_VERSION);
    assert_true(figures.wal_bytes > 0);
    assert_true(figures.free_bytes > 0);
    OK(store_checkpoint(world->store, ok));
    OK(store_measure(world->store, &figures, ok));
    assert_true(figures.file_bytes > 100000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_older_schema_is_brought_up_to_date),
        TEST(a_failed_migration_leaves_the_file_as_it_was),
        TEST(a_gap_in_the_steps_is_an_error),
        TEST(a_newer_schema_is_refused_and_named),
        TEST(garbage_is_named_and_left_alone),
        TEST(somebody_elses_database_is_left_alone),
        TEST(a_truncated_file_is_an_error),
        TEST(a_reader_puts_back_what_a_killed_writer_left),
        TEST(nothing_ran_where_the_first_writer_was_killed),
        TEST(a_folder_that_cannot_be_written),
        TEST(a_full_disk_is_named_and_the_same_batch_goes_in_later),
        TEST(a_read_only_disk_can_be_read),
        TEST(a_disk_that_takes_no_more_files_is_named),
        TEST(a_limit_on_file_sizes_is_no_crash),
        TEST(figures_are_those_of_the_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The fence, the switch, snapshots, sweeping; files that are damaged. */
#include "tests/unit/warehouse/warehouse_world.h"

#include "nodes/warehouse/partition_writers.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void declare(struct world *world)
{
    world_sql(world, "CREATE TABLE t (a STRING) PARTITIONED BY (dt STRING) LIFECYCLE 10;"
                     "CREATE TABLE u (a STRING)");
}

static const char *content(struct world *world)
{
    return world_sql(world, "SELECT a, dt FROM t ORDER BY dt, a");
}

static void an_older_attempt_cannot_register_or_commit(void **state)
{
    struct world *world = *state;
    struct catalog survivor;
    struct error err = {0};
    declare(world);
    world_sql(world, "INSERT OVERWRITE TABLE t PARTITION (dt='1') VALUES ('old')");
    struct catalog_writer old = world->writer;
    assert_int_equal(catalog_open(&survivor, world->state, CATALOG_WRITE, world_clock, &err), 0);
    world_next_attempt(world);
    assert_int_equal(catalog_register(&survivor, &old, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_REFUSED);
    const struct script_listener silent = {0};
    const struct script script = {.catalog = &survivor, .writer = &old, .listener = &silent};
    static const char *const changes[] = {
        "INSERT OVERWRITE TABLE t PARTITION (dt='1') VALUES ('from the grave')",
        "INSERT INTO t PARTITION (dt='1') VALUES ('from the grave')",
        "ALTER TABLE t DROP PARTITION (dt='1')",
        "TRUNCATE TABLE t PARTITION (dt='1')",
        "DROP TABLE t",
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        err = (struct error){0};
        assert_int_equal(script_run(&script, changes[i], strlen(changes[i]), NULL, &err), -1);
        assert_non_null(strstr(err.text, "was replaced by a newer one (2)"));
    }
    assert_string_equal(content(world), "old|1\n");
    /* another node of the same run is not concerned, nor is another run */
    old.node = "other";
    assert_int_equal(catalog_register(&survivor, &old, &err), 0);
    catalog_close(&survivor);
}

/* Everything is on disk but the switch: the old content stays, whole. */
static void a_death_before_the_switch_leaves_the_old_content(void **state)
{
    struct world *world = *state;
    declare(world);
    world_sql(world, "INSERT OVERWRITE TABLE t PARTITION (dt) VALUES ('a', '1'), ('b', '2')");
    world_next_attempt(world);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct catalog catalog;
        struct partition_writers writers;
        struct arena arena;
        struct table *table;
        struct part_writer *part;
        arena_init(&arena, 0);
        if (catalog_open(&catalog, world->state, CATALOG_WRITE, world_clock, NULL) != 0 ||
            catalog_find_table(&catalog, "t", &arena, &table, NULL) != 0 ||
            partition_writers_open(&writers, &catalog, &world->writer, table, NULL) != 0)
            _exit(3);
        for (int i = 1; i <= 2; i++) {
            if (partition_writers_get(&writers, i == 1 ? "dt=1" : "dt=2", &part, NULL) != 0)
                _exit(4);
            part_writer_text(part, "half", 4);
            if (part_writer_end_row(part, NULL) != 0 || part_writer_finish(part, NULL) != 0)
                _exit(5);
        }
        raise(SIGKILL);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_string_equal(content(world), "a|1\nb|2\n");
    world_next_attempt(world);
    world_sql(world, "INSERT OVERWRITE TABLE t PARTITION (dt) VALUES ('A', '1'), ('B', '2')");
    assert_string_equal(content(world), "A|1\nB|2\n");
    /* the dead attempt's files go a day later, those of the version before stay as long */
    struct error err = {0};
    char path[256];
    snprintf(path, sizeof path, "%s/warehouse/files/t/r1.n.a2.1.part", world->state);
    assert_int_equal(access(path, F_OK), 0);
    const struct timespec long_ago[2] = {{.tv_sec = WORLD_START_US / 1000000 - 200000},
                                         {.tv_sec = WORLD_START_US / 1000000 - 200000}};
    assert_int_equal(utimensat(AT_FDCWD, path, long_ago, 0), 0);
    assert_int_equal(catalog_sweep(&world->catalog, true, &err), 0);
    assert_int_equal(access(path, F_OK), -1);
    assert_string_equal(content(world), "A|1\nB|2\n");
}

static int syncs_left = INT_MAX; /* fdatasync() has no argument to hang it on */

/* In place of libc's: only SQLite calls it. */
int fdatasync(int fd)
{
    if (syncs_left-- > 0)
        return (int)syscall(SYS_fdatasync, fd);
    errno = EIO;
    return -1;
}

/* 0 when a process whose disk refuses to sync from the n-th time on could not write `text`. */
static int write_with_syncs(struct world *world, const char *text, int count)
{
    char sql[128];
    int status;
    snprintf(sql, sizeof sql, "INSERT OVERWRITE TABLE t PARTITION (dt='1') VALUES ('%s')", text);
    catalog_close(&world->catalog);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct error err = {0};
        if (catalog_open(&world->catalog, world->state, CATALOG_WRITE, world_clock, &err) != 0)
            _exit(3);
        syncs_left = count;
        _exit(world_run(world, sql) == 0 ? 4 : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    world_open_catalog(world);
    return status;
}

/* The switch is written, and the disk refuses to say so: it may be seen after all by the next one
 * who opens the catalogue, and then all that it names must be there. */
static void a_switch_that_may_have_happened_keeps_its_files(void **state)
{
    struct world *world = *state;
    char seen[24] = "old|1\n";
    int happened = 0;
    declare(world);
    world_sql(world, "INSERT OVERWRITE TABLE t PARTITION (dt='1') VALUES ('old')");
    for (int count = 0; count < 4; count++) {
        char text[16];
        char row[24];
        snprintf(text, sizeof text, "new%d", count);
        snprintf(row, sizeof row, "%s|1\n", text);
        world_next_attempt(world);
        bool has_failed = write_with_syncs(world, text, count) == 0;
        bool is_new = strcmp(content(world), row) == 0;
        if (!is_new)
            assert_string_equal(content(world), seen);
        assert_true(has_failed || is_new);
        happened += has_failed && is_new;
        snprintf(seen, sizeof seen, "%s", content(world));
    }
    assert_true(happened > 0);
}

#define WRITERS 3
#define ROUNDS 15

/* Each writes its own partition, and one that all of them overwrite, both in one statement. */
static void write_rounds(const struct world *world, int number)
{
    char sql[256];
    struct catalog catalog;
    const struct script_listener silent = {0};
    struct catalog_writer writer = world->writer;
    struct error err = {0};
    writer.run = 100 + number;
    const struct script script = {.catalog = &catalog, .writer = &writer, .listener = &silent};
    if (catalog_open(&catalog, world->state, CATALOG_WRITE, world_clock, &err) != 0 ||
        catalog_register(&catalog, &writer, &err) != 0)
        _exit(3);
    for (int i = 0; i < ROUNDS; i++) {
        snprintf(sql, sizeof sql,
                 "INSERT OVERWRITE TABLE t PARTITION (dt) VALUES ('%d-%d', 'own%d'), ('%d-%d', "
                 "'shared'), ('%d-%d', 'shared')",
                 number, i, number, number, i, number, i);
        if (script_run(&script, sql, strlen(sql), NULL, &err) != 0) {
            fprintf(stderr, "%s\n", err.text);
            _exit(4);
        }
    }
    catalog_close(&catalog);
    _exit(0);
}

static void writers_at_once_never_mix(void **state)
{
    struct world *world = *state;
    pid_t children[WRITERS];
    char expected[128];
    declare(world);
    for (int i = 0; i < WRITERS; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0)
            write_rounds(world, i);
    }
    /* a reader sees a shared partition of two equal rows at any moment */
    for (int i = 0; i < 30; i++)
        assert_string_equal(world_sql(world,
                                      "SELECT count(*) - 2, count(distinct a) - 1 FROM t "
                                      "WHERE dt = 'shared' HAVING count(*) > 0 AND (count(*) "
                                      "<> 2 OR count(distinct a) <> 1)"),
                            "");
    for (int i = 0; i < WRITERS; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        char sql[128];
        snprintf(sql, sizeof sql, "SELECT a FROM t WHERE dt = 'own%d'", i);
        snprintf(expected, sizeof expected, "%d-%d\n", i, ROUNDS - 1);
        assert_string_equal(world_sql(world, sql), expected);
    }
    assert_string_equal(world_sql(world, "SELECT count(*), count(distinct a) FROM t WHERE dt = "
                                         "'shared'"),
                        "2|1\n");
}

static void a_reader_keeps_what_it_opened(void **state)
{
    struct world *world = *state;
    struct error err = {0};
    declare(world);
    world_sql(world, "INSERT OVERWRITE TABLE t PARTITION (dt='1') VALUES ('before')");
    struct arena arena;
    arena_init(&arena, 0);
    struct sql_source source;
    const char *sql = "SELECT a FROM t";
    assert_int_equal(sql_source_read(&source, sql, strlen(sql), &arena, &err), 0);
    struct query query;
    assert_int_equal(
        query_open(&query, &world->catalog, (struct sql_span){&source, 0, source.count}, &err), 0);
    world_sql(world, "INSERT OVERWRITE TABLE t PARTITION (dt='1') VALUES ('after'); "
                     "DROP TABLE t");
    assert_int_equal(query_step(&query, &err), 1);
    assert_string_equal((const char *)sqlite3_column_text(query.statement, 0), "before");
    assert_int_equal(query_step(&query, &err), 0);
    query_close(&query);
    arena_free(&arena);
}

static int64_t count_of(struct world *world, const char *sql)
{
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(world->catalog.db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t count = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return count;
}

static void reopen(struct world *world)
{
    catalog_close(&world->catalog);
    world_open_catalog(world);
}

static void what_left_stays_for_a_day_and_for_open_readers(void **state)
{
    struct world *world = *state;
    struct error err = {0};
    struct catalog reader;
    char path[256];
    declare(world);
    world_sql(world, "INSERT OVERWRITE TABLE t PARTITION (dt='1') VALUES ('one')");
    snprintf(path, sizeof path, "%s/warehouse/files/t/r1.n.a1.100001.part", world->state);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(catalog_open(&reader, world->state, CATALOG_READ, world_clock, &err), 0);
    world_now_us += 1000000;
    world_next_attempt(world);
    world_sql(world, "INSERT OVERWRITE TABLE t PARTITION (dt='1') VALUES ('two')");
    world_now_us += WORLD_DAY_US - 1000000;
    reopen(world);
    assert_int_equal(catalog_sweep(&world->catalog, true, &err), 0);
    assert_int_equal(access(path, F_OK), 0); /* not yet a day */
    world_now_us += 2 * WORLD_DAY_US;
    reopen(world);
    assert_int_equal(catalog_sweep(&world->catalog, true, &err), 0);
    assert_int_equal(access(path, F_OK), 0); /* somebody who began before is open */
    catalog_close(&reader);
    assert_int_equal(catalog_sweep(&world->catalog, true, &err), 0);
    assert_int_equal(access(path, F_OK), -1);
    assert_string_equal(content(world), "two|1\n");
    assert_true(count_of(world, "SELECT count(*) FROM version") == 2);
}

static void lifecycle_counts_from_the_last_change(void **state)
{
    struct world *world = *state;
    struct error err = {0};
    declare(world);
    world_sql(world, "INSERT OVERWRITE TABLE t PARTITION (dt) VALUES ('a', '1'), ('b', '2')");
    world_sql(world, "INSERT INTO u VALUES ('kept for ever')");
    world_now_us += 6 * WORLD_DAY_US;
    world_sql(world, "INSERT OVERWRITE TABLE t PARTITION (dt='2') VALUES ('B')");
    world_now_us += 4 * WORLD_DAY_US;
    assert_int_equal(catalog_sweep(&world->catalog, true, &err), 0);
    assert_string_equal(content(world), "a|1\nB|2\n"); /* exactly ten days: not yet */
    world_now_us += 1;
    assert_int_equal(catalog_sweep(&world->catalog, false, &err), 0);
    assert_string_equal(content(world), "a|1\nB|2\n"); /* once a day is enough */
    world_now_us += WORLD_DAY_US;
    assert_int_equal(catalog_sweep(&world->catalog, false, &err), 0);
    assert_string_equal(content(world), "B|2\n");
    assert_string_equal(world_sql(world, "SHOW PARTITIONS t"), "dt=2\n");
    assert_string_equal(world_sql(world, "SELECT a FROM u"), "kept for ever\n");
}

static void the_catalogue_knows_who_wrote(void **state)
{
    struct world *world = *state;
    struct error err = {0};
    struct arena arena;
    arena_init(&arena, 0);
    declare(world);
    world_sql(world, "INSERT OVERWRITE TABLE t PARTITION (dt='1') VALUES ('a'), ('b')");
    world_now_us += 5000000;
    world->writer.run = 7;
    world->writer.commit = "beef";
    world_next_attempt(world);
    world_sql(world, "INSERT INTO t PARTITION (dt='1') VALUES ('c')");
    struct catalog_snapshot snapshot = {.name = "T"};
    assert_int_equal(catalog_snapshot(&world->catalog, &snapshot, 1, &arena, &err), 0);
    assert_int_equal(snapshot.partition_count, 1);
    const struct catalog_partition *partition = &snapshot.partitions[0];
    assert_string_equal(partition->spec, "dt=1");
    assert_int_equal(partition->part_count, 2);
    assert_true(partition->rows == 3 && partition->run == 7 && partition->attempt == 2);
    assert_string_equal(partition->commit, "beef");
    assert_string_equal(partition->node, "n");
    assert_true(partition->modified_us - partition->created_us == 5000000);
    assert_true(partition->bytes == partition->parts[0].bytes + partition->parts[1].bytes);
    arena_free(&arena);
}

static void flip(const char *path, long offset)
{
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    fputc(byte ^ 0x10, file);
    assert_int_equal(fclose(file), 0);
}

/* Any flipped byte and any cut is an error: never other rows, never a crash. */
static void a_damaged_file_is_told(void **state)
{
    struct world *world = *state;
    char path[256];
    size_t length;
    declare(world);
    world_sql(world, "INSERT OVERWRITE TABLE t PARTITION (dt='1') VALUES ('first'), ('second'), "
                     "(NULL)");
    snprintf(path, sizeof path, "%s/warehouse/files/t/r1.n.a1.100001.part", world->state);
    char *bytes = world_read(path, &length);
    size_t silent = 0;
    for (size_t i = 0; i < length; i++) {
        flip(path, (long)i);
        if (world_run(world, "SELECT a FROM t") == 0) {
            assert_string_equal(text_string(&world->out), "first\nsecond\nNULL\n");
            silent++; /* padding */
        }
        flip(path, (long)i);
    }
    assert_true(silent < length / 3);
    for (size_t i = 0; i < length; i += 3) {
        assert_int_equal(truncate(path, (off_t)i), 0);
        assert_int_equal(world_run(world, "SELECT a FROM t"), -1);
        FILE *file = fopen(path, "w");
        assert_int_equal(fwrite(bytes, 1, length, file), length);
        fclose(file);
    }
    assert_string_equal(world_sql(world, "SELECT count(*) FROM t"), "3\n");
    free(bytes);
}

static void a_row_has_a_limit(void **state)
{
    struct world *world = *state;
    declare(world);
    world_sql(world, "INSERT INTO u SELECT repeat('x', 8388000)");
    assert_string_equal(world_sql(world, "SELECT length(a) FROM u"), "8388000\n");
    assert_int_equal(world_run(world, "INSERT INTO u SELECT concat(repeat('x', 8388607), 'y')"),
                     -1);
    assert_non_null(strstr(world->err.text, "the limit is 8 MiB"));
    assert_int_equal(world_run(world, "INSERT INTO u SELECT repeat('x', 9000000)"), -1);
    assert_non_null(strstr(world->err.text, "more than 8 MiB"));
    assert_string_equal(world_sql(world, "SELECT count(*) FROM u"), "1\n");
}

static void a_newer_catalogue_is_left_alone(void **state)
{
    struct world *world = *state;
    struct catalog other;
    struct error err = {0};
    sqlite3_exec(world->catalog.db, "PRAGMA user_version = 99", NULL, NULL, NULL);
    assert_int_equal(catalog_open(&other, world->state, CATALOG_WRITE, world_clock, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_PRECONDITION);
    assert_non_null(strstr(err.text, "newer datemill"));
    char nowhere[128];
    snprintf(nowhere, sizeof nowhere, "%s/nowhere", world->folder);
    assert_int_equal(catalog_open(&other, nowhere, CATALOG_READ, world_clock, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_NOT_FOUND);
    assert_int_equal(access(nowhere, F_OK), -1);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(an_older_attempt_cannot_register_or_commit),
        EACH(a_death_before_the_switch_leaves_the_old_content),
        EACH(a_switch_that_may_have_happened_keeps_its_files),
        EACH(writers_at_once_never_mix),
        EACH(a_reader_keeps_what_it_opened),
        EACH(what_left_stays_for_a_day_and_for_open_readers),
        EACH(lifecycle_counts_from_the_last_change),
        EACH(the_catalogue_knows_who_wrote),
        EACH(a_damaged_file_is_told),
        EACH(a_row_has_a_limit),
        EACH(a_newer_catalogue_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

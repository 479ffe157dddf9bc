/* Copies of a store at work, and putting one back: whole, or nothing at all. */
#include "scheduler/store/store_backup.h"

#include "tests/unit/store/store_world.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#define RUNS 3
#define KILLS 30
#define LARGE 6 /* blobs of a megabyte, so that a copy takes several steps */

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

static void put_runs(struct world *world, int count)
{
    for (int i = 0; i < count; i++) {
        char cyctime[CIVIL_TIME_BYTES];
        char bizdate[CIVIL_DATE_BYTES];
        int64_t number = store_take_run_id(world->store) + 1; /* the one that world_done() takes */
        snprintf(bizdate, sizeof bizdate, "20%02d-11-11", (int)(number % 90));
        snprintf(cyctime, sizeof cyctime, "20%02d-11-12T00:30:00", (int)(number % 90));
        OK(store_begin(world->store, ok));
        world_done(world, "f", cyctime, bizdate, false);
        OK(store_commit(world->store, ok));
    }
}

static void fill(struct world *world)
{
    char *bytes = calloc(1, 1 << 20);
    OK(store_begin(world->store, ok));
    for (int i = 0; i < LARGE; i++) {
        struct flow_file file = {.path = "f/flow.yaml", .bytes = bytes, .length = 1 << 20};
        snprintf(file.hash, sizeof file.hash, "%040d", i);
        struct store_version version = {.flow = "g",
                                        .hash = file.hash,
                                        .commit = "",
                                        .short_commit = "",
                                        .files = &file,
                                        .file_count = 1};
        int64_t id;
        OK(store_put_version(world->store, &version, (struct instant){T0}, &id, ok));
    }
    OK(store_commit(world->store, ok));
    free(bytes);
}

static const char *path_of(struct world *world, const char *name)
{
    return arena_format(&world->arena, "%s/%s", world->root, name);
}

static bool is_there(const char *path)
{
    struct stat facts;
    return lstat(path, &facts) == 0;
}

/* As a command does it: through a connection that reads. */
static int backup(struct world *world, const char *path, const struct store_copying *copying,
                  struct store_copy *ret_copy, struct error *err)
{
    struct store *reader;
    OK(store_open_reader(world->state, &reader, ok));
    int result = store_backup(reader, path, copying, ret_copy, err);
    store_close(reader);
    return result;
}

static void make_copy(struct world *world, const char *path)
{
    struct store_copy copy;
    OK(backup(world, path, &(struct store_copying){0}, &copy, ok));
}

static int restore(const struct world *world, const char *path, struct store_restored *ret_restored,
                   struct error *err)
{
    struct store_restore_options options = {
        .state_dir = world->state, .path = path, .now = {T0 + 99}};
    return store_restore(&options, ret_restored, err);
}

static int64_t count_in(const struct world *world, const char *sql)
{
    struct store *store;
    int64_t value;
    OK(store_open_reader(world->state, &store, ok));
    OK(store_read_int(store, sql, &value, ok));
    store_close(store);
    return value;
}

/* ---- backup ---- */

static bool write_meanwhile(void *owner)
{
    put_runs(owner, 1);
    return true;
}

static void a_copy_is_of_one_moment(void **state)
{
    struct world *world = *state;
    struct store_copy copy;
    struct store_copying copying = {.goes_on = write_meanwhile, .owner = world};
    const char *path = path_of(world, "copy.db");
    put_runs(world, RUNS);
    fill(world);
    OK(backup(world, path, &copying, &copy, ok));
    assert_int_equal(copy.runs, RUNS);
    assert_true(copy.bytes > (LARGE << 20));
    assert_int_equal(copy.newest.us, T0 + 2000000);
    assert_true(count_in(world, "SELECT count(*) FROM run") > RUNS);
    struct stat facts;
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
    assert_false(is_there(path_of(world, "copy.db.part")));
    assert_false(is_there(path_of(world, "copy.db-wal")));
}

static bool stop_at_once(void *owner)
{
    return (void)owner, false;
}

static void one_that_is_stopped_leaves_what_was_there(void **state)
{
    struct world *world = *state;
    struct store_copy copy;
    struct store_copying copying = {.goes_on = stop_at_once};
    const char *path = path_of(world, "copy.db");
    struct error err = {0};
    put_runs(world, RUNS);
    make_copy(world, path);
    put_runs(world, 1);
    fill(world);
    assert_int_equal(backup(world, path, &copying, &copy, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_REFUSED);
    assert_false(is_there(path_of(world, "copy.db.part")));
    OK(store_look_at_copy(path, &copy, ok));
    assert_int_equal(copy.runs, RUNS);
    make_copy(world, path); /* the next replaces it */
    OK(store_look_at_copy(path, &copy, ok));
    assert_int_equal(copy.runs, RUNS + 1);
}

static void what_is_no_copy_is_refused(void **state)
{
    struct world *world = *state;
    struct store_copy copy;
    struct store_restored restored;
    struct error err = {0};
    const char *path = path_of(world, "copy.db");
    assert_int_equal(store_look_at_copy(path, &copy, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_NOT_FOUND);
    assert_int_equal(store_look_at_copy(world->root, &copy, &err), -1);
    write_file(path, "garbage", 7);
    assert_int_equal(store_look_at_copy(path, &copy, &err), -1);
    assert_string_equal(err.code, "E503");
    write_file(path, "", 0);
    assert_int_equal(store_look_at_copy(path, &copy, &err), -1);
    put_runs(world, RUNS);
    fill(world);
    unlink(path);
    make_copy(world, path);
    assert_int_equal(truncate(path, 3 << 20), 0); /* half of it */
    store_close(world->store);
    world->store = NULL;
    assert_int_equal(restore(world, path, &restored, &err), -1);
    assert_string_equal(err.code, "E503");
    assert_int_equal(count_in(world, "SELECT count(*) FROM run"), RUNS);
    assert_false(is_there(path_of(world, ".datemill/state.db.replaced-1")));
    assert_false(is_there(path_of(world, ".datemill/restore.part")));
}

/* ---- restore ---- */

static void it_is_as_it_was_and_numbers_go_on(void **state)
{
    struct world *world = *state;
    struct store_restored restored;
    const char *path = path_of(world, "copy.db");
    world_start(world); /* attempt 5 runs */
    make_copy(world, path);
    put_runs(world, 7);
    int64_t next = store_take_run_id(world->store);
    int64_t newest = count_in(world, "SELECT max(id) FROM event");
    store_close(world->store);
    world->store = NULL;
    OK(restore(world, path, &restored, ok));
    assert_int_equal(restored.copy.runs, 1);
    assert_int_equal(restored.copy.open_attempts, 1);
    assert_string_equal(restored.replaced, "state.db.replaced-1");
    assert_false(restored.has_gap);
    assert_int_equal(count_in(world, "SELECT count(*) FROM run"), 1);
    assert_true(count_in(world, "SELECT max(id) FROM event") > newest);
    assert_int_equal(count_in(world, "SELECT count(*) FROM event WHERE text LIKE 'restored from%'"),
                     1);
    struct store_copy before;
    OK(store_look_at_copy(path_of(world, ".datemill/state.db.replaced-1"), &before, ok));
    assert_int_equal(before.runs, 8);
    SCOPED_ARENA struct arena arena = {0};
    struct load_attempts attempts;
    world_reopen(world);
    OK(load_open_attempts(world->store, BOOT, &arena, &attempts, ok));
    assert_int_equal(attempts.count, 1);
    assert_false(attempts.items[0].is_this_boot); /* the engine must not grant it again */
    assert_true(store_take_run_id(world->store) >= next - 1);
    store_close(world->store);
    world->store = NULL;
    OK(restore(world, path, &restored, ok)); /* again, over the restored one */
    assert_string_equal(restored.replaced, "state.db.replaced-2");
}

static void a_damaged_store_is_replaced_with_a_gap(void **state)
{
    struct world *world = *state;
    struct store_restored restored;
    const char *path = path_of(world, "copy.db");
    const char *present = path_of(world, ".datemill/state.db");
    put_runs(world, RUNS);
    make_copy(world, path);
    int64_t next = store_take_run_id(world->store);
    store_close(world->store);
    world->store = NULL;
    write_file(present, "garbage", 7);
    write_file(path_of(world, ".datemill/state.db-wal"), "more garbage", 12);
    OK(restore(world, path, &restored, ok));
    assert_true(restored.has_gap);
    assert_int_equal(count_in(world, "SELECT count(*) FROM run"), RUNS);
    assert_false(is_there(path_of(world, ".datemill/state.db-wal")));
    world_reopen(world);
    assert_true(store_take_run_id(world->store) >= next - 1 + STORE_RESTORE_GAP);
}

static void into_an_empty_project(void **state)
{
    struct world *world = *state;
    struct store_restored restored;
    const char *path = path_of(world, "copy.db");
    put_runs(world, RUNS);
    make_copy(world, path);
    store_close(world->store);
    world->store = NULL;
    snprintf(world->state, sizeof world->state, "%s/other", world->root);
    OK(restore(world, path, &restored, ok));
    assert_string_equal(restored.replaced, "");
    assert_false(restored.has_gap);
    assert_int_equal(count_in(world, "SELECT count(*) FROM run"), RUNS);
    world_reopen(world);
}

static void one_that_is_open_elsewhere_is_left(void **state)
{
    struct world *world = *state;
    struct store_restored restored;
    struct error err = {0};
    const char *path = path_of(world, "copy.db");
    put_runs(world, RUNS);
    make_copy(world, path);
    struct store *reader;
    OK(store_open_reader(world->state, &reader, ok));
    store_close(world->store);
    world->store = NULL;
    assert_int_equal(restore(world, path, &restored, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_BUSY);
    store_close(reader);
    assert_int_equal(count_in(world, "SELECT count(*) FROM run"), RUNS);
    OK(restore(world, path, &restored, ok));
}

static void a_copy_of_an_older_schema_is_brought_up(void **state)
{
    struct world *world = *state;
    struct store_restored restored;
    size_t length;
    SCOPED_FREE char *sql =
        read_whole_file(TEST_SOURCE_DIR "/tests/unit/store/schema_v1.sql", &length);
    sql[length] = '\0';
    const struct store_schema old = {.version = 1, .create = sql};
    char folder[128];
    struct store *store;
    snprintf(folder, sizeof folder, "%s/old", world->root);
    OK(store_open_schema(folder, "datemill 0.1", &old, &store, ok));
    store_close(store);
    store_close(world->store);
    world->store = NULL;
    OK(restore(world, path_of(world, "old/state.db"), &restored, ok));
    assert_int_equal(count_in(world, "PRAGMA user_version"), STORE_SCHEMA_VERSION);
}

/* ---- killed ---- */

/* In a process of its own, which is killed then; returns how long it took, in microseconds. */
static int64_t restore_until(const struct world *world, const char *path, int64_t kill_after)
{
    struct timespec begin;
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct store_restored restored;
        _exit(restore(world, path, &restored, NULL) == 0 ? 0 : 1);
    }
    if (kill_after >= 0) {
        usleep((useconds_t)kill_after);
        kill(child, SIGKILL);
    }
    waitpid(child, NULL, 0);
    clock_gettime(CLOCK_MONOTONIC, &end);
    return (end.tv_sec - begin.tv_sec) * 1000000 + (end.tv_nsec - begin.tv_nsec) / 1000;
}

static void one_that_is_killed_leaves_the_one_or_the_other(void **state)
{
    struct world *world = *state;
    const char *path = path_of(world, "copy.db");
    int restored_count = 0;
    put_runs(world, RUNS);
    fill(world);
    make_copy(world, path);
    put_runs(world, 1);
    make_copy(world, path_of(world, "other.db"));
    store_close(world->store);
    world->store = NULL;
    int64_t whole = restore_until(world, path_of(world, "other.db"), -1);
    for (int i = 0; i < KILLS; i++) {
        restore_until(world, path, whole * 5 * i / (4 * KILLS));
        int64_t runs = count_in(world, "SELECT count(*) FROM run");
        assert_true(runs == RUNS || runs == RUNS + 1);
        restored_count += runs == RUNS;
        if (runs == RUNS)
            restore_until(world, path_of(world, "other.db"), -1);
    }
    assert_true(restored_count > 0 && restored_count < KILLS);
    struct store_restored restored;
    OK(restore(world, path, &restored, ok));
    assert_int_equal(count_in(world, "SELECT count(*) FROM run"), RUNS);
    assert_false(is_there(path_of(world, ".datemill/restore.part")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_copy_is_of_one_moment, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_is_stopped_leaves_what_was_there, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_copy_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(it_is_as_it_was_and_numbers_go_on, setup, teardown),
        cmocka_unit_test_setup_teardown(a_damaged_store_is_replaced_with_a_gap, setup, teardown),
        cmocka_unit_test_setup_teardown(into_an_empty_project, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_is_open_elsewhere_is_left, setup, teardown),
        cmocka_unit_test_setup_teardown(a_copy_of_an_older_schema_is_brought_up, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_is_killed_leaves_the_one_or_the_other, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The store as a whole: opening, batches, readers, crashes. */
#include "tests/unit/store/store_world.h"

#include <errno.h>
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

/* ---- the folder and the file ---- */

static void folder_is_closed_to_others_and_ignored_by_git(void **state)
{
    struct world *world = *state;
    struct stat facts;
    char path[128];
    assert_int_equal(stat(world->state, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0700);
    snprintf(path, sizeof path, "%s/.gitignore", world->state);
    size_t length;
    char *bytes = read_whole_file(path, &length);
    assert_int_equal(length, 2);
    assert_memory_equal(bytes, "*\n", 2);
    free(bytes);
}

static void what_is_committed_is_there_after_opening_again(void **state)
{
    struct world *world = *state;
    OK(store_begin(world->store, ok));
    int64_t id = world_done(world, "f", "2021-11-12T00:30:00", "2021-11-11", false);
    OK(store_commit(world->store, ok));
    world_reopen(world);
    struct load_run run;
    OK(load_run(world->store, id, &world->arena, &run, ok));
    assert_string_equal(run.flow, "f");
    assert_int_equal(run.state, RUN_SUCCESS);
    assert_int_equal(run.node_count, 3);
    assert_int_equal(store_take_run_id(world->store), id + 1);
}

static void a_new_store_is_empty_for_readers_too(void **state)
{
    struct world *world = *state;
    struct store *reader = NULL;
    struct view_runs runs;
    struct view_page page = {.limit = 10};
    OK(store_open_reader(world->state, &reader, ok));
    OK(view_list_runs(reader, &page, &world->arena, &runs, ok));
    assert_int_equal(runs.count, 0);
    assert_int_equal(runs.next, 0);
    assert_false(store_is_writer(reader));
    store_close(reader);
}

static void no_store_is_not_found(void **state)
{
    struct world *world = *state;
    struct store *reader = NULL;
    struct error err = {0};
    assert_int_equal(store_open_reader("/tmp/datemill-none", &reader, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_NOT_FOUND);
    assert_null(reader);
    (void)world;
}

static void epochs_count_up_and_survive(void **state)
{
    struct world *world = *state;
    int64_t epoch = 0;
    struct load_engine engine;
    OK(store_next_epoch(world->store, BOOT, (struct instant){T0}, &epoch, ok));
    assert_int_equal(epoch, 1);
    world_reopen(world);
    OK(store_next_epoch(world->store, BOOT, (struct instant){T0}, &epoch, ok));
    assert_int_equal(epoch, 2);
    OK(load_engine(world->store, &world->arena, &engine, ok));
    assert_int_equal(engine.epoch, 2);
    assert_string_equal(engine.boot_id, BOOT);
}

/* ---- batches ---- */

static void a_batch_within_a_batch_names_both_places(void **state)
{
    struct world *world = *state;
    struct error err = {0};
    OK(store_begin_at(world->store, "first.c", 12, ok));
    assert_int_equal(store_begin_at(world->store, "second.c", 34, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_BUG);
    assert_non_null(strstr(err.text, "first.c:12"));
    assert_non_null(strstr(err.text, "second.c:34"));
    store_rollback(world->store);
}

static void writing_outside_a_batch_is_refused(void **state)
{
    struct world *world = *state;
    struct error err = {0};
    assert_int_equal(store_put_note(world->store, "f", "x", (struct instant){T0}, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_BUG);
}

static void a_commit_that_is_not_ours_is_refused(void **state)
{
    struct world *world = *state;
    OK(store_begin(world->store, ok));
    OK(store_put_note(world->store, "f", "x", (struct instant){T0}, ok));
    assert_int_not_equal(sqlite3_exec(world->store->db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    store_rollback(world->store);
    assert_int_not_equal(
        sqlite3_exec(world->store->db, "INSERT INTO flow(name) VALUES ('z')", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(count_rows(world->store, "SELECT count(*) FROM flow"), 0);
    assert_int_equal(count_rows(world->store, "SELECT count(*) FROM event"), 0);
}

static void rollback_leaves_nothing_and_ids_stay_valid(void **state)
{
    struct world *world = *state;
    OK(store_begin(world->store, ok));
    int64_t first = world_done(world, "f", "2021-11-12T00:30:00", "2021-11-11", false);
    store_rollback(world->store);
    assert_int_equal(count_rows(world->store, "SELECT count(*) FROM run"), 0);
    OK(store_begin(world->store, ok));
    int64_t second = world_done(world, "f", "2021-11-12T00:30:00", "2021-11-11", false);
    OK(store_commit(world->store, ok));
    assert_true(second > first);
    world_reopen(world);
    assert_true(store_take_run_id(world->store) > second);
}

static void a_batch_with_a_failed_call_cannot_be_committed(void **state)
{
    struct world *world = *state;
    struct error err = {0};
    struct action action = {.kind = ACTION_RECORD_TASK,
                            .task = {.run_id = 99, .node = 0, .state = TASK_RUNNING}};
    OK(store_begin(world->store, ok));
    OK(store_put_note(world->store, "f", "before", (struct instant){T0}, ok));
    assert_int_equal(store_apply(world->store, &action, &err), -1);
    struct error second = {0};
    assert_int_equal(store_put_note(world->store, "f", "after", (struct instant){T0}, &second), -1);
    assert_string_equal(second.text, err.text);
    assert_int_equal(store_commit(world->store, &second), -1);
    assert_string_equal(second.text, err.text);
    assert_false(store_is_in_batch(world->store));
    assert_int_equal(count_rows(world->store, "SELECT count(*) FROM event"), 0);
}

static void attempt_ids_never_come_twice(void **state)
{
    struct world *world = *state;
    assert_int_equal(store_next_attempt_id(world->store), 1);
    OK(store_begin(world->store, ok));
    struct store_run run =
        world_run(world, "f", world_version(world, "f"), "2021-11-12T00:30:00", "2021-11-11");
    OK(store_put_run(world->store, &run, ok));
    struct record_attempt attempt = {
        .attempt_id = 7, .run_id = run.run_id, .node = 1, .number = 1, .at = {T0}};
    world_attempt(world, attempt);
    OK(store_commit(world->store, ok));
    OK(store_begin(world->store, ok));
    attempt.state = ATTEMPT_ENDED;
    attempt.outcome.end = ATTEMPT_END_REVOKED;
    world_attempt(world, attempt);
    OK(store_commit(world->store, ok));
    assert_int_equal(count_rows(world->store, "SELECT count(*) FROM attempt"), 0);
    world_reopen(world);
    assert_int_equal(store_next_attempt_id(world->store), 8);
}

static void readers_are_never_blocked_and_see_commits(void **state)
{
    struct world *world = *state;
    struct store *reader = NULL;
    int64_t before;
    int64_t after;
    OK(store_open_reader(world->state, &reader, ok));
    OK(store_data_version(reader, &before, ok));
    OK(store_begin(world->store, ok));
    OK(store_put_note(world->store, "f", "x", (struct instant){T0}, ok));
    assert_int_equal(count_rows(reader, "SELECT count(*) FROM event"), 0);
    OK(store_begin_reading(reader, ok));
    assert_int_equal(count_rows(reader, "SELECT count(*) FROM event"), 0);
    OK(store_commit(world->store, ok));
    assert_int_equal(count_rows(reader, "SELECT count(*) FROM event"), 0); /* one moment */
    store_end_reading(reader);
    assert_int_equal(count_rows(reader, "SELECT count(*) FROM event"), 1);
    OK(store_data_version(reader, &after, ok));
    assert_int_not_equal(before, after);
    store_close(reader);
}

static void a_reader_cannot_write(void **state)
{
    struct world *world = *state;
    struct store *reader = NULL;
    struct error err = {0};
    OK(store_open_reader(world->state, &reader, ok));
    assert_int_equal(store_begin(reader, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_BUG);
    assert_int_equal(store_execute(reader, "DELETE FROM flow", &err), -1);
    assert_int_equal(store_execute(reader, "ATTACH 'x' AS y", &err), -1);
    assert_int_equal(store_execute(reader, "PRAGMA writable_schema = 1", &err), -1);
    store_close(reader);
}

static void another_writer_is_busy(void **state)
{
    struct world *world = *state;
    struct store *other = NULL;
    struct error err = {0};
    OK(store_open_writer(world->state, "datemill 0.1.0", &other, ok));
    OK(store_begin(other, ok));
    assert_int_equal(store_begin(world->store, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_BUSY);
    assert_string_equal(err.code, "E501");
    store_close(other);
    OK(store_begin(world->store, ok));
}

/* ---- crashes ---- */

/* A child writes a batch of two runs and dies at `stage`: 0 in the middle, 1 before the commit, 2
 * after it. */
static void die_at(struct world *world, int stage)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct world own = *world;
        if (store_open_writer(own.state, "datemill 0.1.0", &own.store, NULL) != 0 ||
            store_begin(own.store, NULL) != 0)
            _exit(1);
        world_done(&own, "f", "2021-11-12T00:30:00", "2021-11-11", true);
        if (stage == 0)
            _exit(0);
        world_done(&own, "f", "2021-11-13T00:30:00", "2021-11-12", false);
        if (stage == 2 && store_commit(own.store, NULL) != 0)
            _exit(1);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void killed_in_a_batch_all_or_nothing(void **state)
{
    struct world *world = *state;
    static const int64_t expected[] = {0, 0, 2};
    for (int stage = 0; stage < 3; stage++) {
        store_close(world->store);
        world->store = NULL;
        die_at(world, stage);
        OK(store_open_writer(world->state, "datemill 0.1.0", &world->store, ok));
        assert_int_equal(count_rows(world->store, "SELECT count(*) FROM run"), expected[stage]);
        assert_int_equal(count_rows(world->store, "SELECT count(*) FROM node_run"),
                         3 * expected[stage]);
        assert_int_equal(count_rows(world->store, "SELECT count(*) FROM event"),
                         5 * expected[stage]);
    }
}

/* What was committed stands in the WAL alone, and a reader is the first to come. */
static void a_reader_comes_first_after_a_crash(void **state)
{
    struct world *world = *state;
    struct store *reader = NULL;
    store_close(world->store);
    world->store = NULL;
    die_at(world, 2);
    OK(store_open_reader(world->state, &reader, ok));
    assert_int_equal(count_rows(reader, "SELECT count(*) FROM run"), 2);
    store_close(reader);
}

static void a_grant_of_which_nothing_more_is_known(void **state)
{
    struct world *world = *state;
    struct load_attempt attempt;
    int64_t run_id = world_start(world);
    OK(store_begin(world->store, ok));
    world_attempt(world, (struct record_attempt){.attempt_id = 6,
                                                 .run_id = run_id,
                                                 .node = 2,
                                                 .number = 1,
                                                 .state = ATTEMPT_GRANTED,
                                                 .at = {T0 + 3}});
    struct store_grant grant = {.attempt_id = 6};
    OK(store_put_grant(world->store, &grant, ok));
    OK(store_put_grant(world->store, &grant, ok)); /* its row is there */
    OK(store_commit(world->store, ok));
    OK(load_attempt(world->store, 6, &world->arena, &attempt, ok));
    assert_string_equal(attempt.token, "");
    assert_string_equal(attempt.boot_id, "");
    assert_int_equal(count_rows(world->store, "SELECT count(*) FROM attempt WHERE text_id IS NULL"),
                     1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(folder_is_closed_to_others_and_ignored_by_git),
        TEST(what_is_committed_is_there_after_opening_again),
        TEST(a_new_store_is_empty_for_readers_too),
        TEST(no_store_is_not_found),
        TEST(epochs_count_up_and_survive),
        TEST(a_batch_within_a_batch_names_both_places),
        TEST(writing_outside_a_batch_is_refused),
        TEST(a_commit_that_is_not_ours_is_refused),
        TEST(rollback_leaves_nothing_and_ids_stay_valid),
        TEST(a_batch_with_a_failed_call_cannot_be_committed),
        TEST(attempt_ids_never_come_twice),
        TEST(a_grant_of_which_nothing_more_is_known),
        TEST(readers_are_never_blocked_and_see_commits),
        TEST(a_reader_cannot_write),
        TEST(another_writer_is_busy),
        TEST(killed_in_a_batch_all_or_nothing),
        TEST(a_reader_comes_first_after_a_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

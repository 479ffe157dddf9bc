/* `keep:` of datemill.yaml: a server forgets by itself what ended longer ago. */
#include "scheduler/store/view_history.h"
#include "tests/unit/daemon/harness.h"

#include <sqlite3.h>

#define PROJECT "timezone: UTC\nslots: 2\n"
#define KEEP PROJECT "keep: {runs: 90d, logs: 30d}\n"
#define FLOW "flow: shop\nnodes:\n  a: {run: 'echo a'}\n"
#define RUNS 3
#define OLD_NOTE "an old note"

/* Ages of runs 1, 2 and 3 in days. */
static const int ages[RUNS] = {100, 40, 0};

static void serve(struct world *world)
{
    world->options.is_server = true;
    world_open(world);
}

static void put_notes(struct world *world)
{
    struct store *store;
    world_leave(world);
    assert_int_equal(store_open_writer(world->state_dir, "test", &store, NULL), 0);
    assert_int_equal(store_begin(store, NULL), 0);
    struct instant long_ago = {clock_now().us - ages[0] * DURATION_DAY_US};
    assert_int_equal(store_put_note(store, "shop", OLD_NOTE, long_ago, NULL), 0);
    assert_int_equal(store_put_note(store, "shop", "a note of now", clock_now(), NULL), 0);
    assert_int_equal(store_commit(store, NULL), 0);
    store_close(store);
    world_open(world);
}

/* One run after another, then their ends are moved back. */
static struct world *world_with_past(void)
{
    struct world *world = world_new(PROJECT, FLOW);
    char sql[256];
    put_notes(world);
    for (int i = 0; i < RUNS; i++) {
        char date[CIVIL_DATE_BYTES];
        snprintf(date, sizeof date, "2021-11-%02d", i + 1);
        struct request request = {
            .kind = REQUEST_KIND_RUN, .flow = "shop", .date = date, .nodes = "", .who = "lin"};
        world_ask_well(world, &request);
        world_until(world, world->run_ends == i + 1);
    }
    world_leave(world);
    snprintf(sql, sizeof sql, "%s/%s", world->state_dir, STORE_FILE_NAME);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(sql, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "UPDATE event SET at = 1 WHERE id = 1", NULL, NULL, NULL),
                     SQLITE_OK); /* the first engine's beginning: lines are in the order of time */
    for (int i = 0; i < RUNS; i++) {
        snprintf(sql, sizeof sql,
                 "UPDATE run SET ended_at = ended_at - %d * %lld WHERE id = %d;"
                 "UPDATE event SET at = at - %d * %lld WHERE run_id = %d",
                 ages[i], (long long)DURATION_DAY_US, i + 1, ages[i], (long long)DURATION_DAY_US,
                 i + 1);
        assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    }
    sqlite3_close(db);
    return world;
}

static bool has_run(const struct world *world, int64_t id)
{
    SCOPED_ARENA struct arena arena = {0};
    struct store *store;
    struct view_run run;
    assert_int_equal(store_open_reader(world->state_dir, &store, NULL), 0);
    bool is_there = view_find_run(store, id, &arena, &run, NULL) == 0;
    store_close(store);
    return is_there;
}

static int count_notes(const struct world *world, const char *text)
{
    SCOPED_ARENA struct arena arena = {0};
    struct store *store;
    struct view_events events;
    struct view_event_list list = {.page = {.limit = 200}};
    int count = 0;
    assert_int_equal(store_open_reader(world->state_dir, &store, NULL), 0);
    assert_int_equal(view_events(store, &list, &arena, &events, NULL), 0);
    for (size_t i = 0; i < events.count; i++)
        count +=
            events.items[i].kind == VIEW_EVENT_NOTE && strstr(events.items[i].text, text) != NULL;
    store_close(store);
    return count;
}

static bool has_log(const struct world *world, int64_t run)
{
    char command[256];
    snprintf(command, sizeof command, "test -n \"$(find %s/logs -path '*/%lld/a.1.log')\"",
             world->state_dir, (long long)run);
    return system(command) == 0;
}

static void what_is_too_old_goes_and_is_told(void **state)
{
    (void)state;
    struct world *world = world_with_past();
    for (int i = 1; i <= RUNS; i++)
        assert_true(has_log(world, i));
    world_write(world, "datemill.yaml", KEEP);
    serve(world);
    world_until(world, count_notes(world, "pruned: 1 runs, the logs of 2 ") == 1);
    assert_false(has_run(world, 1));
    assert_true(has_run(world, 2));
    assert_true(has_run(world, 3));
    assert_false(has_log(world, 1));
    assert_false(has_log(world, 2));
    assert_true(has_log(world, 3));
    assert_int_equal(count_notes(world, OLD_NOTE), 0);
    assert_int_equal(count_notes(world, "a note of now"), 1);
    world_leave(world);
    serve(world); /* the next time there is nothing, and nothing is told */
    world_wait(world, 2500);
    assert_int_equal(count_notes(world, "pruned"), 1);
    assert_true(has_run(world, 2));
    world_free(world);
}

static void without_keep_all_stays_and_a_change_is_seen(void **state)
{
    (void)state;
    struct world *world = world_with_past();
    serve(world);
    world_wait(world, 2500);
    assert_true(has_run(world, 1));
    world_write(world, "datemill.yaml", PROJECT "keep: {logs: 30d}\n");
    daemon_reload(world->daemon);
    world_until(world, count_notes(world, "pruned: 0 runs, the logs of 2 ") == 1);
    assert_true(has_run(world, 1));
    assert_true(has_log(world, 3));
    assert_int_equal(count_notes(world, OLD_NOTE), 1);
    world_write(world, "datemill.yaml", PROJECT "keep: {logs: 30d, runs: 2d}\n");
    daemon_reload(world->daemon); /* wrong: what was read before holds */
    world_wait(world, 2500);
    assert_true(has_run(world, 2));
    world_write(world, "datemill.yaml", PROJECT "keep: {runs: 2d}\n");
    daemon_reload(world->daemon);
    world_until(world, count_notes(world, "pruned: 2 runs") == 1);
    assert_true(has_run(world, 3));
    world_free(world);
}

/* What is not ours stays, and is named once. */
static void what_is_in_the_way_is_told_once(void **state)
{
    (void)state;
    struct world *world = world_with_past();
    char command[256];
    snprintf(command, sizeof command, "touch \"$(find %s/logs -name 1 -type d)\"/mine",
             world->state_dir);
    assert_int_equal(system(command), 0);
    world_write(world, "datemill.yaml", PROJECT "keep: {runs: 12h}\n");
    serve(world);
    world_until(world, count_notes(world, "1 in .datemill cannot be removed") == 1);
    assert_int_equal(count_notes(world, "1/mine: not a file of datemill's"), 1);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_too_old_goes_and_is_told),
        cmocka_unit_test(without_keep_all_stays_and_a_change_is_seen),
        cmocka_unit_test(what_is_in_the_way_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

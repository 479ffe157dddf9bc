/* What a prune removes, what it leaves alone, and that it is finished after a crash. */
#include "scheduler/daemon/prune.h"

#include "scheduler/store/store_backfill.h"
#include "tests/unit/store/store_world.h"

#define DAY_US DURATION_DAY_US
#define OLD (T0 - 100 * DAY_US)
#define CUT (T0 - 90 * DAY_US)

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

struct wanted {
    const char *bizdate;
    int64_t ended;
    const char *happened; /* a letter a node: s success, f failed, - nothing */
    bool is_open;
};

static int64_t put(struct world *world, struct wanted wanted)
{
    char cyctime[CIVIL_TIME_BYTES];
    snprintf(cyctime, sizeof cyctime, "%sT00:30:00", wanted.bizdate);
    OK(store_begin(world->store, ok));
    int64_t version = world_version(world, "f");
    struct store_run run = world_run(world, "f", version, cyctime, wanted.bizdate);
    OK(store_put_run(world->store, &run, ok));
    for (uint32_t i = 0; i < 3; i++) {
        if (wanted.happened[i] == '-')
            continue;
        world_task_at(world, (struct record_task){.run_id = run.run_id,
                                                  .node = i,
                                                  .state = wanted.happened[i] == 's' ? TASK_SUCCESS
                                                                                     : TASK_FAILED,
                                                  .why = TASK_WHY_ENDED,
                                                  .attempts = 1,
                                                  .at = {wanted.ended}});
    }
    world_state(world, run.run_id, wanted.is_open ? RUN_RUNNING : RUN_SUCCESS, wanted.ended);
    OK(store_commit(world->store, ok));
    return run.run_id;
}

static void make(struct world *world, const char *path, const char *bytes)
{
    char whole[512];
    snprintf(whole, sizeof whole, "%s/%s", world->state, path);
    for (char *at = whole + strlen(world->state) + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        mkdir(whole, 0700);
        *at = '/';
    }
    if (bytes != NULL)
        write_file(whole, bytes, strlen(bytes));
    else
        mkdir(whole, 0700);
}

static bool is_there(struct world *world, const char *path)
{
    char whole[512];
    struct stat facts;
    snprintf(whole, sizeof whole, "%s/%s", world->state, path);
    return lstat(whole, &facts) == 0;
}

static struct prune_result prune_all(struct world *world, struct prune_options options,
                                     int32_t size)
{
    SCOPED_FD int fd = open(world->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    options.store = world->store;
    options.state_dir_fd = fd;
    struct prune *prune = prune_new(&options);
    int steps = 0;
    while (prune_has_more(prune)) {
        OK(prune_step(prune, size, ok));
        assert_true(++steps < 100000);
    }
    struct prune_result result = *prune_result(prune);
    prune_free(prune);
    return result;
}

static int64_t count_runs(struct world *world)
{
    return count_rows(world->store, "SELECT count(*) FROM run");
}

static void an_old_run_goes_with_its_logs(void **state)
{
    struct world *world = *state;
    put(world, (struct wanted){"2021-08-01", OLD, "sss", false});
    put(world, (struct wanted){"2021-11-01", T0, "sss", false});
    make(world, "logs/2021-08-02/1/load.1.log", "12345");
    make(world, "logs/2021-08-02/1/load.1.events", "678");
    make(world, "logs/2021-08-02/1/load.1.rejected", "90");
    make(world, "logs/2021-11-02/2/load.1.log", "kept");
    struct prune_options options = {.runs_before = {CUT}};

    options.is_dry_run = true;
    struct prune_result dry = prune_all(world, options, 10);
    assert_int_equal(count_runs(world), 2);
    assert_true(is_there(world, "logs/2021-08-02/1/load.1.log"));

    options.is_dry_run = false;
    struct prune_result result = prune_all(world, options, 10);
    assert_int_equal(result.runs, 1);
    assert_int_equal(result.logs, 1);
    assert_int_equal(result.bytes, 10);
    assert_int_equal(result.left, 0);
    assert_memory_equal(&dry, &result, sizeof dry);
    assert_int_equal(count_runs(world), 1);
    assert_false(is_there(world, "logs/2021-08-02"));
    assert_true(is_there(world, "logs/2021-11-02/2/load.1.log"));
    assert_int_equal(prune_all(world, options, 10).runs, 0);
}

/* A dry run needs no writer. */
static void a_reader_may_count(void **state)
{
    struct world *world = *state;
    put(world, (struct wanted){"2021-08-01", OLD, "sss", false});
    struct store *writer = world->store;
    OK(store_open_reader(world->state, &world->store, ok));
    struct prune_options options = {.runs_before = {CUT}, .is_dry_run = true};
    assert_int_equal(prune_all(world, options, 10).runs, 1);
    store_close(world->store);
    world->store = writer;
}

static void many_runs_go_in_small_steps(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 25; i++) {
        char date[CIVIL_DATE_BYTES];
        char path[64];
        civil_date_format(civil_add_days((struct civil_date){2021, 1, 1}, i), date);
        int64_t id = put(world, (struct wanted){date, i % 2 == 0 ? OLD : T0, "sss", false});
        snprintf(path, sizeof path, "logs/2021-02-0%d/%lld/load.1.log", i % 3 + 1, (long long)id);
        make(world, path, "x");
    }
    struct prune_result result = prune_all(world, (struct prune_options){.runs_before = {CUT}}, 2);
    assert_int_equal(result.runs, 13);
    assert_int_equal(result.logs, 13);
    assert_int_equal(count_runs(world), 12);
}

static void an_open_run_stays_however_old(void **state)
{
    struct world *world = *state;
    put(world, (struct wanted){"2021-08-01", OLD, "s--", true});
    make(world, "logs/2021-08-02/1/load.1.log", "x");
    struct prune_options options = {.runs_before = {CUT}, .logs_before = {T0}};
    struct prune_result result = prune_all(world, options, 10);
    assert_int_equal(result.runs + result.logs, 0);
    assert_true(is_there(world, "logs/2021-08-02/1/load.1.log"));
}

/* A final run whose attempt has not been settled. */
static void an_open_attempt_keeps_its_run(void **state)
{
    struct world *world = *state;
    int64_t id = world_start(world);
    OK(store_begin(world->store, ok));
    world_state(world, id, RUN_STOPPED, T0 + 3);
    OK(store_commit(world->store, ok));
    make(world, "logs/2021-11-12/1/load.1.log", "x");
    struct prune_options options = {.runs_before = {T0 + DAY_US}, .logs_before = {T0 + DAY_US}};
    struct prune_result result = prune_all(world, options, 10);
    assert_int_equal(result.runs + result.logs, 0);
    assert_int_equal(count_runs(world), 1);
}

/* The state of a date is that of each node's newest attempt in any run of it. */
static void a_run_stays_while_it_decides_a_date_that_stays(void **state)
{
    struct world *world = *state;
    put(world, (struct wanted){"2021-08-01", OLD, "sss", false});     /* 1: decides nothing */
    put(world, (struct wanted){"2021-08-01", OLD + 1, "sss", false}); /* 2: decides two nodes */
    put(world, (struct wanted){"2021-08-01", OLD + 2, "--s", false}); /* 3: nothing, see 4 */
    put(world, (struct wanted){"2021-08-01", T0, "--f", false});      /* 4: young */
    put(world, (struct wanted){"2021-08-02", OLD, "sss", false});     /* 5: replaced as a whole */
    put(world, (struct wanted){"2021-08-02", T0, "sss", false});      /* 6: young */
    struct prune_options options = {.runs_before = {CUT}};
    assert_int_equal(prune_all(world, options, 1).runs, 3);
    assert_int_equal(count_rows(world->store, "SELECT sum(id) FROM run"), 2 + 4 + 6);
    options.runs_before.us = T0 + DAY_US; /* all of it at once */
    assert_int_equal(prune_all(world, options, 1).runs, 3);
}

static bool keeps_two(void *owner, const struct store_old_run *run)
{
    assert_string_equal(run->flow, "f");
    assert_int_equal(strlen(run->cyctime), strlen("2021-08-01T00:30:00"));
    return run->id == *(int64_t *)owner;
}

static bool is_two(void *owner, int64_t run_id)
{
    return run_id == *(int64_t *)owner;
}

static void the_caller_keeps_what_it_likes(void **state)
{
    struct world *world = *state;
    int64_t two = 2;
    put(world, (struct wanted){"2021-08-01", OLD, "sss", false});
    put(world, (struct wanted){"2021-08-02", OLD, "sss", false});
    make(world, "logs/2021-08-02/2/load.1.log", "x");
    struct prune_options options = {.runs_before = {CUT},
                                    .logs_before = {CUT},
                                    .keeps = keeps_two,
                                    .is_busy = is_two,
                                    .owner = &two};
    struct prune_result result = prune_all(world, options, 10);
    assert_int_equal(result.runs, 1);
    assert_int_equal(result.logs, 0);
    assert_true(is_there(world, "logs/2021-08-02/2/load.1.log"));
}

/* A backfill of `count` dates, the first of which refers to a run. */
static int64_t put_backfill(struct world *world, enum backfill_state state, int64_t ended,
                            int32_t count, int64_t run_id)
{
    static const struct node_setting vars[] = {{"a", "1"}};
    struct store_date *dates = calloc((size_t)count, sizeof *dates);
    for (int32_t i = 0; i < count; i++)
        dates[i] = (struct store_date){.position = i,
                                       .bizdate = "2021-08-01",
                                       .cyctime = "2021-08-02T00:30:00",
                                       .decision = DATE_RUN,
                                       .state = i == 0 ? DATE_SUCCESS : DATE_WAITING,
                                       .run_id = i == 0 ? run_id : 0,
                                       .reason = ""};
    OK(store_begin(world->store, ok));
    struct store_backfill backfill = {.id = store_take_backfill_id(world->store),
                                      .flow = "f",
                                      .version_id = world_version(world, "f"),
                                      .request = "",
                                      .typed = "2021-08",
                                      .ranges = "2021-08-01",
                                      .parallel = 1,
                                      .priority = 4,
                                      .selection = "",
                                      .who = "lin",
                                      .reason = "",
                                      .created_at = {OLD},
                                      .opened_at = {OLD},
                                      .ended_at = {ended},
                                      .state = state,
                                      .state_reason = "",
                                      .vars = vars,
                                      .var_count = 1};
    OK(store_put_backfill(world->store, &backfill, dates, (size_t)count, ok));
    OK(store_commit(world->store, ok));
    free(dates);
    return backfill.id;
}

static void an_unfinished_backfill_keeps_its_runs(void **state)
{
    struct world *world = *state;
    int64_t kept = put(world, (struct wanted){"2021-08-01", OLD, "sss", false});
    int64_t paused = put(world, (struct wanted){"2021-08-02", OLD, "sss", false});
    int64_t over = put(world, (struct wanted){"2021-08-03", OLD, "sss", false});
    put_backfill(world, BACKFILL_RUNNING, 0, 3, kept);
    put_backfill(world, BACKFILL_PAUSED, 0, 3, paused);
    put_backfill(world, BACKFILL_FAILED, T0, 3, over);
    struct prune_result result = prune_all(world, (struct prune_options){.runs_before = {CUT}}, 10);
    assert_int_equal(result.runs, 1);
    assert_int_equal(result.backfills, 0);
    assert_int_equal(count_rows(world->store, "SELECT sum(id) FROM run"), kept + paused);
    assert_int_equal(count_rows(world->store, "SELECT count(*) FROM backfill_date"), 9);
    assert_int_equal(count_rows(world->store, "SELECT count(run_id) FROM backfill_date"), 2);
}

static void a_finished_backfill_goes_with_its_dates(void **state)
{
    struct world *world = *state;
    int64_t run_id = put(world, (struct wanted){"2021-08-01", OLD, "sss", false});
    put_backfill(world, BACKFILL_SUCCESS, OLD, 50, run_id);
    put_backfill(world, BACKFILL_STOPPED, OLD, 60, run_id);
    struct prune_options options = {.runs_before = {CUT}, .is_dry_run = true};
    struct prune_result dry = prune_all(world, options, 1);
    options.is_dry_run = false;
    struct prune_result result = prune_all(world, options, 1);
    assert_int_equal(dry.backfills, 2);
    assert_memory_equal(&dry, &result, sizeof dry);
    static const char *const tables[] = {
        "SELECT count(*) FROM backfill",     "SELECT count(*) FROM backfill_date",
        "SELECT count(*) FROM backfill_var", "SELECT count(*) FROM backfill_count",
        "SELECT count(*) FROM version",      "SELECT count(*) FROM blob"};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        assert_int_equal(count_rows(world->store, tables[i]), 0);
}

static void logs_may_go_before_their_run(void **state)
{
    struct world *world = *state;
    put(world, (struct wanted){"2021-08-01", OLD, "sss", false});
    put(world, (struct wanted){"2021-08-02", T0, "sss", false});
    make(world, "logs/2021-08-02/1/load.1.log", "123");
    make(world, "logs/2021-08-02/2/load.1.log", "x");
    struct prune_options options = {.logs_before = {CUT}};
    struct prune_result result = prune_all(world, options, 10);
    assert_int_equal(result.runs, 0);
    assert_int_equal(result.logs, 1);
    assert_int_equal(result.bytes, 3);
    assert_int_equal(count_runs(world), 2);
    assert_false(is_there(world, "logs/2021-08-02/1"));
    assert_true(is_there(world, "logs/2021-08-02/2/load.1.log"));
}

/* The process died after the rows were gone: the next prune finds the folder. */
static void folders_without_a_run_are_found(void **state)
{
    struct world *world = *state;
    int64_t id = put(world, (struct wanted){"2021-08-01", OLD, "sss", false});
    make(world, "logs/2021-08-02/1/load.1.log", "123");
    SCOPED_FD int fd = open(world->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct prune_options options = {
        .store = world->store, .state_dir_fd = fd, .runs_before = {CUT}};
    struct prune *prune = prune_new(&options);
    OK(prune_step(prune, 10, ok));
    assert_int_equal(prune_result(prune)->runs, 1);
    prune_free(prune);
    assert_int_equal(id, 1);
    assert_int_equal(count_runs(world), 0);
    assert_true(is_there(world, "logs/2021-08-02/1/load.1.log"));
    struct prune_result result =
        prune_all(world, (struct prune_options){.runs_before = {CUT - DAY_US}}, 10);
    assert_int_equal(result.runs, 0);
    assert_int_equal(result.logs, 1);
    assert_int_equal(result.bytes, 3);
    assert_false(is_there(world, "logs/2021-08-02"));
}

static void missing_folders_are_no_trouble(void **state)
{
    struct world *world = *state;
    put(world, (struct wanted){"2021-08-01", OLD, "sss", false});
    struct prune_result result = prune_all(world, (struct prune_options){.runs_before = {CUT}}, 10);
    assert_int_equal(result.runs, 1);
    assert_int_equal(result.left, 0);
}

/* Whatever links are planted, nothing outside is touched. */
static void links_are_never_followed(void **state)
{
    struct world *world = *state;
    char precious[128];
    char link_path[192];
    snprintf(precious, sizeof precious, "%s/precious", world->root);
    mkdir(precious, 0700);
    make(world, "../precious/load.1.log", "do not touch");
    make(world, "../precious/7/load.1.log", "do not touch");
    make(world, "logs/2021-08-02/3/load.1.log", "x");
    static const char *const links[] = {"logs/2021-08-03", "logs/2021-08-02/4",
                                        "logs/2021-08-02/3/stat.1.log", "logs/2021-08-02/3/folder"};
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        snprintf(link_path, sizeof link_path, "%s/%s", world->state, links[i]);
        assert_int_equal(symlink(precious, link_path), 0);
    }
    struct prune_result result = prune_all(world, (struct prune_options){.runs_before = {CUT}}, 1);
    assert_int_equal(result.left, 4);
    assert_true(result.left_first[0] != '\0');
    assert_int_equal(result.logs, 0);
    assert_int_equal(result.bytes, 1);
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        assert_true(is_there(world, links[i]));
    assert_true(is_there(world, "../precious/load.1.log"));
    assert_true(is_there(world, "../precious/7/load.1.log"));
    assert_false(is_there(world, "logs/2021-08-02/3/load.1.log"));
}

static void logs_that_are_a_link_are_left_alone(void **state)
{
    struct world *world = *state;
    char link_path[192];
    make(world, "../elsewhere/2021-08-02/9/load.1.log", "x");
    snprintf(link_path, sizeof link_path, "%s/logs", world->state);
    assert_int_equal(symlink("../elsewhere", link_path), 0);
    struct prune_result result = prune_all(world, (struct prune_options){.runs_before = {CUT}}, 10);
    assert_int_equal(result.left, 1);
    assert_string_equal(result.left_first, "logs: not a folder, or a link");
    assert_true(is_there(world, "../elsewhere/2021-08-02/9/load.1.log"));
}

static void what_is_not_ours_stays(void **state)
{
    struct world *world = *state;
    static const char *const foreign[] = {"logs/readme.txt",
                                          "logs/2021-8-2/1/load.1.log",
                                          "logs/2021-02-30/1/load.1.log",
                                          "logs/2021-08-02/x/a.1.log",
                                          "logs/2021-08-02/007/a.1.log",
                                          "logs/2021-08-02/0/a.1.log",
                                          "logs/2021-08-02/-5/a.1.log",
                                          "logs/2021-08-02/99999999999999999999/a.1.log",
                                          "logs/2021-08-02/1.5/a.1.log",
                                          "logs/2021-08-02/5/notes.txt",
                                          "logs/2021-08-02/5/.log",
                                          "logs/2021-08-02/5/1.log",
                                          "logs/2021-08-02/5/a..log",
                                          "logs/2021-08-02/5/a.x.log",
                                          "logs/2021-08-02/5/a.1.log.bak",
                                          "logs/2021-08-02/6",
                                          "2021-08-02/1/load.1.log"};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        make(world, foreign[i], "mine");
    make(world, "logs/2021-08-02/5/load.1.log/deep", NULL);
    make(world, "logs/2021-08-02/5/load.2.log", "x");
    struct prune_result result = prune_all(world, (struct prune_options){.runs_before = {CUT}}, 1);
    assert_int_equal(result.bytes, 1);
    assert_int_equal(result.logs, 0);
    assert_int_equal(result.left, 8); /* 6 files and a folder in run 5; run 6 is a file */
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        assert_true(is_there(world, foreign[i]));
    assert_true(is_there(world, "logs/2021-08-02/5/load.1.log/deep"));
    assert_false(is_there(world, "logs/2021-08-02/5/load.2.log"));
}

static void a_run_of_many_files_takes_many_steps(void **state)
{
    struct world *world = *state;
    put(world, (struct wanted){"2021-08-01", OLD, "sss", false});
    for (int i = 1; i <= 100; i++) {
        char path[64];
        snprintf(path, sizeof path, "logs/2021-08-02/1/load.%d.log", i);
        make(world, path, "xy");
    }
    make(world, "logs/2021-08-02/2/load.1.log", "an orphan behind it");
    struct prune_result result = prune_all(world, (struct prune_options){.runs_before = {CUT}}, 7);
    assert_int_equal(result.logs, 2);
    assert_int_equal(result.bytes, 219);
    assert_false(is_there(world, "logs/2021-08-02"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_old_run_goes_with_its_logs),
        TEST(a_reader_may_count),
        TEST(many_runs_go_in_small_steps),
        TEST(an_open_run_stays_however_old),
        TEST(an_open_attempt_keeps_its_run),
        TEST(a_run_stays_while_it_decides_a_date_that_stays),
        TEST(the_caller_keeps_what_it_likes),
        TEST(logs_may_go_before_their_run),
        TEST(an_unfinished_backfill_keeps_its_runs),
        TEST(a_finished_backfill_goes_with_its_dates),
        TEST(folders_without_a_run_are_found),
        TEST(missing_folders_are_no_trouble),
        TEST(links_are_never_followed),
        TEST(logs_that_are_a_link_are_left_alone),
        TEST(what_is_not_ours_stays),
        TEST(a_run_of_many_files_takes_many_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

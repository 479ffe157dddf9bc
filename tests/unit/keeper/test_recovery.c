/* Engines and keepers that die: nothing is lost, nothing runs twice. */
#include "tests/unit/keeper/harness.h"

#include <sys/resource.h>

#define DAEMON(file) "(setsid sh -c 'echo $$ > " file "; exec sleep 300' &); "

static void kill_keeper(struct world *world)
{
    pid_t pid = world->keeper;
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_true(wait_until_dead(pid, 5000));
}

/* The newest ATTEMPT about `id` since `from`. */
static const struct told *snapshot_of(struct world *world, int64_t id, size_t from)
{
    return world_find(world, KEEPER_ATTEMPT, id, from);
}

static void test_engine_comes_back(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    run_script(world, 1, "exit 3");
    run_script(world, 2, "until test -f go; do sleep 0.01; done; exit 4");
    run_script(world, 3, "exit 5");
    wait_end(world, 1);
    const struct told *started = world_wait(world, KEEPER_STARTED, 2);
    pid_t pid = (pid_t)started->pid;
    pid_t keeper = world->keeper;
    world_disconnect(world);
    size_t from = world->count;
    world_connect(world, 1);
    assert_int_equal(world->keeper, keeper);
    assert_int_equal(snapshot_of(world, 1, from)->state, KEEPER_ATTEMPT_ENDED);
    assert_int_equal(snapshot_of(world, 1, from)->end.status, 3);
    assert_int_equal(snapshot_of(world, 2, from)->state, KEEPER_ATTEMPT_RUNNING);
    assert_int_equal(snapshot_of(world, 2, from)->pid, pid);
    assert_int_equal(snapshot_of(world, 2, from)->at.us, started->at.us);
    assert_int_equal(snapshot_of(world, 3, from)->state, KEEPER_ATTEMPT_QUEUED);
    int64_t one = 1;
    keeper_client_settled(world->client, &one, 1);
    world_pause(world, 20);
    world_disconnect(world);
    /* with no engine at all, the running one ends and the queued one has its turn */
    char path[128];
    snprintf(path, sizeof path, "%s/go", world->folder);
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    assert_true(wait_until_dead(pid, 5000));
    usleep(300000);
    from = world->count;
    world_connect(world, 1);
    assert_null(snapshot_of(world, 1, from));
    assert_int_equal(snapshot_of(world, 2, from)->end.status, 4);
    assert_int_equal(snapshot_of(world, 3, from)->state, KEEPER_ATTEMPT_ENDED);
    assert_int_equal(snapshot_of(world, 3, from)->end.status, 5);
    world_close(world);
}

static void test_an_older_engine_is_turned_away(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    struct world old = {.loop = world->loop};
    struct error err = {0};
    struct keeper_client_options options = {.loop = world->loop,
                                            .state_dir = world->state_dir,
                                            .epoch = world->epoch - 1,
                                            .slots = 1,
                                            .on_message = world_take,
                                            .owner = &old};
    assert_int_equal(keeper_client_open(&options, &old.client, &err), 0);
    const struct told *gone = world_wait(&old, KEEPER_GONE, 0);
    assert_non_null(strstr(gone->text, "newer engine"));
    keeper_client_close(old.client);
    free(old.told[0].text);
    run_script(world, 1, "exit 0"); /* the newer one was not disturbed */
    wait_end(world, 1);
    assert_null(world_find(world, KEEPER_GONE, 0, 0));
    world_close(world);
}

static void test_a_newer_engine_takes_over(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    struct keeper_client *old = world->client;
    run_script(world, 1, "sleep 0.3; exit 9");
    world_wait(world, KEEPER_STARTED, 1);
    world_connect(world, 1);
    world_wait(world, KEEPER_GONE, 0); /* told to the old one */
    keeper_client_close(old);
    assert_int_equal(wait_end(world, 1)->status, 9);
    world_close(world);
}

static void test_killed_keeper(void **state)
{
    (void)state;
    struct world *world = world_open(2);
    run_script(world, 1, "exit 21");
    wait_end(world, 1);
    run_script(world, 2, DAEMON("daemon") "echo begun; echo $$ > first; exec sleep 300");
    run_script(world, 3, "echo $$ > other; sleep 300");
    run_script(world, 4, "exit 0"); /* waits for a slot: never started */
    pid_t first = wait_for_pid_file(world, "first");
    pid_t other = wait_for_pid_file(world, "other");
    pid_t daemon = wait_for_pid_file(world, "daemon");
    world_wait(world, KEEPER_STARTED, 2);
    world_wait(world, KEEPER_STARTED, 3);
    world_pause(world, 50); /* what it has written is read some milliseconds later */
    pid_t before = world->keeper;
    size_t from = world->count;
    kill_keeper(world);
    world_wait_from(world, KEEPER_GONE, 0, from); /* and the client starts a new one */
    world_wait_from(world, KEEPER_SNAPSHOT_END, 0, from);
    assert_int_not_equal(world->keeper, before);
    assert_false(process_lives(first));
    assert_false(process_lives(other));
    assert_false(process_lives(daemon));
    assert_int_equal(snapshot_of(world, 1, from)->end.kind, KEEPER_END_EXITED);
    assert_int_equal(snapshot_of(world, 1, from)->end.status, 21);
    for (int64_t id = 2; id <= 3; id++) {
        const struct told *lost = snapshot_of(world, id, from);
        assert_int_equal(lost->state, KEEPER_ATTEMPT_ENDED);
        assert_int_equal(lost->end.kind, KEEPER_END_LOST);
        assert_int_equal(lost->end.started.us, world_wait(world, KEEPER_STARTED, id)->at.us);
    }
    assert_true(snapshot_of(world, 2, from)->end.leftovers_killed >= 1);
    assert_null(snapshot_of(world, 4, from));
    SCOPED_FREE char *log = read_log(world, 2);
    assert_non_null(strstr(log, " stdout F begun\n"));
    assert_non_null(strstr(log, " datemill F the keeper of this attempt died"));
    run_script(world, 4, "exit 22"); /* as an engine does after SNAPSHOT_END */
    assert_int_equal(wait_end(world, 4)->status, 22);
    world_close(world);
}

/* What is lost stays lost, and what was settled does not come back, however often keepers die. */
static void test_killed_again_and_again(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    run_script(world, 1, "exit 1");
    wait_end(world, 1);
    run_script(world, 2, "sleep 300");
    world_wait(world, KEEPER_STARTED, 2);
    for (int round = 0; round < 3; round++) {
        size_t from = world->count;
        kill_keeper(world);
        world_wait_from(world, KEEPER_SNAPSHOT_END, 0, from);
        assert_int_equal(snapshot_of(world, 1, from)->end.status, 1);
        assert_int_equal(snapshot_of(world, 2, from)->end.kind, KEEPER_END_LOST);
        size_t after = world->count;
        run_script(world, 2, "touch twice");
        assert_int_equal(world_wait_from(world, KEEPER_ENDED, 2, after)->end.kind, KEEPER_END_LOST);
    }
    char path[128];
    snprintf(path, sizeof path, "%s/twice", world->folder);
    assert_int_equal(access(path, F_OK), -1);
    world_close(world);
}

/* A log that had reached its limit when the keeper died is put together by the next one. */
static void test_killed_keeper_with_a_cut_log(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    struct script *script = script_new(world, 1, "seq 1 200000; touch full; sleep 300");
    script->start.log_limit = 1 << 18;
    script_start(world, script);
    char path[128];
    snprintf(path, sizeof path, "%s/full", world->folder);
    for (int i = 0; i < 2000 && access(path, F_OK) < 0; i++)
        world_turn(world, 10);
    world_pause(world, 200);
    size_t from = world->count;
    kill_keeper(world);
    world_wait_from(world, KEEPER_SNAPSHOT_END, 0, from);
    SCOPED_FREE char *log = read_log(world, 1);
    assert_non_null(strstr(log, " stdout F 1\n"));
    assert_non_null(strstr(log, " stdout F 200000\n"));
    const char *cut = strstr(log, "output may be left out here");
    assert_non_null(cut);
    assert_true(strstr(log, " stdout F 200000\n") > cut);
    assert_true(strlen(log) <= 1 << 18);
    assert_null(read_file(world, "logs/1/log.tail0", NULL));
    world_close(world);
}

static void test_unsettled_ends_survive_an_idle_end(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    run_script(world, 1, "exit 31");
    run_script(world, 2, "exit 32");
    wait_end(world, 2);
    int64_t two = 2;
    keeper_client_settled(world->client, &two, 1);
    world_pause(world, 20);
    pid_t before = world->keeper;
    world_disconnect(world);
    assert_true(wait_until_dead(before, 10000)); /* idle for 700 ms */
    char path[128];
    snprintf(path, sizeof path, "%s/" KEEPER_SOCKET_NAME, world->state_dir);
    assert_int_equal(access(path, F_OK), -1);
    size_t from = world->count;
    world_connect(world, 1);
    assert_int_not_equal(world->keeper, before);
    assert_int_equal(snapshot_of(world, 1, from)->end.status, 31);
    assert_null(snapshot_of(world, 2, from));
    world_close(world);
}

/* While something runs, or an engine is there, it stays. */
static void test_it_does_not_end_while_something_runs(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    pid_t keeper = world->keeper;
    run_script(world, 1, "sleep 1.5; exit 33");
    world_wait(world, KEEPER_STARTED, 1);
    world_disconnect(world);
    usleep(1200000);
    assert_true(process_lives(keeper));
    world_connect(world, 1);
    assert_int_equal(world->keeper, keeper);
    world_pause(world, 1500);
    assert_true(process_lives(keeper));
    world_close(world);
}

static void test_sigterm_stops_what_runs(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    run_script(world, 1, "trap 'exit 40' TERM; echo $$ > first; while :; do sleep 0.01; done");
    run_script(world, 2, "touch never");
    wait_for_pid_file(world, "first");
    pid_t before = world->keeper;
    size_t from = world->count;
    assert_int_equal(kill(before, SIGTERM), 0);
    assert_int_equal(wait_end(world, 1)->status, 40);
    assert_int_equal(wait_end(world, 1)->why, KEEPER_WHY_STOP);
    assert_true(wait_until_dead(before, 5000));
    world_wait_from(world, KEEPER_SNAPSHOT_END, 0, from);
    assert_int_equal(snapshot_of(world, 1, from)->end.status, 40);
    assert_null(snapshot_of(world, 2, from));
    world_close(world);
}

/* The journal does not grow with what is settled. */
static void test_journal_is_cut(void **state)
{
    (void)state;
    struct world *world = world_open(2);
    for (int64_t id = 1; id <= 600; id++) {
        struct script *script = script_new(world, id, "");
        script->argv[0] = "true";
        script->argv[1] = NULL;
        script_start(world, script);
        if (id % 50 != 0)
            continue;
        for (int64_t done = id - 49; done <= id; done++) {
            wait_end(world, done);
            keeper_client_settled(world->client, &done, 1);
        }
    }
    world_pause(world, 50);
    char path[128];
    struct stat status;
    snprintf(path, sizeof path, "%s/keeper/journal", world->state_dir);
    assert_int_equal(stat(path, &status), 0);
    assert_true(status.st_size < 80000); /* 600 attempts have written some 180,000 bytes */
    world_close(world);
}

/* A disk without space: nothing new is started, ends are kept until they can be written. */
static void test_disk_full(void **state)
{
    (void)state;
    struct world *world = world_open(2);
    run_script(world, 1, "until test -f go; do sleep 0.01; done; exit 50");
    world_wait(world, KEEPER_STARTED, 1);
    struct rlimit before;
    struct rlimit none = {.rlim_cur = 1, .rlim_max = RLIM_INFINITY};
    assert_int_equal(prlimit(world->keeper, RLIMIT_FSIZE, NULL, &before), 0);
    none.rlim_max = before.rlim_max;
    assert_int_equal(prlimit(world->keeper, RLIMIT_FSIZE, &none, NULL), 0);
    run_script(world, 2, "exit 51");
    assert_true(world_wait(world, KEEPER_DISK, 0)->is_full);
    char path[128];
    snprintf(path, sizeof path, "%s/go", world->folder);
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    world_pause(world, 300);
    assert_null(world_find(world, KEEPER_STARTED, 2, 0));
    assert_null(world_find(world, KEEPER_ENDED, 1, 0));
    size_t from = world->count;
    assert_int_equal(prlimit(world->keeper, RLIMIT_FSIZE, &before, NULL), 0);
    assert_false(world_wait_from(world, KEEPER_DISK, 0, from)->is_full);
    assert_int_equal(wait_end(world, 1)->status, 50);
    assert_int_equal(wait_end(world, 2)->status, 51);
    from = world->count;
    kill_keeper(world);
    world_wait_from(world, KEEPER_SNAPSHOT_END, 0, from);
    assert_int_equal(snapshot_of(world, 1, from)->end.status, 50);
    assert_int_equal(snapshot_of(world, 2, from)->end.status, 51);
    world_close(world);
}

/* A record that was not written to its end, and bytes of another boot. */
static void test_torn_and_old_journals(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    run_script(world, 1, "exit 61");
    wait_end(world, 1);
    run_script(world, 2, "exec sleep 300");
    world_wait(world, KEEPER_STARTED, 2);
    size_t from = world->count;
    world_disconnect(world);
    kill_keeper(world);
    char path[128];
    snprintf(path, sizeof path, "%s/keeper/journal", world->state_dir);
    SCOPED_FD int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal(write(fd, "\x40\0\0\0abcdtorn", 12), 12);
    world_connect(world, 1);
    assert_int_equal(snapshot_of(world, 1, from)->end.status, 61);
    assert_int_equal(snapshot_of(world, 2, from)->end.kind, KEEPER_END_LOST);
    from = world->count;
    kill_keeper(world);
    world_wait_from(world, KEEPER_SNAPSHOT_END, 0, from);
    assert_int_equal(snapshot_of(world, 2, from)->end.kind, KEEPER_END_LOST);
    world_close(world);
}

/* Two at once: the second sees the lock and leaves the first alone. */
static void test_a_second_keeper_goes_away(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    char command[512];
    snprintf(command, sizeof command, "%s --foreground --state-dir %s 2>/dev/null", KEEPER_PROGRAM,
             world->state_dir);
    FILE *file = popen(command, "re");
    assert_non_null(file);
    char said[64] = "";
    assert_non_null(fgets(said, sizeof said, file));
    assert_int_not_equal(pclose(file), -1);
    assert_string_equal(said, "busy");
    run_script(world, 1, "exit 70");
    assert_int_equal(wait_end(world, 1)->status, 70);
    world_close(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine_comes_back),
        cmocka_unit_test(test_an_older_engine_is_turned_away),
        cmocka_unit_test(test_a_newer_engine_takes_over),
        cmocka_unit_test(test_killed_keeper),
        cmocka_unit_test(test_killed_again_and_again),
        cmocka_unit_test(test_killed_keeper_with_a_cut_log),
        cmocka_unit_test(test_unsettled_ends_survive_an_idle_end),
        cmocka_unit_test(test_it_does_not_end_while_something_runs),
        cmocka_unit_test(test_sigterm_stops_what_runs),
        cmocka_unit_test(test_journal_is_cut),
        cmocka_unit_test(test_disk_full),
        cmocka_unit_test(test_torn_and_old_journals),
        cmocka_unit_test(test_a_second_keeper_goes_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

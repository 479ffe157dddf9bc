/* Stop means stopped: whatever an attempt has started is gone before its end is told. */
#include "tests/unit/keeper/harness.h"

#include <sys/wait.h>

/* A process that lives for long, in a session of its own, whose parent has gone. */
#define DAEMON(file) "(setsid sh -c 'echo $$ > " file "; exec sleep 300' &); "

static void test_stop_takes_the_whole_tree(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    run_script(
        world, 1,
        DAEMON("daemon") "sh -c 'echo $$ > child; exec sleep 300' & "
                         "trap 'exit 7' TERM; echo $$ > first; while :; do sleep 0.01; done");
    pid_t first = wait_for_pid_file(world, "first");
    pid_t child = wait_for_pid_file(world, "child");
    pid_t daemon = wait_for_pid_file(world, "daemon");
    keeper_client_stop(world->client, 1, false);
    const struct keeper_end *end = wait_end(world, 1);
    assert_false(process_lives(first));
    assert_false(process_lives(child));
    assert_false(process_lives(daemon));
    assert_int_equal(end->why, KEEPER_WHY_STOP);
    assert_int_equal(end->kind, KEEPER_END_EXITED); /* it was asked, and had the time to answer */
    assert_int_equal(end->status, 7);
    assert_true(end->leftovers_killed >= 1);
    SCOPED_FREE char *log = read_log(world, 1);
    char expected[96];
    snprintf(expected, sizeof expected, " datemill F killed process %ld (sleep)", (long)daemon);
    assert_non_null(strstr(log, expected));
    world_close(world);
}

static void test_who_ignores_sigterm_is_killed_after_the_grace(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    run_script(world, 1,
               "trap '' TERM; " DAEMON("daemon") "echo $$ > first; while :; do sleep 0.05; done");
    pid_t first = wait_for_pid_file(world, "first");
    pid_t daemon = wait_for_pid_file(world, "daemon");
    struct duration before = clock_monotonic();
    keeper_client_stop(world->client, 1, false);
    keeper_client_stop(world->client, 1, false); /* again does not make it longer, or shorter */
    const struct keeper_end *end = wait_end(world, 1);
    int64_t waited = clock_monotonic().us - before.us;
    assert_true(waited >= 490000);
    assert_false(process_lives(first));
    assert_false(process_lives(daemon));
    assert_int_equal(end->kind, KEEPER_END_SIGNALED);
    assert_int_equal(end->status, SIGKILL);
    assert_int_equal(end->why, KEEPER_WHY_STOP);
    world_close(world);
}

static void test_kill_now(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    struct script *script = script_new(world, 1, DAEMON("daemon") "trap '' TERM; sleep 300");
    script->start.stop_grace = duration_seconds(3600);
    script_start(world, script);
    pid_t daemon = wait_for_pid_file(world, "daemon");
    keeper_client_stop(world->client, 1, false);
    world_pause(world, 50);
    assert_null(world_find(world, KEEPER_ENDED, 1, 0));
    keeper_client_stop(world->client, 1, true);
    const struct keeper_end *end = wait_end(world, 1);
    assert_int_equal(end->status, SIGKILL);
    assert_int_equal(end->why, KEEPER_WHY_STOP);
    assert_false(process_lives(daemon));
    world_close(world);
}

/* Daemons that keep making new ones, each in a session of its own, do not escape. */
static void test_a_tree_that_keeps_moving(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    const char *text = "cat > hop <<'E'\n"
                       "echo $$ >> hops\n"
                       "sleep 0.002\n"
                       "setsid sh ./hop &\n"
                       "E\n"
                       "sh ./hop & sh ./hop & sleep 300";
    run_script(world, 1, text);
    world_wait(world, KEEPER_STARTED, 1);
    world_pause(world, 300);
    keeper_client_stop(world->client, 1, true);
    wait_end(world, 1);
    char path[128];
    struct stat before;
    struct stat after;
    snprintf(path, sizeof path, "%s/hops", world->folder);
    assert_int_equal(stat(path, &before), 0);
    assert_true(before.st_size > 50);
    world_pause(world, 100);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_size, after.st_size);
    world_close(world);
}

static void test_leftovers_are_killed_and_named(void **state)
{
    (void)state;
    struct world *world = world_open(2);
    run_script(world, 1, DAEMON("daemon") "until test -s daemon; do sleep 0.01; done; exit 3");
    pid_t daemon = wait_for_pid_file(world, "daemon");
    const struct keeper_end *end = wait_end(world, 1);
    assert_int_equal(end->kind, KEEPER_END_EXITED);
    assert_int_equal(end->status, 3);
    assert_int_equal(end->why, KEEPER_WHY_OWN);
    assert_int_equal(end->leftovers_killed, 1);
    assert_false(process_lives(daemon));
    SCOPED_FREE char *log = read_log(world, 1);
    char expected[96];
    snprintf(expected, sizeof expected, "killed process %ld (sleep)", (long)daemon);
    assert_non_null(strstr(log, expected));
    world_close(world);
}

/* A leftover that has written over its environment stays in the session, where it is found. */
static void test_a_leftover_without_its_token(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    run_script(world, 1,
               "env -i /bin/sh -c 'echo $$ > bare; exec sleep 300' & "
               "until test -s bare; do sleep 0.01; done");
    pid_t bare = wait_for_pid_file(world, "bare");
    assert_int_equal(wait_end(world, 1)->leftovers_killed, 1);
    assert_false(process_lives(bare));
    world_close(world);
}

/* One attempt's end leaves the daemons of another alone. */
static void test_leftovers_of_others(void **state)
{
    (void)state;
    struct world *world = world_open(2);
    run_script(world, 1, DAEMON("daemon") "until test -f end; do sleep 0.01; done");
    pid_t daemon = wait_for_pid_file(world, "daemon");
    run_script(world, 2, DAEMON("other") "until test -s other; do sleep 0.01; done");
    pid_t other = wait_for_pid_file(world, "other");
    assert_int_equal(wait_end(world, 2)->leftovers_killed, 1);
    assert_false(process_lives(other));
    assert_true(process_lives(daemon));
    run_script(world, 3, "touch end");
    assert_int_equal(wait_end(world, 1)->leftovers_killed, 1);
    assert_false(process_lives(daemon));
    world_close(world);
}

static void test_keep_leftovers(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    struct script *script =
        script_new(world, 1, DAEMON("daemon") "until test -s daemon; do sleep 0.01; done");
    script->start.keep_leftovers = true;
    script_start(world, script);
    pid_t daemon = wait_for_pid_file(world, "daemon");
    assert_int_equal(wait_end(world, 1)->leftovers_killed, 0);
    assert_true(process_lives(daemon));
    /* a later attempt's end does not take it either */
    run_script(world, 2, "(sleep 300 &)");
    assert_int_equal(wait_end(world, 2)->leftovers_killed, 1);
    assert_true(process_lives(daemon));
    assert_int_equal(kill(daemon, SIGKILL), 0);
    assert_true(wait_until_dead(daemon, 3000));
    world_close(world);
}

/* The first process has ended by itself: a stop that comes too late changes nothing. */
static void test_stop_after_the_end(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    run_script(world, 1, "exit 0");
    wait_end(world, 1);
    size_t from = world->count;
    keeper_client_stop(world->client, 1, false);
    run_script(world, 2, "exit 0");
    wait_end(world, 2);
    assert_null(world_find(world, KEEPER_ENDED, 1, from));
    assert_int_equal(wait_end(world, 1)->why, KEEPER_WHY_OWN);
    world_close(world);
}

static void test_timeout(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    struct script *script = script_new(world, 1, DAEMON("daemon") "sleep 300");
    script->start.timeout = duration_ms(300);
    script_start(world, script);
    pid_t daemon = wait_for_pid_file(world, "daemon");
    const struct keeper_end *end = wait_end(world, 1);
    assert_int_equal(end->why, KEEPER_WHY_TIMEOUT);
    assert_int_equal(end->kind, KEEPER_END_SIGNALED);
    assert_int_equal(end->status, SIGTERM);
    assert_true(end->elapsed.us >= 300000);
    assert_false(process_lives(daemon));
    SCOPED_FREE char *log = read_log(world, 1);
    assert_non_null(strstr(log, "time limit reached"));
    world_close(world);
}

/* Deadlines need no engine. */
static void test_timeout_without_an_engine(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    struct script *script = script_new(world, 1, "echo $$ > first; trap '' TERM; exec sleep 300");
    script->start.timeout = duration_ms(200);
    script->start.stop_grace = duration_ms(100);
    script_start(world, script);
    pid_t first = wait_for_pid_file(world, "first");
    world_disconnect(world);
    assert_true(wait_until_dead(first, 5000));
    world_connect(world, 1);
    const struct told *known = world_find(world, KEEPER_ATTEMPT, 1, 0);
    if (known == NULL || known->state != KEEPER_ATTEMPT_ENDED)
        known = world_wait(world, KEEPER_ENDED, 1);
    assert_int_equal(known->end.why, KEEPER_WHY_TIMEOUT);
    assert_int_equal(known->end.status, SIGKILL);
    world_close(world);
}

static void test_stop_wakes_a_stopped_process(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    struct script *script = script_new(world, 1, "echo $$ > first; kill -STOP $$; sleep 300");
    script->start.stop_grace = duration_seconds(3600);
    script_start(world, script);
    wait_for_pid_file(world, "first");
    world_pause(world, 50);
    keeper_client_stop(world->client, 1, false);
    assert_int_equal(wait_end(world, 1)->status, SIGTERM);
    world_close(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stop_takes_the_whole_tree),
        cmocka_unit_test(test_who_ignores_sigterm_is_killed_after_the_grace),
        cmocka_unit_test(test_kill_now),
        cmocka_unit_test(test_a_tree_that_keeps_moving),
        cmocka_unit_test(test_leftovers_are_killed_and_named),
        cmocka_unit_test(test_a_leftover_without_its_token),
        cmocka_unit_test(test_leftovers_of_others),
        cmocka_unit_test(test_keep_leftovers),
        cmocka_unit_test(test_stop_after_the_end),
        cmocka_unit_test(test_timeout),
        cmocka_unit_test(test_timeout_without_an_engine),
        cmocka_unit_test(test_stop_wakes_a_stopped_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

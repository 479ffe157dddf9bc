/* Starts, ends, slots, revoking: what the engine is told about attempts. */
#include "tests/unit/keeper/harness.h"

#include <linux/sched/types.h>
#include <sys/syscall.h>

static void test_true_exit_statuses(void **state)
{
    (void)state;
    struct world *world = world_open(4);
    run_script(world, 1, "exit 0");
    run_script(world, 2, "exit 75");
    run_script(world, 3, "exit 255");
    run_script(world, 4, "kill -SEGV $$");
    run_script(world, 5, "kill -9 $$");
    const int32_t statuses[] = {0, 75, 255, SIGSEGV, SIGKILL};
    for (int64_t id = 1; id <= 5; id++) {
        const struct keeper_end *end = wait_end(world, id);
        assert_int_equal(end->kind, id <= 3 ? KEEPER_END_EXITED : KEEPER_END_SIGNALED);
        assert_int_equal(end->status, statuses[id - 1]);
        assert_int_equal(end->why, KEEPER_WHY_OWN);
        assert_int_equal(end->log_bytes, 0);
        const struct told *started = world_wait(world, KEEPER_STARTED, id);
        assert_true(started->pid > 0);
        assert_int_equal(started->at.us, end->started.us);
        assert_true(end->ended.us >= end->started.us);
        assert_true(end->elapsed.us > 0 && end->elapsed.us < 10 * DURATION_SECOND_US);
        assert_true(llabs(clock_now().us - end->ended.us) < 60 * DURATION_SECOND_US);
    }
    assert_null(read_log(world, 1)); /* created with the first byte, which never came */
    world_close(world);
}

static void test_environment_folder_input(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    struct script *script =
        script_new(world, 1,
                   "pwd; echo $COLOUR; echo \"${HOME-none}\"; cat; ls /proc/self/fd | wc -l; "
                   "umask; ps -o sid= -p $$ | tr -d ' ' | grep -qx $$ && echo leader; "
                   "echo ${#DATEMILL_TOKEN}");
    script->start.input = "from the input\n";
    script->start.input_length = strlen(script->start.input);
    script_start(world, script);
    assert_int_equal(wait_end(world, 1)->status, 0);
    SCOPED_FREE char *log = read_log(world, 1);
    assert_non_null(log);
    char expected[128];
    snprintf(expected, sizeof expected, " stdout F %s\n", world->folder);
    assert_non_null(strstr(log, expected));
    assert_non_null(strstr(log, " stdout F green\n"));
    assert_non_null(strstr(log, " stdout F none\n"));
    assert_non_null(strstr(log, " stdout F from the input\n"));
    assert_non_null(strstr(log, " stdout F 5\n")); /* 0 to 3, and the folder that ls reads */
    assert_non_null(strstr(log, " stdout F 0022\n"));
    assert_non_null(strstr(log, " stdout F leader\n"));
    assert_non_null(strstr(log, " stdout F 32\n"));
    world_close(world);
}

static void test_signals_are_at_their_defaults(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    run_script(world, 1, "grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status");
    wait_end(world, 1);
    SCOPED_FREE char *log = read_log(world, 1);
    assert_non_null(strstr(log, "SigBlk:\t0000000000000000"));
    assert_non_null(strstr(log, "SigIgn:\t0000000000000000"));
    world_close(world);
}

static void expect_not_started(struct world *world, int64_t id, int number, const char *words)
{
    const struct told *told = world_wait(world, KEEPER_ENDED, id);
    assert_int_equal(told->end.kind, KEEPER_END_COULD_NOT_START);
    assert_int_equal(told->end.status, number);
    if (strstr(told->text, words) == NULL)
        fail_msg("`%s` is not in `%s`", words, told->text);
    assert_null(world_find(world, KEEPER_STARTED, id, 0));
    SCOPED_FREE char *log = read_log(world, id);
    assert_non_null(log);
    assert_non_null(strstr(log, words));
}

static void write_script(const struct world *world, const char *name, const char *text, mode_t mode)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", world->folder, name);
    SCOPED_FD int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
}

static void start_program(struct world *world, int64_t id, const char *program)
{
    struct script *script = script_new(world, id, "");
    script->argv[0] = program;
    script->argv[1] = NULL;
    script_start(world, script);
}

static void test_what_cannot_start(void **state)
{
    (void)state;
    struct world *world = world_open(8);
    write_script(world, "plain", "echo never\n", 0600);
    write_script(world, "bad", "#!/no/such/interpreter -x\necho never\n", 0700);
    write_script(world, "garbage", "\001\002 no format\n", 0700);
    start_program(world, 1, "no-such-program");
    start_program(world, 2, "./no-such-program");
    start_program(world, 3, "./plain");
    start_program(world, 4, "./bad");
    start_program(world, 5, "./garbage");
    start_program(world, 6, "/");
    struct script *nowhere = script_new(world, 7, "true");
    nowhere->start.folder = "/no/such/folder";
    script_start(world, nowhere);
    expect_not_started(world, 1, ENOENT,
                       "`no-such-program` was not found (searched "
                       "PATH=/usr/local/bin:/usr/bin:/bin)");
    expect_not_started(world, 2, ENOENT, "`./no-such-program` was not found");
    expect_not_started(world, 3, EACCES, "`./plain` is not an executable file");
    expect_not_started(world, 4, ENOENT, "its interpreter `/no/such/interpreter` was not found");
    expect_not_started(world, 5, ENOEXEC, "`./garbage` is neither a program");
    expect_not_started(world, 6, EACCES, "is not an executable file");
    expect_not_started(world, 7, ENOENT, "cannot enter the folder /no/such/folder");
    run_script(world, 8, "exit 4");
    assert_int_equal(wait_end(world, 8)->status, 4);
    world_close(world);
}

static void test_start_is_idempotent(void **state)
{
    (void)state;
    struct world *world = world_open(2);
    run_script(world, 7, "echo once >> count; sleep 0.2; exit 3");
    world_wait(world, KEEPER_STARTED, 7);
    size_t from = world->count;
    run_script(world, 7, "echo twice >> count");
    world_wait_from(world, KEEPER_STARTED, 7, from);
    wait_end(world, 7);
    from = world->count;
    run_script(world, 7, "echo thrice >> count");
    const struct told *again = world_wait_from(world, KEEPER_ENDED, 7, from);
    assert_int_equal(again->end.status, 3);
    char path[128];
    snprintf(path, sizeof path, "%s/../count", world->state_dir);
    SCOPED_FILE FILE *file = fopen(path, "re");
    char line[32];
    assert_non_null(fgets(line, sizeof line, file));
    assert_string_equal(line, "once\n");
    assert_null(fgets(line, sizeof line, file));
    world_close(world);
}

/* Slots are kept, in the order of receipt; who needs none is not held up. */
static void test_slots_and_order(void **state)
{
    (void)state;
    struct world *world = world_open(2);
    for (int64_t id = 1; id <= 8; id++)
        run_script(world, id, "sleep 0.05");
    struct script *free_one = script_new(world, 100, "exit 9");
    free_one->start.needs_slot = false;
    script_start(world, free_one);
    for (int64_t id = 1; id <= 8; id++)
        wait_end(world, id);
    int running = 0;
    int64_t last = 0;
    for (size_t i = 0; i < world->count; i++) {
        const struct told *told = &world->told[i];
        if (told->attempt_id == 100 || told->attempt_id == 0)
            continue;
        if (told->kind == KEEPER_STARTED) {
            running++;
            assert_int_equal(told->attempt_id, last + 1);
            last = told->attempt_id;
        }
        if (told->kind == KEEPER_ENDED)
            running--;
        assert_in_range(running, 0, 2);
    }
    assert_int_equal(last, 8);
    assert_true(world_wait(world, KEEPER_STARTED, 100) < world_wait(world, KEEPER_STARTED, 3));
    world_close(world);
}

static void test_more_slots_while_running(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    run_script(world, 1, "sleep 30");
    run_script(world, 2, "exit 6");
    world_wait(world, KEEPER_STARTED, 1);
    world_pause(world, 50);
    assert_null(world_find(world, KEEPER_STARTED, 2, 0));
    keeper_client_set_slots(world->client, 2);
    assert_int_equal(wait_end(world, 2)->status, 6);
    keeper_client_stop(world->client, 1, true);
    wait_end(world, 1);
    world_close(world);
}

static void test_revoke(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    run_script(world, 1, "sleep 0.3; exit 5");
    run_script(world, 2, "touch started-2");
    run_script(world, 3, "exit 0");
    world_wait(world, KEEPER_STARTED, 1);
    keeper_client_revoke(world->client, 2); /* it waits: taken back */
    keeper_client_revoke(world->client, 1); /* too late */
    keeper_client_revoke(world->client, 9); /* never heard of */
    world_wait(world, KEEPER_REVOKED, 2);
    world_wait(world, KEEPER_REVOKED, 9);
    assert_int_equal(wait_end(world, 1)->status, 5);
    wait_end(world, 3);
    assert_null(world_find(world, KEEPER_REVOKED, 1, 0));
    assert_null(world_find(world, KEEPER_STARTED, 2, 0));
    run_script(world, 2, "exit 8"); /* a grant taken back may be given again */
    assert_int_equal(wait_end(world, 2)->status, 8);
    world_close(world);
}

static void test_stop_of_a_queued_one_revokes(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    run_script(world, 1, "sleep 0.2");
    run_script(world, 2, "exit 0");
    keeper_client_stop(world->client, 2, false);
    world_wait(world, KEEPER_REVOKED, 2);
    wait_end(world, 1);
    assert_null(world_find(world, KEEPER_STARTED, 2, 0));
    world_close(world);
}

static void test_cpu_and_memory(void **state)
{
    (void)state;
    struct world *world = world_open(2);
    run_script(world, 1, "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done");
    run_script(world, 2, "head -c 60000000 /dev/zero | tail -c 59000000 | wc -c");
    const struct keeper_end *busy = wait_end(world, 1);
    const struct keeper_end *large = wait_end(world, 2);
    int64_t cpu = busy->cpu_user.us + busy->cpu_system.us;
    assert_true(cpu > 20000);
    assert_true(cpu < busy->elapsed.us + 100000);
    assert_true(large->peak_memory > 55000000 && large->peak_memory < 400000000);
    world_close(world);
}

static void test_malformed_starts_are_refused_here(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    struct error err = {0};
    struct script *script = script_new(world, 0, "true");
    assert_int_equal(keeper_client_start(world->client, &script->start, &err), -1);
    script->start.attempt_id = 1;
    script->start.folder = "relative";
    assert_int_equal(keeper_client_start(world->client, &script->start, &err), -1);
    assert_non_null(strstr(err.text, "folder"));
    script->start.folder = "/";
    script->argv[0] = NULL;
    assert_int_equal(keeper_client_start(world->client, &script->start, &err), -1);
    free(script);
    /* arguments above the kernel's limit are the keeper's to report */
    struct script *large = script_new(world, 2, "true");
    SCOPED_FREE char *argument = memory_new(1, 3000000);
    memset(argument, 'x', 2999999);
    large->argv[3] = argument;
    script_start(world, large);
    expect_not_started(world, 2, E2BIG, "too long");
    world_close(world);
}

/* More than can be launched without waiting; some of them in vain. */
static void test_many_at_once(void **state)
{
    (void)state;
    const int count = 60;
    struct world *world = world_open(count);
    for (int id = 1; id <= count; id++) {
        if (id % 3 == 0)
            start_program(world, id, "no-such-program");
        else
            run_script(world, id, "echo done; exit 7");
    }
    for (int id = 1; id <= count; id++) {
        if (id % 3 == 0) {
            expect_not_started(world, id, ENOENT, "`no-such-program` was not found");
            continue;
        }
        const struct keeper_end *end = wait_end(world, id);
        assert_int_equal(end->kind, KEEPER_END_EXITED);
        assert_int_equal(end->status, 7);
        assert_non_null(world_find(world, KEEPER_STARTED, id, 0));
        SCOPED_FREE char *log = read_log(world, id);
        assert_non_null(strstr(log, " stdout F done\n"));
    }
    world_close(world);
}

/* Who opens the program, as exec does, waits until the lease is given back: as from a network mount
 * whose server does not answer. -1 where this file system has no leases. */
static int lease_program(const struct world *world, const char *name)
{
    char path[256];
    write_script(world, name, "#!/bin/sh\nexit 3\n", 0700);
    snprintf(path, sizeof path, "%s/%s", world->folder, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    signal(SIGIO, SIG_IGN); /* tells that somebody waits */
    if (fcntl(fd, F_SETLEASE, F_WRLCK) == 0)
        return fd;
    close(fd);
    return -1;
}

static void test_a_program_that_is_slow_to_load(void **state)
{
    (void)state;
    struct world *world = world_open(3);
    int first = lease_program(world, "first");
    int second = lease_program(world, "second");
    if (first < 0 || second < 0) {
        world_close(world);
        skip();
    }
    start_program(world, 1, "./first");
    start_program(world, 2, "./second");
    run_script(world, 3, "exit 0"); /* is not held up */
    assert_int_equal(wait_end(world, 3)->status, 0);
    world_pause(world, 300);
    assert_null(world_find(world, KEEPER_STARTED, 1, 0));
    assert_null(world_find(world, KEEPER_STARTED, 2, 0));
    close(first);
    assert_int_equal(wait_end(world, 1)->status, 3);
    assert_non_null(world_find(world, KEEPER_STARTED, 1, 0));
    keeper_client_stop(world->client, 2, true);
    const struct keeper_end *stopped = wait_end(world, 2);
    assert_int_equal(stopped->kind, KEEPER_END_SIGNALED);
    assert_int_equal(stopped->status, SIGKILL);
    assert_int_equal(stopped->why, KEEPER_WHY_STOP);
    close(second);
    world_close(world);
}

static uint64_t slice_of(pid_t pid)
{
    struct sched_attr attr = {.size = sizeof attr};
    assert_int_equal(syscall(SYS_sched_getattr, pid, &attr, sizeof attr, 0), 0);
    return attr.sched_runtime;
}

/* Where there are slices (Linux 6.12): the keeper's is short, those of its attempts are not. */
static void test_the_slice_is_not_inherited(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    run_script(world, 1, "sleep 60");
    pid_t pid = (pid_t)world_wait(world, KEEPER_STARTED, 1)->pid;
    if (slice_of(getpid()) != 0) {
        assert_int_equal(slice_of(world->keeper), 100000);
        assert_int_equal(slice_of(pid), slice_of(getpid()));
    }
    world_close(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_true_exit_statuses),
        cmocka_unit_test(test_environment_folder_input),
        cmocka_unit_test(test_signals_are_at_their_defaults),
        cmocka_unit_test(test_what_cannot_start),
        cmocka_unit_test(test_start_is_idempotent),
        cmocka_unit_test(test_slots_and_order),
        cmocka_unit_test(test_more_slots_while_running),
        cmocka_unit_test(test_revoke),
        cmocka_unit_test(test_stop_of_a_queued_one_revokes),
        cmocka_unit_test(test_cpu_and_memory),
        cmocka_unit_test(test_malformed_starts_are_refused_here),
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_a_program_that_is_slow_to_load),
        cmocka_unit_test(test_the_slice_is_not_inherited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* With a delegated cgroup nothing escapes. Skipped where none can be made (it takes root and a
 * mounted cgroup version 2). */
#include "tests/unit/keeper/harness.h"

#include <sys/xattr.h>

#define ESCAPED(file) "env -i setsid /bin/sh -c 'echo $$ > " file "; exec sleep 300' & "

struct cell {
    char path[512];
    char before[512]; /* the cgroup.procs of where the test came from */
};

static int write_pid(const char *path)
{
    SCOPED_FD int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd < 0 || write(fd, "0", 1) != 1 ? -1 : 0;
}

/* Makes a cgroup below the test's own, delegated, and moves in; -1 if that cannot be done. */
static int enter(struct cell *cell)
{
    const char *mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
    char line[256];
    char own[256] = "";
    SCOPED_FILE FILE *file = fopen("/proc/self/cgroup", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "0::", 3) == 0)
            snprintf(own, sizeof own, "%s", line + 3);
    }
    for (size_t i = 0; i < 2; i++) {
        snprintf(cell->path, sizeof cell->path, "%s%s/datemill-test-%ld", mounts[i], own,
                 (long)getpid());
        snprintf(cell->before, sizeof cell->before, "%s%s/cgroup.procs", mounts[i], own);
        if (access(cell->before, W_OK) < 0 || mkdir(cell->path, 0755) < 0)
            continue;
        char procs[600];
        snprintf(procs, sizeof procs, "%s/cgroup.procs", cell->path);
        if (setxattr(cell->path, "trusted.delegate", "1", 1, 0) == 0 && write_pid(procs) == 0)
            return 0;
        rmdir(cell->path);
    }
    return -1;
}

/* Leaves; the keeper has ended, and its attempts' groups are gone: nothing else would let it go. */
static void leave(const struct cell *cell)
{
    assert_int_equal(write_pid(cell->before), 0);
    int result = -1;
    for (int i = 0; i < 500 && result < 0; i++) {
        result = rmdir(cell->path);
        usleep(10000);
    }
    assert_int_equal(result, 0);
}

static void test_nothing_escapes(void **state)
{
    (void)state;
    struct cell cell;
    if (enter(&cell) < 0)
        skip();
    struct world *world = world_open(2);
    run_script(world, 1, ESCAPED("bare") "until test -s bare; do sleep 0.01; done; exit 3");
    pid_t bare = wait_for_pid_file(world, "bare");
    const struct keeper_end *end = wait_end(world, 1);
    assert_int_equal(end->status, 3);
    assert_int_equal(end->leftovers_killed, 1);
    assert_false(process_lives(bare));
    SCOPED_FREE char *log = read_log(world, 1);
    char expected[96];
    snprintf(expected, sizeof expected, "killed process %ld (sleep)", (long)bare);
    assert_non_null(strstr(log, expected));

    run_script(world, 2, ESCAPED("second") "trap '' TERM; sleep 300");
    pid_t second = wait_for_pid_file(world, "second");
    keeper_client_stop(world->client, 2, false);
    assert_int_equal(wait_end(world, 2)->status, SIGKILL);
    assert_false(process_lives(second));
    run_script(world, 3, "exit 0");
    assert_int_equal(wait_end(world, 3)->leftovers_killed, 0);
    struct script *missing = script_new(world, 4, "");
    missing->argv[0] = "no-such-program";
    script_start(world, missing);
    assert_int_equal(wait_end(world, 4)->status, ENOENT);
    world_close(world);
    leave(&cell);
}

static void test_a_dead_keepers_groups_are_cleared(void **state)
{
    (void)state;
    struct cell cell;
    if (enter(&cell) < 0)
        skip();
    struct world *world = world_open(1);
    run_script(world, 1, ESCAPED("bare") "sleep 300");
    pid_t bare = wait_for_pid_file(world, "bare");
    size_t from = world->count;
    pid_t before = world->keeper;
    assert_int_equal(kill(before, SIGKILL), 0);
    world_wait_from(world, KEEPER_GONE, 0, from);
    world_wait_from(world, KEEPER_SNAPSHOT_END, 0, from);
    assert_false(process_lives(bare));
    assert_int_equal(world_find(world, KEEPER_ATTEMPT, 1, from)->end.kind, KEEPER_END_LOST);
    world_close(world);
    leave(&cell);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_escapes),
        cmocka_unit_test(test_a_dead_keepers_groups_are_cleared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

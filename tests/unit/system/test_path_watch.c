#include "scheduler/system/path_watch.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
    struct loop *loop;
    struct path_watch *watch;
    char dir[64];
    int told;
    int last;
};

static void changed(void *owner, int watch)
{
    struct world *world = owner;
    world->told++;
    world->last = watch;
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    snprintf(world->dir, sizeof world->dir, "/tmp/datemill-path-XXXXXX");
    assert_non_null(mkdtemp(world->dir));
    assert_int_equal(loop_open(&world->loop, NULL), 0);
    assert_int_equal(path_watch_open(world->loop, changed, world, &world->watch, NULL), 0);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    char command[256];
    path_watch_close(world->watch);
    loop_close(world->loop);
    snprintf(command, sizeof command, "rm -rf %s %s.moved", world->dir, world->dir);
    assert_int_equal(system(command), 0);
    free(world);
    return 0;
}

static void turn(struct world *world)
{
    for (int i = 0; i < 5; i++)
        assert_int_equal(loop_turn(world->loop, duration_ms(20), NULL), 0);
}

static const char *path(const struct world *world, const char *name)
{
    static char full[256];
    snprintf(full, sizeof full, "%s/%s", world->dir, name);
    return full;
}

static void write_file(const struct world *world, const char *name)
{
    int fd = open(path(world, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
}

static void a_new_file_is_told_and_what_lies_beneath_is_not(void **state)
{
    struct world *world = *state;
    int watch;
    assert_int_equal(mkdir(path(world, "inner"), 0700), 0);
    assert_int_equal(path_watch_add(world->watch, world->dir, &watch, NULL), 0);
    write_file(world, "inner/a");
    turn(world);
    assert_int_equal(world->told, 0);
    write_file(world, "a");
    turn(world);
    assert_true(world->told > 0);
    assert_int_equal(world->last, watch);
}

static void who_removes_his_watch_leaves_those_of_others(void **state)
{
    struct world *world = *state;
    int first;
    int second;
    assert_int_equal(path_watch_add(world->watch, world->dir, &first, NULL), 0);
    assert_int_equal(path_watch_add(world->watch, world->dir, &second, NULL), 0);
    assert_int_equal(first, second);
    path_watch_remove(world->watch, first);
    write_file(world, "a");
    turn(world);
    assert_true(world->told > 0);
    path_watch_remove(world->watch, second);
    world->told = 0;
    write_file(world, "b");
    turn(world);
    assert_int_equal(world->told, 0);
}

static void a_folder_that_goes_is_told_and_is_no_more(void **state)
{
    struct world *world = *state;
    int watch;
    char moved[80];
    assert_int_equal(mkdir(path(world, "inner"), 0700), 0);
    assert_int_equal(path_watch_add(world->watch, path(world, "inner"), &watch, NULL), 0);
    assert_true(path_watch_has(world->watch, watch));
    assert_int_equal(rmdir(path(world, "inner")), 0);
    turn(world);
    assert_true(world->told > 0);
    assert_false(path_watch_has(world->watch, watch));
    path_watch_remove(world->watch, watch);

    assert_int_equal(path_watch_add(world->watch, world->dir, &watch, NULL), 0);
    snprintf(moved, sizeof moved, "%s.moved", world->dir);
    assert_int_equal(rename(world->dir, moved), 0);
    turn(world);
    assert_false(path_watch_has(world->watch, watch));
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
    struct world *world = *state;
    int watch;
    struct error err;
    write_file(world, "a");
    assert_int_equal(path_watch_add(world->watch, path(world, "none"), &watch, &err), -1);
    assert_int_equal(path_watch_add(world->watch, path(world, "a"), &watch, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_file_is_told_and_what_lies_beneath_is_not, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(who_removes_his_watch_leaves_those_of_others, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_folder_that_goes_is_told_and_is_no_more, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_folder_that_is_not_there_is_an_error, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

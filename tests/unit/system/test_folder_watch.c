#include "scheduler/system/clock.h"
#include "scheduler/system/folder_watch.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define LONG_ENOUGH_MS 10000

struct world {
    struct loop *loop;
    struct folder_watch *watch;
    char dir[64];
    int told;
};

static void changed(void *owner)
{
    struct world *world = owner;
    world->told++;
}

/* Hidden folders and files that are no YAML do not matter. */
static bool wants(void *owner, const char *path, bool is_folder)
{
    const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
    size_t length = strlen(name);
    (void)owner;
    if (is_folder)
        return name[0] != '.';
    return length > 5 && strcmp(name + length - 5, ".yaml") == 0;
}

static void make_folder(struct world *world, const char *path)
{
    char full[256];
    snprintf(full, sizeof full, "%s/%s", world->dir, path);
    assert_int_equal(mkdir(full, 0700), 0);
}

static void write_file(struct world *world, const char *path)
{
    char full[256];
    snprintf(full, sizeof full, "%s/%s", world->dir, path);
    int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "x\n", 2), 2);
    close(fd);
}

static void move(struct world *world, const char *from, const char *to)
{
    char old[256];
    char new[256];
    snprintf(old, sizeof old, "%s/%s", world->dir, from);
    snprintf(new, sizeof new, "%s/%s", world->dir, to);
    assert_int_equal(rename(old, new), 0);
}

static void open_watch(struct world *world)
{
    struct folder_watch_options options = {
        .loop = world->loop, .dir = world->dir, .wants = wants, .changed = changed, .owner = world};
    assert_int_equal(folder_watch_open(&options, &world->watch, NULL), 0);
    assert_string_equal(folder_watch_note(world->watch), "");
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    snprintf(world->dir, sizeof world->dir, "/tmp/datemill-watch.XXXXXX");
    assert_non_null(mkdtemp(world->dir));
    assert_int_equal(loop_open(&world->loop, NULL), 0);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    char command[128];
    folder_watch_close(world->watch);
    loop_close(world->loop);
    snprintf(command, sizeof command, "rm -rf '%s'", world->dir);
    assert_int_equal(system(command), 0);
    free(world);
    return 0;
}

/* Turns until it was told `times` times, and then some more in which nothing else may come. */
static void expect_told(struct world *world, int times)
{
    int64_t end = clock_monotonic().us + duration_ms(LONG_ENOUGH_MS).us;
    while (world->told < times && clock_monotonic().us < end)
        assert_int_equal(loop_turn(world->loop, duration_ms(50), NULL), 0);
    end = clock_monotonic().us + duration_ms(2 * FOLDER_WATCH_QUIET_MS).us;
    while (clock_monotonic().us < end)
        assert_int_equal(loop_turn(world->loop, duration_ms(50), NULL), 0);
    assert_int_equal(world->told, times);
}

static void test_changes_that_come_together_are_told_once(void **state)
{
    struct world *world = *state;
    open_watch(world);
    int64_t began = clock_monotonic().us;
    for (int i = 0; i < 20; i++)
        write_file(world, i % 2 == 0 ? "a.yaml" : "b.yaml");
    while (world->told == 0)
        assert_int_equal(loop_turn(world->loop, duration_ms(50), NULL), 0);
    assert_true(clock_monotonic().us - began >= duration_ms(FOLDER_WATCH_QUIET_MS).us);
    expect_told(world, 1);
    write_file(world, "a.yaml");
    expect_told(world, 2);
}

static void test_one_that_never_rests_is_told_all_the_same(void **state)
{
    struct world *world = *state;
    open_watch(world);
    int64_t began = clock_monotonic().us;
    while (world->told == 0 && clock_monotonic().us - began < duration_ms(LONG_ENOUGH_MS).us) {
        write_file(world, "a.yaml");
        assert_int_equal(loop_turn(world->loop, duration_ms(20), NULL), 0);
    }
    assert_int_equal(world->told, 1);
    assert_true(clock_monotonic().us - began >= duration_ms(FOLDER_WATCH_LATEST_MS - 100).us);
}

static void test_what_is_not_wanted_is_not_told(void **state)
{
    struct world *world = *state;
    make_folder(world, ".state");
    open_watch(world);
    write_file(world, "data.json");
    write_file(world, ".state/a.yaml");
    make_folder(world, ".new");
    write_file(world, ".new/a.yaml");
    expect_told(world, 0);
}

static void test_editors_replace_files(void **state)
{
    struct world *world = *state;
    write_file(world, "a.yaml");
    open_watch(world);
    write_file(world, "a.yaml~");
    move(world, "a.yaml~", "a.yaml");
    expect_told(world, 1);
    move(world, "a.yaml", "a.bak");
    expect_told(world, 2);
}

static void test_links_and_modes_are_changes(void **state)
{
    struct world *world = *state;
    char path[256];
    char link_path[256];
    write_file(world, "a.txt");
    open_watch(world);
    snprintf(path, sizeof path, "%s/a.txt", world->dir);
    snprintf(link_path, sizeof link_path, "%s/b.yaml", world->dir);
    assert_int_equal(symlink(path, link_path), 0);
    expect_told(world, 1);
    snprintf(link_path, sizeof link_path, "%s/c.yaml", world->dir);
    assert_int_equal(link(path, link_path), 0);
    expect_told(world, 2);
    assert_int_equal(chmod(link_path, 0), 0);
    expect_told(world, 3);
    assert_int_equal(unlink(link_path), 0);
    expect_told(world, 4);
}

static void test_a_file_is_not_told_before_it_is_written(void **state)
{
    struct world *world = *state;
    char path[256];
    open_watch(world);
    snprintf(path, sizeof path, "%s/a.yaml", world->dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    expect_told(world, 0);
    close(fd);
    expect_told(world, 1);
}

static void test_folders_come_and_go(void **state)
{
    struct world *world = *state;
    make_folder(world, "old");
    make_folder(world, "old/sql");
    open_watch(world);
    write_file(world, "old/sql/a.yaml");
    expect_told(world, 1);
    make_folder(world, "new");
    make_folder(world, "new/sql");
    write_file(world, "new/sql/a.yaml"); /* perhaps before it is watched */
    expect_told(world, 2);
    write_file(world, "new/sql/a.yaml");
    expect_told(world, 3);
    move(world, "new", "newer");
    expect_told(world, 4);
    write_file(world, "newer/sql/b.yaml");
    expect_told(world, 5);
}

static void test_what_was_moved_away_is_not_told(void **state)
{
    struct world *world = *state;
    char outside[128];
    char inside[256];
    make_folder(world, "flow");
    make_folder(world, "flow/sql");
    open_watch(world);
    snprintf(outside, sizeof outside, "%s.away", world->dir);
    snprintf(inside, sizeof inside, "%s/flow", world->dir);
    assert_int_equal(rename(inside, outside), 0);
    expect_told(world, 1);
    snprintf(inside, sizeof inside, "%s/sql/a.yaml", outside);
    int fd = open(inside, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    expect_told(world, 1);
    assert_int_equal(unlink(inside), 0);
    snprintf(inside, sizeof inside, "%s/flow", world->dir);
    assert_int_equal(rename(outside, inside), 0);
    expect_told(world, 2);
    write_file(world, "flow/sql/a.yaml");
    expect_told(world, 3);
}

static void test_deep_folders_are_left_alone(void **state)
{
    struct world *world = *state;
    const char *const folders[] = {"a", "a/b", "a/b/c", "a/b/c/d", "a/b/c/d/e"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        make_folder(world, folders[i]);
    open_watch(world);
    write_file(world, "a/b/c/d/x.yaml");
    expect_told(world, 1);
    write_file(world, "a/b/c/d/e/x.yaml");
    expect_told(world, 1);
}

static int kernel_queue(void)
{
    FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "re");
    char line[32] = "";
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    fclose(file);
    return (int)strtol(line, NULL, 10);
}

/* More events than the kernel keeps: the folder that was made among them is watched all the same.
 * Events that repeat the one before are not queued, so they alternate. */
static void test_a_kernel_that_lost_count(void **state)
{
    struct world *world = *state;
    int limit = kernel_queue();
    if (limit > 100000)
        skip();
    write_file(world, "a.yaml");
    write_file(world, "b.yaml");
    open_watch(world);
    char paths[2][256];
    snprintf(paths[0], sizeof paths[0], "%s/a.yaml", world->dir);
    snprintf(paths[1], sizeof paths[1], "%s/b.yaml", world->dir);
    for (int i = 0; i < limit + 10; i++)
        assert_int_equal(chmod(paths[i % 2], 0600), 0);
    make_folder(world, "late");
    expect_told(world, 1);
    write_file(world, "late/x.yaml");
    expect_told(world, 2);
}

static void test_a_folder_that_goes_away_as_a_whole(void **state)
{
    struct world *world = *state;
    char command[128];
    write_file(world, "a.yaml");
    open_watch(world);
    snprintf(command, sizeof command, "rm -rf '%s'", world->dir);
    assert_int_equal(system(command), 0);
    expect_told(world, 1);
    assert_string_equal(folder_watch_note(world->watch), "the folder is gone");
}

static void test_no_folder_is_an_error(void **state)
{
    struct world *world = *state;
    struct error err = {0};
    struct folder_watch_options options = {.loop = world->loop,
                                           .dir = "/nonexistent/folder",
                                           .wants = wants,
                                           .changed = changed,
                                           .owner = world};
    assert_int_equal(folder_watch_open(&options, &world->watch, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_PRECONDITION);
    assert_non_null(strstr(err.text, "/nonexistent/folder"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_changes_that_come_together_are_told_once),
        TEST(test_one_that_never_rests_is_told_all_the_same),
        TEST(test_what_is_not_wanted_is_not_told),
        TEST(test_editors_replace_files),
        TEST(test_links_and_modes_are_changes),
        TEST(test_a_file_is_not_told_before_it_is_written),
        TEST(test_folders_come_and_go),
        TEST(test_what_was_moved_away_is_not_told),
        TEST(test_deep_folders_are_left_alone),
        TEST(test_a_kernel_that_lost_count),
        TEST(test_a_folder_that_goes_away_as_a_whole),
        TEST(test_no_folder_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

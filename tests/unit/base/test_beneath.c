/* What lies beneath a folder is opened, by the kernel's way and by steps alike. */
#include "scheduler/base/beneath.h"
#include "scheduler/base/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct world {
    char dir[64];
    int fd; /* of dir/in */
};

static int setup(void **state)
{
    static struct world world;
    snprintf(world.dir, sizeof world.dir, "/tmp/datemill-beneath-XXXXXX");
    assert_non_null(mkdtemp(world.dir));
    assert_int_equal(chdir(world.dir), 0);
    int status = system("mkdir -p in/a/b out && echo in >in/a/b/file && echo out >out/file"
                        " && ln -s b in/a/near && ln -s ../a/b/file in/a/up && ln -s ../out in/away"
                        " && ln -s /etc in/root && ln -s loop in/loop && ln -s a/near/../up in/far"
                        " && ln -s nothing in/dangling && ln -s a/near/ in/slash"
                        " && ln -s ../../in/a in/a/around && mkfifo in/fifo");
    assert_int_equal(status, 0);
    world.fd = open("in", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(world.fd >= 0);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    char command[128];
    close(world->fd);
    snprintf(command, sizeof command, "rm -rf %s", world->dir);
    return system(command);
}

/* 0 and the same file, or the same errno, by both. */
static void expect(const struct world *world, const char *path, int flags, int number)
{
    SCOPED_FD int by_kernel = beneath_open(world->fd, path, flags);
    int kernel_errno = by_kernel < 0 ? errno : 0;
    SCOPED_FD int by_steps = beneath_open_by_steps(world->fd, path, flags);
    int steps_errno = by_steps < 0 ? errno : 0;
    if (kernel_errno != number || steps_errno != number)
        fail_msg("%s: %s and %s, not %s", path, strerror(kernel_errno), strerror(steps_errno),
                 strerror(number));
    if (number != 0)
        return;
    struct stat left;
    struct stat right;
    assert_int_equal(fstat(by_kernel, &left), 0);
    assert_int_equal(fstat(by_steps, &right), 0);
    assert_int_equal(left.st_ino, right.st_ino);
    assert_int_equal(fcntl(by_steps, F_GETFD), FD_CLOEXEC);
}

static void what_is_inside_is_opened(void **state)
{
    static const char *const files[] = {"a/b/file",      "./a//b/./file", "a/near/file", "a/up",
                                        "a/../a/b/file", "far",           "slash/file"};
    static const char *const folders[] = {".",    "a",      "a/",    "a/b/..",
                                          "a/..", "a/near", "slash", "./"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        expect(*state, files[i], O_RDONLY, 0);
        expect(*state, files[i], O_PATH, 0);
    }
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        expect(*state, folders[i], O_RDONLY | O_DIRECTORY, 0);
    expect(*state, "fifo", O_RDONLY | O_NONBLOCK, 0);
}

static void what_is_outside_is_not(void **state)
{
    static const char *const paths[] = {
        "..",          "../out/file",  "a/../../out/file", "away/file", "away",
        "/etc/passwd", "root",         "root/passwd",      "a/around",  "a/around/b",
        "/",           "a/b/../../..", "../in/a"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        expect(*state, paths[i], O_RDONLY, EXDEV);
}

static void what_is_wrong_is_told(void **state)
{
    char name[300];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    expect(*state, "nothing", O_RDONLY, ENOENT);
    expect(*state, "dangling", O_RDONLY, ENOENT);
    expect(*state, "", O_RDONLY, ENOENT);
    expect(*state, "nothing/..", O_RDONLY, ENOENT);
    expect(*state, "loop", O_RDONLY, ELOOP);
    expect(*state, "loop/file", O_RDONLY, ELOOP);
    expect(*state, "a/b/file/x", O_RDONLY, ENOTDIR);
    expect(*state, "a/b/file", O_RDONLY | O_DIRECTORY, ENOTDIR);
    expect(*state, name, O_RDONLY, ENAMETOOLONG);
}

static void whether_a_file_can_be_made_is_found_out(void **state)
{
    const struct world *world = *state;
    assert_int_equal(mkdirat(world->fd, "gone", 0700), 0);
    SCOPED_FD int fd = openat(world->fd, "gone", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(beneath_try_to_make(fd), 0);
    assert_int_equal(unlinkat(world->fd, "gone", AT_REMOVEDIR), 0); /* it is empty again */
    assert_int_equal(beneath_try_to_make(fd), ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_inside_is_opened),
        cmocka_unit_test(what_is_outside_is_not),
        cmocka_unit_test(what_is_wrong_is_told),
        cmocka_unit_test(whether_a_file_can_be_made_is_found_out),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

/* Making a process without waiting for its exec. */
#include "scheduler/keeper/child.h"

#include "scheduler/base/scope.h"
#include "scheduler/system/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* cmocka.h needs the headers above it */
#include <cmocka.h>

#define LOWEST_FD 10
#define ROUNDS 300

struct shop {
    struct child_maker maker;
    int null_fd;
};

/* valgrind knows no clone() that shares memory and does not wait. */
static void skip_under_valgrind(void)
{
    const char *preload = getenv("LD_PRELOAD");
    if (preload != NULL && strstr(preload, "vgpreload") != NULL)
        skip();
}

static void open_shop(struct shop *shop)
{
    struct error err = {0};
    skip_under_valgrind();
    assert_int_equal(child_maker_open(&shop->maker, &err), 0);
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    shop->null_fd = fcntl(fd, F_DUPFD_CLOEXEC, LOWEST_FD);
    close(fd);
    assert_true(shop->null_fd >= LOWEST_FD);
}

static void close_shop(struct shop *shop)
{
    child_maker_close(&shop->maker);
    close(shop->null_fd);
}

static struct child_options options_of(const struct shop *shop, const char *const *argv)
{
    static const char *const env[] = {"PATH=/nowhere:/usr/bin:/bin", NULL};
    int fd = shop->null_fd;
    return (struct child_options){
        .argv = argv, .env = env, .folder = "/", .fds = {fd, fd, fd, fd}, .cgroup_fd = -1};
}

static pid_t start(struct shop *shop, const struct child_options *options,
                   struct child_launch **ret_launch)
{
    struct error err = {0};
    struct child child;
    if (child_start(&shop->maker, options, &child, &err) < 0)
        fail_msg("%s", err.text);
    assert_true(child.pid > 0);
    *ret_launch = child.launch;
    return child.pid;
}

static int wait_for(pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void it_is_told_when_the_program_runs(void **state)
{
    (void)state;
    struct shop shop;
    open_shop(&shop);
    const char *const argv[] = {"sleep", "60", NULL};
    struct child_options options = options_of(&shop, argv);
    struct child_launch *launch;
    pid_t pid = start(&shop, &options, &launch);
    assert_non_null(launch);
    int64_t until = clock_monotonic().us + 10 * DURATION_SECOND_US;
    while (child_launch_progress(launch) == CHILD_LAUNCHING && clock_monotonic().us < until)
        usleep(100);
    assert_int_equal(child_launch_progress(launch), CHILD_RUNNING);
    char path[64];
    char name[64] = "";
    snprintf(path, sizeof path, "/proc/%ld/comm", (long)pid);
    SCOPED_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(read(fd, name, sizeof name - 1) > 0);
    assert_string_equal(name, "sleep\n");
    int number = 0;
    assert_int_equal(child_launch_end(launch, &number, NULL), 0);
    kill(pid, SIGKILL);
    assert_int_equal(WTERMSIG(wait_for(pid)), SIGKILL);
    close_shop(&shop);
}

static void it_is_told_why_no_program_runs(void **state)
{
    (void)state;
    static const struct {
        const char *argv[2];
        const char *folder;
        int number;
        const char *text;
    } cases[] = {
        {{"no-such-program", NULL}, "/", ENOENT, "`no-such-program` was not found"},
        {{"/etc/passwd", NULL}, "/", EACCES, "`/etc/passwd` is not an executable file"},
        {{"/no/such/program", NULL}, "/", ENOENT, "`/no/such/program` was not found"},
        {{"true", NULL}, "/no/such/folder", ENOENT, "cannot enter the folder /no/such/folder"},
    };
    struct shop shop;
    open_shop(&shop);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct child_options options = options_of(&shop, cases[i].argv);
        struct child_launch *launch;
        struct error err = {0};
        int number = 0;
        options.folder = cases[i].folder;
        pid_t pid = start(&shop, &options, &launch);
        assert_int_equal(WEXITSTATUS(wait_for(pid)), 127);
        assert_int_equal(child_launch_progress(launch), CHILD_FAILED);
        assert_int_equal(child_launch_end(launch, &number, &err), -1);
        assert_int_equal(number, cases[i].number);
        assert_non_null(strstr(err.text, cases[i].text));
    }
    close_shop(&shop);
}

/* Each has a place of its own; where there is none left, the start waits. */
static void many_are_launched_at_once(void **state)
{
    (void)state;
    const char *const argv[] = {"true", NULL};
    struct child_launch *launches[CHILD_LAUNCHES + 3];
    pid_t pids[CHILD_LAUNCHES + 3];
    struct shop shop;
    open_shop(&shop);
    struct child_options options = options_of(&shop, argv);
    for (int i = 0; i < CHILD_LAUNCHES + 3; i++) {
        pids[i] = start(&shop, &options, &launches[i]);
        assert_int_equal(launches[i] == NULL, i >= CHILD_LAUNCHES - 1);
    }
    const char *const missing[] = {"no-such-program", NULL};
    struct child_options wrong = options_of(&shop, missing);
    struct child child;
    struct error err = {0};
    int number = 0;
    assert_int_equal(child_start(&shop.maker, &wrong, &child, &err), -1);
    assert_int_equal(child.number, ENOENT);
    assert_non_null(strstr(err.text, "`no-such-program` was not found"));
    for (int i = 0; i < CHILD_LAUNCHES + 3; i++) {
        assert_int_equal(wait_for(pids[i]), 0);
        if (launches[i] != NULL)
            assert_int_equal(child_launch_end(launches[i], &number, NULL), 0);
    }
    start(&shop, &options, &launches[0]); /* the places are free again */
    assert_non_null(launches[0]);
    assert_int_equal(wait(NULL) > 0 && child_launch_end(launches[0], &number, NULL) == 0, true);
    close_shop(&shop);
}

/* A child that looks for its program in vain, in the same memory, changes no errno of ours. */
static void errno_is_left_alone(void **state)
{
    (void)state;
    const char *const argv[] = {"no-such-program", NULL};
    struct shop shop;
    open_shop(&shop);
    struct child_options options = options_of(&shop, argv);
    for (int round = 0; round < ROUNDS; round++) {
        struct child_launch *launch;
        int number = 0;
        pid_t pid = start(&shop, &options, &launch);
        do {
            errno = 0;
            assert_int_equal(close(-1), -1);
            for (volatile int i = 0; i < 200; i++) {
            }
            assert_int_equal(errno, EBADF);
        } while (child_launch_progress(launch) == CHILD_LAUNCHING);
        wait_for(pid);
        assert_int_equal(child_launch_end(launch, &number, NULL), -1);
    }
    close_shop(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_told_when_the_program_runs),
        cmocka_unit_test(it_is_told_why_no_program_runs),
        cmocka_unit_test(many_are_launched_at_once),
        cmocka_unit_test(errno_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "scheduler/system/service_manager.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* A manager that listens at `address`, with '@' for the NUL of an abstract one. */
static int listen_at(const char *address)
{
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    size_t length = strlen(address);
    assert_true(length < sizeof place.sun_path);
    memcpy(place.sun_path, address, length);
    if (address[0] == '@')
        place.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&place,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
                     0);
    return fd;
}

static void expect_heard(int fd, const char *expected)
{
    char heard[256];
    ssize_t length = recv(fd, heard, sizeof heard - 1, 0);
    assert_true(length >= 0);
    heard[length] = '\0';
    assert_string_equal(heard, expected);
}

static void tell_at(const char *address)
{
    int manager = listen_at(address);
    int fd;
    assert_int_equal(service_manager_connect(address, &fd, NULL), 0);
    service_manager_tell(fd, "READY=1\nSTATUS=2 flows");
    expect_heard(manager, "READY=1\nSTATUS=2 flows");
    close(manager);
    service_manager_tell(fd, "STOPPING=1"); /* to nobody any more */
    close(fd);
}

static void test_it_is_told_at_a_path(void **state)
{
    char dir[] = "/tmp/datemill-notify.XXXXXX";
    char path[64];
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/socket", dir);
    tell_at(path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0);
}

static void test_it_is_told_at_an_abstract_name(void **state)
{
    char name[64];
    (void)state;
    snprintf(name, sizeof name, "@datemill-test-%d", (int)getpid());
    tell_at(name);
}

static void test_a_manager_that_does_not_read_is_not_waited_for(void **state)
{
    char name[64];
    int fd;
    (void)state;
    snprintf(name, sizeof name, "@datemill-test-%d", (int)getpid());
    int manager = listen_at(name);
    assert_int_equal(service_manager_connect(name, &fd, NULL), 0);
    for (int i = 0; i < 10000; i++)
        service_manager_tell(fd, "WATCHDOG=1");
    expect_heard(manager, "WATCHDOG=1");
    close(manager);
    close(fd);
}

static void test_without_a_manager_nothing_happens(void **state)
{
    int fd = 7;
    (void)state;
    assert_int_equal(service_manager_connect(NULL, &fd, NULL), 0);
    assert_int_equal(fd, -1);
    assert_int_equal(service_manager_connect("", &fd, NULL), 0);
    assert_int_equal(fd, -1);
    service_manager_tell(fd, "READY=1");
}

static void test_other_addresses_are_refused(void **state)
{
    char long_path[200];
    int fd;
    struct error err = {0};
    (void)state;
    memset(long_path, 'x', sizeof long_path - 1);
    long_path[0] = '/';
    long_path[sizeof long_path - 1] = '\0';
    const char *const wrong[] = {"relative", "vsock:2:1234", "@",
                                 "/",        long_path,      "/nonexistent/socket"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        err = (struct error){0};
        assert_int_equal(service_manager_connect(wrong[i], &fd, &err), -1);
        assert_int_equal(err.kind, ERROR_KIND_PRECONDITION);
        assert_int_equal(fd, -1);
    }
}

static void test_the_watchdog_is_ours_or_nobodys(void **state)
{
    char pid[16];
    (void)state;
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    assert_int_equal(service_manager_watchdog("20000000", NULL).us, 20000000);
    assert_int_equal(service_manager_watchdog("20000000", pid).us, 20000000);
    assert_int_equal(service_manager_watchdog("20000000", "1").us, 0);
    assert_int_equal(service_manager_watchdog("20000000", "x").us, 0);
    assert_int_equal(service_manager_watchdog(NULL, pid).us, 0);
    const char *const wrong[] = {"", "-5", " 5", "5s", "99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(service_manager_watchdog(wrong[i], NULL).us, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_told_at_a_path),
        cmocka_unit_test(test_it_is_told_at_an_abstract_name),
        cmocka_unit_test(test_a_manager_that_does_not_read_is_not_waited_for),
        cmocka_unit_test(test_without_a_manager_nothing_happens),
        cmocka_unit_test(test_other_addresses_are_refused),
        cmocka_unit_test(test_the_watchdog_is_ours_or_nobodys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "scheduler/system/tcp_listen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

static void addresses_that_are_none(void **state)
{
    static const char *const texts[] = {"",
                                        ":",
                                        "x",
                                        "127.0.0.1:",
                                        "127.0.0.1:x",
                                        "127.0.0.1:65536",
                                        "127.0.0.1:-1",
                                        "127.0.0.1: 1",
                                        "256.0.0.1:0",
                                        "evil.example:80",
                                        "::1:0",
                                        "[::1]",
                                        "[::1:0",
                                        "65536",
                                        "127.0.0.1:0x50"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct error err = {0};
        int fd = -1;
        if (tcp_listen(texts[i], &fd, &err) == 0)
            fail_msg("`%s` was taken", texts[i]);
        assert_int_equal(err.kind, ERROR_KIND_USAGE);
        assert_int_equal(fd, -1);
    }
}

static void a_port_of_its_own(void **state)
{
    char address[TCP_ADDRESS_BYTES];
    struct error err = {0};
    int fd;
    int other;
    (void)state;
    assert_int_equal(tcp_listen("localhost:0", &fd, &err), 0);
    assert_int_equal(tcp_listen_address(fd, address, &err), 0);
    assert_memory_equal(address, "127.0.0.1:", 10);
    assert_string_not_equal(address, "127.0.0.1:0");
    assert_true(tcp_listen_is_loopback(fd));
    /* taken: told at once, with what to do */
    assert_int_equal(tcp_listen(address, &other, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_PRECONDITION);
    assert_non_null(strstr(err.help, "--listen"));
    close(fd);
    assert_int_equal(tcp_listen("0", &fd, &err), 0);
    assert_true(tcp_listen_is_loopback(fd));
    close(fd);
    assert_int_equal(tcp_listen("0.0.0.0:0", &fd, &err), 0);
    assert_false(tcp_listen_is_loopback(fd));
    close(fd);
    assert_int_equal(tcp_listen_address(fd, address, &err), -1);
    assert_false(tcp_listen_is_loopback(fd));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_that_are_none),
        cmocka_unit_test(a_port_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

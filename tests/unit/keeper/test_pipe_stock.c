/* Pipes that were made before they are needed. */
#include "scheduler/keeper/pipe_stock.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* cmocka.h needs the headers above it */
#include <cmocka.h>

static int count_fds(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void expect_pipe(int reader, int writer)
{
    char byte = 0;
    assert_int_equal(fcntl(reader, F_GETFD), FD_CLOEXEC);
    assert_int_equal(fcntl(writer, F_GETFD), FD_CLOEXEC);
    assert_int_equal(fcntl(writer, F_GETFL) & O_NONBLOCK, 0);
    assert_int_equal(read(reader, &byte, 1), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(write(writer, "x", 1), 1);
    assert_int_equal(read(reader, &byte, 1), 1);
    assert_int_equal(byte, 'x');
    close(writer);
    assert_int_equal(read(reader, &byte, 1), 0);
    close(reader);
}

static void a_set_is_the_same_from_the_stock_and_new(void **state)
{
    (void)state;
    int before = count_fds();
    struct pipe_stock stock = {0};
    pipe_stock_fill(&stock, 2);
    assert_int_equal(stock.count, 2);
    for (size_t i = 0; i < 3; i++) {
        struct pipe_set set;
        assert_int_equal(pipe_stock_take(&stock, &set, NULL), 0);
        assert_int_equal(stock.count, i < 2 ? 1 - i : 0);
        for (int j = 0; j < PIPE_SET_PIPES; j++)
            expect_pipe(set.readers[j], set.writers[j]);
    }
    pipe_stock_close(&stock);
    assert_int_equal(count_fds(), before);
}

static void a_stock_is_limited_and_closed(void **state)
{
    (void)state;
    int before = count_fds();
    struct pipe_stock stock = {0};
    pipe_stock_fill(&stock, 1000);
    assert_int_equal(stock.count, PIPE_STOCK_SETS);
    assert_int_equal(count_fds(), before + PIPE_STOCK_SETS * PIPE_SET_PIPES * 2);
    pipe_stock_close(&stock);
    assert_int_equal(stock.count, 0);
    assert_int_equal(count_fds(), before);
}

static void without_descriptors_nothing_is_left_half_made(void **state)
{
    (void)state;
    int before = count_fds();
    struct pipe_stock stock = {0};
    struct pipe_set set;
    struct error err = {0};
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    struct rlimit low = {.rlim_cur = (rlim_t)before + 3, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    pipe_stock_fill(&stock, 1);
    int result = pipe_stock_take(&stock, &set, &err);
    int number = errno;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(stock.count, 0);
    assert_int_equal(result, -1);
    assert_int_equal(number, EMFILE);
    assert_non_null(strstr(err.text, "cannot make a pipe"));
    assert_int_equal(count_fds(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_is_the_same_from_the_stock_and_new),
        cmocka_unit_test(a_stock_is_limited_and_closed),
        cmocka_unit_test(without_descriptors_nothing_is_left_half_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Clocks, the name of the boot, tokens. */
#include "scheduler/system/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <unistd.h>

#include <cmocka.h>

static void test_now(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    struct stat status;
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &status), 0);
    fclose(file);
    int64_t now = clock_now().us;
    /* what was made a moment ago bears the time of then; stamps may lag behind by a tick */
    assert_true(now >= (int64_t)status.st_mtime * DURATION_SECOND_US);
    assert_true(now < ((int64_t)status.st_mtime + 10) * DURATION_SECOND_US);
}

static void test_monotonic(void **state)
{
    (void)state;
    int64_t last = clock_monotonic().us;
    int64_t first = last;
    for (int i = 0; i < 100000; i++) {
        int64_t next = clock_monotonic().us;
        assert_true(next >= last);
        last = next;
    }
    usleep(20000);
    assert_true(clock_monotonic().us - first >= 20000);
}

static void test_when_this_process_started(void **state)
{
    (void)state;
    int64_t started = clock_process_started().us;
    int64_t now = clock_now().us;
    assert_true(started <= now + DURATION_SECOND_US / 50);
    assert_true(now - started < 120 * DURATION_SECOND_US);
    usleep(200000);
    int64_t again = clock_process_started().us;
    assert_true(llabs(again - started) < DURATION_SECOND_US / 10);
}

static void test_boot_id(void **state)
{
    (void)state;
    char one[CLOCK_BOOT_ID_BYTES] = "";
    char two[CLOCK_BOOT_ID_BYTES] = "";
    assert_int_equal(clock_read_boot_id(one, NULL), 0);
    assert_int_equal(clock_read_boot_id(two, NULL), 0);
    assert_string_equal(one, two);
    assert_int_equal(strlen(one), 36);
    assert_int_equal(strspn(one, "0123456789abcdef-"), 36);
}

static void test_tokens(void **state)
{
    (void)state;
    char tokens[64][CLOCK_TOKEN_BYTES];
    for (size_t i = 0; i < 64; i++) {
        memset(tokens[i], 'x', sizeof tokens[i]);
        assert_int_equal(clock_make_token(tokens[i], NULL), 0);
        assert_int_equal(strlen(tokens[i]), 32);
        assert_int_equal(strspn(tokens[i], "0123456789abcdef"), 32);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(tokens[i], tokens[j]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_now),
        cmocka_unit_test(test_monotonic),
        cmocka_unit_test(test_when_this_process_started),
        cmocka_unit_test(test_boot_id),
        cmocka_unit_test(test_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

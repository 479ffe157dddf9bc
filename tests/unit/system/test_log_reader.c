#include "scheduler/system/log_reader.h"

#include "scheduler/base/scope.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define STAMP "2026-11-22T10:31:02.123456789+00:00 "

struct fixture {
    char path[64];
    int fd;
    struct log_reader reader;
};

static void begin(struct fixture *fixture)
{
    snprintf(fixture->path, sizeof fixture->path, "/tmp/datemill-test-XXXXXX");
    fixture->fd = mkstemp(fixture->path);
    assert_true(fixture->fd >= 0);
    log_reader_open(&fixture->reader, fixture->path);
}

static void end(struct fixture *fixture)
{
    log_reader_close(&fixture->reader);
    close(fixture->fd);
    unlink(fixture->path);
}

static void add(struct fixture *fixture, const char *bytes)
{
    size_t length = strlen(bytes);
    assert_int_equal(write(fixture->fd, bytes, length), length);
}

static void expect(struct fixture *fixture, bool is_end, const char *text)
{
    struct attempt_log_line line;
    bool is_there = log_reader_next(&fixture->reader, is_end, &line);
    if (text == NULL) {
        assert_false(is_there);
        return;
    }
    assert_true(is_there);
    assert_int_equal(line.length, strlen(text));
    assert_memory_equal(line.text, text, line.length);
}

static void test_growing(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    expect(&fixture, false, NULL);
    add(&fixture, STAMP "stdout F one\n" STAMP "std");
    expect(&fixture, false, "one");
    expect(&fixture, false, NULL);
    add(&fixture, "err F two\n");
    expect(&fixture, false, "two");
    add(&fixture, "not of the format");
    expect(&fixture, false, NULL);
    expect(&fixture, true, "not of the format");
    expect(&fixture, true, NULL);
    end(&fixture);
}

/* Parts are joined by stream, also where the streams are interleaved; what never ends comes at the
 * end. */
static void test_parts(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    add(&fixture, STAMP "stdout P a\n" STAMP "stderr P x\n" STAMP "stdout F b\n" STAMP
                        "stdout F c\n" STAMP "stderr P y\n");
    expect(&fixture, false, "ab");
    expect(&fixture, false, "c");
    expect(&fixture, false, NULL);
    expect(&fixture, true, "xy");
    expect(&fixture, true, NULL);
    end(&fixture);
}

static void test_tail(void **state)
{
    (void)state;
    struct fixture fixture;
    char line[64];
    begin(&fixture);
    for (int i = 1; i <= 5000; i++) {
        snprintf(line, sizeof line, STAMP "stdout F %d\n", i);
        add(&fixture, line);
    }
    log_reader_seek_tail(&fixture.reader, 3);
    expect(&fixture, false, "4998");
    expect(&fixture, false, "4999");
    expect(&fixture, false, "5000");
    expect(&fixture, false, NULL);
    log_reader_close(&fixture.reader);
    log_reader_open(&fixture.reader, fixture.path);
    log_reader_seek_tail(&fixture.reader, 4000); /* further back than one piece of the file */
    expect(&fixture, false, "1001");
    log_reader_close(&fixture.reader);
    log_reader_open(&fixture.reader, fixture.path);
    log_reader_seek_tail(&fixture.reader, 6000);
    expect(&fixture, false, "1");
    end(&fixture);
}

static void test_long_line(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    static char block[65536];
    memset(block, 'x', sizeof block - 1);
    for (int i = 0; i < 40; i++)
        add(&fixture, block);
    struct attempt_log_line line;
    size_t total = 0;
    while (log_reader_next(&fixture.reader, true, &line)) {
        assert_true(line.length <= 2 * LOG_READER_MAX_LINE);
        total += line.length;
    }
    assert_int_equal(total, 40 * (sizeof block - 1));
    end(&fixture);
}

/* Page by page towards the start: each page ends where the one before began. */
static void test_pages(void **state)
{
    (void)state;
    struct fixture fixture;
    char line[64];
    begin(&fixture);
    for (int i = 1; i <= 10; i++) {
        snprintf(line, sizeof line, STAMP "stdout F line %d\n", i);
        add(&fixture, line);
    }
    assert_int_equal(log_reader_count(&fixture.reader, INT64_MAX, 1 << 20), 10);
    assert_int_equal(log_reader_count(&fixture.reader, INT64_MAX, 100), -1);
    log_reader_seek_before(&fixture.reader, INT64_MAX, 3);
    expect(&fixture, true, "line 8");
    int64_t before = fixture.reader.line_offset;
    expect(&fixture, true, "line 9");
    assert_int_equal(fixture.reader.line_offset - before, sizeof STAMP "stdout F line 8");
    expect(&fixture, true, "line 10");
    expect(&fixture, true, NULL);
    log_reader_close(&fixture.reader);
    log_reader_open_fd(&fixture.reader, open(fixture.path, O_RDONLY | O_CLOEXEC));
    log_reader_seek_before(&fixture.reader, before, 5);
    for (int i = 3; i <= 7; i++) {
        snprintf(line, sizeof line, "line %d", i);
        expect(&fixture, true, line);
    }
    expect(&fixture, true, NULL);
    assert_int_equal(log_reader_count(&fixture.reader, before, 1 << 20), 7);
    log_reader_close(&fixture.reader);
    log_reader_open(&fixture.reader, fixture.path);
    log_reader_seek_before(&fixture.reader, before + 4, 2); /* cuts a line and harms nobody */
    expect(&fixture, true, "line 7");
    expect(&fixture, true, "2026");
    expect(&fixture, true, NULL);
    end(&fixture);
}

/* The place of a line that came in parts is that of its first part. */
static void test_places_of_parts(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    add(&fixture,
        STAMP "stdout F a\n" STAMP "stdout P b\n" STAMP "stderr F x\n" STAMP "stdout F c\n");
    int64_t record = sizeof STAMP "stdout F a";
    expect(&fixture, true, "a");
    assert_int_equal(fixture.reader.line_offset, 0);
    expect(&fixture, true, "x");
    assert_int_equal(fixture.reader.line_offset, 2 * record);
    expect(&fixture, true, "bc");
    assert_int_equal(fixture.reader.line_offset, record);
    end(&fixture);
}

static void test_missing(void **state)
{
    (void)state;
    struct log_reader reader;
    struct attempt_log_line line;
    log_reader_open(&reader, "/nowhere/at/all.log");
    log_reader_seek_tail(&reader, 10);
    assert_false(log_reader_next(&reader, true, &line));
    log_reader_close(&reader);
    log_reader_open_fd(&reader, -1);
    log_reader_seek_before(&reader, 100, 10);
    assert_false(log_reader_next(&reader, true, &line));
    assert_int_equal(log_reader_count(&reader, 100, 1000), 0);
    log_reader_close(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_growing),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_tail),
        cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_places_of_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

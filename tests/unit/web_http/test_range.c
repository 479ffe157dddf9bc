#include "web/http/range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *header, enum http_range range, int64_t offset, int64_t length)
{
    int64_t got_offset = -1;
    int64_t got_length = -1;
    assert_int_equal(http_range_read(header, 100, &got_offset, &got_length), range);
    assert_int_equal(got_offset, offset);
    assert_int_equal(got_length, length);
}

static void ranges(void **state)
{
    (void)state;
    expect("bytes=0-9", HTTP_RANGE_PART, 0, 10);
    expect("Bytes=90-", HTTP_RANGE_PART, 90, 10);
    expect("bytes=-5", HTTP_RANGE_PART, 95, 5);
    expect("bytes=-500", HTTP_RANGE_PART, 0, 100);
    expect("bytes=99-4000000000000000000000", HTTP_RANGE_PART, 99, 1);
    expect("bytes=100-", HTTP_RANGE_OUTSIDE, -1, -1);
    expect("bytes=-0", HTTP_RANGE_OUTSIDE, -1, -1);
    expect("bytes=99999999999999999999999-", HTTP_RANGE_OUTSIDE, -1, -1);
}

static void others_count_as_none(void **state)
{
    static const char *const headers[] = {NULL,        "",           "bytes",      "bytes=",
                                          "bytes=-",   "bytes=9-5",  "bytes=a-b",  "bytes=1-2,5-6",
                                          "lines=1-2", "bytes=1-2 ", "bytes= 1-2", "bytes=+1-2"};
    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        expect(headers[i], HTTP_RANGE_NONE, -1, -1);
}

static void nothing_has_no_part(void **state)
{
    int64_t offset;
    int64_t length;
    (void)state;
    assert_int_equal(http_range_read("bytes=0-", 0, &offset, &length), HTTP_RANGE_OUTSIDE);
    assert_int_equal(http_range_read("bytes=-1", 0, &offset, &length), HTTP_RANGE_OUTSIDE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ranges),
                                       cmocka_unit_test(others_count_as_none),
                                       cmocka_unit_test(nothing_has_no_part)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

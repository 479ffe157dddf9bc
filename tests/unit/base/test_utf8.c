#include "scheduler/base/utf8.h"

#include "scheduler/base/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* The encoding of a code point, written here a second time. */
static size_t encode(int32_t code, char bytes[4])
{
    if (code < 0x80) {
        bytes[0] = (char)code;
        return 1;
    }
    size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = length - 1; i > 0; i--) {
        bytes[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    bytes[0] = (char)(lead[length] | (unsigned)code);
    return length;
}

static void test_every_code_point(void **state)
{
    (void)state;
    for (int32_t code = 0; code <= 0x10ffff; code++) {
        char bytes[4];
        size_t length = encode(code, bytes);
        int32_t got = -2;
        size_t step = utf8_decode(bytes, length, &got);
        bool is_surrogate = code >= 0xd800 && code < 0xe000;
        if (step != (is_surrogate ? 1 : length) || got != (is_surrogate ? -1 : code))
            fail_msg("code point %x: %zu bytes, %d", (unsigned)code, step, got);
    }
}

static void test_invalid(void **state)
{
    (void)state;
    static const char *const bad[] = {"\x80",
                                      "\xbf",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xc2",
                                      "\xc2\x41",
                                      "\xe0\x9f\xbf",
                                      "\xe4\xb8",
                                      "\xe4\xb8\x41",
                                      "\xed\xa0\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf0\x9f\x98",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xff",
                                      "\xfe"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int32_t code = 0;
        assert_int_equal(utf8_decode(bad[i], strlen(bad[i]), &code), 1);
        assert_int_equal(code, -1);
        assert_int_equal(utf8_valid_prefix(bad[i], strlen(bad[i])), 0);
    }
    int32_t code = 5;
    assert_int_equal(utf8_decode("", 0, &code), 0);
    assert_int_equal(utf8_valid_prefix("ab经\xff", 6), 5);
    assert_int_equal(utf8_valid_prefix("ab经", 4), 2);
    assert_int_equal(utf8_valid_prefix("ab经", 5), 5);
}

static void test_width(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t width;
    } rows[] = {
        {"", 0},
        {"abc", 3},
        {"经营数据分析", 12},
        {"é", 1},
        {"e\xCC\x81", 1},
        {"（）", 4},
        {"ｱ", 1},
        {"ＡＢ", 4},
        {"한국", 4},
        {"\xF0\x9F\x98\x80", 2},
        {"\xff", 1},
        {"\t\n", 0},
        {"○●✓", 3},
        {"…", 1},
        {"\xE2\x80\x8D", 0},
        {"─│┌", 3},
        {"かな", 4},
        {"\xE1\x84\x80\xE1\x85\xA1", 2},
        {"𠀀", 2},
        {"α", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t width = utf8_width(rows[i].text, strlen(rows[i].text));
        if (width != rows[i].width)
            fail_msg("%s: %zu columns, not %zu", rows[i].text, width, rows[i].width);
    }
    assert_int_equal(utf8_prefix_of_width("经营", 6, 3), 3);
    assert_int_equal(utf8_prefix_of_width("经营", 6, 4), 6);
    assert_int_equal(utf8_prefix_of_width("经营", 6, 1), 0);
    assert_int_equal(utf8_prefix_of_width("e\xCC\x81z", 4, 1), 3);
}

static void test_safe(void **state)
{
    (void)state;
    SCOPED_TEXT struct text text = {0};
    const char bytes[] = "a\x1b[2J\tb\n\x7f\xC2\x9B"
                         "1\xff经\xE2\x80\xAE";
    utf8_append_safe(&text, bytes, sizeof bytes - 1);
    assert_string_equal(text_string(&text), "a\xEF\xBF\xBD[2J\tb\n\xEF\xBF\xBD\xEF\xBF\xBD"
                                            "1\xEF\xBF\xBD经\xEF\xBF\xBD");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_code_point),
        cmocka_unit_test(test_invalid),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

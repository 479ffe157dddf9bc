#include "web/api/base64url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void both_ways(void **state)
{
    static const char *const pairs[][2] = {
        {"", ""},           {"f", "Zg"},        {"fo", "Zm8"},
        {"foo", "Zm9v"},    {"foob", "Zm9vYg"}, {"{\"i\":184102}", "eyJpIjoxODQxMDJ9"},
        {"\xff\xfe", "__4"}};
    struct arena arena = {0};
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char *bytes;
        size_t length;
        assert_string_equal(base64url_encode(&arena, pairs[i][0], strlen(pairs[i][0])),
                            pairs[i][1]);
        assert_true(base64url_decode(&arena, pairs[i][1], &bytes, &length));
        assert_int_equal(length, strlen(pairs[i][0]));
        assert_string_equal(bytes, pairs[i][0]);
    }
    arena_free(&arena);
}

static void other_texts_are_refused(void **state)
{
    static const char *const texts[] = {"Z", "Zm9vY", "Zg==", "Zm+v", "Zm/v", "Z g", "Zm9v\n"};
    struct arena arena = {0};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *bytes;
        size_t length;
        assert_false(base64url_decode(&arena, texts[i], &bytes, &length));
    }
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_ways),
                                       cmocka_unit_test(other_texts_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

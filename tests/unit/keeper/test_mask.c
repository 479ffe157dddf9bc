/* Masking: every occurrence, however the bytes are cut. */
#include "scheduler/base/random.h"
#include "scheduler/keeper/mask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_MASKS 6
#define MAX_BYTES 120

/* Fed in chunks of `chunk` bytes; what is held back never reaches the longest mask. */
static void expect_cut(const char *const *masks, const char *text, size_t chunk,
                       const char *expected)
{
    struct mask mask;
    struct mask_stream stream = {0};
    struct text out = {0};
    size_t longest = 1;
    size_t length = strlen(text);
    for (size_t i = 0; masks[i] != NULL; i++)
        longest = strlen(masks[i]) > longest ? strlen(masks[i]) : longest;
    mask_init(&mask, masks);
    for (size_t at = 0; at < length; at += chunk) {
        size_t part = length - at < chunk ? length - at : chunk;
        char *exact = malloc(part); /* for the sanitizer */
        memcpy(exact, text + at, part);
        mask_take(&mask, &stream, exact, part, &out);
        free(exact);
        assert_true(stream.held.length < longest);
        if (text[at + part - 1] == '\n')
            assert_int_equal(stream.held.length, 0);
    }
    mask_finish(&mask, &stream, &out);
    mask_free(&mask);
    assert_string_equal(text_string(&out), expected);
    text_free(&out);
}

static void expect(const char *const *masks, const char *text, const char *expected)
{
    for (size_t chunk = 1; chunk <= strlen(text); chunk++)
        expect_cut(masks, text, chunk, expected);
}

static void test_one(void **state)
{
    (void)state;
    const char *const masks[] = {"hunter2", NULL};
    expect(masks, "hunter2", "***");
    expect(masks, "the word is hunter2, hunter2!", "the word is ***, ***!");
    expect(masks, "hunter", "hunter");
    expect(masks, "hunter\n2", "hunter\n2");
    expect(masks, "huhunter2hunter2hun", "hu******hun");
    expect(masks, "Hunter2 hunter 2", "Hunter2 hunter 2");
}

static void test_overlapping(void **state)
{
    (void)state;
    const char *const chain[] = {"abcd", "cdef", "efgh", NULL};
    expect(chain, "xabcdefghx", "x***x");
    expect(chain, "abcdabcd", "******");
    expect(chain, "abcdefg", "***g");
    const char *const nested[] = {"bcde", "abcdefgh", "cdef", "abcd", NULL};
    expect(nested, "abcdefgh", "***");
    expect(nested, "abcdefg", "***g");
    expect(nested, "abcdxabcde", "***x***");
    const char *const same[] = {"aaaa", "aaaa", NULL};
    expect(same, "aaaaaaaaaaab aaab", "***b aaab");
    const char *const start[] = {"secret", "secret-and-more", NULL};
    expect(start, "secret-and-less secret-and-more", "***-and-less ***");
}

static void test_nothing_to_mask(void **state)
{
    (void)state;
    const char *const none[] = {NULL};
    expect(none, "anything", "anything");
    struct mask mask;
    struct text out = {0};
    mask_init(&mask, NULL);
    mask_text(&mask, "as it is", &out);
    assert_string_equal(text_string(&out), "as it is");
    text_free(&out);
    mask_free(&mask);
}

static void test_any_bytes(void **state)
{
    (void)state;
    const char *const masks[] = {"密码\377", NULL};
    expect(masks, "a密码\377b密码", "a***b密码");
    struct mask mask;
    struct mask_stream stream = {0};
    struct text out = {0};
    mask_init(&mask, masks);
    mask_take(&mask, &stream, "\0密\0码\377\0", 10, &out);
    mask_finish(&mask, &stream, &out);
    assert_int_equal(out.length, 10);
    assert_memory_equal(out.data, "\0密\0码\377\0", 10);
    text_free(&out);
    mask_free(&mask);
}

/* The plain way: mark the bytes of each occurrence, then write. Runs that touch are told apart by
 * where overlapping occurrences end. */
static void mask_plainly(const char *const *masks, const char *text, char *ret_text)
{
    size_t length = strlen(text);
    size_t reach[MAX_BYTES + 1] = {0}; /* end of the longest occurrence that begins here */
    for (size_t i = 0; i < length; i++) {
        for (size_t m = 0; masks[m] != NULL; m++) {
            size_t size = strlen(masks[m]);
            if (strncmp(text + i, masks[m], size) == 0 && i + size > reach[i])
                reach[i] = i + size;
        }
    }
    for (size_t i = 0; i < length;) {
        if (reach[i] == 0) {
            *ret_text++ = text[i++];
            continue;
        }
        size_t end = reach[i];
        for (size_t j = i; j < end; j++)
            end = reach[j] > end ? reach[j] : end;
        memcpy(ret_text, MASK_TEXT, strlen(MASK_TEXT));
        ret_text += strlen(MASK_TEXT);
        i = end;
    }
    *ret_text = '\0';
}

static void test_against_the_plain_way(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 20261122);
    for (int round = 0; round < 20000; round++) {
        char texts[MAX_MASKS][8];
        const char *masks[MAX_MASKS + 1] = {0};
        char text[MAX_BYTES + 1];
        char expected[4 * MAX_BYTES];
        size_t count = 1 + random_below(&random, MAX_MASKS);
        for (size_t m = 0; m < count; m++) {
            size_t size = 1 + random_below(&random, 6);
            for (size_t i = 0; i < size; i++)
                texts[m][i] = (char)('a' + random_below(&random, 2));
            texts[m][size] = '\0';
            masks[m] = texts[m];
        }
        size_t length = 1 + random_below(&random, MAX_BYTES);
        for (size_t i = 0; i < length; i++)
            text[i] = "aaabbb\nc"[random_below(&random, 8)];
        text[length] = '\0';
        mask_plainly(masks, text, expected);
        expect_cut(masks, text, 1 + random_below(&random, length), expected);
    }
}

/* A long secret of one letter against a flood of it: each byte is looked at once. */
static void test_the_worst_case(void **state)
{
    (void)state;
    size_t size = 60000;
    char *secret = malloc(size + 1);
    char *flood = malloc(1 << 20);
    memset(secret, 'a', size);
    secret[size] = '\0';
    memset(flood, 'a', 1 << 20);
    const char *masks[] = {secret, "aaaab", NULL};
    struct mask mask;
    struct mask_stream stream = {0};
    struct text out = {0};
    mask_init(&mask, masks);
    for (int i = 0; i < 8; i++) {
        mask_take(&mask, &stream, flood, 1 << 20, &out);
        assert_true(stream.held.length < size);
    }
    mask_finish(&mask, &stream, &out);
    assert_string_equal(text_string(&out), MASK_TEXT);
    text_free(&out);
    mask_free(&mask);
    free(secret);
    free(flood);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one),
        cmocka_unit_test(test_overlapping),
        cmocka_unit_test(test_nothing_to_mask),
        cmocka_unit_test(test_any_bytes),
        cmocka_unit_test(test_against_the_plain_way),
        cmocka_unit_test(test_the_worst_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

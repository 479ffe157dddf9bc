#include "scheduler/base/arena.h"

#include "scheduler/base/random.h"
#include "scheduler/base/scope.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PIECES 2000

/* Pieces are zeroed, aligned, and apart from each other. */
static void test_pieces(void **state)
{
    (void)state;
    SCOPED_ARENA struct arena arena = {0};
    struct random random;
    unsigned char *pieces[PIECES];
    size_t sizes[PIECES];
    random_seed(&random, 9);
    for (size_t i = 0; i < PIECES; i++) {
        sizes[i] = (size_t)random_below(&random, i % 100 == 0 ? 100000 : 200);
        pieces[i] = arena_alloc(&arena, sizes[i]);
        assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(pieces[i][j], 0);
        memset(pieces[i], (int)(i % 251) + 1, sizes[i]);
    }
    for (size_t i = 0; i < PIECES; i++) {
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(pieces[i][j], (int)(i % 251) + 1);
    }
}

static void test_copies(void **state)
{
    (void)state;
    SCOPED_ARENA struct arena arena = {0};
    char *copy = arena_copy(&arena, "abcdef", 3);
    assert_string_equal(copy, "abc");
    assert_string_equal(arena_copy(&arena, "", 0), "");
    assert_null(arena_copy_string(&arena, NULL));
    assert_string_equal(arena_copy_string(&arena, "x"), "x");
    assert_string_equal(arena_format(&arena, "%s-%05d", "n", 42), "n-00042");
    assert_string_equal(copy, "abc");
}

static void test_growing(void **state)
{
    (void)state;
    SCOPED_ARENA struct arena arena = {0};
    size_t *numbers = NULL;
    size_t capacity = 0;
    for (size_t i = 0; i < 5000; i++) {
        numbers = arena_grow(&arena, numbers, i, &capacity, sizeof *numbers);
        assert_true(capacity > i);
        numbers[i] = i * 3;
    }
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(numbers[i], i * 3);
}

static void test_cap(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1000);
    assert_false(arena_is_over(&arena));
    arena_alloc(&arena, 900);
    assert_false(arena_is_over(&arena));
    arena_alloc(&arena, 200);
    assert_true(arena_is_over(&arena));
    arena_free(&arena);
    assert_false(arena_is_over(&arena));
    assert_string_equal(arena_copy_string(&arena, "again"), "again");
    arena_free(&arena);
    arena_init(&arena, 0);
    arena_alloc(&arena, 1 << 20);
    assert_false(arena_is_over(&arena));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_growing),
        cmocka_unit_test(test_cap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

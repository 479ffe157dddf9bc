/* Secrets: where they come from, and what of them is masked. */
#include "scheduler/base/scope.h"
#include "scheduler/daemon/secret.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

struct world {
    char folder[64];
    char path[96];
    struct arena arena;
    struct error err;
};

static struct world *open_world(void)
{
    struct world *world = calloc(1, sizeof *world);
    snprintf(world->folder, sizeof world->folder, "/tmp/datemill-secret-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    snprintf(world->path, sizeof world->path, "%s/key", world->folder);
    return world;
}

static void close_world(struct world *world)
{
    unlink(world->path);
    rmdir(world->folder);
    arena_free(&world->arena);
    free(world);
}

static void write_file(const struct world *world, const char *bytes, size_t length)
{
    SCOPED_FILE FILE *file = fopen(world->path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
}

static int read_file(struct world *world, const char **ret_text)
{
    struct node_environment entry = {.name = "KEY", .secret_file = world->path};
    return secret_read(&entry, &world->arena, ret_text, &world->err);
}

static void test_a_file(void **state)
{
    (void)state;
    struct world *world = open_world();
    const char *text = "untouched";
    write_file(world, "two\nlines \r\n\n", 13);
    assert_int_equal(read_file(world, &text), 0);
    assert_string_equal(text, "two\nlines ");
    write_file(world, "\n", 1);
    assert_int_equal(read_file(world, &text), 0);
    assert_string_equal(text, "");
    close_world(world);
}

static void test_files_that_are_no_secrets(void **state)
{
    (void)state;
    struct world *world = open_world();
    char *bytes = malloc(SECRET_MAX_BYTES + 1);
    const char *text = "untouched";
    memset(bytes, 'x', SECRET_MAX_BYTES + 1);
    assert_int_equal(read_file(world, &text), -1); /* there is none */
    assert_non_null(strstr(world->err.text, world->path));
    assert_non_null(strstr(world->err.text, "No such file"));
    write_file(world, "a\0b", 3);
    assert_int_equal(read_file(world, &text), -1);
    assert_non_null(strstr(world->err.text, world->path));
    write_file(world, bytes, SECRET_MAX_BYTES + 1);
    assert_int_equal(read_file(world, &text), -1);
    assert_non_null(strstr(world->err.text, "longer than 65536 bytes"));
    assert_null(strstr(world->err.text, "xxxx"));
    unlink(world->path);
    assert_int_equal(mkdir(world->path, 0700), 0);
    assert_int_equal(read_file(world, &text), -1);
    rmdir(world->path);
    assert_string_equal(text, "untouched");
    write_file(world, bytes, SECRET_MAX_BYTES);
    assert_int_equal(read_file(world, &text), 0);
    assert_int_equal(strlen(text), SECRET_MAX_BYTES);
    free(bytes);
    close_world(world);
}

static void test_a_variable(void **state)
{
    (void)state;
    struct world *world = open_world();
    struct node_environment entry = {.name = "KEY", .secret_env = "DATEMILL_TEST_SECRET"};
    const char *text = NULL;
    unsetenv("DATEMILL_TEST_SECRET");
    assert_int_equal(secret_read(&entry, &world->arena, &text, &world->err), -1);
    assert_non_null(strstr(world->err.text, "DATEMILL_TEST_SECRET"));
    setenv("DATEMILL_TEST_SECRET", "s3cret\n", 1);
    assert_int_equal(secret_read(&entry, &world->arena, &text, &world->err), 0);
    unsetenv("DATEMILL_TEST_SECRET");
    assert_string_equal(text, "s3cret\n");
    close_world(world);
}

static void expect_masks(const char *secret, const char *const *expected)
{
    struct arena arena = {0};
    struct secret_masks masks = {0};
    size_t count = 0;
    secret_add_masks(&masks, secret, &arena);
    for (; expected[count] != NULL; count++) {
        assert_true(count < masks.count);
        assert_string_equal(masks.texts[count], expected[count]);
    }
    assert_int_equal(masks.count, count);
    if (count > 0)
        assert_null(masks.texts[count]);
    arena_free(&arena);
}

static void test_what_is_masked(void **state)
{
    (void)state;
    expect_masks("", (const char *[]){NULL});
    expect_masks("abc", (const char *[]){NULL});
    expect_masks("abcd", (const char *[]){"abcd", NULL});
    expect_masks("head\nab\n\r\nlast one\r\n", (const char *[]){"head", "last one", NULL});
    expect_masks("a\"b\\c", (const char *[]){"a\"b\\c", "a\\\"b\\\\c", NULL});
    expect_masks("密码", (const char *[]){"密码", NULL});
}

static void test_many_masks(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct secret_masks masks = {0};
    for (int i = 0; i < 1000; i++) {
        char text[16];
        snprintf(text, sizeof text, "secret%d", i);
        secret_add_masks(&masks, text, &arena);
        assert_null(masks.texts[masks.count]);
    }
    assert_int_equal(masks.count, 1000);
    assert_string_equal(masks.texts[0], "secret0");
    assert_string_equal(masks.texts[999], "secret999");
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file),     cmocka_unit_test(test_files_that_are_no_secrets),
        cmocka_unit_test(test_a_variable), cmocka_unit_test(test_what_is_masked),
        cmocka_unit_test(test_many_masks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

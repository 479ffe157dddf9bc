/* Secrets that an attempt writes are neither in its log nor in its events, nor anywhere else. */
#include "tests/unit/keeper/harness.h"

#include <dirent.h>

#define SECRET "correct-horse-battery"

static const char *const masks[] = {SECRET, "-----BEGIN KEY-----", NULL};

/* The script's environment holds the secret, as the engine would have it. */
static void run_with_secret(struct world *world, int64_t attempt_id, const char *text)
{
    struct script *script = script_new(world, attempt_id, text);
    script->env[2] = "SECRET=" SECRET;
    script->start.masks = masks;
    script_start(world, script);
}

static bool holds(const char *bytes, size_t length, const char *text)
{
    return memmem(bytes, length, text, strlen(text)) != NULL;
}

/* No file of the state folder holds the text. */
static void expect_nowhere(const struct world *world, const char *folder, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", world->state_dir, folder);
    SCOPED_DIR DIR *files = opendir(path);
    assert_non_null(files);
    for (struct dirent *entry = readdir(files); entry != NULL; entry = readdir(files)) {
        size_t length = 0;
        if (entry->d_type != DT_REG)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        SCOPED_FREE char *bytes = read_file(world, path, &length);
        assert_non_null(bytes);
        if (holds(bytes, length, text))
            fail_msg("%s is in %s", text, path);
    }
}

static void test_both_streams(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    run_with_secret(world, 1,
                    "echo \"out $SECRET and $SECRET.\"; echo \"err $SECRET\" >&2; "
                    "printf '%s' '-----BEGIN KEY-----'");
    assert_int_equal(wait_end(world, 1)->status, 0);
    SCOPED_FREE char *log = read_log(world, 1);
    assert_non_null(strstr(log, " stdout F out *** and ***.\n"));
    assert_non_null(strstr(log, " stderr F err ***\n"));
    assert_non_null(strstr(log, " stdout P ***\n"));
    expect_nowhere(world, "logs/1", SECRET);
    expect_nowhere(world, "keeper", SECRET);
    world_close(world);
}

/* Written in two parts, with time between them; a beginning that is none comes out whole. */
static void test_in_parts(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    run_with_secret(world, 1,
                    "printf 'a correct-horse-'; sleep 0.3; printf 'battery b\\n'; "
                    "printf 'correct-'; sleep 0.2; echo mule; "
                    "printf 'correct-horse-battery' | dd bs=1 2>/dev/null; printf 'correct-'");
    wait_end(world, 1);
    SCOPED_FREE char *log = read_log(world, 1);
    assert_non_null(strstr(log, " stdout F a *** b\n"));
    assert_non_null(strstr(log, " stdout F correct-mule\n"));
    assert_non_null(strstr(log, " stdout P ***correct-\n"));
    world_close(world);
}

/* At each place around the end of a piece of 16 KiB. */
static void test_over_the_end_of_a_piece(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    run_with_secret(world, 1,
                    "for n in $(seq 16360 16390); do head -c $n /dev/zero | tr '\\0' x; "
                    "echo \"${SECRET}y\"; done");
    wait_end(world, 1);
    size_t length = 0;
    SCOPED_FREE char *log = read_file(world, "logs/1/log", &length);
    assert_false(holds(log, length, "correct"));
    assert_false(holds(log, length, "battery"));
    size_t lines = 0;
    for (const char *at = strstr(log, "y\n"); at != NULL; at = strstr(at + 1, "y\n"))
        lines++;
    assert_int_equal(lines, 31);
    world_close(world);
}

static void test_events(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    run_with_secret(world, 1,
                    "echo \"{\\\"key\\\":\\\"$SECRET\\\"}\" >&3; printf 'correct-' >&3; "
                    "sleep 0.1; printf 'horse-battery' >&3");
    wait_end(world, 1);
    assert_string_equal(world_wait(world, KEEPER_EVENT, 1)->text, "{\"key\":\"***\"}");
    SCOPED_FREE char *events = read_file(world, "logs/1/events", NULL);
    assert_string_equal(events, "{\"key\":\"***\"}\n***\n");
    world_close(world);
}

static void test_why_it_could_not_start(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    struct script *script = script_new(world, 1, "");
    script->argv[0] = "/nowhere/" SECRET;
    script->start.masks = masks;
    script_start(world, script);
    const struct keeper_end *end = wait_end(world, 1);
    assert_int_equal(end->kind, KEEPER_END_COULD_NOT_START);
    assert_string_equal(world_wait(world, KEEPER_ENDED, 1)->text, "`/nowhere/***` was not found");
    expect_nowhere(world, "logs/1", SECRET);
    expect_nowhere(world, "keeper", SECRET);
    world_close(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_streams),
        cmocka_unit_test(test_in_parts),
        cmocka_unit_test(test_over_the_end_of_a_piece),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_why_it_could_not_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Logs and events: what an attempt writes, and how much of it. */
#include "tests/unit/keeper/harness.h"

#include <inttypes.h>

static void test_lines_and_streams(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    run_script(world, 1, "printf 'one\\ntwo\\n'; printf 'err\\n' >&2; printf 'no newline'");
    const struct keeper_end *end = wait_end(world, 1);
    SCOPED_FREE char *log = read_log(world, 1);
    assert_int_equal(end->log_bytes, (int64_t)strlen(log));
    assert_int_equal(end->log_lost_bytes, 0);
    char *one = strstr(log, " stdout F one\n");
    assert_non_null(one);
    assert_non_null(strstr(one, " stdout F two\n"));
    assert_non_null(strstr(log, " stderr F err\n"));
    assert_non_null(strstr(log, " stdout P no newline\n"));
    /* 2026-11-22T10:31:02.123456789+00:00 */
    assert_int_equal(one - log, 35);
    assert_int_equal(log[10], 'T');
    assert_int_equal(log[19], '.');
    assert_memory_equal(log + 29, "+00:00", 6);
    world_close(world);
}

/* The text of stdout's lines put together again: P pieces are followed by no newline. */
static char *join_pieces(char *log, size_t *ret_length)
{
    struct text text = {0};
    char *rest = NULL;
    for (char *line = strtok_r(log, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char *tag = strstr(line, " stdout ");
        assert_non_null(tag);
        text_append(&text, tag + 10);
        if (tag[8] == 'F')
            text_append_char(&text, '\n');
        assert_true(strlen(tag + 10) <= 16384);
    }
    *ret_length = text.length;
    return text_take(&text);
}

static void test_long_lines_come_in_pieces(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    run_script(world, 1,
               "head -c 50000 /dev/zero | tr '\\0' x; echo; head -c 16384 /dev/zero | tr '\\0' y; "
               "echo; printf z");
    wait_end(world, 1);
    SCOPED_FREE char *log = read_log(world, 1);
    size_t length;
    SCOPED_FREE char *text = join_pieces(log, &length);
    assert_int_equal(length, 50000 + 1 + 16384 + 1 + 1);
    assert_int_equal(strspn(text, "x"), 50000);
    assert_int_equal(strspn(text + 50001, "y"), 16384);
    assert_string_equal(text + 50001 + 16384, "\nz");
    world_close(world);
}

/* Lines of 10 bytes, each its number: a run from the first and a run to the last are kept. */
static void test_cap_keeps_head_and_tail(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    struct script *script = script_new(world, 1, "seq -f '%09.0f' 1 200000; echo end >&2");
    script->start.log_limit = 1 << 20;
    script_start(world, script);
    const struct keeper_end *end = wait_end(world, 1);
    SCOPED_FREE char *log = read_log(world, 1);
    assert_int_equal(end->log_bytes, (int64_t)strlen(log));
    assert_true(end->log_bytes <= 1 << 20);
    assert_true(end->log_bytes > (1 << 20) * 7 / 10);
    int64_t lines = 0;
    int64_t expected = 1;
    bool is_gap_seen = false;
    char *rest = NULL;
    for (char *line = strtok_r(log, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (strstr(line, " datemill F ") != NULL) {
            char stated[64];
            snprintf(stated, sizeof stated, " %" PRId64 " bytes of output are left out here",
                     end->log_lost_bytes);
            assert_non_null(strstr(line, stated));
            assert_false(is_gap_seen);
            is_gap_seen = true;
            assert_true(lines * 55 > (1 << 20) * 4 / 10);
            expected = 0;
        } else if (strstr(line, " stdout F ") != NULL) {
            int64_t number = strtoll(strstr(line, " stdout F ") + 10, NULL, 10);
            if (expected != 0)
                assert_int_equal(number, expected);
            expected = number + 1;
            lines++;
        }
    }
    assert_true(is_gap_seen);
    assert_int_equal(expected, 200001);
    assert_int_equal(end->log_lost_bytes, (200000 - lines) * 10);
    assert_null(read_file(world, "logs/1/log.tail0", NULL));
    assert_null(read_file(world, "logs/1/log.tail1", NULL));
    world_close(world);
}

static int64_t resident_bytes(pid_t pid)
{
    char path[64];
    char line[128] = "";
    snprintf(path, sizeof path, "/proc/%ld/statm", (long)pid);
    SCOPED_FILE FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    return strtol(line + strcspn(line, " "), NULL, 10) * sysconf(_SC_PAGESIZE);
}

/* One gigabyte neither fills the memory nor keeps others from running. */
static void test_a_flood(void **state)
{
    (void)state;
    struct world *world = world_open(2);
    struct script *script =
        script_new(world, 1, "head -c 1000000000 /dev/zero | tr '\\0' 'a' | fold -w 120");
    script->start.log_limit = 1 << 20;
    script_start(world, script);
    world_wait(world, KEEPER_STARTED, 1);
    world_pause(world, 200);
    int64_t before = resident_bytes(world->keeper);
    int64_t beside = 0;
    for (int64_t id = 2; world_find(world, KEEPER_ENDED, 1, 0) == NULL; id++) {
        run_script(world, id, "exit 0");
        int64_t from = clock_monotonic().us;
        wait_end(world, id);
        assert_true(clock_monotonic().us - from < 5 * DURATION_SECOND_US);
        assert_true(resident_bytes(world->keeper) - before < 64 << 20);
        keeper_client_settled(world->client, &id, 1);
        world_pause(world, 20);
        beside++;
        assert_true(id < 2000);
    }
    const struct keeper_end *end = wait_end(world, 1);
    assert_true(beside >= 3);
    assert_true(end->log_bytes <= 1 << 20);
    int64_t output = 1000000000 + 1000000000 / 120;
    assert_in_range(end->log_lost_bytes, output - (1 << 20), output);
    world_close(world);
}

static void test_closed_streams(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    run_script(world, 1, "exec <&- >&- 2>&- 3>&-; sleep 0.1; exit 11");
    const struct keeper_end *end = wait_end(world, 1);
    assert_int_equal(end->status, 11);
    assert_true(end->elapsed.us >= 100000);
    world_close(world);
}

/* The end does not wait for whoever still holds the output. */
static void test_output_is_read_only_so_long(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    run_script(world, 1, "(sleep 0.02; echo late; sleep 300) & echo first; exit 0");
    const struct keeper_end *end = wait_end(world, 1);
    assert_true(clock_now().us - end->ended.us < 5 * DURATION_SECOND_US);
    assert_true(end->leftovers_killed >= 1);
    SCOPED_FREE char *log = read_log(world, 1);
    assert_non_null(strstr(log, "first"));
    assert_non_null(strstr(log, "late"));
    world_close(world);
}

static void test_events(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    run_script(world, 1,
               "echo '{\"progress\":{\"done\":1}}' >&3; printf '\\n{\"a\":' >&3; sleep 0.05; "
               "echo '2}' >&3; printf '{\"last\":true}' >&3; echo text");
    wait_end(world, 1);
    const struct told *first = world_wait(world, KEEPER_EVENT, 1);
    assert_string_equal(first->text, "{\"progress\":{\"done\":1}}");
    assert_string_equal(first[1].text, "{\"a\":2}");
    assert_string_equal(first[2].text, "{\"last\":true}");
    assert_int_equal(first[3].kind, KEEPER_ENDED);
    SCOPED_FREE char *events = read_file(world, "logs/1/events", NULL);
    assert_string_equal(events, "{\"progress\":{\"done\":1}}\n{\"a\":2}\n{\"last\":true}\n");
    SCOPED_FREE char *log = read_log(world, 1);
    assert_null(strstr(log, "progress"));
    world_close(world);
}

static void test_events_have_limits(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    run_script(world, 1,
               "head -c 70000 /dev/zero | tr '\\0' x >&3; echo >&3; printf 'a\\0b\\n' >&3; "
               "echo '{\"fine\":1}' >&3; "
               "i=0; l=$(head -c 60000 /dev/zero | tr '\\0' y); "
               "while [ $i -lt 30 ]; do echo \"$l\" >&3; i=$((i+1)); done");
    wait_end(world, 1);
    assert_string_equal(world_wait(world, KEEPER_EVENT, 1)->text, "{\"fine\":1}");
    size_t length;
    SCOPED_FREE char *events = read_file(world, "logs/1/events", &length);
    assert_int_equal(length, 11 + 17 * 60001);
    assert_memory_equal(events, "{\"fine\":1}\nyyy", 14);
    SCOPED_FREE char *log = read_log(world, 1);
    assert_non_null(strstr(log, " datemill F 15 lines on descriptor 3 were dropped"));
    world_close(world);
}

static void test_bytes_of_any_kind(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    run_script(world, 1, "printf 'a\\0b\\377\\r\\n'");
    wait_end(world, 1);
    size_t length;
    SCOPED_FREE char *log = read_file(world, "logs/1/log", &length);
    assert_int_equal(length, 35 + 10 + 6);
    assert_memory_equal(log + 45, "a\0b\377\r\n", 6);
    world_close(world);
}

static void test_a_log_that_cannot_be_written(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    struct script *script = script_new(world, 1, "echo 12345; exit 2");
    script->start.log_path = "/proc/no/such/place";
    script_start(world, script);
    const struct keeper_end *end = wait_end(world, 1);
    assert_int_equal(end->status, 2);
    assert_int_equal(end->log_bytes, 0);
    assert_int_equal(end->log_lost_bytes, 6);
    world_close(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_and_streams),
        cmocka_unit_test(test_long_lines_come_in_pieces),
        cmocka_unit_test(test_cap_keeps_head_and_tail),
        cmocka_unit_test(test_a_flood),
        cmocka_unit_test(test_closed_streams),
        cmocka_unit_test(test_output_is_read_only_so_long),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_events_have_limits),
        cmocka_unit_test(test_bytes_of_any_kind),
        cmocka_unit_test(test_a_log_that_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

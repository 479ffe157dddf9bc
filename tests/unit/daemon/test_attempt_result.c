#include "scheduler/daemon/attempt_result.h"

#include "scheduler/base/scope.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* An attempt's two files in a folder of its own. */
struct files {
    char dir[64];
    char log[96];
    char events[96];
};

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void make(struct files *files, const char *log, const char *events)
{
    snprintf(files->dir, sizeof files->dir, "/tmp/datemill-result.XXXXXX");
    assert_non_null(mkdtemp(files->dir));
    snprintf(files->log, sizeof files->log, "%s/n.1.log", files->dir);
    snprintf(files->events, sizeof files->events, "%s/n.1.events", files->dir);
    if (log != NULL)
        write_file(files->log, log);
    if (events != NULL)
        write_file(files->events, events);
}

static void remove_files(const struct files *files)
{
    unlink(files->log);
    unlink(files->events);
    rmdir(files->dir);
}

static struct attempt_result result_of(const struct keeper_end *end, const char *log,
                                       const char *events, struct arena *arena)
{
    struct files files;
    struct attempt_result result;
    size_t count;
    const struct node_type *shell = node_types_builtin(&count)[0];
    for (size_t i = 0; i < count; i++) {
        if (strcmp(node_types_builtin(&count)[i]->name, "shell") == 0)
            shell = node_types_builtin(&count)[i];
    }
    make(&files, log, events);
    struct attempt_files paths = {"n", files.log, files.events};
    attempt_result_make(shell, end, &paths, arena, &result);
    remove_files(&files);
    return result;
}

static void success_tells_what_was_written(void **state)
{
    (void)state;
    SCOPED_ARENA struct arena arena = {0};
    struct keeper_end end = {.kind = KEEPER_END_EXITED, .text = ""};
    struct attempt_result result = result_of(
        &end, NULL,
        "{\"progress\":{\"done\":1}}\nnonsense\n"
        "{\"table\":{\"name\":\"sales_stat\",\"partition\":\"dt=20211111\",\"rows\":52318}}\n"
        "{\"output\":{\"k\":\"v\",\"n\":3}}",
        &arena);
    assert_int_equal(result.outcome.end, ATTEMPT_END_SUCCESS);
    assert_string_equal(result.reason, "");
    assert_string_equal(result.result, "52,318 rows → sales_stat/dt=20211111");
    assert_int_equal(result.table_count, 1);
    assert_int_equal(result.tables[0].rows, 52318);
    assert_int_equal(result.output_count, 2);
    assert_string_equal(result.outputs[0].text, "v");
    assert_string_equal(result.outputs[1].text, "3");
}

static void a_failure_quotes_the_line_that_speaks_of_it(void **state)
{
    (void)state;
    SCOPED_ARENA struct arena arena = {0};
    struct keeper_end end = {.kind = KEEPER_END_EXITED, .status = 1, .text = ""};
    struct attempt_result result =
        result_of(&end,
                  "2026-11-22T10:31:02.100000000+00:00 stdout F begin\n"
                  "2026-11-22T10:31:02.200000000+00:00 stderr P Error: no such\n"
                  "2026-11-22T10:31:02.250000000+00:00 stdout F meanwhile\n"
                  "2026-11-22T10:31:02.300000000+00:00 stderr F  column: s.machineId\n"
                  "2026-11-22T10:31:02.400000000+00:00 stderr F bye\n",
                  NULL, &arena);
    assert_int_equal(result.outcome.end, ATTEMPT_END_FAILURE);
    assert_int_equal(result.outcome.code, 1);
    assert_string_equal(result.reason, "exit 1: no such column: s.machineId");
    assert_string_equal(result.result, "");
    /* the node's name stands before the reason wherever it is shown */
    result = result_of(&end, "2026-11-22T10:31:02.1Z stderr F Error: n: no such file: n: x\n", NULL,
                       &arena);
    assert_string_equal(result.reason, "exit 1: no such file: n: x");
    result = result_of(&end, "2026-11-22T10:31:02.1Z stderr F Error: no: it fails\n", NULL, &arena);
    assert_string_equal(result.reason, "exit 1: no: it fails");
    result =
        result_of(&end, "2026-11-22T10:31:02.1Z stderr F \033[31mError: n: no\033[0m such\033[K\n",
                  NULL, &arena);
    assert_string_equal(result.reason, "exit 1: no such");
}

static void without_a_log_the_status_is_told(void **state)
{
    (void)state;
    SCOPED_ARENA struct arena arena = {0};
    struct keeper_end killed = {.kind = KEEPER_END_SIGNALED, .status = SIGKILL, .text = ""};
    struct keeper_end late = {.kind = KEEPER_END_SIGNALED,
                              .why = KEEPER_WHY_TIMEOUT,
                              .status = SIGTERM,
                              .elapsed = {2000000},
                              .text = ""};
    struct keeper_end stopped = {.kind = KEEPER_END_EXITED, .why = KEEPER_WHY_STOP, .text = ""};
    struct keeper_end lost = {.kind = KEEPER_END_LOST, .text = ""};
    struct keeper_end none = {
        .kind = KEEPER_END_COULD_NOT_START, .status = 2, .text = "duckdb was not found"};
    assert_string_equal(result_of(&killed, NULL, NULL, &arena).reason, "killed by signal 9 (KILL)");
    assert_int_equal(result_of(&killed, NULL, NULL, &arena).outcome.end, ATTEMPT_END_SIGNAL);
    assert_int_equal(result_of(&late, NULL, NULL, &arena).outcome.end, ATTEMPT_END_TIMEOUT);
    assert_non_null(strstr(result_of(&late, NULL, NULL, &arena).reason, "timeout after 2"));
    assert_int_equal(result_of(&stopped, NULL, NULL, &arena).outcome.end, ATTEMPT_END_STOPPED);
    assert_int_equal(result_of(&lost, NULL, NULL, &arena).outcome.end, ATTEMPT_END_LOST);
    assert_string_equal(result_of(&none, NULL, NULL, &arena).reason,
                        "could not start: duckdb was not found");
    assert_int_equal(result_of(&none, NULL, NULL, &arena).outcome.end, ATTEMPT_END_COULD_NOT_START);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(success_tells_what_was_written),
        cmocka_unit_test(a_failure_quotes_the_line_that_speaks_of_it),
        cmocka_unit_test(without_a_log_the_status_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The three programs by their contract: a job on standard input, events on descriptor 3, exit
 * codes, the reason as the last line of standard error. */
#include "tests/unit/warehouse/warehouse_world.h"

#include "nodes/warehouse/failure.h"
#include "scheduler/base/json_out.h"

#include <sys/wait.h>

#define TABLES                                                                                     \
    "CREATE TABLE IF NOT EXISTS ev (json STRING) PARTITIONED BY (dt STRING);"                      \
    "CREATE TABLE IF NOT EXISTS out (n BIGINT, amount DECIMAL(38,18), note STRING)"

struct outcome {
    int status; /* exit code */
    char *out;
    char *err;
    char *events; /* "" where descriptor 3 was closed */
};

static void free_outcome(struct outcome *outcome)
{
    free(outcome->out);
    free(outcome->err);
    free(outcome->events);
}

static int open_file(const struct world *world, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", world->folder, name);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    return fd;
}

static char *read_file(const struct world *world, const char *name)
{
    char path[256];
    size_t length;
    snprintf(path, sizeof path, "%s/%s", world->folder, name);
    return world_read(path, &length);
}

static struct outcome run(const struct world *world, const char *const *words, const char *input,
                          bool has_events)
{
    char program[512];
    int in = open_file(world, "in");
    int out = open_file(world, "out");
    int err = open_file(world, "err");
    int events = open_file(world, "events");
    assert_int_equal(write(in, input, strlen(input)), strlen(input));
    assert_int_equal(lseek(in, 0, SEEK_SET), 0);
    snprintf(program, sizeof program, "%s/%s", TEST_BUILD_DIR, words[0]);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int wanted[] = {dup(in), dup(out), dup(err), dup(events)};
        for (int i = 0; i < 4; i++)
            dup2(fcntl(wanted[i], F_DUPFD, 20), i);
        if (!has_events)
            close(3);
        execv(program, (char *const *)(uintptr_t)words);
        _exit(126);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    close(in);
    close(out);
    close(err);
    close(events);
    assert_true(WIFEXITED(status));
    return (struct outcome){.status = WEXITSTATUS(status),
                            .out = read_file(world, "out"),
                            .err = read_file(world, "err"),
                            .events = read_file(world, "events")};
}

/* A job of the program's kind; `more` are its own members, with a leading comma. */
static struct outcome run_job(const struct world *world, const char *program, int attempt_id,
                              const char *more)
{
    struct text job = {0};
    struct json_out json;
    json_out_init(&json, &job);
    json_out_begin_object(&json);
    json_out_pair_string(&json, "state_dir", world->state);
    json_out_pair_int(&json, "run", 5);
    json_out_pair_string(&json, "flow", "f");
    json_out_pair_string(&json, "node", "load");
    json_out_pair_int(&json, "attempt", attempt_id);
    json_out_pair_int(&json, "attempt_id", attempt_id);
    json_out_pair_string(&json, "commit", "c0ffee");
    json_out_pair_string(&json, "bizdate", "2021-11-11");
    json_out_key(&json, "tables");
    json_out_begin_array(&json);
    json_out_begin_object(&json);
    json_out_pair_string(&json, "file", "tables/all.sql");
    json_out_pair_string(&json, "sql", TABLES);
    json_out_end_object(&json);
    json_out_end_array(&json);
    json_out_pair_string(&json, "reject_file", "/dev/null");
    text_append(&job, more);
    text_append(&job, "}");
    const char *const words[] = {program, NULL};
    struct outcome outcome = run(world, words, text_string(&job), true);
    text_free(&job);
    return outcome;
}

static struct outcome run_sync(const struct world *world, int attempt_id, const char *file)
{
    char more[512];
    snprintf(more, sizeof more,
             ",\"from\":{\"kind\":\"files\",\"root\":\"%s\",\"file\":\"%s\",\"format\":\"lines\"},"
             "\"to\":{\"table\":\"ev\",\"partition\":\"dt=1\",\"mode\":\"overwrite\"}",
             world->data, file);
    return run_job(world, "datemill-sync", attempt_id, more);
}

static struct outcome run_data(const struct world *world, const char *format, const char *verb,
                               const char *argument)
{
    const char *const words[] = {"datemill-data", "--state-dir", world->state, "--format", format,
                                 "--color",       "never",       verb,         argument,   NULL};
    return run(world, words, "", false);
}

static void check(struct outcome outcome, int status, const char *in_out, const char *last_err)
{
    const char *err = outcome.err;
    size_t length = strlen(err);
    while (length > 0 && err[length - 1] == '\n')
        length--;
    size_t start = length;
    while (start > 0 && err[start - 1] != '\n')
        start--;
    bool is_good = outcome.status == status && strstr(outcome.out, in_out) != NULL &&
                   (last_err == NULL || (strlen(last_err) == length - start &&
                                         strncmp(err + start, last_err, length - start) == 0));
    if (!is_good)
        fail_msg("exit %d, output:\n%s\nerrors:\n%s\nexpected %d, %s, %s", outcome.status,
                 outcome.out, outcome.err, status, in_out, last_err == NULL ? "" : last_err);
    free_outcome(&outcome);
}

static void a_day_through_all_three(void **state)
{
    struct world *world = *state;
    world_write(world, "day", "{\"m\":36527.1}\n{\"m\":0.06}\n");
    struct outcome outcome = run_sync(world, 1, "day");
    assert_string_equal(strstr(outcome.events, "{\"table\""),
                        "{\"table\":{\"name\":\"ev\",\"partition\":\"dt=1\",\"mode\":\"write\","
                        "\"rows\":2}}\n");
    check(outcome, 0, "2 rows → ev/dt=1\n", NULL);
    outcome =
        run_job(world, "datemill-sql", 2,
                ",\"file\":\"sql/x.sql\",\"line_offset\":0,\"sql\":\"INSERT OVERWRITE TABLE "
                "out SELECT count(1), sum(get_json_object(json, '$.m')), '经营' FROM ev WHERE "
                "dt = '1'; SELECT n FROM out;\"");
    assert_non_null(strstr(outcome.events, "{\"table\":{\"name\":\"out\",\"partition\":\"\","
                                           "\"mode\":\"write\",\"rows\":1}}\n"));
    check(outcome, 0, "1 rows → out\n", NULL);
    check(run_data(world, "csv", "query", "SELECT n, amount FROM out"), 0, "n,amount\n2,36527.16\n",
          NULL);
    check(
        run_data(world, "json", "query", "SELECT n, amount, note, NULL AS x, n > 1 AS y FROM out"),
        0, "[{\"n\":2,\"amount\":36527.16,\"note\":\"经营\",\"x\":null,\"y\":true}]\n", NULL);
    check(run_data(world, "table", "query", "SELECT note, n, NULL AS none FROM out"), 0,
          "note  n  none\n────  ─  ────\n经营  2  NULL\n", NULL);
    check(run_data(world, "csv", "query", "SELECT 'a,b' c, '' d, NULL e, 'x\"y' f"), 0,
          "c,d,e,f\n\"a,b\",\"\",,\"x\"\"y\"\n", NULL);
    check(run_data(world, "json", "query", "SELECT 1 WHERE 1 = 2"), 0, "[]\n", NULL);
    check(run_data(world, "json", "partitions", "ev"), 0, "{\"partition\":\"dt=1\",\"rows\":2,",
          NULL);
    check(run_data(world, "json", "show", "EV"), 0, "\"partitioned\":true", NULL);
    check(run_data(world, "table", "query", "SHOW PARTITIONS ev"), 0, "dt=1\n", NULL);
}

static void failures_have_codes_and_a_last_line(void **state)
{
    struct world *world = *state;
    char missing[512];
    snprintf(missing, sizeof missing,
             "Error: load: no source file for business date 2021-11-11: %s/none", world->data);
    check(run_sync(world, 1, "none"), 1, "", missing);
    check(run_job(world, "datemill-sql", 2,
                  ",\"file\":\"sql/x.sql\",\"sql\":\"SELECT 1;\\nSELECT n FRM out\""),
          1, "", "Error: sql/x.sql:2:14: expected `,` or FROM, found `out`");
    check(run_job(world, "datemill-sql", 3,
                  ",\"file\":\"flow.yaml\",\"line_offset\":11,\"sql\":\"SELECT nn FROM out\""),
          1, "", "Error: flow.yaml:12:8: no such column: nn");
    check(run_job(world, "datemill-sql", 4, ",\"sql\":\"SELECT cast('abc' AS bigint)\""), 1, "",
          "Error: SQL line 1, column 1: cannot cast: 'abc' is no BIGINT");
    check(run_job(world, "datemill-sql", 2, ",\"sql\":\"SELECT 1\""), 1, "",
          "Error: attempt 2 of node `load` in run 5 was replaced by a newer one (4); nothing was "
          "changed");
    const char *const sql[] = {"datemill-sql", NULL};
    check(run(world, sql, "{\"run\":", false), 1, "", NULL);
    check(run(world, sql, "[]", false), 1, "", "Error: the job is not a JSON object");
    check(run(world, sql,
              "{\"state_dir\":\"here\",\"run\":1,\"attempt_id\":1,\"flow\":\"f\",\"node\":"
              "\"n\"}",
              false),
          1, "", "Error: `state_dir` is not an absolute path: here");
}

static void looking_has_the_codes_of_the_command_line(void **state)
{
    struct world *world = *state;
    world_sql(world, TABLES);
    check(run_data(world, "table", "query", "SELECT x FROM out"), 3, "",
          "Error: SQL line 1, column 8: no such column: x");
    check(run_data(world, "table", "query", "SELECT n FROM oot"), 4, "",
          "Error: SQL line 1, column 15: there is no table `oot`");
    check(run_data(world, "table", "query", "DROP TABLE out"), 7, "",
          "Error: SQL line 1, column 1: only SELECT, SHOW and DESC are allowed here: nothing is "
          "changed");
    check(run_data(world, "table", "query", "SELECT cast('x' AS bigint)"), 1, "",
          "Error: SQL line 1, column 1: cannot cast: 'x' is no BIGINT");
    check(run_data(world, "table", "query", " -- nothing"), 3, "", "Error: the query is empty");
    check(run_data(world, "table", "show", "oot"), 4, "", "Error: there is no table `oot`");
    check(run_data(world, "xml", "show", "out"), 2, "", "Error: there is no format `xml`");
    check(run_data(world, "csv", "look", "out"), 2, "", "Error: there is no command `look`");
    const char *const nowhere[] = {"datemill-data", "--state-dir", "/nonexistent/x", "tables",
                                   NULL};
    check(run(world, nowhere, "", false), 4, "",
          "Error: there is no warehouse here yet: no table was ever written");
}

static void what_may_go_away_is_temporary(void **state)
{
    (void)state;
    struct error err = {0};
    errno = ENOSPC;
    failure_set_errno(&err, "cannot write");
    assert_int_equal(failure_exit_code(&err), 75);
    errno = EIO;
    failure_set_errno(&err, "cannot write");
    assert_int_equal(failure_exit_code(&err), 1);
    error_set(&err, ERROR_KIND_BUSY, "locked");
    assert_int_equal(failure_exit_code(&err), 75);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(a_day_through_all_three),
        EACH(failures_have_codes_and_a_last_line),
        EACH(looking_has_the_codes_of_the_command_line),
        cmocka_unit_test(what_may_go_away_is_temporary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

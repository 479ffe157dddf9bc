/* datemill-sql: the program behind nodes of type sql. The job comes on standard input. */
#include "nodes/warehouse/failure.h"
#include "nodes/warehouse/job.h"
#include "nodes/warehouse/result_writer.h"
#include "nodes/warehouse/script.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct run {
    struct job job;
    struct result_writer results;
};

static int begin_result(void *context, const struct query *query, struct error *err)
{
    struct run *run = context;
    (void)err;
    result_begin(&run->results, query);
    return 0;
}

static int write_row(void *context, const struct query *query, struct error *err)
{
    struct run *run = context;
    return result_row(&run->results, query, err);
}

static int end_result(void *context, struct error *err)
{
    struct run *run = context;
    return result_end(&run->results, err);
}

static int write_line(void *context, const char *line, struct error *err)
{
    (void)context;
    (void)err;
    printf("%s\n", line);
    return 0;
}

static void tell_written(void *context, const char *table, const char *partition, int64_t rows)
{
    struct run *run = context;
    printf("%lld rows → %s%s%s\n", (long long)rows, table, *partition == '\0' ? "" : "/",
           partition);
    fflush(stdout);
    job_tell_table(&run->job, table, partition, rows);
}

static void tell_started(void *context, size_t number, const char *text)
{
    (void)context;
    printf("[%zu] %s\n", number, text);
    fflush(stdout);
}

static void tell_progress(void *context, int64_t rows)
{
    struct run *run = context;
    job_tell_progress(&run->job, rows, -1, "rows");
}

static int64_t clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int run_job(struct run *run, struct error *err)
{
    const struct script_listener listener = {.begin_result = begin_result,
                                             .row = write_row,
                                             .end_result = end_result,
                                             .line = write_line,
                                             .written = tell_written,
                                             .started = tell_started,
                                             .progress = tell_progress,
                                             .context = run};
    const struct script script = {
        .catalog = &run->job.catalog, .writer = &run->job.writer, .listener = &listener};
    const char *sql;
    if (job_string(run->job.json, "sql", &sql, err) != 0) {
        job_show_error(stderr, &(struct job_problem){.err = err, .file = ""});
        return -1;
    }
    if (script_run(&script, sql, strlen(sql), NULL, err) == 0) {
        catalog_sweep(&run->job.catalog, false, NULL);
        return 0;
    }
    fflush(stdout);
    const struct job_problem problem = {.err = err,
                                        .file = json_get_string(run->job.json, "file", ""),
                                        .text = sql,
                                        .line_offset =
                                            (int)json_get_int(run->job.json, "line_offset", 0)};
    job_show_error(stderr, &problem);
    return -1;
}

int main(void)
{
    struct run run = {.job = {.out = stdout, .log = stderr},
                      .results = {.out = stdout, .format = RESULT_TABLE}};
    struct error err = {0};
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    int result = job_open(&run.job, clock_us, &err);
    if (result == 0)
        result = run_job(&run, &err);
    result_free(&run.results);
    job_close(&run.job);
    return result == 0 ? 0 : failure_exit_code(&err);
}

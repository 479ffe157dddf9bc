/* datemill-sync: the program behind nodes of type sync. The job comes on standard input. */
#include "nodes/warehouse/failure.h"
#include "nodes/warehouse/job.h"
#include "nodes/warehouse/sync.h"
#include "scheduler/base/scope.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

static int64_t clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int run_job(struct job *job, struct error *err)
{
    SCOPED_ARENA struct arena arena;
    arena_init(&arena, 0);
    struct sync sync = {0};
    bool is_skipped = false;
    int result = sync_read_job(&sync, job, err);
    if (result == 0)
        result = sync_run(&sync, &arena, &is_skipped, err);
    fflush(stdout);
    if (result != 0) {
        job_show_error(stderr, &(struct job_problem){.err = err, .file = ""});
    } else if (is_skipped) {
        printf("no source file %s/%s: skipped (on_missing: skip), the table stays as it is\n",
               sync.source.root, sync.source.file);
        job_tell_output(job, "skipped", sync.source.file);
    } else {
        catalog_sweep(&job->catalog, false, NULL);
    }
    sync_free(&sync);
    return result;
}

int main(void)
{
    struct job job = {.out = stdout, .log = stderr};
    struct error err = {0};
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    int result = job_open(&job, clock_us, &err);
    if (result == 0)
        result = run_job(&job, &err);
    job_close(&job);
    return result == 0 ? 0 : failure_exit_code(&err);
}

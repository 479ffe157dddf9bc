/* links datemill_keeper_lib: what a start through the keeper costs beside a bare posix_spawn loop.
 *
 *     bench_keeper [COUNT [PARALLEL]]
 *
 * Prints both times and their ratio. Nothing here asserts a time. */
#include "scheduler/base/scope.h"
#include "scheduler/system/clock.h"
#include "scheduler/system/keeper_client.h"
#include "scheduler/system/loop.h"

#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define GRANTED_AHEAD 16
#define ROUNDS 5

static const char *const program_argv[] = {"/bin/true", NULL};
static const char *const program_env[] = {"PATH=/usr/bin:/bin", NULL};

struct bench {
    struct loop *loop;
    struct keeper_client *client;
    char folder[64];
    int64_t next;   /* id of the next attempt */
    int64_t last;   /* id of the last one of the round */
    int64_t open;   /* granted, not ended */
    int64_t wanted; /* open at once */
    pid_t keeper;
    bool is_ready;
};

static int64_t spawn_loop(int count, int parallel)
{
    int64_t before = clock_monotonic().us;
    int running = 0;
    for (int i = 0; i < count; i++) {
        pid_t pid;
        if (posix_spawn(&pid, program_argv[0], NULL, NULL, (char *const *)program_argv,
                        (char *const *)program_env) != 0)
            return -1;
        if (++running == parallel && wait(NULL) > 0)
            running--;
    }
    while (wait(NULL) > 0) {
    }
    return clock_monotonic().us - before;
}

static void grant(struct bench *bench)
{
    while (bench->open < bench->wanted && bench->next <= bench->last) {
        char log_path[64];
        char events_path[64];
        snprintf(log_path, sizeof log_path, "logs/%" PRId64, bench->next);
        snprintf(events_path, sizeof events_path, "events/%" PRId64, bench->next);
        struct keeper_start start = {.attempt_id = bench->next++,
                                     .token = "0123456789abcdef0123456789abcdef",
                                     .folder = bench->folder,
                                     .argv = program_argv,
                                     .env = program_env,
                                     .log_path = log_path,
                                     .events_path = events_path,
                                     .timeout = duration_seconds(1800),
                                     .stop_grace = duration_seconds(10),
                                     .needs_slot = true};
        struct error err = {0};
        if (keeper_client_start(bench->client, &start, &err) < 0) {
            fprintf(stderr, "%s\n", err.text);
            exit(1);
        }
        bench->open++;
    }
}

static void on_message(void *owner, const struct keeper_message *message)
{
    struct bench *bench = owner;
    if (message->kind == KEEPER_WELCOME)
        bench->keeper = (pid_t)message->welcome.pid;
    if (message->kind == KEEPER_SNAPSHOT_END)
        bench->is_ready = true;
    if (message->kind != KEEPER_ENDED)
        return;
    if (message->ended.kind != KEEPER_END_EXITED || message->ended.status != 0) {
        fprintf(stderr, "attempt %" PRId64 " did not end as it should\n",
                message->ended.attempt_id);
        exit(1);
    }
    bench->open--;
    keeper_client_settled(bench->client, &message->ended.attempt_id, 1);
    grant(bench);
}

static int64_t keeper_loop(struct bench *bench, int count, int parallel)
{
    int64_t before = clock_monotonic().us;
    bench->last = bench->next + count - 1;
    bench->wanted = parallel + GRANTED_AHEAD;
    grant(bench);
    while (bench->open > 0) {
        if (loop_turn(bench->loop, (struct duration){-1}, NULL) < 0)
            return -1;
    }
    return clock_monotonic().us - before;
}

static int remove_file(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static int open_bench(struct bench *bench, int parallel, struct error *err)
{
    snprintf(bench->folder, sizeof bench->folder, "/tmp/datemill-bench-XXXXXX");
    if (mkdtemp(bench->folder) == NULL)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make a folder");
    struct keeper_client_options options = {.state_dir = bench->folder,
                                            .program = TEST_BUILD_DIR "/datemill-keeper",
                                            .slots = parallel,
                                            .idle = duration_ms(100),
                                            .on_message = on_message,
                                            .owner = bench};
    if (loop_open(&bench->loop, err) < 0)
        return -1;
    options.loop = bench->loop;
    bench->next = 1;
    if (keeper_client_open(&options, &bench->client, err) < 0)
        return -1;
    while (!bench->is_ready) {
        if (loop_turn(bench->loop, (struct duration){-1}, err) < 0)
            return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 1000;
    int parallel = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 2;
    struct bench bench = {0};
    struct error err = {0};
    if (count < 1 || parallel < 1 || parallel > KEEPER_MAX_SLOTS) {
        fprintf(stderr, "usage: bench_keeper [COUNT [PARALLEL]]\n");
        return 2;
    }
    if (open_bench(&bench, parallel, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    int64_t best_bare = INT64_MAX;
    int64_t best_kept = INT64_MAX;
    for (int round = 0; round < ROUNDS; round++) {
        int64_t bare = spawn_loop(count, parallel);
        int64_t kept = keeper_loop(&bench, count, parallel);
        best_bare = bare < best_bare ? bare : best_bare;
        best_kept = kept < best_kept ? kept : best_kept;
    }
    printf("%d x /bin/true, %d at once: posix_spawn %.1f ms, keeper %.1f ms, %.2f x (best of %d)\n",
           count, parallel, (double)best_bare / 1000, (double)best_kept / 1000,
           (double)best_kept / (double)best_bare, ROUNDS);
    keeper_client_close(bench.client);
    loop_close(bench.loop);
    kill(bench.keeper, SIGTERM);
    nftw(bench.folder, remove_file, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}

/* links datemill_daemon: what it takes to plan a backfill.
 *
 *     bench_backfill_plan PROJECT FLOW RANGE…
 *
 * Prints a line for each range: dates, milliseconds (median and best of ROUNDS), memory of the
 * plan, and how many dates it would keep, redo and run. Nothing here asserts a time. */
#include "scheduler/daemon/backfill_plan.h"
#include "scheduler/flow/flow_load.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define ROUNDS 9

struct bench {
    struct flow_source *source;
    struct project *project;
    struct flow *flow;
    struct store *store;
    struct diagnostics problems;
    struct arena arena;
};

static void die(const char *what, const struct error *err)
{
    fprintf(stderr, "bench_backfill_plan: %s: %s\n", what, err->text);
    exit(1);
}

static void open_all(struct bench *bench, const char *folder, const char *name)
{
    struct error err = {0};
    struct project_types types;
    char path[256];
    types.types = node_types_builtin(&types.count);
    diagnostics_init(&bench->problems);
    snprintf(path, sizeof path, "%s.yaml", name);
    if (flow_source_open_folder(folder, &bench->source, &err) != 0)
        die(folder, &err);
    if (project_load(bench->source, &types, &bench->problems, &bench->project) != 0 ||
        flow_load(bench->project, bench->source, path, &bench->problems, &bench->flow) != 0)
        die(path, &err);
    if (store_open_reader(bench->project->state_dir, &bench->store, &err) != 0 &&
        err.kind != ERROR_KIND_NOT_FOUND)
        die(bench->project->state_dir, &err);
}

static void close_all(struct bench *bench)
{
    store_close(bench->store);
    flow_free(bench->flow);
    project_free(bench->project);
    flow_source_close(bench->source);
    diagnostics_free(&bench->problems);
    arena_free(&bench->arena);
}

static int compare_times(const void *a, const void *b)
{
    const int64_t *left = a;
    const int64_t *right = b;
    return (*left > *right) - (*left < *right);
}

static void measure(struct bench *bench, const char *range)
{
    struct error err = {0};
    struct plan_dates dates;
    struct plan_dates_request request = {.words = &range, .word_count = 1, .today = {2021, 11, 22}};
    struct backfill_wish wish = {
        .flow = bench->flow, .dates = &dates, .redo = BACKFILL_REDO_FAILED, .parallel = 4};
    struct backfill_plan *plan = NULL;
    int64_t times[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        backfill_plan_free(plan);
        plan = NULL;
        int64_t before = clock_monotonic().us;
        if (plan_dates_parse(&request, &bench->arena, &dates, NULL, &err) != 0 ||
            backfill_plan_make(bench->store, &wish, &plan, &err) != 0)
            die(range, &err);
        times[i] = clock_monotonic().us - before;
    }
    qsort(times, ROUNDS, sizeof times[0], compare_times);
    printf("%7zu dates x %zu nodes %8.2f ms, best %8.2f ms %7zu KiB   keep %" PRId64
           ", redo %" PRId64 ", run %" PRId64 "\n",
           plan->count, bench->flow->node_count, (double)times[ROUNDS / 2] / 1000,
           (double)times[0] / 1000, plan->arena.used / 1024, plan->decided[DATE_KEEP],
           plan->decided[DATE_REDO], plan->decided[DATE_RUN]);
    backfill_plan_free(plan);
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    if (argc < 4) {
        fprintf(stderr, "usage: bench_backfill_plan PROJECT FLOW RANGE...\n");
        return 2;
    }
    open_all(&bench, argv[1], argv[2]);
    for (int i = 3; i < argc; i++)
        measure(&bench, argv[i]);
    close_all(&bench);
    return 0;
}

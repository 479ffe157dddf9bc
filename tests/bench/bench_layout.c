/* links datemill_web_draw: how long graphs take to lay out, and how many of their lines cross.
 *
 *     bench_layout
 *
 * Job-like graphs: each node needs one to three of the dozen before it. */
#include "web/draw/layout.h"

#include "scheduler/base/random.h"
#include "scheduler/base/scope.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define ROUNDS 20

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static struct layout_graph make_graph(struct arena *arena, uint32_t count)
{
    struct random random;
    struct layout_size *sizes = arena_array(arena, count, sizeof *sizes);
    struct layout_edge *edges = arena_array(arena, (size_t)count * 3, sizeof *edges);
    struct layout_graph graph = {.sizes = sizes, .box_count = count, .edges = edges};
    random_seed(&random, count);
    for (uint32_t i = 0; i < count; i++) {
        sizes[i] = (struct layout_size){150, 44};
        uint64_t needs = i > 0 ? 1 + random_below(&random, 3) : 0;
        for (uint64_t n = 0; n < needs; n++) {
            uint32_t back = 1 + (uint32_t)random_below(&random, i < 12 ? i : 12);
            edges[graph.edge_count++] = (struct layout_edge){i - back, i};
        }
    }
    return graph;
}

int main(void)
{
    static const uint32_t counts[] = {20, 60, 200, 1000, 5000};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        SCOPED_ARENA struct arena arena = {0};
        struct layout_graph graph = make_graph(&arena, counts[i]);
        struct layout layout = {0};
        double best = 0;
        for (int round = 0; round < ROUNDS; round++) {
            SCOPED_ARENA struct arena work = {0};
            double before = now_ms();
            if (!layout_make(&graph, &work, &layout))
                return 1;
            double took = now_ms() - before;
            best = round == 0 || took < best ? took : best;
        }
        printf("%5" PRIu32 " nodes %5zu edges   %6" PRId64 " crossings   %7.2f ms\n", counts[i],
               graph.edge_count, layout.crossings, best);
    }
    return 0;
}

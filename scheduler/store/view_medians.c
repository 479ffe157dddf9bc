#include "scheduler/store/view_internal.h"

#include <stdlib.h>

/* One run of a node. */
struct median_sample {
    int64_t node_id;
    int64_t us;
    const char *name; /* of its group's first row, else NULL */
};

struct median_samples {
    struct median_sample *items;
    size_t count;
    size_t capacity;
};

static int compare_samples(const void *a, const void *b)
{
    const struct median_sample *left = a;
    const struct median_sample *right = b;
    if (left->node_id != right->node_id)
        return left->node_id > right->node_id ? 1 : -1;
    return (left->us > right->us) - (left->us < right->us);
}

static int find_runs(struct store *store, const char *flow, int64_t ret_runs[VIEW_MEDIAN_SAMPLES],
                     size_t *ret_count, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT id FROM (SELECT * FROM run INDEXED BY run_by_flow"
                       "  WHERE flow_id = (SELECT id FROM flow WHERE name = ?1)"
                       "  ORDER BY id DESC LIMIT 200) AS newest"
                       " WHERE state = 2 AND opening = 1 LIMIT ?2",
                       err) != 0)
        return -1;
    statement_text(&s, flow);
    statement_int(&s, VIEW_MEDIAN_SAMPLES);
    int row;
    while ((row = statement_step(&s, err)) == 1 && *ret_count < VIEW_MEDIAN_SAMPLES)
        ret_runs[(*ret_count)++] = statement_get_int(&s, 0);
    return row < 0 ? -1 : 0;
}

static int add_run(struct store *store, int64_t run_id, struct arena *arena,
                   struct median_samples *samples, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT node_id, ended_at - started_at, name FROM node_run"
                       " JOIN node ON node.id = node_id"
                       " WHERE run_id = ?1 AND state = 2 AND attempts > 0 AND started_at > 0",
                       err) != 0)
        return -1;
    statement_int(&s, run_id);
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        samples->items = arena_grow(arena, samples->items, samples->count, &samples->capacity,
                                    sizeof *samples->items);
        samples->items[samples->count++] =
            (struct median_sample){.node_id = statement_get_int(&s, 0),
                                   .us = statement_get_int(&s, 1),
                                   .name = statement_get_text(&s, 2, arena)};
    }
    return row < 0 ? -1 : 0;
}

static struct view_node_median median_of(const struct median_sample *samples, size_t count)
{
    int64_t low = samples[(count - 1) / 2].us;
    int64_t high = samples[count / 2].us;
    return (struct view_node_median){
        .name = samples[0].name,
        .median = {.median = {low / 2 + high / 2 + (low % 2 + high % 2) / 2},
                   .samples = (int32_t)count}};
}

int view_node_medians(struct store *store, const char *flow, struct arena *arena,
                      struct view_node_medians *ret_medians, struct error *err)
{
    int64_t runs[VIEW_MEDIAN_SAMPLES];
    size_t run_count = 0;
    struct median_samples samples = {0};
    VIEW_MOMENT(moment);
    if (view_enter(&moment, store, err) != 0 || find_runs(store, flow, runs, &run_count, err) != 0)
        return -1;
    for (size_t i = 0; i < run_count; i++) {
        if (add_run(store, runs[i], arena, &samples, err) != 0)
            return -1;
    }
    if (samples.count > 0)
        qsort(samples.items, samples.count, sizeof *samples.items, compare_samples);
    struct view_node_median *items = arena_array(arena, samples.count + 1, sizeof *items);
    size_t count = 0;
    for (size_t first = 0, next = 0; first < samples.count; first = next) {
        while (next < samples.count && samples.items[next].node_id == samples.items[first].node_id)
            next++;
        items[count++] = median_of(samples.items + first, next - first);
    }
    *ret_medians = (struct view_node_medians){items, count};
    return 0;
}

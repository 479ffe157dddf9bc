#include "web/draw/layout_work.h"

#include <stdlib.h>
#include <string.h>

#define SWEEPS 24
#define SWEEPS_WITHOUT_GAIN 6
#define SWAP_ROUNDS 8
#define FRACTION 4096 /* of a place */

struct order_key {
    int64_t key;
    uint32_t place; /* decides between equal keys */
    uint32_t item;
};

/* Working memory, each with room for all items. */
struct order {
    struct layout_work *work;
    struct order_key *keys;
    uint32_t *slots;
    uint32_t *sums; /* counts over the places of a layer, as a Fenwick tree */
    uint32_t *best; /* places */
};

static int compare_keys(const void *a, const void *b)
{
    const struct order_key *left = a;
    const struct order_key *right = b;
    if (left->key != right->key)
        return left->key > right->key ? 1 : -1;
    return (left->place > right->place) - (left->place < right->place);
}

/* Puts the neighbours of an item on one side in the order of their places. */
static void sort_near(struct order *order, const struct layout_near *near, uint32_t item)
{
    const uint32_t *place = order->work->place;
    uint32_t *list = near->list + near->first[item];
    uint32_t count = near->first[item + 1] - near->first[item];
    bool is_sorted = true;
    for (uint32_t i = 1; i < count; i++)
        is_sorted = is_sorted && place[list[i - 1]] <= place[list[i]];
    order->work->effort -= count + 1;
    if (is_sorted)
        return;
    for (uint32_t i = 0; i < count; i++)
        order->keys[i] = (struct order_key){.key = place[list[i]], .item = list[i]};
    qsort(order->keys, count, sizeof *order->keys, compare_keys);
    for (uint32_t i = 0; i < count; i++)
        list[i] = order->keys[i].item;
}

/* Links between a layer and the next that cross. Neighbours on the right are sorted by it. */
static int64_t count_gap(struct order *order, uint32_t layer)
{
    struct layout_work *work = order->work;
    uint32_t width = work->layer_first[layer + 2] - work->layer_first[layer + 1];
    memset(order->sums, 0, (width + 1) * sizeof *order->sums);
    int64_t crossings = 0;
    uint32_t seen = 0;
    for (uint32_t i = work->layer_first[layer]; i < work->layer_first[layer + 1]; i++) {
        uint32_t item = work->layer_items[i];
        sort_near(order, &work->right, item);
        for (uint32_t n = work->right.first[item]; n < work->right.first[item + 1]; n++) {
            uint32_t above = 0;
            for (uint32_t at = work->place[work->right.list[n]] + 1; at > 0; at &= at - 1)
                above += order->sums[at];
            crossings += seen - above;
        }
        for (uint32_t n = work->right.first[item]; n < work->right.first[item + 1]; n++) {
            uint32_t at = work->place[work->right.list[n]] + 1;
            for (; at <= width; at += at & (~at + 1))
                order->sums[at]++;
            seen++;
        }
    }
    return crossings;
}

static int64_t count_all(struct order *order)
{
    int64_t crossings = 0;
    for (uint32_t layer = 0; layer + 1 < order->work->layer_count; layer++)
        crossings += count_gap(order, layer);
    return crossings;
}

/* The median of the places of the neighbours, weighted towards the denser side; -1 without any. */
static int64_t median(const struct layout_work *work, const struct layout_near *near, uint32_t item)
{
    const uint32_t *list = near->list + near->first[item];
    uint32_t count = near->first[item + 1] - near->first[item];
    if (count == 0)
        return -1;
    int64_t middle = work->place[list[count / 2]];
    if (count % 2 == 1)
        return middle * FRACTION;
    int64_t before = work->place[list[count / 2 - 1]];
    int64_t left = before - work->place[list[0]];
    int64_t right = work->place[list[count - 1]] - middle;
    if (left + right == 0)
        return (before + middle) * FRACTION / 2;
    return (before * right + middle * left) * FRACTION / (left + right);
}

/* Orders a layer by the medians on one side; items without neighbours there stay in their place. */
static void order_layer(struct order *order, uint32_t layer, bool is_left)
{
    struct layout_work *work = order->work;
    const struct layout_near *near = is_left ? &work->left : &work->right;
    uint32_t first = work->layer_first[layer];
    uint32_t width = work->layer_first[layer + 1] - first;
    uint32_t count = 0;
    for (uint32_t i = 0; i < width; i++)
        sort_near(order, near, work->layer_items[first + i]);
    for (uint32_t i = 0; i < width; i++) {
        uint32_t item = work->layer_items[first + i];
        int64_t key = median(work, near, item);
        if (key < 0)
            continue;
        order->slots[count] = i;
        order->keys[count++] = (struct order_key){.key = key, .place = i, .item = item};
    }
    qsort(order->keys, count, sizeof *order->keys, compare_keys);
    for (uint32_t i = 0; i < count; i++) {
        work->layer_items[first + order->slots[i]] = order->keys[i].item;
        work->place[order->keys[i].item] = order->slots[i];
    }
    work->effort -= width;
}

/* Crossings of the links of two items on one side, the first of them above. */
static int64_t count_pair(struct layout_work *work, const struct layout_near *near, uint32_t upper,
                          uint32_t lower)
{
    int64_t crossings = 0;
    uint32_t below = near->first[lower];
    for (uint32_t n = near->first[upper]; n < near->first[upper + 1]; n++) {
        while (below < near->first[lower + 1] &&
               work->place[near->list[below]] < work->place[near->list[n]])
            below++;
        crossings += below - near->first[lower];
    }
    work->effort -= near->first[upper + 1] - near->first[upper] + 2;
    return crossings;
}

/* Swaps neighbours of a layer where fewer lines cross afterwards; how many crossings that saved. */
static int64_t swap_layer(struct order *order, uint32_t layer)
{
    struct layout_work *work = order->work;
    int64_t saved = 0;
    for (uint32_t i = work->layer_first[layer]; i < work->layer_first[layer + 1]; i++) {
        sort_near(order, &work->left, work->layer_items[i]);
        sort_near(order, &work->right, work->layer_items[i]);
    }
    for (uint32_t i = work->layer_first[layer]; i + 1 < work->layer_first[layer + 1]; i++) {
        uint32_t upper = work->layer_items[i];
        uint32_t lower = work->layer_items[i + 1];
        int64_t gain = count_pair(work, &work->left, upper, lower) +
                       count_pair(work, &work->right, upper, lower) -
                       count_pair(work, &work->left, lower, upper) -
                       count_pair(work, &work->right, lower, upper);
        if (gain <= 0)
            continue;
        saved += gain;
        work->layer_items[i] = lower;
        work->layer_items[i + 1] = upper;
        work->place[lower]--;
        work->place[upper]++;
    }
    return saved;
}

static void swap_all(struct order *order)
{
    int64_t saved = 1;
    for (int round = 0; round < SWAP_ROUNDS && saved > 0 && order->work->effort > 0; round++) {
        saved = 0;
        for (uint32_t layer = 0; layer < order->work->layer_count; layer++)
            saved += swap_layer(order, layer);
    }
}

static void sweep(struct order *order, bool is_left)
{
    uint32_t layers = order->work->layer_count;
    for (uint32_t step = 1; step < layers; step++)
        order_layer(order, is_left ? step : layers - 1 - step, is_left);
}

/* Keeps the best order that is found on the way. */
static void improve(struct order *order)
{
    struct layout_work *work = order->work;
    size_t bytes = work->item_count * sizeof *work->place;
    work->crossings = count_all(order);
    memcpy(order->best, work->place, bytes);
    int without_gain = 0;
    for (int i = 0; i < SWEEPS && without_gain < SWEEPS_WITHOUT_GAIN; i++) {
        if (work->crossings == 0 || work->effort <= 0)
            break;
        sweep(order, i % 2 == 0);
        swap_all(order);
        int64_t crossings = count_all(order);
        without_gain++;
        if (crossings >= work->crossings)
            continue;
        without_gain = 0;
        work->crossings = crossings;
        memcpy(order->best, work->place, bytes);
    }
    memcpy(work->place, order->best, bytes);
    for (uint32_t item = 0; item < work->item_count; item++)
        work->layer_items[work->layer_first[work->items[item].layer] + work->place[item]] = item;
}

/* Boxes in topological order, each bend where its line's box is in the layer before. */
static void fill_layers(struct layout_work *work)
{
    size_t boxes = work->graph->box_count;
    uint32_t *filled = arena_array(work->arena, work->layer_count + 1, sizeof *filled);
    for (size_t i = 0; i < work->item_count; i++)
        work->layer_first[work->items[i].layer + 1]++;
    for (uint32_t layer = 0; layer < work->layer_count; layer++)
        work->layer_first[layer + 1] += work->layer_first[layer];
    for (size_t i = 0; i < work->item_count; i++) {
        uint32_t item = i < boxes ? work->order[i] : (uint32_t)i;
        uint32_t layer = work->items[item].layer;
        work->place[item] = filled[layer];
        work->layer_items[work->layer_first[layer] + filled[layer]++] = item;
    }
}

void layout_order(struct layout_work *work)
{
    size_t count = work->item_count + 1;
    work->layer_first =
        arena_array(work->arena, (size_t)work->layer_count + 2, sizeof *work->layer_first);
    work->layer_items = arena_array(work->arena, count, sizeof *work->layer_items);
    work->place = arena_array(work->arena, count, sizeof *work->place);
    fill_layers(work);
    struct order order = {
        .work = work,
        .keys = arena_array(work->arena, work->link_count + count, sizeof *order.keys),
        .slots = arena_array(work->arena, count, sizeof *order.slots),
        .sums = arena_array(work->arena, count + 1, sizeof *order.sums),
        .best = arena_array(work->arena, count, sizeof *order.best)};
    improve(&order);
}

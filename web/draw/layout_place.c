#include "web/draw/layout_work.h"

#include <string.h>

#define SWEEPS 12
#define FRACTION 64 /* of a pixel */
#define GAP_BOXES 16
#define GAP_BENDS 12
#define SNAP 7 /* pixels: a line that climbs less becomes straight where there is room */

/* Items of a layer that touch each other and therefore move together. */
struct place_block {
    int64_t sum;    /* of weight times wanted place of the first item */
    int64_t weight; /* at least 1 */
    uint32_t first; /* in the layer */
};

struct place {
    struct layout_work *work;
    int64_t *middle; /* of items, in fractions of a pixel */
    struct place_block *blocks;
    int64_t *offsets; /* of the items of a layer from its first one when all touch */
};

static bool is_bend(const struct layout_work *work, uint32_t item)
{
    return item >= work->graph->box_count;
}

/* Lines that pass layers are to be straight, more than others. */
static int64_t link_weight(const struct layout_work *work, uint32_t a, uint32_t b)
{
    return is_bend(work, a) && is_bend(work, b) ? 8 : is_bend(work, a) || is_bend(work, b) ? 2 : 1;
}

/* From the middle of an item to that of the next one below when they touch. */
static int64_t distance(const struct layout_work *work, uint32_t upper, uint32_t lower)
{
    bool has_bend = is_bend(work, upper) || is_bend(work, lower);
    int32_t heights = work->items[upper].height + work->items[lower].height;
    return (int64_t)(heights / 2 + (has_bend ? GAP_BENDS : GAP_BOXES)) * FRACTION;
}

static void add_side(const struct place *place, const struct layout_near *near, uint32_t item,
                     struct place_block *wanted)
{
    for (uint32_t n = near->first[item]; n < near->first[item + 1]; n++) {
        int64_t weight = link_weight(place->work, item, near->list[n]);
        wanted->sum += weight * place->middle[near->list[n]];
        wanted->weight += weight;
    }
}

/* Where the item wants to be: the mean of its neighbours on one side or on both; where it has none,
 * where it is. */
static struct place_block wish(const struct place *place, uint32_t item, bool uses_left,
                               bool uses_right)
{
    struct place_block wanted = {0};
    if (uses_left)
        add_side(place, &place->work->left, item, &wanted);
    if (uses_right)
        add_side(place, &place->work->right, item, &wanted);
    if (wanted.weight == 0)
        wanted = (struct place_block){.sum = place->middle[item], .weight = 1};
    return wanted;
}

static int64_t start_of(const struct place_block *block)
{
    return block->sum / block->weight;
}

/* Each item as near to its wish as the order and the distances let it (least squares: isotonic
 * regression by pooling neighbours that would overlap). */
static void settle_layer(struct place *place, uint32_t layer, bool uses_left, bool uses_right)
{
    struct layout_work *work = place->work;
    const uint32_t *items = work->layer_items + work->layer_first[layer];
    uint32_t width = work->layer_first[layer + 1] - work->layer_first[layer];
    size_t count = 0;
    for (uint32_t i = 0; i < width; i++) {
        place->offsets[i] =
            i == 0 ? 0 : place->offsets[i - 1] + distance(work, items[i - 1], items[i]);
        struct place_block block = wish(place, items[i], uses_left, uses_right);
        block.sum -= block.weight * place->offsets[i];
        block.first = i;
        while (count > 0 && start_of(&place->blocks[count - 1]) >= start_of(&block)) {
            const struct place_block *before = &place->blocks[--count];
            block = (struct place_block){.sum = before->sum + block.sum,
                                         .weight = before->weight + block.weight,
                                         .first = before->first};
        }
        place->blocks[count++] = block;
    }
    for (size_t b = 0; b < count; b++) {
        uint32_t end = b + 1 < count ? place->blocks[b + 1].first : width;
        int64_t start = start_of(&place->blocks[b]);
        for (uint32_t i = place->blocks[b].first; i < end; i++)
            place->middle[items[i]] = start + place->offsets[i];
    }
}

static void stack_layers(struct place *place)
{
    const struct layout_work *work = place->work;
    for (uint32_t layer = 0; layer < work->layer_count; layer++) {
        for (uint32_t i = work->layer_first[layer] + 1; i < work->layer_first[layer + 1]; i++) {
            uint32_t upper = work->layer_items[i - 1];
            uint32_t lower = work->layer_items[i];
            place->middle[lower] = place->middle[upper] + distance(work, upper, lower);
        }
    }
}

/* The highest item goes to 0. Distances are whole pixels, so that roundings keep the order. */
static void lift(struct place *place)
{
    int64_t least = INT64_MAX;
    for (size_t i = 0; i < place->work->item_count; i++)
        least = place->middle[i] < least ? place->middle[i] : least;
    for (size_t i = 0; i < place->work->item_count; i++)
        place->middle[i] -= least;
}

static void sweep(struct place *place, bool is_left)
{
    uint32_t layers = place->work->layer_count;
    for (uint32_t step = 1; step < layers; step++)
        settle_layer(place, is_left ? step : layers - 1 - step, is_left, !is_left);
}

/* Moves an item to the height of a neighbour when that is near and nothing is in the way. */
static void snap(struct place *place, uint32_t item, uint32_t neighbour)
{
    const struct layout_work *work = place->work;
    const uint32_t *items = work->layer_items + work->layer_first[work->items[item].layer];
    uint32_t width =
        work->layer_first[work->items[item].layer + 1] - work->layer_first[work->items[item].layer];
    uint32_t at = work->place[item];
    int64_t wanted = place->middle[neighbour];
    int64_t moved = wanted - place->middle[item];
    bool is_far = moved > SNAP * FRACTION || moved < -SNAP * FRACTION;
    bool has_room =
        (at == 0 || wanted - place->middle[items[at - 1]] >= distance(work, items[at - 1], item)) &&
        (at + 1 == width ||
         place->middle[items[at + 1]] - wanted >= distance(work, item, items[at + 1]));
    if (!is_far && has_room)
        place->middle[item] = wanted;
}

static void snap_all(struct place *place)
{
    const struct layout_work *work = place->work;
    for (uint32_t i = 0; i < work->layer_first[work->layer_count]; i++) {
        uint32_t item = work->layer_items[i];
        uint32_t count = work->left.first[item + 1] - work->left.first[item];
        if (count > 0)
            snap(place, item, work->left.list[work->left.first[item] + count / 2]);
    }
}

void layout_place(struct layout_work *work)
{
    size_t count = work->item_count + 1;
    struct place place = {.work = work,
                          .middle = arena_array(work->arena, count, sizeof *place.middle),
                          .blocks = arena_array(work->arena, count, sizeof *place.blocks),
                          .offsets = arena_array(work->arena, count, sizeof *place.offsets)};
    stack_layers(&place);
    for (int i = 0; i < SWEEPS; i++)
        sweep(&place, i % 2 == 0);
    for (uint32_t layer = 0; layer < work->layer_count; layer++)
        settle_layer(&place, layer, true, true);
    snap_all(&place);
    lift(&place);
    for (size_t i = 0; i < work->item_count; i++)
        work->items[i].y = (int32_t)((place.middle[i] + FRACTION / 2) / FRACTION);
}

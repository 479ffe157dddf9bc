#include "web/draw/layout_work.h"

#include <stdlib.h>
#include <string.h>

/* Boxes have at most LAYOUT_MAX_BOXES numbers, so both fit into one that sorts by layer. */
static int compare_numbers(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* Users of a box by layer, then by number; in `keys`, which has room for all boxes. */
static size_t sort_users(const struct layout_work *work, uint32_t box, uint64_t *keys)
{
    size_t count = 0;
    for (uint32_t u = work->users.first[box]; u < work->users.first[box + 1]; u++) {
        uint32_t user = work->users.list[u];
        keys[count++] = (uint64_t)work->items[user].layer << 32 | user;
    }
    qsort(keys, count, sizeof *keys, compare_numbers);
    return count;
}

static void add_link(struct layout_work *work, uint32_t from, uint32_t to, bool is_direct)
{
    work->links[work->link_count++] =
        (struct layout_link){.from = from, .to = to, .is_direct = is_direct};
}

static uint32_t add_bend(struct layout_work *work, uint32_t source, uint32_t layer)
{
    uint32_t bend = (uint32_t)work->item_count++;
    work->items[bend] = (struct layout_item){.layer = layer, .source = source};
    return bend;
}

/* All lines of a box: one way to the right, which each user leaves in the layer before its own. */
static void route_box(struct layout_work *work, uint32_t box, uint64_t *keys, size_t *bends_left)
{
    size_t count = sort_users(work, box, keys);
    if (count == 0)
        return;
    uint32_t layer = work->items[box].layer + 1;
    uint32_t last = (uint32_t)(keys[count - 1] >> 32);
    bool is_direct = last - layer > *bends_left;
    *bends_left -= is_direct ? 0 : last - layer;
    uint32_t at = box;
    for (size_t i = 0; i < count; i++) {
        uint32_t wanted = (uint32_t)(keys[i] >> 32);
        for (; !is_direct && layer < wanted; layer++) {
            uint32_t bend = add_bend(work, box, layer);
            add_link(work, at, bend, false);
            at = bend;
        }
        add_link(work, at, (uint32_t)keys[i], is_direct && wanted > layer);
    }
}

static struct layout_near list_near(const struct layout_work *work, bool is_left)
{
    struct layout_near near = {
        .first = arena_array(work->arena, work->item_count + 1, sizeof *near.first),
        .list = arena_array(work->arena, work->link_count + 1, sizeof *near.list)};
    uint32_t *filled = arena_array(work->arena, work->item_count + 1, sizeof *filled);
    for (size_t i = 0; i < work->link_count; i++) {
        const struct layout_link *link = &work->links[i];
        if (!link->is_direct)
            near.first[(is_left ? link->to : link->from) + 1]++;
    }
    for (size_t i = 0; i < work->item_count; i++)
        near.first[i + 1] += near.first[i];
    for (size_t i = 0; i < work->link_count; i++) {
        const struct layout_link *link = &work->links[i];
        uint32_t item = is_left ? link->to : link->from;
        if (!link->is_direct)
            near.list[near.first[item] + filled[item]++] = is_left ? link->from : link->to;
    }
    return near;
}

void layout_route(struct layout_work *work)
{
    size_t boxes = work->graph->box_count;
    size_t edges = work->users.first[boxes];
    size_t bends_left = LAYOUT_MAX_BENDS;
    size_t bends = 0;
    uint64_t *keys = arena_array(work->arena, boxes + 1, sizeof *keys);
    for (uint32_t box = 0; box < boxes; box++) {
        size_t count = sort_users(work, box, keys);
        if (count > 0)
            bends += (size_t)(keys[count - 1] >> 32) - work->items[box].layer - 1;
    }
    bends = bends < LAYOUT_MAX_BENDS ? bends : LAYOUT_MAX_BENDS;
    struct layout_item *items = arena_array(work->arena, boxes + bends + 1, sizeof *items);
    memcpy(items, work->items, boxes * sizeof *items);
    work->items = items;
    work->links = arena_array(work->arena, edges + bends + 1, sizeof *work->links);
    for (uint32_t box = 0; box < boxes; box++)
        route_box(work, box, keys, &bends_left);
    work->left = list_near(work, true);
    work->right = list_near(work, false);
}

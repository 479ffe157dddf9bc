#include "web/draw/layout_work.h"

#include <string.h>

/* Users of each box by the edges as given, an edge given twice included. */
static struct layout_near list_users(const struct layout_work *work)
{
    const struct layout_graph *graph = work->graph;
    struct layout_near users = {
        .first = arena_array(work->arena, graph->box_count + 1, sizeof *users.first),
        .list = arena_array(work->arena, graph->edge_count + 1, sizeof *users.list)};
    uint32_t *filled = arena_array(work->arena, graph->box_count + 1, sizeof *filled);
    for (size_t i = 0; i < graph->edge_count; i++)
        users.first[graph->edges[i].from + 1]++;
    for (size_t i = 0; i < graph->box_count; i++)
        users.first[i + 1] += users.first[i];
    for (size_t i = 0; i < graph->edge_count; i++) {
        uint32_t from = graph->edges[i].from;
        users.list[users.first[from] + filled[from]++] = graph->edges[i].to;
    }
    return users;
}

static void drop_doubles(struct layout_work *work)
{
    size_t count = work->graph->box_count;
    uint32_t *seen_for = arena_array(work->arena, count + 1, sizeof *seen_for); /* box + 1 */
    uint32_t kept = 0;
    uint32_t next = 0;
    for (uint32_t box = 0; box < count; box++) {
        uint32_t end = work->users.first[box + 1];
        work->users.first[box] = kept;
        for (; next < end; next++) {
            uint32_t user = work->users.list[next];
            if (seen_for[user] == box + 1)
                continue;
            seen_for[user] = box + 1;
            work->users.list[kept++] = user;
        }
    }
    work->users.first[count] = kept;
}

/* How many boxes each one waits for. */
static uint32_t *count_needs(const struct layout_work *work)
{
    size_t count = work->graph->box_count;
    uint32_t *needs = arena_array(work->arena, count + 1, sizeof *needs);
    for (uint32_t i = 0; i < work->users.first[count]; i++)
        needs[work->users.list[i]]++;
    return needs;
}

/* Longest paths from the left, in topological order; false when some box is never reached. */
static bool rank_from_left(struct layout_work *work)
{
    size_t count = work->graph->box_count;
    uint32_t *open = count_needs(work);
    size_t found = 0;
    for (uint32_t box = 0; box < count; box++) {
        if (open[box] == 0)
            work->order[found++] = box;
    }
    for (size_t i = 0; i < found; i++) {
        uint32_t box = work->order[i];
        for (uint32_t u = work->users.first[box]; u < work->users.first[box + 1]; u++) {
            struct layout_item *user = &work->items[work->users.list[u]];
            if (user->layer < work->items[box].layer + 1)
                user->layer = work->items[box].layer + 1;
            if (--open[work->users.list[u]] == 0)
                work->order[found++] = work->users.list[u];
        }
    }
    return found == count;
}

/* A box with more lines to its right than to its left goes as far right as it may: lines get
 * shorter by that. */
static void pull_right(struct layout_work *work)
{
    size_t count = work->graph->box_count;
    const uint32_t *needs = count_needs(work);
    for (size_t i = count; i-- > 0;) {
        uint32_t box = work->order[i];
        uint32_t first = work->users.first[box];
        uint32_t end = work->users.first[box + 1];
        if (end - first <= needs[box])
            continue;
        uint32_t nearest = UINT32_MAX;
        for (uint32_t u = first; u < end; u++) {
            uint32_t layer = work->items[work->users.list[u]].layer;
            nearest = layer < nearest ? layer : nearest;
        }
        work->items[box].layer = nearest - 1;
    }
}

bool layout_rank(struct layout_work *work)
{
    const struct layout_graph *graph = work->graph;
    work->items = arena_array(work->arena, graph->box_count + 1, sizeof *work->items);
    work->order = arena_array(work->arena, graph->box_count + 1, sizeof *work->order);
    for (uint32_t box = 0; box < graph->box_count; box++)
        work->items[box] = (struct layout_item){
            .width = graph->sizes[box].width, .height = graph->sizes[box].height, .source = box};
    work->item_count = graph->box_count;
    work->users = list_users(work);
    drop_doubles(work);
    if (!rank_from_left(work))
        return false;
    pull_right(work);
    for (size_t box = 0; box < graph->box_count; box++) {
        uint32_t layers = work->items[box].layer + 1;
        work->layer_count = layers > work->layer_count ? layers : work->layer_count;
    }
    return true;
}

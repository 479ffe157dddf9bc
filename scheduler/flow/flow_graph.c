#include "scheduler/flow/flow_graph.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"

#include <stdint.h>

#define NONE SIZE_MAX

/* Edges by the node at one end: those of node n are list[start[n]] to list[start[n + 1] - 1]. */
struct adjacency {
    size_t *start;
    size_t *list; /* indexes of edges */
};

static size_t end_of(const struct flow_edge *edge, bool is_by_needs)
{
    return is_by_needs ? edge->needs : edge->node;
}

static struct adjacency group_edges(const struct flow_graph *graph, bool is_by_needs,
                                    struct arena *arena)
{
    struct adjacency groups = {
        .start = arena_array(arena, graph->node_count + 2, sizeof *groups.start),
        .list = arena_array(arena, graph->edge_count + 1, sizeof *groups.list)};
    for (size_t i = 0; i < graph->edge_count; i++)
        groups.start[end_of(&graph->edges[i], is_by_needs) + 1]++;
    for (size_t i = 0; i < graph->node_count; i++)
        groups.start[i + 1] += groups.start[i];
    size_t *next = arena_array(arena, graph->node_count + 1, sizeof *next);
    for (size_t i = 0; i < graph->edge_count; i++) {
        size_t node = end_of(&graph->edges[i], is_by_needs);
        groups.list[groups.start[node] + next[node]++] = i;
    }
    return groups;
}

/* A heap of node indexes, the smallest on top. */
struct heap {
    size_t *items;
    size_t count;
};

static void heap_push(struct heap *heap, size_t node)
{
    size_t at = heap->count++;
    while (at > 0 && heap->items[(at - 1) / 2] > node) {
        heap->items[at] = heap->items[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap->items[at] = node;
}

static size_t heap_pop(struct heap *heap)
{
    size_t top = heap->items[0];
    size_t last = heap->items[--heap->count];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < heap->count; at = child) {
        if (child + 1 < heap->count && heap->items[child + 1] < heap->items[child])
            child++;
        if (heap->items[child] >= last)
            break;
        heap->items[at] = heap->items[child];
    }
    heap->items[at] = last;
    return top;
}

bool flow_graph_order(const struct flow_graph *graph, struct arena *arena, size_t **ret_order)
{
    SCOPED_ARENA struct arena scratch;
    arena_init(&scratch, 0);
    struct adjacency users = group_edges(graph, true, &scratch);
    size_t *blockers = arena_array(&scratch, graph->node_count + 1, sizeof *blockers);
    struct heap ready = {.items = arena_array(&scratch, graph->node_count + 1, sizeof(size_t))};
    for (size_t i = 0; i < graph->edge_count; i++)
        blockers[graph->edges[i].node]++;
    for (size_t i = 0; i < graph->node_count; i++) {
        if (blockers[i] == 0)
            heap_push(&ready, i);
    }
    size_t *order = arena_array(arena, graph->node_count + 1, sizeof *order);
    size_t count = 0;
    while (ready.count > 0) {
        size_t node = heap_pop(&ready);
        order[count++] = node;
        for (size_t i = users.start[node]; i < users.start[node + 1]; i++) {
            size_t user = graph->edges[users.list[i]].node;
            if (--blockers[user] == 0)
                heap_push(&ready, user);
        }
    }
    if (count < graph->node_count)
        return false;
    *ret_order = order;
    return true;
}

/* A node that lies on a circle: whoever follows needs among unfinished nodes comes back sooner or
 * later. NONE without a circle. */
static size_t find_on_circle(const struct flow_graph *graph, struct arena *scratch)
{
    struct adjacency users = group_edges(graph, true, scratch);
    struct adjacency needs = group_edges(graph, false, scratch);
    size_t *blockers = arena_array(scratch, graph->node_count + 1, sizeof *blockers);
    size_t *stack = arena_array(scratch, graph->node_count + 1, sizeof *stack);
    size_t depth = 0;
    size_t done = 0;
    for (size_t i = 0; i < graph->edge_count; i++)
        blockers[graph->edges[i].node]++;
    for (size_t i = 0; i < graph->node_count; i++) {
        if (blockers[i] == 0)
            stack[depth++] = i;
    }
    for (; depth > 0; done++) {
        size_t node = stack[--depth];
        for (size_t i = users.start[node]; i < users.start[node + 1]; i++) {
            size_t user = graph->edges[users.list[i]].node;
            if (--blockers[user] == 0)
                stack[depth++] = user;
        }
    }
    if (done == graph->node_count)
        return NONE;
    size_t node = 0;
    while (blockers[node] == 0)
        node++;
    /* Each unfinished node needs another unfinished one; node_count steps end on a circle. */
    for (size_t step = 0; step < graph->node_count; step++) {
        size_t i = needs.start[node];
        while (blockers[graph->edges[needs.list[i]].needs] == 0)
            i++;
        node = graph->edges[needs.list[i]].needs;
    }
    return node;
}

size_t flow_graph_circle(const struct flow_graph *graph, struct arena *arena, size_t **ret_edges)
{
    SCOPED_ARENA struct arena scratch;
    arena_init(&scratch, 0);
    size_t start = find_on_circle(graph, &scratch);
    if (start == NONE)
        return 0;
    /* Breadth first along the needs until one leads back: a shortest circle through `start`. */
    struct adjacency needs = group_edges(graph, false, &scratch);
    size_t *queue = arena_array(&scratch, graph->node_count + 1, sizeof *queue);
    size_t *came_by = arena_array(&scratch, graph->node_count + 1, sizeof *came_by);
    for (size_t i = 0; i < graph->node_count; i++)
        came_by[i] = NONE;
    size_t head = 0;
    size_t tail = 0;
    queue[tail++] = start;
    while (head < tail && came_by[start] == NONE) {
        size_t node = queue[head++];
        for (size_t i = needs.start[node]; i < needs.start[node + 1]; i++) {
            size_t needed = graph->edges[needs.list[i]].needs;
            if (came_by[needed] != NONE)
                continue;
            came_by[needed] = needs.list[i];
            if (needed != start)
                queue[tail++] = needed;
        }
    }
    size_t length = 0;
    size_t node = start;
    do {
        length++;
        node = graph->edges[came_by[node]].node;
    } while (node != start);
    size_t *edges = arena_array(arena, length, sizeof *edges);
    for (size_t i = length; i > 0; i--) {
        edges[i - 1] = came_by[node];
        node = graph->edges[came_by[node]].node;
    }
    *ret_edges = edges;
    return length;
}

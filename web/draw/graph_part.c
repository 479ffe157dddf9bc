#include "web/draw/graph_part.h"

static size_t take(bool *is_taken, uint32_t node, size_t room)
{
    bool is_new = room > 0 && !is_taken[node];
    is_taken[node] = is_taken[node] || is_new;
    return room - (is_new ? 1 : 0);
}

/* The seeds, or the first nodes when there is none; how much room is left. */
static size_t take_seeds(const struct graph_part *part, bool *is_taken, size_t *ret_seeds)
{
    size_t room = part->at_most;
    for (uint32_t node = 0; node < part->node_count; node++) {
        if (part->is_seed[node])
            room = take(is_taken, node, room);
    }
    *ret_seeds = part->at_most - room;
    for (uint32_t node = 0; node < part->node_count && *ret_seeds == 0; node++)
        room = take(is_taken, node, room);
    return room;
}

static void take_neighbours(const struct graph_part *part, bool *is_taken, size_t room)
{
    for (size_t i = 0; i < part->edge_count; i++) {
        const struct layout_edge *edge = &part->edges[i];
        if (is_taken[edge->to] && part->is_seed[edge->to])
            room = take(is_taken, edge->from, room);
        if (is_taken[edge->from] && part->is_seed[edge->from])
            room = take(is_taken, edge->to, room);
    }
}

void graph_part_choose(const struct graph_part *part, struct arena *arena,
                       struct graph_part_choice *ret_choice)
{
    bool *is_taken = arena_array(arena, part->node_count + 1, sizeof *is_taken);
    uint32_t *number = arena_array(arena, part->node_count + 1, sizeof *number);
    uint32_t *nodes = arena_array(arena, part->at_most + 1, sizeof *nodes);
    struct layout_edge *edges = arena_array(arena, part->edge_count + 1, sizeof *edges);
    *ret_choice = (struct graph_part_choice){.nodes = nodes, .edges = edges};
    take_neighbours(part, is_taken, take_seeds(part, is_taken, &ret_choice->seeds));
    for (uint32_t node = 0; node < part->node_count; node++) {
        if (!is_taken[node])
            continue;
        number[node] = (uint32_t)ret_choice->count;
        nodes[ret_choice->count++] = node;
    }
    for (size_t i = 0; i < part->edge_count; i++) {
        const struct layout_edge *edge = &part->edges[i];
        if (is_taken[edge->from] && is_taken[edge->to])
            edges[ret_choice->edge_count++] =
                (struct layout_edge){number[edge->from], number[edge->to]};
    }
}

#include "scheduler/command/graph_picture.h"

#include "scheduler/flow/flow_need.h"
#include "web/draw/graph_svg.h"

#include <assert.h>
#include <string.h>

#define FOLD_WIDTH 1400 /* pixels */

/* Nodes of the flow, then one for each different need of another flow or cycle. */
struct picture {
    struct graph_svg_node *nodes;
    size_t count;
    struct layout_edge *edges;
    size_t edge_count;
};

static size_t count_needs(const struct flow *flow)
{
    size_t count = 0;
    for (size_t i = 0; i < flow->node_count; i++)
        count += flow->nodes[i].need_count;
    return count;
}

static uint32_t outside_node(struct picture *picture, size_t first, const char *name)
{
    for (size_t i = first; i < picture->count; i++) {
        if (strcmp(picture->nodes[i].name, name) == 0)
            return (uint32_t)i;
    }
    picture->nodes[picture->count] = (struct graph_svg_node){.name = name,
                                                             .glyph = "",
                                                             .note = "outside",
                                                             .title = name,
                                                             .state = "",
                                                             .href = "",
                                                             .key = "",
                                                             .is_outside = true};
    return (uint32_t)picture->count++;
}

static void add_needs(struct picture *picture, const struct flow *flow, size_t index,
                      struct arena *arena)
{
    const struct flow_node *node = &flow->nodes[index];
    for (size_t n = 0; n < node->need_count; n++) {
        const struct flow_need *need = &node->needs[n];
        uint32_t from = flow_need_is_inside(need)
                            ? (uint32_t)need->index
                            : outside_node(picture, flow->node_count, flow_need_text(need, arena));
        picture->edges[picture->edge_count++] = (struct layout_edge){from, (uint32_t)index};
    }
}

static struct graph_svg_node make_node(const struct flow_node *node, struct arena *arena)
{
    const char *title = node->title[0] != '\0' ? node->title : node->type->name;
    return (struct graph_svg_node){.name = node->name,
                                   .glyph = "",
                                   .note = title,
                                   .title = arena_format(arena, "%s: %s", node->name, title),
                                   .state = "",
                                   .href = "",
                                   .key = ""};
}

void graph_picture_write(const struct flow *flow, struct arena *arena, struct text *out)
{
    size_t needs = count_needs(flow);
    struct picture picture = {
        .nodes = arena_array(arena, flow->node_count + needs + 1, sizeof *picture.nodes),
        .edges = arena_array(arena, needs + 1, sizeof *picture.edges),
        .count = flow->node_count};
    for (size_t i = 0; i < flow->node_count; i++)
        picture.nodes[i] = make_node(&flow->nodes[i], arena);
    for (size_t i = 0; i < flow->node_count; i++)
        add_needs(&picture, flow, i, arena);
    struct graph_svg graph = {.nodes = picture.nodes,
                              .node_count = picture.count,
                              .edges = picture.edges,
                              .edge_count = picture.edge_count,
                              .fold_width = FOLD_WIDTH,
                              .label = flow->name,
                              .is_file = true};
    struct html html;
    html_init(&html, out, LANGUAGE_EN);
    if (graph_svg_draw(&graph, arena, &html))
        text_append_char(out, '\n');
}

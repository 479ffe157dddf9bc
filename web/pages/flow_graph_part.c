#include "web/pages/flow_graph_part.h"

#include "scheduler/flow/flow_need.h"
#include "web/draw/graph_part.h"
#include "web/http/url.h"

#include <string.h>

#define FOLD_WIDTH 1400 /* pixels */

/* What is drawn: nodes of the flow, then what some of them need outside. */
struct picture {
    struct graph_svg_node *nodes;
    size_t count;
    size_t own; /* of them nodes of the flow */
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

/* Which nodes, and the edges between them. */
static void choose(const struct flow_graph_part *part, struct graph_part_choice *ret_choice)
{
    struct arena *arena = part->visit->arena;
    const struct flow *flow = part->flow;
    struct layout_edge *edges = arena_array(arena, count_needs(flow) + 1, sizeof *edges);
    bool *is_seed = arena_array(arena, flow->node_count + 1, sizeof *is_seed);
    bool is_small = flow->node_count <= FLOW_GRAPH_PART_NODES;
    struct graph_part whole = {.node_count = flow->node_count,
                               .edges = edges,
                               .is_seed = is_seed,
                               .at_most =
                                   part->is_whole ? FLOW_GRAPH_PART_MOST : FLOW_GRAPH_PART_NODES};
    for (uint32_t i = 0; i < flow->node_count; i++) {
        const struct flow_node *node = &flow->nodes[i];
        is_seed[i] = !is_small && !part->is_whole && part->is_seed != NULL && part->is_seed[i];
        for (size_t n = 0; n < node->need_count; n++) {
            if (flow_need_is_inside(&node->needs[n]))
                edges[whole.edge_count++] = (struct layout_edge){(uint32_t)node->needs[n].index, i};
        }
    }
    graph_part_choose(&whole, arena, ret_choice);
}

static const char *outside_href(const struct flow_graph_part *part, const struct flow_need *need)
{
    struct url url;
    url_begin(&url, part->visit->arena, "/flows");
    url_part(&url, need->flow != NULL ? need->flow : part->flow->name);
    return url_string(&url);
}

static uint32_t find_outside(const struct flow_graph_part *part, struct picture *picture,
                             const struct flow_need *need)
{
    struct arena *arena = part->visit->arena;
    const char *name = flow_need_text(need, arena);
    for (size_t i = picture->own; i < picture->count; i++) {
        if (strcmp(picture->nodes[i].name, name) == 0)
            return (uint32_t)i;
    }
    enum string_key note =
        flow_need_suffix(need, arena)[0] != '\0' ? STR_CYCLE_BEFORE : STR_OTHER_FLOW;
    picture->nodes[picture->count] =
        (struct graph_svg_node){.name = name,
                                .glyph = "",
                                .note = string_of(part->visit->language, note),
                                .title = name,
                                .state = "",
                                .href = outside_href(part, need),
                                .key = "",
                                .is_outside = true};
    return (uint32_t)picture->count++;
}

static void add_outside(const struct flow_graph_part *part, const struct graph_part_choice *choice,
                        struct picture *picture)
{
    for (uint32_t i = 0; i < choice->count; i++) {
        const struct flow_node *node = &part->flow->nodes[choice->nodes[i]];
        for (size_t n = 0; n < node->need_count; n++) {
            if (!flow_need_is_inside(&node->needs[n]))
                picture->edges[picture->edge_count++] =
                    (struct layout_edge){find_outside(part, picture, &node->needs[n]), i};
        }
    }
}

static struct picture make_picture(const struct flow_graph_part *part,
                                   const struct graph_part_choice *choice)
{
    struct arena *arena = part->visit->arena;
    size_t needs = count_needs(part->flow);
    struct picture picture = {
        .nodes = arena_array(arena, choice->count + needs + 1, sizeof *picture.nodes),
        .edges = arena_array(arena, choice->edge_count + needs + 1, sizeof *picture.edges),
        .count = choice->count,
        .own = choice->count,
        .edge_count = choice->edge_count};
    for (size_t i = 0; i < choice->count; i++)
        picture.nodes[i] = part->nodes[choice->nodes[i]];
    if (choice->edge_count > 0)
        memcpy(picture.edges, choice->edges, choice->edge_count * sizeof *picture.edges);
    add_outside(part, choice, &picture);
    return picture;
}

static void write_note(const struct flow_graph_part *part, const struct graph_part_choice *choice)
{
    struct html *html = &part->visit->html;
    struct arena *arena = part->visit->arena;
    if (choice->count == part->flow->node_count)
        return;
    html_open(html, "p");
    html_attr(html, "class", "hint");
    html_say_with(html, choice->seeds > 0 ? STR_GRAPH_SEEDS : STR_GRAPH_FIRST,
                  (const char *const[]){arena_format(arena, "%zu", choice->count),
                                        arena_format(arena, "%zu", part->flow->node_count), NULL});
    html_text(html, " ");
    if (!part->is_whole)
        html_link(html, "?graph=all#graph", string_of(part->visit->language, STR_DRAW_ALL));
    html_close(html, "p");
}

void flow_graph_part_write(const struct flow_graph_part *part)
{
    struct html *html = &part->visit->html;
    struct graph_part_choice choice;
    choose(part, &choice);
    struct picture picture = make_picture(part, &choice);
    struct graph_svg graph = {.nodes = picture.nodes,
                              .node_count = picture.count,
                              .edges = picture.edges,
                              .edge_count = picture.edge_count,
                              .fold_width = FOLD_WIDTH,
                              .label = string_of(part->visit->language, STR_GRAPH)};
    write_note(part, &choice);
    html_open(html, "div");
    html_attr(html, "class", "card scroll");
    html_attr(html, "tabindex", "0");
    html_attr(html, "role", "region");
    html_attr(html, "aria-label", string_of(part->visit->language, STR_GRAPH));
    if (!graph_svg_draw(&graph, part->visit->arena, html))
        html_say(html, STR_GRAPH_TOO_LARGE);
    html_close(html, "div");
}

#include "web/draw/layout.h"

#include "web/draw/layout_work.h"

#define MAX_EFFORT ((int64_t)20000000)

static bool is_sane(const struct layout_graph *graph)
{
    if (graph->box_count > LAYOUT_MAX_BOXES || graph->edge_count > LAYOUT_MAX_EDGES)
        return false;
    for (size_t i = 0; i < graph->edge_count; i++) {
        if (graph->edges[i].from >= graph->box_count || graph->edges[i].to >= graph->box_count)
            return false;
    }
    return true;
}

bool layout_make(const struct layout_graph *graph, struct arena *arena, struct layout *ret_layout)
{
    if (!is_sane(graph))
        return false;
    struct layout_work work = {.graph = graph, .arena = arena, .effort = MAX_EFFORT};
    if (!layout_rank(&work))
        return false;
    layout_route(&work);
    layout_order(&work);
    layout_place(&work);
    struct layout_size size = layout_fold(&work);
    *ret_layout = (struct layout){.items = work.items,
                                  .item_count = work.item_count,
                                  .box_count = graph->box_count,
                                  .links = work.links,
                                  .link_count = work.link_count,
                                  .layer_count = work.layer_count,
                                  .width = size.width,
                                  .height = size.height,
                                  .crossings = work.crossings};
    return true;
}

#include "scheduler/command/graph_layout.h"

#define MAX_ROWS 64
#define MAX_ROUNDS 1000
#define SWEEPS 8

void graph_text_ranks(const struct graph_text *graph, size_t *ret_ranks)
{
    for (size_t i = 0; i < graph->node_count; i++) {
        size_t node = graph->order[i];
        ret_ranks[node] = 0;
        for (size_t n = 0; n < graph->nodes[node].need_count; n++) {
            size_t least = ret_ranks[graph->nodes[node].needs[n]] + 1;
            if (ret_ranks[node] < least)
                ret_ranks[node] = least;
        }
    }
}

static size_t add_item(struct graph_drawing *drawing, size_t node, size_t source, size_t column)
{
    size_t index = drawing->item_count++;
    drawing->items[index] = (struct graph_item){.node = node,
                                                .source = source,
                                                .column = column,
                                                .weight = index,
                                                .bundle = GRAPH_LAYOUT_NONE};
    drawing->target_bundle[index] = GRAPH_LAYOUT_NONE;
    return index;
}

static bool add_link(struct graph_drawing *drawing, size_t from, size_t to)
{
    if (drawing->link_count == sizeof drawing->links / sizeof drawing->links[0])
        return false;
    drawing->links[drawing->link_count++] = (struct graph_link){from, to};
    return true;
}

static bool needs_node(const struct graph_text_node *user, size_t node)
{
    for (size_t n = 0; n < user->need_count; n++) {
        if (user->needs[n] == node)
            return true;
    }
    return false;
}

/* The furthest column in which somebody needs `node`. */
static size_t furthest_user(const struct graph_text *graph, const size_t *ranks, size_t node)
{
    size_t furthest = ranks[node];
    for (size_t i = 0; i < graph->node_count; i++) {
        if (ranks[i] > furthest && needs_node(&graph->nodes[i], node))
            furthest = ranks[i];
    }
    return furthest;
}

/* Lines of one node to users further than the next column share one way: it passes every column in
 * between once. */
static bool add_way(struct graph_drawing *drawing, const size_t *ranks, size_t node)
{
    const struct graph_text *graph = drawing->graph;
    size_t at = drawing->by_node[node];
    size_t furthest = furthest_user(graph, ranks, node);
    for (size_t column = ranks[node] + 1; column <= furthest; column++) {
        for (size_t i = 0; i < graph->node_count; i++) {
            bool is_user = ranks[i] == column && needs_node(&graph->nodes[i], node);
            if (is_user && !add_link(drawing, at, drawing->by_node[i]))
                return false;
        }
        if (column == furthest)
            break;
        if (drawing->item_count == GRAPH_LAYOUT_MAX_ITEMS)
            return false;
        size_t line = add_item(drawing, GRAPH_LAYOUT_NONE, node, column);
        if (!add_link(drawing, at, line))
            return false;
        at = line;
    }
    return true;
}

static bool make_items(struct graph_drawing *drawing)
{
    const struct graph_text *graph = drawing->graph;
    size_t ranks[GRAPH_TEXT_MAX_NODES];
    graph_text_ranks(graph, ranks);
    for (size_t i = 0; i < graph->node_count; i++) {
        drawing->by_node[i] = add_item(drawing, i, i, ranks[i]);
        if (ranks[i] + 1 > drawing->column_count)
            drawing->column_count = ranks[i] + 1;
    }
    for (size_t i = 0; i < graph->node_count; i++) {
        if (!add_way(drawing, ranks, i))
            return false;
    }
    return true;
}

/* Items of a column in the order of their weights. Returns how many. */
static size_t list_column(const struct graph_drawing *drawing, size_t column, size_t *ret_items)
{
    size_t count = 0;
    for (size_t i = 0; i < drawing->item_count; i++) {
        if (drawing->items[i].column != column)
            continue;
        size_t at = count++;
        while (at > 0 && drawing->items[ret_items[at - 1]].weight > drawing->items[i].weight) {
            ret_items[at] = ret_items[at - 1];
            at--;
        }
        ret_items[at] = i;
    }
    return count;
}

/* The mean place of the neighbours of an item on one side, times 1000; its own where it has
 * none. */
static size_t mean_place(const struct graph_drawing *drawing, size_t item, bool is_left)
{
    size_t sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < drawing->link_count; i++) {
        const struct graph_link *link = &drawing->links[i];
        bool is_neighbour = is_left ? link->to == item : link->from == item;
        if (!is_neighbour)
            continue;
        sum += drawing->items[is_left ? link->from : link->to].row;
        count++;
    }
    return count > 0 ? sum * 1000 / count : drawing->items[item].row * 1000;
}

static void number_rows(struct graph_drawing *drawing, size_t column)
{
    size_t items[GRAPH_LAYOUT_MAX_ITEMS];
    size_t count = list_column(drawing, column, items);
    for (size_t i = 0; i < count; i++)
        drawing->items[items[i]].row = i;
}

/* Gives the items of a column an order by the mean place of their neighbours on one side. */
static void order_column(struct graph_drawing *drawing, size_t column, bool is_left)
{
    for (size_t i = 0; i < drawing->item_count; i++) {
        struct graph_item *item = &drawing->items[i];
        if (item->column == column)
            item->weight = mean_place(drawing, i, is_left) * GRAPH_LAYOUT_MAX_ITEMS + item->row;
    }
    number_rows(drawing, column);
}

/* From left to right and back, several times. */
static void order_columns(struct graph_drawing *drawing)
{
    for (size_t column = 0; column < drawing->column_count; column++)
        number_rows(drawing, column);
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        bool is_left = sweep % 2 == 0;
        for (size_t step = 0; step < drawing->column_count; step++)
            order_column(drawing, is_left ? step : drawing->column_count - 1 - step, is_left);
    }
}

/* Two bundles turn out to be one. */
static void join_bundles(struct graph_drawing *drawing, size_t kept, size_t gone)
{
    for (size_t i = 0; i < drawing->item_count; i++) {
        if (drawing->items[i].bundle == gone)
            drawing->items[i].bundle = kept;
        if (drawing->target_bundle[i] == gone)
            drawing->target_bundle[i] = kept;
    }
}

/* Links that share an item belong to one bundle. */
static void make_bundles(struct graph_drawing *drawing)
{
    for (size_t i = 0; i < drawing->link_count; i++) {
        size_t *from = &drawing->items[drawing->links[i].from].bundle;
        size_t *to = &drawing->target_bundle[drawing->links[i].to];
        if (*from == GRAPH_LAYOUT_NONE && *to == GRAPH_LAYOUT_NONE) {
            drawing->bundles[drawing->bundle_count] =
                (struct graph_bundle){.gap = drawing->items[drawing->links[i].from].column};
            *from = drawing->bundle_count++;
        }
        if (*from == GRAPH_LAYOUT_NONE)
            *from = *to;
        else if (*to == GRAPH_LAYOUT_NONE)
            *to = *from;
        else if (*from != *to)
            join_bundles(drawing, *from, *to);
    }
}

static void measure_side(struct graph_bundle *bundle, size_t row, bool is_source)
{
    size_t *top = is_source ? &bundle->source_top : &bundle->target_top;
    *top = row < *top ? row : *top;
    *(is_source ? &bundle->sources : &bundle->targets) += 1;
    bundle->first = row < bundle->first ? row : bundle->first;
    bundle->last = row > bundle->last ? row : bundle->last;
}

static void measure_bundles(struct graph_drawing *drawing)
{
    for (size_t i = 0; i < drawing->bundle_count; i++) {
        struct graph_bundle *bundle = &drawing->bundles[i];
        *bundle = (struct graph_bundle){
            .gap = bundle->gap, .first = SIZE_MAX, .source_top = SIZE_MAX, .target_top = SIZE_MAX};
    }
    for (size_t i = 0; i < drawing->item_count; i++) {
        size_t row = drawing->items[i].row;
        if (drawing->items[i].bundle != GRAPH_LAYOUT_NONE)
            measure_side(&drawing->bundles[drawing->items[i].bundle], row, true);
        if (drawing->target_bundle[i] != GRAPH_LAYOUT_NONE)
            measure_side(&drawing->bundles[drawing->target_bundle[i]], row, false);
    }
    for (size_t i = 0; i < drawing->link_count; i++)
        drawing->bundles[drawing->items[drawing->links[i].from].bundle].links++;
}

/* Moves an item down to `row`, and those below it in its column as far as needed. */
static void move_down(struct graph_drawing *drawing, size_t item, size_t row)
{
    size_t items[GRAPH_LAYOUT_MAX_ITEMS];
    size_t count = list_column(drawing, drawing->items[item].column, items);
    bool is_below = false;
    size_t least = row;
    for (size_t i = 0; i < count; i++) {
        is_below = is_below || items[i] == item;
        struct graph_item *moved = &drawing->items[items[i]];
        if (!is_below)
            continue;
        if (moved->row < least)
            moved->row = least;
        least = moved->row + 1;
    }
}

/* The topmost item of a bundle on one side. */
static size_t top_item(const struct graph_drawing *drawing, size_t bundle, bool is_source)
{
    size_t best = GRAPH_LAYOUT_NONE;
    for (size_t i = 0; i < drawing->item_count; i++) {
        size_t own = is_source ? drawing->items[i].bundle : drawing->target_bundle[i];
        if (own == bundle &&
            (best == GRAPH_LAYOUT_NONE || drawing->items[i].row < drawing->items[best].row))
            best = i;
    }
    return best;
}

/* One step towards: both sides of a bundle begin in the same row, bundles of a gap do not share
 * rows. False when nothing is left to do. */
static bool settle_once(struct graph_drawing *drawing)
{
    measure_bundles(drawing);
    for (size_t i = 0; i < drawing->bundle_count; i++) {
        const struct graph_bundle *bundle = &drawing->bundles[i];
        if (bundle->links == 0 || bundle->source_top == bundle->target_top)
            continue;
        bool moves_source = bundle->source_top < bundle->target_top;
        move_down(drawing, top_item(drawing, i, moves_source),
                  moves_source ? bundle->target_top : bundle->source_top);
        return true;
    }
    for (size_t i = 0; i < drawing->bundle_count; i++) {
        for (size_t j = 0; j < drawing->bundle_count; j++) {
            const struct graph_bundle *upper = &drawing->bundles[i];
            const struct graph_bundle *lower = &drawing->bundles[j];
            bool is_pair = i != j && upper->gap == lower->gap && upper->links > 0 &&
                           lower->links > 0 && upper->first <= lower->first;
            if (!is_pair || upper->last < lower->first)
                continue;
            move_down(drawing, top_item(drawing, j, true), upper->last + 1);
            return true;
        }
    }
    return false;
}

static bool is_inside(const struct graph_drawing *drawing)
{
    for (size_t i = 0; i < drawing->item_count; i++) {
        if (drawing->items[i].row >= MAX_ROWS)
            return false;
    }
    return true;
}

static bool settle(struct graph_drawing *drawing)
{
    for (int round = 0; round < MAX_ROUNDS; round++) {
        if (!settle_once(drawing))
            return true;
        if (!is_inside(drawing))
            return false;
    }
    return false;
}

/* A bundle says that every left end leads to every right end: it must be so. A node in a row that a
 * foreign bundle's upright passes would look joined to it. */
static bool is_true(const struct graph_drawing *drawing)
{
    for (size_t i = 0; i < drawing->bundle_count; i++) {
        const struct graph_bundle *bundle = &drawing->bundles[i];
        if (bundle->links > 0 && bundle->links != bundle->sources * bundle->targets)
            return false;
    }
    return true;
}

bool graph_layout_make(struct graph_drawing *drawing)
{
    if (!make_items(drawing))
        return false;
    order_columns(drawing);
    make_bundles(drawing);
    return settle(drawing) && is_true(drawing);
}

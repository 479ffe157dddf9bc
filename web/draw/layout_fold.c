#include "web/draw/layout_work.h"

#define GAP_LAYERS 44
#define GAP_LAYERS_MAX 120
#define GAP_ROWS 48
#define FOLD_MARGIN 18 /* beside a row, for the line that goes on in the next */

struct fold_layer {
    int32_t width;  /* of its widest box */
    int32_t gap;    /* to the next layer */
    int32_t top;    /* of its highest item, before rows are made */
    int32_t bottom; /* of its lowest item */
    uint32_t links; /* to the next layer and beyond */
    int32_t x;
    uint32_t row;
};

struct fold_row {
    int32_t top; /* of its layers, before rows are made */
    int32_t bottom;
    int32_t y; /* where its top goes */
};

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int32_t most(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static void measure_items(const struct layout_work *work, struct fold_layer *layers)
{
    for (uint32_t i = 0; i < work->layer_count; i++)
        layers[i] = (struct fold_layer){.gap = GAP_LAYERS, .top = INT32_MAX, .bottom = INT32_MIN};
    for (size_t i = 0; i < work->item_count; i++) {
        const struct layout_item *item = &work->items[i];
        struct fold_layer *layer = &layers[item->layer];
        layer->width = most(layer->width, item->width);
        layer->top = least(layer->top, item->y - item->height / 2);
        layer->bottom = most(layer->bottom, item->y + item->height - item->height / 2);
    }
}

/* Steep lines get more room. */
static void measure_links(const struct layout_work *work, struct fold_layer *layers)
{
    for (size_t i = 0; i < work->link_count; i++) {
        const struct layout_item *from = &work->items[work->links[i].from];
        const struct layout_item *to = &work->items[work->links[i].to];
        int32_t climb = from->y > to->y ? from->y - to->y : to->y - from->y;
        int32_t gap = least(GAP_LAYERS + climb / 8, GAP_LAYERS_MAX);
        layers[from->layer].gap = most(layers[from->layer].gap, gap);
        for (uint32_t layer = from->layer; layer < to->layer; layer++)
            layers[layer].links++;
    }
}

/* The last layer of the row that begins with `first`: the furthest that fits and that one line
 * leaves, or the nearest behind it. */
static uint32_t row_end(const struct layout_work *work, int32_t fold_width,
                        const struct fold_layer *layers, uint32_t first)
{
    uint32_t last = work->layer_count - 1;
    if (fold_width == 0)
        return last;
    uint32_t found = last;
    int32_t width = 0;
    for (uint32_t layer = first; layer <= last; layer++) {
        width += layers[layer].width;
        if (width > fold_width && found < last)
            return found;
        if (layer < last && layers[layer].links == 1 && layer > first)
            found = layer;
        width += layers[layer].gap;
    }
    return width - layers[last].gap > fold_width ? found : last;
}

/* Rows of at most `fold_width` where that can be; how wide the widest one is in *ret_width. */
static size_t make_rows(const struct layout_work *work, int32_t fold_width,
                        struct fold_layer *layers, struct fold_row *rows, int32_t *ret_width)
{
    size_t count = 0;
    *ret_width = 0;
    for (uint32_t first = 0; first < work->layer_count; count++) {
        uint32_t last = row_end(work, fold_width, layers, first);
        struct fold_row *row = &rows[count];
        *row = (struct fold_row){.top = INT32_MAX, .bottom = INT32_MIN};
        int32_t x = 0;
        for (; first <= last; first++) {
            layers[first].x = x;
            layers[first].row = (uint32_t)count;
            x += layers[first].width + layers[first].gap;
            row->top = least(row->top, layers[first].top);
            row->bottom = most(row->bottom, layers[first].bottom);
            *ret_width = most(*ret_width, layers[first].x + layers[first].width);
        }
        row->y = count == 0 ? 0 : row[-1].y + row[-1].bottom - row[-1].top + GAP_ROWS;
    }
    return count;
}

static void fold_links(struct layout_work *work, const struct fold_row *rows)
{
    for (size_t i = 0; i < work->link_count; i++) {
        struct layout_link *link = &work->links[i];
        uint32_t from = work->items[link->from].row;
        link->is_folded = from != work->items[link->to].row;
        link->fold_y = rows[from].y + rows[from].bottom - rows[from].top + GAP_ROWS / 2;
    }
}

struct layout_size layout_fold(struct layout_work *work)
{
    if (work->layer_count == 0)
        return (struct layout_size){0};
    struct fold_layer *layers = arena_array(work->arena, work->layer_count, sizeof *layers);
    struct fold_row *rows = arena_array(work->arena, work->layer_count, sizeof *rows);
    measure_items(work, layers);
    measure_links(work, layers);
    int32_t whole;
    int32_t widest;
    size_t count = make_rows(work, 0, layers, rows, &whole);
    if (work->graph->fold_width > 0 && whole > work->graph->fold_width) {
        count = make_rows(work, work->graph->fold_width, layers, rows, &widest);
        /* a row that is as good as the whole, and a stump under it, are worse than one row */
        if (widest > work->graph->fold_width && widest > whole / 2)
            count = make_rows(work, 0, layers, rows, &whole);
    }
    int32_t margin = count > 1 ? FOLD_MARGIN : 0;
    struct layout_size size = {.height = rows[count - 1].y + rows[count - 1].bottom -
                                         rows[count - 1].top};
    for (size_t i = 0; i < work->item_count; i++) {
        struct layout_item *item = &work->items[i];
        const struct fold_layer *layer = &layers[item->layer];
        item->row = layer->row;
        item->x = layer->x + margin;
        item->width = layer->width;
        item->y += rows[item->row].y - rows[item->row].top - item->height / 2;
        size.width = most(size.width, item->x + item->width + margin);
    }
    fold_links(work, rows);
    return size;
}

#include "scheduler/command/graph_text.h"

#include "scheduler/base/utf8.h"
#include "scheduler/command/graph_layout.h"

#include <string.h>

static size_t label_width(const struct graph_drawing *drawing, const struct graph_item *item)
{
    if (item->node == GRAPH_LAYOUT_NONE)
        return 0;
    const char *label = drawing->graph->nodes[item->node].label;
    return utf8_width(label, strlen(label));
}

static size_t column_width(const struct graph_drawing *drawing, size_t column)
{
    size_t widest = 0;
    for (size_t i = 0; i < drawing->item_count; i++) {
        size_t width = label_width(drawing, &drawing->items[i]);
        if (drawing->items[i].column == column && width > widest)
            widest = width;
    }
    return widest;
}

static void put_line(struct text *line, size_t count, bool is_ascii)
{
    for (size_t i = 0; i < count; i++)
        text_append(line, is_ascii ? "-" : "─");
}

static const struct graph_item *item_at(const struct graph_drawing *drawing, size_t column,
                                        size_t row)
{
    for (size_t i = 0; i < drawing->item_count; i++) {
        if (drawing->items[i].column == column && drawing->items[i].row == row)
            return &drawing->items[i];
    }
    return NULL;
}

/* The label or the passing line, padded to the width of its column; a line runs on to the right
 * when the item has users. */
static void put_cell(const struct graph_drawing *drawing, const struct graph_item *item,
                     size_t width, struct text *line)
{
    bool is_ascii = drawing->graph->is_ascii;
    if (item == NULL) {
        text_append_repeat(line, ' ', width);
        return;
    }
    if (item->node == GRAPH_LAYOUT_NONE) {
        put_line(line, width, is_ascii);
        return;
    }
    text_append(line, drawing->graph->nodes[item->node].label);
    size_t rest = width - label_width(drawing, item);
    if (item->bundle == GRAPH_LAYOUT_NONE || rest == 0) {
        text_append_repeat(line, ' ', rest);
        return;
    }
    text_append_char(line, ' ');
    put_line(line, rest - 1, is_ascii);
}

/* Left, right, up, down as bits 3 to 0. */
static const char *joint(int sides, bool is_ascii)
{
    static const char *const lines[16] = {" ", "│", "│", "│", "─", "┌", "└", "├",
                                          "─", "┐", "┘", "┤", "─", "┬", "┴", "┼"};
    static const char *const ascii[16] = {" ", "|", "|", "|", "-", "+", "+", "+",
                                          "-", "+", "+", "+", "-", "+", "+", "+"};
    return is_ascii ? ascii[sides] : lines[sides];
}

static const struct graph_bundle *bundle_at(const struct graph_drawing *drawing, size_t gap,
                                            size_t row)
{
    for (size_t i = 0; i < drawing->bundle_count; i++) {
        const struct graph_bundle *bundle = &drawing->bundles[i];
        if (bundle->links > 0 && bundle->gap == gap && bundle->first <= row && row <= bundle->last)
            return bundle;
    }
    return NULL;
}

/* The five columns between two columns of nodes: ` ─┬─ `. */
static void put_gap(const struct graph_drawing *drawing, size_t gap, size_t row, struct text *line)
{
    bool is_ascii = drawing->graph->is_ascii;
    const struct graph_item *left = item_at(drawing, gap, row);
    const struct graph_item *right = item_at(drawing, gap + 1, row);
    const struct graph_bundle *bundle = bundle_at(drawing, gap, row);
    if (bundle == NULL) {
        text_append_repeat(line, ' ', 5);
        return;
    }
    bool has_left = left != NULL && left->bundle != GRAPH_LAYOUT_NONE;
    bool has_right =
        right != NULL && drawing->target_bundle[right - drawing->items] != GRAPH_LAYOUT_NONE;
    int sides = (has_left ? 8 : 0) | (has_right ? 4 : 0) | (row > bundle->first ? 2 : 0) |
                (row < bundle->last ? 1 : 0);
    bool passes_left = has_left && (left->node == GRAPH_LAYOUT_NONE ||
                                    label_width(drawing, left) < column_width(drawing, gap));
    text_append(line, passes_left ? joint(8, is_ascii) : " ");
    text_append(line, has_left ? joint(8, is_ascii) : " ");
    text_append(line, joint(sides, is_ascii));
    text_append(line, has_right ? joint(4, is_ascii) : " ");
    bool passes_right = has_right && right->node == GRAPH_LAYOUT_NONE;
    text_append(line, passes_right ? joint(4, is_ascii) : " ");
}

static bool put_row(const struct graph_drawing *drawing, size_t row, struct text *out)
{
    struct text line = {0};
    for (size_t column = 0; column < drawing->column_count; column++) {
        put_cell(drawing, item_at(drawing, column, row), column_width(drawing, column), &line);
        if (column + 1 < drawing->column_count)
            put_gap(drawing, column, row, &line);
    }
    while (line.length > 0 && line.data[line.length - 1] == ' ')
        line.data[--line.length] = '\0';
    size_t limit = drawing->graph->width;
    bool fits = limit == 0 || utf8_width(text_string(&line), line.length) <= limit;
    text_append(out, text_string(&line));
    text_append_char(out, '\n');
    text_free(&line);
    return fits;
}

static bool put_all(const struct graph_drawing *drawing, struct text *out)
{
    size_t last = 0;
    for (size_t i = 0; i < drawing->item_count; i++)
        last = drawing->items[i].row > last ? drawing->items[i].row : last;
    bool fits = true;
    for (size_t row = 0; row <= last && fits; row++)
        fits = put_row(drawing, row, out);
    return fits;
}

bool graph_text_draw(const struct graph_text *graph, struct arena *arena, struct text *out)
{
    if (graph->node_count == 0 || graph->node_count > GRAPH_TEXT_MAX_NODES)
        return false;
    struct graph_drawing *drawing = arena_alloc(arena, sizeof *drawing);
    drawing->graph = graph;
    if (!graph_layout_make(drawing))
        return false;
    struct text drawn = {0};
    bool is_drawn = put_all(drawing, &drawn);
    if (is_drawn)
        text_append(out, text_string(&drawn));
    text_free(&drawn);
    return is_drawn;
}

#include "web/draw/graph_svg.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"

#include <string.h>

/* Pixels. Letters are those of a monospaced font of 12 and 10.5. */
#define MARGIN 8
#define BOX_HEIGHT 44
#define BOX_PADDING 12
#define BOX_LEAST_WIDTH 104
#define GLYPH_WIDTH 18
#define NAME_BASE 19
#define NOTE_BASE 34
#define FOLD_RADIUS 8

static const char file_looks[] =
    "svg{color-scheme:light dark;--ink:#1c2126;--dim:#5b646e;--line:#5b646e;--box:#f7f8fa;"
    "--edge:#8a939d}@media(prefers-color-scheme:dark){svg{--ink:#e9ecef;--dim:#9aa3ad;"
    "--line:#7f8690;--box:#1c2126;--edge:#7f8690}}.box{fill:var(--box);stroke:var(--edge);"
    "stroke-width:1.5}.outside .box{stroke-dasharray:4 3}.line{fill:none;stroke:var(--line);"
    "stroke-width:1.3}.line.outside{stroke-dasharray:4 3}text{font:12px ui-monospace,Menlo,"
    "'DejaVu Sans Mono','Noto Sans CJK SC',monospace;fill:var(--ink)}"
    "text.note{font-size:10.5px;fill:var(--dim)}";

/* Twelve pixels a letter times 0.6, in tenths; a Chinese one is narrower than two of them. */
static int32_t name_width(const char *name)
{
    size_t columns = utf8_width(name, strlen(name));
    columns = columns < GRAPH_SVG_COLUMNS ? columns : GRAPH_SVG_COLUMNS;
    return (int32_t)(columns * 73 / 10) + 1;
}

static int32_t note_width(const char *note)
{
    size_t columns = utf8_width(note, strlen(note));
    columns = columns < GRAPH_SVG_COLUMNS ? columns : GRAPH_SVG_COLUMNS;
    return (int32_t)(columns * 64 / 10) + 1;
}

static struct layout_size measure(const struct graph_svg_node *node)
{
    int32_t glyph = node->glyph[0] != '\0' ? GLYPH_WIDTH : 0;
    int32_t name = name_width(node->name) + glyph;
    int32_t note = note_width(node->note);
    int32_t width = (name > note ? name : note) + 2 * BOX_PADDING;
    return (struct layout_size){.width = width > BOX_LEAST_WIDTH ? width : BOX_LEAST_WIDTH,
                                .height = BOX_HEIGHT};
}

/* Down, back to the left between the rows, down again, with round corners. */
static void append_fold(const struct layout *layout, const struct layout_link *link,
                        struct text *path)
{
    const struct layout_item *from = &layout->items[link->from];
    const struct layout_item *to = &layout->items[link->to];
    int32_t r = FOLD_RADIUS;
    text_append_format(path, "M%d %dh2q%d 0 %d %dV%dq0 %d %d %dH%dq%d 0 %d %dV%dq0 %d %d %dh2",
                       from->x + from->width, from->y + from->height / 2, r, r, r, link->fold_y - r,
                       r, -r, r, to->x - 2, -r, -r, r, to->y + to->height / 2 - r, r, r, r);
}

static void append_line(const struct layout *layout, const struct layout_link *link,
                        struct text *path)
{
    const struct layout_item *from = &layout->items[link->from];
    const struct layout_item *to = &layout->items[link->to];
    int32_t x = from->x + from->width;
    int32_t y = from->y + from->height / 2;
    int32_t end_y = to->y + to->height / 2;
    bool is_bend = link->to >= layout->box_count;
    if (link->is_folded) {
        append_fold(layout, link, path);
    } else if (y == end_y) {
        text_append_format(path, "M%d %dH%d", x, y, to->x);
    } else {
        int32_t half = (to->x - x) / 2;
        text_append_format(path, "M%d %dC%d %d %d %d %d %d", x, y, x + half, y, to->x - half, end_y,
                           to->x, end_y);
    }
    if (is_bend)
        text_append_format(path, "H%d", to->x + to->width);
}

/* All lines of a kind are one path. */
static void put_lines(struct html *html, const struct graph_svg *graph, const struct layout *layout,
                      bool is_outside)
{
    SCOPED_TEXT struct text path = {0};
    for (size_t i = 0; i < layout->link_count; i++) {
        uint32_t source = layout->items[layout->links[i].from].source;
        if (graph->nodes[source].is_outside == is_outside)
            append_line(layout, &layout->links[i], &path);
    }
    if (path.length == 0)
        return;
    html_open(html, "path");
    html_attr(html, "class", is_outside ? "line outside" : "line");
    html_attr(html, "d", text_string(&path));
    html_close(html, "path");
}

static void put_text(struct html *html, const char *class_name, int32_t x, int32_t y,
                     const char *text)
{
    size_t length = strlen(text);
    bool is_cut = utf8_width(text, length) > GRAPH_SVG_COLUMNS;
    html_open(html, "text");
    html_attr(html, "class", class_name);
    html_attr_int(html, "x", x);
    html_attr_int(html, "y", y);
    html_bytes(html, text,
               is_cut ? utf8_prefix_of_width(text, length, GRAPH_SVG_COLUMNS - 1) : length);
    if (is_cut)
        html_text(html, "…");
    html_close(html, "text");
}

static void put_box(struct html *html, const struct layout_item *item)
{
    html_open(html, "rect");
    html_attr(html, "class", "box");
    html_attr_int(html, "x", item->x);
    html_attr_int(html, "y", item->y);
    html_attr_int(html, "width", item->width);
    html_attr_int(html, "height", item->height);
    html_attr_int(html, "rx", 6);
    html_close(html, "rect");
}

static void put_node(struct html *html, const struct graph_svg_node *node,
                     const struct layout_item *item)
{
    bool has_link = node->href[0] != '\0';
    int32_t x = item->x + BOX_PADDING;
    if (has_link) {
        html_open(html, "a");
        html_attr(html, "href", node->href);
    }
    html_open(html, "g");
    html_attr_format(html, "class", "node%s%s%s", node->is_outside ? " outside" : "",
                     node->state[0] != '\0' ? " " : "", node->state);
    if (node->key[0] != '\0')
        html_attr(html, "data-node", node->key);
    if (node->title[0] != '\0')
        html_element(html, "title", NULL, node->title);
    put_box(html, item);
    if (node->glyph[0] != '\0')
        put_text(html, "glyph", x, item->y + NAME_BASE, node->glyph);
    put_text(html, "name", x + (node->glyph[0] != '\0' ? GLYPH_WIDTH : 0), item->y + NAME_BASE,
             node->name);
    put_text(html, "note", x, item->y + NOTE_BASE, node->note);
    html_close(html, "g");
    if (has_link)
        html_close(html, "a");
}

static void put_head(struct html *html, const struct graph_svg *graph, const struct layout *layout)
{
    int32_t width = layout->width + 2 * MARGIN;
    int32_t height = layout->height + 2 * MARGIN;
    html_open(html, "svg");
    if (graph->is_file)
        html_attr(html, "xmlns", "http://www.w3.org/2000/svg");
    html_attr(html, "class", "graph");
    html_attr_int(html, "width", width);
    html_attr_int(html, "height", height);
    html_attr_format(html, "viewBox", "-%d -%d %d %d", MARGIN, MARGIN, width, height);
    html_attr(html, "role", "group");
    html_attr(html, "aria-label", graph->label);
    html_text(html, "");
    if (graph->is_file)
        text_append_format(html->text, "<style>%s</style>", file_looks);
}

bool graph_svg_draw(const struct graph_svg *graph, struct arena *arena, struct html *html)
{
    struct layout_size *sizes = arena_array(arena, graph->node_count + 1, sizeof *sizes);
    for (size_t i = 0; i < graph->node_count; i++)
        sizes[i] = measure(&graph->nodes[i]);
    struct layout_graph boxes = {.sizes = sizes,
                                 .box_count = graph->node_count,
                                 .edges = graph->edges,
                                 .edge_count = graph->edge_count,
                                 .fold_width = graph->fold_width};
    struct layout layout;
    if (!layout_make(&boxes, arena, &layout))
        return false;
    put_head(html, graph, &layout);
    put_lines(html, graph, &layout, false);
    put_lines(html, graph, &layout, true);
    for (size_t i = 0; i < graph->node_count; i++)
        put_node(html, &graph->nodes[i], &layout.items[i]);
    html_close(html, "svg");
    return true;
}

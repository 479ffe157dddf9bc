#include "web/draw/layout.h"

#include "scheduler/base/random.h"
#include "scheduler/base/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FOLD_WIDTH 1100

/* A graph of `count` boxes; how many earlier boxes each one comes from, and from how far back at
 * most. */
struct shape {
    size_t count;
    uint32_t most_needs;
    uint32_t reach;
};

static uint32_t below(struct random *random, uint32_t count)
{
    return (uint32_t)random_below(random, count);
}

static struct layout_graph make_graph(struct arena *arena, struct random *random,
                                      struct shape shape)
{
    struct layout_size *sizes = arena_array(arena, shape.count, sizeof *sizes);
    struct layout_edge *edges = arena_array(arena, shape.count * shape.most_needs, sizeof *edges);
    struct layout_graph graph = {.sizes = sizes, .box_count = shape.count, .edges = edges};
    for (uint32_t i = 0; i < shape.count; i++) {
        sizes[i] = (struct layout_size){(int32_t)(90 + below(random, 150)), 44};
        uint32_t needs = i == 0 ? 0 : below(random, shape.most_needs + 1);
        for (uint32_t n = 0; n < needs; n++) {
            uint32_t back = 1 + below(random, shape.reach < i ? shape.reach : i);
            edges[graph.edge_count++] = (struct layout_edge){i - back, i};
        }
    }
    return graph;
}

static struct layout make_layout(const struct layout_graph *graph, struct arena *arena)
{
    struct layout layout;
    assert_true(layout_make(graph, arena, &layout));
    assert_int_equal(layout.box_count, graph->box_count);
    return layout;
}

/* ---- what must hold for every drawing ---- */

static void check_inside(const struct layout *layout)
{
    for (size_t i = 0; i < layout->item_count; i++) {
        const struct layout_item *item = &layout->items[i];
        assert_true(item->x >= 0 && item->x + item->width <= layout->width);
        assert_true(item->y >= 0 && item->y + item->height <= layout->height);
    }
}

static bool touch(const struct layout_item *a, const struct layout_item *b)
{
    return a->x < b->x + b->width && b->x < a->x + a->width && a->y <= b->y + b->height &&
           b->y <= a->y + a->height;
}

/* No box covers another, no line that passes a layer goes through a box or along another line. */
static void check_apart(const struct layout *layout)
{
    for (size_t i = 0; i < layout->item_count; i++) {
        for (size_t j = i + 1; j < layout->item_count; j++)
            assert_false(touch(&layout->items[i], &layout->items[j]));
    }
}

static void check_direction(const struct layout *layout)
{
    for (size_t i = 0; i < layout->link_count; i++) {
        const struct layout_link *link = &layout->links[i];
        const struct layout_item *from = &layout->items[link->from];
        const struct layout_item *to = &layout->items[link->to];
        assert_true(from->layer < to->layer);
        assert_true(link->is_direct || from->layer + 1 == to->layer);
        if (link->is_folded) {
            assert_int_equal(from->row + 1, to->row);
            assert_true(link->fold_y > from->y + from->height && link->fold_y < to->y);
        } else {
            assert_int_equal(from->row, to->row);
            assert_true(from->x + from->width < to->x);
        }
    }
}

/* Every edge is a way of links, and every way is an edge. */
static void check_edges(const struct layout_graph *graph, const struct layout *layout)
{
    size_t count = graph->box_count;
    char *wanted = calloc(count * count + 1, 1);
    size_t *entered = calloc(layout->item_count + 1, sizeof *entered);
    size_t *left = calloc(layout->item_count + 1, sizeof *left);
    for (size_t i = 0; i < graph->edge_count; i++)
        wanted[graph->edges[i].from * count + graph->edges[i].to] = 1;
    for (size_t i = 0; i < layout->link_count; i++) {
        const struct layout_link *link = &layout->links[i];
        uint32_t source = layout->items[link->from].source;
        entered[link->to]++;
        left[link->from]++;
        if (link->to >= count) {
            assert_int_equal(layout->items[link->to].source, source);
            continue;
        }
        assert_int_equal(wanted[source * count + link->to], 1);
        wanted[source * count + link->to] = 2;
    }
    for (size_t i = 0; i < count * count; i++)
        assert_int_not_equal(wanted[i], 1);
    for (size_t i = count; i < layout->item_count; i++) {
        assert_int_equal(entered[i], 1);
        assert_true(left[i] > 0);
    }
    free(wanted);
    free(entered);
    free(left);
}

static bool cross(const struct layout *layout, const struct layout_link *a,
                  const struct layout_link *b)
{
    const struct layout_item *items = layout->items;
    if (a->is_direct || b->is_direct || items[a->from].layer != items[b->from].layer)
        return false;
    int32_t from =
        items[a->from].y + items[a->from].height / 2 - items[b->from].y - items[b->from].height / 2;
    int32_t to =
        items[a->to].y + items[a->to].height / 2 - items[b->to].y - items[b->to].height / 2;
    return (from < 0 && to > 0) || (from > 0 && to < 0);
}

/* The crossings that one sees are those that were counted, and a quarter of all pairs of lines of a
 * gap at most: what throwing dice for the order would give. */
static void check_crossings(const struct layout *layout)
{
    int64_t seen = 0;
    int64_t pairs = 0;
    for (size_t i = 0; i < layout->link_count; i++) {
        for (size_t j = i + 1; j < layout->link_count; j++) {
            const struct layout_link *a = &layout->links[i];
            const struct layout_link *b = &layout->links[j];
            pairs += layout->items[a->from].layer == layout->items[b->from].layer &&
                     a->from != b->from && a->to != b->to;
            seen += cross(layout, a, b);
        }
    }
    assert_int_equal(seen, layout->crossings);
    assert_true(layout->crossings <= pairs / 4);
}

static void check_all(const struct layout_graph *graph, const struct layout *layout)
{
    check_inside(layout);
    check_apart(layout);
    check_direction(layout);
    check_edges(graph, layout);
    check_crossings(layout);
}

static void test_random_graphs(void **state)
{
    (void)state;
    static const struct shape shapes[] = {
        {1, 1, 1}, {2, 1, 1}, {7, 2, 3}, {20, 3, 8}, {40, 1, 40}, {60, 3, 12}, {120, 2, 5},
    };
    for (uint64_t seed = 1; seed <= 140; seed++) {
        struct random random;
        random_seed(&random, seed);
        SCOPED_ARENA struct arena arena = {0};
        struct layout_graph graph =
            make_graph(&arena, &random, shapes[seed % (sizeof shapes / sizeof shapes[0])]);
        graph.fold_width = seed % 2 == 0 ? FOLD_WIDTH : 0;
        struct layout layout = make_layout(&graph, &arena);
        check_all(&graph, &layout);
    }
}

static void test_always_the_same(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 7);
    SCOPED_ARENA struct arena arena = {0};
    struct layout_graph graph = make_graph(&arena, &random, (struct shape){200, 3, 12});
    struct layout first = make_layout(&graph, &arena);
    struct layout second = make_layout(&graph, &arena);
    assert_int_equal(first.item_count, second.item_count);
    assert_memory_equal(first.items, second.items, first.item_count * sizeof *first.items);
    assert_int_equal(first.crossings, second.crossings);
}

/* A tree has an order without crossings, and it is found. */
static void test_trees_do_not_cross(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct random random;
        random_seed(&random, seed);
        SCOPED_ARENA struct arena arena = {0};
        struct layout_size sizes[80];
        struct layout_edge edges[80];
        for (uint32_t i = 0; i < 80; i++) {
            sizes[i] = (struct layout_size){100, 44};
            edges[i] = (struct layout_edge){i > 0 ? below(&random, i) : 0, i};
        }
        struct layout_graph graph = {
            .sizes = sizes, .box_count = 80, .edges = edges + 1, .edge_count = 79};
        struct layout layout = make_layout(&graph, &arena);
        assert_int_equal(layout.crossings, 0);
        check_all(&graph, &layout);
    }
}

/* The study's flow: both middle ones at the same distance from the line of start and end. */
static void test_diamond(void **state)
{
    (void)state;
    SCOPED_ARENA struct arena arena = {0};
    struct layout_size sizes[4] = {{130, 44}, {140, 44}, {180, 44}, {110, 44}};
    struct layout_edge edges[] = {{0, 1}, {0, 2}, {1, 3}, {2, 3}, {0, 1}};
    struct layout_graph graph = {.sizes = sizes, .box_count = 4, .edges = edges, .edge_count = 5};
    struct layout layout = make_layout(&graph, &arena);
    check_all(&graph, &layout);
    assert_int_equal(layout.layer_count, 3);
    assert_int_equal(layout.link_count, 4);
    assert_int_equal(layout.items[0].y, layout.items[3].y);
    assert_int_equal(layout.items[0].y * 2, layout.items[1].y + layout.items[2].y);
    assert_int_equal(layout.items[1].width, 180);
    assert_int_equal(layout.items[1].y, 0);
}

static struct layout_graph chain(struct arena *arena, uint32_t count)
{
    struct layout_size *sizes = arena_array(arena, count, sizeof *sizes);
    struct layout_edge *edges = arena_array(arena, count, sizeof *edges);
    for (uint32_t i = 0; i < count; i++) {
        sizes[i] = (struct layout_size){120, 44};
        edges[i] = (struct layout_edge){i, i + 1};
    }
    return (struct layout_graph){
        .sizes = sizes, .box_count = count, .edges = edges, .edge_count = count - 1};
}

static void test_long_chains_are_folded(void **state)
{
    (void)state;
    SCOPED_ARENA struct arena arena = {0};
    struct layout_graph graph = chain(&arena, 40);
    struct layout layout = make_layout(&graph, &arena);
    assert_true(layout.width > 5000);
    assert_int_equal(layout.height, 44);
    graph.fold_width = FOLD_WIDTH;
    layout = make_layout(&graph, &arena);
    check_all(&graph, &layout);
    assert_true(layout.width <= FOLD_WIDTH + 40);
    assert_int_equal(layout.items[39].row, 6);
    graph.box_count = 6;
    graph.edge_count = 5;
    layout = make_layout(&graph, &arena);
    assert_int_equal(layout.items[5].row, 0);
}

/* Nowhere a single line: it stays one row. */
static void test_a_ladder_is_not_folded(void **state)
{
    (void)state;
    SCOPED_ARENA struct arena arena = {0};
    struct layout_size sizes[40];
    struct layout_edge edges[80];
    size_t count = 0;
    for (uint32_t i = 0; i < 40; i++) {
        sizes[i] = (struct layout_size){120, 44};
        if (i >= 2)
            edges[count++] = (struct layout_edge){i - 2, i};
    }
    edges[count++] = (struct layout_edge){0, 39};
    struct layout_graph graph = {.sizes = sizes,
                                 .box_count = 40,
                                 .edges = edges,
                                 .edge_count = count,
                                 .fold_width = FOLD_WIDTH};
    struct layout layout = make_layout(&graph, &arena);
    check_all(&graph, &layout);
    assert_int_equal(layout.items[39].row, 0);
    assert_true(layout.width > FOLD_WIDTH);
}

static void test_refuses(void **state)
{
    (void)state;
    SCOPED_ARENA struct arena arena = {0};
    struct layout layout;
    struct layout_size sizes[3] = {{100, 44}, {100, 44}, {100, 44}};
    struct layout_edge circle[] = {{0, 1}, {1, 2}, {2, 1}};
    struct layout_edge own[] = {{1, 1}};
    struct layout_edge beyond[] = {{0, 3}};
    struct layout_graph graph = {.sizes = sizes, .box_count = 3, .edges = circle, .edge_count = 3};
    assert_false(layout_make(&graph, &arena, &layout));
    graph = (struct layout_graph){.sizes = sizes, .box_count = 3, .edges = own, .edge_count = 1};
    assert_false(layout_make(&graph, &arena, &layout));
    graph = (struct layout_graph){.sizes = sizes, .box_count = 3, .edges = beyond, .edge_count = 1};
    assert_false(layout_make(&graph, &arena, &layout));
    graph = (struct layout_graph){.sizes = sizes, .box_count = LAYOUT_MAX_BOXES + 1};
    assert_false(layout_make(&graph, &arena, &layout));
    graph = (struct layout_graph){0};
    assert_true(layout_make(&graph, &arena, &layout));
    assert_int_equal(layout.width, 0);
}

/* Every box with every later one would need 1.3 million bends. */
static void test_bends_have_a_limit(void **state)
{
    (void)state;
    SCOPED_ARENA struct arena arena = {0};
    size_t count = 600;
    struct layout_size *sizes = arena_array(&arena, count, sizeof *sizes);
    struct layout_edge *edges = arena_array(&arena, count * count, sizeof *edges);
    size_t edge_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        sizes[i] = (struct layout_size){100, 44};
        for (uint32_t j = i + 1; j < count; j++)
            edges[edge_count++] = (struct layout_edge){i, j};
    }
    struct layout_graph graph = {
        .sizes = sizes, .box_count = count, .edges = edges, .edge_count = edge_count};
    size_t before = arena.used;
    struct layout layout = make_layout(&graph, &arena);
    assert_true(layout.item_count - count <= LAYOUT_MAX_BENDS);
    assert_true(arena.used - before < ((size_t)32 << 20));
    check_edges(&graph, &layout);
    check_direction(&layout);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_graphs),
        cmocka_unit_test(test_always_the_same),
        cmocka_unit_test(test_trees_do_not_cross),
        cmocka_unit_test(test_diamond),
        cmocka_unit_test(test_long_chains_are_folded),
        cmocka_unit_test(test_a_ladder_is_not_folded),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_bends_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

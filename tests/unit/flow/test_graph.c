/* Order and circles, also on random graphs against the definition. */
#include "tests/unit/flow/flow_test.h"

#include "scheduler/base/random.h"
#include "scheduler/flow/flow_graph.h"
#include "scheduler/flow/name_index.h"

#define MAX_NODES 12
#define MAX_EDGES 30

static void check_order(const struct flow_graph *graph, const size_t *order)
{
    size_t position[MAX_NODES];
    bool is_seen[MAX_NODES] = {false};
    for (size_t i = 0; i < graph->node_count; i++) {
        assert_true(order[i] < graph->node_count && !is_seen[order[i]]);
        is_seen[order[i]] = true;
        position[order[i]] = i;
    }
    for (size_t i = 0; i < graph->edge_count; i++)
        assert_true(position[graph->edges[i].needs] < position[graph->edges[i].node]);
    /* Ties by index: a smaller one stands later only when something it needs stands between. */
    for (size_t i = 0; i + 1 < graph->node_count; i++) {
        bool is_needed = order[i] < order[i + 1];
        for (size_t k = 0; k < graph->edge_count; k++)
            is_needed = is_needed ||
                        (graph->edges[k].node == order[i + 1] && graph->edges[k].needs == order[i]);
        assert_true(is_needed);
    }
}

static void check_circle(const struct flow_graph *graph, const size_t *circle, size_t length)
{
    assert_true(length >= 1 && length <= graph->node_count);
    for (size_t i = 0; i < length; i++) {
        const struct flow_edge *edge = &graph->edges[circle[i]];
        const struct flow_edge *next = &graph->edges[circle[(i + 1) % length]];
        assert_int_equal(edge->needs, next->node);
    }
}

static void random_graphs(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 7);
    size_t ordered = 0;
    size_t circular = 0;
    for (int round = 0; round < 3000; round++) {
        struct arena arena;
        arena_init(&arena, 0);
        struct flow_edge edges[MAX_EDGES];
        struct flow_graph graph = {.node_count = 1 + random_below(&random, MAX_NODES),
                                   .edges = edges,
                                   .edge_count = random_below(&random, MAX_EDGES / 2)};
        for (size_t i = 0; i < graph.edge_count; i++)
            edges[i] = (struct flow_edge){random_below(&random, graph.node_count),
                                          random_below(&random, graph.node_count)};
        size_t *order;
        size_t *circle;
        bool is_ordered = flow_graph_order(&graph, &arena, &order);
        size_t length = flow_graph_circle(&graph, &arena, &circle);
        assert_true(is_ordered == (length == 0));
        if (is_ordered)
            check_order(&graph, order);
        else
            check_circle(&graph, circle, length);
        ordered += is_ordered ? 1 : 0;
        circular += is_ordered ? 0 : 1;
        arena_free(&arena);
    }
    assert_true(ordered > 300 && circular > 300);
}

static void the_circle_is_a_short_one(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    /* 0 → 1 → 2 → 3 → 0, and 1 → 0 */
    static const struct flow_edge edges[] = {{0, 1}, {1, 2}, {2, 3}, {3, 0}, {1, 0}};
    struct flow_graph graph = {4, edges, 5};
    size_t *circle;
    size_t length = flow_graph_circle(&graph, &arena, &circle);
    check_circle(&graph, circle, length);
    assert_true(length == 2 || length == 4);
    static const struct flow_edge self[] = {{2, 2}};
    graph = (struct flow_graph){3, self, 1};
    assert_int_equal(flow_graph_circle(&graph, &arena, &circle), 1);
    graph = (struct flow_graph){0};
    size_t *order;
    assert_true(flow_graph_order(&graph, &arena, &order));
    arena_free(&arena);
}

static void names_are_found(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct name_index *index = name_index_new(&arena, 1);
    char names[2000][8];
    for (size_t i = 0; i < 2000; i++) {
        snprintf(names[i], sizeof names[i], "n%zu", i);
        assert_int_equal(name_index_add(index, names[i], i), NAME_INDEX_NONE);
    }
    for (size_t i = 0; i < 2000; i++)
        assert_int_equal(name_index_find(index, names[i]), i);
    assert_int_equal(name_index_add(index, "n7", 99), 7);
    assert_int_equal(name_index_find(index, "n2000"), NAME_INDEX_NONE);
    assert_int_equal(name_index_find(NULL, "n1"), NAME_INDEX_NONE);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_graphs),
        cmocka_unit_test(the_circle_is_a_short_one),
        cmocka_unit_test(names_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "scheduler/command/graph_text.h"

#include "scheduler/base/random.h"
#include "scheduler/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MAX_NODES 12

/* Needs as a string: "0 1" are the nodes with these numbers. */
struct row {
    const char *label;
    const char *needs;
};

struct fixture {
    struct arena arena;
    struct graph_text_node nodes[MAX_NODES];
    size_t needs[MAX_NODES][MAX_NODES];
    size_t order[MAX_NODES];
    struct graph_text graph;
};

static void build(struct fixture *fixture, const struct row *rows, size_t count)
{
    memset(fixture, 0, sizeof *fixture);
    for (size_t i = 0; i < count; i++) {
        fixture->nodes[i] =
            (struct graph_text_node){.label = rows[i].label, .needs = fixture->needs[i]};
        for (const char *need = rows[i].needs; *need != '\0'; need++) {
            if (*need != ' ')
                fixture->needs[i][fixture->nodes[i].need_count++] = (size_t)(*need - '0');
        }
        fixture->order[i] = i;
    }
    fixture->graph =
        (struct graph_text){.nodes = fixture->nodes, .order = fixture->order, .node_count = count};
}

static void expect(const struct row *rows, size_t count, const char *drawing)
{
    struct fixture fixture;
    build(&fixture, rows, count);
    struct text text = {0};
    bool is_drawn = graph_text_draw(&fixture.graph, &fixture.arena, &text);
    assert_true(is_drawn);
    assert_string_equal(text_string(&text), drawing);
    text_free(&text);
    arena_free(&fixture.arena);
}

#define EXPECT(drawing, ...)                                                                       \
    expect((const struct row[]){__VA_ARGS__},                                                      \
           sizeof((const struct row[]){__VA_ARGS__}) / sizeof(struct row), drawing)

static void test_drawings(void **state)
{
    (void)state;
    EXPECT("sales_stat_start ─┬─ commodity_sync ───────┬─ sales_stat\n"
           "                  └─ order_succeeded_sync ─┘\n",
           {"sales_stat_start", ""}, {"commodity_sync", "0"}, {"order_succeeded_sync", "0"},
           {"sales_stat", "1 2"});
    EXPECT("a\n", {"a", ""});
    EXPECT("a ─── b ─── c\n", {"a", ""}, {"b", "0"}, {"c", "1"});
    EXPECT("a ─┬─ b ─┬─ c\n"
           "   └─────┘\n",
           {"a", ""}, {"b", "0"}, {"c", "0 1"});
    EXPECT("a ─┬─ c\n"
           "b ─┴─ d\n",
           {"a", ""}, {"b", ""}, {"c", "0 1"}, {"d", "0 1"});
    EXPECT("a ─┬─ c\n"
           "   └─ d\n"
           "b ─┬─ e\n"
           "   └─ f\n",
           {"a", ""}, {"b", ""}, {"c", "0"}, {"d", "0"}, {"e", "1"}, {"f", "1"});
    EXPECT("a ─────── b\n"
           "alone\n",
           {"a", ""}, {"b", "0"}, {"alone", ""});
}

static void test_chinese(void **state)
{
    (void)state;
    EXPECT("开始 ─┬─ 商品 ─────┬─ 统计\n"
           "      └─ 订单同步 ─┘\n",
           {"开始", ""}, {"商品", "0"}, {"订单同步", "0"}, {"统计", "1 2"});
}

static void test_ascii(void **state)
{
    (void)state;
    struct fixture fixture;
    build(&fixture, (const struct row[]){{"a", ""}, {"b", "0"}, {"c", "0"}}, 3);
    fixture.graph.is_ascii = true;
    struct text text = {0};
    assert_true(graph_text_draw(&fixture.graph, &fixture.arena, &text));
    assert_string_equal(text_string(&text), "a -+- b\n"
                                            "   +- c\n");
    text_free(&text);
    arena_free(&fixture.arena);
}

/* Where the lines would say something that is not so, nothing is drawn. */
static void test_refused(void **state)
{
    (void)state;
    static const struct row crossing[] = {{"a", ""}, {"b", ""}, {"c", "0"}, {"d", "0 1"}};
    struct fixture fixture;
    struct text text = {0};
    build(&fixture, crossing, 4);
    assert_false(graph_text_draw(&fixture.graph, &fixture.arena, &text));
    arena_free(&fixture.arena);
    static const struct row wide[] = {{"a_long_name", ""}, {"another_long_name", "0"}};
    build(&fixture, wide, 2);
    fixture.graph.width = 32;
    assert_false(graph_text_draw(&fixture.graph, &fixture.arena, &text));
    fixture.graph.width = 33;
    assert_true(graph_text_draw(&fixture.graph, &fixture.arena, &text));
    assert_string_equal(text_string(&text), "a_long_name ─── another_long_name\n");
    text_free(&text);
    arena_free(&fixture.arena);
}

#define GRID_ROWS 80
#define GRID_COLUMNS 200

/* The drawing as code points, one a cell. */
struct grid {
    int32_t cells[GRID_ROWS][GRID_COLUMNS];
    bool is_seen[GRID_ROWS][GRID_COLUMNS];
};

static void load_grid(struct grid *grid, const char *drawing)
{
    memset(grid, 0, sizeof *grid);
    size_t row = 0;
    size_t column = 0;
    while (*drawing != '\0') {
        int32_t code;
        drawing += utf8_decode(drawing, strlen(drawing), &code);
        if (code == '\n') {
            row++;
            column = 0;
        } else {
            grid->cells[row][column++] = code;
        }
    }
}

/* Bits: left, right, up, down. */
static int sides_of(int32_t code)
{
    static const struct {
        int32_t code;
        int sides;
    } known[] = {{0x2500, 12}, {0x2502, 3},  {0x250c, 5},  {0x2510, 9},  {0x2514, 6}, {0x2518, 10},
                 {0x251c, 7},  {0x2524, 11}, {0x252c, 13}, {0x2534, 14}, {0x253c, 15}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].code == code)
            return known[i].sides;
    }
    return 0;
}

/* Follows the lines to the right from a cell, also up and down but never left again past a column;
 * marks the letters (node labels) that are reached. */
static void follow(struct grid *grid, size_t row, size_t column, bool *reached)
{
    size_t stack[GRID_ROWS * GRID_COLUMNS][2];
    size_t depth = 0;
    stack[depth][0] = row;
    stack[depth++][1] = column;
    memset(grid->is_seen, 0, sizeof grid->is_seen);
    while (depth > 0) {
        depth--;
        size_t r = stack[depth][0];
        size_t c = stack[depth][1];
        int32_t code = grid->cells[r][c];
        if (grid->is_seen[r][c])
            continue;
        grid->is_seen[r][c] = true;
        if (code >= 'A' && code < 'A' + MAX_NODES) {
            reached[code - 'A'] = true;
            continue;
        }
        int sides = sides_of(code);
        bool is_bridge = code == ' ' && c > 0 && c + 1 < GRID_COLUMNS; /* beside a label */
        if (is_bridge && grid->cells[r][c + 1] >= 'A' && grid->cells[r][c + 1] < 'A' + MAX_NODES) {
            reached[grid->cells[r][c + 1] - 'A'] = true;
            continue;
        }
        if (sides & 4) {
            stack[depth][0] = r;
            stack[depth++][1] = c + 1;
        }
        if ((sides & 2) && r > 0) {
            stack[depth][0] = r - 1;
            stack[depth++][1] = c;
        }
        if (sides & 1) {
            stack[depth][0] = r + 1;
            stack[depth++][1] = c;
        }
    }
}

static bool needs_node(const struct graph_text_node *user, size_t node)
{
    for (size_t n = 0; n < user->need_count; n++) {
        if (user->needs[n] == node)
            return true;
    }
    return false;
}

/* Reads the drawing back: from each node the lines must lead to exactly those that need it. */
static void check_drawing(const struct fixture *fixture, const char *drawing)
{
    static struct grid grid;
    load_grid(&grid, drawing);
    for (size_t cell = 0; cell < GRID_ROWS * (GRID_COLUMNS - 2); cell++) {
        size_t row = cell / (GRID_COLUMNS - 2);
        size_t column = cell % (GRID_COLUMNS - 2);
        int32_t code = grid.cells[row][column];
        if (code < 'A' || code >= 'A' + MAX_NODES)
            continue;
        bool reached[MAX_NODES] = {false};
        if (grid.cells[row][column + 1] == ' ' && sides_of(grid.cells[row][column + 2]) != 0)
            follow(&grid, row, column + 2, reached);
        for (size_t i = 0; i < fixture->graph.node_count; i++) {
            if (needs_node(&fixture->nodes[i], (size_t)(code - 'A')) != reached[i])
                fail_msg("%c to %c\n%s", code, 'A' + (int)i, drawing);
        }
    }
}

struct random_rows {
    struct row items[10];
    char labels[10][2];
    char needs[10][11];
    size_t count;
};

static void make_rows(struct random *random, struct random_rows *rows)
{
    rows->count = 1 + random_below(random, 10);
    for (size_t i = 0; i < rows->count; i++) {
        rows->labels[i][0] = (char)('A' + i);
        rows->labels[i][1] = '\0';
        char *at = rows->needs[i];
        for (size_t n = 0; n < i; n++) {
            if (random_chance(random, 250))
                *at++ = (char)('0' + n);
        }
        *at = '\0';
        rows->items[i] = (struct row){rows->labels[i], rows->needs[i]};
    }
}

static void test_random(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 7);
    int drawn = 0;
    for (int round = 0; round < 4000; round++) {
        struct random_rows rows;
        make_rows(&random, &rows);
        struct fixture fixture;
        build(&fixture, rows.items, rows.count);
        struct text text = {0};
        if (graph_text_draw(&fixture.graph, &fixture.arena, &text)) {
            drawn++;
            check_drawing(&fixture, text_string(&text));
        } else {
            assert_int_equal(text.length, 0);
        }
        text_free(&text);
        arena_free(&fixture.arena);
    }
    assert_true(drawn > 400);
}

static void test_ranks(void **state)
{
    (void)state;
    struct fixture fixture;
    build(&fixture, (const struct row[]){{"a", ""}, {"b", "0"}, {"c", "0 1"}, {"d", ""}}, 4);
    size_t ranks[4];
    graph_text_ranks(&fixture.graph, ranks);
    assert_int_equal(ranks[0], 0);
    assert_int_equal(ranks[1], 1);
    assert_int_equal(ranks[2], 2);
    assert_int_equal(ranks[3], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drawings), cmocka_unit_test(test_chinese),
        cmocka_unit_test(test_ascii),    cmocka_unit_test(test_refused),
        cmocka_unit_test(test_random),   cmocka_unit_test(test_ranks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Drawings as they are committed in golden/: with DATEMILL_REWRITE_GOLDENS=1 they are written anew,
 * to be looked at before they are committed. */
#include "web/draw/bars_svg.h"
#include "web/draw/graph_svg.h"
#include "web/draw/share.h"
#include "web/draw/timeline_svg.h"
#include "web/draw/trend_svg.h"

#include "scheduler/base/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void begin(struct html *html, struct text *text)
{
    *text = (struct text){0};
    html_init(html, text, LANGUAGE_EN);
}

/* One element a line, so that a difference can be read. */
static void break_lines(const struct text *text, struct text *out)
{
    for (size_t i = 0; i < text->length; i++) {
        if (i > 0 && text->data[i] == '<' && text->data[i - 1] == '>')
            text_append_char(out, '\n');
        text_append_char(out, text->data[i]);
    }
    text_append_char(out, '\n');
}

static void compare(const char *name, const struct text *text)
{
    char path[512];
    SCOPED_TEXT struct text golden = {0};
    SCOPED_TEXT struct text drawn = {0};
    break_lines(text, &drawn);
    snprintf(path, sizeof path, "%s/tests/unit/web_draw/golden/%s", TEST_SOURCE_DIR, name);
    if (getenv("DATEMILL_REWRITE_GOLDENS") != NULL) {
        SCOPED_FILE FILE *out = fopen(path, "w");
        assert_non_null(out);
        fputs(text_string(&drawn), out);
        return;
    }
    SCOPED_FILE FILE *in = fopen(path, "r");
    assert_non_null(in);
    char buffer[4096];
    for (size_t count; (count = fread(buffer, 1, sizeof buffer, in)) > 0;)
        text_append_bytes(&golden, buffer, count);
    assert_string_equal(text_string(&drawn), text_string(&golden));
}

static const struct graph_svg_node study[] = {
    {"sales_stat_start", "✓", "virtual · 0s", "sales_stat_start: success", "success",
     "#n-sales_stat_start", "sales_stat_start", false},
    {"commodity_sync", "✓", "sync · 4.1s", "commodity_sync: success", "success",
     "#n-commodity_sync", "commodity_sync", false},
    {"order_succeeded_sync", "✓", "sync · 37s", "order_succeeded_sync: success", "success",
     "#n-order_succeeded_sync", "order_succeeded_sync", false},
    {"sales_stat", "✗", "sql · 12s · try 2/2", "sales_stat: failed", "failed", "#n-sales_stat",
     "sales_stat", false},
    {"sales_stat@-1", "", "previous cycle", "", "", "", "", true},
};

static const struct layout_edge study_edges[] = {{0, 1}, {0, 2}, {1, 3}, {2, 3}, {4, 3}};

static void test_graph(void **state)
{
    (void)state;
    SCOPED_ARENA struct arena arena = {0};
    SCOPED_TEXT struct text text;
    struct html html;
    struct graph_svg graph = {
        .nodes = study, .node_count = 5, .edges = study_edges, .edge_count = 5, .label = "Graph"};
    begin(&html, &text);
    assert_true(graph_svg_draw(&graph, &arena, &html));
    compare("graph.svg", &text);
    text_clear(&text);
    graph.is_file = true;
    assert_true(graph_svg_draw(&graph, &arena, &html));
    compare("graph_file.svg", &text);
}

/* A name that is as long as names get, Chinese, and text that would like to be markup. */
static void test_names(void **state)
{
    (void)state;
    SCOPED_ARENA struct arena arena = {0};
    SCOPED_TEXT struct text text;
    struct html html;
    struct graph_svg_node nodes[] = {
        {"a_name_of_sixty_three_letters_is_the_longest_one_a_node_may_have", "✓", "shell",
         "all of it", "success", "", "", false},
        {"经营数据分析汇总节点用来测试很长的中文名称", "○", "等待 · 上游", "经营数据", "waiting",
         "", "", false},
        {"<b>\"&\"</b>", "", "]]>&lt;", "</title><script>", "x\" onload=\"y", "javascript:alert(1)",
         "a\"b", false},
    };
    struct layout_edge edges[] = {{0, 1}, {0, 2}};
    struct graph_svg graph = {
        .nodes = nodes, .node_count = 3, .edges = edges, .edge_count = 2, .label = "<&>"};
    begin(&html, &text);
    assert_true(graph_svg_draw(&graph, &arena, &html));
    assert_null(strstr(text_string(&text), "<script"));
    assert_null(strstr(text_string(&text), "onload=\"y"));
    assert_null(strstr(text_string(&text), "javascript"));
    assert_null(strstr(text_string(&text), "style="));
    assert_non_null(strstr(text_string(&text), "a_name_of_sixty_three_letters…"));
    compare("names.svg", &text);
}

static void test_circles_are_not_drawn(void **state)
{
    (void)state;
    SCOPED_ARENA struct arena arena = {0};
    SCOPED_TEXT struct text text;
    struct html html;
    struct layout_edge edges[] = {{0, 1}, {1, 0}};
    struct graph_svg graph = {
        .nodes = study, .node_count = 2, .edges = edges, .edge_count = 2, .label = ""};
    begin(&html, &text);
    assert_false(graph_svg_draw(&graph, &arena, &html));
    assert_string_equal(text_string(&text), "");
}

static struct instant at_ms(int64_t ms)
{
    return (struct instant){(int64_t)1636641000 * DURATION_SECOND_US + ms * 1000};
}

static void test_timeline(void **state)
{
    (void)state;
    SCOPED_TEXT struct text text;
    struct html html;
    const struct timeline_svg_row rows[] = {
        {"start", "#n-start"}, {"sync", "#n-sync"}, {"stat", "#n-stat"}};
    const struct timeline_svg_bar bars[] = {
        {0, at_ms(0), at_ms(0), "success", "start: 0s", "", false},
        {1, at_ms(0), at_ms(37000), "success", "sync: 37s", "/runs/1", false},
        {2, at_ms(0), at_ms(37000), "waiting", "", "", true},
        {2, at_ms(37000), at_ms(43500), "failed", "try 1", "", false},
        {2, at_ms(48000), at_ms(99000), "failed", "try 2", "", false},
        {2, at_ms(-5000), at_ms(-1000), "failed", "before it all", "", false},
    };
    struct timeline_svg timeline = {.rows = rows,
                                    .row_count = 3,
                                    .bars = bars,
                                    .bar_count = 6,
                                    .from = at_ms(0),
                                    .to = at_ms(54000),
                                    .caption = "Timeline",
                                    .bars_label = "attempts"};
    begin(&html, &text);
    timeline_svg_draw(&timeline, &html);
    assert_null(strstr(text_string(&text), "before it all"));
    compare("timeline.html", &text);
    text_clear(&text);
    timeline.to = timeline.from;
    timeline.bar_count = 1;
    timeline_svg_draw(&timeline, &html);
    assert_non_null(strstr(text_string(&text), "width=\"3\""));
}

static void check_step(int64_t span_ms, const char *step)
{
    char buffer[DURATION_TEXT_BYTES];
    assert_string_equal(duration_format_exact(timeline_svg_step(duration_ms(span_ms), 7), buffer),
                        step);
}

static void test_steps(void **state)
{
    (void)state;
    check_step(1, "1ms");
    check_step(7, "1ms");
    check_step(8, "2ms");
    check_step(35, "5ms");
    check_step(36, "10ms");
    check_step(900, "200ms");
    check_step(3600, "1s");
    check_step(54000, "10s");
    check_step(420000, "1m");
    check_step(4000000, "10m");
    check_step(86400000, "6h");
    check_step((int64_t)86400000 * 365, "8w");
}

static void test_trend(void **state)
{
    (void)state;
    SCOPED_TEXT struct text text;
    struct html html;
    const struct trend_svg_point points[] = {
        {duration_ms(58000), "success", "", "2021-11-09 58s", "/runs/1"},
        {duration_ms(61000), "success", "", "2021-11-10 61s", "/runs/2"},
        {duration_ms(12000), "failed", "✗", "2021-11-11 failed", "/runs/3"},
    };
    const struct trend_svg_line lines[] = {{duration_ms(58000), "median 58s", "median"}};
    struct trend_svg trend = {.points = points,
                              .point_count = 3,
                              .lines = lines,
                              .line_count = 1,
                              .first = "2021-11-09",
                              .last = "2021-11-11",
                              .label = "Durations"};
    begin(&html, &text);
    trend_svg_draw(&trend, &html);
    compare("trend.svg", &text);
    text_clear(&text);
    trend.point_count = 0;
    trend.line_count = 0;
    trend_svg_draw(&trend, &html);
    assert_null(strstr(text_string(&text), "circle"));
}

static size_t count(const char *text, const char *word)
{
    size_t found = 0;
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
        found++;
    return found;
}

static void test_bars(void **state)
{
    (void)state;
    SCOPED_TEXT struct text text;
    struct html html;
    struct bars_svg_bar many[300];
    for (size_t i = 0; i < 300; i++)
        many[i] = (struct bars_svg_bar){(int64_t)i, (uint32_t)(i % 3)};
    struct bars_svg bars = {.bars = many + 296,
                            .count = 4,
                            .slots = 30,
                            .classes = {"success", "failed", "stopped"},
                            .label = "30 runs"};
    begin(&html, &text);
    bars_svg_draw(&bars, &html);
    compare("bars.svg", &text);
    text_clear(&text);
    bars.bars = many;
    bars.count = 300;
    bars_svg_draw(&bars, &html);
    assert_int_equal(count(text_string(&text), "<path"), 3);
    assert_int_equal(count(text_string(&text), "M"), BARS_SVG_MAX);
    text_clear(&text);
    bars.count = 0;
    bars_svg_draw(&bars, &html);
    assert_non_null(strstr(text_string(&text), "width=\"180\""));
}

static void test_shares(void **state)
{
    (void)state;
    assert_int_equal(share_of(1, 3), 33333);
    assert_int_equal(share_of(-1, 3), 0);
    assert_int_equal(share_of(4, 3), SHARE_WHOLE);
    assert_int_equal(share_of(INT64_MAX / 2, INT64_MAX), 50000);
    SCOPED_TEXT struct text text;
    struct html html;
    begin(&html, &text);
    html_open(&html, "g");
    share_attr(&html, "a", 50000);
    share_attr(&html, "b", 12345);
    share_attr(&html, "c", 12500);
    html_close(&html, "g");
    assert_string_equal(text_string(&text), "<g a=\"50%\" b=\"12.345%\" c=\"12.5%\"></g>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graph),    cmocka_unit_test(test_names),
        cmocka_unit_test(test_timeline), cmocka_unit_test(test_circles_are_not_drawn),
        cmocka_unit_test(test_steps),    cmocka_unit_test(test_trend),
        cmocka_unit_test(test_bars),     cmocka_unit_test(test_shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "scheduler/command/table.h"

#include "scheduler/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct table_column columns[] = {
    {.title = "RUN", .is_right = true},
    {.title = "FLOW", .shrink_to = 8},
    {.title = "BIZDATE"},
    {.title = "DUR", .rank = 2},
    {.title = "ERROR", .shrink_to = 12, .rank = 1},
    {.title = NULL},
};

static void fill(struct table *table, struct arena *arena)
{
    table_init(table, columns, arena);
    table_cell(table, "184213");
    table_cell(table, "smartrm_study");
    table_cell(table, "2021-11-11");
    table_cell(table, "1m 00s");
    table_cell(table, "sales_stat: no such column: s.machineId");
    table_cell_format(table, "%d", 7);
    table_cell(table, "经营数据分析");
    table_cell(table, "2021-11-04");
    table_cell(table, NULL);
    table_cell(table, "two\nlines\tand\033[2J");
}

/* What is printed at a width; the caller frees. */
static char *print(int width)
{
    struct arena arena = {0};
    struct table table;
    struct terminal terminal = {.fd = -1, .has_utf8 = true, .width = width};
    fill(&table, &arena);
    table_print(&table, &terminal, true);
    arena_free(&arena);
    return text_take(&terminal.pending);
}

static void test_whole(void **state)
{
    (void)state;
    char *printed = print(0);
    assert_string_equal(
        printed,
        "   RUN  FLOW           BIZDATE     DUR     ERROR\n"
        "184213  smartrm_study  2021-11-11  1m 00s  sales_stat: no such column: s.machineId\n"
        "     7  经营数据分析   2021-11-04          two lines and\xEF\xBF\xBD[2J\n");
    free(printed);
}

static void test_narrow(void **state)
{
    (void)state;
    for (int width = 36; width < 120; width++) {
        char *printed = print(width);
        for (char *line = printed, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
            size_t columns_used = utf8_width(line, (size_t)(end - line));
            if (columns_used > (size_t)width)
                fail_msg("%zu columns where there are %d: %s", columns_used, width, printed);
        }
        assert_non_null(strstr(printed, "184213"));
        assert_non_null(strstr(printed, "2021-11-11"));
        free(printed);
    }
    char *printed = print(40);
    assert_string_equal(printed, "   RUN  FLOW           BIZDATE\n"
                                 "184213  smartrm_study  2021-11-11\n"
                                 "     7  经营数据分析   2021-11-04\n");
    free(printed);
    printed = print(50);
    assert_string_equal(printed, "   RUN  FLOW      BIZDATE     DUR     ERROR\n"
                                 "184213  smartrm…  2021-11-11  1m 00s  sales_stat:…\n"
                                 "     7  经营数…   2021-11-04          two lines a…\n");
    free(printed);
}

static void test_styles(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct table table;
    struct terminal terminal = {.fd = -1, .has_utf8 = true, .has_color = true};
    static const struct table_column two[] = {
        {.title = "STATE"}, {.title = "NODE"}, {.title = NULL}};
    table_init(&table, two, &arena);
    table_cell_state(&table, &terminal, "failed");
    table_cell(&table, "a");
    table_cell_state(&table, &terminal, "success");
    table_cell(&table, "b");
    table_print(&table, &terminal, false);
    assert_string_equal(text_string(&terminal.pending), "\033[31m✗ failed\033[0m   a\n"
                                                        "\033[32m✓ success\033[0m  b\n");
    terminal_free(&terminal);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_narrow),
        cmocka_unit_test(test_styles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

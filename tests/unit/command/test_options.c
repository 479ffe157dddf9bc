#include "scheduler/command/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char *const formats[] = {"human", "gcc", "json", NULL};

static const struct option globals[] = {
    {.name = "directory", .letter = 'C', .kind = OPTION_KIND_TEXT, .value = "DIR"},
    {.name = "json"},
    {.name = "quiet", .letter = 'q'},
    {.name = NULL},
};

static const struct option specials[] = {
    {.name = "node", .kind = OPTION_KIND_TEXT, .value = "NODE"},
    {.name = "number", .letter = 'n', .kind = OPTION_KIND_NUMBER, .min = 1, .max = 50},
    {.name = "format", .kind = OPTION_KIND_CHOICE, .choices = formats},
    {.name = "follow", .letter = 'f'},
    {.name = "var", .kind = OPTION_KIND_PAIR, .may_repeat = true},
    {.name = NULL},
};

struct fixture {
    struct arena arena;
    struct command_line line;
    struct options options;
    struct error err;
    int result;
};

static void read_words(struct fixture *fixture, const char *const *words)
{
    memset(fixture, 0, sizeof *fixture);
    fixture->line = (struct command_line){.words = words, .mark_word = OPTIONS_NO_WORD};
    while (words[fixture->line.count] != NULL)
        fixture->line.count++;
    struct option_reader reader;
    option_reader_begin(&reader, &fixture->line, globals, &fixture->arena);
    option_reader_add_table(&reader, specials);
    fixture->result = option_reader_finish(&reader, &fixture->options, &fixture->err);
}

#define READ(...) read_words(&fixture, (const char *const[]){"datemill", __VA_ARGS__, NULL})

static void expect_error(const struct fixture *fixture, const char *code, const char *part,
                         const char *marked)
{
    assert_int_equal(fixture->result, -1);
    assert_int_equal(fixture->err.kind, ERROR_KIND_USAGE);
    assert_string_equal(fixture->err.code, code);
    if (strstr(fixture->err.text, part) == NULL && strstr(fixture->err.help, part) == NULL)
        fail_msg("no `%s` in `%s` / `%s`", part, fixture->err.text, fixture->err.help);
    assert_int_not_equal(fixture->line.mark_word, OPTIONS_NO_WORD);
    const char *word = fixture->line.words[fixture->line.mark_word];
    assert_int_equal(fixture->line.mark_length, strlen(marked));
    assert_memory_equal(word + fixture->line.mark_offset, marked, strlen(marked));
}

static void test_values(void **state)
{
    (void)state;
    struct fixture fixture;
    READ("a", "--node", "x", "--number=7", "b", "-q", "--format", "gcc");
    assert_int_equal(fixture.result, 0);
    assert_string_equal(options_text(&fixture.options, "node", ""), "x");
    assert_int_equal(options_number(&fixture.options, "number", 0), 7);
    assert_int_equal(options_number(&fixture.options, "format", 0), 1);
    assert_true(options_has(&fixture.options, "quiet"));
    assert_false(options_has(&fixture.options, "json"));
    assert_int_equal(fixture.options.argument_count, 2);
    assert_string_equal(fixture.options.arguments[1].text, "b");
    assert_int_equal(fixture.options.arguments[1].word, 5);
    arena_free(&fixture.arena);
}

static void test_letters(void **state)
{
    (void)state;
    struct fixture fixture;
    READ("-fn5", "-C/tmp");
    assert_int_equal(fixture.result, 0);
    assert_true(options_has(&fixture.options, "follow"));
    assert_int_equal(options_number(&fixture.options, "number", 0), 5);
    assert_string_equal(options_text(&fixture.options, "directory", ""), "/tmp");
    arena_free(&fixture.arena);
    READ("-n", "50", "-fq");
    assert_int_equal(options_number(&fixture.options, "number", 0), 50);
    assert_true(options_has(&fixture.options, "quiet"));
    arena_free(&fixture.arena);
}

static void test_repeated(void **state)
{
    (void)state;
    struct fixture fixture;
    READ("--var", "a=1", "--var=b=x=y", "--var", "_c=");
    assert_int_equal(fixture.result, 0);
    size_t cursor = 0;
    assert_string_equal(options_each(&fixture.options, "var", &cursor)->text, "a=1");
    assert_string_equal(options_each(&fixture.options, "var", &cursor)->text, "b=x=y");
    assert_string_equal(options_each(&fixture.options, "var", &cursor)->text, "_c=");
    assert_null(options_each(&fixture.options, "var", &cursor));
    arena_free(&fixture.arena);
}

static void test_dashes(void **state)
{
    (void)state;
    struct fixture fixture;
    READ("--json", "--", "--node", "-", "-q");
    assert_int_equal(fixture.result, 0);
    assert_int_equal(fixture.options.argument_count, 3);
    assert_string_equal(fixture.options.arguments[0].text, "--node");
    assert_false(options_has(&fixture.options, "quiet"));
    arena_free(&fixture.arena);
    READ("-");
    assert_int_equal(fixture.options.argument_count, 1);
    arena_free(&fixture.arena);
}

static void test_wrong(void **state)
{
    (void)state;
    struct fixture fixture;
    READ("x", "--nod", "y");
    expect_error(&fixture, "E002", "`--node`", "--nod");
    arena_free(&fixture.arena);
    READ("--nodee=5");
    expect_error(&fixture, "E002", "`--node`", "--nodee");
    arena_free(&fixture.arena);
    READ("-fz");
    expect_error(&fixture, "E002", "`-z`", "z");
    arena_free(&fixture.arena);
    READ("-中");
    expect_error(&fixture, "E002", "`-中`", "中");
    arena_free(&fixture.arena);
    READ("--node");
    expect_error(&fixture, "E003", "needs a value", "--node");
    arena_free(&fixture.arena);
    READ("--node", "--json");
    expect_error(&fixture, "E003", "--node=--json", "--node");
    arena_free(&fixture.arena);
    READ("--json=yes");
    expect_error(&fixture, "E003", "takes no value", "yes");
    arena_free(&fixture.arena);
    READ("--node=");
    expect_error(&fixture, "E004", "is empty", "--node=");
    arena_free(&fixture.arena);
    READ("--node", "a", "--node", "b");
    expect_error(&fixture, "E007", "twice", "b");
    arena_free(&fixture.arena);
}

static void test_wrong_values(void **state)
{
    (void)state;
    struct fixture fixture;
    READ("-n", "51");
    expect_error(&fixture, "E004", "from 1 to 50", "51");
    arena_free(&fixture.arena);
    READ("-n", "-1");
    expect_error(&fixture, "E004", "from 1 to 50", "-1");
    arena_free(&fixture.arena);
    READ("--number=9999999999999999999999");
    assert_int_equal(fixture.result, -1);
    arena_free(&fixture.arena);
    READ("-n5x");
    expect_error(&fixture, "E004", "takes a number", "5x");
    arena_free(&fixture.arena);
    READ("--format", "jsno");
    expect_error(&fixture, "E004", "did you mean `json`", "jsno");
    arena_free(&fixture.arena);
    READ("--format=xml");
    expect_error(&fixture, "E004", "human, gcc, json", "xml");
    arena_free(&fixture.arena);
    READ("--var", "9=1");
    expect_error(&fixture, "E004", "NAME=TEXT", "9=1");
    arena_free(&fixture.arena);
    READ("--var", "novalue");
    expect_error(&fixture, "E004", "NAME=TEXT", "novalue");
    arena_free(&fixture.arena);
}

static void test_exclude(void **state)
{
    (void)state;
    struct fixture fixture;
    READ("--json", "-f");
    assert_int_equal(options_exclude(&fixture.options, "json", "node", &fixture.err), 0);
    fixture.result = options_exclude(&fixture.options, "json", "follow", &fixture.err);
    expect_error(&fixture, "E007", "contradict", "f");
    arena_free(&fixture.arena);
}

static void show(const char *const *words, size_t word, size_t offset, size_t length,
                 const char *expected)
{
    struct command_line line = {.words = words, .mark_word = OPTIONS_NO_WORD};
    while (words[line.count] != NULL)
        line.count++;
    command_line_mark(&line, word, offset, length);
    struct text text = {0};
    command_line_show(&line, 3, 0, false, &text);
    assert_string_equal(text_string(&text), expected);
    text_free(&text);
}

static void test_caret(void **state)
{
    (void)state;
    show((const char *const[]){"/usr/bin/datemill", "backfill", "smartrm_study",
                               "2021-02-01..2021-02-30", NULL},
         3, 12, 10,
         "   datemill backfill smartrm_study 2021-02-01..2021-02-30\n"
         "                                               ^^^^^^^^^^\n");
    show((const char *const[]){"d", "new", "售卖机", "--x", NULL}, 3, 0, 0,
         "   datemill new 售卖机 --x\n"
         "                       ^^^\n");
    show((const char *const[]){"d", "query", "SELECT '中'", NULL}, 2, 8, 3,
         "   datemill query 'SELECT '\\''中'\\'''\n"
         "                              ^^\n");
    show((const char *const[]){"d", "", NULL}, 1, 0, 0,
         "   datemill ''\n"
         "            ^^\n");
    show((const char *const[]){"d", "a\nb\033[2J", "x", NULL}, 2, 0, 0,
         "   datemill 'a b\xEF\xBF\xBD[2J' x\n"
         "                      ^\n");
}

static void test_narrow_caret(void **state)
{
    (void)state;
    const char *const words[] = {"d", "render", "a_flow_with_a_long_name", "2021-02-30",
                                 "--node=x"};
    struct command_line line = {.words = words, .count = 5, .mark_word = OPTIONS_NO_WORD};
    command_line_mark(&line, 3, 0, 0);
    for (size_t width = 16; width < 80; width++) {
        struct text text = {0};
        command_line_show(&line, 3, width, false, &text);
        const char *newline = strchr(text_string(&text), '\n');
        const char *caret = strchr(newline, '^');
        const char *date = strstr(text_string(&text), "2021-02-30");
        assert_non_null(date);
        /* in front of the date only `…` is wider in bytes than in columns: by two */
        const char *dots = strstr(text_string(&text), "…");
        ptrdiff_t column = date - text_string(&text) - (dots != NULL ? 2 : 0);
        assert_int_equal(caret - newline - 1, column);
        assert_true((size_t)(newline - text_string(&text)) - (dots != NULL ? 2 : 0) <= width);
        text_free(&text);
    }
}

static void test_first_mark_stays(void **state)
{
    (void)state;
    const char *const words[] = {"d", "abc", "def"};
    struct command_line line = {.words = words, .count = 3, .mark_word = OPTIONS_NO_WORD};
    command_line_mark(&line, 9, 0, 0);
    assert_int_equal(line.mark_word, OPTIONS_NO_WORD);
    command_line_mark(&line, 2, 1, 99);
    command_line_mark(&line, 1, 0, 0);
    assert_int_equal(line.mark_word, 2);
    assert_int_equal(line.mark_length, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),       cmocka_unit_test(test_letters),
        cmocka_unit_test(test_repeated),     cmocka_unit_test(test_dashes),
        cmocka_unit_test(test_wrong),        cmocka_unit_test(test_wrong_values),
        cmocka_unit_test(test_exclude),      cmocka_unit_test(test_caret),
        cmocka_unit_test(test_narrow_caret), cmocka_unit_test(test_first_mark_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

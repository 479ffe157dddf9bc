#include "scheduler/flow/reference.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/random.h"
#include "scheduler/base/scope.h"
#include "scheduler/flow/parameter.h"
#include "tests/unit/flow/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct reference_finder *finder;

static int set_up(void **state)
{
    (void)state;
    finder = reference_finder_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    reference_finder_free(finder);
    return 0;
}

/* Names and values in pairs, NULL at the end. */
static const char *find_pair(const void *data, const char *name)
{
    for (const char *const *pair = data; pair[0] != NULL; pair += 2) {
        if (strcmp(pair[0], name) == 0)
            return pair[1];
    }
    return NULL;
}

static const char *const pairs[] = {"var",
                                    "20211111",
                                    "empty",
                                    "",
                                    "q",
                                    "it's",
                                    "minus",
                                    "-1",
                                    "end",
                                    "a-",
                                    "two",
                                    "a--b",
                                    "back",
                                    "a\\b",
                                    "tab",
                                    "a\tb",
                                    "text",
                                    "${var}",
                                    "dq",
                                    "a\"b",
                                    "bq",
                                    "a`b",
                                    "bdp.system.bizdate",
                                    "20211111",
                                    "cn",
                                    "经营",
                                    NULL,
                                    NULL};

static int substitute(const char *text, enum reference_rules rules, struct text *result,
                      struct error *err)
{
    struct reference_walk walk;
    struct reference_values values = {.find = find_pair, .data = pairs, .rules = rules};
    reference_walk_init(&walk, text, strlen(text));
    return reference_substitute(finder, walk, values, result, err);
}

static void test_substitution(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", ""},
        {"nothing here", "nothing here"},
        {"dt='${var}'", "dt='20211111'"},
        {"dt='$<var>'", "dt='20211111'"},
        {"${var}${var}$<var>", "202111112021111120211111"},
        {"a${empty}b", "ab"},
        {"$${var} $$<var>", "${var} $<var>"},
        {"$$${var}", "$${var}"},
        {"$var $ $$ $5 $[yyyy] {var} $(x)", "$var $ $$ $5 $[yyyy] {var} $(x)"},
        {"a $< 5 and b$<5 $<>", "a $< 5 and b$<5 $<>"},
        {"${text}", "${var}"},
        {"经营${cn}数据", "经营经营数据"},
        {"${bdp.system.bizdate}${BDP.System.BizDate}$<bdp.system.bizdate>",
         "202111112021111120211111"},
        {"${q} ${two} ${back} ${minus}-", "it's a--b a\\b -1-"},
        {"\xff${var}\xfe", "\xff"
                           "20211111\xfe"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        SCOPED_TEXT struct text result = {0};
        struct error err = {0};
        if (substitute(rows[i][0], REFERENCE_RULES_PLAIN, &result, &err) != 0)
            fail_msg("%s: %s", rows[i][0], err.text);
        assert_string_equal(text_string(&result), rows[i][1]);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *code;
        int line;
        int column;
        const char *message;
    } rows[] = {
        {"SELECT\n  '经营', '${vra}'", "E120", 2, 10, "`${vra}` is not defined"},
        {"a$<vra>", "E120", 1, 2, "`$<vra>` is not defined"},
        {"${Var}", "E120", 1, 1, "not defined"},
        {"x ${}", "E121", 1, 3, "`${}` has no name"},
        {"x\n${", "E121", 2, 1, "without a name"},
        {"${1a}", "E121", 1, 1, "`${1a}` is not the name"},
        {"${a b}", "E121", 1, 1, "`${a b}` is not the name"},
        {"${yyyymmdd-1}", "E121", 1, 1, "`${yyyymmdd-1}` is not the name"},
        {"${var:-x}", "E121", 1, 1, "is not the name"},
        {"${ var }", "E121", 1, 1, "is not the name"},
        {"${经}", "E121", 1, 1, "without a name"},
        {"${var", "E121", 1, 1, "without a name"},
        {"$<var", "E121", 1, 1, "`$<` without a name and `>`"},
        {"$<var x>", "E121", 1, 1, "`$<var x>` is not the name"},
        {"${bdp.system.date}", "E121", 1, 1, "is not the name"},
        {"${a.b}", "E121", 1, 1, "is not the name"},
        {"${aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg}", "E121", 1, 1,
         "`${`"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        SCOPED_TEXT struct text result = {0};
        struct error err = {0};
        text_append(&result, "before");
        if (substitute(rows[i].text, REFERENCE_RULES_PLAIN, &result, &err) == 0)
            fail_msg("accepted: %s", rows[i].text);
        if (strcmp(err.code, rows[i].code) != 0 || strstr(err.text, rows[i].message) == NULL)
            fail_msg("%s: %s %s", rows[i].text, err.code, err.text);
        assert_int_equal(err.line, rows[i].line);
        assert_int_equal(err.column, rows[i].column);
        assert_string_equal(text_string(&result), "before");
    }
}

static void test_sql_rules(void **state)
{
    (void)state;
    static const char *const forbidden[] = {
        "'${q}'",
        "${dq}",
        "${bq}",
        "${two}",
        "${back}",
        "${tab}",
        "5-${minus}",
        "${end}-1",
        "${end}${minus}",
        "-${empty}-",
        "${end}${empty}$<empty>-",
        "${end}${empty}${minus}",
        "${end}$<minus>",
    };
    for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++) {
        SCOPED_TEXT struct text result = {0};
        struct error err = {0};
        if (substitute(forbidden[i], REFERENCE_RULES_SQL, &result, &err) == 0)
            fail_msg("accepted: %s -> %s", forbidden[i], text_string(&result));
        assert_string_equal(err.code, "E123");
        assert_int_equal(err.line, 1);
        assert_true(err.column > 0);
        text_clear(&result);
        assert_int_equal(substitute(forbidden[i], REFERENCE_RULES_PLAIN, &result, &err), 0);
    }
    static const char *const allowed[][2] = {
        {"-- a comment with ${var}", "-- a comment with 20211111"},
        {"--${var}", "--20211111"},
        {"'${text}' ${cn}", "'${var}' 经营"},
        {"5 - ${minus}", "5 - -1"},
        {"${var}--x", "20211111--x"},
        {"$${ --", "${ --"},
        {"a-$${-", "a-${-"},
    };
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
        SCOPED_TEXT struct text result = {0};
        struct error err = {0};
        if (substitute(allowed[i][0], REFERENCE_RULES_SQL, &result, &err) != 0)
            fail_msg("%s: %s", allowed[i][0], err.text);
        assert_string_equal(text_string(&result), allowed[i][1]);
    }
}

/* All of a text in one walk, mistakes between references included. */
static void test_walk(void **state)
{
    (void)state;
    static const struct {
        int result;
        size_t offset;
        size_t length;
        int line;
        int column;
        bool is_escape;
        const char *name;
    } expected[] = {
        {1, 0, 4, 1, 1, false, "a"},  {-1, 8, 3, 1, 7, false, ""},
        {1, 12, 3, 2, 1, true, ""},   {1, 15, 4, 2, 4, false, "b"},
        {-1, 19, 2, 2, 8, false, ""}, {1, 22, 7, 2, 11, false, "c_d1"},
        {0, 0, 0, 0, 0, false, NULL},
    };
    const char *text = "${a} 经${}\n$${$<b>${ ${c_d1}";
    struct reference_walk walk;
    reference_walk_init(&walk, text, strlen(text));
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        struct reference reference = {0};
        struct error err = {0};
        assert_int_equal(reference_next(finder, &walk, &reference, &err), expected[i].result);
        if (expected[i].result == 0)
            break;
        assert_int_equal(reference.offset, expected[i].offset);
        assert_int_equal(reference.length, expected[i].length);
        assert_int_equal(reference.line, expected[i].line);
        assert_int_equal(reference.column, expected[i].column);
        assert_int_equal(reference.is_escape, expected[i].is_escape);
        assert_string_equal(reference.name, expected[i].name);
    }
    assert_int_equal(walk.offset, strlen(text));
}

static void test_limits(void **state)
{
    (void)state;
    struct reference_walk walk;
    struct reference reference;
    struct error err = {0};
    size_t length = REFERENCE_MAX_BYTES + 1;
    char *large = memory_new(length, 1);
    memset(large, 'x', length);
    reference_walk_init(&walk, large, length);
    assert_int_equal(reference_next(finder, &walk, &reference, &err), -1);
    assert_int_equal(reference_next(finder, &walk, &reference, &err), 0);
    reference_walk_init(&walk, large, length - 1);
    assert_int_equal(reference_next(finder, &walk, &reference, &err), 0);
    free(large);

    SCOPED_TEXT struct text many = {0};
    SCOPED_TEXT struct text result = {0};
    char *value = memory_new(65537, 1);
    memset(value, 'v', 65536);
    const char *const one[] = {"v", value, NULL, NULL};
    for (int i = 0; i < 1025; i++)
        text_append(&many, "${v}");
    struct reference_values values = {.find = find_pair, .data = one};
    reference_walk_init(&walk, many.data, many.length);
    assert_int_equal(reference_substitute(finder, walk, values, &result, &err), -1);
    assert_int_equal(result.length, 0);
    reference_walk_init(&walk, many.data, many.length - 4);
    assert_int_equal(reference_substitute(finder, walk, values, &result, &err), 0);
    assert_int_equal(result.length, REFERENCE_MAX_OUTPUT_BYTES);
    free(value);
}

/* name=value name2=value2 */
static size_t read_assignments(struct arena *arena, const char *text, struct parameter *parameters)
{
    size_t count = 0;
    char *rest = arena_copy_string(arena, text);
    for (char *pair = strtok_r(rest, " ", &rest); pair != NULL; pair = strtok_r(NULL, " ", &rest)) {
        char *equals = strchr(pair, '=');
        assert_non_null(equals);
        *equals = '\0';
        struct parameter parameter = {.name = pair, .text = equals + 1};
        assert_int_equal(expression_parse(arena, equals + 1, &parameter.expression, NULL, NULL), 0);
        parameters[count++] = parameter;
    }
    return count;
}

static void test_published(void **state)
{
    (void)state;
    SCOPED_FILE FILE *file = vectors_open(TEST_SOURCE_DIR, "params_substitution.tsv");
    struct vector row = {.number = 0};
    size_t rows = 0;
    assert_non_null(file);
    while (vectors_next(file, &row)) {
        SCOPED_ARENA struct arena arena = {0};
        SCOPED_TEXT struct text result = {0};
        struct parameter parameters[8];
        struct parameter_scope scope;
        struct reference_walk walk;
        struct error err = {0};
        struct expression_context context = {0};
        assert_int_equal(civil_time_parse(row.columns[2], &context.planned, NULL), 0);
        size_t count = read_assignments(&arena, row.columns[0], parameters);
        parameter_scope_init(&scope, &arena, parameters, count, NULL);
        assert_int_equal(parameter_scope_evaluate(&scope, &context, &err), 0);
        reference_walk_init(&walk, row.columns[1], strlen(row.columns[1]));
        struct reference_values values = {parameter_find, &scope, REFERENCE_RULES_SQL};
        if (reference_substitute(finder, walk, values, &result, &err) != 0)
            fail_msg("%s: %s", row.columns[1], err.text);
        assert_string_equal(text_string(&result), row.columns[3]);
        rows++;
    }
    assert_int_equal(rows, 10);
}

/* A second, simple reading of the same rules. */
static void replace_by_hand(const char *text, struct text *result)
{
    for (const char *at = text; *at != '\0';) {
        bool is_escape = at[0] == '$' && at[1] == '$' && (at[2] == '{' || at[2] == '<');
        bool is_name = at[0] == '$' && (at[1] == '{' || at[1] == '<') && at[2] == 'v' &&
                       at[3] == (at[1] == '{' ? '}' : '>');
        if (is_escape)
            text_append_bytes(result, at + 1, 2);
        else if (is_name)
            text_append(result, "VALUE");
        else
            text_append_char(result, *at);
        at += is_escape ? 3 : is_name ? 4 : 1;
    }
}

static void test_random_texts(void **state)
{
    (void)state;
    static const char *const pieces[] = {"$", "$$", "${v}", "$<v>", "v", "}", ">", "\n", "经", "-"};
    static const char *const one[] = {"v", "VALUE", NULL, NULL};
    struct random random;
    size_t accepted = 0;
    random_seed(&random, 77);
    for (int i = 0; i < 20000; i++) {
        SCOPED_TEXT struct text text = {0};
        SCOPED_TEXT struct text expected = {0};
        SCOPED_TEXT struct text result = {0};
        struct reference_walk walk;
        size_t count = (size_t)random_below(&random, 12);
        for (size_t j = 0; j < count; j++)
            text_append(&text, pieces[random_below(&random, 10)]);
        struct reference_values values = {.find = find_pair, .data = one};
        reference_walk_init(&walk, text_string(&text), text.length);
        if (reference_substitute(finder, walk, values, &result, NULL) != 0)
            continue;
        accepted++;
        replace_by_hand(text_string(&text), &expected);
        assert_string_equal(text_string(&result), text_string(&expected));
    }
    assert_true(accepted > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_substitution), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_sql_rules),    cmocka_unit_test(test_walk),
        cmocka_unit_test(test_limits),       cmocka_unit_test(test_published),
        cmocka_unit_test(test_random_texts),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

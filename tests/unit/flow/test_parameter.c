#include "scheduler/flow/parameter.h"

#include "scheduler/base/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct expression_context november = {.planned = {{2021, 11, 12}, 0, 30, 0},
                                                   .job_id = "7"};

static struct parameter written(struct arena *arena, const char *name, const char *text)
{
    struct parameter parameter = {.name = name, .text = text};
    struct error err = {0};
    if (expression_parse(arena, text, &parameter.expression, NULL, &err) != 0)
        fail_msg("%s: %s", text, err.text);
    return parameter;
}

static void test_scopes(void **state)
{
    (void)state;
    SCOPED_ARENA struct arena arena = {0};
    struct parameter_scope builtin, flow, node, line;
    const struct parameter_facts facts = {.run_id = "12", .flow = "study", .node = "sync"};
    parameter_scope_init_builtin(&builtin, &arena, &facts);
    const struct parameter of_flow[] = {
        written(&arena, "path", "in/$<var>/$<hour>"), written(&arena, "var", "${yyyymmdd}"),
        written(&arena, "hour", "$[hh24]"), written(&arena, "fixed", "cn")};
    const struct parameter of_node[] = {written(&arena, "var", "n$<var>-$<run_id>"),
                                        written(&arena, "own", "$<path>/$<var>")};
    const struct parameter of_line[] = {{.name = "fixed", .text = "${not} an expression"}};
    parameter_scope_init(&flow, &arena, of_flow, 4, &builtin);
    parameter_scope_init(&node, &arena, of_node, 2, &flow);
    parameter_scope_init(&line, &arena, of_line, 1, &node);
    assert_null(parameter_value(&line, "var"));
    assert_int_equal(parameter_scope_evaluate(&builtin, &november, NULL), 0);
    assert_int_equal(parameter_scope_evaluate(&flow, &november, NULL), 0);
    assert_int_equal(parameter_scope_evaluate(&node, &november, NULL), 0);
    assert_int_equal(parameter_scope_evaluate(&line, &november, NULL), 0);
    assert_string_equal(parameter_value(&flow, "path"), "in/20211111/00");
    assert_string_equal(parameter_value(&flow, "var"), "20211111");
    assert_string_equal(parameter_value(&line, "var"), "n20211111-12");
    assert_string_equal(parameter_value(&line, "own"), "in/20211111/00/n20211111-12");
    assert_string_equal(parameter_value(&line, "fixed"), "${not} an expression");
    assert_string_equal(parameter_value(&node, "fixed"), "cn");
    assert_string_equal(parameter_value(&line, "bizdate"), "20211111");
    assert_string_equal(parameter_value(&line, "cyctime"), "20211112003000");
    assert_string_equal(parameter_value(&line, "bdp.system.bizdate"), "20211111");
    assert_string_equal(parameter_value(&line, "flow"), "study");
    assert_null(parameter_value(&line, "attempt"));
    assert_true(parameter_is_defined(&line, "attempt"));
    assert_null(parameter_value(&line, "vra"));
    assert_false(parameter_is_defined(&line, "vra"));
    assert_string_equal(parameter_suggest(&line, "vra"), "var");
    assert_string_equal(parameter_suggest(&line, "run_di"), "run_id");
    assert_null(parameter_suggest(&line, "zzzzzz"));
    assert_string_equal(parameter_find(&line, "hour"), "00");

    struct expression_context march = {.planned = {{2024, 3, 1}, 5, 0, 0}};
    assert_int_equal(parameter_scope_evaluate(&flow, &march, NULL), 0);
    assert_string_equal(parameter_value(&flow, "path"), "in/20240229/05");
}

static void test_undefined(void **state)
{
    (void)state;
    SCOPED_ARENA struct arena arena = {0};
    struct parameter_scope builtin, flow;
    struct parameter_mistake mistake = {0};
    struct error err = {0};
    parameter_scope_init_builtin(&builtin, &arena, &(struct parameter_facts){0});
    const struct parameter parameters[] = {written(&arena, "ok", "$<bizdate>"),
                                           written(&arena, "bad", "经$<bizdat>")};
    parameter_scope_init(&flow, &arena, parameters, 2, &builtin);
    assert_int_equal(parameter_scope_check(&flow, &mistake, &err), -1);
    assert_string_equal(err.code, "E120");
    assert_string_equal(err.text, "`$<bizdat>` is not defined");
    assert_string_equal(err.help, "did you mean `$<bizdate>`?");
    assert_int_equal(mistake.index, 1);
    assert_int_equal(mistake.span.offset, 3);
    assert_int_equal(mistake.span.length, 9);
    assert_int_equal(parameter_scope_evaluate(&flow, &november, &err), -1);
}

static void test_circles(void **state)
{
    (void)state;
    static const struct {
        const char *texts[4]; /* of a, b, c, d */
        const char *circle;   /* NULL: none */
    } rows[] = {
        {{"$<b>", "$<c>", "$<d>", "x"}, NULL},
        {{"x", "$<a>", "$<a>$<b>", "$<a>$<b>$<c>"}, NULL},
        {{"$<b>", "$<a>", "x", "x"}, "a → b → a"},
        {{"$<b>", "$<c>", "$<d>", "$<b>"}, "b → c → d → b"},
        {{"$<a>", "x", "x", "x"}, "a → a"},
        {{"x", "x", "$<a>$<d>", "$<b>$<c>"}, "c → d → c"},
    };
    static const char *const names[] = {"a", "b", "c", "d"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        SCOPED_ARENA struct arena arena = {0};
        struct parameter parameters[4];
        struct parameter_scope scope;
        struct error err = {0};
        for (size_t j = 0; j < 4; j++)
            parameters[j] = written(&arena, names[j], rows[i].texts[j]);
        parameter_scope_init(&scope, &arena, parameters, 4, NULL);
        int result = parameter_scope_check(&scope, NULL, &err);
        assert_int_equal(result, rows[i].circle == NULL ? 0 : -1);
        if (result == 0)
            continue;
        assert_string_equal(err.code, "E122");
        const char *colon = strrchr(err.text, ':');
        assert_string_equal(colon + 2, rows[i].circle);
    }
}

/* Each of a thousand parameters names the next one: no recursion, any depth. */
static void test_long_chain(void **state)
{
    (void)state;
    SCOPED_ARENA struct arena arena = {0};
    struct parameter parameters[PARAMETER_MAX_COUNT];
    struct parameter_scope scope;
    for (size_t i = 0; i < PARAMETER_MAX_COUNT; i++) {
        bool is_last = i + 1 == PARAMETER_MAX_COUNT;
        const char *text = is_last ? "${dd}" : arena_format(&arena, "$<p%zu>", i + 1);
        parameters[i] = written(&arena, arena_format(&arena, "p%zu", i), text);
    }
    parameter_scope_init(&scope, &arena, parameters, PARAMETER_MAX_COUNT, NULL);
    assert_int_equal(parameter_scope_evaluate(&scope, &november, NULL), 0);
    assert_string_equal(parameter_value(&scope, "p0"), "11");
}

/* Each doubles the one before: refused when a value gets too long, long before memory ends. */
static void test_doubling(void **state)
{
    (void)state;
    SCOPED_ARENA struct arena arena = {0};
    struct parameter parameters[40];
    struct parameter_scope scope;
    struct error err = {0};
    for (size_t i = 0; i < 40; i++) {
        const char *text =
            i == 0 ? "0123456789" : arena_format(&arena, "$<p%zu>$<p%zu>", i - 1, i - 1);
        parameters[i] = written(&arena, arena_format(&arena, "p%zu", i), text);
    }
    parameter_scope_init(&scope, &arena, parameters, 40, NULL);
    assert_int_equal(parameter_scope_evaluate(&scope, &november, &err), -1);
    assert_non_null(strstr(err.text, "parameter `p13`"));
    assert_true(arena.used < 1 << 20);
}

static void test_too_many(void **state)
{
    (void)state;
    SCOPED_ARENA struct arena arena = {0};
    struct parameter *parameters = arena_array(&arena, PARAMETER_MAX_COUNT + 1, sizeof *parameters);
    struct parameter_scope scope;
    struct error err = {0};
    for (size_t i = 0; i <= PARAMETER_MAX_COUNT; i++)
        parameters[i] = (struct parameter){.name = arena_format(&arena, "p%zu", i), .text = "x"};
    parameter_scope_init(&scope, &arena, parameters, PARAMETER_MAX_COUNT + 1, NULL);
    assert_int_equal(parameter_scope_check(&scope, NULL, &err), -1);
    parameter_scope_init(&scope, &arena, parameters, PARAMETER_MAX_COUNT, NULL);
    assert_int_equal(parameter_scope_check(&scope, NULL, &err), 0);
    parameter_scope_init(&scope, &arena, NULL, 0, NULL);
    assert_int_equal(parameter_scope_evaluate(&scope, &november, &err), 0);
    assert_null(parameter_value(&scope, "p0"));
}

static void test_explain(void **state)
{
    (void)state;
    SCOPED_ARENA struct arena arena = {0};
    struct parameter_scope outer, inner;
    const struct parameter of_outer[] = {written(&arena, "var", "${yyyymmdd}")};
    const struct parameter of_inner[] = {written(&arena, "var", "x$<var>"),
                                         written(&arena, "fixed", "cn"),
                                         {.name = "given", .text = "${yyyy}"}};
    parameter_scope_init(&outer, &arena, of_outer, 1, NULL);
    parameter_scope_init(&inner, &arena, of_inner, 3, &outer);
    assert_int_equal(parameter_scope_evaluate(&outer, &november, NULL), 0);
    assert_int_equal(parameter_scope_evaluate(&inner, &november, NULL), 0);
    static const char *const expected[] = {"$<var>: the parameter var = 20211111",
                                           "as it was given", "as it was given"};
    for (size_t i = 0; i < 3; i++) {
        SCOPED_TEXT struct text text = {0};
        assert_int_equal(parameter_explain(&inner, i, &november, &text, NULL), 0);
        assert_string_equal(text_string(&text), expected[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scopes),   cmocka_unit_test(test_undefined),
        cmocka_unit_test(test_circles),  cmocka_unit_test(test_long_chain),
        cmocka_unit_test(test_doubling), cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_explain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

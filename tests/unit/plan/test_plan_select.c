/* Selections, in words of ux.md 4.2. */
#include "tests/unit/plan/plan_test.h"

/*  a ─┬─ b ─┬─ d ── e
 *     └─ c ─┘        f, which needs itself of the cycle before and e of the same */
static const char yaml[] = "flow: f\n"
                           "nodes:\n"
                           "  e: {type: virtual, needs: [d]}\n"
                           "  a: {type: virtual}\n"
                           "  b: {type: virtual, needs: [a]}\n"
                           "  c: {type: virtual, needs: [a]}\n"
                           "  d: {type: virtual, needs: [b, c]}\n"
                           "  f: {type: virtual, needs: [\"f@-1\", \"b@-1\"]}\n";

struct fixture {
    struct flow_test test;
    struct flow *flow;
};

static void begin(struct fixture *fixture)
{
    plan_test_begin(&fixture->test, "timezone: UTC\n");
    fixture->flow = plan_test_flow(&fixture->test, yaml);
}

static void end(struct fixture *fixture)
{
    flow_free(fixture->flow);
    flow_test_end(&fixture->test);
}

static void expect(struct fixture *fixture, const char *selection, const char *expected)
{
    bool *selected;
    struct error err = {0};
    struct text names = {0};
    if (plan_select(fixture->flow, selection, &fixture->test.arena, &selected, &err) != 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < fixture->flow->node_count; i++) {
        if (selected[i])
            text_append(&names, fixture->flow->nodes[i].name);
    }
    assert_string_equal(text_string(&names), expected);
    text_free(&names);
}

static void test_parts(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    expect(&fixture, NULL, "eabcdf");
    expect(&fixture, "", "eabcdf");
    expect(&fixture, "b", "b");
    expect(&fixture, "+b", "ab");
    expect(&fixture, "b+", "ebd");
    expect(&fixture, "+b+", "eabd");
    expect(&fixture, "+d+", "eabcd");
    expect(&fixture, "a+", "eabcd");
    expect(&fixture, "+a", "a");
    expect(&fixture, "f", "f");
    expect(&fixture, "+f+", "f");
    expect(&fixture, "b,c", "bc");
    expect(&fixture, " +b , f ", "abf");
    expect(&fixture, "b,b,+b", "ab");
    end(&fixture);
}

static void refuse(struct fixture *fixture, const char *selection, const char *text,
                   const char *help)
{
    bool *selected = NULL;
    struct error err = {0};
    assert_int_equal(plan_select(fixture->flow, selection, &fixture->test.arena, &selected, &err),
                     -1);
    assert_int_equal(err.kind, ERROR_KIND_USAGE);
    assert_string_equal(err.text, text);
    assert_string_equal(err.help, help);
    assert_null(selected);
}

static void test_mistakes(void **state)
{
    (void)state;
    static const char empty[] = "a part of the selection is empty";
    static const char forms[] = "write node names as a, +a (and all upstream), a+ (and all "
                                "downstream), !a (without it), with commas between them";
    struct fixture fixture;
    begin(&fixture);
    refuse(&fixture, ",", empty, forms);
    refuse(&fixture, "a,", empty, forms);
    refuse(&fixture, "+", empty, forms);
    refuse(&fixture, "++", empty, forms);
    refuse(&fixture, "!", empty, forms);
    refuse(&fixture, "a,!+", empty, forms);
    refuse(&fixture, "!!a", "flow f has no node `!a`", "");
    refuse(&fixture, "+!a", "flow f has no node `!a`", "");
    refuse(&fixture, "a b", "flow f has no node `a b`", "");
    refuse(&fixture, "++a", "flow f has no node `+a`", "");
    refuse(&fixture, "a,zebra", "flow f has no node `zebra`", "");
    struct text far = {0};
    text_append_repeat(&far, 'a', PLAN_MAX_SELECTION_BYTES + 1);
    refuse(&fixture, text_string(&far), "the selection is longer than 65536 bytes", "");
    text_free(&far);
    end(&fixture);
}

static void test_exclusions(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    expect(&fixture, "!a", "ebcdf");
    expect(&fixture, "!e,!f", "abcd");
    expect(&fixture, "+d,!b", "acd");
    expect(&fixture, "!b,+d", "acd");
    expect(&fixture, "!b,+d,b", "acd");
    expect(&fixture, "!+b", "ecdf");
    expect(&fixture, "!b+", "acf");
    expect(&fixture, "!+b+", "cf");
    expect(&fixture, "a+,!d+", "abc");
    expect(&fixture, "b+,!c", "ebd");
    expect(&fixture, " ! b , ! +c ", "edf");
    expect(&fixture, "b,!f", "b");
    end(&fixture);
}

static void test_nothing_left(void **state)
{
    (void)state;
    static const char text[] = "the selection leaves out every node it puts in";
    static const char help[] =
        "what begins with ! or stands in --exclude is left out, whatever the order";
    struct fixture fixture;
    begin(&fixture);
    refuse(&fixture, "a,!a", text, help);
    refuse(&fixture, "!a,a", text, help);
    refuse(&fixture, "!a+,!f", text, help);
    refuse(&fixture, "b,c,!a+", text, help);
    end(&fixture);
}

static void test_suggestion(void **state)
{
    (void)state;
    struct fixture fixture;
    plan_test_begin(&fixture.test, "timezone: UTC\n");
    fixture.flow = plan_test_flow(&fixture.test, "flow: f\n"
                                                 "nodes: {sales_stat: {type: virtual}}\n");
    refuse(&fixture, "+sales_stats", "flow f has no node `sales_stats`",
           "did you mean `sales_stat`?");
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),      cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_exclusions), cmocka_unit_test(test_nothing_left),
        cmocka_unit_test(test_suggestion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

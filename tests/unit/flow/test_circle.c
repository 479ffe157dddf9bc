/* Circles of needs through several flows. */
#include "tests/unit/flow/flow_test.h"

static void begin(struct flow_test *test)
{
    flow_test_begin(test, NULL);
    write_text("datemill.yaml", "");
    flow_test_open(test);
}

static void write_flow(const char *name, const char *nodes)
{
    char path[64];
    char yaml[1024];
    snprintf(path, sizeof path, "%s.yaml", name);
    snprintf(yaml, sizeof yaml, "flow: %s\nnodes:\n%s", name, nodes);
    write_text(path, yaml);
}

/* The text that people see of it, "" for none; the caller frees. */
static char *load(struct flow_test *test, const char *name)
{
    char path[64];
    struct flow *flow = NULL;
    struct diagnostics problems;
    diagnostics_init(&problems);
    snprintf(path, sizeof path, "%s.yaml", name);
    int result = flow_load_among_others(test->project, test->source, path, &problems, &flow);
    assert_int_equal(result == 0, flow != NULL);
    flow_free(flow);
    char *text = render(&problems);
    diagnostics_free(&problems);
    return text;
}

static void expect(struct flow_test *test, const char *name, const char *expected)
{
    SCOPED_FREE char *text = load(test, name);
    assert_string_equal(text, expected);
}

static void two_flows(void **state)
{
    (void)state;
    struct flow_test test;
    begin(&test);
    write_flow("a", "  first: {type: virtual}\n  x: {type: virtual, needs: [first, b/y]}\n");
    write_flow("b", "  y: {type: virtual, needs: z}\n  z:\n    type: virtual\n"
                    "    needs:\n    - a/x\n");
    expect(&test, "a",
           "error[E110]: flows wait for each other in a circle\n"
           "   a/x → b/y → b/z → a/x\n"
           "  --> a.yaml:4:37\n"
           "   |\n"
           " 4 |   x: {type: virtual, needs: [first, b/y]}\n"
           "   |                                     ^^^ a/x waits for b/y\n"
           "   |\n"
           "  ::: b.yaml:3:29\n"
           "   |\n"
           " 3 |   y: {type: virtual, needs: z}\n"
           "   |                             - and b/y waits for b/z\n"
           "...\n"
           " 7 |     - a/x\n"
           "   |       --- and b/z waits for a/x\n"
           "   |\n"
           "   = help: remove one of these needs, or let it be of the cycle before: @-1\n");
    flow_test_end(&test);
}

static void expect_path(struct flow_test *test, const char *name, const char *path)
{
    SCOPED_FREE char *text = load(test, name);
    if (path[0] == '\0')
        assert_string_equal(text, "");
    else if (strstr(text, path) == NULL)
        fail_msg("%s shows\n%s\nwithout %s", name, text, path);
}

static void all_of_a_flow(void **state)
{
    (void)state;
    struct flow_test test;
    begin(&test);
    write_flow("a", "  x: {type: virtual, needs: [b/*]}\n  y: {type: virtual}\n");
    write_flow("b", "  y: {type: virtual, needs: [c/z]}\n  w: {type: virtual}\n");
    write_flow("c", "  z: {type: virtual, needs: [\"a/*\"]}\n");
    expect_path(&test, "a", "a/x → b/* → b/y → c/z → a/* → a/x\n");
    expect_path(&test, "b", "b/y → c/z → a/* → a/x → b/* → b/y\n");
    expect_path(&test, "c", "c/z → a/* → a/x → b/* → b/y → c/z\n");
    flow_test_end(&test);
}

static void the_cycle_before_closes_none(void **state)
{
    (void)state;
    struct flow_test test;
    begin(&test);
    write_flow("a", "  x: {type: virtual, needs: [b/y]}\n");
    write_flow("b", "  y: {type: virtual, needs: [a/x@-1, a/*@-1d, y@-1]}\n");
    expect_path(&test, "a", "");
    expect_path(&test, "b", "");
    write_flow("c", "  x: {type: virtual, needs: [d/y@00:00]}\n");
    write_flow("d", "  y: {type: virtual, needs: [c/x]}\n");
    expect_path(&test, "c", "c/x → d/y → c/x\n");
    flow_test_end(&test);
}

/* A circle of others is theirs; different nodes of two flows may need each other. */
static void what_is_none_of_its_own(void **state)
{
    (void)state;
    struct flow_test test;
    begin(&test);
    write_flow("a", "  x: {type: virtual, needs: [b/y]}\n");
    write_flow("b", "  y: {type: virtual, needs: [c/z]}\n");
    write_flow("c", "  z: {type: virtual, needs: [b/y]}\n");
    expect_path(&test, "a", "");
    expect_path(&test, "b", "b/y → c/z → b/y\n");
    write_flow("d", "  early: {type: virtual}\n  late: {type: virtual, needs: [e/mid]}\n");
    write_flow("e", "  mid: {type: virtual, needs: [d/early]}\n");
    expect_path(&test, "d", "");
    expect_path(&test, "e", "");
    write_flow("f", "  x: {type: virtual, needs: [g/y, h/y]}\n");
    write_text("g.yaml", "flow: [\n");
    write_text("h.yaml", "nodes: {y: {needs: {a: b}}, z: [1]}\n");
    expect_path(&test, "f", "");
    flow_test_end(&test);
}

static void a_long_one_is_cut(void **state)
{
    (void)state;
    struct flow_test test;
    begin(&test);
    for (int i = 0; i < 20; i++) {
        char name[16];
        char nodes[64];
        snprintf(name, sizeof name, "f%d", i);
        snprintf(nodes, sizeof nodes, "  n: {type: virtual, needs: [f%d/n]}\n", (i + 1) % 20);
        write_flow(name, nodes);
    }
    expect_path(&test, "f3", "f3/n → f4/n → f5/n → f6/n → f7/n → f8/n → f9/n → f10/n → … → f3/n\n");
    flow_test_end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_flows),
        cmocka_unit_test(all_of_a_flow),
        cmocka_unit_test(the_cycle_before_closes_none),
        cmocka_unit_test(what_is_none_of_its_own),
        cmocka_unit_test(a_long_one_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Files made to hurt: each ends with a clear error, fast, in bounded memory. */
#include "tests/unit/flow/flow_test.h"

#include "scheduler/flow/field_read.h"

#include <sys/resource.h>

#define MEBIBYTE ((size_t)1 << 20)
#define MEMORY_BOUND_KIB 400000 /* of the whole test program, sanitizers included */

static void begin(struct flow_test *test)
{
    flow_test_begin(test, NULL);
    write_text("datemill.yaml", "timezone: UTC\n");
    flow_test_open(test);
}

/* Loads f.yaml with these bytes; it must fail with `code` and a text that holds `words`. */
static void refuse(struct flow_test *test, const struct text *yaml, const char *code,
                   const char *words)
{
    write_file("f.yaml", text_string(yaml), yaml->length);
    struct diagnostics problems;
    diagnostics_init(&problems);
    struct flow *flow = NULL;
    assert_int_equal(flow_load(test->project, test->source, "f.yaml", &problems, &flow), -1);
    assert_true(problems.count >= 1);
    assert_string_equal(problems.items[0]->code, code);
    SCOPED_FREE char *shown = render(&problems);
    if (strstr(shown, words) == NULL)
        fail_msg("expected `%s` in\n%.2000s", words, shown);
    diagnostics_free(&problems);
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    assert_true(usage.ru_maxrss < MEMORY_BOUND_KIB);
}

static void ten_mebibytes_of_nesting(void **state)
{
    (void)state;
    struct flow_test test;
    begin(&test);
    struct text yaml = {0};
    text_append_repeat(&yaml, '[', 10 * MEBIBYTE);
    refuse(&test, &yaml, "E105", "larger than 8 MiB");
    yaml.length = 5 * MEBIBYTE;
    refuse(&test, &yaml, "E107", "larger than 4 MiB");
    yaml.length = 3 * MEBIBYTE;
    refuse(&test, &yaml, "E107", "nested more than 64 levels deep");
    text_clear(&yaml);
    for (size_t i = 0; i < MEBIBYTE / 2; i++)
        text_append(&yaml, "{a: ");
    refuse(&test, &yaml, "E107", "nested more than 64 levels deep");
    text_clear(&yaml);
    for (size_t i = 0; i < MEBIBYTE / 2; i++)
        text_append(&yaml, "- ");
    refuse(&test, &yaml, "E107", "nested more than 64 levels deep");
    text_clear(&yaml);
    for (size_t i = 0; i < 1000; i++) {
        text_append_repeat(&yaml, ' ', i);
        text_append(&yaml, "a:\n");
    }
    refuse(&test, &yaml, "E107", "nested more than 64 levels deep");
    text_clear(&yaml);
    for (size_t i = 0; i < MEBIBYTE / 2; i++)
        text_append(&yaml, "? ");
    refuse(&test, &yaml, "E100", "a key is a word");
    text_free(&yaml);
    flow_test_end(&test);
}

static void an_alias_bomb(void **state)
{
    (void)state;
    struct flow_test test;
    begin(&test);
    struct text yaml = {0};
    text_append(&yaml, "flow: f\nx-a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 30; i++)
        text_append_format(&yaml, "x-a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n",
                           i, i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    text_append(&yaml, "tags: *a29\nnodes: {a: {type: virtual}}\n");
    /* As the items of `tags` are texts, nobody goes further down. */
    refuse(&test, &yaml, "E104", "expected text, found a list");
    text_clear(&yaml);
    text_append(&yaml, "flow: f\nx-m: &m {");
    for (int i = 0; i < 1000; i++)
        text_append_format(&yaml, "k%d: v, ", i);
    text_append(&yaml, "}\nnodes:\n");
    for (int i = 0; i < 1000; i++)
        text_append_format(&yaml, "  n%d: {run: date, params: *m}\n", i);
    refuse(&test, &yaml, "E107", "more than 200000 values");
    text_free(&yaml);
    flow_test_end(&test);
}

static void too_many_of_anything(void **state)
{
    (void)state;
    struct flow_test test;
    begin(&test);
    struct text yaml = {0};
    text_append(&yaml, "flow: f\ntags: [");
    text_append_repeat(&yaml, 'a', MEBIBYTE + 1);
    text_append(&yaml, "]\n");
    refuse(&test, &yaml, "E107", "a value of more than 1024 KiB");
    text_clear(&yaml);
    text_append(&yaml, "flow: f\ntags: [");
    for (int i = 0; i < 210000; i++)
        text_append(&yaml, "a,");
    refuse(&test, &yaml, "E107", "more than 200000 values");
    text_clear(&yaml);
    text_append(&yaml, "flow: f\ntags:\n");
    for (int i = 0; i < 2000; i++)
        text_append_format(&yaml, "- &a%d x\n", i);
    refuse(&test, &yaml, "E107", "more than 1000 anchors");
    text_clear(&yaml);
    for (int i = 0; i < 100000; i++)
        text_append_format(&yaml, "%%TAG !a%d! tag:x\n", i);
    refuse(&test, &yaml, "E100", "directives");
    text_clear(&yaml);
    text_append(&yaml, "flow: f\nparams:\n");
    for (int i = 0; i < 1100; i++)
        text_append_format(&yaml, "  p%d: x\n", i);
    text_append(&yaml, "nodes: {a: {type: virtual}}\n");
    refuse(&test, &yaml, "E107", "more than 1000 parameters");
    text_free(&yaml);
    flow_test_end(&test);
}

static void problems_without_end_are_counted(void **state)
{
    (void)state;
    struct flow_test test;
    begin(&test);
    struct text yaml = {0};
    text_append(&yaml, "flow: f\nnodes: {a: {type: virtual}}\n");
    for (int i = 0; i < 50000; i++)
        text_append_format(&yaml, "wrong%d: x\n", i);
    write_file("f.yaml", text_string(&yaml), yaml.length);
    struct flow *flow = NULL;
    assert_int_equal(flow_load(test.project, test.source, "f.yaml", &test.problems, &flow), -1);
    assert_int_equal(test.problems.error_count, 50000);
    assert_int_equal(test.problems.count, DIAGNOSTICS_MAX);
    SCOPED_FREE char *shown = render(&test.problems);
    assert_non_null(strstr(shown, "and 990 more in f.yaml\n\nand 49000 more\n"));
    text_free(&yaml);
    flow_test_end(&test);
}

static void ten_thousand_nodes_load(void **state)
{
    (void)state;
    struct flow_test test;
    begin(&test);
    struct text yaml = {0};
    text_append(&yaml, "flow: f\nnodes:\n");
    for (int i = 0; i < 10000; i++) {
        text_append_format(&yaml, "  n%d:\n    run: /bin/true\n", i);
        if (i < 9999)
            text_append_format(&yaml, "    needs: [n%d]\n", i + 1);
    }
    struct flow *flow = load_text(&test, "f", text_string(&yaml));
    assert_non_null(flow);
    assert_int_equal(flow->node_count, 10000);
    assert_int_equal(flow->order[0], 9999);
    assert_int_equal(flow->order[9999], 0);
    assert_int_equal(flow_find_node(flow, "n7777"), 7777);
    flow_free(flow);
    text_append(&yaml, "    needs: [n0]\n");
    assert_null(load_text(&test, "f", text_string(&yaml)));
    assert_string_equal(test.problems.items[0]->code, "E110");
    text_free(&yaml);
    flow_test_end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_mebibytes_of_nesting),
        cmocka_unit_test(an_alias_bomb),
        cmocka_unit_test(too_many_of_anything),
        cmocka_unit_test(problems_without_end_are_counted),
        cmocka_unit_test(ten_thousand_nodes_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A folder of flows that are wrong, each with the text that people see. With
 * DATEMILL_REWRITE_GOLDENS=1 the texts are written anew, to be read before they are committed. */
#include "tests/unit/flow/flow_test.h"

#include <dirent.h>

#define MIN_BAD_FLOWS 30

static bool is_rewriting(void)
{
    const char *value = getenv("DATEMILL_REWRITE_GOLDENS");
    return value != NULL && strcmp(value, "1") == 0;
}

static void check_flow(struct flow_test *test, const char *path)
{
    struct diagnostics problems;
    diagnostics_init(&problems);
    struct flow *flow = NULL;
    int failed = flow_load(test->project, test->source, path, &problems, &flow);
    if (failed == 0)
        fail_msg("%s was accepted", path);
    assert_null(flow);
    assert_true(problems.error_count > 0);
    SCOPED_FREE char *shown = render(&problems);
    char golden_path[512];
    snprintf(golden_path, sizeof golden_path, FLOW_TESTS "/bad/%.*s.txt", (int)strlen(path) - 5,
             path);
    if (is_rewriting())
        write_text(golden_path, shown);
    SCOPED_FREE char *golden = read_text(golden_path);
    if (golden == NULL || strcmp(golden, shown) != 0)
        fail_msg("%s shows\n%s\nexpected\n%s", path, shown, golden == NULL ? "(nothing)" : golden);
    diagnostics_free(&problems);
}

static void every_bad_flow_is_refused_with_its_text(void **state)
{
    (void)state;
    struct flow_test test;
    flow_test_begin(&test, FLOW_TESTS "/bad");
    flow_test_open(&test);
    struct flow_paths flows;
    assert_int_equal(flow_source_list(test.source, &test.arena, &flows, NULL), 0);
    size_t checked = 0;
    for (size_t i = 0; i < flows.count; i++) {
        if (strcmp(flows.paths[i], "other.yaml") == 0)
            continue;
        check_flow(&test, flows.paths[i]);
        checked++;
    }
    assert_true(checked >= MIN_BAD_FLOWS);
    flow_test_end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bad_flow_is_refused_with_its_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

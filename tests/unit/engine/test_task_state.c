#include "scheduler/engine/task_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The table again, as a picture: rows are from, columns to, in the order of the numbers. */
static const char *const edges[TASK_STATE_COUNT] = {
    /*             w r s f b x k z */
    /* waiting */ ".rsfbxkz",
    /* running */ "w.sf.xkz",
    /* success */ "w..f....",
    /* failed  */ "w.s...k.",
    /* blocked */ "w.sf..kz",
    /* stopped */ "w.sf..k.",
    /* skipped */ "w.sf....",
    /* frozen  */ "w.sf..k.",
};

static void test_edges(void **state)
{
    (void)state;
    for (size_t from = 0; from < TASK_STATE_COUNT; from++) {
        for (size_t to = 0; to < TASK_STATE_COUNT; to++)
            assert_int_equal(task_state_may_follow((enum task_state)from, (enum task_state)to),
                             edges[from][to] != '.');
    }
}

static void test_properties(void **state)
{
    (void)state;
    for (size_t i = 0; i < TASK_STATE_COUNT; i++) {
        const struct task_state_row *row = &task_states[i];
        bool is_open = i == TASK_WAITING || i == TASK_RUNNING;
        assert_int_equal(row->is_final, !is_open);
        assert_int_equal(row->lets_go_on, i == TASK_SUCCESS || i == TASK_SKIPPED);
        assert_int_equal(row->blocks_downstream, row->is_final && !row->lets_go_on);
        /* nothing is a dead end */
        assert_true(i == TASK_WAITING || task_state_may_follow((enum task_state)i, TASK_WAITING));
    }
}

static void test_names(void **state)
{
    (void)state;
    static const char *const names[] = {"waiting", "running", "success", "failed",
                                        "blocked", "stopped", "skipped", "frozen"};
    for (size_t i = 0; i < TASK_STATE_COUNT; i++) {
        enum task_state parsed;
        assert_string_equal(task_state_name((enum task_state)i), names[i]);
        assert_true(task_state_parse(names[i], &parsed));
        assert_int_equal(parsed, i);
    }
    enum task_state untouched = TASK_FROZEN;
    assert_false(task_state_parse("succes", &untouched));
    assert_false(task_state_parse("", &untouched));
    assert_int_equal(untouched, TASK_FROZEN);
}

static void test_change(void **state)
{
    (void)state;
    enum task_state task = TASK_WAITING;
    task_state_change(&task, TASK_RUNNING);
    assert_int_equal(task, TASK_RUNNING);
    task_state_change(&task, TASK_SUCCESS);
    assert_int_equal(task, TASK_SUCCESS);
}

static enum run_state derive(uint32_t waiting, uint32_t running, uint32_t failed, uint32_t stopped)
{
    uint32_t counts[TASK_STATE_COUNT] = {
        [TASK_WAITING] = waiting, [TASK_RUNNING] = running, [TASK_FAILED] = failed,
        [TASK_STOPPED] = stopped, [TASK_SUCCESS] = 1,       [TASK_SKIPPED] = 1};
    return run_state_derive(counts, true);
}

static void test_derived(void **state)
{
    (void)state;
    assert_int_equal(derive(0, 0, 0, 0), RUN_SUCCESS);
    assert_int_equal(derive(1, 0, 1, 1), RUN_RUNNING);
    assert_int_equal(derive(0, 1, 1, 1), RUN_RUNNING);
    assert_int_equal(derive(0, 0, 1, 1), RUN_FAILED);
    assert_int_equal(derive(0, 0, 0, 1), RUN_STOPPED);
    uint32_t nothing_yet[TASK_STATE_COUNT] = {[TASK_WAITING] = 3, [TASK_SKIPPED] = 1};
    assert_int_equal(run_state_derive(nothing_yet, false), RUN_WAITING);
    uint32_t one_frozen[TASK_STATE_COUNT] = {[TASK_SUCCESS] = 3, [TASK_FROZEN] = 1};
    assert_int_equal(run_state_derive(one_frozen, true), RUN_STOPPED);
    uint32_t only_blocked[TASK_STATE_COUNT] = {[TASK_BLOCKED] = 1, [TASK_FROZEN] = 1};
    assert_int_equal(run_state_derive(only_blocked, false), RUN_FAILED);
    assert_true(run_state_is_final(RUN_FAILED));
    assert_false(run_state_is_final(RUN_WAITING));
    assert_string_equal(run_state_name(RUN_STOPPED), "stopped");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edges),   cmocka_unit_test(test_properties),
        cmocka_unit_test(test_names),   cmocka_unit_test(test_change),
        cmocka_unit_test(test_derived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

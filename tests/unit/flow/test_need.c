/* A need as it is written. */
#include "scheduler/flow/flow_need.h"
#include "tests/unit/flow/flow_test.h"

static void good_ones_read_and_write_themselves(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "node",
        "flow/node",
        "flow/*",
        "node@-1",
        "flow/*@-1",
        "node@-1d",
        "node@-366d",
        "flow/n@13:00",
        "flow/*@13:00:05",
        "flow/n@-1d@13:00",
        "flow/n@-7d@00:00",
    };
    struct arena arena;
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct flow_need need;
        struct error err = {0};
        if (flow_need_parse(texts[i], &arena, &need, &err) != 0)
            fail_msg("%s: %s", texts[i], err.text);
        assert_string_equal(flow_need_text(&need, &arena), texts[i]);
        assert_int_equal(flow_need_is_all(&need), strchr(texts[i], '*') != NULL);
        assert_int_equal(need.index, FLOW_NONE);
        assert_int_equal(need.cycle_back, strchr(texts[i], '-') != NULL);
    }
    arena_free(&arena);
}

static void what_it_means(void **state)
{
    (void)state;
    struct arena arena;
    struct flow_need need;
    arena_init(&arena, 0);
    assert_int_equal(flow_need_parse("shop/load@-7d@13:05", &arena, &need, NULL), 0);
    assert_string_equal(need.flow, "shop");
    assert_string_equal(need.node, "load");
    assert_int_equal(need.days_back, 7);
    assert_true(need.has_time);
    assert_int_equal(need.time.hour, 13);
    assert_int_equal(need.time.minute, 5);
    assert_false(flow_need_is_inside(&need));
    assert_int_equal(flow_need_parse("load", &arena, &need, NULL), 0);
    assert_null(need.flow);
    need.index = 3;
    assert_true(flow_need_is_inside(&need));
    assert_int_equal(flow_need_parse("load@-1", &arena, &need, NULL), 0);
    need.index = 3;
    assert_int_equal(need.days_back, 0);
    assert_false(flow_need_is_inside(&need));
    arena_free(&arena);
}

static void bad_ones_have_a_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int column;
        int length;
    } rows[] = {
        {"", 1, 1},
        {"a b", 1, 3},
        {"1a", 1, 2},
        {"flow/", 6, 1},
        {"/node", 1, 1},
        {"a/b/c", 3, 3},
        {"*", 1, 1},
        {"a/b*", 3, 2},
        {"a@", 2, 1},
        {"a@-", 2, 2},
        {"a@-2", 2, 3},
        {"a@-0d", 2, 4},
        {"a@-01d", 2, 5},
        {"a@-367d", 2, 6},
        {"a@-99999d", 2, 8},
        {"a@-99999999999d", 2, 14},
        {"a@24:00", 2, 6},
        {"a@13:60", 2, 6},
        {"a@1:00", 2, 5},
        {"a@-1@13:00", 2, 9},
        {"a@13:00@-1d", 8, 4},
        {"a@-1d@-1d", 6, 4},
        {"a@13:00@14:00", 8, 6},
        {"a@x", 2, 2},
    };
    struct arena arena;
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct flow_need need;
        struct error err = {0};
        if (flow_need_parse(rows[i].text, &arena, &need, &err) == 0)
            fail_msg("`%s` was accepted", rows[i].text);
        if (err.column != rows[i].column || err.line != rows[i].length)
            fail_msg("`%s` is wrong at %d for %d: %s", rows[i].text, err.column, err.line,
                     err.text);
        assert_true(err.help[0] != '\0');
    }
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones_read_and_write_themselves),
        cmocka_unit_test(what_it_means),
        cmocka_unit_test(bad_ones_have_a_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

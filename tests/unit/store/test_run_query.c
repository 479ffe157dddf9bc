/* The query language of run lists. */
#include "scheduler/store/run_query.h"

#include "scheduler/base/scope.h"
#include "scheduler/engine/task_state.h"
#include "scheduler/store/store_commit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define NOW ((struct instant){1636650000000000})

static struct arena arena;

static struct run_query parse(const char *text)
{
    struct run_query query;
    struct error err = {0};
    if (run_query_parse(text, NOW, &arena, &query, &err) != 0)
        fail_msg("%s: %s", text, err.text);
    return query;
}

static struct error reject(const char *text, const char *code)
{
    struct run_query query = {.states = 12345};
    struct error err = {0};
    if (run_query_parse(text, NOW, &arena, &query, &err) != -1)
        fail_msg("`%s` was taken", text);
    assert_int_equal(query.states, 12345); /* untouched */
    assert_int_equal(err.kind, ERROR_KIND_USAGE);
    assert_string_equal(err.code, code);
    assert_true(err.column >= 1 && (size_t)err.column <= strlen(text) + 1);
    assert_true(err.line >= 1);
    return err;
}

static void nothing_matches_all(void **state)
{
    (void)state;
    struct run_query query = parse("  \t ");
    struct run_query zero = {0};
    assert_memory_equal(&query, &zero, sizeof zero);
}

static void all_keys_at_once(void **state)
{
    (void)state;
    struct run_query query =
        parse("flow:smartrm*,hello state:failed date:2021-11 node:sales_stat trigger:\"cli by lin\""
              " kind:manual,backfill since:7d \"no such column\" 表不存在");
    assert_int_equal(query.flows.count, 2);
    assert_string_equal(query.flows.items[0], "smartrm*");
    assert_string_equal(query.flows.items[1], "hello");
    assert_int_equal(query.states, 1u << TASK_FAILED);
    assert_int_equal(query.date_count, 1);
    assert_string_equal(query.dates[0].from, "2021-11-01");
    assert_string_equal(query.dates[0].to, "2021-11-30");
    assert_string_equal(query.nodes.items[0], "sales_stat");
    assert_string_equal(query.triggers.items[0], "cli by lin");
    assert_int_equal(query.kinds, 1u << STORE_RUN_MANUAL | 1u << STORE_RUN_BACKFILL);
    assert_int_equal(query.since.us, NOW.us - 7 * DURATION_DAY_US);
    assert_int_equal(query.words.count, 2);
    assert_string_equal(query.words.items[0], "no such column");
    assert_string_equal(query.words.items[1], "表不存在");
}

static void a_key_given_twice_means_either(void **state)
{
    (void)state;
    struct run_query query = parse("state:failed state:stopped,failed flow:a flow:b");
    assert_int_equal(query.states, 1u << TASK_FAILED | 1u << TASK_STOPPED);
    assert_int_equal(query.flows.count, 2);
}

static void dates(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"date:2021-11-11", "2021-11-11", "2021-11-11"},
        {"date:20211111", "2021-11-11", "2021-11-11"},
        {"date:2020-02", "2020-02-01", "2020-02-29"},
        {"date:2021", "2021-01-01", "2021-12-31"},
        {"date:2021-11-01..2021-11-05", "2021-11-01", "2021-11-05"},
        {"date:2021-11..2021-12", "2021-11-01", "2021-12-31"},
        {"date:2020..2021-02", "2020-01-01", "2021-02-28"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run_query query = parse(cases[i][0]);
        assert_int_equal(query.date_count, 1);
        assert_string_equal(query.dates[0].from, cases[i][1]);
        assert_string_equal(query.dates[0].to, cases[i][2]);
    }
    reject("date:2021-02-30", "E020");
    reject("date:2021-13", "E020");
    reject("date:yesterday", "E020");
    reject("date:2021-11-05..2021-11-01", "E020");
    reject("date:..", "E020");
    reject("date:2021-11-01..", "E020");
    reject("date:0000", "E020");
}

static void backfills_are_numbers(void **state)
{
    (void)state;
    struct run_query query = parse("backfill:12,7 state:failed backfill:\"999999999999999999\"");
    assert_int_equal(query.backfills.count, 3);
    assert_string_equal(query.backfills.items[0], "backfill 12");
    assert_string_equal(query.backfills.items[1], "backfill 7");
    assert_string_equal(query.backfills.items[2], "backfill 999999999999999999");
    assert_int_equal(query.triggers.count, 0);
    assert_string_equal(parse("backfill:0012").backfills.items[0], "backfill 12");
    static const char *const wrong[] = {"backfill:x",
                                        "backfill:0",
                                        "backfill:-1",
                                        "backfill:1*",
                                        "backfill:1.",
                                        "backfill:\" 1\"",
                                        "backfill:1000000000000000000"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct error err = reject(wrong[i], "E028");
        assert_int_equal(err.column, 10);
        assert_non_null(strstr(err.help, "backfill list"));
    }
    reject("backfill:", "E027");
    assert_string_equal(reject("backfil:3", "E022").text,
                        "`backfil` is not a key of a search; did you mean `backfill`?");
}

static void quotes(void **state)
{
    (void)state;
    assert_string_equal(parse("\"a \\\"b\\\" \\\\ c\"").words.items[0], "a \"b\" \\ c");
    assert_string_equal(parse("\"flow:x\"").words.items[0], "flow:x");
    assert_string_equal(parse("trigger:\"a,b\"").triggers.items[0], "a,b");
    assert_string_equal(parse("\\abc").words.items[0], "\\abc");
    struct error err = reject("flow:x \"never ends", "E024");
    assert_int_equal(err.column, 8);
    reject("flow:\"x", "E024");
    reject("\"abc\\\"", "E024");
}

static void mistakes_are_placed_and_mended(void **state)
{
    (void)state;
    struct error err = reject("flow:a state:sucess", "E021");
    assert_string_equal(err.text, "`sucess` is not a state; did you mean `success`?");
    assert_int_equal(err.column, 14);
    assert_int_equal(err.line, 6);
    err = reject("stat:failed", "E022");
    assert_string_equal(err.text, "`stat` is not a key of a search; did you mean `state`?");
    assert_int_equal(err.column, 1);
    assert_int_equal(err.line, 4);
    assert_non_null(strstr(err.help, "flow, state, date, node, trigger, kind, since, backfill"));
    err = reject("https://x", "E022");
    assert_null(strstr(err.text, "did you mean"));
    err = reject("kind:manul", "E021");
    assert_non_null(strstr(err.text, "`manual`"));
    reject("since:week", "E026");
    reject("since:7", "E026");
    reject("flow:", "E027");
    reject("flow:a,,b", "E027");
    reject("flow:a,", "E027");
    reject("ab", "E023");
    reject("\"\"", "E023");
    reject("表不", "E023");
}

static void states_of_nodes_need_a_node(void **state)
{
    (void)state;
    struct error err = reject("state:blocked", "E021");
    assert_int_equal(err.column, 7);
    assert_int_equal(parse("state:blocked node:a").states, 1u << TASK_BLOCKED);
    assert_int_equal(parse("node:* state:skipped,frozen").states,
                     1u << TASK_SKIPPED | 1u << TASK_FROZEN);
}

static void limits(void **state)
{
    (void)state;
    SCOPED_TEXT struct text text = {0};
    text_append_repeat(&text, 'x', RUN_QUERY_MAX_BYTES + 1);
    reject(text_string(&text), "E025");
    text_clear(&text);
    text_append(&text, "flow:a");
    for (int i = 1; i < RUN_QUERY_MAX_VALUES; i++)
        text_append(&text, ",a");
    parse(text_string(&text));
    text_append(&text, ",a");
    reject(text_string(&text), "E025");
    text_clear(&text);
    text_append(&text, "backfill:1");
    for (int i = 0; i < RUN_QUERY_MAX_VALUES; i++)
        text_append(&text, ",1");
    reject(text_string(&text), "E025");
}

static void patterns(void **state)
{
    (void)state;
    assert_true(run_query_matches("smartrm*", "smartrm_study"));
    assert_true(run_query_matches("*study", "smartrm_study"));
    assert_true(run_query_matches("s*_*y", "smartrm_study"));
    assert_true(run_query_matches("*", ""));
    assert_true(run_query_matches("", ""));
    assert_true(run_query_matches("a?c", "a表c"));
    assert_true(run_query_matches("a[b]c", "a[b]c"));
    assert_true(run_query_matches("*aab", "aaaaab"));
    assert_false(run_query_matches("a?c", "ac"));
    assert_false(run_query_matches("smart", "smartrm"));
    assert_false(run_query_matches("a*b", "a"));
    assert_false(run_query_matches("", "a"));
    /* A pattern of many stars must not take exponential time. */
    char text[2001];
    memset(text, 'a', 2000);
    text[2000] = '\0';
    assert_false(run_query_matches("*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_matches_all),
        cmocka_unit_test(all_keys_at_once),
        cmocka_unit_test(a_key_given_twice_means_either),
        cmocka_unit_test(dates),
        cmocka_unit_test(backfills_are_numbers),
        cmocka_unit_test(quotes),
        cmocka_unit_test(mistakes_are_placed_and_mended),
        cmocka_unit_test(states_of_nodes_need_a_node),
        cmocka_unit_test(limits),
        cmocka_unit_test(patterns),
    };
    arena_init(&arena, 0);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}

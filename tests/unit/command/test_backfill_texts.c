#include "scheduler/base/scope.h"
#include "scheduler/command/backfill_plan_text.h"
#include "scheduler/command/backfill_rate.h"
#include "scheduler/command/backfill_view_text.h"
#include "scheduler/command/backfill_words.h"
#include "scheduler/daemon/backfill_groups.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct terminal make_terminal(int width, bool has_utf8)
{
    return (struct terminal){.width = width, .height = 24, .has_utf8 = has_utf8};
}

static struct duration seconds(double count)
{
    return (struct duration){(int64_t)(count * 1e6)};
}

/* ---- groups ---- */

static void expect_mask(const char *reason, const char *masked)
{
    SCOPED_TEXT struct text text = {0};
    backfill_groups_mask(reason, &text);
    assert_string_equal(text_string(&text), masked);
}

static void test_mask(void **state)
{
    (void)state;
    expect_mask("", "");
    expect_mask("no such file", "no such file");
    expect_mask("no such file …/20210215data", "no such file …/…data");
    expect_mask("2021-02-15: exit 3", "…-…-…: exit …");
    expect_mask("token deadbeef01 of face", "token … of face");
    expect_mask("v2face2x", "v…face…x");
    expect_mask("没有 20210215 的文件", "没有 … 的文件");
    expect_mask("7", "…");
}

static const struct backfill_group *fail_date(struct backfill_groups *groups, const char *date,
                                              const char *node, const char *reason)
{
    struct backfill_failure failure = {node, reason, date, 7};
    return backfill_groups_add(groups, &failure);
}

static void test_groups(void **state)
{
    (void)state;
    struct backfill_groups groups = {0};
    assert_int_equal(fail_date(&groups, "2021-02-15", "load", "no 20210215data")->count, 1);
    assert_int_equal(fail_date(&groups, "2021-02-16", "load", "no 20210216data")->count, 2);
    assert_int_equal(fail_date(&groups, "2021-02-16", "sum", "no 20210216data")->count, 1);
    assert_int_equal(fail_date(&groups, "2021-02-20", "load", "exit 3")->count, 1);
    assert_int_equal(fail_date(&groups, "2021-02-21", "load", "exit 3")->count, 2);
    assert_int_equal(groups.count, 3);
    assert_string_equal(groups.items[0].reason, "no …data");
    assert_string_equal(groups.items[1].reason, "no 20210216data");
    assert_string_equal(groups.items[2].reason, "exit 3");
    fail_date(&groups, "2021-03-01", "load", "exit 3: 没有 20210301 … in 7");
    fail_date(&groups, "2021-03-02", "load", "exit 3: 没有 20210302 … in 8");
    fail_date(&groups, "2021-03-03", "load", "exit 3: 没有 20210301 … in 7");
    assert_string_equal(groups.items[3].reason, "exit 3: 没有 … … in …");
    backfill_groups_free(&groups);
}

static void test_many_groups(void **state)
{
    (void)state;
    struct backfill_groups groups = {0};
    for (int i = 0; i < BACKFILL_GROUPS_MAX + 50; i++) {
        char reason[32];
        snprintf(reason, sizeof reason, "%.*s", i + 1 > 31 ? 31 : i + 1,
                 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
        char node[32];
        snprintf(node, sizeof node, "node_%d", i);
        fail_date(&groups, "2021-02-15", node, reason);
    }
    assert_int_equal(groups.count, BACKFILL_GROUPS_MAX + 1);
    assert_int_equal(groups.items[BACKFILL_GROUPS_MAX].count, 50);
    assert_true(groups.items[BACKFILL_GROUPS_MAX].is_rest);
    backfill_groups_free(&groups);
}

static void test_group_lines(void **state)
{
    (void)state;
    struct terminal wide = make_terminal(0, true);
    struct terminal ascii = make_terminal(0, false);
    struct backfill_groups groups = {0};
    for (int day = 26; day >= 15; day--) { /* newest first; one twice */
        char date[16];
        char reason[32];
        snprintf(date, sizeof date, "2021-02-%d", day);
        snprintf(reason, sizeof reason, "E204 no 202102%ddata", day);
        fail_date(&groups, date, "sync", reason);
    }
    SCOPED_TEXT struct text text = {0};
    backfill_text_groups(&wide, &groups, 2, &text);
    assert_string_equal(text_string(&text),
                        "12 dates: sync E204 no …data: 2021-02-15 … 2021-02-26\n");
    text_clear(&text);
    backfill_text_groups(&ascii, &groups, 2, &text);
    assert_string_equal(text_string(&text),
                        "12 dates: sync E204 no ...data: 2021-02-15 .. 2021-02-26\n");
    text_clear(&text);
    backfill_text_groups(&wide, &groups, 13, &text);
    assert_string_equal(text_string(&text), "");
    backfill_text_more(&wide, &groups.items[0], &text);
    assert_string_equal(text_string(&text), "✗ 11 more: sync E204 no …data");
    fail_date(&groups, "2021-02-26", "sync", "E204 no 20210226data");
    text_clear(&text);
    backfill_text_groups(&wide, &groups, 2, &text);
    assert_string_equal(text_string(&text),
                        "13 runs: sync E204 no …data: 2021-02-15 … 2021-02-26\n");
    backfill_groups_free(&groups);
}

/* ---- rate and time left ---- */

static void test_rate(void **state)
{
    (void)state;
    struct backfill_rate rate = {0};
    struct backfill_left left = backfill_rate_left(&rate, 10, 2, (struct duration){0});
    assert_false(left.is_known);
    left = backfill_rate_left(&rate, 10, 2, seconds(60));
    assert_true(left.is_known && left.is_estimate);
    assert_int_equal(left.left.us, seconds(300).us);
    backfill_rate_add(&rate, seconds(10), seconds(10));
    backfill_rate_add(&rate, seconds(30), seconds(20));
    assert_true(backfill_rate_left(&rate, 10, 2, seconds(60)).is_estimate);
    assert_true(backfill_rate_per_minute(&rate) == 0);
    backfill_rate_add(&rate, seconds(20), seconds(40));
    left = backfill_rate_left(&rate, 10, 2, seconds(60));
    assert_true(left.is_known && !left.is_estimate);
    assert_int_equal(left.left.us, seconds(100).us); /* median 20 s */
    assert_true(backfill_rate_per_minute(&rate) == 4.0);
    left = backfill_rate_left(&rate, 1, 8, seconds(60)); /* seven places stay empty */
    assert_int_equal(left.left.us, seconds(20).us);
    assert_int_equal(backfill_rate_left(&rate, 0, 8, seconds(60)).left.us, 0);
    for (int i = 0; i < BACKFILL_RATE_SAMPLES; i++) /* what was before counts no more */
        backfill_rate_add(&rate, seconds(1), seconds(100 + i));
    assert_int_equal(backfill_rate_left(&rate, 10, 2, seconds(60)).left.us, seconds(5).us);
    assert_true(backfill_rate_per_minute(&rate) == 60.0);
}

static void test_rate_is_bounded(void **state)
{
    (void)state;
    struct backfill_rate rate = {0};
    for (int i = 0; i < 3; i++)
        backfill_rate_add(&rate, (struct duration){INT64_MAX / 2}, seconds(i));
    struct backfill_left left = backfill_rate_left(&rate, 1000, 1, (struct duration){0});
    assert_int_equal(left.left.us, INT64_MAX);
}

/* A date that waits to be tried again, or hangs, must not stand beside `0s left`. */
static void test_late(void **state)
{
    (void)state;
    struct backfill_rate rate = {0};
    assert_false(backfill_rate_is_late(&rate, seconds(60), seconds(100), seconds(219)));
    assert_true(backfill_rate_is_late(&rate, seconds(60), seconds(100), seconds(221)));
    for (int i = 0; i < 3; i++)
        backfill_rate_add(&rate, seconds(1), seconds(100 + i));
    assert_false(backfill_rate_is_late(&rate, seconds(60), seconds(0), seconds(107)));
    assert_true(backfill_rate_is_late(&rate, seconds(60), seconds(0), seconds(108)));
    assert_false(backfill_rate_is_late(&rate, seconds(60), seconds(107), seconds(108)));
}

/* ---- the line with the bar ---- */

static const char *progress_line(const struct terminal *terminal,
                                 const struct backfill_standing *standing, const char *finish,
                                 struct text *text)
{
    struct backfill_progress progress = {.terminal = terminal,
                                         .standing = standing,
                                         .per_minute = 3.94,
                                         .left = {seconds(24 * 60), true, false},
                                         .finish = finish,
                                         .columns = (size_t)terminal->width};
    text_clear(text);
    backfill_text_progress(&progress, text);
    return text_string(text);
}

static void test_progress(void **state)
{
    (void)state;
    struct backfill_standing standing = {
        .state = "running", .done = 211, .total = 306, .failed = 1, .running = 4, .parallel = 4};
    struct terminal wide = make_terminal(80, true);
    struct terminal ascii = make_terminal(80, false);
    SCOPED_TEXT struct text text = {0};
    assert_string_equal(
        progress_line(&wide, &standing, "10:55", &text),
        "[211/306]  68% ━━━━━━━━━━━━━━╺━━━━━━  ✗ 1  ▶ 4   3.9/min   24m left, about 10:55");
    assert_string_equal(
        progress_line(&ascii, &standing, "10:55", &text),
        "[211/306]  68% ==============>------  x 1  > 4   3.9/min   24m left, about 10:55");
    struct backfill_standing paused = standing;
    paused.state = "paused"; /* the time left would be that of dates that do not begin */
    struct backfill_progress draining = {
        .terminal = &wide, .standing = &paused, .finish = "", .columns = 80};
    text_clear(&text);
    backfill_text_progress(&draining, &text);
    assert_string_equal(text_string(&text),
                        "[211/306]  68% ━━━━━━━━━━━━━━╺━━━━━━  ✗ 1  ▶ 4   no new dates");
    for (int width = 20; width < 90; width++) {
        struct terminal narrow = make_terminal(width, true);
        size_t wide_as = terminal_width_of(progress_line(&narrow, &standing, "10:55", &text));
        assert_true(wide_as <= (size_t)width || width < 26);
        assert_true(strncmp(text_string(&text), "[211/306]", 9) == 0);
    }
    struct terminal forty = make_terminal(40, true);
    assert_string_equal(progress_line(&forty, &standing, "10:55", &text),
                        "[211/306]  68%  ✗ 1  ▶ 4   24m left");
    standing.done = 306;
    standing.failed = standing.running = 0;
    assert_string_equal(progress_line(&wide, &standing, "", &text),
                        "[306/306] 100% ━━━━━━━━━━━━━━━━━━━━━  ▶ 0   3.9/min   24m left");
    standing.total = standing.done = 0;
    assert_true(strncmp(progress_line(&wide, &standing, "", &text), "[0/0] 100%", 10) == 0);
}

/* ---- lines ---- */

static void test_lines(void **state)
{
    (void)state;
    struct zone *zone;
    struct error err = {0};
    assert_int_equal(zone_load("Asia/Shanghai", &zone, &err), 0);
    struct notice notice = {.kind = NOTICE_KIND_DATE,
                            .at = {1637548262123456},
                            .backfill_id = 13,
                            .bizdate = "2021-11-09",
                            .cyctime = "2021-11-10T00:30:00",
                            .state = "success",
                            .duration = seconds(57.9),
                            .done = 1,
                            .total = 3};
    SCOPED_TEXT struct text text = {0};
    backfill_text_line(&notice, zone, "2021-11-09", &text);
    assert_string_equal(text_string(&text), "2021-11-22T10:31:02+08:00 backfill=13 date=2021-11-09 "
                                            "state=success dur=57.9s done=1/3\n");
    notice.state = "failed";
    notice.run_id = 9;
    notice.node = "load";
    notice.reason = "no \"x\"\033[2J";
    text_clear(&text);
    backfill_text_line(&notice, zone, "2021-11-09", &text);
    assert_string_equal(text_string(&text),
                        "2021-11-22T10:31:02+08:00 backfill=13 date=2021-11-09 state=failed run=9 "
                        "node=load reason=\"no \\\"x\\\"\uFFFD[2J\" dur=57.9s done=1/3\n");
    text_clear(&text);
    backfill_text_json(&notice, zone, true, &text);
    assert_string_equal(
        text_string(&text),
        "{\"schema\":1,\"event\":\"date\",\"at\":\"2021-11-22T10:31:02.123+08:00\",\"backfill\":13,"
        "\"run\":9,\"bizdate\":\"2021-11-09\",\"cyctime\":\"2021-11-10T00:30:00\","
        "\"state\":\"failed\",\"node\":\"load\",\"reason\":\"no \\\"x\\\"\\u001b[2J\","
        "\"duration_ms\":57900,\"done\":1,\"total\":3,\"failed\":0,\"running\":0}\n");
    struct terminal wide = make_terminal(80, true);
    text_clear(&text);
    backfill_text_failure(&wide, &notice, "2021-11-09", &text);
    assert_string_equal(text_string(&text), "✗ 2021-11-09  load  no \"x\"\uFFFD[2J\n");
    zone_free(zone);
}

static void test_end(void **state)
{
    (void)state;
    struct terminal wide = make_terminal(80, true);
    struct backfill_groups groups = {0};
    struct backfill_standing standing = {.id = 12,
                                         .state = "paused",
                                         .reason = "paused by lin",
                                         .done = 215,
                                         .total = 306,
                                         .failed = 1};
    struct backfill_end end = {
        .terminal = &wide, .standing = &standing, .groups = &groups, .can_repeat = true};
    SCOPED_TEXT struct text text = {0};
    backfill_text_end(&end, &text);
    assert_string_equal(
        text_string(&text),
        "backfill 12 paused: 214 ok, 1 failed, 91 left\n"
        "  go on   datemill backfill resume 12        (or repeat the same command)\n"
        "  why     datemill runs list 'backfill:12 state:failed'\n");
    standing.state = "failed";
    standing.done = 306;
    standing.failed = 5;
    standing.stopped = standing.blocked = standing.in_conflict = 1;
    end.can_repeat = false;
    end.took = seconds(75);
    fail_date(&groups, "2021-02-15", "load", "x");
    text_clear(&text);
    backfill_text_end(&end, &text);
    assert_string_equal(
        text_string(&text),
        "backfill 12 failed: 301 ok, 2 failed, 1 blocked, 1 in conflict, 1 stopped in 1m 15s\n"
        "  retry   datemill backfill retry 12\n"
        "  why     datemill runs list 'backfill:12 state:failed'\n"
        "  log     datemill logs 7 load\n");
    backfill_groups_free(&groups);
}

/* ---- the plan ---- */

static struct flow_node nodes[] = {{.name = "清洗"}, {.name = "sum"}};
static const size_t order[] = {0, 1};

static struct backfill_plan make_plan(struct store_date *dates, size_t count)
{
    struct backfill_plan plan = {.dates = dates, .count = count};
    for (size_t i = 0; i < count; i++)
        plan.decided[dates[i].decision]++;
    plan.to_run = plan.decided[DATE_RUN] + plan.decided[DATE_REDO];
    return plan;
}

static struct store_date make_date(const char *bizdate, enum date_decision decision)
{
    return (struct store_date){.bizdate = bizdate,
                               .cyctime = "2021-11-02T00:30:00",
                               .decision = decision,
                               .run_id = decision == DATE_CONFLICT ? 12 : 0,
                               .reason = decision == DATE_REDO ? "sum failed in run 3" : ""};
}

static void test_plan(void **state)
{
    (void)state;
    struct store_date dates[] = {
        make_date("2021-11-01", DATE_KEEP), make_date("2021-11-02", DATE_REDO),
        make_date("2021-11-03", DATE_RUN),  make_date("2021-11-04", DATE_RUN),
        make_date("2021-11-05", DATE_NONE),
    };
    const char *tables[] = {"commodity_new"};
    struct flow flow = {.name = "经营", .nodes = nodes, .node_count = 2, .order = order};
    const struct civil_date days[] = {
        {2021, 11, 1}, {2021, 11, 2}, {2021, 11, 3}, {2021, 11, 4}, {2021, 11, 5}};
    struct plan_dates asked = {days, 5};
    struct backfill_wish wish = {
        .flow = &flow, .dates = &asked, .redo = BACKFILL_REDO_FAILED, .parallel = 4};
    struct backfill_plan plan = make_plan(dates, 5);
    plan.samples = 3;
    plan.per_date = seconds(58);
    plan.estimate = seconds(4440);
    plan.shared_tables = tables;
    plan.shared_table_count = 1;
    struct terminal pipe = make_terminal(0, true);
    struct backfill_plan_text of = {.terminal = &pipe, .wish = &wish, .plan = &plan};
    SCOPED_TEXT struct text text = {0};
    backfill_plan_text_people(&of, &text);
    assert_string_equal(
        text_string(&text),
        "plan: 经营, 5 dates, 2021-11-01 … 2021-11-05 (both included)\n"
        "  keep    1 already green   2021-11-01\n"
        "  redo    1 failed          2021-11-02\n"
        "  run     2 missing         2021-11-03 … 2021-11-04\n"
        "  none    1 not scheduled   2021-11-05\n"
        "  order oldest first, 4 at a time, about 1h 14m (median 58s per date)\n"
        "  note  commodity_new is written by several dates: the last to commit is what stays\n");
    text_clear(&text);
    backfill_plan_text_json(&of, &text);
    assert_string_equal(text_string(&text),
                        "{\"schema\":1,\"flow\":\"经营\",\"plan\":{\"dates\":5,\"run\":[\"2021-11-"
                        "03\",\"2021-11-04\"],\"redo\":[\"2021-11-02\"],\"keep\":[\"2021-11-01\"],"
                        "\"conflicts\":[],\"none\":[\"2021-11-05\"],\"order\":\"asc\","
                        "\"parallel\":4,\"estimate_ms\":4440000,"
                        "\"shared_tables\":[\"commodity_new\"]}}\n");
    dates[0].decision = DATE_CONFLICT;
    dates[0].run_id = 12;
    plan = make_plan(dates, 5);
    text_clear(&text);
    backfill_plan_text_people(&of, &text);
    assert_non_null(strstr(text_string(&text), "\n  conflict    1 open already    2021-11-01 (run "
                                               "12)\n"));
}

/* Every line of the plan fits, whatever the window. */
static void test_narrow_plan(void **state)
{
    (void)state;
    struct store_date dates[60];
    char texts[60][16];
    for (int i = 0; i < 60; i++) {
        snprintf(texts[i], sizeof texts[i], "2021-%02d-%02d", i / 28 + 1, i % 28 + 1);
        dates[i] = make_date(texts[i], i % 2 == 0 ? DATE_KEEP : DATE_RUN);
    }
    struct flow flow = {.name = "f", .nodes = nodes, .node_count = 2, .order = order};
    struct civil_date days[60];
    for (int i = 0; i < 60; i++) /* every other day */
        days[i] = civil_add_days((struct civil_date){2021, 1, 1}, 2 * i);
    struct plan_dates asked = {days, 60};
    struct backfill_wish wish = {.flow = &flow, .dates = &asked, .parallel = 1};
    struct backfill_plan plan = make_plan(dates, 60);
    for (int width = 40; width < 120; width += 7) {
        struct terminal narrow = make_terminal(width, true);
        struct backfill_plan_text of = {.terminal = &narrow, .wish = &wish, .plan = &plan};
        SCOPED_TEXT struct text text = {0};
        backfill_plan_text_people(&of, &text);
        char *rest = text.data;
        for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
            assert_true(terminal_width_of(line) <= (size_t)width);
    }
}

static void test_stretches(void **state)
{
    (void)state;
    struct terminal wide = make_terminal(80, true);
    const struct backfill_stretch items[] = {{"2021-11-01", "2021-11-03", 3},
                                             {"2021-11-05", "2021-11-05", 1},
                                             {"2021-11-07", "2021-11-17", 11}};
    struct backfill_stretches list = {items, 3};
    SCOPED_TEXT struct text text = {0};
    backfill_words_stretches(&wide, &list, 200, &text);
    assert_string_equal(text_string(&text),
                        "2021-11-01 … 2021-11-03, 2021-11-05, 2021-11-07 … 2021-11-17");
    text_clear(&text);
    backfill_words_stretches(&wide, &list, 52, &text);
    assert_string_equal(text_string(&text), "2021-11-01 … 2021-11-03, 2021-11-05, … and 11 more");
    text_clear(&text);
    backfill_words_stretches(&wide, &list, 40, &text);
    assert_string_equal(text_string(&text), "2021-11-01 … 2021-11-03, … and 12 more");
    text_clear(&text);
    backfill_words_stretches(&wide, &list, 10, &text);
    assert_string_equal(text_string(&text), "2021-11-01 … 2021-11-03, …");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mask),        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_many_groups), cmocka_unit_test(test_group_lines),
        cmocka_unit_test(test_rate),        cmocka_unit_test(test_rate_is_bounded),
        cmocka_unit_test(test_late),        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_lines),       cmocka_unit_test(test_end),
        cmocka_unit_test(test_plan),        cmocka_unit_test(test_narrow_plan),
        cmocka_unit_test(test_stretches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

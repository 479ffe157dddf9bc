#include "scheduler/daemon/notice.h"

#include "scheduler/base/json_in.h"
#include "scheduler/base/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct json *parse(const struct text *text)
{
    struct json *json = NULL;
    struct error err = {0};
    assert_int_equal(json_parse(text_string(text), text->length, &json, &err), 0);
    return json;
}

static void a_notice_comes_back_as_it_was(void **state)
{
    (void)state;
    struct notice notice = {.kind = NOTICE_KIND_NODE,
                            .run_id = 184213,
                            .at = {1636648262012345},
                            .flow = "smartrm_study",
                            .bizdate = "2021-11-11",
                            .node = "sales_stat",
                            .type = "sql",
                            .state = "failed",
                            .reason = "exit 1: no such column: \"s.machineId\"\n经营",
                            .log_path = "/a b/c.log",
                            .attempt = 2,
                            .attempts_max = 3,
                            .duration = {12000000},
                            .done = 3,
                            .total = 4};
    SCOPED_TEXT struct text text = {0};
    notice_write(&notice, &text);
    struct json *json = parse(&text);
    SCOPED_ARENA struct arena arena = {0};
    struct notice back;
    struct error err = {0};
    assert_int_equal(notice_from_json(json, &arena, &back, &err), 0);
    json_free(json);
    assert_int_equal(back.kind, NOTICE_KIND_NODE);
    assert_int_equal(back.run_id, 184213);
    assert_int_equal(back.at.us, 1636648262012345);
    assert_string_equal(back.flow, "smartrm_study");
    assert_string_equal(back.node, "sales_stat");
    assert_string_equal(back.state, "failed");
    assert_string_equal(back.reason, notice.reason);
    assert_string_equal(back.log_path, "/a b/c.log");
    assert_string_equal(back.result, "");
    assert_int_equal(back.attempt, 2);
    assert_int_equal(back.attempts_max, 3);
    assert_int_equal(back.duration.us, 12000000);
    assert_int_equal(back.done, 3);
    assert_int_equal(back.total, 4);
}

static void a_reply_carries_its_error(void **state)
{
    (void)state;
    struct notice notice = {
        .kind = NOTICE_KIND_REPLY, .request = 7, .run_ids = {3, 5}, .run_count = 2};
    error_set(&notice.error, ERROR_KIND_BUSY, "run %d is open", 3);
    error_help(&notice.error, "watch it");
    SCOPED_TEXT struct text text = {0};
    notice_write(&notice, &text);
    struct json *json = parse(&text);
    SCOPED_ARENA struct arena arena = {0};
    struct notice back;
    assert_int_equal(notice_from_json(json, &arena, &back, NULL), 0);
    json_free(json);
    assert_int_equal(back.request, 7);
    assert_int_equal(back.run_count, 2);
    assert_int_equal(back.run_ids[1], 5);
    assert_int_equal(back.error.kind, ERROR_KIND_BUSY);
    assert_string_equal(back.error.text, "run 3 is open");
    assert_string_equal(back.error.help, "watch it");
}

static void a_request_comes_back_as_it_was(void **state)
{
    (void)state;
    const struct request_setting vars[] = {{"var", "2021'1111"}, {"empty", ""}};
    const struct request_setting downstream[] = {{"report", "2021-11-01..2021-11-05"}};
    struct request request = {.kind = REQUEST_KIND_RERUN,
                              .number = 3,
                              .who = "lin",
                              .key = "abc",
                              .flow = "f",
                              .nodes = "+n",
                              .vars = vars,
                              .var_count = 2,
                              .downstream = downstream,
                              .downstream_count = 1,
                              .run_ids = {12},
                              .run_count = 1,
                              .scope = REQUEST_SCOPE_ONLY,
                              .force = REQUEST_FORCE_KILL,
                              .parallel = 9};
    SCOPED_TEXT struct text text = {0};
    request_write(&request, &text);
    struct json *json = parse(&text);
    SCOPED_ARENA struct arena arena = {0};
    struct request back;
    assert_int_equal(request_from_json(json, &arena, &back, NULL), 0);
    json_free(json);
    assert_int_equal(back.kind, REQUEST_KIND_RERUN);
    assert_int_equal(back.scope, REQUEST_SCOPE_ONLY);
    assert_int_equal(back.force, REQUEST_FORCE_KILL);
    assert_string_equal(back.key, "abc");
    assert_string_equal(back.nodes, "+n");
    assert_int_equal(back.var_count, 2);
    assert_string_equal(back.vars[0].name, "var");
    assert_string_equal(back.vars[0].text, "2021'1111");
    assert_string_equal(back.vars[1].text, "");
    assert_int_equal(back.downstream_count, 1);
    assert_string_equal(back.downstream[0].name, "report");
    assert_string_equal(back.downstream[0].text, "2021-11-01..2021-11-05");
    assert_int_equal(back.run_ids[0], 12);
    assert_int_equal(back.parallel, 9);
}

static void read_wrong(const char *text)
{
    struct json *json = NULL;
    struct notice notice;
    struct request request;
    struct error err = {0};
    SCOPED_ARENA struct arena arena = {0};
    assert_int_equal(json_parse(text, strlen(text), &json, &err), 0);
    assert_int_equal(notice_from_json(json, &arena, &notice, &err), -1);
    assert_int_equal(request_from_json(json, &arena, &request, &err), -1);
    json_free(json);
}

static void what_is_no_message_is_refused(void **state)
{
    (void)state;
    read_wrong("{}");
    read_wrong("[]");
    read_wrong("{\"event\":\"bad\",\"request\":\"run\"}");
    read_wrong("{\"notice\":\"bad\",\"request\":\"run\"}");
    read_wrong("{\"request\":\"run\",\"scope\":\"failed\",\"force\":\"drain\",\"vars\":[\"x\"]}");
    read_wrong("{\"request\":\"backfill\",\"scope\":\"failed\",\"force\":\"drain\",\"vars\":{},"
               "\"downstream\":[\"x\"]}");
}

static void more_runs_than_fit_are_cut(void **state)
{
    (void)state;
    SCOPED_TEXT struct text text = {0};
    text_append(&text,
                "{\"request\":\"claim\",\"scope\":\"failed\",\"force\":\"drain\",\"runs\":[0");
    for (int i = 1; i < 500; i++)
        text_append_format(&text, ",%d", i);
    text_append(&text, "]}");
    struct json *json = parse(&text);
    SCOPED_ARENA struct arena arena = {0};
    struct request back;
    assert_int_equal(request_from_json(json, &arena, &back, NULL), 0);
    json_free(json);
    assert_int_equal(back.run_count, NOTICE_MAX_RUNS);
    assert_int_equal(back.run_ids[NOTICE_MAX_RUNS - 1], NOTICE_MAX_RUNS - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_notice_comes_back_as_it_was),
        cmocka_unit_test(a_reply_carries_its_error),
        cmocka_unit_test(a_request_comes_back_as_it_was),
        cmocka_unit_test(what_is_no_message_is_refused),
        cmocka_unit_test(more_runs_than_fit_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

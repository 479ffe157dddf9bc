#include "web/action/run_action.h"

#include "scheduler/base/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect(enum run_action_kind kind, struct run_action_words words, const char *command)
{
    SCOPED_ARENA struct arena arena = {0};
    struct request request;
    struct error err = {0};
    words.run_id = 12;
    if (run_action_request(kind, &words, false, &request, &err) < 0)
        fail_msg("%s: %s", command, err.text);
    assert_int_equal(request.run_count, 1);
    assert_int_equal(request.run_ids[0], 12);
    assert_string_equal(run_action_command(&request, &arena), command);
}

static void commands(void **state)
{
    (void)state;
    expect(RUN_ACTION_RERUN, (struct run_action_words){0}, "datemill rerun 12 --from-failed");
    expect(RUN_ACTION_RERUN, (struct run_action_words){.from = "all"}, "datemill rerun 12 --all");
    expect(RUN_ACTION_RERUN,
           (struct run_action_words){.from = "node", .node = "a", .version = "current"},
           "datemill rerun 12 --from a --use-version current");
    expect(RUN_ACTION_RERUN, (struct run_action_words){.from = "only", .node = "a"},
           "datemill rerun 12 --only a");
    expect(RUN_ACTION_STOP, (struct run_action_words){0}, "datemill stop 12");
    expect(RUN_ACTION_STOP, (struct run_action_words){.how = "kill", .reason = "now"},
           "datemill stop 12 --kill --reason 'now'");
    expect(RUN_ACTION_SKIP, (struct run_action_words){.node = "a"},
           "datemill skip 12 a --reason TEXT");
    expect(RUN_ACTION_MARK,
           (struct run_action_words){.node = "a", .as = "failed", .reason = "it's $(x)"},
           "datemill mark 12 a failed --reason 'it'\\''s $(x)'");
}

static void refuse(enum run_action_kind kind, struct run_action_words words, const char *text)
{
    struct request request;
    struct error err = {0};
    words.run_id = 12;
    assert_int_equal(run_action_request(kind, &words, true, &request, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_USAGE);
    if (strstr(err.text, text) == NULL && strstr(err.help, text) == NULL)
        fail_msg("%s (%s) does not say %s", err.text, err.help, text);
}

static void what_does_not_fit(void **state)
{
    (void)state;
    refuse(RUN_ACTION_RERUN, (struct run_action_words){.from = "failde"}, "`failed`");
    refuse(RUN_ACTION_RERUN, (struct run_action_words){.from = "node"}, "which node");
    refuse(RUN_ACTION_STOP, (struct run_action_words){.how = "softly"}, "softly");
    refuse(RUN_ACTION_SKIP, (struct run_action_words){.reason = "x"}, "which node");
    refuse(RUN_ACTION_SKIP, (struct run_action_words){.node = "a"}, "say why");
    refuse(RUN_ACTION_MARK, (struct run_action_words){.node = "a", .reason = " \t"}, "say why");
    refuse(RUN_ACTION_MARK, (struct run_action_words){.node = "a", .as = "done"}, "done");
}

static void names(void **state)
{
    enum run_action_kind kind;
    (void)state;
    assert_true(run_action_find("mark", &kind));
    assert_int_equal(kind, RUN_ACTION_MARK);
    assert_false(run_action_find("marks", &kind));
    assert_string_equal(run_action_name(RUN_ACTION_RERUN), "rerun");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands),
        cmocka_unit_test(what_does_not_fit),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

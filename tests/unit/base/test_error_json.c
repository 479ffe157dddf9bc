/* Errors as programs read them. */
#include "scheduler/base/error_json.h"
#include "scheduler/base/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void all_facts_are_there(void **state)
{
    (void)state;
    struct error err = {0};
    SCOPED_TEXT struct text text = {0};
    error_at(&err, 3, 14, "E104", "no \"such\" thing\nhere");
    err.kind = ERROR_KIND_INVALID;
    error_help(&err, "look there");
    error_write_json(&err, "a/b.yaml", &text);
    assert_string_equal(
        text_string(&text),
        "{\"error\":{\"code\":\"E104\",\"message\":\"no \\\"such\\\" thing\\nhere\","
        "\"file\":\"a/b.yaml\",\"line\":3,\"column\":14,\"help\":\"look there\","
        "\"exit_code\":3}}");
}

static void what_is_not_known_is_null(void **state)
{
    (void)state;
    struct error err = {.text = "x"};
    SCOPED_TEXT struct text text = {0};
    error_write_json(&err, NULL, &text);
    assert_string_equal(text_string(&text),
                        "{\"error\":{\"code\":null,\"message\":\"x\",\"file\":null,\"line\":null,"
                        "\"column\":null,\"help\":null,\"exit_code\":70}}");
    assert_int_equal(error_exit_code(&err), 70);
}

static void what_was_written_is_read(void **state)
{
    (void)state;
    struct error err = {.code = "E104", .line = 3, .column = 14};
    struct error read = {0};
    SCOPED_TEXT struct text text = {0};
    err.kind = ERROR_KIND_NOT_FOUND;
    snprintf(err.text, sizeof err.text, "no \"such\" thing");
    snprintf(err.help, sizeof err.help, "look there");
    error_write_json(&err, NULL, &text);
    text_append(&text, "\nmore lines");
    assert_int_equal(error_read_json(text.data, text.length, &read), 0);
    assert_int_equal(read.kind, err.kind);
    assert_string_equal(read.code, err.code);
    assert_string_equal(read.text, err.text);
    assert_string_equal(read.help, err.help);
    assert_int_equal(read.line, 3);
    assert_int_equal(read.column, 14);
}

static void anything_else_is_refused(void **state)
{
    static const char *const cases[] = {"",
                                        "{}",
                                        "Killed",
                                        "{\"error\":{\"message\":\"x\"}}",
                                        "{\"error\":{\"exit_code\":9}}",
                                        "{\"error\":{\"exit_code\":-1}}"};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error read = {0};
        assert_int_equal(error_read_json(cases[i], strlen(cases[i]), &read), -1);
        assert_int_equal(read.kind, ERROR_KIND_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_facts_are_there),
        cmocka_unit_test(what_is_not_known_is_null),
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(anything_else_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

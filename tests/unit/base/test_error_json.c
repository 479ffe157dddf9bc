/* Errors as programs read them. */
#include "scheduler/base/error_json.h"
#include "scheduler/base/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_facts_are_there),
        cmocka_unit_test(what_is_not_known_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

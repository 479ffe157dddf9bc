#include "web/site/route.h"

#include "scheduler/base/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct parameter parameters[] = {
    {.name = "q", .kind = PARAMETER_TEXT, .max = 5},
    {.name = "flow", .kind = PARAMETER_NAME},
    {.name = "limit", .kind = PARAMETER_INT, .min = 1, .max = 100},
    {.name = "from", .kind = PARAMETER_DATE},
    {.name = "rows", .kind = PARAMETER_CHOICE, .choices = "all|failed"},
    {.name = NULL}};

static const struct route first[] = {
    {.pattern = "/", .methods = HTTP_GET},
    {.pattern = "/backfills/{id}", .methods = HTTP_GET},
    {.pattern = "/flows/{flow}/{date}", .methods = HTTP_GET, .parameters = parameters},
    {.pattern = NULL}};
static const struct route second[] = {{.pattern = "/backfills/new", .methods = HTTP_GET},
                                      {.pattern = "/backfills/new", .methods = HTTP_POST},
                                      {.pattern = "/flows/{flow}/nodes", .methods = HTTP_GET},
                                      {.pattern = NULL}};
static const struct route *const table_list[] = {first, second, NULL};
static const struct route_tables tables = {table_list};

struct asked {
    enum http_method method;
    const char *path;
};

static enum route_verdict find(struct arena *arena, struct asked asked, struct route_match *match)
{
    return route_find(&tables, asked.method, asked.path, arena, match);
}

static void literal_parts_win(void **state)
{
    SCOPED_ARENA struct arena arena = {0};
    struct route_match match;
    (void)state;
    assert_int_equal(find(&arena, (struct asked){HTTP_GET, "/"}, &match), ROUTE_FOUND);
    assert_ptr_equal(match.route, &first[0]);
    assert_int_equal(find(&arena, (struct asked){HTTP_GET, "/backfills/new"}, &match), ROUTE_FOUND);
    assert_ptr_equal(match.route, &second[0]);
    assert_int_equal(find(&arena, (struct asked){HTTP_POST, "/backfills/new"}, &match),
                     ROUTE_FOUND);
    assert_ptr_equal(match.route, &second[1]);
    assert_int_equal(find(&arena, (struct asked){HTTP_GET, "/backfills/12"}, &match), ROUTE_FOUND);
    assert_string_equal(match.parts[0], "12");
    assert_int_equal(find(&arena, (struct asked){HTTP_HEAD, "/flows/a/2021-11-11"}, &match),
                     ROUTE_FOUND);
    assert_string_equal(match.parts[0], "a");
    assert_string_equal(match.parts[1], "2021-11-11");
    assert_int_equal(find(&arena, (struct asked){HTTP_GET, "/flows/a/nodes"}, &match), ROUTE_FOUND);
    assert_ptr_equal(match.route, &second[2]);
}

static void what_is_not_there(void **state)
{
    static const char *const paths[] = {"/x",           "/backfills",    "/backfills/",
                                        "/backfills//", "/backfills/1/", "//",
                                        "/flows//x",    "/Backfills/1"};
    SCOPED_ARENA struct arena arena = {0};
    struct route_match match;
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        assert_int_equal(find(&arena, (struct asked){HTTP_GET, paths[i]}, &match), ROUTE_UNKNOWN);
    assert_int_equal(find(&arena, (struct asked){HTTP_POST, "/backfills/12"}, &match),
                     ROUTE_WRONG_METHOD);
    assert_int_equal(match.methods, HTTP_GET | HTTP_HEAD);
    assert_int_equal(find(&arena, (struct asked){HTTP_DELETE, "/backfills/new"}, &match),
                     ROUTE_WRONG_METHOD);
    assert_int_equal(match.methods, HTTP_GET | HTTP_HEAD | HTTP_POST);
}

static int check(const char *name, const char *value, struct error *err)
{
    const struct http_pair pair = {name, value};
    *err = (struct error){0};
    return route_check_query(&first[2], &(struct http_pairs){&pair, 1}, err);
}

static void values_that_fit(void **state)
{
    static const struct http_pair pairs[] = {
        {"q", "12345"},     {"q", ""},        {"flow", "a_1"},
        {"limit", "1"},     {"limit", "100"}, {"from", "2024-02-29"},
        {"rows", "failed"}, {"lang", "zh"},   {"rows", ""}};
    struct error err;
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (check(pairs[i].name, pairs[i].value, &err) != 0)
            fail_msg("%s=%s: %s", pairs[i].name, pairs[i].value, err.text);
    }
}

static void values_that_do_not(void **state)
{
    static const struct http_pair pairs[] = {
        {"q", "123456"},        {"flow", "a-b"},        {"flow", "1a"},
        {"flow", "../x"},       {"limit", "0"},         {"limit", "101"},
        {"limit", "1x"},        {"limit", " 1"},        {"limit", "99999999999999999999"},
        {"from", "2023-02-29"}, {"from", "20230201"},   {"from", "2023-1-1"},
        {"rows", "fail"},       {"rows", "all|failed"}, {"lang", "fr"}};
    struct error err;
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (check(pairs[i].name, pairs[i].value, &err) == 0)
            fail_msg("%s=%s was taken", pairs[i].name, pairs[i].value);
        assert_int_equal(err.kind, ERROR_KIND_USAGE);
        assert_string_equal(err.code, "E021");
    }
    assert_int_equal(check("rows", "faild", &err), -1);
    assert_non_null(strstr(err.text, "did you mean `failed`?"));
}

static void names_that_are_not_there(void **state)
{
    struct error err;
    (void)state;
    assert_int_equal(check("limt", "5", &err), -1);
    assert_string_equal(err.code, "E022");
    assert_non_null(strstr(err.help, "`limit`"));
    const struct http_pair twice[] = {{"limit", "5"}, {"limit", "6"}};
    assert_int_equal(route_check_query(&first[2], &(struct http_pairs){twice, 2}, &err), -1);
    /* a route without parameters knows the language alone */
    const struct http_pair pair = {"q", "x"};
    assert_int_equal(route_check_query(&first[0], &(struct http_pairs){&pair, 1}, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literal_parts_win),        cmocka_unit_test(what_is_not_there),
        cmocka_unit_test(values_that_fit),          cmocka_unit_test(values_that_do_not),
        cmocka_unit_test(names_that_are_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

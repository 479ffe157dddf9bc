#include "web/http/url.h"

#include "scheduler/base/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void targets_that_are_read(void **state)
{
    SCOPED_ARENA struct arena arena = {0};
    struct http_pairs query;
    const char *path;
    (void)state;
    assert_int_equal(url_parse_target("/", &arena, &path, &query, NULL), 0);
    assert_string_equal(path, "/");
    assert_int_equal(query.count, 0);
    assert_int_equal(
        url_parse_target("/runs/12?q=flow%3Ahello+x&&a&b=%E4%B8%AD=1", &arena, &path, &query, NULL),
        0);
    assert_string_equal(path, "/runs/12");
    assert_int_equal(query.count, 3);
    assert_string_equal(http_pairs_find(&query, "q"), "flow:hello x");
    assert_string_equal(http_pairs_find(&query, "a"), "");
    assert_string_equal(http_pairs_find(&query, "b"), "中=1");
    assert_null(http_pairs_find(&query, "c"));
    /* a plus is itself in a path, and three dots are a name */
    assert_int_equal(url_parse_target("/a+b/...", &arena, &path, &query, NULL), 0);
    assert_string_equal(path, "/a+b/...");
}

static void targets_that_are_refused(void **state)
{
    static const char *const targets[] = {
        "",        "runs",        "*",         "http://host/", "/%",      "/%2",     "/%zz",
        "/a%2fb",  "/a%2Fb",      "/%00",      "/%0a",         "/%7f",    "/a/../b", "/..",
        "/./",     "/%2e%2e/etc", "/a/.%2e/b", "/%ff",         "/%c0%af", "/?a=%",   "/?a=%0",
        "/?a=%00", "/?a=%ff",     "/?%=1",     "/?a=%ed%a0%80"};
    (void)state;
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        SCOPED_ARENA struct arena arena = {0};
        struct http_pairs query;
        const char *path;
        struct error err = {0};
        if (url_parse_target(targets[i], &arena, &path, &query, &err) == 0)
            fail_msg("%s was read as %s", targets[i], path);
        assert_int_equal(err.kind, ERROR_KIND_INVALID);
    }
}

static void limits(void **state)
{
    SCOPED_ARENA struct arena arena = {0};
    SCOPED_TEXT struct text text = {0};
    struct http_pairs query;
    const char *path;
    (void)state;
    text_append(&text, "/?");
    for (int i = 0; i < HTTP_MAX_PAIRS; i++)
        text_append(&text, "a&");
    assert_int_equal(url_parse_target(text_string(&text), &arena, &path, &query, NULL), 0);
    assert_int_equal(query.count, HTTP_MAX_PAIRS);
    text_append(&text, "a");
    assert_int_equal(url_parse_target(text_string(&text), &arena, &path, &query, NULL), -1);
    text_clear(&text);
    text_append_char(&text, '/');
    text_append_repeat(&text, 'a', HTTP_MAX_TARGET_BYTES);
    assert_int_equal(url_parse_target(text_string(&text), &arena, &path, &query, NULL), -1);
}

static void forms_keep_newlines(void **state)
{
    SCOPED_ARENA struct arena arena = {0};
    struct http_pairs form;
    const char body[] = "reason=two%0D%0Alines&node=a";
    (void)state;
    assert_int_equal(url_parse_form(body, strlen(body), &arena, &form, NULL), 0);
    assert_string_equal(http_pairs_find(&form, "reason"), "two\r\nlines");
    assert_int_equal(url_parse_form("a=%1b[31m", 9, &arena, &form, NULL), -1);
    assert_int_equal(url_parse_form("a=\0b", 4, &arena, &form, NULL), -1);
}

/* What is written is read back as it was. */
static void written_urls(void **state)
{
    SCOPED_ARENA struct arena arena = {0};
    struct url url;
    struct http_pairs query;
    const char *path;
    const char *value = "state:failed \"a&b=c\" #? 中 +%";
    (void)state;
    url_begin(&url, &arena, "/runs");
    url_part_int(&url, 12);
    url_query(&url, "q", value);
    url_query_int(&url, "after", -3);
    url_fragment(&url, "n-a b");
    assert_string_equal(strchr(url_string(&url), '#'), "#n-a%20b");
    char *sent = arena_copy_string(&arena, url_string(&url));
    *strchr(sent, '#') = '\0';
    assert_int_equal(url_parse_target(sent, &arena, &path, &query, NULL), 0);
    assert_string_equal(path, "/runs/12");
    assert_string_equal(http_pairs_find(&query, "q"), value);
    assert_string_equal(http_pairs_find(&query, "after"), "-3");
    /* a part cannot leave its place */
    url_begin(&url, &arena, "/flows");
    url_part(&url, "../x?y");
    assert_string_equal(url_string(&url), "/flows/..%2Fx%3Fy");
}

static void cookies(void **state)
{
    SCOPED_ARENA struct arena arena = {0};
    const struct http_pair headers[] = {{"host", "x"}, {"cookie", "ab=1; a=2;b=; c=x=y"}};
    const struct http_request request = {.headers = {headers, 2}};
    (void)state;
    assert_string_equal(http_cookie(&request, "a", &arena), "2");
    assert_string_equal(http_cookie(&request, "b", &arena), "");
    assert_string_equal(http_cookie(&request, "c", &arena), "x=y");
    assert_null(http_cookie(&request, "d", &arena));
    assert_string_equal(http_header(&request, "Host"), "x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_that_are_read),
        cmocka_unit_test(targets_that_are_refused),
        cmocka_unit_test(limits),
        cmocka_unit_test(forms_keep_newlines),
        cmocka_unit_test(written_urls),
        cmocka_unit_test(cookies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

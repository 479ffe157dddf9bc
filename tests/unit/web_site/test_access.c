#include "web/site/access.h"

#include "scheduler/base/scope.h"
#include "scheduler/system/page_files.h"
#include "scheduler/system/page_tokens.h"
#include "scheduler/system/tcp_listen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>

struct place {
    char dir[64];
    int dir_fd;
    int listen_fd;
    struct access *access;
    struct arena arena;
};

static void open_at(struct place *place, const char *address, bool is_read_only)
{
    static const char *const hosts[] = {"mill.example", NULL};
    struct error err = {0};
    if (tcp_listen(address, &place->listen_fd, &err) < 0)
        fail_msg("%s", err.text);
    struct access_options options = {.state_dir_fd = place->dir_fd,
                                     .listen_fd = place->listen_fd,
                                     .is_read_only = is_read_only,
                                     .hosts = hosts};
    if (access_open(&options, &place->access, &err) < 0)
        fail_msg("%s", err.text);
}

static void close_it(struct place *place)
{
    access_close(place->access);
    close(place->listen_fd);
    place->access = NULL;
}

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    snprintf(place->dir, sizeof place->dir, "/tmp/datemill-access.XXXXXX");
    if (place == NULL || mkdtemp(place->dir) == NULL)
        return -1;
    place->dir_fd = open(place->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    char command[128];
    if (place->access != NULL)
        close_it(place);
    close(place->dir_fd);
    arena_free(&place->arena);
    snprintf(command, sizeof command, "rm -rf '%s'", place->dir);
    int result = system(command);
    free(place);
    return result;
}

static struct visitor ask(struct place *place, const char *name, const char *value)
{
    const struct http_pair header = {name, value};
    const struct http_request request = {.headers = {&header, 1}};
    struct visitor visitor;
    access_visitor(place->access, &request, &place->arena, &visitor);
    return visitor;
}

/* The `name=value` of a Set-Cookie. */
static const char *cookie_of(struct place *place, const char *set_cookie)
{
    return arena_copy(&place->arena, set_cookie, strcspn(set_cookie, ";"));
}

static const char *sign_in(struct place *place, const char *secret)
{
    const char *cookie;
    struct error err = {0};
    if (access_sign_in(place->access, secret, &place->arena, &cookie, &err) < 0)
        return NULL;
    assert_non_null(strstr(cookie, "; HttpOnly"));
    assert_non_null(strstr(cookie, "; SameSite=Strict"));
    return cookie_of(place, cookie);
}

static void a_link_is_good_once(void **state)
{
    struct place *place = *state;
    char key[CLOCK_TOKEN_BYTES];
    open_at(place, "127.0.0.1:0", false);
    assert_int_equal(page_files_key(place->dir_fd, key, NULL), 0);
    assert_int_equal(ask(place, "x", "").role, ROLE_VIEWER);
    const char *cookie = sign_in(place, key);
    assert_non_null(cookie);
    assert_null(sign_in(place, key));
    struct visitor visitor = ask(place, "Cookie", cookie);
    assert_int_equal(visitor.role, ROLE_OPERATOR);
    assert_true(visitor.has_session);
    assert_int_equal(strlen(visitor.csrf), 64);
    assert_null(strstr(visitor.csrf, strchr(cookie, '=') + 1));
    /* a session outlives the process, and its file does not hold it */
    SCOPED_ARENA struct arena arena = {0};
    const char *text;
    assert_int_equal(page_files_read(place->dir_fd, "web.sessions", &arena, &text, NULL), 0);
    assert_null(strstr(text, strchr(cookie, '=') + 1));
    access_close(place->access);
    struct access_options options = {.state_dir_fd = place->dir_fd, .listen_fd = place->listen_fd};
    assert_int_equal(access_open(&options, &place->access, NULL), 0);
    assert_int_equal(ask(place, "Cookie", cookie).role, ROLE_OPERATOR);
    const struct http_pair header = {"Cookie", cookie};
    const struct http_request request = {.headers = {&header, 1}};
    access_sign_out(place->access, &request, &place->arena);
    assert_int_equal(ask(place, "Cookie", cookie).role, ROLE_VIEWER);
    assert_false(ask(place, "Cookie", cookie).has_session);
}

static void wrong_secrets(void **state)
{
    struct place *place = *state;
    open_at(place, "127.0.0.1:0", false);
    assert_null(sign_in(place, ""));
    assert_null(sign_in(place, "0123456789abcdef0123456789abcdef"));
    assert_true(ask(place, "Authorization", "Bearer x").is_bad_bearer);
    assert_true(ask(place, "Authorization", "Bearer ").is_bad_bearer);
    assert_true(ask(place, "Authorization", "Basic eDp5").is_bad_bearer);
    assert_false(ask(place, "Cookie", "datemill_0=; x=1").has_session);
}

static void tokens_and_roles(void **state)
{
    struct place *place = *state;
    char viewer[PAGE_TOKENS_TEXT_BYTES];
    char operator[PAGE_TOKENS_TEXT_BYTES];
    struct page_token_wish look = {.name = "look"};
    struct page_token_wish change = {.name = "change", .is_operator = true};
    assert_int_equal(page_tokens_add(place->dir_fd, &look, viewer, NULL), 0);
    assert_int_equal(page_tokens_add(place->dir_fd, &change, operator, NULL), 0);
    open_at(place, "0.0.0.0:0", false);
    assert_int_equal(ask(place, "x", "").role, ROLE_NOBODY);
    SCOPED_TEXT struct text header = {0};
    text_append_format(&header, "Bearer %s", viewer);
    struct visitor visitor = ask(place, "Authorization", text_string(&header));
    assert_int_equal(visitor.role, ROLE_VIEWER);
    assert_string_equal(visitor.name, "look");
    assert_true(visitor.is_by_bearer);
    const char *cookie = sign_in(place, operator);
    assert_non_null(cookie);
    assert_non_null(sign_in(place, operator)); /* a token is good more than once */
    assert_int_equal(ask(place, "Cookie", cookie).role, ROLE_OPERATOR);
    assert_string_equal(ask(place, "Cookie", cookie).name, "change");
    /* a session ends with its token, and nobody else's does */
    assert_int_equal(page_tokens_remove(place->dir_fd, "change", NULL), 0);
    assert_int_equal(ask(place, "Cookie", cookie).role, ROLE_NOBODY);
    assert_int_equal(ask(place, "Authorization", text_string(&header)).role, ROLE_VIEWER);
}

static void an_open_address_needs_a_token(void **state)
{
    struct place *place = *state;
    struct error err = {0};
    struct access_options options = {.state_dir_fd = place->dir_fd};
    struct access *access;
    assert_int_equal(tcp_listen("0.0.0.0:0", &options.listen_fd, &err), 0);
    assert_int_equal(access_open(&options, &access, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_REFUSED);
    options.is_read_only = true;
    assert_int_equal(access_open(&options, &access, &err), 0);
    access_close(access);
    close(options.listen_fd);
}

static bool is_host(struct place *place, const char *value)
{
    const struct http_pair header = {"Host", value};
    const struct http_request request = {.headers = {&header, 1}};
    return access_is_our_host(place->access, &request);
}

static void names_of_this_server(void **state)
{
    static const char *const ours[] = {"127.0.0.1",      "127.0.0.1:8650",  "localhost",
                                       "LOCALHOST:1",    "[::1]",           "[::1]:8650",
                                       "192.168.7.9:80", "mill.example:443"};
    static const char *const others[] = {"",
                                         "evil.example",
                                         "127.0.0.1.evil.example",
                                         "localhost.evil.example:8650",
                                         "evil.example:8650",
                                         "127.0.0.1:8650.evil.example",
                                         "localhost:80@evil",
                                         "[::1",
                                         "[::1]x",
                                         "[evil.example]",
                                         ":8650",
                                         "0x7f.1",
                                         "mill.example.evil"};
    struct place *place = *state;
    open_at(place, "127.0.0.1:0", false);
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (!is_host(place, ours[i]))
            fail_msg("%s is ours", ours[i]);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (is_host(place, others[i]))
            fail_msg("%s is not ours", others[i]);
    const struct http_request without = {0};
    assert_false(access_is_our_host(place->access, &without));
    const struct http_pair two[] = {{"Host", "localhost"}, {"host", "evil.example"}};
    const struct http_request twice = {.headers = {two, 2}};
    assert_false(access_is_our_host(place->access, &twice));
}

static bool is_same(const char *name, const char *value)
{
    const struct http_pair headers[] = {{"Host", "localhost:8650"}, {name, value}};
    const struct http_request request = {.headers = {headers, 2}};
    return access_is_same_origin(&request);
}

static void where_a_change_comes_from(void **state)
{
    (void)state;
    assert_true(is_same("Sec-Fetch-Site", "same-origin"));
    assert_false(is_same("Sec-Fetch-Site", "same-site"));
    assert_false(is_same("Sec-Fetch-Site", "cross-site"));
    assert_false(is_same("Sec-Fetch-Site", "none"));
    assert_true(is_same("Origin", "http://localhost:8650"));
    assert_true(is_same("Origin", "https://localhost:8650"));
    assert_false(is_same("Origin", "http://localhost:8651"));
    assert_false(is_same("Origin", "http://localhost"));
    assert_false(is_same("Origin", "http://evil.example"));
    assert_false(is_same("Origin", "null"));
    assert_false(is_same("Referer", "http://localhost:8650/"));
    /* the browser's own word counts more than what stands beside it */
    const struct http_pair headers[] = {{"Host", "localhost:8650"},
                                        {"Origin", "http://localhost:8650"},
                                        {"Sec-Fetch-Site", "cross-site"}};
    const struct http_request request = {.headers = {headers, 3}};
    assert_false(access_is_same_origin(&request));
}

static void equal_secrets(void **state)
{
    (void)state;
    assert_true(access_is_equal("abc", "abc"));
    assert_false(access_is_equal("abc", "abd"));
    assert_false(access_is_equal("abc", "abcd"));
    assert_false(access_is_equal("", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_link_is_good_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_secrets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tokens_and_roles, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_open_address_needs_a_token, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_of_this_server, set_up, tear_down),
        cmocka_unit_test(where_a_change_comes_from),
        cmocka_unit_test(equal_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

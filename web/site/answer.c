#include "web/site/answer.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/system/clock.h"
#include "web/http/url.h"
#include "web/site/access.h"
#include "web/site/fail.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LANGUAGE_COOKIE "datemill_lang"
#define SLOW_MS 1000 /* answers that take so long are logged */

static const char content_security_policy[] =
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

struct answers {
    struct answers_options options;
    struct http_server *server;
};

/* ---- before the handler ---- */

static void choose_language(struct visit *visit)
{
    const char *asked = http_pairs_find(&visit->request->query, "lang");
    const char *kept = http_cookie(visit->request, LANGUAGE_COOKIE, visit->arena);
    visit->language = language_accepted(http_header(visit->request, "Accept-Language"));
    if (asked != NULL && language_parse(asked, &visit->language))
        visit->was_language_asked = true;
    else if (kept != NULL)
        language_parse(kept, &visit->language);
}

static int refuse(struct visit *visit, int status, const char *text)
{
    struct error err = {0};
    error_set(&err, ERROR_KIND_REFUSED, "%s", text);
    fail_visit(visit, status, &err);
    return -1;
}

static bool is_change(const struct visit *visit)
{
    return visit->request->method != HTTP_GET && visit->request->method != HTTP_HEAD;
}

static int check_change(struct visit *visit)
{
    if (site_is_read_only(visit->site) && !visit->route->is_open && !visit->route->is_for_viewers)
        return refuse(visit, 403, string_of(visit->language, STR_WHY_READ_ONLY));
    if (visit->visitor.is_by_bearer)
        return 0;
    if (!access_is_same_origin(visit->request))
        return refuse(visit, 403, string_of(visit->language, STR_WHY_ORIGIN));
    if (visit->route->is_open)
        return 0;
    const char *csrf = visit->route->takes_json ? http_header(visit->request, "X-CSRF-Token")
                                                : http_pairs_find(&visit->form, "csrf");
    if (csrf == NULL || !access_is_equal(csrf, visit->visitor.csrf))
        return refuse(visit, 403, string_of(visit->language, STR_WHY_CSRF));
    return 0;
}

static int check_role(struct visit *visit)
{
    enum role needed =
        is_change(visit) && !visit->route->is_for_viewers ? ROLE_OPERATOR : ROLE_VIEWER;
    enum role role = visit->visitor.role;
    if (visit->visitor.is_bad_bearer && !visit->route->is_open)
        return refuse(visit, 401, string_of(visit->language, STR_WHY_BEARER));
    if (visit->route->is_open || role >= needed)
        return 0;
    if (role == ROLE_NOBODY || (!visit->visitor.has_session && !visit->visitor.is_by_bearer))
        return refuse(
            visit, 401,
            string_of(visit->language, needed == ROLE_VIEWER ? STR_WHY_TOKEN : STR_WHY_SESSION));
    return refuse(visit, 403, string_of(visit->language, STR_WHY_ROLE));
}

static int read_form(struct visit *visit)
{
    struct error err = {0};
    const char *type = http_header(visit->request, "Content-Type");
    if (!is_change(visit) || visit->request->body_length == 0)
        return 0;
    const char *wanted =
        visit->route->takes_json ? "application/json" : "application/x-www-form-urlencoded";
    if (type == NULL || strncasecmp(type, wanted, strlen(wanted)) != 0) {
        error_set(&err, ERROR_KIND_USAGE, "the body must be %s", wanted);
        fail_visit(visit, 415, &err);
        return -1;
    }
    if (visit->route->takes_json)
        return 0;
    if (url_parse_form(visit->request->body, visit->request->body_length, visit->arena,
                       &visit->form, &err) == 0)
        return 0;
    fail_visit(visit, 400, &err);
    return -1;
}

static const char *name_methods(struct arena *arena, uint32_t methods)
{
    static const enum http_method all[] = {HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_DELETE};
    SCOPED_TEXT struct text text = {0};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if ((methods & all[i]) != 0)
            text_append_format(&text, "%s%s", text.length > 0 ? ", " : "",
                               http_method_name(all[i]));
    }
    return arena_copy(arena, text_string(&text), text.length);
}

static int find_route(struct visit *visit, const struct route_tables *tables)
{
    struct route_match match;
    struct error err = {0};
    visit->is_api = strncmp(visit->request->path, "/api/", 5) == 0;
    enum route_verdict verdict =
        route_find(tables, visit->request->method, visit->request->path, visit->arena, &match);
    if (verdict == ROUTE_FOUND) {
        visit->route = match.route;
        visit->is_api = match.route->is_api;
        memcpy(visit->parts, match.parts, sizeof match.parts);
        return 0;
    }
    if (visit->visitor.role == ROLE_NOBODY)
        return refuse(visit, 401, string_of(visit->language, STR_WHY_TOKEN));
    if (verdict == ROUTE_UNKNOWN) {
        error_set(&err, ERROR_KIND_NOT_FOUND, "there is no page %.200s", visit->request->path);
        fail_visit(visit, 404, &err);
        return -1;
    }
    const char *methods = name_methods(visit->arena, match.methods);
    error_set(&err, ERROR_KIND_USAGE, "%s is not possible for %.200s; it takes %s",
              http_method_name(visit->request->method), visit->request->path, methods);
    fail_visit(visit, 405, &err);
    http_set_header(visit->response, "Allow", methods);
    return -1;
}

static int check_request(struct visit *visit)
{
    struct error err = {0};
    struct http_request *request = &visit->exchange->request;
    if (request->is_body_too_large) {
        error_set(&err, ERROR_KIND_USAGE, "the body is larger than 1 MiB");
        fail_visit(visit, 413, &err);
        return -1;
    }
    if (!access_is_our_host(site_access(visit->site), request))
        return refuse(visit, 421, string_of(visit->language, STR_WHY_HOST));
    if (url_parse_target(request->target, visit->arena, &request->path, &request->query, &err) <
        0) {
        fail_visit(visit, 400, &err);
        return -1;
    }
    return 0;
}

/* 0: the handler's turn. -1: it is answered. */
static int prepare(struct visit *visit, const struct route_tables *tables)
{
    struct error err = {0};
    if (check_request(visit) < 0)
        return -1;
    choose_language(visit);
    access_visitor(site_access(visit->site), visit->request, visit->arena, &visit->visitor);
    if (find_route(visit, tables) < 0 || check_role(visit) < 0 || read_form(visit) < 0)
        return -1;
    if (is_change(visit) && check_change(visit) < 0)
        return -1;
    if (route_check_query(visit->route, &visit->request->query, &err) == 0)
        return 0;
    fail_visit(visit, 400, &err);
    return -1;
}

/* ---- after it ---- */

static bool has_header(const struct http_response *response, const char *name)
{
    for (size_t i = 0; i < response->header_count; i++) {
        if (strcmp(response->headers[i].name, name) == 0)
            return true;
    }
    return false;
}

static void add_headers(struct visit *visit)
{
    struct http_response *response = visit->response;
    http_set_header(response, "Content-Security-Policy", content_security_policy);
    http_set_header(response, "X-Content-Type-Options", "nosniff");
    http_set_header(response, "Referrer-Policy", "no-referrer");
    http_set_header(response, "Cross-Origin-Opener-Policy", "same-origin");
    http_set_header(response, "Cross-Origin-Resource-Policy", "same-origin");
    http_set_header(response, "X-Frame-Options", "DENY");
    if (!has_header(response, "Cache-Control"))
        http_set_header(response, "Cache-Control", "private, no-cache");
    if (visit->was_language_asked)
        http_set_header(response, "Set-Cookie",
                        visit->language == LANGUAGE_ZH
                            ? LANGUAGE_COOKIE "=zh; Path=/; Max-Age=31536000; SameSite=Lax"
                            : LANGUAGE_COOKIE "=en; Path=/; Max-Age=31536000; SameSite=Lax");
}

void answer_finish(struct visit *visit, int result, const struct error *err)
{
    if (result < 0)
        fail_visit(visit, visit_status_of(err), err);
    add_headers(visit);
    http_exchange_finish(visit->exchange);
}

static void count(struct site_traffic *traffic, const struct http_exchange *exchange)
{
    int status = exchange->response.status;
    traffic->answers[status >= 100 && status < 600 ? status / 100 : 0]++;
    if (exchange->response.stream == NULL)
        traffic->took_us += clock_monotonic().us - exchange->began.us;
}

/* What changed something, was refused, failed or took long; never a query, which may hold what is
 * nobody's business. */
static void write_log(void *owner, const struct http_exchange *exchange)
{
    struct answers *answers = owner;
    int64_t took_ms = (clock_monotonic().us - exchange->began.us) / 1000;
    int status = exchange->response.status;
    bool is_quiet = status < 400 || status == 404;
    bool is_read = exchange->request.method == HTTP_GET || exchange->request.method == HTTP_HEAD;
    SCOPED_TEXT struct text line = {0};
    count(site_traffic(answers->options.site), exchange);
    if (answers->options.log == NULL || exchange->response.stream != NULL ||
        (is_quiet && is_read && took_ms < SLOW_MS))
        return;
    const struct visit *visit = exchange->visit;
    const char *name = visit == NULL ? "" : visit->visitor.name;
    text_append_format(&line, "%s %s %.200s %d %" PRId64 "ms%s%s", exchange->request.peer,
                       http_method_name(exchange->request.method),
                       exchange->request.path == NULL ? "?" : exchange->request.path, status,
                       took_ms, name[0] == '\0' ? "" : " ", name);
    answers->options.log(answers->options.owner, text_string(&line));
}

static void handle(void *owner, struct http_exchange *exchange)
{
    struct answers *answers = owner;
    struct error err = {0};
    struct visit *visit = arena_alloc(&exchange->arena, sizeof *visit);
    exchange->visit = visit;
    site_refresh_assets(answers->options.site);
    *visit = (struct visit){.site = answers->options.site,
                            .exchange = exchange,
                            .request = &exchange->request,
                            .response = &exchange->response,
                            .arena = &exchange->arena,
                            .now = clock_now(),
                            .visitor = {.name = "", .csrf = "", .tag = ""}};
    if (prepare(visit, answers->options.routes) == 0 && visit->route->answer(visit, &err) < 0)
        fail_visit(visit, visit_status_of(&err), &err);
    if (!http_exchange_is_deferred(exchange))
        add_headers(visit);
}

int answers_open(const struct answers_options *options, struct answers **ret_answers,
                 struct error *err)
{
    struct answers *answers = memory_new(1, sizeof *answers);
    answers->options = *options;
    struct http_server_options server = {.loop = site_loop(options->site),
                                         .listen_fd = options->listen_fd,
                                         .handle = handle,
                                         .done = write_log,
                                         .owner = answers};
    if (http_server_open(&server, &answers->server, err) < 0) {
        free(answers);
        return -1;
    }
    *ret_answers = answers;
    return 0;
}

void answers_close(struct answers *answers)
{
    if (answers == NULL)
        return;
    http_server_close(answers->server);
    free(answers);
}

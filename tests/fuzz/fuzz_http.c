/* links datemill_web */
#include "scheduler/base/scope.h"
#include "web/api/api.h"
#include "web/api/api_doc.h"
#include "web/api/base64url.h"
#include "web/http/range.h"
#include "web/http/url.h"
#include "web/routes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The input is a request: its first line up to a newline is `METHOD TARGET`, headers follow, behind
 * an empty line the body. It goes through all that reads it before a handler does: target, query,
 * form, route, parameters, JSON body, cursor, range, cookies. */

#define MAX_HEADERS 20

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz {
    struct arena arena;
    struct http_request request;
    struct http_pair headers[MAX_HEADERS];
    const char *method;
};

/* The text up to the next newline; moves behind it. */
static char *next_line(struct fuzz *fuzz, const char **at, const char *end)
{
    const char *newline = memchr(*at, '\n', (size_t)(end - *at));
    const char *stop = newline == NULL ? end : newline;
    char *line = arena_copy(&fuzz->arena, *at, (size_t)(stop - *at));
    *at = newline == NULL ? end : newline + 1;
    return line;
}

static void read_request(struct fuzz *fuzz, const char *bytes, size_t size)
{
    const char *at = bytes;
    const char *end = bytes + size;
    char *line = next_line(fuzz, &at, end);
    char *space = strchr(line, ' ');
    fuzz->request.target = space == NULL ? "" : space + 1;
    if (space != NULL)
        *space = '\0';
    fuzz->method = line;
    while (at < end) {
        char *header = next_line(fuzz, &at, end);
        char *colon = strchr(header, ':');
        if (header[0] == '\0')
            break;
        if (colon == NULL || fuzz->request.headers.count == MAX_HEADERS)
            continue;
        *colon = '\0';
        fuzz->headers[fuzz->request.headers.count++] =
            (struct http_pair){header, colon + 1 + strspn(colon + 1, " ")};
    }
    fuzz->request.headers.items = fuzz->headers;
    fuzz->request.body_length = (size_t)(end - at);
    fuzz->request.body = arena_copy(&fuzz->arena, at, fuzz->request.body_length);
    fuzz->request.method = strcmp(fuzz->method, "POST") == 0     ? HTTP_POST
                           : strcmp(fuzz->method, "HEAD") == 0   ? HTTP_HEAD
                           : strcmp(fuzz->method, "DELETE") == 0 ? HTTP_DELETE
                                                                 : HTTP_GET;
}

/* What was read and is written again reads the same. */
static void check_pairs(struct fuzz *fuzz, const struct http_pairs *pairs)
{
    struct url url;
    const char *path;
    struct http_pairs again;
    url_begin(&url, &fuzz->arena, "/x");
    for (size_t i = 0; i < pairs->count; i++)
        url_query(&url, pairs->items[i].name, pairs->items[i].value);
    struct error err = {0};
    if (url_parse_target(url_string(&url), &fuzz->arena, &path, &again, &err) < 0)
        abort();
    assert(again.count == pairs->count);
    for (size_t i = 0; i < pairs->count; i++) {
        assert(strcmp(again.items[i].name, pairs->items[i].name) == 0);
        assert(strcmp(again.items[i].value, pairs->items[i].value) == 0);
    }
}

static void try_body(struct fuzz *fuzz, const struct route *route)
{
    struct json *body;
    struct error err = {0};
    struct visit visit = {.arena = &fuzz->arena, .request = &fuzz->request, .route = route};
    if (api_read_body(&visit, &body, &err) < 0) {
        assert(err.kind != ERROR_KIND_NONE);
        return;
    }
    api_body_text(&visit, body, "flow");
    api_body_list(&visit, body, "nodes");
    api_body_map(&visit, body, "vars");
    json_free(body);
}

static void try_route(struct fuzz *fuzz)
{
    struct error err = {0};
    struct route_match match;
    struct visit visit = {.arena = &fuzz->arena, .request = &fuzz->request};
    enum route_verdict verdict =
        route_find(&web_routes, fuzz->request.method, fuzz->request.path, &fuzz->arena, &match);
    if (verdict != ROUTE_FOUND)
        return;
    if (route_check_query(match.route, &fuzz->request.query, &err) < 0) {
        assert(err.kind == ERROR_KIND_USAGE);
        return;
    }
    visit.route = match.route;
    memcpy(visit.parts, match.parts, sizeof visit.parts);
    int64_t number;
    const char *text;
    if (visit.parts[0] != NULL)
        visit_part_id(&visit, 0, &number, &err);
    api_after_int(&visit, &number, &err);
    api_after_text(&visit, &text, &err);
    assert(api_next_url(&visit, "{\"i\":1}")[0] == '/');
    if (match.route->doc != NULL && match.route->doc->body != NULL)
        try_body(fuzz, match.route);
}

static void try_headers(struct fuzz *fuzz)
{
    int64_t offset = 0;
    int64_t length = 100;
    const char *range = http_header(&fuzz->request, "Range");
    if (http_range_read(range, 100, &offset, &length) == HTTP_RANGE_PART)
        assert(offset >= 0 && length > 0 && offset + length <= 100);
    http_cookie(&fuzz->request, "datemill_lang", &fuzz->arena);
    language_accepted(http_header(&fuzz->request, "Accept-Language"));
}

static void try_base64url(struct fuzz *fuzz)
{
    char *bytes;
    size_t length;
    const char *text = fuzz->request.target;
    char *coded = base64url_encode(&fuzz->arena, text, strlen(text));
    if (!base64url_decode(&fuzz->arena, coded, &bytes, &length))
        abort();
    assert(length == strlen(text) && memcmp(bytes, text, length) == 0);
    base64url_decode(&fuzz->arena, text, &bytes, &length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz fuzz = {.method = ""};
    struct error err = {0};
    struct http_pairs form;
    arena_init(&fuzz.arena, 0);
    char *bytes = arena_copy(&fuzz.arena, (const char *)data, size);
    for (size_t i = 0; i < size; i++) /* the server refuses them before */
        bytes[i] = bytes[i] == '\0' ? ' ' : bytes[i];
    read_request(&fuzz, bytes, size);
    try_headers(&fuzz);
    try_base64url(&fuzz);
    if (url_parse_form(fuzz.request.body, fuzz.request.body_length, &fuzz.arena, &form, &err) == 0)
        assert(form.count <= HTTP_MAX_PAIRS);
    if (url_parse_target(fuzz.request.target, &fuzz.arena, &fuzz.request.path, &fuzz.request.query,
                         &err) == 0) {
        assert(fuzz.request.path[0] == '/');
        check_pairs(&fuzz, &fuzz.request.query);
        try_route(&fuzz);
    }
    arena_free(&fuzz.arena);
    return 0;
}

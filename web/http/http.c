#include "web/http/http.h"

#include <assert.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

const char *http_header(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->headers.count; i++) {
        if (strcasecmp(request->headers.items[i].name, name) == 0)
            return request->headers.items[i].value;
    }
    return NULL;
}

const char *http_pairs_find(const struct http_pairs *pairs, const char *name)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (strcmp(pairs->items[i].name, name) == 0)
            return pairs->items[i].value;
    }
    return NULL;
}

const char *http_cookie(const struct http_request *request, const char *name, struct arena *arena)
{
    const char *at = http_header(request, "Cookie");
    size_t length = strlen(name);
    while (at != NULL && *at != '\0') {
        at += strspn(at, "; \t");
        size_t end = strcspn(at, ";");
        if (end > length && at[length] == '=' && memcmp(at, name, length) == 0)
            return arena_copy(arena, at + length + 1, end - length - 1);
        at += end;
    }
    return NULL;
}

void http_set_header(struct http_response *response, const char *name, const char *value)
{
    for (const char *at = value; *at != '\0'; at++)
        assert((unsigned char)*at >= ' ' && *at != '\x7f');
    assert(response->header_count < HTTP_MAX_RESPONSE_HEADERS);
    response->headers[response->header_count++] = (struct http_pair){name, value};
}

void http_response_reset(struct http_response *response)
{
    text_free(&response->body);
    if (response->file_fd >= 0)
        close(response->file_fd);
    *response = (struct http_response){.file_fd = -1};
}

const char *http_status_text(int status)
{
    static const struct {
        int status;
        const char *text;
    } texts[] = {{200, "OK"},
                 {201, "Created"},
                 {202, "Accepted"},
                 {204, "No Content"},
                 {206, "Partial Content"},
                 {302, "Found"},
                 {303, "See Other"},
                 {304, "Not Modified"},
                 {400, "Bad Request"},
                 {401, "Unauthorized"},
                 {403, "Forbidden"},
                 {404, "Not Found"},
                 {405, "Method Not Allowed"},
                 {408, "Request Timeout"},
                 {409, "Conflict"},
                 {413, "Content Too Large"},
                 {415, "Unsupported Media Type"},
                 {416, "Range Not Satisfiable"},
                 {421, "Misdirected Request"},
                 {422, "Unprocessable Content"},
                 {429, "Too Many Requests"},
                 {500, "Internal Server Error"},
                 {503, "Service Unavailable"}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].status == status)
            return texts[i].text;
    }
    return "";
}

const char *http_method_name(enum http_method method)
{
    switch (method) {
    case HTTP_GET:
        return "GET";
    case HTTP_HEAD:
        return "HEAD";
    case HTTP_POST:
        return "POST";
    case HTTP_DELETE:
        return "DELETE";
    case HTTP_OTHER:
        break;
    }
    return "?";
}

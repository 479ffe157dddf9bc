/* A request and its answer, as plain values. Pure: nothing here knows of sockets or of the library
 * that speaks the protocol (server/http_server.h). */
#ifndef DATEMILL_WEB_HTTP_HTTP_H
#define DATEMILL_WEB_HTTP_HTTP_H

#include "scheduler/base/arena.h"
#include "scheduler/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_MAX_TARGET_BYTES 8192 /* path and query as sent */
#define HTTP_MAX_HEADERS 100
#define HTTP_MAX_PAIRS 200 /* of one query or form */
#define HTTP_MAX_BODY_BYTES ((size_t)1 << 20)
#define HTTP_MAX_RESPONSE_HEADERS 24

enum http_method { /* bits, so that a route can name several */
    HTTP_GET = 1,
    HTTP_HEAD = 2, /* routes see it as GET; the answer's body is not sent */
    HTTP_POST = 4,
    HTTP_DELETE = 8,
    HTTP_OTHER = 16
};

struct http_pair {
    const char *name;
    const char *value;
};

/* A list of pairs in their order; names may come twice. */
struct http_pairs {
    const struct http_pair *items;
    size_t count;
};

/* Everything is UTF-8 without NUL, decoded, and belongs to the exchange's arena. */
struct http_request {
    enum http_method method;
    const char *path;          /* decoded, begins with '/' */
    struct http_pairs query;   /* decoded */
    const char *target;        /* path and query as sent */
    struct http_pairs headers; /* names as sent; http_header() */
    const char *body;          /* ends with a NUL that is not part of it */
    size_t body_length;
    bool is_body_too_large; /* more than HTTP_MAX_BODY_BYTES: the body is empty */
    const char *peer;       /* "127.0.0.1", for the log */
};

struct http_stream; /* server/http_server.h */

/* What is answered: `body`, or the file, or the stream. */
struct http_response {
    int status;               /* 0 = nothing was decided yet */
    const char *content_type; /* NULL = none */
    struct text body;         /* taken by the server */
    struct http_pair headers[HTTP_MAX_RESPONSE_HEADERS];
    size_t header_count;
    int file_fd; /* -1 = none; closed by the server */
    int64_t file_offset;
    int64_t file_length;
    struct http_stream *stream; /* NULL = none */
};

/* The value of the first header with that name (letters of either case), NULL = there is none. */
const char *http_header(const struct http_request *request, const char *name);

/* The first pair with that name, NULL = there is none. */
const char *http_pairs_find(const struct http_pairs *pairs, const char *name);

/* The value of a cookie, NULL = there is none. Belongs to `arena`. */
const char *http_cookie(const struct http_request *request, const char *name, struct arena *arena);

/* Sets a header; `name` is a literal, `value` must outlive the response. Control characters in the
 * value are our mistake: what comes from users is checked or encoded before. */
void http_set_header(struct http_response *response, const char *name, const char *value);

/* Empties a response, whose file and body are let go; its status is 0. */
void http_response_reset(struct http_response *response);

/* `Not Found`; "" for a number without a name of ours. */
const char *http_status_text(int status);

/* "GET"; "?" for HTTP_OTHER. */
const char *http_method_name(enum http_method method);

#endif

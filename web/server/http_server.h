/* The HTTP server: sockets, the protocol, limits. The only file that knows libmicrohttpd.
 *
 * Single-threaded, inside the caller's loop; nothing blocks. A request is handed over when all of
 * it has arrived. Whoever is slow to send, or to read, holds a connection and nobody else: whole
 * requests must arrive within HTTP_SERVER_REQUEST_S of the connection's opening or of the answer
 * before, answers that stand still for as long are given up; connections are counted, and when few
 * are left those that wait longest for a request make room. */
#ifndef DATEMILL_WEB_SERVER_HTTP_SERVER_H
#define DATEMILL_WEB_SERVER_HTTP_SERVER_H

#include "scheduler/base/error.h"
#include "scheduler/system/loop.h"
#include "web/http/http.h"

#define HTTP_SERVER_MAX_CONNECTIONS 256
#define HTTP_SERVER_MAX_STREAMS 64
#define HTTP_SERVER_MAX_STREAM_QUEUE ((size_t)256 << 10) /* unread by one client; more ends it */
#define HTTP_SERVER_CONNECTION_BYTES ((size_t)32 << 10)  /* of a request's line and headers */
#define HTTP_SERVER_REQUEST_S 30

struct http_server;

/* One request and its answer. It lives until the answer was sent or the peer is gone. */
struct http_exchange {
    struct http_server *server;
    struct http_request request;
    struct http_response response;
    struct arena arena;            /* dies with the exchange */
    struct duration began;         /* monotonic: when all of the request was there */
    void *visit;                   /* the handler's own */
    void *owner;                   /* whoever handles it may keep something here */
    void (*forget)(void *owner);   /* called with `owner` at the exchange's end; NULL = nothing */
    struct http_connection *inner; /* the server's */
};

struct http_server_options {
    struct loop *loop;
    int listen_fd; /* listening, non-blocking; taken over */

    /* Fills in exchange->response and returns; or calls http_exchange_defer() and returns, and
     * calls http_exchange_finish() from a later turn. */
    void (*handle)(void *owner, struct http_exchange *exchange);

    /* The answer went out, or did not: for the log. */
    void (*done)(void *owner, const struct http_exchange *exchange);
    void *owner;
};

int http_server_open(const struct http_server_options *options, struct http_server **ret_server,
                     struct error *err);

/* Ends every connection; deferred ones and streams are forgotten. NULL is fine. */
void http_server_close(struct http_server *server);

size_t http_server_connections(const struct http_server *server);

/* The answer comes later. Only from within `handle`. The exchange may end before, when the server
 * closes: `forget` says so. */
void http_exchange_defer(struct http_exchange *exchange);
void http_exchange_finish(struct http_exchange *exchange);
bool http_exchange_is_deferred(const struct http_exchange *exchange); /* and not finished */

/* ---- streams: an answer without an end (server-sent events) ---- */

/* Makes a stream the answer's body; call it from within `handle`, then fill in status and headers.
 * NULL when HTTP_SERVER_MAX_STREAMS are open. It lives until the exchange ends, which `forget`
 * tells. */
struct http_stream *http_stream_open(struct http_exchange *exchange);

/* Queues bytes; they leave as the peer reads. False when its queue is full: the stream is ended,
 * and the peer comes again. */
bool http_stream_write(struct http_stream *stream, const char *bytes, size_t length);

/* Bytes that were queued and have not left: whoever has much to tell waits while it is much. */
size_t http_stream_queued(const struct http_stream *stream);

/* False when its peer is gone: a look at the socket, since nothing else tells while nothing is
 * written. The stream is ended then. */
bool http_stream_is_heard(struct http_stream *stream);

/* The end of the answer, once what is queued was sent. */
void http_stream_end(struct http_stream *stream);

size_t http_server_streams(const struct http_server *server); /* open ones */

#endif

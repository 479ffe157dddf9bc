#include "web/server/http_server.h"

#include "scheduler/base/memory.h"
#include "scheduler/system/clock.h"
#include "web/http/url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define STREAM_CHUNK_BYTES 16384
#define FULL_LOOK_S 1 /* how often deadlines are looked at while anybody is connected */
#define PEER_BYTES 64
#define SPARE_CONNECTIONS 32 /* from so few free ones on the idle make room */

/* A TCP connection. */
struct peer {
    struct http_server *server;
    struct peer *next;
    struct peer **place; /* what points to it */
    int fd;
    struct duration deadline; /* monotonic, for a whole request; 0 = none is waited for */
};

struct http_stream {
    struct http_connection *connection;
    struct text queue;
    size_t sent;
    bool is_ended;
    bool is_suspended;
};

/* A request on its way: what libmicrohttpd keeps for us. */
struct http_connection {
    struct http_exchange exchange;
    struct http_connection *next;
    struct http_connection **place;
    struct MHD_Connection *mhd;
    struct peer *peer;
    struct text body;
    struct http_stream *stream;
    bool is_begun;    /* its headers are there */
    bool is_handled;  /* it was handed over */
    bool is_deferred; /* and its answer comes later */
    bool is_finished;
    bool is_suspended;
};

struct http_server {
    struct http_server_options options;
    struct MHD_Daemon *mhd;
    struct loop_fd *fd;
    struct loop_timer timer;    /* when libmicrohttpd wants to run */
    struct loop_timer deadline; /* of requests that are late */
    struct peer *peers;
    struct http_connection *connections;
    size_t peer_count;
    size_t stream_count;
};

/* ---- running inside the loop ---- */

static void run(struct http_server *server)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;
    MHD_run(server->mhd);
    if (MHD_get_timeout(server->mhd, &wait_ms) != MHD_YES)
        loop_cancel_timer(server->options.loop, &server->timer);
    else
        loop_set_timer(server->options.loop, &server->timer, duration_ms((int64_t)wait_ms));
}

static void run_for_fd(void *owner, uint32_t events)
{
    (void)events;
    run(owner);
}

static void run_for_timer(void *owner)
{
    run(owner);
}

static void end_late_ones(void *owner)
{
    struct http_server *server = owner;
    struct duration now = clock_monotonic();
    for (struct peer *peer = server->peers; peer != NULL; peer = peer->next) {
        if (peer->deadline.us != 0 && peer->deadline.us <= now.us) {
            shutdown(peer->fd, SHUT_RDWR);
            peer->deadline.us = 0;
        }
    }
    if (server->peers != NULL)
        loop_set_timer(server->options.loop, &server->deadline, duration_seconds(FULL_LOOK_S));
}

/* The library is told by being run: in a loop of somebody else it does not wake up by itself. */
static void resume(struct http_server *server, struct MHD_Connection *mhd)
{
    MHD_resume_connection(mhd);
    loop_set_timer(server->options.loop, &server->timer, duration_ms(0));
}

/* ---- connections ---- */

static void wait_for_request(struct peer *peer)
{
    peer->deadline.us = clock_monotonic().us + duration_seconds(HTTP_SERVER_REQUEST_S).us;
}

/* Nobody is kept out by those who only hold a connection: the one that has waited longest for a
 * request goes. */
static void make_room(struct http_server *server)
{
    struct peer *oldest = NULL;
    for (struct peer *peer = server->peers; peer != NULL; peer = peer->next) {
        bool is_idle = peer->deadline.us != 0;
        if (is_idle && (oldest == NULL || peer->deadline.us <= oldest->deadline.us))
            oldest = peer;
    }
    if (oldest == NULL)
        return;
    shutdown(oldest->fd, SHUT_RDWR);
    oldest->deadline.us = 0;
}

static struct peer *add_peer(struct http_server *server, struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct peer *peer = memory_new(1, sizeof *peer);
    *peer = (struct peer){.server = server,
                          .next = server->peers,
                          .place = &server->peers,
                          .fd = info == NULL ? -1 : info->connect_fd};
    if (peer->next != NULL)
        peer->next->place = &peer->next;
    server->peers = peer;
    server->peer_count++;
    if (server->peer_count > HTTP_SERVER_MAX_CONNECTIONS - SPARE_CONNECTIONS)
        make_room(server);
    wait_for_request(peer);
    if (!loop_timer_is_set(&server->deadline))
        loop_set_timer(server->options.loop, &server->deadline, duration_seconds(FULL_LOOK_S));
    return peer;
}

static void remove_peer(struct peer *peer)
{
    peer->server->peer_count--;
    *peer->place = peer->next;
    if (peer->next != NULL)
        peer->next->place = peer->place;
    free(peer);
}

static void on_connection(void *owner, struct MHD_Connection *mhd, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = add_peer(owner, mhd);
    } else if (*context != NULL) {
        remove_peer(*context);
        *context = NULL;
    }
}

/* ---- a request comes in ---- */

static const char *peer_name(struct MHD_Connection *mhd, struct arena *arena)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    char name[PEER_BYTES] = "";
    if (info == NULL || info->client_addr == NULL)
        return "";
    const void *address = info->client_addr;
    if (info->client_addr->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, name, sizeof name);
    else if (info->client_addr->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, name, sizeof name);
    return arena_copy_string(arena, name);
}

/* Called once for each request, when its first line is there. */
static void *begin_request(void *owner, const char *target, struct MHD_Connection *mhd)
{
    struct http_server *server = owner;
    struct http_connection *connection = memory_new(1, sizeof *connection);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct http_exchange *exchange = &connection->exchange;
    connection->mhd = mhd;
    connection->peer = info == NULL ? NULL : info->socket_context;
    connection->next = server->connections;
    connection->place = &server->connections;
    if (connection->next != NULL)
        connection->next->place = &connection->next;
    server->connections = connection;
    text_init(&connection->body, HTTP_MAX_BODY_BYTES);
    arena_init(&exchange->arena, 0);
    exchange->server = server;
    exchange->inner = connection;
    exchange->response.file_fd = -1;
    exchange->request.target = arena_copy_string(&exchange->arena, target);
    exchange->request.peer = peer_name(mhd, &exchange->arena);
    return connection;
}

struct header_list {
    struct arena *arena;
    struct http_pair *items;
    size_t count;
    size_t capacity;
};

static enum MHD_Result add_header(void *owner, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    struct header_list *list = owner;
    (void)kind;
    if (list->count == HTTP_MAX_HEADERS)
        return MHD_NO;
    list->items =
        arena_grow(list->arena, list->items, list->count, &list->capacity, sizeof *list->items);
    list->items[list->count++] =
        (struct http_pair){arena_copy_string(list->arena, name),
                           arena_copy_string(list->arena, value == NULL ? "" : value)};
    return MHD_YES;
}

static enum http_method method_of(const char *name)
{
    static const enum http_method methods[] = {HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_DELETE};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (strcmp(http_method_name(methods[i]), name) == 0)
            return methods[i];
    }
    return HTTP_OTHER;
}

static void read_head(struct http_connection *connection, const char *method)
{
    struct http_exchange *exchange = &connection->exchange;
    struct header_list list = {.arena = &exchange->arena};
    MHD_get_connection_values(connection->mhd, MHD_HEADER_KIND, add_header, &list);
    exchange->request.headers = (struct http_pairs){list.items, list.count};
    exchange->request.method = method_of(method);
    connection->is_begun = true;
}

/* ---- the answer goes out ---- */

static void forget_sent(struct http_stream *stream)
{
    size_t left = stream->queue.length - stream->sent;
    if (stream->sent == 0)
        return;
    memmove(stream->queue.data, stream->queue.data + stream->sent, left);
    stream->queue.length = left;
    stream->sent = 0;
}

static ssize_t read_stream(void *owner, uint64_t position, char *buffer, size_t size)
{
    struct http_stream *stream = owner;
    (void)position;
    size_t left = stream->queue.length - stream->sent;
    if (left == 0 && stream->is_ended)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (left == 0) {
        stream->is_suspended = true;
        MHD_suspend_connection(stream->connection->mhd);
        return 0;
    }
    if (size > left)
        size = left;
    memcpy(buffer, stream->queue.data + stream->sent, size);
    stream->sent += size;
    if (stream->sent == stream->queue.length)
        forget_sent(stream);
    return (ssize_t)size;
}

static struct MHD_Response *make_response(struct http_connection *connection)
{
    struct http_response *response = &connection->exchange.response;
    if (connection->stream != NULL && response->stream == connection->stream)
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_CHUNK_BYTES, read_stream,
                                                 connection->stream, NULL);
    if (response->file_fd >= 0) {
        int fd = response->file_fd;
        response->file_fd = -1;
        return MHD_create_response_from_fd_at_offset64((uint64_t)response->file_length, fd,
                                                       (uint64_t)response->file_offset);
    }
    size_t length = response->body.length;
    return MHD_create_response_from_buffer(length, text_take(&response->body),
                                           MHD_RESPMEM_MUST_FREE);
}

static enum MHD_Result answer(struct http_connection *connection)
{
    struct http_response *response = &connection->exchange.response;
    struct MHD_Response *mhd = make_response(connection);
    if (mhd == NULL)
        return MHD_NO;
    if (response->content_type != NULL)
        MHD_add_response_header(mhd, "Content-Type", response->content_type);
    for (size_t i = 0; i < response->header_count; i++)
        MHD_add_response_header(mhd, response->headers[i].name, response->headers[i].value);
    int status = response->status == 0 ? 500 : response->status;
    enum MHD_Result result = MHD_queue_response(connection->mhd, (unsigned)status, mhd);
    MHD_destroy_response(mhd);
    return result;
}

static void hand_over(struct http_connection *connection)
{
    struct http_exchange *exchange = &connection->exchange;
    struct http_server *server = exchange->server;
    connection->is_handled = true;
    exchange->began = clock_monotonic();
    if (connection->peer != NULL)
        connection->peer->deadline.us = 0;
    exchange->request.is_body_too_large = connection->body.is_cut;
    exchange->request.body = connection->body.is_cut ? "" : text_string(&connection->body);
    exchange->request.body_length = connection->body.is_cut ? 0 : connection->body.length;
    server->options.handle(server->options.owner, exchange);
}

static enum MHD_Result access_handler(void *owner, struct MHD_Connection *mhd, const char *url,
                                      const char *method, const char *version, const char *upload,
                                      size_t *upload_length, void **context)
{
    struct http_connection *connection = *context;
    (void)owner;
    (void)mhd;
    (void)url;
    (void)version;
    if (!connection->is_begun) {
        read_head(connection, method);
        return MHD_YES;
    }
    if (*upload_length > 0) {
        text_append_bytes(&connection->body, upload, *upload_length);
        *upload_length = 0;
        return MHD_YES;
    }
    if (!connection->is_handled)
        hand_over(connection);
    if (!connection->is_deferred || connection->is_finished)
        return answer(connection);
    connection->is_suspended = true;
    MHD_suspend_connection(connection->mhd);
    return MHD_YES;
}

static void free_connection(struct http_connection *connection)
{
    struct http_exchange *exchange = &connection->exchange;
    *connection->place = connection->next;
    if (connection->next != NULL)
        connection->next->place = connection->place;
    if (connection->stream != NULL) {
        exchange->server->stream_count--;
        text_free(&connection->stream->queue);
        free(connection->stream);
    }
    http_response_reset(&exchange->response);
    text_free(&connection->body);
    arena_free(&exchange->arena);
    free(connection);
}

static void end_request(void *owner, struct MHD_Connection *mhd, void **context,
                        enum MHD_RequestTerminationCode code)
{
    struct http_connection *connection = *context;
    (void)owner;
    (void)mhd;
    (void)code;
    if (connection == NULL)
        return;
    struct http_exchange *exchange = &connection->exchange;
    if (connection->peer != NULL)
        wait_for_request(connection->peer);
    if (connection->is_handled && exchange->server->options.done != NULL)
        exchange->server->options.done(exchange->server->options.owner, exchange);
    if (exchange->forget != NULL)
        exchange->forget(exchange->owner);
    free_connection(connection);
    *context = NULL;
}

/* ---- deferred answers and streams ---- */

void http_exchange_defer(struct http_exchange *exchange)
{
    exchange->inner->is_deferred = true;
}

void http_exchange_finish(struct http_exchange *exchange)
{
    struct http_connection *connection = exchange->inner;
    connection->is_finished = true;
    if (connection->is_suspended)
        resume(exchange->server, connection->mhd);
    connection->is_suspended = false;
}

bool http_exchange_is_deferred(const struct http_exchange *exchange)
{
    return exchange->inner->is_deferred && !exchange->inner->is_finished;
}

struct http_stream *http_stream_open(struct http_exchange *exchange)
{
    struct http_server *server = exchange->server;
    if (server->stream_count >= HTTP_SERVER_MAX_STREAMS)
        return NULL;
    struct http_stream *stream = memory_new(1, sizeof *stream);
    stream->connection = exchange->inner;
    text_init(&stream->queue, 0);
    exchange->inner->stream = stream;
    exchange->response.stream = stream;
    server->stream_count++;
    return stream;
}

static void wake(struct http_stream *stream)
{
    if (!stream->is_suspended)
        return;
    stream->is_suspended = false;
    resume(stream->connection->exchange.server, stream->connection->mhd);
}

bool http_stream_write(struct http_stream *stream, const char *bytes, size_t length)
{
    if (stream->is_ended)
        return false;
    if (stream->queue.length - stream->sent + length > HTTP_SERVER_MAX_STREAM_QUEUE) {
        http_stream_end(stream);
        return false;
    }
    forget_sent(stream);
    text_append_bytes(&stream->queue, bytes, length);
    wake(stream);
    return true;
}

void http_stream_end(struct http_stream *stream)
{
    stream->is_ended = true;
    wake(stream);
}

size_t http_stream_queued(const struct http_stream *stream)
{
    return stream->queue.length - stream->sent;
}

bool http_stream_is_heard(struct http_stream *stream)
{
    char byte;
    const struct peer *peer = stream->connection->peer;
    if (stream->is_ended || peer == NULL || !stream->is_suspended)
        return !stream->is_ended;
    ssize_t length = recv(peer->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (length > 0 || (length < 0 && (errno == EAGAIN || errno == EINTR)))
        return true;
    http_stream_end(stream);
    return false;
}

size_t http_server_streams(const struct http_server *server)
{
    return server->stream_count;
}

size_t http_server_connections(const struct http_server *server)
{
    return server->peer_count;
}

/* ---- beginning and end ---- */

/* Escapes stay as they were sent: url_parse_target() reads them. */
static size_t keep_escapes(void *owner, struct MHD_Connection *mhd, char *text)
{
    (void)owner;
    (void)mhd;
    return strlen(text);
}

static int start(struct http_server *server, struct error *err)
{
    server->mhd = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, access_handler, server,
        MHD_OPTION_LISTEN_SOCKET, server->options.listen_fd, MHD_OPTION_URI_LOG_CALLBACK,
        begin_request, server, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, end_request, server, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, server, MHD_OPTION_CONNECTION_MEMORY_LIMIT, HTTP_SERVER_CONNECTION_BYTES,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_SERVER_MAX_CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_SERVER_REQUEST_S,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
    if (server->mhd == NULL)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot start the HTTP server");
    server->options.listen_fd = -1;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->mhd, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL)
        return error_set(err, ERROR_KIND_BUG, "the HTTP server has no epoll");
    struct loop_fd_options options = {
        .fd = info->epoll_fd, .events = LOOP_READ, .call = run_for_fd, .owner = server};
    return loop_add_fd(server->options.loop, &options, &server->fd, err);
}

int http_server_open(const struct http_server_options *options, struct http_server **ret_server,
                     struct error *err)
{
    struct http_server *server = memory_new(1, sizeof *server);
    server->options = *options;
    server->timer = (struct loop_timer){.call = run_for_timer, .owner = server};
    server->deadline = (struct loop_timer){.call = end_late_ones, .owner = server};
    if (start(server, err) < 0) {
        http_server_close(server);
        return -1;
    }
    *ret_server = server;
    return 0;
}

/* The library forbids to stop while connections are suspended. */
static void resume_all(struct http_server *server)
{
    for (struct http_connection *one = server->connections; one != NULL; one = one->next) {
        http_exchange_finish(&one->exchange);
        if (one->stream != NULL)
            http_stream_end(one->stream);
    }
}

void http_server_close(struct http_server *server)
{
    if (server == NULL)
        return;
    loop_remove_fd(server->options.loop, server->fd);
    if (server->mhd != NULL) {
        resume_all(server);
        MHD_stop_daemon(server->mhd);
    }
    loop_cancel_timer(server->options.loop, &server->timer);
    loop_cancel_timer(server->options.loop, &server->deadline);
    if (server->options.listen_fd >= 0)
        close(server->options.listen_fd);
    free(server);
}

#include "scheduler/keeper/keeper_server.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/system/unix_socket.h"
#include "scheduler/system/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CONNECTIONS 16
#define ACCEPT_PAUSE_MS 200
#define LAZY_MS 10
#define LAZY_BYTES ((size_t)64 << 10)       /* pending lazy messages above this are sent */
#define EVENT_QUEUE_BYTES ((size_t)4 << 20) /* events are dropped above this */
#define MAX_QUEUE_BYTES ((size_t)256 << 20) /* an engine so far behind is hung up on */

struct connection {
    struct keeper_server *server;
    struct wire wire;
    struct loop_fd *source;
    bool is_dead; /* closes at the end of the turn */
    struct connection *next;
};

struct keeper_server {
    struct keeper_server_options options;
    int listen_fd;
    struct loop_fd *listen_source;
    struct loop_timer accept_again;
    struct loop_timer lazy;
    struct loop_hook send_hook;
    struct connection *connections;
    int count;
    struct connection *engine; /* the one that is greeted; NULL = none */
    int64_t epoch;             /* the highest seen */
    bool is_urgent;
    struct text scratch;
};

static void add_message(struct keeper_server *server, struct connection *connection,
                        const struct keeper_message *message)
{
    text_clear(&server->scratch);
    keeper_message_encode(message, &server->scratch);
    wire_add(&connection->wire, text_string(&server->scratch), server->scratch.length);
}

static void hang_up(struct connection *connection)
{
    struct keeper_server *server = connection->server;
    connection->is_dead = true;
    if (server->engine != connection)
        return;
    server->engine = NULL;
    server->options.on_gone(server->options.owner);
}

static void flush(struct connection *connection)
{
    if (wire_flush(&connection->wire, NULL) < 0) {
        hang_up(connection);
        return;
    }
    bool has_more = wire_pending(&connection->wire) > 0;
    loop_change_fd(connection->server->options.loop, connection->source,
                   LOOP_READ | (has_more ? LOOP_WRITE : 0));
}

static void refuse(struct connection *connection)
{
    struct keeper_message message = {
        .kind = KEEPER_WELCOME,
        .welcome = {.version = KEEPER_PROTOCOL_VERSION, .is_refused = true, .pid = getpid()}};
    snprintf(message.welcome.boot_id, sizeof message.welcome.boot_id, "%s",
             connection->server->options.boot_id);
    add_message(connection->server, connection, &message);
    flush(connection);
    hang_up(connection);
}

static void take_hello(struct connection *connection, const struct keeper_hello *hello)
{
    struct keeper_server *server = connection->server;
    if (hello->epoch < server->epoch || hello->version < KEEPER_PROTOCOL_VERSION) {
        refuse(connection);
        return;
    }
    server->epoch = hello->epoch;
    struct connection *before = server->engine;
    server->engine = connection;
    if (before != NULL && before != connection) {
        before->is_dead = true;
        shutdown(before->wire.fd, SHUT_RDWR); /* now, not at the end of the turn */
    }
    server->options.on_hello(server->options.owner, hello);
    server->is_urgent = true;
}

static void take_message(struct connection *connection, const struct wire_frame *frame)
{
    SCOPED_ARENA struct arena arena = {0};
    struct keeper_server *server = connection->server;
    struct keeper_message message;
    if (keeper_message_decode(frame->bytes, frame->length, &arena, &message, NULL) < 0)
        hang_up(connection);
    else if (message.kind == KEEPER_HELLO)
        take_hello(connection, &message.hello);
    else if (connection == server->engine && message.kind < KEEPER_WELCOME)
        server->options.on_message(server->options.owner, &message);
    else
        hang_up(connection); /* it has not said who it is, or speaks as a keeper */
}

static void on_connection(void *owner, uint32_t events)
{
    struct connection *connection = owner;
    bool is_end = false;
    if ((events & (LOOP_READ | LOOP_HUP)) == 0 || connection->is_dead)
        return;
    if (wire_receive(&connection->wire, &is_end, NULL) < 0) {
        hang_up(connection);
        return;
    }
    while (!connection->is_dead) {
        struct wire_frame frame;
        if (wire_next(&connection->wire, &frame, NULL) < 0) {
            hang_up(connection);
            return;
        }
        if (frame.bytes == NULL)
            break;
        take_message(connection, &frame);
    }
    if (is_end && !connection->is_dead)
        hang_up(connection);
}

static void free_connection(struct connection *connection)
{
    loop_remove_fd(connection->server->options.loop, connection->source);
    close(connection->wire.fd);
    wire_free(&connection->wire);
    free(connection);
}

static void free_dead(struct keeper_server *server)
{
    struct connection **place = &server->connections;
    while (*place != NULL) {
        struct connection *connection = *place;
        if (!connection->is_dead) {
            place = &connection->next;
            continue;
        }
        *place = connection->next;
        server->count--;
        free_connection(connection);
    }
}

static void send_urgent(struct keeper_server *server)
{
    struct connection *engine = server->engine;
    if (engine == NULL)
        return;
    size_t pending = wire_pending(&engine->wire);
    if (pending > MAX_QUEUE_BYTES) {
        hang_up(engine);
    } else if (server->is_urgent || pending > LAZY_BYTES) {
        server->is_urgent = false;
        loop_cancel_timer(server->options.loop, &server->lazy);
        flush(engine);
    } else if (pending > 0 && !loop_timer_is_set(&server->lazy)) {
        loop_set_timer(server->options.loop, &server->lazy, duration_ms(LAZY_MS));
    }
}

static void on_lazy(void *owner)
{
    struct keeper_server *server = owner;
    server->is_urgent = true; /* the hook of this turn sends */
}

static void on_turn_end(void *owner)
{
    struct keeper_server *server = owner;
    send_urgent(server);
    free_dead(server);
}

/* --- new connections -------------------------------------------------------------------------- */

static void add_connection(struct keeper_server *server, int fd)
{
    struct connection *connection = memory_new(1, sizeof *connection);
    connection->server = server;
    wire_init(&connection->wire, fd, KEEPER_MAX_FRAME_BYTES);
    struct loop_fd_options options = {
        .fd = fd, .events = LOOP_READ, .call = on_connection, .owner = connection};
    if (loop_add_fd(server->options.loop, &options, &connection->source, NULL) < 0) {
        close(fd);
        free(connection);
        return;
    }
    connection->next = server->connections;
    server->connections = connection;
    server->count++;
}

/* Connections that never greet must not keep an engine out: the oldest of them makes room. */
static void make_room(struct keeper_server *server)
{
    struct connection *oldest = NULL;
    for (struct connection *c = server->connections; c != NULL; c = c->next) {
        if (c != server->engine && !c->is_dead)
            oldest = c;
    }
    if (server->count >= MAX_CONNECTIONS && oldest != NULL)
        oldest->is_dead = true;
}

static void on_accept_again(void *owner)
{
    struct keeper_server *server = owner;
    loop_change_fd(server->options.loop, server->listen_source, LOOP_READ);
}

static void on_listen(void *owner, uint32_t events)
{
    (void)events;
    struct keeper_server *server = owner;
    int fd = -1;
    if (unix_socket_accept(server->listen_fd, &fd, NULL) < 0) {
        loop_change_fd(server->options.loop, server->listen_source, 0);
        loop_set_timer(server->options.loop, &server->accept_again, duration_ms(ACCEPT_PAUSE_MS));
        return;
    }
    if (fd < 0)
        return;
    make_room(server);
    add_connection(server, fd);
}

int keeper_server_open(const struct keeper_server_options *options,
                       struct keeper_server **ret_server, struct error *err)
{
    SCOPED_FD int fd = -1;
    if (unix_socket_listen(options->state_dir_fd, KEEPER_SOCKET_NAME, &fd, err) < 0)
        return -1;
    struct keeper_server *server = memory_new(1, sizeof *server);
    server->options = *options;
    struct loop_fd_options listening = {
        .fd = fd, .events = LOOP_READ, .call = on_listen, .owner = server};
    if (loop_add_fd(options->loop, &listening, &server->listen_source, err) < 0) {
        free(server);
        return -1;
    }
    server->listen_fd = fd;
    fd = -1;
    server->accept_again = (struct loop_timer){.call = on_accept_again, .owner = server};
    server->lazy = (struct loop_timer){.call = on_lazy, .owner = server};
    server->send_hook = (struct loop_hook){.call = on_turn_end, .owner = server};
    loop_add_hook(options->loop, LOOP_PHASE_SEND, &server->send_hook);
    *ret_server = server;
    return 0;
}

void keeper_server_close(struct keeper_server *server)
{
    if (server == NULL)
        return;
    unlinkat(server->options.state_dir_fd, KEEPER_SOCKET_NAME, 0);
    loop_remove_fd(server->options.loop, server->listen_source);
    close(server->listen_fd);
    loop_cancel_timer(server->options.loop, &server->accept_again);
    loop_cancel_timer(server->options.loop, &server->lazy);
    loop_remove_hook(server->options.loop, &server->send_hook);
    if (server->engine != NULL)
        wire_flush(&server->engine->wire, NULL);
    while (server->connections != NULL) {
        struct connection *connection = server->connections;
        server->connections = connection->next;
        free_connection(connection);
    }
    text_free(&server->scratch);
    free(server);
}

/* --- sending ---------------------------------------------------------------------------------- */

void keeper_server_send(struct keeper_server *server, const struct keeper_message *message)
{
    keeper_server_send_lazily(server, message);
    server->is_urgent = true;
}

void keeper_server_send_lazily(struct keeper_server *server, const struct keeper_message *message)
{
    struct connection *engine = server->engine;
    if (engine == NULL)
        return;
    if (message->kind == KEEPER_EVENT && wire_pending(&engine->wire) > EVENT_QUEUE_BYTES)
        return;
    add_message(server, engine, message);
}

bool keeper_server_has_engine(const struct keeper_server *server)
{
    return server->engine != NULL;
}

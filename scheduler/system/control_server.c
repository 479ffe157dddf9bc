#include "scheduler/system/control_server.h"

#include "scheduler/base/json_out.h"
#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/system/unix_socket.h"
#include "scheduler/system/wire.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ACCEPTS_PER_TURN 32
#define ACCEPT_PAUSE_MS 200

struct connection {
    struct control_server *server;
    int64_t id;
    int64_t pid;
    struct wire wire;
    struct loop_fd *source;
    bool is_ending; /* closes once everything is sent; takes no more messages */
    bool is_dead;   /* closes at the end of the turn */
    struct connection *next;
};

struct control_server {
    struct control_server_options options;
    int listen_fd;
    struct loop_fd *listen_source;
    struct loop_timer accept_again;
    struct loop_hook send_hook;
    struct connection *connections;
    size_t count;
    int64_t last_id;
};

static struct connection *find(const struct control_server *server, int64_t id)
{
    for (struct connection *c = server->connections; c != NULL; c = c->next) {
        if (c->id == id)
            return c->is_dead ? NULL : c;
    }
    return NULL;
}

static void refuse(struct connection *connection, const char *reason)
{
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_string(&json, "error", reason);
    json_out_end_object(&json);
    wire_add(&connection->wire, text_string(&text), text.length);
    connection->is_ending = true;
}

static void take_message(struct connection *connection, const struct wire_frame *frame)
{
    struct control_server *server = connection->server;
    struct error err = {0};
    struct json *message = NULL;
    if (frame->length > CONTROL_MAX_REQUEST_BYTES) {
        refuse(connection, "the request is too long");
    } else if (json_parse(frame->bytes, frame->length, &message, &err) < 0) {
        refuse(connection, err.text);
    } else if (json_kind_of(message) != JSON_KIND_OBJECT) {
        refuse(connection, "a request is a JSON object");
    } else {
        server->options.on_message(server->options.owner, connection->id, message);
    }
    json_free(message);
}

static void receive(struct connection *connection)
{
    bool is_end = false;
    if (wire_receive(&connection->wire, &is_end, NULL) < 0) {
        connection->is_dead = true;
        return;
    }
    while (!connection->is_ending && !connection->is_dead) {
        struct wire_frame frame;
        struct error err = {0};
        if (wire_next(&connection->wire, &frame, &err) < 0) {
            refuse(connection, err.text);
            break;
        }
        if (frame.bytes == NULL)
            break;
        take_message(connection, &frame);
    }
    if (is_end)
        connection->is_dead = true;
}

static void send_pending(struct connection *connection)
{
    if (connection->is_dead)
        return;
    if (wire_flush(&connection->wire, NULL) < 0) {
        connection->is_dead = true;
        return;
    }
    bool has_more = wire_pending(&connection->wire) > 0;
    if (!has_more && connection->is_ending)
        connection->is_dead = true;
    else
        loop_change_fd(connection->server->options.loop, connection->source,
                       (connection->is_ending ? 0 : LOOP_READ) | (has_more ? LOOP_WRITE : 0));
}

static void on_connection(void *owner, uint32_t events)
{
    struct connection *connection = owner;
    if ((events & LOOP_READ) != 0 && !connection->is_ending && !connection->is_dead)
        receive(connection);
    else if ((events & LOOP_HUP) != 0)
        connection->is_dead = true;
    /* what there is room for is sent at the end of the turn */
}

static void free_connection(struct connection *connection)
{
    loop_remove_fd(connection->server->options.loop, connection->source);
    close(connection->wire.fd);
    wire_free(&connection->wire);
    free(connection);
}

static void on_turn_end(void *owner)
{
    struct control_server *server = owner;
    struct connection **place = &server->connections;
    while (*place != NULL) {
        struct connection *connection = *place;
        send_pending(connection);
        if (!connection->is_dead) {
            place = &connection->next;
            continue;
        }
        *place = connection->next;
        server->count--;
        int64_t id = connection->id;
        free_connection(connection);
        server->options.on_close(server->options.owner, id);
    }
}

static void add_connection(struct control_server *server, int fd)
{
    struct connection *connection = memory_new(1, sizeof *connection);
    struct unix_peer peer = {0};
    unix_socket_peer(fd, &peer, NULL);
    connection->server = server;
    connection->pid = peer.pid;
    wire_init(&connection->wire, fd, CONTROL_MAX_ANSWER_BYTES);
    struct loop_fd_options options = {
        .fd = fd, .events = LOOP_READ, .call = on_connection, .owner = connection};
    if (loop_add_fd(server->options.loop, &options, &connection->source, NULL) < 0) {
        close(fd);
        free(connection);
        return;
    }
    connection->id = ++server->last_id;
    connection->next = server->connections;
    server->connections = connection;
    server->count++;
}

static void on_accept_again(void *owner)
{
    struct control_server *server = owner;
    loop_change_fd(server->options.loop, server->listen_source, LOOP_READ);
}

static void on_listen(void *owner, uint32_t events)
{
    (void)events;
    struct control_server *server = owner;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        int fd = -1;
        if (unix_socket_accept(server->listen_fd, &fd, NULL) < 0) {
            /* out of descriptors: waiting clients would wake every turn */
            loop_change_fd(server->options.loop, server->listen_source, 0);
            loop_set_timer(server->options.loop, &server->accept_again,
                           duration_ms(ACCEPT_PAUSE_MS));
            return;
        }
        if (fd < 0)
            return;
        if (server->count < CONTROL_MAX_CLIENTS)
            add_connection(server, fd);
        else
            close(fd);
    }
}

int control_server_open(const struct control_server_options *options,
                        struct control_server **ret_server, struct error *err)
{
    SCOPED_FD int fd = -1;
    if (unix_socket_listen(options->state_dir_fd, CONTROL_SOCKET_NAME, &fd, err) < 0)
        return -1;
    struct control_server *server = memory_new(1, sizeof *server);
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
    server->send_hook = (struct loop_hook){.call = on_turn_end, .owner = server};
    loop_add_hook(options->loop, LOOP_PHASE_SEND, &server->send_hook);
    *ret_server = server;
    return 0;
}

void control_server_close(struct control_server *server)
{
    if (server == NULL)
        return;
    /* the name goes first: who connects from now on finds nobody, and not a dying engine */
    unlinkat(server->options.state_dir_fd, CONTROL_SOCKET_NAME, 0);
    loop_remove_fd(server->options.loop, server->listen_source);
    loop_cancel_timer(server->options.loop, &server->accept_again);
    loop_remove_hook(server->options.loop, &server->send_hook);
    close(server->listen_fd);
    while (server->connections != NULL) {
        struct connection *connection = server->connections;
        server->connections = connection->next;
        wire_flush(&connection->wire, NULL);
        free_connection(connection);
    }
    free(server);
}

bool control_server_send(struct control_server *server, int64_t connection_id, const char *json,
                         size_t length)
{
    assert(length <= CONTROL_MAX_ANSWER_BYTES);
    struct connection *connection = find(server, connection_id);
    if (connection == NULL || connection->is_ending)
        return false;
    if (wire_pending(&connection->wire) + length > CONTROL_MAX_QUEUE_BYTES) {
        connection->is_dead = true;
        loop_want_send(server->options.loop);
        return false;
    }
    wire_add(&connection->wire, json, length);
    loop_want_send(server->options.loop);
    return true;
}

void control_server_end(struct control_server *server, int64_t connection_id)
{
    struct connection *connection = find(server, connection_id);
    if (connection == NULL)
        return;
    connection->is_ending = true;
    loop_want_send(server->options.loop);
}

size_t control_server_count(const struct control_server *server)
{
    return server->count;
}

int64_t control_server_peer_pid(const struct control_server *server, int64_t connection_id)
{
    const struct connection *connection = find(server, connection_id);
    return connection == NULL ? 0 : connection->pid;
}

/* The engine's ear: commands and the page connect and send JSON messages, one object per frame.
 *
 * The server knows nothing of what messages mean. It never blocks and never waits for a client: one
 * that does not read what it is sent is dropped when its queue is full, one that sends no JSON
 * object is told so ({"error": …}) and dropped. Answers leave at the end of the turn
 * (LOOP_PHASE_SEND), after the commit. Callbacks may call everything but control_server_close(). */
#ifndef DATEMILL_SYSTEM_CONTROL_SERVER_H
#define DATEMILL_SYSTEM_CONTROL_SERVER_H

#include "scheduler/base/error.h"
#include "scheduler/base/json_in.h"
#include "scheduler/system/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTROL_SOCKET_NAME "engine.sock"
#define CONTROL_MAX_REQUEST_BYTES ((size_t)4 << 20)
#define CONTROL_MAX_ANSWER_BYTES ((size_t)8 << 20)
#define CONTROL_MAX_QUEUE_BYTES ((size_t)16 << 20) /* unread by one client; more drops it */
#define CONTROL_MAX_CLIENTS 256                    /* more are turned away */

struct control_server;

struct control_server_options {
    struct loop *loop;
    int state_dir_fd; /* borrowed while the server is open */

    /* `connection` is a number of its own for each connection, never used again. The message is
     * borrowed for the call, and an object. */
    void (*on_message)(void *owner, int64_t connection, const struct json *message);

    /* Once per connection, whoever ended it; but not for those that control_server_close() ends. It
     * is never called from within control_server_send(). */
    void (*on_close)(void *owner, int64_t connection);
    void *owner;
};

/* Listens; the caller holds the engine's lock. */
int control_server_open(const struct control_server_options *options,
                        struct control_server **ret_server, struct error *err);

/* Sends what is queued as far as the sockets take it at once, closes all connections and removes
 * the socket. NULL is fine. */
void control_server_close(struct control_server *server);

/* Queues one message (JSON text, at most CONTROL_MAX_ANSWER_BYTES). False if there is no such
 * connection (any more), or if its queue is full, which ends it. */
bool control_server_send(struct control_server *server, int64_t connection, const char *json,
                         size_t length);

/* Closes a connection once what is queued for it is sent. */
void control_server_end(struct control_server *server, int64_t connection);

size_t control_server_count(const struct control_server *server); /* connections */

/* Who is at the other end; 0 if there is no such connection. */
int64_t control_server_peer_pid(const struct control_server *server, int64_t connection);

#endif

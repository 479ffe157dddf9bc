#include "scheduler/daemon/connections.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/daemon/daemon_state.h"

#include <stdlib.h>

struct connection {
    struct connection *next;
    struct daemon *daemon;
    int64_t number; /* of the control server */
    struct daemon_watcher watcher;
};

static struct connection **find_place(struct daemon *daemon, int64_t number)
{
    struct connection **place = &daemon->connections;
    while (*place != NULL && (*place)->number != number)
        place = &(*place)->next;
    return place;
}

static void tell(void *owner, const struct notice *notice)
{
    struct connection *connection = owner;
    SCOPED_TEXT struct text json = {0};
    notice_write(notice, &json);
    control_server_send(connection->daemon->control, connection->number, text_string(&json),
                        json.length);
}

static struct connection *add(struct daemon *daemon, int64_t number)
{
    struct connection *connection = memory_new(1, sizeof *connection);
    connection->daemon = daemon;
    connection->number = number;
    connection->watcher = (struct daemon_watcher){.tell = tell, .owner = connection};
    connection->next = daemon->connections;
    daemon->connections = connection;
    daemon_add_watcher(daemon, &connection->watcher);
    return connection;
}

static void on_message(void *owner, int64_t number, const struct json *message)
{
    struct daemon *daemon = owner;
    struct connection *connection = *find_place(daemon, number);
    if (connection == NULL)
        connection = add(daemon, number);
    SCOPED_ARENA struct arena arena = {0};
    struct request request;
    struct error err = {0};
    if (request_from_json(message, &arena, &request, &err) < 0) {
        struct notice notice = {.kind = NOTICE_KIND_REPLY, .error = err};
        tell(connection, &notice);
        return;
    }
    daemon_request(daemon, &connection->watcher, &request);
}

static void drop(struct daemon *daemon, struct connection **place)
{
    struct connection *connection = *place;
    *place = connection->next;
    daemon_remove_watcher(daemon, &connection->watcher);
    free(connection);
}

static void on_close(void *owner, int64_t number)
{
    struct daemon *daemon = owner;
    struct connection **place = find_place(daemon, number);
    if (*place != NULL)
        drop(daemon, place);
}

int connections_open(struct daemon *daemon, struct error *err)
{
    struct control_server_options options = {.loop = daemon->loop,
                                             .state_dir_fd = daemon->state_dir_fd,
                                             .on_message = on_message,
                                             .on_close = on_close,
                                             .owner = daemon};
    return control_server_open(&options, &daemon->control, err);
}

void connections_close(struct daemon *daemon)
{
    control_server_close(daemon->control);
    daemon->control = NULL;
    while (daemon->connections != NULL)
        drop(daemon, &daemon->connections);
}

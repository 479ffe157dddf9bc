#include "scheduler/system/control_client.h"

#include "scheduler/base/memory.h"
#include "scheduler/system/clock.h"
#include "scheduler/system/control_server.h"
#include "scheduler/system/unix_socket.h"
#include "scheduler/system/wire.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

struct control_client {
    struct wire wire;
    bool is_closed;
};

/* How a wait ended. */
enum wait_result {
    WAIT_READY,
    WAIT_TIMEOUT,
    WAIT_SIGNAL
};

int control_client_open(int state_dir_fd, struct control_client **ret_client, struct error *err)
{
    int fd = -1;
    if (unix_socket_connect(state_dir_fd, CONTROL_SOCKET_NAME, &fd, err) < 0)
        return -1;
    struct control_client *client = memory_new(1, sizeof *client);
    wire_init(&client->wire, fd, CONTROL_MAX_ANSWER_BYTES);
    *ret_client = client;
    return 0;
}

void control_client_close(struct control_client *client)
{
    if (client == NULL)
        return;
    close(client->wire.fd);
    wire_free(&client->wire);
    free(client);
}

static enum wait_result wait_for(int fd, short events, struct duration until, bool is_for_ever)
{
    struct pollfd poll_fd = {.fd = fd, .events = events};
    int64_t left = until.us - clock_monotonic().us;
    int64_t wait = left <= 0 ? 0 : (left + 999) / 1000;
    if (wait > INT32_MAX)
        wait = INT32_MAX;
    int count = poll(&poll_fd, 1, is_for_ever ? -1 : (int)wait);
    if (count < 0)
        return WAIT_SIGNAL;
    return count == 0 ? WAIT_TIMEOUT : WAIT_READY;
}

int control_client_send(struct control_client *client, const char *json, size_t length,
                        struct duration max_wait, struct error *err)
{
    if (length > CONTROL_MAX_REQUEST_BYTES)
        return error_set(err, ERROR_KIND_INVALID, "a request of %zu bytes is too long", length);
    struct duration until = {clock_monotonic().us + max_wait.us};
    wire_add(&client->wire, json, length);
    for (;;) {
        if (wire_flush(&client->wire, err) < 0) {
            client->is_closed = true;
            return -1;
        }
        if (wire_pending(&client->wire) == 0)
            return 0;
        if (wait_for(client->wire.fd, POLLOUT, until, max_wait.us < 0) == WAIT_TIMEOUT)
            return error_set(err, ERROR_KIND_BUSY, "the engine does not take requests");
    }
}

/* The next message that has arrived already, NULL if none has. */
static int take_message(struct control_client *client, struct json **ret_message, struct error *err)
{
    struct wire_frame frame;
    if (wire_next(&client->wire, &frame, err) < 0)
        return -1;
    if (frame.bytes == NULL) {
        *ret_message = NULL;
        return 0;
    }
    return json_parse(frame.bytes, frame.length, ret_message, err);
}

int control_client_receive(struct control_client *client, struct duration max_wait,
                           struct json **ret_message, struct error *err)
{
    struct duration until = {clock_monotonic().us + max_wait.us};
    for (;;) {
        struct json *message = NULL;
        if (take_message(client, &message, err) < 0)
            return -1;
        if (message == NULL && client->is_closed)
            return error_set(err, ERROR_KIND_NOT_FOUND, "the engine has closed the connection");
        if (message != NULL) {
            *ret_message = message;
            return 0;
        }
        if (wait_for(client->wire.fd, POLLIN, until, max_wait.us < 0) != WAIT_READY) {
            *ret_message = NULL;
            return 0;
        }
        if (wire_receive(&client->wire, &client->is_closed, err) < 0) {
            client->is_closed = true;
            return -1;
        }
    }
}

bool control_client_is_closed(const struct control_client *client)
{
    return client->is_closed;
}

int control_client_fd(const struct control_client *client)
{
    return client->wire.fd;
}

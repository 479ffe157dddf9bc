/* A command's or the page's line to the engine (control_server.h). */
#ifndef DATEMILL_SYSTEM_CONTROL_CLIENT_H
#define DATEMILL_SYSTEM_CONTROL_CLIENT_H

#include "scheduler/base/error.h"
#include "scheduler/base/instant.h"
#include "scheduler/base/json_in.h"

#include <stdbool.h>
#include <stddef.h>

struct control_client;

/* No engine listens: ERROR_KIND_NOT_FOUND. */
int control_client_open(int state_dir_fd, struct control_client **ret_client, struct error *err);
void control_client_close(struct control_client *client); /* NULL is fine */

/* Sends one message (a JSON object as text); waits up to `max_wait` (negative: for ever) until the
 * kernel has all of it: ERROR_KIND_BUSY after that. */
int control_client_send(struct control_client *client, const char *json, size_t length,
                        struct duration max_wait, struct error *err);

/* The next message, which the caller frees with json_free(); NULL after `max_wait` (0: what is
 * there already; negative: for ever) or when a signal came. Fails when the connection has ended and
 * all of its messages were taken: then control_client_is_closed(). */
int control_client_receive(struct control_client *client, struct duration max_wait,
                           struct json **ret_message, struct error *err);

bool control_client_is_closed(const struct control_client *client);

/* For a loop of the caller's own: when it is readable call control_client_receive() with max_wait 0
 * until it gives NULL. Borrowed. */
int control_client_fd(const struct control_client *client);

#endif

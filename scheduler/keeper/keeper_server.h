/* The keeper's ear: one engine at a time, the newest.
 *
 * A connection counts once it has said HELLO with an epoch that is not older than any seen; the
 * connection of before is closed then, before the greeting is answered. */
#ifndef DATEMILL_KEEPER_KEEPER_SERVER_H
#define DATEMILL_KEEPER_KEEPER_SERVER_H

#include "scheduler/base/error.h"
#include "scheduler/system/keeper_protocol.h"
#include "scheduler/system/loop.h"

#include <stdbool.h>

struct keeper_server;

struct keeper_server_options {
    struct loop *loop;
    int state_dir_fd;
    const char *boot_id; /* borrowed; for the answer to who is refused */

    /* An engine is there: answer with WELCOME and the snapshot. */
    void (*on_hello)(void *owner, const struct keeper_hello *hello);
    void (*on_message)(void *owner, const struct keeper_message *message);
    void (*on_gone)(void *owner); /* no engine is there any more */
    void *owner;
};

int keeper_server_open(const struct keeper_server_options *options,
                       struct keeper_server **ret_server, struct error *err);
void keeper_server_close(struct keeper_server *server);

/* Queues a message for the engine; nothing happens if there is none. */
void keeper_server_send(struct keeper_server *server, const struct keeper_message *message);

/* The same for one that nobody waits for. It leaves with the next other one, or after 10 ms: an
 * engine then wakes up once for the starts and ends of several short attempts. Events for an engine
 * that does not read are dropped. */
void keeper_server_send_lazily(struct keeper_server *server, const struct keeper_message *message);

bool keeper_server_has_engine(const struct keeper_server *server);

#endif

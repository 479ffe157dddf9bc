/* A command's line to the engine of its project, whoever that is.
 *
 * A session is the engine itself when it gets the engine lock, else a client of the one that has
 * it. When that one goes away, the session tries the lock again: whoever gets it recovers and goes
 * on, the others connect to it; requests and the runs they drive are taken up again by themselves.
 * The owner sees one stream of notices. */
#ifndef DATEMILL_DAEMON_SESSION_H
#define DATEMILL_DAEMON_SESSION_H

#include "scheduler/daemon/daemon.h"

#define SESSION_PATIENCE_S 30 /* for a lock that is held by one who does not listen */
#define SESSION_LOCKED_CODE                                                                        \
    "E501" /* of the error after that: lock_file_holder() names the holder */

struct session;

struct session_options {
    struct loop *loop;
    struct daemon_place place;
    void (*tell)(void *owner, const struct notice *notice);

    /* The session cannot go on: the store cannot be opened, or is of a newer version. */
    void (*fail)(void *owner, const struct error *error);
    void *owner;
    const char *who; /* for the record of operations */
};

/* Takes the lock or connects. Fails where the project has no engine and cannot have one. */
int session_open(const struct session_options *options, struct session **ret_session,
                 struct error *err);
void session_close(struct session *session); /* NULL is fine */

/* Sends a request; its reply comes through `tell`, perhaps from a later engine. The request is
 * copied. `number` and `key` are set here; returns the number. */
int64_t session_request(struct session *session, const struct request *request);

#endif

/* The engine's side of the keeper: finds it or starts it, greets it, and keeps the connection.
 *
 * Everything is asynchronous and goes through `on_message`. When the keeper dies or the connection
 * breaks, KEEPER_GONE comes and the client connects again (starting a new keeper if none lives)
 * until it is closed; so the same sequence is seen at each connection:
 *
 *     KEEPER_WELCOME, KEEPER_ATTEMPT …, KEEPER_SNAPSHOT_END, then the others in any order.
 *
 * What is sent before SNAPSHOT_END, or while there is no connection, is dropped. After SNAPSHOT_END
 * the owner says again all it wants: a start of every attempt that is granted in the store and that
 * the snapshot did not name, stops, what is settled. That is safe: starts are idempotent, and on
 * the boot named by WELCOME an attempt that the keeper does not know was never started. If the
 * grant was stored on another boot, it may have been: such an attempt is lost.
 *
 * The owner calls keeper_client_start() only after the grant is committed. Messages leave in
 * LOOP_PHASE_SEND of the turn. */
#ifndef DATEMILL_SYSTEM_KEEPER_CLIENT_H
#define DATEMILL_SYSTEM_KEEPER_CLIENT_H

#include "scheduler/base/error.h"
#include "scheduler/base/instant.h"
#include "scheduler/system/keeper_protocol.h"
#include "scheduler/system/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct keeper_client;

struct keeper_client_options {
    struct loop *loop;
    const char *state_dir; /* path of `.datemill`; copied */
    const char *program;   /* path of datemill-keeper; copied. NULL = only connect, never start */
    int64_t epoch;         /* of this engine */
    int32_t slots;
    struct duration idle; /* after which a keeper started here ends; 0 = a minute */

    /* The message is borrowed for the call. It may call any function of the client but
     * keeper_client_close(). KEEPER_GONE: `reason` says why; it comes once per lost
     * connection and once per failed attempt to start or greet a keeper. Of a keeper that does not
     * understand us, or not we it, it comes once more, and then the client waits for its end. */
    void (*on_message)(void *owner, const struct keeper_message *message);
    void *owner;
};

/* Begins to connect; the first message comes in a later turn. Fails if `state_dir` cannot be
 * opened. */
int keeper_client_open(const struct keeper_client_options *options,
                       struct keeper_client **ret_client, struct error *err);

/* The keeper and its attempts go on. NULL is fine. */
void keeper_client_close(struct keeper_client *client);

/* Grants a start. Answered, now or later, by STARTED and ENDED, or by ENDED alone if it could not
 * be started, or by REVOKED if it was taken back or the keeper takes no starts. An attempt that the
 * keeper knows is answered by its state: STARTED, ENDED, or nothing while it is queued. Fails, and
 * sends nothing, if it is too large to be sent or malformed (no argv, no absolute folder, …). */
int keeper_client_start(struct keeper_client *client, const struct keeper_start *start,
                        struct error *err);

/* Takes a grant back: answered by REVOKED (also if the keeper does not know it), or, if it was
 * started already, by its STARTED and ENDED, which are on their way or were told before. */
void keeper_client_revoke(struct keeper_client *client, int64_t attempt_id);

/* Ends a running attempt with its whole tree: answered by ENDED (why = stop). A queued one is
 * revoked; an unknown or ended one is left alone. May be repeated, also with is_kill_now. */
void keeper_client_stop(struct keeper_client *client, int64_t attempt_id, bool is_kill_now);

/* These ends are committed: the keeper may forget them. An unknown id does no harm. */
void keeper_client_settled(struct keeper_client *client, const int64_t *attempt_ids, size_t count);

/* Also remembered for the next greeting. Running attempts above the number go on. */
void keeper_client_set_slots(struct keeper_client *client, int32_t slots);

#endif

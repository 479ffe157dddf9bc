#include "scheduler/keeper/keeper_state.h"

#include <string.h>
#include <unistd.h>

#define ENOUGH_QUEUED 10 /* more than the engine waits for before it grants (TURN_LOW_GRANTS) */

static void send_message(struct keeper *keeper, struct keeper_message message)
{
    if (keeper->server != NULL)
        keeper_server_send(keeper->server, &message);
}

static void send_lazily(struct keeper *keeper, struct keeper_message message)
{
    if (keeper->server != NULL)
        keeper_server_send_lazily(keeper->server, &message);
}

/* Nobody waits for an end while there is enough to start without it: what the engine could grant
 * for it would only join the queue. */
static void tell_end(struct keeper *keeper, const struct attempt *attempt)
{
    struct keeper_message message = {.kind = KEEPER_ENDED, .ended = attempt->end};
    if (keeper->queue.count - keeper->chosen >= ENOUGH_QUEUED)
        send_lazily(keeper, message);
    else
        send_message(keeper, message);
}

static void tell_start(struct keeper *keeper, const struct attempt *attempt)
{
    send_lazily(keeper, (struct keeper_message){.kind = KEEPER_STARTED,
                                                .started = {.attempt_id = attempt->id,
                                                            .at = attempt->started,
                                                            .pid = attempt->session}});
}

void keeper_tell_revoked(struct keeper *keeper, int64_t attempt_id)
{
    send_message(keeper, (struct keeper_message){.kind = KEEPER_REVOKED, .attempt_id = attempt_id});
}

void keeper_tell_disk(struct keeper *keeper, const char *text)
{
    send_message(keeper,
                 (struct keeper_message){.kind = KEEPER_DISK,
                                         .disk = {.is_full = keeper->is_disk_full, .text = text}});
}

void keeper_tell_event(struct keeper *keeper, const struct attempt *attempt, const char *line)
{
    send_lazily(keeper,
                (struct keeper_message){.kind = KEEPER_EVENT,
                                        .event = {.attempt_id = attempt->id, .line = line}});
}

void keeper_tell_state(struct keeper *keeper, const struct attempt *attempt)
{
    if (attempt->phase == ATTEMPT_ENDED && !attempt->is_held)
        tell_end(keeper, attempt);
    else if (attempt->phase != ATTEMPT_QUEUED)
        tell_start(keeper, attempt);
}

static void tell_attempt(struct keeper *keeper, const struct attempt *attempt)
{
    struct keeper_attempt told = {.attempt_id = attempt->id,
                                  .state = KEEPER_ATTEMPT_QUEUED,
                                  .started = attempt->started,
                                  .pid = attempt->session};
    if (attempt->phase == ATTEMPT_ENDED && !attempt->is_held) {
        told.state = KEEPER_ATTEMPT_ENDED;
        told.end = attempt->end;
        told.started = attempt->end.started;
    } else if (attempt->phase != ATTEMPT_QUEUED) {
        told.state = KEEPER_ATTEMPT_RUNNING;
    }
    send_message(keeper, (struct keeper_message){.kind = KEEPER_ATTEMPT, .attempt = told});
}

void keeper_tell_snapshot(struct keeper *keeper)
{
    struct keeper_message welcome = {
        .kind = KEEPER_WELCOME,
        .welcome = {.version = KEEPER_PROTOCOL_VERSION,
                    .is_draining = keeper->is_draining || keeper->is_ending,
                    .pid = getpid()}};
    memcpy(welcome.welcome.boot_id, keeper->boot_id, sizeof keeper->boot_id);
    send_message(keeper, welcome);
    for (const struct attempt *a = keeper->table.first; a != NULL; a = a->next)
        tell_attempt(keeper, a);
    send_message(keeper, (struct keeper_message){.kind = KEEPER_SNAPSHOT_END});
    if (keeper->is_disk_full)
        keeper_tell_disk(keeper, "the journal cannot be written");
}

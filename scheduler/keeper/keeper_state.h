/* What the files of the keeper share; nobody else includes it.
 *
 * A turn: what the engine says and what attempts do changes them; what has ended and what is to be
 * started is written to the journal, in one write; the processes are made; then the ends are
 * told. */
#ifndef DATEMILL_KEEPER_KEEPER_STATE_H
#define DATEMILL_KEEPER_KEEPER_STATE_H

#include "scheduler/base/error.h"
#include "scheduler/keeper/attempt.h"
#include "scheduler/keeper/attempt_table.h"
#include "scheduler/keeper/journal.h"
#include "scheduler/keeper/keeper.h"
#include "scheduler/keeper/keeper_server.h"
#include "scheduler/system/clock.h"
#include "scheduler/system/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct keeper {
    struct keeper_options options;
    struct loop *loop;
    struct keeper_server *server;
    struct journal journal;
    int64_t compact_at; /* size of the journal at which settled records are dropped from it */
    struct attempt_host host;
    struct attempt_table table;
    char boot_id[CLOCK_BOOT_ID_BYTES];
    int32_t slots;
    int32_t used_slots;
    struct attempt_list queue; /* QUEUED */
    size_t chosen;             /* of them: their start is in the journal, they start in this turn */
    struct attempt_list alive; /* RUNNING, DRAINING, CLEARING */
    struct attempt_list held;  /* ENDED, and not in the journal yet */
    struct attempt *untidy;    /* ended in this turn */
    bool is_disk_full;
    bool is_draining; /* takes no starts */
    bool is_ending;   /* SIGTERM came: starts nothing, and ends when nothing is alive */
    struct loop_timer idle_timer;
    struct loop_timer disk_timer;
    struct duration watch_wait;    /* of the timer, when it was set */
    struct loop_timer watch_timer; /* when the outputs of those that live on are looked after */
    struct loop_hook record_hook;  /* before the server's: what is told must be in the journal */
    struct loop_hook start_hook;   /* before it, too: sending takes as long as starting */
    struct loop_hook turn_hook;    /* after it */
};

/* --- keeper_tell.c: what the engine is told; nothing if there is none ----------------------- */

void keeper_tell_event(struct keeper *keeper, const struct attempt *attempt, const char *line);
void keeper_tell_revoked(struct keeper *keeper, int64_t attempt_id);
void keeper_tell_disk(struct keeper *keeper, const char *text);

/* WELCOME, all that is known, SNAPSHOT_END. */
void keeper_tell_snapshot(struct keeper *keeper);

/* STARTED or ENDED; nothing about one that is queued. A held end is not told: STARTED. */
void keeper_tell_state(struct keeper *keeper, const struct attempt *attempt);

/* --- keeper_records.c: the journal ---------------------------------------------------------- */

/* The first record of this keeper, then the ends it found out about. */
void keeper_records_begin(struct keeper *keeper);

/* It has ended: held until it is in the journal. */
void keeper_records_hold(struct keeper *keeper, struct attempt *attempt);

/* Chooses what starts in this turn, writes that and the held ends, and tells the ends. What cannot
 * be written is neither told nor started. */
void keeper_records_write(struct keeper *keeper);

/* Drops what is settled once the journal has grown; `is_forced`: in any case. */
void keeper_records_compact(struct keeper *keeper, bool is_forced);

/* Is there space again? */
void keeper_records_retry(void *owner);

#endif

/* What a keeper's snapshot means for the attempts that are open in the store or in the engine.
 *
 * Used after every greeting of a keeper: at the start of an engine (between the RUN_ADDEDs and
 * BEGIN) and when the keeper was replaced under a living engine. Pure; used by the daemon and by
 * the simulator alike.
 *
 * Before it is called, everything that is pending must be committed and its orders carried out or,
 * as there is no connection, dropped: an attempt is granted at most once over one connection. (A
 * grant that is sent twice may be queued, given back by the keeper, and queued again.)
 *
 *   open attempt is   | keeper says | event
 *   ------------------+-------------+------------------------------------------------------
 *   granted           | queued      | QUEUED: the engine revokes it if it wants it no longer
 *   granted           | unknown     | UNKNOWN: the engine grants it again, or revokes it
 *   granted, old boot | unknown     | ENDED lost: it may have been started before the power cut
 *   any               | running     | STARTED: repeated, it makes the engine repeat its STOP
 *   any               | ended       | ENDED with its outcome
 *   running           | unknown     | ENDED lost
 *   running           | queued      | cannot be: ENDED is awaited, none
 *   not open          | queued      | REVOKE it: the store never wanted it, or no longer
 *   not open          | running     | STOP it (kill): the same
 *   not open          | ended       | none; it is settled */
#ifndef DATEMILL_ENGINE_RECOVER_H
#define DATEMILL_ENGINE_RECOVER_H

#include "scheduler/engine/action.h"
#include "scheduler/engine/event.h"

struct recover_open { /* from the store's open attempts, or engine_open_attempts() */
    int64_t attempt_id;
    bool is_running;   /* its start is known */
    bool is_this_boot; /* the grant was made on the boot on which the keeper is alive now */
};

enum recover_kind {
    RECOVER_QUEUED,
    RECOVER_RUNNING,
    RECOVER_ENDED
};

struct recover_known { /* from the keeper's snapshot */
    int64_t attempt_id;
    enum recover_kind kind;
    struct instant at;              /* RUNNING: started; ENDED: ended */
    struct attempt_outcome outcome; /* ENDED */
};

/* Zero is an empty result. */
struct recover_result {
    struct event *events; /* for engine_step(), in this order; freed by recover_result_free() */
    size_t event_count;
    size_t event_capacity;
    struct action_list orders; /* REVOKE and STOP to carry out at once; no commit is needed */
};

/* Both arrays are sorted by attempt_id, each id at most once, and borrowed. */
struct recover_input {
    const struct recover_open *open;
    size_t open_count;
    const struct recover_known *known;
    size_t known_count;
    struct instant now;
};

/* Replaces what is in `result`. */
void recover_events(const struct recover_input *input, struct recover_result *result);
void recover_result_free(struct recover_result *result);

#endif

/* What the engine and the keeper say to each other, and the encoding of it.
 *
 * A connection begins with HELLO, answered by WELCOME, then one ATTEMPT for everything the keeper
 * knows, then SNAPSHOT_END; only then the engine sends anything else. A change of what it sends
 * counts KEEPER_PROTOCOL_VERSION up: a keeper of an older one takes no starts, ends what it has and
 * then itself. HELLO, WELCOME and what a keeper says never change. */
#ifndef DATEMILL_SYSTEM_KEEPER_PROTOCOL_H
#define DATEMILL_SYSTEM_KEEPER_PROTOCOL_H

#include "scheduler/base/arena.h"
#include "scheduler/base/error.h"
#include "scheduler/base/instant.h"
#include "scheduler/base/text.h"
#include "scheduler/system/clock.h"
#include "scheduler/system/keeper_limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEEPER_PROTOCOL_VERSION 2
#define KEEPER_DRAINS_VERSION 2 /* older keepers end only when no engine is connected */
#define KEEPER_SOCKET_NAME "keeper.sock"
#define KEEPER_LOCK_NAME "keeper.lock"
#define KEEPER_FOLDER_NAME "keeper" /* journal and keeper.log */

enum keeper_message_kind {
    /* engine → keeper */
    KEEPER_HELLO = 1,
    KEEPER_START,
    KEEPER_REVOKE,
    KEEPER_STOP,
    KEEPER_SETTLED,
    KEEPER_SET_SLOTS,
    /* keeper → engine */
    KEEPER_WELCOME,
    KEEPER_ATTEMPT,
    KEEPER_SNAPSHOT_END,
    KEEPER_STARTED,
    KEEPER_ENDED,
    KEEPER_EVENT,
    KEEPER_REVOKED,
    KEEPER_DISK,
    /* made by keeper_client, never on the wire */
    KEEPER_GONE
};

struct keeper_hello {
    int32_t version;
    int64_t epoch; /* of the engine, from the store, counted up by each engine; an older one than
                      the keeper has seen is refused */
    int32_t slots; /* attempts with needs_slot at once, at least 1 */
};

struct keeper_welcome {
    int32_t version;
    bool is_refused;                   /* the epoch or version is older than one seen; it closes */
    bool is_draining;                  /* takes no starts: a newer version has greeted it */
    char boot_id[CLOCK_BOOT_ID_BYTES]; /* of the machine now */
    int64_t pid;                       /* of the keeper */
};

/* A grant: may be started the moment a slot is free, in the order of receipt. */
struct keeper_start {
    int64_t attempt_id;         /* > 0, never used for another attempt */
    const char *token;          /* DATEMILL_TOKEN, which the keeper adds to the environment */
    const char *folder;         /* working folder, absolute */
    const char *const *argv;    /* argv[0] is searched in PATH of `env` unless it has a slash */
    const char *const *env;     /* NAME=value, complete: nothing else is inherited */
    const char *input;          /* standard input; may hold any bytes */
    size_t input_length;        /* 0 = /dev/null */
    const char *const *masks;   /* lines of secrets, up to a NULL; NULL = none */
    const char *log_path;       /* created with the first byte; relative = in the state folder */
    const char *events_path;    /* the same, for the lines of fd 3 */
    int64_t log_limit;          /* bytes of the log file at most; 0 = KEEPER_DEFAULT_LOG_LIMIT */
    struct duration timeout;    /* from the start; 0 = none */
    struct duration stop_grace; /* from SIGTERM to SIGKILL */
    bool keep_leftovers; /* what the first process leaves behind may live on (unless stopped) */
    bool needs_slot;     /* false: started at once, counts for nothing */
};

struct keeper_stop {
    int64_t attempt_id;
    bool is_kill_now; /* without SIGTERM and grace */
};

enum keeper_end_kind {
    KEEPER_END_EXITED,
    KEEPER_END_SIGNALED,
    KEEPER_END_LOST,           /* its keeper died; the rest is unknown, its processes are gone */
    KEEPER_END_COULD_NOT_START /* no process ran; `text` says why */
};

enum keeper_end_why {
    KEEPER_WHY_OWN, /* it ended by itself (a foreign signal counts too) */
    KEEPER_WHY_TIMEOUT,
    KEEPER_WHY_STOP
};

/* The whole tree is gone when this is told (keep_leftovers: only the first process, by itself). */
struct keeper_end {
    int64_t attempt_id;
    enum keeper_end_kind kind;
    enum keeper_end_why why;
    int32_t status;             /* EXITED: exit status; SIGNALED: signal; COULD_NOT_START: errno */
    struct instant started;     /* wall clock; COULD_NOT_START: when it was tried */
    struct instant ended;       /* wall clock; LOST: when the loss was found */
    struct duration elapsed;    /* monotonic; LOST: 0 */
    struct duration cpu_user;   /* of the first process and all children it waited for */
    struct duration cpu_system; /* same */
    int64_t peak_memory;        /* bytes resident, of the largest of them */
    int64_t log_bytes;          /* size of the log file, 0 = there is none */
    int64_t log_lost_bytes;     /* output that is not in it */
    int32_t leftovers_killed;   /* processes that were left of the tree */
    const char *text;           /* for people: why it could not start; "" = nothing to say */
};

enum keeper_attempt_state {
    KEEPER_ATTEMPT_QUEUED,  /* granted, waits for a slot; may be revoked */
    KEEPER_ATTEMPT_RUNNING, /* `started` and `pid` are valid */
    KEEPER_ATTEMPT_ENDED    /* `end` is valid; not settled */
};

struct keeper_attempt {
    int64_t attempt_id;
    enum keeper_attempt_state state;
    struct instant started;
    int64_t pid;
    struct keeper_end end;
};

struct keeper_started {
    int64_t attempt_id;
    struct instant at;
    int64_t pid; /* of the first process, which is also its session */
};

/* One line from fd 3, without newline and NUL. Told while an engine listens; the file has all. */
struct keeper_event {
    int64_t attempt_id;
    const char *line;
};

/* The keeper cannot write its journal: nothing new is started, ends are told when it can again. */
struct keeper_disk {
    bool is_full; /* false: it can again */
    const char *text;
};

struct keeper_settled {
    const int64_t *attempt_ids;
    size_t count;
};

struct keeper_gone {
    const char *reason;
    bool is_lasting; /* it will not mend itself at once: somebody should hear the reason */
};

struct keeper_message {
    enum keeper_message_kind kind;
    union {
        struct keeper_hello hello;
        struct keeper_start start;
        struct keeper_stop stop;
        struct keeper_settled settled;
        struct keeper_welcome welcome;
        struct keeper_attempt attempt;
        struct keeper_started started;
        struct keeper_end ended;
        struct keeper_event event;
        struct keeper_disk disk;
        int64_t attempt_id; /* REVOKE, REVOKED */
        int32_t slots;      /* SET_SLOTS */
        struct keeper_gone gone;
    };
};

/* Every start has an id, a token, an absolute folder, a program, paths for log and events, limits
 * that are not negative, masks that are neither short nor longer than a line. */
int keeper_start_check(const struct keeper_start *start, struct error *err);

/* Appends the message to `out` (which is not cleared before). */
void keeper_message_encode(const struct keeper_message *message, struct text *out);

/* Strings are borrowed from `bytes`, lists belong to `arena`. What is out of range is an error. */
int keeper_message_decode(const char *bytes, size_t length, struct arena *arena,
                          struct keeper_message *ret_message, struct error *err);

struct wire_reader; /* the record alone, for the journal */
void keeper_end_encode(const struct keeper_end *end, struct text *out);
void keeper_end_decode(struct wire_reader *reader, struct keeper_end *ret_end);

#endif

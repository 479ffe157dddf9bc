/* What goes into the engine: a tagged union, copied; pointers in it are borrowed for the step.
 *
 * Every event carries the time at which it is handled. Events of the keeper are safe to repeat: one
 * about an attempt that is settled changes nothing. */
#ifndef DATEMILL_ENGINE_EVENT_H
#define DATEMILL_ENGINE_EVENT_H

#include "scheduler/base/instant.h"
#include "scheduler/engine/task_state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENGINE_NO_POOL UINT32_MAX
#define ENGINE_MIN_PRIORITY 1 /* of runs and nodes */
#define ENGINE_MAX_PRIORITY 8 /* goes first */
#define ENGINE_MAX_POOLS 1024
#define ENGINE_MAX_SLOTS 4096
#define ENGINE_MAX_NODES 1000000 /* of one run */

enum event_kind {
    EVENT_BEGIN,           /* recovery is finished: from here on the engine drives */
    EVENT_RUN_ADDED,       /* a new run, or one restored from the store */
    EVENT_ATTEMPT_STARTED, /* keeper */
    EVENT_ATTEMPT_ENDED,   /* keeper; also without a STARTED before it */
    EVENT_ATTEMPT_REVOKED, /* keeper: the grant is gone, it was never started and never will be */
    EVENT_ATTEMPT_QUEUED,  /* recover.h: the keeper has it, and it has not started */
    EVENT_ATTEMPT_UNKNOWN, /* recover.h: the keeper does not have it, and it never started */
    EVENT_TIME,            /* the time alone, for engine_next_wakeup(); that the clock was set */
    EVENT_STOP_RUN,        /* operator */
    EVENT_RERUN,           /* operator */
    EVENT_SKIP,            /* operator: do not run it, let downstream go on */
    EVENT_MARK,            /* operator: call it success or failed */
    EVENT_FREEZE,          /* operator: not running now, do not start it */
    EVENT_UNFREEZE,        /* operator */
    EVENT_NEEDS_MET,       /* how many external needs of a task are still open */
    EVENT_LOOKED,          /* the answer to a LOOK: whether what a task waits for is there */
    EVENT_HOLD,            /* start nothing more of a run; what runs may finish */
    EVENT_RELEASE,         /* the end of a hold */
    EVENT_SET_CAPACITY,    /* slots and pools */
    EVENT_RUN_FORGET       /* a finished run leaves the engine's memory */
};

/* How an attempt ended. */
enum attempt_end { /* numbers are kept in the store: never change one */
    ATTEMPT_END_SUCCESS = 0,
    ATTEMPT_END_FAILURE = 1, /* `code` is the exit code (0 if interpret() called a 0 a failure) */
    ATTEMPT_END_SIGNAL = 2,  /* `code` is the signal */
    ATTEMPT_END_TIMEOUT = 3,
    ATTEMPT_END_STOPPED = 4,         /* on our request; its whole tree is gone */
    ATTEMPT_END_LOST = 5,            /* its fate cannot be known */
    ATTEMPT_END_COULD_NOT_START = 6, /* no process was made; retried as a failure is */
    ATTEMPT_END_REVOKED = 7          /* in records only: it never started and counts for nothing */
};

struct attempt_outcome {
    enum attempt_end end;
    int32_t code;
};

/* What was asked for while an attempt was open; it is applied when the attempt is gone. Kept in the
 * store with the task, so that a crash forgets no request. */
enum task_wish { /* numbers are kept in the store: never change one */
    TASK_WISH_NONE = 0,
    TASK_WISH_STOP = 1,
    TASK_WISH_KILL = 2, /* STOP without grace */
    TASK_WISH_SKIP = 3,
    TASK_WISH_MARK_SUCCESS = 4,
    TASK_WISH_MARK_FAILED = 5,
    TASK_WISH_FREEZE = 6 /* applied instead of a retry; the attempt itself goes on */
};

/* Why a run starts nothing although nobody stopped it. */
enum run_hold {
    RUN_HOLD_NONE,
    RUN_HOLD_NO_SCHEDULER, /* no client drives it: "no scheduler is running" */
    RUN_HOLD_DRAIN,        /* the first Ctrl-C: running attempts finish */
    RUN_HOLD_PAUSED,       /* its backfill is paused, or waits for its turn */
    RUN_HOLD_OVERLAP       /* earlier runs of its flow that the schedule made are open */
};

struct event_retry {
    int32_t max;               /* attempts after the first */
    struct duration delay;     /* before the second attempt */
    int32_t backoff_percent;   /* the next delay in percent of the one before; 100 = constant */
    struct duration max_delay; /* the longest delay; 0 = no limit */
    bool on_timeout;
    bool on_lost;
    const int32_t *codes; /* only these exit codes are retried; none = any failure or signal */
    size_t code_count;
};

/* What a task waits for before it starts or, without a process, succeeds: a file, a time. What it
 * is only the caller knows, who looks when a LOOK says so, and whenever it pleases. */
struct event_wait {
    bool is_set;
    struct duration timeout; /* from when everything else was met; more than 0 */
    bool is_skipped;         /* after the timeout: skipped; else failed */
};

/* One node of a run. A new run has the fields below `restored` zero, but for `state`: waiting,
 * frozen (`frozen: true`) or skipped (not selected). */
struct event_node {
    struct event_retry retry;
    const uint32_t *needs; /* indexes of nodes of this run, each once */
    size_t need_count;
    uint32_t rank;          /* position in topological order, unique in the run, < node_count */
    uint32_t pool;          /* as in SET_CAPACITY, or ENGINE_NO_POOL */
    int32_t priority;       /* 1 to 8 */
    bool has_process;       /* false: virtual, ends within the step */
    bool is_off_day;        /* and ends as skipped: not on this date; has_process is false, too */
    bool is_selected;       /* false: `rerun --all` leaves it alone */
    uint32_t external_open; /* needs outside this run that are not satisfied now */
    struct event_wait wait;

    /* restored */
    enum task_state state;
    enum task_wish wish;
    int32_t attempts;        /* as last recorded: started in all openings */
    int32_t tries;           /* as last recorded: started in this opening */
    struct instant ready_at; /* as last recorded: not before; 0 = at once */
    struct instant
        wait_since;          /* as last recorded: since when it waits for `wait`; 0 = it does not */
    int64_t attempt_id;      /* the open attempt (granted or running), 0 = none */
    int32_t attempt_number;  /* of the open attempt */
    bool attempt_is_running; /* the store has seen its start */
};

struct event_run {
    int64_t run_id;   /* > 0; smaller ones go first among equals */
    int32_t priority; /* 1 to 8 */
    int32_t parallel; /* attempts of this run at once; 0 = no limit of its own. Its places are taken
                         at the grant, as a pool's */
    enum run_hold hold;
    int32_t opening;      /* 1 = new, counted up by each RERUN */
    enum run_state state; /* as last recorded; RUN_WAITING for a new one */
    const struct event_node *nodes;
    size_t node_count; /* 1 to ENGINE_MAX_NODES */
};

enum rerun_scope {
    RERUN_FROM_FAILED, /* all failed and stopped ones; what they blocked follows */
    RERUN_ALL,         /* all selected ones that are not frozen */
    RERUN_FROM_NODE,   /* `node` and the selected ones downstream of it */
    RERUN_ONLY_NODE
};

struct event {
    enum event_kind kind;
    struct instant now;
    int64_t run_id; /* all about a run or a node of it */
    uint32_t node;  /* SKIP MARK FREEZE UNFREEZE NEEDS_MET LOOKED, RERUN of a node: its index */
    union {
        const struct event_run *run;  /* RUN_ADDED */
        struct duration clock_set_by; /* TIME: the clock was set, by so much; 0 = it was not */
        struct {
            int64_t id;                     /* STARTED ENDED REVOKED QUEUED UNKNOWN */
            struct instant at;              /* STARTED ENDED: by the keeper's clock */
            struct attempt_outcome outcome; /* ENDED */
        } attempt;
        bool is_kill;           /* STOP_RUN: SIGKILL at once, no SIGTERM first */
        enum rerun_scope scope; /* RERUN */
        bool is_success;        /* MARK */
        uint32_t external_open; /* NEEDS_MET: still open; 0 = all satisfied */
        bool is_there;          /* LOOKED */
        enum run_hold hold;     /* HOLD */
        struct {
            int32_t slots;        /* attempts at once in the keeper, at least 1 */
            const int32_t *pools; /* places of each pool, at least 1 */
            size_t pool_count;    /* never less than before */
        } capacity;
    };
};

#endif

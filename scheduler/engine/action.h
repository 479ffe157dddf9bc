/* What comes out of the engine.
 *
 * The rule that promises 1 and 2 rest on: commit every RECORD of a list in one transaction before
 * carrying out any GRANT, REVOKE, STOP or LOOK of that list; then carry these out in their order.
 * Lists of several steps may be joined in one commit. If the commit fails the engine is ahead of
 * the store: free it and restore.
 *
 * An action that was not carried out (crash, no connection to a keeper) comes again: recover.h. */
#ifndef DATEMILL_ENGINE_ACTION_H
#define DATEMILL_ENGINE_ACTION_H

#include "scheduler/base/text.h"
#include "scheduler/engine/event.h"

enum action_kind {
    ACTION_RECORD_TASK,
    ACTION_RECORD_ATTEMPT,
    ACTION_RECORD_RUN,
    ACTION_GRANT,  /* keeper: start it as soon as there is a slot */
    ACTION_REVOKE, /* keeper: take the grant back if it has not started */
    ACTION_STOP,   /* keeper: end it and its tree */
    ACTION_LOOK    /* caller: look now for what the task waits for, and answer with LOOKED */
};

/* Why a task got its state; the operator behind it, if any, is known to whoever made the event. */
enum task_why {            /* numbers are kept in the store: never change one */
    TASK_WHY_VIRTUAL = 0,  /* nothing to run: success */
    TASK_WHY_STARTED = 1,  /* running */
    TASK_WHY_ENDED = 2,    /* success, failed, stopped: as the attempt's outcome says */
    TASK_WHY_RETRY = 3,    /* waiting until ready_at */
    TASK_WHY_UPSTREAM = 4, /* blocked, or waiting again */
    TASK_WHY_STOP = 5,     /* the run was stopped; or only that a wish was noted */
    TASK_WHY_SKIP = 6,
    TASK_WHY_MARK = 7,
    TASK_WHY_FREEZE = 8,
    TASK_WHY_UNFREEZE = 9,
    TASK_WHY_RERUN = 10,
    TASK_WHY_REVOKED = 11, /* the keeper gave the grant back; only counters changed */
    TASK_WHY_OFF_DAY = 12, /* skipped when its turn came: `on` of the node leaves its date out */
    TASK_WHY_WAIT = 13,    /* it begins to wait for data or a time; or that is there: success */
    TASK_WHY_WAIT_TIMEOUT = 14 /* it waited too long: failed or skipped */
};
#define TASK_WHY_COUNT 15

/* The main reason of a waiting task when it was recorded. It grows old: the engine answers with all
 * of them at the moment of the question (engine_explain). */
enum task_reason { /* numbers are kept in the store: never change one */
    TASK_REASON_NONE = 0,
    TASK_REASON_UPSTREAM = 1,
    TASK_REASON_RETRY = 2,    /* until ready_at */
    TASK_REASON_EXTERNAL = 3, /* a need outside the run */
    TASK_REASON_SLOT = 4,     /* nothing but a slot, a pool, or the end of a hold */
    TASK_REASON_WAIT = 5      /* for data or a time; at ready_at it has waited too long */
};

struct record_task { /* the whole row, also what did not change */
    int64_t run_id;
    uint32_t node;
    enum task_state state;
    enum task_reason reason; /* NONE unless waiting */
    enum task_wish wish;
    enum task_why why;
    int32_t attempts;          /* started in all openings */
    int32_t tries;             /* started in this opening */
    struct instant ready_at;   /* 0 = no time */
    struct instant wait_since; /* it waits for data or a time, until ready_at; 0 = it does not */
    struct instant at;         /* when: the event's time, or the keeper's for STARTED and ENDED */
    int64_t attempt_id;        /* STARTED and ENDED: whose; else 0 */
};

enum attempt_state { /* numbers are kept in the store: never change one */
    ATTEMPT_GRANTED = 0,
    ATTEMPT_RUNNING = 1,
    ATTEMPT_ENDED = 2
};

/* Why an attempt was handed to the keeper when it was, and not before. */
enum start_cause {           /* what made it ready; numbers are kept in the store */
    START_CAUSE_RUN = 0,     /* its run was made */
    START_CAUSE_NEED = 1,    /* the last of its needs in the run was met: `need` */
    START_CAUSE_OUTSIDE = 2, /* the last of its needs outside the run was met */
    START_CAUSE_PAUSE = 3,   /* the pause before a retry was over */
    START_CAUSE_RELEASE = 4, /* its run was held until then */
    START_CAUSE_RERUN = 5,
    START_CAUSE_HAND = 6,   /* somebody marked, skipped or unfroze something */
    START_CAUSE_ENGINE = 7, /* an engine began, with this run or one of before */
    START_CAUSE_DATA = 8    /* the data that it waited for was there */
};
#define START_CAUSE_COUNT 9

enum start_wait {        /* what it waited for when it was ready; numbers are kept in the store */
    START_WAIT_NONE = 0, /* nothing */
    START_WAIT_SLOT = 1, /* its turn: slots, and the places of those that are handed over ahead */
    START_WAIT_POOL = 2, /* a place in its pool */
    START_WAIT_RUN = 3,  /* its run had as many open as it may */
    START_WAIT_SETTING = 4, /* slots or pools were changed */
    START_WAIT_ENGINE = 5   /* an engine that knows what runs */
};
#define START_WAIT_COUNT 6

struct attempt_start {
    struct instant ready; /* since then nothing was missing but a place */
    enum start_cause cause;
    uint32_t need; /* NEED: the node; else undefined */
    enum start_wait wait;
    int64_t freed_by;  /* SLOT, POOL, RUN: the attempt whose end made room; 0 = none did */
    int64_t overtaken; /* attempts that were handed over since it was ready, before it */
};

struct record_attempt {
    int64_t
        attempt_id; /* GRANTED: new. Ids are never used twice, not even those of revoked ones: the
                           store keeps the next one in a row of its own */
    int64_t run_id;
    uint32_t node;
    int32_t number; /* within the node, from 1; a revoked attempt gives its number back */
    enum attempt_state state;
    struct attempt_outcome outcome; /* ENDED; of a revoked one the row may go */
    struct attempt_start start;     /* GRANTED */
    struct instant at;
};

struct record_run {
    int64_t run_id;
    enum run_state state;
    int32_t opening;
    struct instant at;
};

struct action {
    enum action_kind kind;
    union {
        struct record_task task;
        struct record_attempt attempt;
        struct record_run run;
        struct {
            int64_t attempt_id;
            int64_t run_id;
            uint32_t node;
            int32_t number;
            bool is_kill; /* STOP */
        } order;          /* GRANT REVOKE STOP; LOOK: the task alone */
    };
};

/* Zero is an empty list. action_list_clear() keeps the memory, which grows to the largest step. */
struct action_list {
    struct action *items;
    size_t count;
    size_t capacity;
};

struct action *action_list_add(struct action_list *list,
                               enum action_kind kind); /* borrowed, zeroed */
void action_list_clear(struct action_list *list);
void action_list_free(struct action_list *list);

/* For tests, the simulator and traces: one line without its end, as
 * `task 7/2 waiting retry at 60s tries 1: retry` or `grant 12 7/2 #1`. Times are seconds. */
void action_format(const struct action *action, struct text *text);
void event_format(const struct event *event, struct text *text);

const char *attempt_end_name(enum attempt_end end); /* "success" … "could_not_start", "revoked" */
const char *attempt_state_name(enum attempt_state state);
const char *start_cause_name(enum start_cause cause); /* "run", "need" … */
const char *start_wait_name(enum start_wait wait);    /* "none", "slot" … */
const char *task_wish_name(enum task_wish wish);
const char *run_hold_name(enum run_hold hold);

#endif

/* The deciding part of the scheduler: events in, actions out.
 *
 * engine_step() is a function of the engine and one event. It reads no clock, no file and no
 * random source: the event carries the time. The caller commits every RECORD of a step before it
 * carries out any GRANT, REVOKE or STOP of it (action.h), so that a crash in between loses no
 * knowledge.
 *
 * Life: engine_new, SET_CAPACITY, RUN_ADDED for every open run of the store, the events that
 * recover_events() makes of the keeper's snapshot, BEGIN; then whatever happens.
 *
 * Grants ahead: the keeper enforces the slots. While tasks are ready, the engine keeps up to slots
 * + grant_ahead attempts open (granted or running). A place in a pool is taken at the grant. Order
 * of the ready: priority of the run, of the node, run id, topological order. When a task is ready
 * whose run outranks every granted-not-started attempt, these are revoked. A grant that the keeper
 * gave back unasked is granted again a second later.
 *
 * Waiting: a task with a `wait` that waits for nothing else takes no slot and no place; its LOOK
 * asks the caller to look, who answers each LOOK with a LOOKED, and sends more as things change.
 * When it has waited too long a last LOOK decides: the engine may not have been there for hours.
 *
 * A RUN_ADDED makes no RECORD for what it carries: whoever makes a run stores its rows in the same
 * transaction as the records of that step, which tell only what differs. */
#ifndef DATEMILL_ENGINE_ENGINE_H
#define DATEMILL_ENGINE_ENGINE_H

#include "scheduler/base/error.h"
#include "scheduler/engine/action.h"
#include "scheduler/engine/event.h"

#define ENGINE_GRANT_AHEAD 64

struct engine;

struct engine_options {
    int64_t next_attempt_id; /* from the store; at least 1 */
    int32_t grant_ahead;     /* ENGINE_GRANT_AHEAD; 0 = grant only as many as there are slots */
};

/* One slot and no pools until SET_CAPACITY. Never NULL. */
struct engine *engine_new(const struct engine_options *options);
void engine_free(struct engine *engine); /* NULL is fine */

/* Appends what follows from the event to `actions` (not cleared before). On -1 nothing has changed
 * and nothing was appended: NOT_FOUND (no such run or node), BUSY (an attempt is open), REFUSED
 * (the state does not allow it), INVALID (RUN_ADDED or SET_CAPACITY make no sense: our mistake,
 * but it came from the store), BUG (an attempt id that was never given). */
int engine_step(struct engine *engine, const struct event *event, struct action_list *actions,
                struct error *err);

/* When to send EVENT_TIME at the latest; INSTANT_NEVER = not needed. */
struct instant engine_next_wakeup(const struct engine *engine);

/* ---- questions; none changes anything ---- */

enum engine_reason_kind {
    ENGINE_REASON_UPSTREAM,  /* node, state: a need that does not let it go on */
    ENGINE_REASON_EXTERNAL,  /* count: needs outside the run that are open */
    ENGINE_REASON_RETRY,     /* at: the next attempt may start */
    ENGINE_REASON_WAIT,      /* since, at: for data or a time, and when that is too long */
    ENGINE_REASON_SLOT,      /* count: attempts and tasks before it; is_granted */
    ENGINE_REASON_POOL,      /* pool; run_id, node: who holds a place (one reason per holder) */
    ENGINE_REASON_PARALLEL,  /* count: the run has that many attempts open, as it may at most */
    ENGINE_REASON_FROZEN,    /* unfreeze it */
    ENGINE_REASON_HELD,      /* hold: the run is held */
    ENGINE_REASON_WISH,      /* wish: it is asked for, and comes when the attempt is gone */
    ENGINE_REASON_RECOVERING /* BEGIN has not come yet */
};

struct engine_reason {
    enum engine_reason_kind kind;
    int64_t run_id;
    uint32_t node;
    uint32_t pool;
    enum task_state state;
    enum task_wish wish;
    enum run_hold hold;
    struct instant since;
    struct instant at;
    size_t count;
    bool is_granted; /* the keeper has it and starts it when a slot is free */
};

/* Zero is an empty list. */
struct engine_reasons {
    struct engine_reason *items; /* freed by engine_reasons_free() */
    size_t count;
    size_t capacity;
};

/* Replaces the list by everything a waiting, blocked or frozen task waits for: never empty for
 * these, always empty for the others. Takes time in proportion to the loaded tasks. NOT_FOUND. */
int engine_explain(const struct engine *engine, int64_t run_id, uint32_t node,
                   struct engine_reasons *reasons, struct error *err);
void engine_reasons_free(struct engine_reasons *reasons);

struct engine_task {
    enum task_state state;
    enum task_reason reason;
    enum task_wish wish;
    int32_t attempts;
    int32_t tries;
    struct instant ready_at;   /* of one that waits for data or a time: when that is too long */
    struct instant wait_since; /* 0 = it does not */
    bool is_looked_for;        /* LOOKED counts now */
    int64_t attempt_id;        /* open attempt, 0 = none */
    bool is_granted;           /* the open attempt has not started */
};

int engine_look(const struct engine *engine, int64_t run_id, uint32_t node,
                struct engine_task *ret_task, struct error *err);

struct engine_run_facts {
    enum run_state state;
    enum run_hold hold;
    int32_t opening;
    uint32_t open_attempts;            /* granted or running */
    uint32_t counts[TASK_STATE_COUNT]; /* tasks in each state */
};

int engine_look_run(const struct engine *engine, int64_t run_id, struct engine_run_facts *ret_facts,
                    struct error *err);

struct engine_counts {
    size_t runs;      /* in memory */
    size_t open_runs; /* of them not final */
    size_t ready;     /* tasks that wait for nothing but a slot, a pool or their run's limit */
    size_t granted;   /* handed to the keeper, not started */
    size_t running;
    int64_t next_attempt_id;
};

struct engine_counts engine_count(const struct engine *engine);

/* Places of a pool that are taken, by attempts granted or running; by the number that
 * SET_CAPACITY gave it. */
uint32_t engine_pool_used(const struct engine *engine, size_t pool);

struct engine_open_attempt {
    int64_t attempt_id;
    int64_t run_id;
    uint32_t node;
    bool is_running; /* its start is known */
};

/* The open attempts, oldest first: an array the caller frees with free(); NULL when none. */
struct engine_open_attempt *engine_open_attempts(const struct engine *engine, size_t *ret_count);

#endif

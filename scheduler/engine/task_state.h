/* The states of a task (a node in a run) and of a run, as a table.
 *
 *                     ┌────────────── retry ─────────────┐
 *                     ▼                                  │
 *      added ───▶ waiting ───────── started ────────▶ running
 *                  ▲ │ │                              │ │ │ │
 *        upstream  │ │ ├─▶ success  (virtual, marked) ◀┘ │ │ │
 *        mended    │ │ ├─▶ failed   (marked)   ◀────────┘ │ │
 *                  │ ▼ ├─▶ stopped  (run stopped) ◀────────┘ │
 *               blocked├─▶ skipped                           │
 *                      └─▶ frozen    ◀────── instead of a retry
 *
 * From success, failed, stopped and skipped a rerun leads back to waiting, as does an unfreeze from
 * frozen; all may be marked or skipped by hand (who runs is stopped for it), and what waits or is
 * blocked may be frozen.
 *
 * `waiting` is also the state of a task whose next attempt is granted (committed, handed to the
 * keeper, not started): that is a property of its attempt, not a state. */
#ifndef DATEMILL_ENGINE_TASK_STATE_H
#define DATEMILL_ENGINE_TASK_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum task_state { /* numbers are kept in the store: never change one */
    TASK_WAITING = 0,
    TASK_RUNNING = 1,
    TASK_SUCCESS = 2,
    TASK_FAILED = 3,
    TASK_BLOCKED = 4, /* something upstream is failed, blocked, stopped or frozen */
    TASK_STOPPED = 5,
    TASK_SKIPPED = 6,
    TASK_FROZEN = 7
};
#define TASK_STATE_COUNT 8

struct task_state_row {
    const char *name;       /* as in the store, the command line, the API and the page */
    uint32_t next;          /* bit n: state n may follow */
    bool is_final;          /* nothing more happens to it by itself */
    bool lets_go_on;        /* its dependents may start */
    bool blocks_downstream; /* final, and its dependents cannot start: they are blocked */
};

extern const struct task_state_row task_states[TASK_STATE_COUNT];

bool task_state_may_follow(enum task_state from, enum task_state to);

/* The only place that writes a state: asserts that the edge is in the table. */
void task_state_change(enum task_state *state, enum task_state to);

/* "waiting"; borrowed. */
const char *task_state_name(enum task_state state);

/* False if the name is none of the eight. */
bool task_state_parse(const char *name, enum task_state *ret_state);

/* States of a run, derived from its tasks. A run has the numbers of the task states. */
enum run_state {
    RUN_WAITING = TASK_WAITING, /* open, and nothing has started yet */
    RUN_RUNNING = TASK_RUNNING, /* open: some task is waiting or running */
    RUN_SUCCESS = TASK_SUCCESS,
    RUN_FAILED = TASK_FAILED,  /* some task is failed or blocked */
    RUN_STOPPED = TASK_STOPPED /* some task is stopped or frozen: not all was done */
};

/* `counts[s]` is how many tasks are in state s. `has_started`: something of the run ran before. */
enum run_state run_state_derive(const uint32_t counts[TASK_STATE_COUNT], bool has_started);
bool run_state_is_final(enum run_state state);
const char *run_state_name(enum run_state state);

#endif

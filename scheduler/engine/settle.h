/* States, their consequences, and which queue a task stands in. Private to this folder. */
#ifndef DATEMILL_ENGINE_SETTLE_H
#define DATEMILL_ENGINE_SETTLE_H

#include "scheduler/engine/engine_state.h"

/* Puts the task on the work list; nothing if it is there. */
void settle_later(struct engine *engine, struct task *task);
void settle_run_later(struct engine *engine, struct run *run);
void settle_all(struct engine *engine);

/* What an attempt of the task did. */
struct task_cause {
    enum task_why why;
    struct instant at; /* by the keeper's clock */
    int64_t attempt_id;
};

/* Changes state and records it; a state it has already is only recorded. The task and what depends
 * on it are put on the work list. */
void settle_attempt_state(struct engine *engine, struct task *task, enum task_state state,
                          const struct task_cause *cause);
void settle_state(struct engine *engine, struct task *task, enum task_state state,
                  enum task_why why);
void settle_record(struct engine *engine, const struct task *task, const struct task_cause *cause);
enum task_reason settle_reason(const struct engine *engine, const struct task *task);

/* Into the state that a wish asks for; true if there was such a wish. Only without an attempt. */
bool settle_wish(struct engine *engine, struct task *task);

/* What the task waits for is looked for anew in its next try. */
void settle_forget_wait(struct task *task);

/* The answer to a LOOK: nothing if the task does not wait any more. */
void settle_look(struct engine *engine, struct task *task, bool is_there);

/* Whether it waits for data or a time now. */
bool settle_waits(const struct task *task);

/* Takes the task out of the queue it stands in and puts it in another. */
void settle_place(struct engine *engine, struct task *task, enum task_place place);

void settle_run_dirty(struct engine *engine, struct run *run);
void settle_runs(struct engine *engine);        /* records the states of dirty runs */
bool settle_is_wanted(const struct task *task); /* may a granted attempt start? */

#endif

/* Attempts that are open: granted or running. Private to this folder. */
#ifndef DATEMILL_ENGINE_OPEN_H
#define DATEMILL_ENGINE_OPEN_H

#include "scheduler/engine/engine_state.h"

/* Opens an attempt of a task that has none: takes a place of its pool and of its run's limit. */
void open_add(struct engine *engine, struct task *task, int64_t attempt_id, enum task_phase phase);

/* The attempt is gone: its places are free, the phase is none. */
void open_close(struct engine *engine, struct task *task);

/* Every change of `phase` goes through here: the counters follow it. */
void open_set_phase(struct engine *engine, struct task *task, enum task_phase phase);

/* Takes a grant back: the keeper answers with REVOKED, or the attempt has started. */
void open_revoke(struct engine *engine, struct task *task);

/* GRANT, REVOKE or STOP of the open attempt. */
void open_order(struct engine *engine, enum action_kind kind, const struct task *task);

struct task *open_find(const struct engine *engine, int64_t attempt_id); /* NULL: not open */
void open_reserve(struct engine *engine, size_t count);                  /* room for that many */

/* Whether a running attempt is to be stopped for it. */
bool open_wants_stop(enum task_wish wish);

#endif

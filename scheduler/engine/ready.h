/* The order of the ready tasks. Private to this folder. */
#ifndef DATEMILL_ENGINE_READY_H
#define DATEMILL_ENGINE_READY_H

#include "scheduler/engine/engine_state.h"

task_is_before ready_is_before;
task_is_before ready_timer_is_before;
void ready_add(struct engine *engine, struct task *task);    /* place is set by the caller */
void ready_remove(struct engine *engine, struct task *task); /* from ready or parked */

/* The best task of a pool whose run may have one more attempt, NULL if there is none. */
struct task *ready_first(struct engine *engine, struct pool *pool);
void ready_unpark(struct engine *engine, struct run *run); /* places of its limit may be free */

#endif

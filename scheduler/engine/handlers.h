/* One function per event. They return as engine_step() does, and change nothing on failure.
 * Private to this folder. */
#ifndef DATEMILL_ENGINE_HANDLERS_H
#define DATEMILL_ENGINE_HANDLERS_H

#include "scheduler/engine/engine_state.h"

int attempt_started(struct engine *engine, const struct event *event, struct error *err);
int attempt_ended(struct engine *engine, const struct event *event, struct error *err);
int attempt_revoked(struct engine *engine, const struct event *event, struct error *err);
int attempt_seen(struct engine *engine, const struct event *event, struct error *err);
int operate_stop(struct engine *engine, const struct event *event, struct error *err);
int operate_rerun(struct engine *engine, const struct event *event, struct error *err);
int operate_skip(struct engine *engine, const struct event *event, struct error *err);
int operate_mark(struct engine *engine, const struct event *event, struct error *err);
int operate_freeze(struct engine *engine, const struct event *event, struct error *err);
int operate_unfreeze(struct engine *engine, const struct event *event, struct error *err);
int run_add(struct engine *engine, const struct event_run *image, struct error *err);
int run_forget(struct engine *engine, const struct event *event, struct error *err);
void run_free(struct run *run);

#endif

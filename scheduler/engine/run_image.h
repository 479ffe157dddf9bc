/* A plan as the engine takes it.
 *
 * The image of a new run: everything waiting, but for frozen nodes and those that are not selected,
 * and every external need open. The caller sets external_open to what is really open, and for a run
 * that is restored the `restored` fields from the store. */
#ifndef DATEMILL_ENGINE_RUN_IMAGE_H
#define DATEMILL_ENGINE_RUN_IMAGE_H

#include "scheduler/base/arena.h"
#include "scheduler/engine/event.h"
#include "scheduler/plan/plan.h"

struct run_image {
    struct event_run run;
    struct event_node *nodes; /* the same as run.nodes, to be filled in */
};

/* Memory belongs to `arena`; needs and retry codes are borrowed from the plan and its flow. */
void run_image_from_plan(const struct plan *plan, int64_t run_id, struct arena *arena,
                         struct run_image *ret_image);

#endif

/* Why is it not running? What each waiting node of a run waits for, and who waits for it: from the
 * engine where one is at work, else from the store. */
#ifndef DATEMILL_COMMAND_RUN_WAITS_H
#define DATEMILL_COMMAND_RUN_WAITS_H

#include "scheduler/base/json_out.h"
#include "scheduler/command/run_waits_store.h"

#define RUN_WAITS_ENGINE_MS 2000 /* an engine that takes longer is not waited for */

/* Never fails: what cannot be known is left out. A run that is over is not asked about. */
void run_waits_find(struct context *context, const struct run_facts_nodes *run,
                    struct run_waits *ret_waits);

/* The sections WAITING and HOLDS UP; nothing when nothing waits. */
void run_waits_print(struct context *context, const struct run_waits *waits);

/* `"waiting":[{"node":…,"reasons":[…]}],"holds_up":[{"node":…,"waiters":[…]}]` */
void run_waits_write(const struct run_waits *waits, struct json_out *json);

#endif

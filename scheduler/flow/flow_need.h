/* A need as it is written: what has to be done before a node.
 *
 *     node             of this flow, in the same run
 *     flow/node        the same business date; `flow/` + `*`: all nodes of that flow
 *     …@-1             the cycle before; a node may name itself
 *     …@-1d            all instances of the business date so many days before, 1 to 366
 *     flow/node@13:00  of the instances of that date the one planned at 13:00; also `…@-1d@13:00`
 *
 * Two of them are DataWorks' cross-cycle dependencies ("previous cycle" of the node itself or of
 * another one); all instances of a day is how it lets a daily node wait for an hourly one:
 * https://help.aliyun.com/en/dataworks/user-guide/configure-cross-cycle-scheduling-dependencies */
#ifndef DATEMILL_FLOW_FLOW_NEED_H
#define DATEMILL_FLOW_FLOW_NEED_H

#include "scheduler/flow/flow.h"

#define FLOW_NEED_ALL "*" /* as the node of a need: all nodes of the flow */
#define FLOW_NEED_MAX_DAYS 366

/* Reads the text; `index` and `place` are left to the caller, and so is `flow`, which is as
 * written. Strings belong to `arena`. On failure err->column is the place in `text` (from 1) and
 * err->line the length to underline. */
int flow_need_parse(const char *text, struct arena *arena, struct flow_need *ret_need,
                    struct error *err);

bool flow_need_is_all(const struct flow_need *need);

/* Whether it is a need of the same run, so that the engine sees to it. */
bool flow_need_is_inside(const struct flow_need *need);

/* As it is written: `other/load@-1d@13:00`. */
const char *flow_need_text(const struct flow_need *need, struct arena *arena);

/* What stands behind the node: `@-1d@13:00`, "" = nothing. */
const char *flow_need_suffix(const struct flow_need *need, struct arena *arena);

#endif

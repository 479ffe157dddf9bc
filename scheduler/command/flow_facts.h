/* Short texts about a flow, for more than one command. Everything belongs to the arena given. */
#ifndef DATEMILL_COMMAND_FLOW_FACTS_H
#define DATEMILL_COMMAND_FLOW_FACTS_H

#include "scheduler/base/arena.h"
#include "scheduler/command/context.h"
#include "scheduler/flow/flow.h"

#include <stddef.h>

/* A flow as it is now; NULL where it is gone or wrong, which is said to nobody: for what is told of
 * it beside. */
const struct flow *flow_facts_present(struct context *context, const char *name);

/* `1 node`, `4 nodes`; the plural is made with an s. */
const char *flow_facts_number(struct arena *arena, size_t count, const char *noun);

/* `4 nodes, 3 tables, 1 param`; what there is none of is left out. */
const char *flow_facts_counts(const struct flow *flow, struct arena *arena);

/* `a, b@-1, other/c`: what a node needs, "" = nothing. */
const char *flow_facts_needs(const struct flow_node *node, struct arena *arena);

/* `not on 2021-11-12, a Friday (on: weekly mon)`: why a node with `on` is skipped at a planned time
 * (YYYY-MM-DDT…). */
const char *flow_facts_off_day(const struct flow_node *node, const char *cyctime,
                               struct arena *arena);

/* `file oss: event/${var}data`, as written: what a node with `wait` set waits for. */
const char *flow_facts_wait(const struct flow_node *node, struct arena *arena);

/* `daily 00:30   Asia/Shanghai`, or `none: started by hand`. */
const char *flow_facts_schedule(const struct flow *flow, struct arena *arena);

/* `9f2c1ab (clean)`, `9f2c1ab (modified)`, or the start of the content hash and why. */
const char *flow_facts_version(struct context *context, const struct flow *flow);

/* The same for programs: short commit or content hash, `+` at its end when modified. */
const char *flow_facts_version_id(struct context *context, const struct flow *flow);

/* `workflows/x.yaml:20`: a place in one of the flow's files as messages show it. */
const char *flow_facts_place(struct context *context, const struct flow *flow,
                             struct field_place place);

#endif

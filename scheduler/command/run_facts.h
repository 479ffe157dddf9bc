/* Short texts about a run and its nodes, and its JSON, for more than one command. Strings belong to
 * the context's arena. */
#ifndef DATEMILL_COMMAND_RUN_FACTS_H
#define DATEMILL_COMMAND_RUN_FACTS_H

#include "scheduler/base/json_out.h"
#include "scheduler/command/context.h"
#include "scheduler/store/view_run.h"

/* The run that argument `index` names: its number, or `latest`. An unknown one is E013, NOT_FOUND.
 * */
int run_facts_find(struct context *context, const struct options *options, size_t index,
                   struct view_run *ret_run, struct error *err);

/* `2021-11-12 02:30:00 +08:00` in the zone to be shown; "" for no time. */
const char *run_facts_time(struct context *context, const struct view_run *run, struct instant at);

/* The planned time, which is a wall time of the run's own zone: `2021-11-12 02:30 +08:00`. */
const char *run_facts_planned(struct context *context, const struct view_run *run);

/* How long it ran, until now while it is open; "" before it started. */
const char *run_facts_duration(struct context *context, struct instant started,
                               struct instant ended);

/* `sales_stat: no such column`; "" when nothing failed. */
const char *run_facts_failure(struct context *context, const struct view_run *run);

/* `3 success, 1 failed`, in the order of the states. */
const char *run_facts_counts(struct context *context, const struct view_run *run);

/* A run with its nodes and, where it can still be read, its definition. */
struct run_facts_nodes {
    struct view_run run;
    struct view_nodes nodes;
    const struct flow *flow; /* NULL = not known */
};

/* Why a node has its state, for one that waits, is blocked, failed or was touched by hand:
 * complete, one line; "" where the state says all. */
const char *run_facts_why(struct context *context, const struct run_facts_nodes *run,
                          const struct view_node *node);

/* The definition of a run from its capture; NULL when it cannot be read any more. */
const struct flow *run_facts_flow(struct context *context, struct store *store,
                                  const struct view_run *run);

/* The members of a run's object: `id flow bizdate cyctime state kind attempt version …`. */
void run_facts_write(struct context *context, const struct view_run *run, struct json_out *json);

/* key and time as RFC 3339 in the zone to be shown; null for no time. */
void run_facts_write_time(struct context *context, const struct view_run *run, const char *key,
                          struct instant at, struct json_out *json);

#endif

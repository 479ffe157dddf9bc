/* A backfill that a command names, and short texts about it. Strings belong to the context's arena.
 */
#ifndef DATEMILL_COMMAND_BACKFILL_FACTS_H
#define DATEMILL_COMMAND_BACKFILL_FACTS_H

#include "scheduler/base/json_out.h"
#include "scheduler/command/backfill_view.h"
#include "scheduler/command/context.h"
#include "scheduler/store/view_backfill.h"

struct backfill_facts {
    struct view_backfill of;
    const struct zone *zone;  /* of its flow, or of --tz */
    bool has_times;           /* a date has several planned times */
    struct duration per_date; /* median of what it finished, or of its flow; 0 = unknown */
};

/* The one that argument `index` names: its number, or `latest`. An unknown one is E015, NOT_FOUND,
 * marked. */
int backfill_facts_find(struct context *context, const struct options *options, size_t index,
                        struct backfill_facts *ret_facts, struct error *err);

/* Times of a flow are shown in its own zone: `flow` NULL = that of the project. */
const struct zone *backfill_facts_zone(struct context *context, const struct flow *flow);

/* Whether it is running or paused. */
bool backfill_facts_is_open(const struct view_backfill *backfill);

/* Why it is in its state; of one that is to run, that no engine is there to do it. "" = nothing. */
const char *backfill_facts_reason(struct context *context, const struct view_backfill *backfill);

/* Dates that are to run or ran, and those of them that ended. */
int64_t backfill_facts_total(const struct view_backfill *backfill);
int64_t backfill_facts_done(const struct view_backfill *backfill);

/* `214 success, 1 failed, 91 waiting`, in the order of the states; "" = none. */
const char *backfill_facts_counts(const struct view_backfill *backfill, struct arena *arena);

/* `2021-11-22 10:31`, "" for no time. */
const char *backfill_facts_time(const struct zone *zone, struct instant at, struct arena *arena);

/* The members of a backfill's object: `id flow state …`. */
void backfill_facts_write(const struct view_backfill *backfill, const struct zone *zone,
                          struct json_out *json);

#endif

/* The plan of a backfill as people read it, and as JSON. Pure. */
#ifndef DATEMILL_COMMAND_BACKFILL_PLAN_TEXT_H
#define DATEMILL_COMMAND_BACKFILL_PLAN_TEXT_H

#include "scheduler/command/terminal.h"
#include "scheduler/daemon/backfill_downstream.h"
#include "scheduler/daemon/backfill_plan.h"

struct backfill_plan_text {
    const struct terminal *terminal;
    const struct backfill_wish *wish;
    const struct backfill_plan *plan;
    const struct backfill_downstream *downstream; /* NULL: it was not asked for */
    bool has_dates;                               /* each date with its reason, too */
};

/* Appends
 *
 *     plan: smartrm_study, 315 dates, 2021-01-01 … 2021-11-11 (both included)
 *       keep    9 already green   2021-11-01 … 2021-11-03, 2021-11-05 … 2021-11-10
 *       …
 *       order oldest first, 4 at a time, about 1h 14m (median 58s per date)
 *
 * then the same of each flow downstream, below `downstream: report, which needs smartrm_study`. */
void backfill_plan_text_people(const struct backfill_plan_text *of, struct text *text);

/* Appends a line for each date: what is done with it, and why. */
void backfill_plan_text_dates(const struct backfill_plan_text *of, struct text *text);

/* Appends {"schema":1,"flow":…,"plan":{…}} and a newline; with `downstream` a list of the others,
 * `"downstream":[{"flow":…,"needs":"smartrm_study","plan":{…}},…]`. */
void backfill_plan_text_json(const struct backfill_plan_text *of, struct text *text);

/* `oldest first, 4 at a time` */
const char *backfill_plan_text_order(bool is_descending, int64_t parallel, struct arena *arena);

#endif

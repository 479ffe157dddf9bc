/* A backfill before it is made: what a page and the API show first, and what is then asked of the
 * engine. The same plan as of `datemill backfill --dry-run`. */
#ifndef DATEMILL_WEB_ACTION_BACKFILL_PREVIEW_H
#define DATEMILL_WEB_ACTION_BACKFILL_PREVIEW_H

#include "scheduler/daemon/backfill_plan.h"
#include "scheduler/daemon/notice.h"
#include "web/site/visit.h"

#define BACKFILL_PREVIEW_MAX_DATES 20000 /* planned times; longer ones are for the command line */
#define BACKFILL_PREVIEW_MAX_PARALLEL 1000

/* As it was typed. Strings may be NULL or "" where nothing was given. */
struct backfill_ask {
    const char *flow;
    const char *range; /* words of plan_dates.h: `2021-11-01..2021-11-11 2021-12` */
    bool only_weekdays;
    const char *redo; /* never, failed, always; none: failed */
    bool is_descending;
    int32_t parallel; /* dates at once; 0 = the project's slots */
    int32_t max_failures;
    const char *selection; /* `+sales_stat,!x` */
    const char *reason;
    const struct node_setting *vars;
    size_t var_count;
    const char *plan_hash; /* of the preview that was seen; "" = whatever the plan is now */
    const char *key;       /* the same ask again with the same key finds its backfill; "" = none */
};

/* Everything belongs to the visit's arena, but for `plan`. */
struct backfill_preview {
    const struct backfill_ask *ask;
    const struct flow *flow;
    struct plan_dates dates;
    struct backfill_wish wish;
    struct backfill_plan *plan;
    char hash[BACKFILL_PLAN_HASH_BYTES];
};

/* Fails with USAGE (E020 a range, E021 redo), NOT_FOUND, INVALID and what backfill_plan_make() says
 * of its own. The caller frees with backfill_preview_free(). */
int backfill_preview_make(struct visit *visit, const struct backfill_ask *ask,
                          struct backfill_preview *ret_preview, struct error *err);
void backfill_preview_free(struct backfill_preview *preview); /* a zeroed one is fine */

/* The request to the engine (engine_call.h), of REQUEST_KIND_BACKFILL. */
void backfill_preview_request(struct visit *visit, const struct backfill_preview *preview,
                              struct request *ret_request);

#endif

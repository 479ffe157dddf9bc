/* Rows as JSON, with the same members on the command line (`--json`) and in the API: a contract.
 * Instants are RFC 3339 in the zone given, null where there is none. */
#ifndef DATEMILL_STORE_VIEW_JSON_H
#define DATEMILL_STORE_VIEW_JSON_H

#include "scheduler/base/json_out.h"
#include "scheduler/base/zone.h"
#include "scheduler/store/view_backfill.h"
#include "scheduler/store/view_run.h"

struct view_json {
    struct json_out *out;
    const struct zone *zone; /* of the times that are shown */
    struct instant now;      /* until which what has not ended lasts */
};

void view_json_time(const struct view_json *json, const char *key, struct instant at);
void view_json_text(const struct view_json *json, const char *key,
                    const char *text); /* "" = null */

/* The members of a run's object: `id flow bizdate cyctime state kind attempt version …`. */
void view_json_run(const struct view_json *json, const struct view_run *run);

/* The members of an attempt's: `id node try state …`. */
void view_json_attempt(const struct view_json *json, const struct view_attempt *attempt);

/* Members `commit … files`, `params`, `tables` and `outputs`, `operations` of one run. */
void view_json_version(const struct view_json *json, const struct view_details *details,
                       const struct view_files *files);
void view_json_params(const struct view_json *json, const struct view_details *details);
void view_json_written(const struct view_json *json, const struct view_details *details);
void view_json_operations(const struct view_json *json, const struct view_operation *operations,
                          size_t count);

/* The members of a backfill's: `id flow state …`; its dates that are to run or ran, and those of
 * them that ended. */
void view_json_backfill(const struct view_json *json, const struct view_backfill *backfill);
int64_t view_backfill_total(const struct view_backfill *backfill);
int64_t view_backfill_done(const struct view_backfill *backfill);

/* "running" for one that is open. */
const char *view_date_state_name(enum date_state state);

/* The members of one of its dates. */
void view_json_date(const struct view_json *json, const struct view_date_run *date);

#endif

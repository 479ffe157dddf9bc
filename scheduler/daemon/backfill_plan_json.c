#include "scheduler/base/json_out.h"
#include "scheduler/daemon/backfill_plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HASH_START UINT64_C(14695981039346656037)
#define HASH_FACTOR UINT64_C(1099511628211)
#define SHOWN_DATE_BYTES 40

/* ---- the hash ---- */

/* With the NUL, so that `a`, `bc` is not `ab`, `c`. */
static uint64_t mix(uint64_t hash, const char *text)
{
    const char *at = text == NULL ? "" : text;
    do {
        hash = (hash ^ (unsigned char)*at) * HASH_FACTOR;
    } while (*at++ != '\0');
    return hash;
}

const char *backfill_plan_hash(const struct backfill_wish *wish, const struct backfill_plan *plan,
                               char buffer[BACKFILL_PLAN_HASH_BYTES])
{
    uint64_t hash = mix(HASH_START, wish->flow->name);
    hash = mix(hash, wish->flow->hash);
    hash = mix(hash, wish->selection);
    hash = mix(hash, wish->is_descending ? "desc" : "asc");
    for (size_t i = 0; i < wish->var_count; i++)
        hash = mix(mix(hash, wish->vars[i].name), wish->vars[i].text);
    for (size_t i = 0; i < plan->count; i++) {
        const struct store_date *date = &plan->dates[i];
        hash = mix(mix(hash, date->bizdate), date->cyctime);
        hash = mix(mix(hash, date->is_second ? "2" : ""), date_decision_name(date->decision));
    }
    snprintf(buffer, BACKFILL_PLAN_HASH_BYTES, "%016" PRIx64, hash);
    return buffer;
}

/* ---- the object ---- */

bool backfill_plan_has_times(const struct backfill_plan *plan)
{
    for (size_t i = 1; i < plan->count; i++) {
        if (strcmp(plan->dates[i - 1].bizdate, plan->dates[i].bizdate) == 0)
            return true;
    }
    return false;
}

static void write_dates(const struct backfill_plan *plan, enum date_decision decision,
                        const char *key, struct json_out *json)
{
    bool has_times = backfill_plan_has_times(plan);
    json_out_key(json, key);
    json_out_begin_array(json);
    for (size_t i = 0; i < plan->count; i++) {
        const struct store_date *date = &plan->dates[i];
        char shown[SHOWN_DATE_BYTES];
        if (date->decision != decision)
            continue;
        bool is_timed = has_times && strlen(date->cyctime) >= 16;
        snprintf(shown, sizeof shown, "%s%s%.5s", date->bizdate, is_timed ? "T" : "",
                 is_timed ? date->cyctime + 11 : "");
        if (decision != DATE_CONFLICT) {
            json_out_string(json, shown);
            continue;
        }
        json_out_begin_object(json);
        json_out_pair_string(json, "date", shown);
        json_out_pair_int(json, "run", date->run_id);
        json_out_end_object(json);
    }
    json_out_end_array(json);
}

void backfill_plan_write(const struct backfill_wish *wish, const struct backfill_plan *plan,
                         struct json_out *json)
{
    json_out_begin_object(json);
    json_out_pair_int(json, "dates", (int64_t)wish->dates->count);
    write_dates(plan, DATE_RUN, "run", json);
    write_dates(plan, DATE_REDO, "redo", json);
    write_dates(plan, DATE_KEEP, "keep", json);
    write_dates(plan, DATE_CONFLICT, "conflicts", json);
    write_dates(plan, DATE_NONE, "none", json);
    json_out_pair_string(json, "order", wish->is_descending ? "desc" : "asc");
    json_out_pair_int(json, "parallel", wish->parallel);
    json_out_key(json, "estimate_ms");
    if (plan->samples > 0)
        json_out_int(json, plan->estimate.us / 1000);
    else
        json_out_null(json);
    json_out_key(json, "shared_tables");
    json_out_begin_array(json);
    for (size_t i = 0; i < plan->shared_table_count; i++)
        json_out_string(json, plan->shared_tables[i]);
    json_out_end_array(json);
    json_out_end_object(json);
}

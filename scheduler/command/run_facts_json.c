#include "scheduler/command/run_facts.h"

#include "scheduler/system/clock.h"

void run_facts_write_time(struct context *context, const struct view_run *run, const char *key,
                          struct instant at, struct json_out *json)
{
    char text[ZONE_RFC3339_BYTES];
    const struct zone *zone = context_shown_zone(context, run->zone);
    json_out_pair_string(json, key, at.us != 0 ? zone_format_rfc3339(zone, at, text) : NULL);
}

static void write_duration(const struct view_run *run, struct json_out *json)
{
    json_out_key(json, "duration_ms");
    if (run->started_at.us == 0) {
        json_out_null(json);
        return;
    }
    struct instant until = run->ended_at.us != 0 ? run->ended_at : clock_now();
    json_out_int(json, instant_elapsed(run->started_at, until).us / 1000);
}

static void write_failure(const struct view_run *run, struct json_out *json)
{
    const struct view_failure *failure = &run->failure;
    json_out_key(json, "error");
    if (failure->node[0] == '\0') {
        json_out_null(json);
        return;
    }
    json_out_begin_object(json);
    json_out_pair_string(json, "node", failure->node);
    json_out_pair_string(json, "code", failure->code[0] != '\0' ? failure->code : NULL);
    json_out_pair_string(json, "text", failure->text);
    json_out_end_object(json);
}

void run_facts_write(struct context *context, const struct view_run *run, struct json_out *json)
{
    json_out_pair_int(json, "id", run->id);
    json_out_pair_string(json, "flow", run->flow);
    json_out_pair_string(json, "bizdate", run->bizdate);
    json_out_pair_string(json, "cyctime", run->cyctime);
    json_out_pair_bool(json, "second", run->is_second);
    json_out_pair_string(json, "timezone", run->zone);
    json_out_pair_string(json, "state", run_state_name(run->state));
    json_out_pair_string(json, "kind", store_run_kind_name(run->kind));
    json_out_pair_int(json, "attempt", run->opening);
    json_out_pair_string(json, "trigger", run->trigger);
    json_out_pair_string(json, "version", run->version);
    json_out_pair_string(json, "hold",
                         run->hold != RUN_HOLD_NONE ? run_hold_name(run->hold) : NULL);
    run_facts_write_time(context, run, "created_at", run->created_at, json);
    run_facts_write_time(context, run, "queued_at", run->queued_at, json);
    run_facts_write_time(context, run, "started_at", run->started_at, json);
    run_facts_write_time(context, run, "ended_at", run->ended_at, json);
    write_duration(run, json);
    json_out_key(json, "nodes");
    json_out_begin_object(json);
    for (int state = 0; state < TASK_STATE_COUNT; state++) {
        if (run->counts[state] > 0)
            json_out_pair_int(json, task_state_name((enum task_state)state), run->counts[state]);
    }
    json_out_end_object(json);
    write_failure(run, json);
}

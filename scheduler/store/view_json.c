#include "scheduler/store/view_json.h"

void view_json_time(const struct view_json *json, const char *key, struct instant at)
{
    char text[ZONE_RFC3339_BYTES];
    bool has_time = at.us != 0 && !instant_is_never(at);
    json_out_pair_string(json->out, key,
                         has_time ? zone_format_rfc3339(json->zone, at, text) : NULL);
}

void view_json_text(const struct view_json *json, const char *key, const char *text)
{
    json_out_pair_string(json->out, key, text[0] != '\0' ? text : NULL);
}

static void write_duration(const struct view_json *json, struct instant started,
                           struct instant ended)
{
    json_out_key(json->out, "duration_ms");
    if (started.us == 0)
        json_out_null(json->out);
    else
        json_out_int(json->out,
                     instant_elapsed(started, ended.us != 0 ? ended : json->now).us / 1000);
}

static void write_failure(const struct view_json *json, const struct view_failure *failure)
{
    json_out_key(json->out, "error");
    if (failure->node[0] == '\0') {
        json_out_null(json->out);
        return;
    }
    json_out_begin_object(json->out);
    json_out_pair_string(json->out, "node", failure->node);
    view_json_text(json, "code", failure->code);
    json_out_pair_string(json->out, "text", failure->text);
    json_out_end_object(json->out);
}

void view_json_run(const struct view_json *json, const struct view_run *run)
{
    struct json_out *out = json->out;
    json_out_pair_int(out, "id", run->id);
    json_out_pair_string(out, "flow", run->flow);
    json_out_pair_string(out, "bizdate", run->bizdate);
    json_out_pair_string(out, "cyctime", run->cyctime);
    json_out_pair_bool(out, "second", run->is_second);
    json_out_pair_string(out, "timezone", run->zone);
    json_out_pair_string(out, "state", run_state_name(run->state));
    json_out_pair_string(out, "kind", store_run_kind_name(run->kind));
    json_out_pair_int(out, "attempt", run->opening);
    json_out_pair_string(out, "trigger", run->trigger);
    json_out_pair_string(out, "version", run->version);
    json_out_pair_string(out, "hold", run->hold != RUN_HOLD_NONE ? run_hold_name(run->hold) : NULL);
    view_json_time(json, "created_at", run->created_at);
    view_json_time(json, "queued_at", run->queued_at);
    view_json_time(json, "started_at", run->started_at);
    view_json_time(json, "ended_at", run->ended_at);
    write_duration(json, run->started_at, run->ended_at);
    json_out_key(out, "nodes");
    json_out_begin_object(out);
    for (int state = 0; state < TASK_STATE_COUNT; state++) {
        if (run->counts[state] > 0)
            json_out_pair_int(out, task_state_name((enum task_state)state), run->counts[state]);
    }
    json_out_end_object(out);
    write_failure(json, &run->failure);
}

void view_json_attempt(const struct view_json *json, const struct view_attempt *attempt)
{
    struct json_out *out = json->out;
    bool is_ended = attempt->state == ATTEMPT_ENDED;
    json_out_pair_int(out, "id", attempt->id);
    json_out_pair_string(out, "node", attempt->node_name);
    json_out_pair_int(out, "try", attempt->number);
    json_out_pair_string(out, "state", attempt_state_name(attempt->state));
    json_out_pair_string(out, "end", is_ended ? attempt_end_name(attempt->outcome.end) : NULL);
    json_out_pair_int(out, "code", attempt->outcome.code);
    view_json_text(json, "reason", attempt->reason);
    json_out_pair_string(out, "executor", attempt->executor);
    view_json_time(json, "started_at", attempt->started_at);
    view_json_time(json, "ended_at", attempt->ended_at);
    json_out_pair_int(out, "pid", attempt->pid);
    json_out_pair_int(out, "cpu_ms", attempt->cpu.us / 1000);
    json_out_pair_int(out, "peak_bytes", attempt->peak_bytes);
    json_out_pair_string(out, "log", attempt->log_path);
    json_out_pair_int(out, "log_bytes", attempt->log_bytes);
    json_out_pair_int(out, "log_lost_bytes", attempt->log_lost_bytes);
    json_out_pair_int(out, "leftovers", attempt->leftovers);
    json_out_pair_string(out, "text", attempt->text_hash);
}

void view_json_params(const struct view_json *json, const struct view_details *details)
{
    struct json_out *out = json->out;
    json_out_key(out, "params");
    json_out_begin_array(out);
    for (size_t i = 0; i < details->param_count; i++) {
        const struct store_param *param = &details->params[i];
        bool is_own = param->node != NULL && param->node[0] != '\0';
        json_out_begin_object(out);
        json_out_pair_string(out, "name", param->name);
        json_out_pair_string(out, "value", param->value);
        json_out_pair_string(out, "written", param->written);
        json_out_pair_string(out, "node", is_own ? param->node : NULL);
        json_out_pair_bool(out, "overridden", param->is_overridden);
        json_out_end_object(out);
    }
    json_out_end_array(out);
}

static void write_outputs(struct json_out *out, const struct view_details *details)
{
    json_out_key(out, "outputs");
    json_out_begin_array(out);
    for (size_t i = 0; i < details->output_count; i++) {
        json_out_begin_object(out);
        json_out_pair_string(out, "node", details->outputs[i].node_name);
        json_out_pair_string(out, "name", details->outputs[i].name);
        json_out_pair_string(out, "value", details->outputs[i].text);
        json_out_end_object(out);
    }
    json_out_end_array(out);
}

void view_json_written(const struct view_json *json, const struct view_details *details)
{
    struct json_out *out = json->out;
    json_out_key(out, "tables");
    json_out_begin_array(out);
    for (size_t i = 0; i < details->table_count; i++) {
        const struct view_written *written = &details->tables[i];
        json_out_begin_object(out);
        json_out_pair_string(out, "node", written->node_name);
        json_out_pair_string(out, "table", written->table.table);
        json_out_pair_string(out, "partition", written->table.partition);
        json_out_pair_string(out, "mode", written->table.mode);
        json_out_pair_int(out, "rows", written->table.rows);
        json_out_end_object(out);
    }
    json_out_end_array(out);
    write_outputs(out, details);
}

void view_json_operations(const struct view_json *json, const struct view_operation *operations,
                          size_t count)
{
    struct json_out *out = json->out;
    json_out_key(out, "operations");
    json_out_begin_array(out);
    for (size_t i = 0; i < count; i++) {
        const struct view_operation *operation = &operations[i];
        json_out_begin_object(out);
        json_out_pair_string(out, "kind", store_operation_kind_name(operation->kind));
        view_json_time(json, "at", operation->at);
        json_out_pair_string(out, "who", operation->who);
        json_out_pair_string(out, "detail", operation->detail);
        view_json_text(json, "node", operation->node_name);
        json_out_pair_string(out, "reason", operation->reason);
        json_out_end_object(out);
    }
    json_out_end_array(out);
}

void view_json_version(const struct view_json *json, const struct view_details *details,
                       const struct view_files *files)
{
    struct json_out *out = json->out;
    view_json_text(json, "commit", details->commit);
    json_out_pair_bool(out, "dirty", details->is_dirty);
    json_out_pair_string(out, "hash", details->hash);
    view_json_text(json, "version_note", details->version_note);
    json_out_key(out, "files");
    json_out_begin_array(out);
    for (size_t i = 0; i < files->count; i++) {
        json_out_begin_object(out);
        json_out_pair_string(out, "path", files->items[i].path);
        json_out_pair_string(out, "blob", files->items[i].hash);
        json_out_end_object(out);
    }
    json_out_end_array(out);
}

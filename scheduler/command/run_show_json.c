#include "scheduler/command/run_show_json.h"

#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/command/run_facts.h"

static void write_nodes(struct context *context, const struct run_show *show, struct json_out *json)
{
    json_out_key(json, "node_list");
    json_out_begin_array(json);
    for (size_t i = 0; i < show->of.nodes.count; i++) {
        const struct view_node *node = &show->of.nodes.items[i];
        const char *why = run_facts_why(context, &show->of, node);
        json_out_begin_object(json);
        json_out_pair_string(json, "name", node->name);
        json_out_pair_string(json, "type", node->type);
        json_out_pair_string(json, "state", task_state_name(node->state));
        json_out_pair_string(json, "why", why[0] != '\0' ? why : NULL);
        json_out_pair_bool(json, "selected", node->is_selected);
        json_out_pair_int(json, "attempts", node->attempts);
        run_facts_write_time(context, &show->of.run, "started_at", node->started_at, json);
        run_facts_write_time(context, &show->of.run, "ended_at", node->ended_at, json);
        json_out_end_object(json);
    }
    json_out_end_array(json);
}

static void write_attempts(struct context *context, const struct run_show *show,
                           struct json_out *json)
{
    json_out_key(json, "attempts");
    json_out_begin_array(json);
    for (size_t i = 0; i < show->attempts.count; i++) {
        const struct view_attempt *attempt = &show->attempts.items[i];
        bool is_ended = attempt->state == ATTEMPT_ENDED;
        json_out_begin_object(json);
        json_out_pair_int(json, "id", attempt->id);
        json_out_pair_string(json, "node", attempt->node_name);
        json_out_pair_int(json, "try", attempt->number);
        json_out_pair_string(json, "state", attempt_state_name(attempt->state));
        json_out_pair_string(json, "end", is_ended ? attempt_end_name(attempt->outcome.end) : NULL);
        json_out_pair_int(json, "code", attempt->outcome.code);
        json_out_pair_string(json, "reason", attempt->reason[0] != '\0' ? attempt->reason : NULL);
        json_out_pair_string(json, "executor", attempt->executor);
        run_facts_write_time(context, &show->of.run, "started_at", attempt->started_at, json);
        run_facts_write_time(context, &show->of.run, "ended_at", attempt->ended_at, json);
        json_out_pair_int(json, "pid", attempt->pid);
        json_out_pair_int(json, "cpu_ms", attempt->cpu.us / 1000);
        json_out_pair_int(json, "peak_bytes", attempt->peak_bytes);
        json_out_pair_string(json, "log", attempt->log_path);
        json_out_pair_int(json, "log_bytes", attempt->log_bytes);
        json_out_pair_int(json, "log_lost_bytes", attempt->log_lost_bytes);
        json_out_pair_int(json, "leftovers", attempt->leftovers);
        json_out_pair_string(json, "text", attempt->text_hash);
        json_out_end_object(json);
    }
    json_out_end_array(json);
}

static void write_params(const struct view_details *details, struct json_out *json)
{
    json_out_key(json, "params");
    json_out_begin_array(json);
    for (size_t i = 0; i < details->param_count; i++) {
        const struct store_param *param = &details->params[i];
        bool is_own = param->node != NULL && param->node[0] != '\0';
        json_out_begin_object(json);
        json_out_pair_string(json, "name", param->name);
        json_out_pair_string(json, "value", param->value);
        json_out_pair_string(json, "written", param->written);
        json_out_pair_string(json, "node", is_own ? param->node : NULL);
        json_out_pair_bool(json, "overridden", param->is_overridden);
        json_out_end_object(json);
    }
    json_out_end_array(json);
}

static void write_tables(const struct view_details *details, struct json_out *json)
{
    json_out_key(json, "tables");
    json_out_begin_array(json);
    for (size_t i = 0; i < details->table_count; i++) {
        const struct view_written *written = &details->tables[i];
        json_out_begin_object(json);
        json_out_pair_string(json, "node", written->node_name);
        json_out_pair_string(json, "table", written->table.table);
        json_out_pair_string(json, "partition", written->table.partition);
        json_out_pair_string(json, "mode", written->table.mode);
        json_out_pair_int(json, "rows", written->table.rows);
        json_out_end_object(json);
    }
    json_out_end_array(json);
    json_out_key(json, "outputs");
    json_out_begin_array(json);
    for (size_t i = 0; i < details->output_count; i++) {
        json_out_begin_object(json);
        json_out_pair_string(json, "node", details->outputs[i].node_name);
        json_out_pair_string(json, "name", details->outputs[i].name);
        json_out_pair_string(json, "value", details->outputs[i].text);
        json_out_end_object(json);
    }
    json_out_end_array(json);
}

static void write_operations(struct context *context, const struct run_show *show,
                             struct json_out *json)
{
    json_out_key(json, "operations");
    json_out_begin_array(json);
    for (size_t i = 0; i < show->details.operation_count; i++) {
        const struct view_operation *operation = &show->details.operations[i];
        json_out_begin_object(json);
        json_out_pair_string(json, "kind", store_operation_kind_name(operation->kind));
        run_facts_write_time(context, &show->of.run, "at", operation->at, json);
        json_out_pair_string(json, "who", operation->who);
        json_out_pair_string(json, "detail", operation->detail);
        json_out_pair_string(json, "node",
                             operation->node_name[0] != '\0' ? operation->node_name : NULL);
        json_out_pair_string(json, "reason", operation->reason);
        json_out_end_object(json);
    }
    json_out_end_array(json);
}

static void write_version(const struct run_show *show, struct json_out *json)
{
    const struct view_details *details = &show->details;
    json_out_pair_string(json, "commit", details->commit[0] != '\0' ? details->commit : NULL);
    json_out_pair_bool(json, "dirty", details->is_dirty);
    json_out_pair_string(json, "hash", details->hash);
    json_out_pair_string(json, "version_note",
                         details->version_note[0] != '\0' ? details->version_note : NULL);
    json_out_key(json, "files");
    json_out_begin_array(json);
    for (size_t i = 0; i < show->files.count; i++) {
        json_out_begin_object(json);
        json_out_pair_string(json, "path", show->files.items[i].path);
        json_out_pair_string(json, "blob", show->files.items[i].hash);
        json_out_end_object(json);
    }
    json_out_end_array(json);
}

void run_show_print_json(struct context *context, const struct run_show *show)
{
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_int(&json, "schema", 1);
    run_facts_write(context, &show->of.run, &json);
    json_out_pair_string(&json, "reason", show->details.reason);
    json_out_pair_string(&json, "selection", show->details.selection);
    write_version(show, &json);
    write_params(&show->details, &json);
    write_nodes(context, show, &json);
    write_attempts(context, show, &json);
    write_tables(&show->details, &json);
    write_operations(context, show, &json);
    run_waits_write(&show->waits, &json);
    json_out_end_object(&json);
    terminal_print(context->out, "%s\n", text_string(&text));
}

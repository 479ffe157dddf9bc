#include "scheduler/command/run_show_json.h"

#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/command/run_facts.h"
#include "scheduler/command/run_starts.h"
#include "scheduler/store/view_json.h"
#include "scheduler/system/clock.h"

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

static void write_attempts(const struct view_json *json, const struct run_show *show)
{
    const struct view_attempts *attempts = &show->attempts;
    json_out_key(json->out, "attempts");
    json_out_begin_array(json->out);
    for (size_t i = 0; i < attempts->count; i++) {
        json_out_begin_object(json->out);
        view_json_attempt(json, &attempts->items[i]);
        run_starts_write(&show->starts, attempts->items[i].id, json->zone, json->out);
        json_out_end_object(json->out);
    }
    json_out_end_array(json->out);
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
    struct view_json of = {
        .out = &json, .zone = context_shown_zone(context, show->of.run.zone), .now = clock_now()};
    view_json_version(&of, &show->details, &show->files);
    view_json_params(&of, &show->details);
    write_nodes(context, show, &json);
    write_attempts(&of, show);
    view_json_written(&of, &show->details);
    view_json_operations(&of, show->details.operations, show->details.operation_count);
    run_waits_write(&show->waits, &json);
    json_out_end_object(&json);
    terminal_print(context->out, "%s\n", text_string(&text));
}

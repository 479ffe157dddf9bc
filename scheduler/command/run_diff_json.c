#include "scheduler/command/run_diff.h"

#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/command/run_facts.h"

static void write_run(struct context *context, const char *key, const struct run_diff_side *side,
                      struct json_out *json)
{
    json_out_key(json, key);
    json_out_begin_object(json);
    run_facts_write(context, &side->run, json);
    json_out_end_object(json);
}

static void write_facts(const struct run_diff *diff, struct json_out *json)
{
    json_out_key(json, "facts");
    json_out_begin_array(json);
    for (size_t i = 0; i < diff->fact_count; i++) {
        const struct run_diff_fact *fact = &diff->facts[i];
        if (run_diff_is_same(fact->a, fact->b))
            continue;
        json_out_begin_object(json);
        json_out_pair_string(json, "name", fact->name);
        json_out_pair_string(json, "a", fact->a);
        json_out_pair_string(json, "b", fact->b);
        json_out_end_object(json);
    }
    json_out_end_array(json);
}

static void write_params(const struct run_diff *diff, struct json_out *json)
{
    json_out_key(json, "params");
    json_out_begin_array(json);
    for (size_t i = 0; i < diff->param_count; i++) {
        const struct run_diff_param *param = &diff->params[i];
        json_out_begin_object(json);
        json_out_pair_string(json, "name", param->name);
        json_out_pair_string(json, "node", param->node[0] != '\0' ? param->node : NULL);
        json_out_pair_string(json, "a", param->a);
        json_out_pair_string(json, "b", param->b);
        json_out_pair_string(json, "how_a", param->how_a);
        json_out_pair_string(json, "how_b", param->how_b);
        json_out_end_object(json);
    }
    json_out_end_array(json);
}

static void write_texts(const char *key, const char *name, const struct run_diff_text *texts,
                        size_t count, struct json_out *json)
{
    json_out_key(json, key);
    json_out_begin_array(json);
    for (size_t i = 0; i < count; i++) {
        json_out_begin_object(json);
        json_out_pair_string(json, name, texts[i].name);
        json_out_pair_string(json, "a", texts[i].hash_a);
        json_out_pair_string(json, "b", texts[i].hash_b);
        json_out_pair_string(json, "diff", texts[i].diff);
        json_out_end_object(json);
    }
    json_out_end_array(json);
}

static void write_took(const char *key, struct duration took, bool is_there, struct json_out *json)
{
    json_out_key(json, key);
    if (is_there)
        json_out_int(json, took.us / 1000);
    else
        json_out_null(json);
}

static void write_node_side(const char *key, const struct view_node *node, struct duration took,
                            struct json_out *json)
{
    json_out_key(json, key);
    if (node == NULL) {
        json_out_null(json);
        return;
    }
    json_out_begin_object(json);
    json_out_pair_string(json, "type", node->type);
    json_out_pair_string(json, "state", task_state_name(node->state));
    json_out_pair_int(json, "attempts", node->attempts);
    write_took("duration_ms", took, took.us >= 0, json);
    json_out_end_object(json);
}

static void write_nodes(const struct run_diff *diff, struct json_out *json)
{
    json_out_key(json, "nodes");
    json_out_begin_array(json);
    for (size_t i = 0; i < diff->node_count; i++) {
        const struct run_diff_node *node = &diff->nodes[i];
        json_out_begin_object(json);
        json_out_pair_string(json, "name", node->name);
        json_out_pair_bool(json, "same", run_diff_is_same_node(node));
        write_node_side("a", node->a, node->took_a, json);
        write_node_side("b", node->b, node->took_b, json);
        write_took("difference_ms", (struct duration){node->took_b.us - node->took_a.us},
                   node->took_a.us >= 0 && node->took_b.us >= 0, json);
        json_out_end_object(json);
    }
    json_out_end_array(json);
}

static void write_table_side(const char *key, const char *part, int64_t rows, struct json_out *json)
{
    json_out_key(json, key);
    if (part == NULL) {
        json_out_null(json);
        return;
    }
    json_out_begin_object(json);
    json_out_pair_string(json, "partition", part);
    json_out_pair_int(json, "rows", rows);
    json_out_end_object(json);
}

static void write_tables(const struct run_diff *diff, struct json_out *json)
{
    json_out_key(json, "tables");
    json_out_begin_array(json);
    for (size_t i = 0; i < diff->table_count; i++) {
        const struct run_diff_table *table = &diff->tables[i];
        json_out_begin_object(json);
        json_out_pair_string(json, "node", table->node);
        json_out_pair_string(json, "table", table->table);
        write_table_side("a", table->part_a, table->rows_a, json);
        write_table_side("b", table->part_b, table->rows_b, json);
        json_out_end_object(json);
    }
    json_out_end_array(json);
}

void run_diff_print_json(struct context *context, const struct run_diff_side *a,
                         const struct run_diff_side *b, const struct run_diff *diff)
{
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_int(&json, "schema", 1);
    write_run(context, "a", a, &json);
    write_run(context, "b", b, &json);
    json_out_pair_bool(&json, "same_flow", diff->is_same_flow);
    write_facts(diff, &json);
    write_params(diff, &json);
    write_nodes(diff, &json);
    write_tables(diff, &json);
    write_texts("files", "path", diff->files, diff->file_count, &json);
    write_texts("texts", "node", diff->texts, diff->text_count, &json);
    json_out_end_object(&json);
    terminal_print(context->out, "%s\n", text_string(&text));
}

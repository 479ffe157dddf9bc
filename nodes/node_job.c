#include "nodes/node_job.h"

#include <string.h>

void node_job_begin(struct json_out *json, const struct node_facts *facts)
{
    json_out_begin_object(json);
    json_out_pair_string(json, "state_dir", facts->state_dir);
    json_out_pair_string(json, "project_dir", facts->project_dir);
    json_out_pair_int(json, "run", facts->run_id);
    json_out_pair_string(json, "flow", facts->flow);
    json_out_pair_string(json, "node", facts->node);
    json_out_pair_int(json, "attempt", facts->attempt);
    json_out_pair_int(json, "attempt_id", facts->attempt_id);
    json_out_pair_string(json, "commit", facts->version == NULL ? "" : facts->version);
    json_out_pair_string(json, "bizdate", facts->bizdate);
    json_out_pair_string(json, "cyctime", facts->cyctime);
    json_out_key(json, "tables");
    json_out_begin_array(json);
    for (size_t i = 0; i < facts->table_count; i++) {
        json_out_begin_object(json);
        json_out_pair_string(json, "file", facts->tables[i].path);
        json_out_pair_string(json, "sql", facts->tables[i].sql);
        json_out_end_object(json);
    }
    json_out_end_array(json);
    json_out_pair_string(json, "reject_file", facts->reject_file);
}

const char *node_job_place(const struct node_values *values, struct field_place place,
                           struct arena *arena)
{
    return arena_format(arena, "%s:%u:%u", values->file_names[place.file], place.line,
                        place.column);
}

struct node_command node_job_command(const struct node_facts *facts, const char *program,
                                     const struct text *job, struct arena *arena)
{
    const char **arguments = arena_array(arena, 2, sizeof *arguments);
    arguments[0] = arena_format(arena, "%s/%s", facts->libexec_dir, program);
    return (struct node_command){.program = arguments[0],
                                 .arguments = arguments,
                                 .folder = arena_copy_string(arena, facts->flow_dir),
                                 .input = arena_copy(arena, text_string(job), job->length),
                                 .input_length = job->length,
                                 .shown_text = ""};
}

const struct node_environment *node_job_environment(const struct node_facts *facts,
                                                    struct arena *arena, size_t *ret_count)
{
    const struct node_environment own[] = {
        {.name = "DATEMILL_BIZDATE", .text = facts->bizdate},
        {.name = "DATEMILL_CYCTIME", .text = facts->cyctime},
        {.name = "DATEMILL_RUN_ID", .text = arena_format(arena, "%lld", (long long)facts->run_id)},
        {.name = "DATEMILL_FLOW", .text = facts->flow},
        {.name = "DATEMILL_NODE", .text = facts->node},
        {.name = "DATEMILL_ATTEMPT", .text = arena_format(arena, "%d", (int)facts->attempt)},
    };
    size_t own_count = sizeof own / sizeof own[0];
    struct node_environment *all = arena_array(arena, facts->param_count + own_count, sizeof *all);
    size_t count = 0;
    for (size_t i = 0; i < facts->param_count; i++) {
        const struct node_setting *param = &facts->params[i];
        /* A dotted built-in name cannot be a variable of a shell. */
        if (param->text == NULL || strchr(param->name, '.') != NULL)
            continue;
        all[count++] = (struct node_environment){.name = arena_copy_string(arena, param->name),
                                                 .text = arena_copy_string(arena, param->text)};
    }
    for (size_t i = 0; i < own_count; i++)
        all[count++] = (struct node_environment){
            .name = own[i].name,
            .text = own[i].text == NULL ? "" : arena_copy_string(arena, own[i].text)};
    *ret_count = count;
    return all;
}

enum node_outcome node_job_interpret(const struct node_type *type, const struct node_exit *exit)
{
    (void)type;
    return exit->end == NODE_END_EXITED && exit->status == 0 ? NODE_OUTCOME_SUCCESS
                                                             : NODE_OUTCOME_FAILURE;
}

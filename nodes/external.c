#include "nodes/external.h"

#include "nodes/node_job.h"
#include "scheduler/base/scope.h"

static void write_duration(struct json_out *json, int64_t us)
{
    char number[48];
    if (us % DURATION_SECOND_US == 0)
        snprintf(number, sizeof number, "%lld", (long long)(us / DURATION_SECOND_US));
    else
        snprintf(number, sizeof number, "%lld.%06lld", (long long)(us / DURATION_SECOND_US),
                 (long long)(us % DURATION_SECOND_US));
    json_out_raw(json, number);
}

static void write_scalar(struct json_out *json, enum field_kind kind, const char *text,
                         int64_t number)
{
    switch (kind) {
    case FIELD_KIND_INTEGER:
    case FIELD_KIND_SIZE:
        json_out_int(json, number);
        return;
    case FIELD_KIND_DURATION:
        write_duration(json, number);
        return;
    case FIELD_KIND_BOOL:
        json_out_bool(json, number != 0);
        return;
    case FIELD_KIND_STRING:
    case FIELD_KIND_NAME:
    case FIELD_KIND_TEXT:
    case FIELD_KIND_SQL:
    case FIELD_KIND_SCRIPT:
    case FIELD_KIND_VALUE:
    case FIELD_KIND_PATH:
    case FIELD_KIND_SQL_FILE:
    case FIELD_KIND_CHOICE:
    case FIELD_KIND_DATE:
    case FIELD_KIND_NEED:
    case FIELD_KIND_LIST:
    case FIELD_KIND_MAP:
    case FIELD_KIND_BLOCK:
    case FIELD_KIND_EITHER:
        json_out_string(json, text);
        return;
    }
}

/* A manifest has no deeper collections than lists and maps of scalars. */
static void write_value(struct json_out *json, const struct field_value *value)
{
    if (value->kind != FIELD_KIND_LIST && value->kind != FIELD_KIND_MAP) {
        write_scalar(json, value->kind, value->text, value->number);
        return;
    }
    bool is_map = value->kind == FIELD_KIND_MAP;
    if (is_map)
        json_out_begin_object(json);
    else
        json_out_begin_array(json);
    for (size_t i = 0; i < value->item_count; i++) {
        const struct field_value *item = &value->items[i];
        if (is_map)
            json_out_key(json, item->name);
        write_scalar(json, item->kind, item->text, item->number);
    }
    if (is_map)
        json_out_end_object(json);
    else
        json_out_end_array(json);
}

static void write_values(struct json_out *json, const struct node_type *type,
                         const struct field_value *block)
{
    const struct node_external *external = type->data;
    json_out_key(json, "values");
    json_out_begin_object(json);
    for (size_t i = 0; type->fields[i].name != NULL; i++) {
        const struct field *field = &type->fields[i];
        const struct field_value *value = field_find(block, field->name);
        if (value == NULL && field->default_text == NULL)
            continue;
        json_out_key(json, field->name);
        if (value != NULL)
            write_value(json, value);
        else
            write_scalar(json, field->kind, field->default_text, external->default_numbers[i]);
    }
    json_out_end_object(json);
}

/* Numbers as in the JSON, everything else as written. */
static const char *scalar_text(enum field_kind kind, const char *text, int64_t number,
                               struct arena *arena)
{
    SCOPED_TEXT struct text written = {0};
    struct json_out json;
    json_out_init(&json, &written);
    if (kind != FIELD_KIND_INTEGER && kind != FIELD_KIND_SIZE && kind != FIELD_KIND_DURATION)
        return arena_copy_string(arena, text);
    write_scalar(&json, kind, text, number);
    return arena_copy(arena, text_string(&written), written.length);
}

/* DATEMILL_VALUE_… of every scalar, for programs that had rather not read JSON. */
static void add_values(const struct node_type *type, const struct field_value *block,
                       struct arena *arena, struct node_command *command)
{
    const struct node_external *external = type->data;
    size_t field_count = 0;
    while (type->fields[field_count].name != NULL)
        field_count++;
    size_t count = command->environment_count;
    struct node_environment *all = arena_array(arena, count + field_count, sizeof *all);
    for (size_t i = 0; i < count; i++)
        all[i] = command->environment[i];
    for (size_t i = 0; i < field_count; i++) {
        const struct field *field = &type->fields[i];
        const struct field_value *value = field_find(block, field->name);
        bool is_scalar = field->kind != FIELD_KIND_LIST && field->kind != FIELD_KIND_MAP;
        if (!is_scalar || (value == NULL && field->default_text == NULL))
            continue;
        const char *text = value != NULL ? value->text : field->default_text;
        int64_t number = value != NULL ? value->number : external->default_numbers[i];
        all[count++] =
            (struct node_environment){.name = arena_format(arena, "DATEMILL_VALUE_%s", field->name),
                                      .text = scalar_text(field->kind, text, number, arena)};
    }
    command->environment = all;
    command->environment_count = count;
}

static int prepare(const struct node_type *type, const struct node_work *work,
                   struct node_command *ret_command, struct error *err)
{
    const struct node_values *values = work->values;
    const struct node_facts *facts = work->facts;
    struct arena *arena = work->arena;
    (void)err;
    const struct node_external *external = type->data;
    SCOPED_TEXT struct text job = {0};
    struct json_out json;
    json_out_init(&json, &job);
    node_job_begin(&json, facts);
    json_out_pair_string(&json, "type", type->name);
    json_out_key(&json, "params");
    json_out_begin_object(&json);
    for (size_t i = 0; i < facts->param_count; i++)
        json_out_pair_string(&json, facts->params[i].name, facts->params[i].text);
    json_out_end_object(&json);
    write_values(&json, type, values->resolved);
    json_out_end_object(&json);
    SCOPED_TEXT struct text shown = {0};
    struct json_out shown_json;
    json_out_init(&shown_json, &shown);
    json_out_begin_object(&shown_json);
    write_values(&shown_json, type, values->resolved);
    json_out_end_object(&shown_json);
    const char **arguments = arena_array(arena, 2, sizeof *arguments);
    arguments[0] = arena_copy_string(arena, external->program);
    struct node_command command = {.program = arguments[0],
                                   .arguments = arguments,
                                   .folder = arena_copy_string(arena, facts->flow_dir),
                                   .input = arena_copy(arena, text_string(&job), job.length),
                                   .input_length = job.length,
                                   .shown_text =
                                       arena_copy(arena, text_string(&shown), shown.length)};
    command.environment = node_job_environment(facts, arena, &command.environment_count);
    add_values(type, values->resolved, arena, &command);
    *ret_command = command;
    return 0;
}

static bool find_program(const struct node_type *type, const struct node_work *work,
                         struct node_program *ret_program)
{
    (void)work;
    const struct node_external *external = type->data;
    *ret_program = (struct node_program){.name = external->program};
    return true;
}

struct node_type node_external_type(const char *name, const char *help, const struct field *fields,
                                    const struct node_external *external)
{
    return (struct node_type){.contract = NODE_TYPE_CONTRACT,
                              .name = name,
                              .help = help,
                              .fields = fields,
                              .has_process = true,
                              .data = external,
                              .prepare = prepare,
                              .interpret = node_job_interpret,
                              .find_program = find_program};
}

#include "scheduler/flow/manifest.h"

#include "nodes/external.h"
#include "scheduler/flow/field_read.h"
#include "scheduler/flow/field_scalar.h"
#include "scheduler/flow/field_table.h"

#include <string.h>

static const struct field text_item = {.kind = FIELD_KIND_TEXT};

static const struct {
    const char *word;
    enum field_kind kind;
} kinds[] = {
    {"string", FIELD_KIND_STRING},   {"text", FIELD_KIND_TEXT},         {"name", FIELD_KIND_NAME},
    {"integer", FIELD_KIND_INTEGER}, {"duration", FIELD_KIND_DURATION}, {"size", FIELD_KIND_SIZE},
    {"bool", FIELD_KIND_BOOL},       {"choice", FIELD_KIND_CHOICE},     {"list", FIELD_KIND_LIST},
    {"map", FIELD_KIND_MAP},
};

static enum field_kind kind_of(const char *word)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (word != NULL && strcmp(kinds[i].word, word) == 0)
            return kinds[i].kind;
    }
    return FIELD_KIND_STRING;
}

static const char *const *read_choices(const struct field_value *list, struct arena *arena)
{
    size_t count = list == NULL ? 0 : list->item_count;
    const char **choices = arena_array(arena, count + 1, sizeof *choices);
    for (size_t i = 0; i < count; i++)
        choices[i] = list->items[i].text;
    return choices;
}

static void check_field(const struct manifest_input *input, const struct field_value *value,
                        const struct field *field, int64_t *ret_number)
{
    const struct field_value *choices = field_find(value, "choices");
    const struct field_value *given = field_find(value, "default");
    bool is_choice = field->kind == FIELD_KIND_CHOICE;
    if (is_choice && (choices == NULL || choices->item_count == 0))
        flow_report_error(input->report, value->key_place, "E106", "`%s` needs `choices`",
                          field->name);
    if (!is_choice && choices != NULL)
        flow_report_error(input->report, choices->key_place, "E132",
                          "only a field of `kind: choice` has choices");
    if (field_describe(field_table_node, field->name) != NULL)
        flow_report_error(input->report, value->key_place, "E132",
                          "`%s` is a key that every node has", field->name);
    if (given == NULL)
        return;
    struct error err;
    if (!field_kind_is_scalar(field->kind))
        flow_report_error(input->report, given->place, "E132", "a %s has no default",
                          field->kind == FIELD_KIND_LIST ? "list" : "map");
    else if ((!is_choice || choices != NULL) &&
             field_scalar_parse(field, given->text, ret_number, &err) != 0)
        flow_report_error(input->report, given->place, "E104", "%s", err.text);
}

static const struct field *read_fields(const struct manifest_input *input,
                                       const struct field_value *map, int64_t **ret_numbers)
{
    size_t count = map == NULL ? 0 : map->item_count;
    if (count > MANIFEST_MAX_FIELDS) {
        flow_report_error(input->report, map->place, "E107", "more than %d fields",
                          MANIFEST_MAX_FIELDS);
        count = MANIFEST_MAX_FIELDS;
    }
    struct field *fields = arena_array(input->arena, count + 1, sizeof *fields);
    int64_t *numbers = arena_array(input->arena, count + 1, sizeof *numbers);
    for (size_t i = 0; i < count; i++) {
        const struct field_value *value = &map->items[i];
        struct field *field = &fields[i];
        field->name = value->name;
        field->kind = kind_of(field_text(value, value->field->fields, "kind"));
        field->is_required = field_number(value, "required", 0) != 0;
        field->default_text = field_text(value, value->field->fields, "default");
        field->help = field_text(value, value->field->fields, "help");
        field->example = field_text(value, value->field->fields, "example");
        field->min = field_number(value, "min", 0);
        field->max = field_number(value, "max", 0);
        if (field->kind == FIELD_KIND_CHOICE)
            field->choices = read_choices(field_find(value, "choices"), input->arena);
        if (field->kind == FIELD_KIND_LIST || field->kind == FIELD_KIND_MAP)
            field->item = &text_item;
        check_field(input, value, field, &numbers[i]);
    }
    *ret_numbers = numbers;
    return fields;
}

int manifest_read(const struct manifest_input *input, const struct node_type **ret_type)
{
    size_t errors = input->report->list->error_count;
    struct yaml_input yaml = {.file = input->file,
                              .file_index = input->file_index,
                              .report = input->report,
                              .arena = input->arena};
    struct field_reader reader = {
        .arena = input->arena, .report = input->report, .what = "a node type's manifest"};
    const struct yaml_node *tree;
    struct field_value block;
    if (yaml_tree_read(&yaml, &tree) != 0 ||
        field_read(&reader, tree, field_table_manifest, &block) != 0)
        return -1;
    struct node_external *external = arena_alloc(input->arena, sizeof *external);
    int64_t *numbers;
    const struct field *fields = read_fields(input, field_find(&block, "fields"), &numbers);
    external->default_numbers = numbers;
    const char *program = field_text(&block, field_table_manifest, "program");
    if (program != NULL && program[0] == '\0')
        flow_report_error(input->report, field_find(&block, "program")->place, "E104",
                          "`program` is empty");
    if (input->report->list->error_count > errors)
        return -1;
    bool is_beside = strchr(program, '/') != NULL && program[0] != '/';
    external->program =
        is_beside ? arena_format(input->arena, "%s/%s", input->dir, program) : program;
    struct node_type *type = arena_alloc(input->arena, sizeof *type);
    *type = node_external_type(field_text(&block, field_table_manifest, "node_type"),
                               field_text(&block, field_table_manifest, "help"), fields, external);
    *ret_type = type;
    return 0;
}

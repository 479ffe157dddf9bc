#include "scheduler/flow/flow_schema.h"

#include "scheduler/base/json_out.h"
#include "scheduler/flow/field_blocks.h"
#include "scheduler/flow/field_table.h"

#include <stdio.h>
#include <string.h>

#define DRAFT "http://json-schema.org/draft-07/schema#"
#define NAME_PATTERN "[A-Za-z_][A-Za-z0-9_]{0,62}"

struct schema {
    struct json_out json;
    struct field_blocks blocks; /* of the file */
    const struct node_type *const *types;
    size_t type_count;
};

/* An editor sees a plain scalar as number or boolean where it looks like one, our reader sees text:
 * the schema allows what the reader does. */
static void write_types(struct json_out *json, const char *const *types, const char *pattern)
{
    json_out_key(json, "type");
    json_out_begin_array(json);
    for (; *types != NULL; types++)
        json_out_string(json, *types);
    json_out_end_array(json);
    if (pattern != NULL)
        json_out_pair_string(json, "pattern", pattern);
}

static void write_bounds(struct json_out *json, const struct field *field)
{
    if (field->min == 0 && field->max == 0)
        return;
    json_out_pair_int(json, "minimum", field->min);
    if (field->max != 0)
        json_out_pair_int(json, "maximum", field->max);
}

static bool looks_like_number(const char *text)
{
    size_t sign = *text == '-' ? 1 : 0;
    size_t digits = strspn(text + sign, "0123456789");
    bool is_whole = digits > 0 && digits < 16 && text[sign + digits] == '\0';
    return is_whole && (text[sign] != '0' || digits == 1);
}

static void write_choices(struct json_out *json, const char *const *choices)
{
    json_out_key(json, "enum");
    json_out_begin_array(json);
    for (; *choices != NULL; choices++) {
        json_out_string(json, *choices);
        if (looks_like_number(*choices) || strcmp(*choices, "true") == 0 ||
            strcmp(*choices, "false") == 0)
            json_out_raw(json, *choices);
    }
    json_out_end_array(json);
}

static void write_bool(struct json_out *json)
{
    json_out_key(json, "enum");
    json_out_begin_array(json);
    json_out_bool(json, true);
    json_out_bool(json, false);
    json_out_string(json, "true");
    json_out_string(json, "false");
    json_out_end_array(json);
}

/* The members of a schema of a scalar. */
static void write_scalar(struct json_out *json, const struct field *field)
{
    static const char *const text[] = {"string", "number", "boolean", NULL};
    static const char *const word[] = {"string", "boolean", NULL};
    static const char *const number[] = {"integer", "string", NULL};
    static const char *const only[] = {"string", NULL};
    switch (field->kind) {
    case FIELD_KIND_NAME:
        write_types(json, word, "^" NAME_PATTERN "$");
        return;
    case FIELD_KIND_NEED:
        write_types(json, word,
                    "^(" NAME_PATTERN "|" NAME_PATTERN "/(" NAME_PATTERN
                    "|[*]))(@-1|(@-[1-9][0-9]{0,2}d)?(@[0-2][0-9]:[0-5][0-9](:[0-5][0-9])?)?)$");
        return;
    case FIELD_KIND_INTEGER:
        write_types(json, number, "^[+-]?[0-9]+$");
        write_bounds(json, field);
        return;
    case FIELD_KIND_DURATION:
        write_types(json, only, "^([0-9]+(w|d|h|m|s|ms|us))+$");
        return;
    case FIELD_KIND_SIZE:
        write_types(json, only, "^[0-9]+(B|KiB|MiB|GiB|TiB)$");
        return;
    case FIELD_KIND_BOOL:
        write_bool(json);
        return;
    case FIELD_KIND_CHOICE:
        write_choices(json, field->choices);
        return;
    case FIELD_KIND_DATE:
        write_types(json, number, "^([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8})$");
        return;
    case FIELD_KIND_STRING:
    case FIELD_KIND_TEXT:
    case FIELD_KIND_SQL:
    case FIELD_KIND_SCRIPT:
    case FIELD_KIND_VALUE:
    case FIELD_KIND_PATH:
    case FIELD_KIND_SQL_FILE:
    case FIELD_KIND_LIST:
    case FIELD_KIND_MAP:
    case FIELD_KIND_BLOCK:
    case FIELD_KIND_EITHER:
        write_types(json, text, NULL);
        return;
    }
}

static void write_ref(struct json_out *json, const char *definition)
{
    char target[256];
    snprintf(target, sizeof target, "#/definitions/%s", definition);
    json_out_pair_string(json, "$ref", target);
}

static void write_secret(struct json_out *json)
{
    json_out_begin_object(json);
    write_ref(json, "secret");
    json_out_end_object(json);
}

/* A scalar, or the definition of a block, as an object of its own. */
static void write_item(struct schema *schema, const struct field *item, const char *definition)
{
    struct json_out *json = &schema->json;
    json_out_begin_object(json);
    if (definition != NULL) {
        write_ref(json, definition);
    } else if (item->allows_secret) {
        json_out_key(json, "anyOf");
        json_out_begin_array(json);
        json_out_begin_object(json);
        write_scalar(json, item);
        json_out_end_object(json);
        write_secret(json);
        json_out_end_array(json);
    } else {
        write_scalar(json, item);
    }
    json_out_end_object(json);
}

static void write_map(struct schema *schema, const struct field *field, const char *definition)
{
    struct json_out *json = &schema->json;
    json_out_pair_string(json, "type", "object");
    json_out_key(json, "propertyNames");
    json_out_begin_object(json);
    json_out_pair_string(json, "pattern", "^" NAME_PATTERN "$");
    json_out_end_object(json);
    json_out_key(json, "additionalProperties");
    write_item(schema, field->item, definition);
}

static void begin_choice(struct json_out *json)
{
    json_out_key(json, "anyOf");
    json_out_begin_array(json);
}

static void write_list(struct schema *schema, const struct field *field, const char *definition)
{
    struct json_out *json = &schema->json;
    begin_choice(json);
    json_out_begin_object(json);
    json_out_pair_string(json, "type", "array");
    json_out_key(json, "items");
    write_item(schema, field->item, definition);
    json_out_end_object(json);
    if (definition == NULL)
        write_item(schema, field->item, NULL);
    json_out_end_array(json);
}

static void write_either(struct schema *schema, const struct field *field, const char *definition)
{
    struct json_out *json = &schema->json;
    begin_choice(json);
    if (field->item != NULL)
        write_item(schema, field->item, NULL);
    json_out_begin_object(json);
    if (definition != NULL)
        write_ref(json, definition);
    else
        write_map(schema, field, NULL);
    json_out_end_object(json);
    json_out_end_array(json);
}

/* One property. `above` names the block it is in. */
static void write_property(struct schema *schema, const struct field *field, const char *above)
{
    struct json_out *json = &schema->json;
    const struct field *inside = field_blocks_inside(field);
    bool is_node = inside == field_table_node;
    const char *definition = inside == NULL ? NULL
                             : is_node
                                 ? "node"
                                 : field_blocks_name(&schema->blocks, inside, above, field->name);
    json_out_key(json, field->name);
    json_out_begin_object(json);
    if (field->help != NULL)
        json_out_pair_string(json, "description", field->help);
    if (field->default_text != NULL)
        json_out_pair_string(json, "default", field->default_text);
    if (field->kind == FIELD_KIND_BLOCK) {
        begin_choice(json); /* draft-07 ignores what stands beside a $ref */
        write_item(schema, field, definition);
        json_out_end_array(json);
    } else if (field->kind == FIELD_KIND_MAP) {
        write_map(schema, field, definition);
    } else if (field->kind == FIELD_KIND_LIST) {
        write_list(schema, field, definition);
    } else if (field->kind == FIELD_KIND_EITHER) {
        write_either(schema, field, definition);
    } else {
        write_scalar(json, field);
    }
    json_out_end_object(json);
}

static void write_required(struct json_out *json, const struct field *fields)
{
    json_out_key(json, "required");
    json_out_begin_array(json);
    for (const struct field *field = fields; field->name != NULL; field++) {
        if (field->is_required)
            json_out_string(json, field->name);
    }
    json_out_end_array(json);
}

/* The members that close a block: no other keys but those of the user. */
static void write_closed(struct json_out *json)
{
    json_out_key(json, "patternProperties");
    json_out_begin_object(json);
    json_out_key(json, "^x-");
    json_out_begin_object(json);
    json_out_end_object(json);
    json_out_end_object(json);
    json_out_pair_bool(json, "additionalProperties", false);
}

static void write_block(struct schema *schema, const struct field *fields, const char *name)
{
    struct json_out *json = &schema->json;
    json_out_pair_string(json, "type", "object");
    json_out_key(json, "properties");
    json_out_begin_object(json);
    for (const struct field *field = fields; field->name != NULL; field++)
        write_property(schema, field, name);
    json_out_end_object(json);
    write_required(json, fields);
    write_closed(json);
}

static const char *node_definition(const struct node_type *type, char name[128])
{
    snprintf(name, 128, "node_%s", type->name);
    return name;
}

/* What any node may have, and the keys of one type. */
static void write_node_of_type(struct schema *schema, const struct node_type *type)
{
    struct json_out *json = &schema->json;
    char name[128];
    json_out_key(json, node_definition(type, name));
    json_out_begin_object(json);
    json_out_pair_string(json, "description", type->help);
    json_out_pair_string(json, "type", "object");
    json_out_key(json, "properties");
    json_out_begin_object(json);
    for (const struct field *field = field_table_node; field->name != NULL; field++) {
        char target[128];
        snprintf(target, sizeof target, "node_common/properties/%s", field->name);
        json_out_key(json, field->name);
        json_out_begin_object(json);
        write_ref(json, target);
        json_out_end_object(json);
    }
    for (const struct field *field = type->fields; field->name != NULL; field++)
        write_property(schema, field, type->name);
    json_out_end_object(json);
    write_required(json, type->fields);
    write_closed(json);
    json_out_end_object(json);
}

static void write_branch(struct schema *schema, const struct node_type *type)
{
    struct json_out *json = &schema->json;
    char name[128];
    json_out_begin_object(json);
    json_out_key(json, "if");
    json_out_begin_object(json);
    json_out_key(json, "properties");
    json_out_begin_object(json);
    json_out_key(json, "type");
    json_out_begin_object(json);
    json_out_pair_string(json, "const", type->name);
    json_out_end_object(json);
    json_out_end_object(json);
    json_out_end_object(json);
    json_out_key(json, "then");
    json_out_begin_object(json);
    write_ref(json, node_definition(type, name));
    json_out_end_object(json);
    json_out_end_object(json);
}

/* `type` decides which keys there are; without it the node is of the default type. */
static void write_node(struct schema *schema)
{
    struct json_out *json = &schema->json;
    json_out_key(json, "node");
    json_out_begin_object(json);
    json_out_pair_string(json, "type", "object");
    json_out_key(json, "if");
    json_out_begin_object(json);
    json_out_key(json, "required");
    json_out_begin_array(json);
    json_out_string(json, "type");
    json_out_end_array(json);
    json_out_end_object(json);
    json_out_key(json, "then");
    json_out_begin_object(json);
    json_out_key(json, "properties");
    json_out_begin_object(json);
    json_out_key(json, "type");
    json_out_begin_object(json);
    json_out_key(json, "enum");
    json_out_begin_array(json);
    for (size_t i = 0; i < schema->type_count; i++)
        json_out_string(json, schema->types[i]->name);
    json_out_end_array(json);
    json_out_end_object(json);
    json_out_end_object(json);
    json_out_key(json, "allOf");
    json_out_begin_array(json);
    for (size_t i = 0; i < schema->type_count; i++)
        write_branch(schema, schema->types[i]);
    json_out_end_array(json);
    json_out_end_object(json);
    json_out_key(json, "else");
    json_out_begin_object(json);
    write_ref(json, "node_" FIELD_TABLE_DEFAULT_TYPE);
    json_out_end_object(json);
    json_out_end_object(json);
}

static void write_secret_definition(struct json_out *json)
{
    json_out_key(json, "secret");
    json_out_raw(json,
                 "{\"type\":\"object\",\"required\":[\"secret\"],\"additionalProperties\":false,"
                 "\"properties\":{\"secret\":{\"type\":\"object\",\"minProperties\":1,"
                 "\"maxProperties\":1,\"additionalProperties\":false,\"properties\":{"
                 "\"file\":{\"type\":[\"string\",\"number\",\"boolean\"]},"
                 "\"env\":{\"type\":[\"string\",\"boolean\"]}}}}}");
}

static void write_definitions(struct schema *schema)
{
    struct json_out *json = &schema->json;
    json_out_key(json, "definitions");
    json_out_begin_object(json);
    write_secret_definition(json);
    if (schema->type_count > 0) {
        write_node(schema);
        json_out_key(json, "node_common");
        json_out_begin_object(json);
        write_block(schema, field_table_node, "node");
        json_out_end_object(json);
        for (size_t i = 0; i < schema->type_count; i++)
            write_node_of_type(schema, schema->types[i]);
    }
    /* A block may bring others, which are written after it. */
    for (size_t i = 0; i < schema->blocks.count; i++) {
        struct field_block block = schema->blocks.items[i];
        json_out_key(json, block.name);
        json_out_begin_object(json);
        write_block(schema, block.fields, block.name);
        json_out_end_object(json);
    }
    json_out_end_object(json);
}

static void write_schema(struct schema *schema, const struct field *fields, const char *title,
                         const char *name)
{
    struct json_out *json = &schema->json;
    json_out_begin_object(json);
    json_out_pair_string(json, "$schema", DRAFT);
    json_out_pair_string(json, "title", title);
    write_block(schema, fields, name);
    write_definitions(schema);
    json_out_end_object(json);
}

void flow_schema_write(const struct node_type *const *types, size_t count, struct text *out)
{
    struct schema schema = {.types = types, .type_count = count};
    field_blocks_init(&schema.blocks);
    json_out_init(&schema.json, out);
    write_schema(&schema, field_table_flow, "A flow of datemill", "flow");
    field_blocks_free(&schema.blocks);
}

void flow_schema_write_project(struct text *out)
{
    struct schema schema = {0};
    field_blocks_init(&schema.blocks);
    json_out_init(&schema.json, out);
    write_schema(&schema, field_table_project, "datemill.yaml, a project of datemill", "project");
    field_blocks_free(&schema.blocks);
}

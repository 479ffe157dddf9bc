#include "nodes/field.h"

#include <string.h>

const struct field_value *field_find(const struct field_value *block, const char *name)
{
    if (block == NULL)
        return NULL;
    for (size_t i = 0; i < block->item_count; i++) {
        if (block->items[i].name != NULL && strcmp(block->items[i].name, name) == 0)
            return &block->items[i];
    }
    return NULL;
}

const struct field *field_describe(const struct field *fields, const char *name)
{
    if (fields == NULL)
        return NULL;
    for (const struct field *field = fields; field->name != NULL; field++) {
        if (strcmp(field->name, name) == 0)
            return field;
    }
    return NULL;
}

const char *field_text(const struct field_value *block, const struct field *fields,
                       const char *name)
{
    const struct field_value *value = field_find(block, name);
    if (value != NULL)
        return value->text;
    const struct field *field = field_describe(fields, name);
    return field == NULL ? NULL : field->default_text;
}

int64_t field_number(const struct field_value *block, const char *name, int64_t fallback)
{
    const struct field_value *value = field_find(block, name);
    return value == NULL ? fallback : value->number;
}

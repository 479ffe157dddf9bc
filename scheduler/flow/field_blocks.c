#include "scheduler/flow/field_blocks.h"

void field_blocks_init(struct field_blocks *blocks)
{
    *blocks = (struct field_blocks){0};
    arena_init(&blocks->arena, 0);
}

void field_blocks_free(struct field_blocks *blocks)
{
    arena_free(&blocks->arena);
}

const char *field_blocks_name(struct field_blocks *blocks, const struct field *fields,
                              const char *above, const char *key)
{
    for (size_t i = 0; i < blocks->count; i++) {
        if (blocks->items[i].fields == fields)
            return blocks->items[i].name;
    }
    blocks->items = arena_grow(&blocks->arena, blocks->items, blocks->count, &blocks->capacity,
                               sizeof *blocks->items);
    const char *name = above == NULL ? arena_copy_string(&blocks->arena, key)
                                     : arena_format(&blocks->arena, "%s.%s", above, key);
    blocks->items[blocks->count++] = (struct field_block){name, fields};
    return name;
}

const struct field *field_blocks_inside(const struct field *field)
{
    switch (field->kind) {
    case FIELD_KIND_BLOCK:
    case FIELD_KIND_EITHER:
        return field->fields;
    case FIELD_KIND_LIST:
    case FIELD_KIND_MAP:
        return field->item->kind == FIELD_KIND_BLOCK ? field->item->fields : NULL;
    case FIELD_KIND_STRING:
    case FIELD_KIND_NAME:
    case FIELD_KIND_TEXT:
    case FIELD_KIND_SQL:
    case FIELD_KIND_SCRIPT:
    case FIELD_KIND_VALUE:
    case FIELD_KIND_PATH:
    case FIELD_KIND_SQL_FILE:
    case FIELD_KIND_INTEGER:
    case FIELD_KIND_DURATION:
    case FIELD_KIND_SIZE:
    case FIELD_KIND_BOOL:
    case FIELD_KIND_CHOICE:
    case FIELD_KIND_DATE:
    case FIELD_KIND_NEED:
        return NULL;
    }
    return NULL;
}

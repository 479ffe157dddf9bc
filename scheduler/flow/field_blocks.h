/* The blocks of the field tables, each once, with a name: what the schema's definitions and the
 * sections of the reference page are made from. A work list, so that nothing recurses. */
#ifndef DATEMILL_FLOW_FIELD_BLOCKS_H
#define DATEMILL_FLOW_FIELD_BLOCKS_H

#include "nodes/field.h"
#include "scheduler/base/arena.h"

#include <stddef.h>

struct field_block {
    const char *name; /* `flow.schedule`; `nodes` for what a node may have */
    const struct field *fields;
};

struct field_blocks {
    struct arena arena;
    struct field_block *items;
    size_t count;
    size_t capacity;
};

void field_blocks_init(struct field_blocks *blocks);
void field_blocks_free(struct field_blocks *blocks);

/* The name of a block, which is added (as `above`.`key`) if it is new. Borrowed from `blocks`. */
const char *field_blocks_name(struct field_blocks *blocks, const struct field *fields,
                              const char *above, const char *key);

/* The fields of a BLOCK, of the BLOCK that EITHER may be, or of the items of a LIST or MAP; NULL
 * for everything else. */
const struct field *field_blocks_inside(const struct field *field);

#endif

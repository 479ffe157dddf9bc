/* A YAML tree read by a field table: every value with its kind, number and place; every unknown,
 * missing and ill-typed one reported. */
#ifndef DATEMILL_FLOW_FIELD_READ_H
#define DATEMILL_FLOW_FIELD_READ_H

#include "nodes/node_type.h"
#include "scheduler/flow/yaml_tree.h"

#define FIELD_READ_MAX_VALUES 200000 /* with aliases followed: the bound of an alias bomb */

struct field_reader {
    struct arena *arena;
    const struct flow_report *report;
    const struct node_type *const *types; /* for a BLOCK of field_table_node */
    size_t type_count;
    const char *what; /* how messages call the file: "a flow", "datemill.yaml", "a manifest" */
};

/* Reads `root` as a BLOCK of `fields`. Values that were wrong are left out. Returns -1 when the
 * tree is not even a map, or too large. In a BLOCK of field_table_node the keys of the node's type
 * are known too; members keep their own `field`; `number` is 1 when keys of another type were
 * found, so that its own rules say nothing new. */
int field_read(const struct field_reader *reader, const struct yaml_node *root,
               const struct field *fields, struct field_value *ret_block);

/* The type a node names, the default type when it names none, NULL when there is no such type. */
const struct node_type *field_read_type(const struct node_type *const *types, size_t count,
                                        const char *name);

#endif

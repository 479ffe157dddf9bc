#include "nodes/builtin.h"

const struct node_type *const *node_types_builtin(size_t *ret_count)
{
    static const struct node_type *const types[] = {
        &node_type_shell, &node_type_sql, &node_type_sync, &node_type_virtual, &node_type_wait};
    *ret_count = sizeof types / sizeof types[0];
    return types;
}

/* The built-in node types, one file each; node_types.c has the table. */
#ifndef DATEMILL_NODES_BUILTIN_H
#define DATEMILL_NODES_BUILTIN_H

#include "nodes/node_type.h"

extern const struct node_type node_type_virtual;
extern const struct node_type node_type_wait;
extern const struct node_type node_type_shell;
extern const struct node_type node_type_sync;
extern const struct node_type node_type_sql;

#endif

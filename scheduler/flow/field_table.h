/* THE field tables: what may stand in a flow, a project and a manifest.
 *
 * The parser, its messages, the JSON schema and the reference page are all made from these tables
 * and from those of the node types. A key that is not here does not exist. */
#ifndef DATEMILL_FLOW_FIELD_TABLE_H
#define DATEMILL_FLOW_FIELD_TABLE_H

#include "nodes/field.h"
#include "nodes/node_type.h"

/* A flow's file. The item of `nodes` is a BLOCK without fields of its own: those of a node are
 * field_table_node() and those of its type. */
extern const struct field field_table_flow[];
/* What any node may have. */
extern const struct field field_table_node[];
/* datemill.yaml */
extern const struct field field_table_project[];
/* node.yaml of an external type */
extern const struct field field_table_manifest[];

/* The type of a node that has no `type:` key: the one whose run-like field `run` it uses. */
#define FIELD_TABLE_DEFAULT_TYPE "shell"

#endif

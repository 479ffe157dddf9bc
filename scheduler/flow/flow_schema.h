/* JSON Schema (draft-07) of a flow's file, for editors: made from the field tables.
 *
 * It never rejects what the loader accepts; the loader may reject more (circles, undefined
 * variables, missing files). */
#ifndef DATEMILL_FLOW_FLOW_SCHEMA_H
#define DATEMILL_FLOW_FLOW_SCHEMA_H

#include "nodes/node_type.h"
#include "scheduler/base/text.h"

#include <stddef.h>

/* The schema of flows, on one line. `types` are those of the project or the built-in ones. */
void flow_schema_write(const struct node_type *const *types, size_t count, struct text *out);

/* The schema of datemill.yaml. */
void flow_schema_write_project(struct text *out);

#endif

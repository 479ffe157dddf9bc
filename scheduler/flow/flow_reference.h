/* The reference page of the format in Markdown, made from the field tables; workflows/README.md
 * holds it between FLOW_REFERENCE_BEGIN and FLOW_REFERENCE_END. */
#ifndef DATEMILL_FLOW_FLOW_REFERENCE_H
#define DATEMILL_FLOW_FLOW_REFERENCE_H

#include "nodes/node_type.h"
#include "scheduler/base/text.h"

#include <stddef.h>

#define FLOW_REFERENCE_BEGIN "<!-- reference: begin -->\n"
#define FLOW_REFERENCE_END "<!-- reference: end -->\n"

void flow_reference_write(const struct node_type *const *types, size_t count, struct text *out);

#endif

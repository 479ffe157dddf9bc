/* node.yaml of an external node type: from bytes to a struct node_type (nodes/external.h). */
#ifndef DATEMILL_FLOW_MANIFEST_H
#define DATEMILL_FLOW_MANIFEST_H

#include "nodes/node_type.h"
#include "scheduler/flow/flow_report.h"

#define MANIFEST_FILE "node.yaml"
#define MANIFEST_MAX_FIELDS 200

struct manifest_input {
    const struct flow_file *file;
    uint32_t file_index; /* in the report */
    const struct flow_report *report;
    const char *dir; /* absolute: its folder */
    struct arena *arena;
};

/* Returns -1 with at least one error reported. The type belongs to `arena`. */
int manifest_read(const struct manifest_input *input, const struct node_type **ret_type);

#endif

/* One YAML file that is to be read, and where its problems go. */
#ifndef DATEMILL_FLOW_YAML_INPUT_H
#define DATEMILL_FLOW_YAML_INPUT_H

#include "scheduler/flow/flow_report.h"

#include <stdint.h>

#define YAML_MAX_BYTES ((size_t)4 << 20)

struct yaml_input {
    const struct flow_file *file;
    uint32_t file_index;
    const struct flow_report *report;
    struct arena *arena; /* the tree's */
};

#endif

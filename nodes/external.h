/* A node type of a third party: a manifest and any executable.
 *
 * The program gets one JSON object on its standard input: what every job has (node_job.h), "type",
 * "params" {name: value} and "values" with each field of the manifest that was given or has a
 * default: text as strings, integer, size (bytes) and duration (seconds) as numbers, bool, list and
 * map as such. Parameters and DATEMILL_… are in its environment, too, and so is every scalar as
 * DATEMILL_VALUE_name (sizes in bytes, durations in seconds); it runs in the flow's folder.
 * Exit code 0 is success, 75 a temporary failure, any other a failure. */
#ifndef DATEMILL_NODES_EXTERNAL_H
#define DATEMILL_NODES_EXTERNAL_H

#include "nodes/node_type.h"

struct node_external {
    const char *program; /* absolute, or a name that is searched in PATH */
    /* Of fields with a default, by index in the type's fields: the number of INTEGER, DURATION,
     * SIZE, BOOL. */
    const int64_t *default_numbers;
};

/* A type with these fields; everything is borrowed and outlives it. */
struct node_type node_external_type(const char *name, const char *help, const struct field *fields,
                                    const struct node_external *external);

#endif

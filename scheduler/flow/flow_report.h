/* Where the parts of this floor put the problems they find: places of files that were read together
 * become places of a collection of diagnostics. */
#ifndef DATEMILL_FLOW_FLOW_REPORT_H
#define DATEMILL_FLOW_FLOW_REPORT_H

#include "nodes/node_type.h"
#include "scheduler/base/diagnostic.h"
#include "scheduler/flow/flow.h"

struct flow_report {
    struct diagnostics *list;
    size_t first_source;           /* of file 0; file n is source first_source + n */
    const struct flow_file *files; /* files of field_place.file, as far as they were read */
    size_t file_count;
};

struct diagnostic_place flow_report_place(const struct flow_report *report,
                                          struct field_place place);

/* The place of `length` bytes at `offset` of a scalar's text, found in the file where the scalar
 * stands (also in quoted and block scalars); the scalar's own place when it is spelt with
 * escapes. */
struct field_place flow_report_inside(const struct flow_report *report,
                                      const struct field_value *value, size_t offset,
                                      size_t length);

/* Adds an error with a label at `place` without words. */
struct diagnostic *flow_report_error(const struct flow_report *report, struct field_place place,
                                     const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* For the check() of node types. */
struct node_report flow_report_for_node(struct flow_report *report);

#endif

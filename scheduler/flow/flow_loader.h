/* What the files of loading a flow share: flow_load.c reads, flow_build.c fills struct flow, and
 * flow_check_*.c hold the rules. For nobody else. */
#ifndef DATEMILL_FLOW_FLOW_LOADER_H
#define DATEMILL_FLOW_FLOW_LOADER_H

#include "scheduler/flow/flow.h"
#include "scheduler/flow/flow_report.h"
#include "scheduler/flow/flow_source.h"
#include "scheduler/flow/name_index.h"
#include "scheduler/flow/parameter.h"
#include "scheduler/flow/reference.h"

#define FLOW_LOADER_MAX_FILES 10000              /* read for one flow */
#define FLOW_LOADER_MAX_BYTES ((size_t)64 << 20) /* of them all, but for the last one */

struct flow_loader {
    const struct project *project;
    struct flow_source *source;
    struct flow_report report;
    size_t errors_before;     /* in the report's list, when this flow was begun */
    struct flow *flow;        /* being made */
    struct field_value block; /* what the flow's file says */
    struct flow_file *files;  /* of the flow; the report sees them */
    size_t file_capacity;
    size_t total_bytes;
    struct name_index *names;      /* of the nodes */
    struct flow_node *nodes;       /* flow->nodes */
    struct name_index *file_index; /* paths of `files` */
    struct reference_finder *finder;
    struct parameter_scope builtin_scope;
    struct parameter_scope flow_scope;
};

/* The index of a file of the flow, read at the first call; FLOW_NONE after an error, which is
 * reported at `place`. `name` is relative to the flow's file. */
size_t flow_loader_add_file(struct flow_loader *loader, const char *name, struct field_place place);

/* flow_build.c */
void flow_build_head(struct flow_loader *loader);
void flow_build_tables(struct flow_loader *loader);
void flow_build_params(struct flow_loader *loader);
void flow_build_nodes(struct flow_loader *loader);

/* flow_check.c, flow_check_needs.c, flow_check_text.c */
void flow_check_schedule(struct flow_loader *loader);
void flow_check_days(struct flow_loader *loader); /* after the schedule; fills node->on */
void flow_check_types(struct flow_loader *loader);
void flow_check_needs(struct flow_loader *loader);
void flow_check_circles(struct flow_loader *loader);         /* sets flow->order */
void flow_check_circle_of_flows(struct flow_loader *loader); /* flow_check_circle.c */
void flow_check_texts(struct flow_loader *loader);

#endif

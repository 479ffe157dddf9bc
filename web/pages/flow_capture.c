#include "web/pages/flow_capture.h"

#include "scheduler/flow/flow_load.h"
#include "scheduler/store/store_load.h"

struct flow *flow_capture_read(struct visit *visit, struct store *store, int64_t version_id)
{
    const struct project *project;
    struct load_definition definition;
    struct flow_source *source = NULL;
    struct flow *flow = NULL;
    if (site_project(visit->site, &project, NULL) < 0 ||
        load_definition(store, version_id, visit->arena, &definition, NULL) < 0 ||
        definition.file_count == 0 ||
        flow_source_open_capture(definition.files, definition.file_count, &source, NULL) < 0)
        return NULL;
    struct diagnostics problems;
    diagnostics_init(&problems);
    if (flow_load(project, source, definition.files[0].path, &problems, &flow) < 0)
        flow = NULL;
    diagnostics_free(&problems);
    flow_source_close(source);
    return flow;
}

/* From files to a checked flow. All problems are found in one pass and collected.
 *
 *     struct flow_source *source;       flow_source_open_folder(dir, &source, err)
 *     struct project *project;          project_load(source, &types, &problems, &project)
 *     const char *path;                 flow_source_find(source, "hello", &arena, &path, err)
 *     struct flow *flow;                flow_load(project, source, path, &problems, &flow)
 */
#ifndef DATEMILL_FLOW_FLOW_LOAD_H
#define DATEMILL_FLOW_FLOW_LOAD_H

#include "scheduler/base/diagnostic.h"
#include "scheduler/flow/flow.h"
#include "scheduler/flow/flow_source.h"

/* The node types the program was built with: node_types_builtin(). */
struct project_types {
    const struct node_type *const *types;
    size_t count;
};

/* Reads datemill.yaml and the manifests it names. `source` is a folder. Returns -1 with at least
 * one error in `problems`, else 0 and a project that the caller frees with project_free(). The
 * built-in types are borrowed. */
int project_load(struct flow_source *source, const struct project_types *builtin,
                 struct diagnostics *problems, struct project **ret_project);

/* Reads the flow whose file is `path` (relative to the project), its tables and SQL files, and
 * checks every rule. Returns -1 with at least one error in `problems`, else 0 (there may be
 * warnings) and a flow that the caller frees with flow_free(). From a capture, what only the disk
 * could tell (whether other flows exist) is not checked. */
int flow_load(const struct project *project, struct flow_source *source, const char *path,
              struct diagnostics *problems, struct flow **ret_flow);

/* The same, and the needs of other flows are followed through the folder, as far as they go: a
 * circle that leads back to this flow is an error, shown with its path and the places in all of its
 * files. For whoever lets a flow in: a command that is given it, a server that sees it change. */
int flow_load_among_others(const struct project *project, struct flow_source *source,
                           const char *path, struct diagnostics *problems, struct flow **ret_flow);

#endif

/* Flows as runs know them: read from the folder when a run is created, from the store's capture
 * afterwards. Runs of the same version share one definition. */
#ifndef DATEMILL_DAEMON_DEFINITION_H
#define DATEMILL_DAEMON_DEFINITION_H

#include "scheduler/daemon/daemon.h"

#include <stddef.h>
#include <stdint.h>

struct definition {
    struct definition *next;
    size_t users;       /* runs; at zero it goes */
    int64_t version_id; /* of the store; 0 = not stored yet */
    bool is_borrowed;   /* source, project and flow are the command's */
    struct flow_source *source;
    struct project *project;
    struct flow *flow;
    struct flow_version version;
    char *problem;          /* of a stand-in; NULL = the real one */
    char shown_version[96]; /* short commit, or content hash, with "+" when dirty */
};

/* Zero is an empty collection. */
struct definitions {
    struct definition *first;
};

/* Reads a flow of the project's folder as it is now; of two equal ones the older is given back. The
 * caller owns one use of *ret_definition. A flow with problems is ERROR_KIND_INVALID with the first
 * of them. */
int definition_from_folder(struct definitions *all, const struct daemon_place *place,
                           const char *flow, struct definition **ret_definition, struct error *err);

/* The same for somebody who asks for a run of it: a circle of needs through other flows is refused,
 * as a command would have (flow_load_among_others()). */
int definition_for_request(struct definitions *all, const struct daemon_place *place,
                           const char *flow, struct definition **ret_definition, struct error *err);

/* The files that were kept for a version; the flow's own is the first. */
struct definition_capture {
    int64_t version_id;
    const struct flow_file *files;
    size_t file_count;
};

/* The same from these. */
int definition_from_capture(struct definitions *all, const struct daemon_place *place,
                            const struct definition_capture *capture,
                            struct definition **ret_definition, struct error *err);

/* In place of a captured one that cannot be read any more (a pool or connection it names is gone
 * from datemill.yaml): nodes of these names with nothing to do and no needs, so that attempts which
 * are open can be settled and the run be stopped. `problem` is why; such a run is never driven. */
struct definition_stand_in {
    const char *flow;
    const char *zone;
    const char *const *nodes;
    size_t node_count;
    const char *problem;
};

int definition_make_stand_in(struct definitions *all, const struct daemon_place *place,
                             const struct definition_stand_in *wanted,
                             struct definition **ret_definition, struct error *err);

/* What the store knows of the version of a captured one. */
void definition_set_version(struct definition *definition, const char *commit,
                            const char *short_commit, bool is_dirty);

/* The definition of a stored version if it is loaded: one more use. Else NULL. */
struct definition *definition_find(struct definitions *all, int64_t version_id);

void definition_release(struct definitions *all, struct definition *definition); /* NULL is fine */

/* One line about the problems, for an error. */
int definition_problem(const struct diagnostics *problems, struct error *err);

#endif

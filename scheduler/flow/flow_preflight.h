/* Before anything starts: is there a program for every node?
 *
 * Looks for the first program of each shell node that names it plainly (and for the program of each
 * external type) in the node's PATH. A missing one is a problem E202 with its place. Run by `run`
 * and `backfill`; loading a flow does not need the programs. */
#ifndef DATEMILL_FLOW_FLOW_PREFLIGHT_H
#define DATEMILL_FLOW_FLOW_PREFLIGHT_H

#include "scheduler/base/diagnostic.h"
#include "scheduler/flow/flow.h"
#include "scheduler/flow/flow_source.h"

struct flow_preflight {
    const char *path; /* the PATH attempts get unless the node's or the project's `env` says else */
    const char
        *whose; /* "the PATH of datemill serve, pid 4121, not of your shell"; NULL = no word */
};

/* Returns how many problems were added; 0 = all found. */
size_t flow_preflight(const struct flow *flow, struct flow_source *source,
                      const struct flow_preflight *facts, struct diagnostics *problems);

#endif

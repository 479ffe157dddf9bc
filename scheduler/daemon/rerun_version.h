/* A rerun in the definition as it is now: the run takes it before it is opened again. */
#ifndef DATEMILL_DAEMON_RERUN_VERSION_H
#define DATEMILL_DAEMON_RERUN_VERSION_H

#include "scheduler/daemon/daemon_state.h"

struct rerun_version {
    struct daemon_run *run; /* in memory, held, not open */
    const char *before;     /* the version that it had, as shown; NULL = it is the same */
};

/* Gives the run of the request the flow's present definition, its old values where parameters have
 * kept their names, and new ones for the others. Nodes keep how they stand by their names; a new
 * one counts as stopped until a rerun opens it. Joins the turn.
 *
 * All that a rerun could be refused for is asked before: after 0 it goes through. REFUSED when the
 * run is open; NOT_FOUND; INVALID. */
int rerun_version_take(struct daemon *daemon, const struct request *request,
                       struct rerun_version *ret_version, struct error *err);

#endif

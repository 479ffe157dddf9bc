/* Runs that are in the store only come into memory. */
#ifndef DATEMILL_DAEMON_RESTORE_H
#define DATEMILL_DAEMON_RESTORE_H

#include "scheduler/daemon/daemon_run.h"
#include "scheduler/store/store_load.h"

struct daemon;

int restore_open_runs(struct daemon *daemon, struct error *err);

/* Brings a run that is in the store only into memory, as it is stored. */
int restore_run(struct daemon *daemon, const struct load_run *row, struct daemon_run **ret_run,
                struct error *err);

/* The definition of a stored version: one more use. */
int restore_definition(struct daemon *daemon, int64_t version_id,
                       struct definition **ret_definition, struct error *err);

/* Fails with the reason when the definition of an open run cannot be read: it may only be watched
 * and stopped. */
int restore_check(const struct daemon_run *run, struct error *err);

/* What was fixed when a run was made, but for settings of parameters that `flow` does not have. */
struct restore_values {
    struct arena *arena; /* the values' memory; set by the caller */
    struct load_values values;
};

int restore_values(struct daemon *daemon, const struct load_run *row, const struct flow *flow,
                   struct restore_values *ret_values, struct error *err);

/* The plan of a stored run by a definition, its own or a newer one: values that were stored are
 * taken, those of new parameters are found. The caller frees it. */
int restore_plan(struct daemon *daemon, const struct load_run *row, struct definition *definition,
                 struct plan **ret_plan, struct error *err);

struct restore_meaning {
    struct definition *definition;
    struct plan *plan; /* of it */
};

/* The same as restore_run() with a plan that is there; `row` has its nodes. Takes over the plan and
 * the use of the definition, also on failure. */
int restore_planned(struct daemon *daemon, const struct load_run *row,
                    const struct restore_meaning *meaning, struct daemon_run **ret_run,
                    struct error *err);

#endif

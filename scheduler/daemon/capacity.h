/* Slots and pools: of datemill.yaml, for the engine and the keeper.
 *
 * The engine knows pools by number. Runs that are open may be of a definition read from another
 * datemill.yaml than the present one, in which the pools come in another order, so the numbers are
 * this project's own: a pool keeps its number as long as the engine lives. */
#ifndef DATEMILL_DAEMON_CAPACITY_H
#define DATEMILL_DAEMON_CAPACITY_H

#include "scheduler/daemon/daemon_state.h"
#include "scheduler/engine/run_image.h"

/* Reads datemill.yaml; on failure what was read before stays. */
int capacity_read(struct daemon *daemon, struct error *err);

/* Tells the engine, and the keeper if there is one, what was read. A pool that is not in the file
 * any more keeps its size for those runs that name it. */
int capacity_set(struct daemon *daemon, struct error *err);

/* The pools of a new image by the engine's numbers. */
int capacity_map(struct daemon *daemon, const struct plan *plan, struct run_image *image,
                 struct error *err);

#endif

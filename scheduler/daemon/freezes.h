/* What is frozen by hand: flows as a whole, and nodes of flows.
 *
 * A freeze holds for business dates before its `until`, and is over when the business date of
 * yesterday, in the project's zone, has reached that. One that is over counts for nothing; its row
 * goes with the next change. The rows here are those of the store, and of the turn that is not
 * stored yet. */
#ifndef DATEMILL_DAEMON_FREEZES_H
#define DATEMILL_DAEMON_FREEZES_H

#include "scheduler/daemon/daemon_state.h"
#include "scheduler/engine/run_image.h"

struct freezes;

int freezes_load(struct daemon *daemon, struct error *err);
/* The zone of the project, as it is now. */
void freezes_read_zone(struct daemon *daemon);
void freezes_free(struct daemon *daemon);

/* Puts the turn's changes into the store's batch. */
int freezes_store(struct daemon *daemon, struct error *err);

/* A node of a flow for a business date. */
struct freezes_place {
    const char *flow;
    const char *node;    /* "" = the flow as a whole */
    const char *bizdate; /* 2021-11-11 */
};

/* The freeze that holds there, of the node or else of its whole flow; NULL = none. Borrowed until
 * the next change. */
const struct store_freeze *freezes_find(const struct daemon *daemon,
                                        const struct freezes_place *place);

/* The row of exactly that flow and node, over or not; NULL = none. */
const struct store_freeze *freezes_row(const struct daemon *daemon, const char *flow,
                                       const char *node);

/* All that are not over: calls `each` until it gives false. */
void freezes_each(const struct daemon *daemon,
                  bool (*each)(void *owner, const struct store_freeze *freeze), void *owner);

/* REFUSED by a freeze of a whole flow, with who and why and what to type. Always -1. */
int freezes_refuse(const struct store_freeze *freeze, struct error *err);

/* REFUSED, with who and why and what to type, when the flow is frozen as a whole on that date. */
int freezes_check(const struct daemon *daemon, const char *flow, const char *bizdate,
                  struct error *err);

/* The nodes of a new run that are frozen get that state in its image. */
void freezes_apply(const struct daemon *daemon, const struct plan *plan, struct run_image *image);

/* Whether a node of a run may not start: by hand, or by its definition. */
bool freezes_hold(const struct daemon *daemon, const struct daemon_run *run, uint32_t node);

/* Freezes or unfreezes a node of a run in memory as the freezes now say; whether that changed
 * anything. */
bool freezes_settle(struct daemon *daemon, const struct daemon_run *run, uint32_t node);

/* Replaces the row of that flow and node, and takes away what is over. Joins the turn. */
void freezes_put(struct daemon *daemon, const struct store_freeze *row);
void freezes_remove(struct daemon *daemon, const char *flow, const char *node);

/* False for an `until` of which nothing is left. */
bool freezes_until_is_ahead(const struct daemon *daemon, const char *until);

/* `frozen by lin, business dates before 2021-12-01: vendor outage` */
void freezes_describe(const struct store_freeze *freeze, struct text *text);

#endif

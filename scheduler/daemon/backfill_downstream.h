/* What `backfill --downstream` adds: the flows that need the one that is backfilled, and those that
 * need these, each with the dates that need a date of the others. Writes nothing. */
#ifndef DATEMILL_DAEMON_BACKFILL_DOWNSTREAM_H
#define DATEMILL_DAEMON_BACKFILL_DOWNSTREAM_H

#include "scheduler/daemon/backfill_plan.h"
#include "scheduler/flow/flow_source.h"

#define BACKFILL_MAX_DOWNSTREAM 1000 /* flows */

struct backfill_member {
    const struct flow *flow;
    const char *needs;       /* the flows of the request that it needs: `shop, stock` */
    struct plan_dates dates; /* those that need one of theirs */
    const char *left_out; /* of them, since they would wait for ever: `2021-11-09 needs up/load of
                                 2021-11-09, which has not been done, and 3 more`; "" = none */
    struct backfill_wish wish;
    struct backfill_plan *plan; /* NULL: no date is left */
};

/* Also flows of which no date is left. */
struct backfill_downstream {
    struct arena arena;
    struct backfill_member *items; /* who needs another comes after it */
    size_t count;
    struct backfill_upstream *upstream; /* the flow itself, then the plans of the items */
};

struct backfill_downstream_request {
    struct store *store; /* may be NULL, as for backfill_plan_make() */
    struct flow_source *source;
    const struct backfill_wish *wish; /* of the flow that is backfilled */
    const struct backfill_plan *plan;
    struct instant now; /* what is not due by then is left to its schedule */

    /* A flow by name, which lives as long as what is found. */
    int (*load)(void *owner, const char *flow, const struct flow **ret_flow, struct error *err);
    void *owner;
};

/* Flows in which nothing needs one of the dates are left out, and so are dates that need another
 * date of a flow of the request, which is not one of the request's and has not been done. Needs of
 * a cycle or date before reach later dates, but none after yesterday; what a flow needs of itself
 * reaches none. A circle that such needs close is cut where it was entered. Fails as load() and
 * backfill_plan_make() do. */
int backfill_downstream_find(const struct backfill_downstream_request *request,
                             struct backfill_downstream *ret_downstream, struct error *err);
void backfill_downstream_free(struct backfill_downstream *downstream);

#endif

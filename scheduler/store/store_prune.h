/* Forgetting old runs, in small steps.
 *
 * A run is forgotten with all that hangs on it; then definitions and texts that no run uses any
 * more, finished backfills, and the story's lines about neither. What
 * stays, whatever its age:
 *   - a run that is open, or has an attempt that is;
 *   - a run that a date of an unfinished backfill refers to;
 *   - a run that still decides how a node of its date stands, where a younger run of that date
 *     stays (`run` of all nodes long ago, one node repeated yesterday): the state of a date goes as
 *     a whole, with its last run;
 *   - what the caller says.
 * Logs are the caller's: a run's folder may go once its row has. */
#ifndef DATEMILL_STORE_STORE_PRUNE_H
#define DATEMILL_STORE_STORE_PRUNE_H

#include "scheduler/base/instant.h"
#include "scheduler/store/store.h"

#define STORE_PRUNE_MAX_RUNS 1000 /* removed in one step */
#define STORE_PRUNE_LOOK_RUNS 20  /* looked at for each that may be removed in a step */

/* A run that is old enough. Texts are borrowed for the call. */
struct store_old_run {
    int64_t id;
    const char *flow;
    const char *cyctime;
};

/* Which runs, and how far the search is: the caller fills in the first part, the rest begins as
 * zero. */
struct store_pruning {
    struct instant before; /* runs that ended before it */
    int32_t max_runs;      /* removed in one step, 1 to STORE_PRUNE_MAX_RUNS */
    bool is_dry_run;       /* counts only; a reader may, too */
    bool (*keeps)(void *owner, const struct store_old_run *run); /* NULL = no further wish */
    void *owner;

    int64_t after;     /* the last run that was looked at */
    int64_t runs;      /* removed so far */
    int64_t backfills; /* the same, finished ones that ended before `before` and of whose runs none
                          is left, with their dates; a dry run does not look at the runs */
    bool has_all_runs; /* backfills come after the runs, then lines about neither */
    bool has_all_backfills;
    int64_t after_line; /* of the story, the last one that was looked at */
    bool is_done;       /* nothing is left to do */
};

/* One step, a batch of its own: goes on behind `after`, oldest first. On -1 nothing of the step has
 * happened, and the same step may be tried again. Ids of events never go back: a line of the story
 * is added where the newest would go. */
int store_prune(struct store *store, struct store_pruning *pruning, struct error *err);

/* How a run stands, for its logs. */
enum store_prune_fate {
    STORE_PRUNE_GONE,  /* there is no such run (any more) */
    STORE_PRUNE_OPEN,  /* it or one of its attempts is open */
    STORE_PRUNE_STAYS, /* it is final */
    STORE_PRUNE_GOES   /* it is final, and store_prune() would remove it */
};

struct store_prune_state {
    enum store_prune_fate fate;
    struct instant ended; /* STAYS, GOES */
};

int store_prune_look(struct store *store, const struct store_pruning *pruning, int64_t run_id,
                     struct store_prune_state *ret_state, struct error *err);

#endif

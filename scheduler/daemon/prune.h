/* Forgetting old history: rows of runs, then the logs that they leave behind.
 *
 * Work is done in steps of a size that the caller chooses, so that an engine at work is never held
 * up. First the rows go (store_prune.h says which stay); only when they are committed as gone the
 * folders `logs/YYYY-MM-DD/RUN` of runs that are not in the store are looked for and removed, then
 * days that are empty. A crash between the two leaves folders that the next prune finds.
 *
 * In the state folder nothing is touched but that: day folders whose name is a date, in them
 * folders whose name is the number of a run, in these regular files named as an attempt's
 * (NODE.TRY.log, .events, .rejected). Links are never followed; what is not ours stays, and its
 * folder with it.
 *
 *     struct prune *prune = prune_new(&options);
 *     while (prune_has_more(prune) && prune_step(prune, 100, err) == 0)
 *         …
 *     prune_free(prune); */
#ifndef DATEMILL_DAEMON_PRUNE_H
#define DATEMILL_DAEMON_PRUNE_H

#include "scheduler/store/store_prune.h"

#define PRUNE_MAX_SIZE STORE_PRUNE_MAX_RUNS /* of a step */

struct prune_options {
    struct store *store; /* a writer; for a dry run a reader may do */
    int state_dir_fd;    /* borrowed */

    /* Runs that ended before it are forgotten; no time = none of them. */
    struct instant runs_before;
    /* Logs of final runs that ended before it go although the run stays; no time = they stay as
     * long as their run. */
    struct instant logs_before;
    bool is_dry_run; /* counts what would go */

    /* Old runs that must stay beside what the store knows of, and runs that are at work, whose logs
     * stay, too. NULL = none. */
    bool (*keeps)(void *owner, const struct store_old_run *run);
    bool (*is_busy)(void *owner, int64_t run_id);
    void *owner;
};

struct prune_result {
    int64_t runs;
    int64_t backfills;
    int64_t logs;         /* runs whose folder of logs was removed */
    int64_t bytes;        /* of files that were removed */
    int64_t left;         /* things in the way, which are not ours or could not be removed */
    char left_first[640]; /* the first of them and why, relative to the state folder; "" = none */
};

struct prune;

struct prune *prune_new(const struct prune_options *options);
void prune_free(struct prune *prune); /* NULL is fine */

bool prune_has_more(const struct prune *prune);

/* Does up to `size` (1 to PRUNE_MAX_SIZE) runs, folders or files. -1 when the store fails: the same
 * step may be tried again. What cannot be removed is counted as left, and is no failure. */
int prune_step(struct prune *prune, int32_t size, struct error *err);

const struct prune_result *prune_result(const struct prune *prune); /* so far; borrowed */

#endif

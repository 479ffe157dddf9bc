/* The keeper: starts attempts that were granted, watches them, and knows how they ended, whoever is
 * there to be told. It outlives the engine.
 *
 * A start is journalled before it happens, an end before anybody is told. */
#ifndef DATEMILL_KEEPER_KEEPER_H
#define DATEMILL_KEEPER_KEEPER_H

#include "scheduler/base/error.h"
#include "scheduler/base/instant.h"
#include "scheduler/system/lock_file.h"

struct keeper;

struct keeper_options {
    int state_dir_fd;     /* borrowed */
    int folder_fd;        /* KEEPER_FOLDER_NAME in it; borrowed */
    struct duration idle; /* the keeper ends after this time without attempts and engine */
};

/* Reads the journal, kills what an earlier keeper has left behind, records its attempts as lost,
 * and listens. The caller holds the keeper's lock and is the process that will run. */
int keeper_open(const struct keeper_options *options, struct keeper **ret_keeper,
                struct error *err);

/* Until it has been idle for long enough, or SIGTERM came and its attempts have been stopped. */
int keeper_run(struct keeper *keeper, struct error *err);

void keeper_close(struct keeper *keeper);

#endif

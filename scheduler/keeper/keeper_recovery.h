/* What a new keeper does about the attempts of an earlier one. */
#ifndef DATEMILL_KEEPER_KEEPER_RECOVERY_H
#define DATEMILL_KEEPER_KEEPER_RECOVERY_H

#include "scheduler/base/error.h"
#include "scheduler/keeper/attempt_table.h"
#include "scheduler/keeper/journal.h"

struct keeper_recovery_options {
    int folder_fd;             /* of the journal */
    const char *boot_id;       /* of now */
    struct attempt_host *host; /* of the attempts that are made */
};

/* Opens the journal and reads it. Every attempt that has not been settled is in `table` afterwards,
 * as ENDED: with the end that is in the journal, or as LOST (is_held: not in the journal yet), its
 * processes killed if they are of this boot. Waits for them to be gone, at most some seconds. */
int keeper_recover(const struct keeper_recovery_options *options, struct attempt_table *table,
                   struct journal *ret_journal, struct error *err);

#endif

/* What an ended attempt means, in the engine's terms and in words: the keeper's record, what the
 * program reported on fd 3, and the end of its log, put together. */
#ifndef DATEMILL_DAEMON_ATTEMPT_RESULT_H
#define DATEMILL_DAEMON_ATTEMPT_RESULT_H

#include "nodes/node_type.h"
#include "scheduler/base/arena.h"
#include "scheduler/engine/event.h"
#include "scheduler/store/store_commit.h"
#include "scheduler/system/keeper_protocol.h"

#include <stddef.h>
#include <stdint.h>

#define ATTEMPT_RESULT_MAX_ITEMS 1000 /* tables and outputs that are kept of one attempt */

struct attempt_result { /* memory belongs to the arena it was made in */
    struct attempt_outcome outcome;
    const char *reason; /* why it failed, one line: `exit 1: no such column: s.machineId`; "" */
    const char *result; /* what it wrote: `10 rows → commodity_new`; "" */
    const struct store_table *tables;
    size_t table_count;
    const struct node_setting *outputs;
    size_t output_count;
};

/* Both paths are absolute; files that are not there hold nothing. */
struct attempt_files {
    const char *node; /* whose they are: a message need not begin with it again */
    const char *log_path;
    const char *events_path; /* NULL: nothing was said on fd 3 */
};

void attempt_result_make(const struct node_type *type, const struct keeper_end *end,
                         const struct attempt_files *files, struct arena *arena,
                         struct attempt_result *ret_result);

#endif

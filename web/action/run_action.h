/* What can be done to a run, from words of a form or of the API to the engine's request and the
 * command line that does the same. Pure. */
#ifndef DATEMILL_WEB_ACTION_RUN_ACTION_H
#define DATEMILL_WEB_ACTION_RUN_ACTION_H

#include "scheduler/daemon/notice.h"

enum run_action_kind {
    RUN_ACTION_RERUN, /* from: failed, all, node, only; version: run, current */
    RUN_ACTION_STOP,  /* how: drain, stop, kill */
    RUN_ACTION_SKIP,  /* node, reason */
    RUN_ACTION_MARK   /* node, as: success, failed; reason */
};

/* As a form or a JSON object says it; NULL where it does not. */
struct run_action_words {
    int64_t run_id;
    const char *from;
    const char *node;
    const char *version;
    const char *how;
    const char *as;
    const char *reason;
};

/* "rerun", "stop", "skip", "mark". False for another. */
bool run_action_find(const char *name, enum run_action_kind *ret_kind);
const char *run_action_name(enum run_action_kind kind);

/* The request, whose strings are borrowed from the words. ERROR_KIND_USAGE for words that do not
 * fit, with did-you-mean; a missing reason of SKIP and MARK only with `needs_reason`, so that a
 * page may ask for it. */
int run_action_request(enum run_action_kind kind, const struct run_action_words *words,
                       bool needs_reason, struct request *ret_request, struct error *err);

/* `datemill rerun 12 --from-failed`; a reason is quoted for a shell. Belongs to `arena`. */
const char *run_action_command(const struct request *request, struct arena *arena);

#endif

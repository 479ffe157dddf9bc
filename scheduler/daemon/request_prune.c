/* `runs prune`: its asker is told how far it is. */
#include "scheduler/daemon/pruning.h"
#include "scheduler/system/clock.h"

static void tell(void *owner, const struct prune_result *result, bool is_over,
                 const struct error *error)
{
    struct daemon_watcher *watcher = owner;
    struct notice notice = {.kind = is_over ? NOTICE_KIND_REPLY : NOTICE_KIND_PRUNE,
                            .at = clock_now(),
                            .request = watcher->prune_request,
                            .pruned = {.runs = result->runs,
                                       .backfills = result->backfills,
                                       .logs = result->logs,
                                       .bytes = result->bytes,
                                       .left = result->left},
                            .remark = result->left_first};
    if (error != NULL)
        notice.error = *error;
    watcher->tell(watcher->owner, &notice);
}

static void add_operation(struct daemon *daemon, const struct daemon_watcher *watcher,
                          const struct request *request)
{
    char runs[DURATION_TEXT_BYTES] = "";
    char logs[DURATION_TEXT_BYTES] = "";
    bool has_runs = request->keep_runs.us > 0;
    bool has_logs = request->keep_logs.us > 0;
    if (has_runs)
        duration_format_exact(request->keep_runs, runs);
    if (has_logs)
        duration_format_exact(request->keep_logs, logs);
    const char *detail =
        arena_format(&daemon->turn.arena, "%s%s%s%s%s", has_runs ? "runs older than " : "", runs,
                     has_runs && has_logs ? ", " : "", has_logs ? "logs older than " : "", logs);
    requests_add_operation(
        daemon, watcher, request,
        (struct store_operation){
            .kind = STORE_OPERATION_PRUNE, .detail = detail, .flow = "", .node = STORE_NO_NODE});
}

int request_prune(struct daemon *daemon, struct daemon_watcher *watcher,
                  const struct request *request, struct error *err)
{
    if (request->keep_runs.us < 0 || request->keep_logs.us < 0 ||
        request->keep_runs.us + request->keep_logs.us <= 0)
        return error_set(err, ERROR_KIND_USAGE, "a prune keeps some time: 90d");
    struct pruning_options options = {.keep_runs = request->keep_runs,
                                      .keep_logs = request->keep_logs,
                                      .tell = tell,
                                      .owner = watcher};
    if (pruning_start(daemon, &options, err) < 0)
        return -1;
    watcher->prune_request = request->number;
    add_operation(daemon, watcher, request);
    return 0;
}

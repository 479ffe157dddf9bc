#include "scheduler/daemon/daemon_state.h"

int request_explain(struct daemon *daemon, struct daemon_watcher *watcher,
                    const struct request *request, struct error *err)
{
    (void)daemon;
    (void)watcher;
    (void)request;
    return error_set(err, ERROR_KIND_REFUSED, "this engine cannot do that yet");
}

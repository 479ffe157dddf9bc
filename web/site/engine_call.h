/* A request to the project's engine over the control socket, without waiting: the answer comes back
 * in a later turn. Used by actions; the request and its answer are those of daemon/notice.h. */
#ifndef DATEMILL_WEB_SITE_ENGINE_CALL_H
#define DATEMILL_WEB_SITE_ENGINE_CALL_H

#include "scheduler/daemon/notice.h"
#include "web/site/visit.h"

#define ENGINE_CALL_WAIT_S 20

struct engine_call_options {
    struct visit *visit;           /* its exchange is deferred here and finished after `done` */
    const struct request *request; /* copied; `number`, `who`, `via` and
                                      `needs_server` are set here */

    /* Fills in visit->response. `reply` is never NULL, its strings live as long as the visit and
     * are never NULL; what was refused is in reply->error, as is an engine that went away
     * (ERROR_KIND_PRECONDITION). -1 with `err` becomes the error page. */
    int (*done)(struct visit *visit, const struct notice *reply, void *owner, struct error *err);
    void *owner; /* handed to `done`; lives as long as the visit (its arena), or NULL */
};

/* Begins it. -1: nothing was begun, as when no engine listens (ERROR_KIND_PRECONDITION): the
 * handler returns -1. 0: the handler returns 0. */
int engine_call_begin(const struct engine_call_options *options, struct error *err);

#endif

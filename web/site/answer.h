/* From a request to its answer: host, visitor, route, parameters, handler, headers, log. */
#ifndef DATEMILL_WEB_SITE_ANSWER_H
#define DATEMILL_WEB_SITE_ANSWER_H

#include "web/server/http_server.h"
#include "web/site/route.h"

struct answers; /* a server that is at work */

/* Begins to answer. `listen_fd` is taken over, `site` and `routes` are borrowed. */
struct answers_options {
    struct site *site;
    const struct route_tables *routes;
    int listen_fd;

    /* A line about a request that changed something, was refused, failed or took long. */
    void (*log)(void *owner, const char *line);
    void *owner;
};

int answers_open(const struct answers_options *options, struct answers **ret_answers,
                 struct error *err);
void answers_close(struct answers *answers); /* NULL is fine */

/* Completes a deferred visit: headers are added, the exchange is finished. `result` as a handler's:
 * -1 with `err` becomes the error page. */
void answer_finish(struct visit *visit, int result, const struct error *err);

#endif

/* One request as pages, actions and the API see it: who asks, in which language, what was in the
 * URL, checked. Everything here lives until the answer was sent. */
#ifndef DATEMILL_WEB_SITE_VISIT_H
#define DATEMILL_WEB_SITE_VISIT_H

#include "scheduler/base/error.h"
#include "scheduler/base/instant.h"
#include "scheduler/base/zone.h"
#include "web/html/html.h"
#include "web/http/http.h"
#include "web/server/http_server.h"
#include "web/site/access.h"
#include "web/site/site.h"

struct route;
struct engine_call; /* site/engine_call.h */

#define VISIT_MAX_PARTS 4

struct visit {
    struct site *site;
    struct http_exchange *exchange;
    const struct http_request *request;
    struct http_response *response;
    struct arena *arena;
    const struct route *route;
    const char *parts[VISIT_MAX_PARTS]; /* what stood for {name} in the route's pattern */
    struct http_pairs form;             /* POST: of the body; without `csrf` */
    enum language language;
    bool is_api;             /* errors are application/problem+json */
    bool was_language_asked; /* ?lang=: is kept in a cookie */
    struct instant now;
    struct visitor visitor;
    struct html html; /* of page_begin(), as the next */
    const struct zone *page_zone;
};

/* ---- parameters: of the query, checked against the route before the handler is called ---- */

const char *visit_text(const struct visit *visit, const char *name, const char *fallback);
int64_t visit_int(const struct visit *visit, const char *name, int64_t fallback);
bool visit_has(const struct visit *visit, const char *name);

/* Of the form that was posted. */
const char *visit_form(const struct visit *visit, const char *name, const char *fallback);

/* A number out of the path: `/runs/{id}`. NOT_FOUND for what is none. */
int visit_part_id(const struct visit *visit, size_t part, int64_t *ret_id, struct error *err);

/* ---- answers ---- */

/* 303 to a path of ours. */
int visit_redirect(struct visit *visit, const char *path);

/* The HTTP status of a kind of error. */
int visit_status_of(const struct error *error);

/* Sets a weak ETag made of `state` (as the newest event's id) and of what else shapes the page
 * (language, version of program and assets, session). True: the client has that already, 304 is
 * set and there is nothing more to do. */
bool visit_is_unchanged(struct visit *visit, const char *state);

/* The store, the flow: site_store() and site_flow() for short. */
int visit_store(struct visit *visit, struct store **ret_store, struct error *err);
int visit_flow(struct visit *visit, const char *name, const struct flow **ret_flow,
               struct error *err);

/* `2021-11-12 02:30:00` in a zone; "" for 0. Belongs to the visit's arena. */
const char *visit_time(const struct visit *visit, struct instant at, const struct zone *zone);
const char *visit_duration(const struct visit *visit, struct duration duration);

#endif

/* Where requests go. A route is a const entry in one of the tables that web/routes.c names:
 *
 *     static const struct parameter runs_parameters[] = {
 *         {.name = "q", .kind = PARAMETER_TEXT},
 *         {.name = "after", .kind = PARAMETER_INT, .min = 1, .max = INT64_MAX},
 *         {.name = NULL}};
 *
 *     const struct route page_runs_routes[] = {
 *         {.pattern = "/runs", .methods = HTTP_GET, .parameters = runs_parameters,
 *          .answer = answer_runs},
 *         {.pattern = NULL}};
 *
 * Patterns are paths; a part `{name}` stands for one part of the path that is not empty. Of two
 * patterns that fit, the one with the earlier literal part wins (`/backfills/new` before
 * `/backfills/{id}`). */
#ifndef DATEMILL_WEB_SITE_ROUTE_H
#define DATEMILL_WEB_SITE_ROUTE_H

#include "web/site/visit.h"

enum parameter_kind {
    PARAMETER_TEXT,   /* at most `max` bytes (0: PARAMETER_MAX_TEXT) */
    PARAMETER_NAME,   /* [A-Za-z_][A-Za-z0-9_]{0,62} */
    PARAMETER_INT,    /* min … max */
    PARAMETER_DATE,   /* YYYY-MM-DD, and there is such a date */
    PARAMETER_CHOICE, /* one of `choices`, separated by '|' */
    PARAMETER_BOOL,   /* true, false */
    PARAMETER_TEXTS,  /* of JSON bodies only: a list of texts */
    PARAMETER_MAP     /* same: an object of texts */
};

#define PARAMETER_MAX_TEXT 4096

struct parameter {
    const char *name;
    enum parameter_kind kind;
    int64_t min;
    int64_t max;
    const char *choices;
    const char *help; /* API: one sentence for the OpenAPI document */
    bool is_required; /* of JSON bodies */
};

struct api_doc;

struct route {
    const char *pattern;
    uint32_t methods; /* bits of enum http_method; HTTP_HEAD comes with HTTP_GET */
    const struct parameter *parameters; /* of the query; NULL = none. `lang` is always known.
                                           Another name, or a value that does not fit: 400 with
                                           did-you-mean. An empty value counts as none given */
    bool is_open;        /* for ROLE_NOBODY too (assets, the log-in page). Else reading needs
                        ROLE_VIEWER, another method ROLE_OPERATOR and what access.h says */
    bool is_for_viewers; /* a method that changes, but only what is the visitor's: ROLE_VIEWER
                            does, on a read-only site too */
    bool is_api;         /* errors are application/problem+json */
    bool takes_columns;  /* names of the query that are no parameters belong to the handler */
    bool takes_json;     /* POST: the body is JSON, in request->body; else a form, in visit->form */
    const struct api_doc *doc; /* API: api/api_doc.h; NULL = not in the OpenAPI document */

    /* Fills in visit->response, or defers (http_exchange_defer()). -1 with `err` becomes the error
     * page of its kind; what was written before is dropped. */
    int (*answer)(struct visit *visit, struct error *err);
};

/* The tables, each ended by a NULL pattern; NULL at the end. */
struct route_tables {
    const struct route *const *tables;
};

/* What became of a path. */
enum route_verdict {
    ROUTE_FOUND,
    ROUTE_UNKNOWN,     /* 404 */
    ROUTE_WRONG_METHOD /* 405: `methods` are those that there are */
};

struct route_match {
    const struct route *route;
    const char *parts[VISIT_MAX_PARTS]; /* belong to the arena */
    uint32_t methods;
};

enum route_verdict route_find(const struct route_tables *tables, enum http_method method,
                              const char *path, struct arena *arena, struct route_match *ret_match);

/* Checks the query of a request against the route's parameters: ERROR_KIND_USAGE, E021 for a value
 * and E022 for a name. */
int route_check_value(const struct parameter *rule, const char *value,
                      struct error *err); /* E021 */
int route_check_query(const struct route *route, const struct http_pairs *query, struct error *err);

#endif

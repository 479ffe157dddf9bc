/* Who may come in, and do what: design.md, issue "the page", Safety.
 *
 * On a loopback address everybody reads; elsewhere nobody does without a token, unless the site is
 * read-only. A change needs a session (the one-time link, or a token typed in) or a token as
 * `Authorization: Bearer`; a session's change also needs its CSRF token and the same origin. */
#ifndef DATEMILL_WEB_SITE_ACCESS_H
#define DATEMILL_WEB_SITE_ACCESS_H

#include "scheduler/base/error.h"
#include "scheduler/base/instant.h"
#include "web/http/http.h"

struct access;

/* What a visitor may do; each may do all of those before it. */
enum role {
    ROLE_NOBODY,   /* another address, without a token */
    ROLE_VIEWER,   /* reads */
    ROLE_OPERATOR, /* changes */
};

struct visitor {
    enum role role;
    const char *name;  /* "lin"; of the record of operations. "" = without a session */
    const char *csrf;  /* for forms; "" = without a session of a cookie */
    bool is_by_bearer; /* Authorization: Bearer; needs no CSRF token */
    bool has_session;
};

struct access_options {
    int state_dir_fd; /* borrowed; where keys and sessions are kept */
    int listen_fd;    /* which address decides; borrowed for the call */
    bool is_read_only;
};

int access_open(const struct access_options *options, struct access **ret_access,
                struct error *err);
void access_close(struct access *access); /* NULL is fine */

/* The Host header names this server: an address, `localhost`, or a name it was told. Else another
 * site has had its name point here (DNS rebinding). */
bool access_is_our_host(const struct access *access, const struct http_request *request);

/* A change comes from a page of ours: Sec-Fetch-Site, else Origin; neither = no browser. */
bool access_is_same_origin(const struct access *access, const struct http_request *request);

/* Who asks. Strings belong to the arena. */
void access_visitor(struct access *access, const struct http_request *request, struct arena *arena,
                    struct visitor *ret_visitor);

/* Whether two secrets are the same, in a time that does not tell where they differ; two empty ones
 * are not. */
bool access_is_equal(const char *a, const char *b);

#endif

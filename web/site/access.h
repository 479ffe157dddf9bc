/* Who may come in, and do what.
 *
 * On a loopback address everybody reads; elsewhere nobody does without a token, unless the site is
 * read-only. A change needs a session (begun by the one-time link, or by a token typed in) or a
 * token as `Authorization: Bearer`; a session's change also needs its CSRF token and the same
 * origin. Sessions are kept in `.datemill/web.sessions` as hashes, so that they outlive this
 * process. */
#ifndef DATEMILL_WEB_SITE_ACCESS_H
#define DATEMILL_WEB_SITE_ACCESS_H

#include "scheduler/base/error.h"
#include "scheduler/base/instant.h"
#include "web/http/http.h"

#define ACCESS_MAX_HOSTS 16 /* names that this server is told it has */

struct access;

/* What a visitor may do; each may do all of those before it. */
enum role {
    ROLE_NOBODY,   /* another address, without a token */
    ROLE_VIEWER,   /* reads */
    ROLE_OPERATOR, /* changes */
};

struct visitor {
    enum role role;
    const char *name;   /* "lin"; of the record of operations. "" = without session and token */
    const char *csrf;   /* for forms; "" = without a session */
    const char *tag;    /* of the session, for ETags: tells nothing about it; "" = none */
    bool is_by_bearer;  /* Authorization: Bearer; needs no CSRF token */
    bool is_bad_bearer; /* it is nobody's */
    bool has_session;   /* of a cookie */
};

struct access_options {
    int state_dir_fd; /* borrowed; where keys, tokens and sessions are kept */
    int listen_fd;    /* its address decides; borrowed for the call */
    bool is_read_only;
    const char *const *hosts; /* names besides numbers and localhost; NULL at the end, or NULL */
};

int access_open(const struct access_options *options, struct access **ret_access,
                struct error *err);
void access_close(struct access *access); /* NULL is fine */

/* The Host header is an address in numbers, localhost, or a name that this server was told it has.
 * Else another site has had its name point here (DNS rebinding). */
bool access_is_our_host(const struct access *access, const struct http_request *request);

/* A change comes from a page of ours: Sec-Fetch-Site says so, or Origin where there is no such
 * header. Neither: no. */
bool access_is_same_origin(const struct http_request *request);

/* Who asks. Strings belong to the arena. */
void access_visitor(struct access *access, const struct http_request *request, struct arena *arena,
                    struct visitor *ret_visitor);

/* Begins a session: with the key of the one-time link, which is used up, or with a token. The value
 * of Set-Cookie belongs to the arena. ERROR_KIND_REFUSED for a secret that is none. */
int access_sign_in(struct access *access, const char *secret, struct arena *arena,
                   const char **ret_cookie, struct error *err);

/* Ends the session of a request. */
const char *access_sign_out(struct access *access, const struct http_request *request,
                            struct arena *arena);

/* Whether two secrets are the same, in a time that does not tell where they differ; an empty one is
 * like none. */
bool access_is_equal(const char *a, const char *b);

#endif

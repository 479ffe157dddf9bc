/* Sessions: kept as hashes in a file, so that whoever reads it can use none. */
#ifndef DATEMILL_WEB_SITE_ACCESS_SESSION_H
#define DATEMILL_WEB_SITE_ACCESS_SESSION_H

#include "scheduler/base/error.h"
#include "scheduler/base/instant.h"
#include "scheduler/base/sha256.h"
#include "scheduler/system/clock.h"

#define ACCESS_SESSION_DAYS 30
#define ACCESS_MAX_SESSIONS 64 /* the oldest goes */
#define ACCESS_SESSION_NAME_BYTES 80

struct access_session {
    char hash[SHA256_HEX_BYTES];          /* of the cookie's value */
    char token_hash[SHA256_HEX_BYTES];    /* of the token it began with; "" = the one-time link */
    char name[ACCESS_SESSION_NAME_BYTES]; /* who */
    bool is_operator;
    struct instant until;
};

struct access_sessions {
    struct access_session items[ACCESS_MAX_SESSIONS]; /* oldest first */
    size_t count;
    int state_dir_fd;
};

/* A file that cannot be read is an empty one: everybody signs in again. */
void access_sessions_open(int state_dir_fd, struct access_sessions *ret_sessions);

/* Makes one and keeps it on disk; `session` without its hash. */
int access_sessions_add(struct access_sessions *sessions, const struct access_session *session,
                        char ret_secret[CLOCK_TOKEN_BYTES], struct error *err);

/* NULL = there is none, or it is over. */
const struct access_session *access_sessions_find(const struct access_sessions *sessions,
                                                  const char *secret);
void access_sessions_remove(struct access_sessions *sessions, const char *secret);

#endif

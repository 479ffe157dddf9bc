#include "web/site/access.h"

#include "scheduler/base/memory.h"
#include "scheduler/system/page_files.h"
#include "scheduler/system/page_tokens.h"
#include "scheduler/system/tcp_listen.h"
#include "web/site/access_session.h"

#include <arpa/inet.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define HOST_BYTES 256
#define COOKIE_NAME_BYTES 32
#define USER_BYTES 64
#define PASSWD_BYTES 4096
#define BEARER "Bearer "

struct access {
    struct access_options options;
    struct access_sessions sessions;
    char cookie[COOKIE_NAME_BYTES]; /* cookies know hosts, not ports: its name has the port */
    char user[USER_BYTES];          /* whose process this is */
    bool is_loopback;
};

/* ---- beginning and end ---- */

static void read_user(char ret_user[USER_BYTES])
{
    struct passwd entry;
    struct passwd *found = NULL;
    char buffer[PASSWD_BYTES];
    if (getpwuid_r(getuid(), &entry, buffer, sizeof buffer, &found) == 0 && found != NULL)
        snprintf(ret_user, USER_BYTES, "%s", found->pw_name);
    else
        snprintf(ret_user, USER_BYTES, "uid %ld", (long)getuid());
}

int access_open(const struct access_options *options, struct access **ret_access, struct error *err)
{
    char address[TCP_ADDRESS_BYTES];
    char key[CLOCK_TOKEN_BYTES];
    if (tcp_listen_address(options->listen_fd, address, err) < 0 ||
        page_files_key(options->state_dir_fd, key, err) < 0)
        return -1;
    if (!options->is_read_only &&
        page_tokens_check_address(options->state_dir_fd, options->listen_fd, err) < 0)
        return -1;
    struct access *access = memory_new(1, sizeof *access);
    access->options = *options;
    access->is_loopback = tcp_listen_is_loopback(options->listen_fd);
    snprintf(access->cookie, sizeof access->cookie, "datemill_%.16s", strrchr(address, ':') + 1);
    read_user(access->user);
    access_sessions_open(options->state_dir_fd, &access->sessions);
    *ret_access = access;
    return 0;
}

void access_close(struct access *access)
{
    free(access);
}

/* ---- where a request comes from ---- */

static bool is_number_address(const char *host)
{
    struct in_addr four;
    struct in6_addr six;
    return inet_pton(AF_INET, host, &four) == 1 || inet_pton(AF_INET6, host, &six) == 1;
}

/* Without port and brackets; false for what is none. */
static bool split_host(const char *value, char ret_host[HOST_BYTES])
{
    const char *begin = value;
    size_t length = strcspn(value, ":");
    const char *rest = value + length;
    if (value[0] == '[') {
        begin++;
        length = strcspn(begin, "]");
        if (begin[length] != ']')
            return false;
        rest = begin + length + 1;
    }
    if (length == 0 || length >= HOST_BYTES)
        return false;
    if (rest[0] == ':')
        rest += 1 + strspn(rest + 1, "0123456789");
    snprintf(ret_host, HOST_BYTES, "%.*s", (int)length, begin);
    return rest[0] == '\0';
}

bool access_is_our_host(const struct access *access, const struct http_request *request)
{
    const char *value = http_header(request, "Host");
    char host[HOST_BYTES];
    size_t times = 0;
    for (size_t i = 0; i < request->headers.count; i++)
        times += strcasecmp(request->headers.items[i].name, "Host") == 0;
    if (value == NULL || times != 1 || !split_host(value, host))
        return false;
    if (is_number_address(host) || strcasecmp(host, "localhost") == 0)
        return true;
    for (size_t i = 0; access->options.hosts != NULL && access->options.hosts[i] != NULL; i++) {
        if (strcasecmp(host, access->options.hosts[i]) == 0)
            return true;
    }
    return false;
}

bool access_is_same_origin(const struct http_request *request)
{
    const char *site = http_header(request, "Sec-Fetch-Site");
    const char *origin = http_header(request, "Origin");
    const char *host = http_header(request, "Host");
    if (site != NULL)
        return strcmp(site, "same-origin") == 0;
    if (origin == NULL || host == NULL)
        return false;
    if (strncmp(origin, "http://", 7) == 0)
        return strcasecmp(origin + 7, host) == 0;
    return strncmp(origin, "https://", 8) == 0 && strcasecmp(origin + 8, host) == 0;
}

bool access_is_equal(const char *a, const char *b)
{
    return page_tokens_is_equal(a, b);
}

/* ---- who asks ---- */

/* Whom a secret lets in: the key of the link, or a token. False = nobody. The name belongs to the
 * arena. */
struct grant {
    const char *name;
    const char *token_hash; /* "" = the key */
    bool is_operator;
};

static bool find_grant(struct access *access, const char *secret, struct arena *arena,
                       struct grant *ret_grant)
{
    char key[CLOCK_TOKEN_BYTES];
    struct page_tokens tokens;
    if (page_files_key(access->options.state_dir_fd, key, NULL) == 0 &&
        page_tokens_is_equal(key, secret)) {
        *ret_grant = (struct grant){.name = access->user, .token_hash = "", .is_operator = true};
        return true;
    }
    if (page_tokens_read(access->options.state_dir_fd, arena, &tokens, NULL) < 0)
        return false;
    const struct page_token *token = page_tokens_find(&tokens, secret);
    if (token == NULL)
        return false;
    *ret_grant = (struct grant){
        .name = token->name, .token_hash = token->hash, .is_operator = token->is_operator};
    return true;
}

/* A session that began with a token ends with it. */
static bool is_token_there(struct access *access, const struct access_session *session,
                           struct arena *arena)
{
    struct page_tokens tokens;
    bool is_there = session->token_hash[0] == '\0';
    if (is_there || page_tokens_read(access->options.state_dir_fd, arena, &tokens, NULL) < 0)
        return is_there;
    for (size_t i = 0; i < tokens.count; i++) {
        if (page_tokens_is_equal(tokens.items[i].hash, session->token_hash))
            is_there = true;
    }
    return is_there;
}

/* A name for something secret that tells nothing about it. */
static const char *derive(const char *purpose, const char *secret, struct arena *arena)
{
    char hex[SHA256_HEX_BYTES];
    const char *text = arena_format(arena, "%s:%s", purpose, secret);
    sha256_hex(text, strlen(text), hex);
    return arena_copy_string(arena, hex);
}

static bool take_session(struct access *access, const struct http_request *request,
                         struct arena *arena, struct visitor *visitor)
{
    const char *secret = http_cookie(request, access->cookie, arena);
    if (secret == NULL || secret[0] == '\0')
        return false;
    const struct access_session *session = access_sessions_find(&access->sessions, secret);
    if (session == NULL || !is_token_there(access, session, arena))
        return false;
    *visitor = (struct visitor){.role = session->is_operator ? ROLE_OPERATOR : ROLE_VIEWER,
                                .name = arena_copy_string(arena, session->name),
                                .csrf = derive("csrf", secret, arena),
                                .tag = arena_format(arena, "%.16s", derive("tag", secret, arena)),
                                .has_session = true};
    return true;
}

void access_visitor(struct access *access, const struct http_request *request, struct arena *arena,
                    struct visitor *ret_visitor)
{
    const char *header = http_header(request, "Authorization");
    struct visitor visitor = {.name = "", .csrf = "", .tag = ""};
    struct grant grant;
    visitor.role = access->is_loopback || access->options.is_read_only ? ROLE_VIEWER : ROLE_NOBODY;
    if (header == NULL) {
        take_session(access, request, arena, &visitor);
    } else if (strncasecmp(header, BEARER, strlen(BEARER)) == 0 &&
               find_grant(access, header + strlen(BEARER), arena, &grant)) {
        visitor.role = grant.is_operator ? ROLE_OPERATOR : ROLE_VIEWER;
        visitor.name = grant.name;
        visitor.is_by_bearer = true;
    } else {
        visitor.is_bad_bearer = true;
    }
    *ret_visitor = visitor;
}

/* ---- coming and going ---- */

int access_sign_in(struct access *access, const char *secret, struct arena *arena,
                   const char **ret_cookie, struct error *err)
{
    struct grant grant;
    struct access_session session = {0};
    char cookie[CLOCK_TOKEN_BYTES];
    if (!find_grant(access, secret, arena, &grant))
        return error_set(err, ERROR_KIND_REFUSED, "no such key or token");
    if (grant.token_hash[0] == '\0' && page_files_change_key(access->options.state_dir_fd, err) < 0)
        return -1;
    snprintf(session.name, sizeof session.name, "%s", grant.name);
    snprintf(session.token_hash, sizeof session.token_hash, "%s", grant.token_hash);
    session.is_operator = grant.is_operator;
    session.until =
        instant_add(clock_now(), (struct duration){ACCESS_SESSION_DAYS * DURATION_DAY_US});
    if (access_sessions_add(&access->sessions, &session, cookie, err) < 0)
        return -1;
    *ret_cookie = arena_format(arena, "%s=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Strict",
                               access->cookie, cookie, ACCESS_SESSION_DAYS * 86400);
    return 0;
}

const char *access_sign_out(struct access *access, const struct http_request *request,
                            struct arena *arena)
{
    const char *secret = http_cookie(request, access->cookie, arena);
    if (secret != NULL)
        access_sessions_remove(&access->sessions, secret);
    return arena_format(arena, "%s=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict", access->cookie);
}

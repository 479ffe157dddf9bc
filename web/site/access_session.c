#include "web/site/access_session.h"

#include "scheduler/base/json_in.h"
#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/system/page_files.h"
#include "scheduler/system/page_tokens.h"

#include <string.h>

#define SESSIONS_NAME "web.sessions"

static void copy(char *target, size_t size, const struct json *json, const char *key)
{
    snprintf(target, size, "%s", json_get_string(json, key, ""));
}

static void read_line(struct access_sessions *sessions, const char *line, size_t length)
{
    struct json *json;
    if (sessions->count == ACCESS_MAX_SESSIONS || json_parse(line, length, &json, NULL) < 0)
        return;
    struct access_session session = {.is_operator = json_get_bool(json, "is_operator", false),
                                     .until = {json_get_int(json, "until_us", 0)}};
    copy(session.hash, sizeof session.hash, json, "sha256");
    copy(session.token_hash, sizeof session.token_hash, json, "token");
    copy(session.name, sizeof session.name, json, "name");
    json_free(json);
    if (instant_compare(clock_now(), session.until) < 0)
        sessions->items[sessions->count++] = session;
}

void access_sessions_open(int state_dir_fd, struct access_sessions *ret_sessions)
{
    SCOPED_ARENA struct arena arena = {0};
    const char *text = "";
    *ret_sessions = (struct access_sessions){.state_dir_fd = state_dir_fd};
    page_files_read(state_dir_fd, SESSIONS_NAME, &arena, &text, NULL);
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        read_line(ret_sessions, text, length);
        text += length + (text[length] == '\n');
    }
}

static int keep(const struct access_sessions *sessions, struct error *err)
{
    SCOPED_TEXT struct text text = {0};
    for (size_t i = 0; i < sessions->count; i++) {
        const struct access_session *session = &sessions->items[i];
        struct json_out json;
        json_out_init(&json, &text);
        json_out_begin_object(&json);
        json_out_pair_string(&json, "sha256", session->hash);
        json_out_pair_string(&json, "name", session->name);
        json_out_pair_bool(&json, "is_operator", session->is_operator);
        json_out_pair_string(&json, "token", session->token_hash);
        json_out_pair_int(&json, "until_us", session->until.us);
        json_out_end_object(&json);
        text_append_char(&text, '\n');
    }
    return page_files_write(sessions->state_dir_fd, SESSIONS_NAME, text_string(&text), err);
}

static void remove_at(struct access_sessions *sessions, size_t index)
{
    sessions->count--;
    memmove(&sessions->items[index], &sessions->items[index + 1],
            (sessions->count - index) * sizeof sessions->items[0]);
}

int access_sessions_add(struct access_sessions *sessions, const struct access_session *session,
                        char ret_secret[CLOCK_TOKEN_BYTES], struct error *err)
{
    char secret[CLOCK_TOKEN_BYTES];
    if (clock_make_token(secret, err) < 0)
        return -1;
    if (sessions->count == ACCESS_MAX_SESSIONS)
        remove_at(sessions, 0);
    struct access_session *added = &sessions->items[sessions->count++];
    *added = *session;
    sha256_hex(secret, strlen(secret), added->hash);
    if (keep(sessions, err) < 0) {
        sessions->count--;
        return -1;
    }
    memcpy(ret_secret, secret, sizeof secret);
    return 0;
}

/* Looks at all, whatever it finds. */
static size_t find(const struct access_sessions *sessions, const char *secret)
{
    char hash[SHA256_HEX_BYTES];
    size_t found = sessions->count;
    sha256_hex(secret, strlen(secret), hash);
    for (size_t i = 0; i < sessions->count; i++) {
        if (page_tokens_is_equal(hash, sessions->items[i].hash))
            found = i;
    }
    return found;
}

const struct access_session *access_sessions_find(const struct access_sessions *sessions,
                                                  const char *secret)
{
    size_t found = find(sessions, secret);
    if (found == sessions->count || instant_compare(clock_now(), sessions->items[found].until) >= 0)
        return NULL;
    return &sessions->items[found];
}

void access_sessions_remove(struct access_sessions *sessions, const char *secret)
{
    size_t found = find(sessions, secret);
    if (found == sessions->count)
        return;
    remove_at(sessions, found);
    keep(sessions, NULL);
}

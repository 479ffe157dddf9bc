#include "scheduler/system/page_tokens.h"

#include "scheduler/base/json_in.h"
#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"
#include "scheduler/system/clock.h"
#include "scheduler/system/page_files.h"
#include "scheduler/system/tcp_listen.h"

#include <string.h>

#define NAME_MAX_BYTES 63
#define LOCK_NAME "web.tokens.lock"
#define LOCK_WAIT_S 5
#define ROLE_OPERATOR_NAME "operator"
#define ROLE_VIEWER_NAME "viewer"

bool page_tokens_is_equal(const char *a, const char *b)
{
    size_t length = strlen(a);
    unsigned difference = 0;
    if (length == 0 || strlen(b) != length)
        return false;
    for (size_t i = 0; i < length; i++)
        difference |= (unsigned)(unsigned char)a[i] ^ (unsigned)(unsigned char)b[i];
    return difference == 0;
}

/* ---- the file ---- */

static int read_line(const char *line, size_t length, struct arena *arena,
                     struct page_token *ret_token, struct error *err)
{
    struct json *json;
    if (json_parse(line, length, &json, err) < 0)
        return error_prefix(err, PAGE_TOKENS_FILE);
    const char *name = json_get_string(json, "name", NULL);
    const char *hash = json_get_string(json, "sha256", NULL);
    const char *role = json_get_string(json, "role", "");
    int result = 0;
    if (name == NULL || hash == NULL)
        result =
            error_set(err, ERROR_KIND_INVALID, "%s has a line that is no token", PAGE_TOKENS_FILE);
    else
        *ret_token = (struct page_token){.name = arena_copy_string(arena, name),
                                         .is_operator = strcmp(role, ROLE_OPERATOR_NAME) == 0,
                                         .hash = arena_copy_string(arena, hash),
                                         .made_at = {json_get_int(json, "made_at_us", 0)}};
    json_free(json);
    return result;
}

int page_tokens_read(int state_dir_fd, struct arena *arena, struct page_tokens *ret_tokens,
                     struct error *err)
{
    const char *text;
    struct page_token *items = arena_array(arena, PAGE_TOKENS_MAX, sizeof *items);
    size_t count = 0;
    if (page_files_read(state_dir_fd, PAGE_TOKENS_FILE, arena, &text, err) < 0)
        return -1;
    while (*text != '\0' && count < PAGE_TOKENS_MAX) {
        size_t length = strcspn(text, "\n");
        if (length > 0 && read_line(text, length, arena, &items[count++], err) < 0)
            return -1;
        text += length + (text[length] == '\n');
    }
    *ret_tokens = (struct page_tokens){items, count};
    return 0;
}

static void write_token(const struct page_token *token, struct text *text)
{
    struct json_out json;
    json_out_init(&json, text);
    json_out_begin_object(&json);
    json_out_pair_string(&json, "name", token->name);
    json_out_pair_string(&json, "role", token->is_operator ? ROLE_OPERATOR_NAME : ROLE_VIEWER_NAME);
    json_out_pair_string(&json, "sha256", token->hash);
    json_out_pair_int(&json, "made_at_us", token->made_at.us);
    json_out_end_object(&json);
    text_append_char(text, '\n');
}

/* ---- changes ---- */

static int check_name(const char *name, const struct page_tokens *tokens, struct error *err)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.@-";
    size_t length = strlen(name);
    if (length == 0 || length > NAME_MAX_BYTES || strspn(name, letters) != length)
        return error_set(err, ERROR_KIND_USAGE,
                         "`%.80s` is no name for a token: letters, digits and `_.@-`, at most %d",
                         name, NAME_MAX_BYTES);
    for (size_t i = 0; i < tokens->count; i++) {
        if (strcmp(tokens->items[i].name, name) == 0)
            return error_set(err, ERROR_KIND_REFUSED, "there is a token `%s` already", name);
    }
    if (tokens->count == PAGE_TOKENS_MAX)
        return error_set(err, ERROR_KIND_REFUSED, "there are %d tokens, and no more can be",
                         PAGE_TOKENS_MAX);
    return 0;
}

static int add_token(int state_dir_fd, const struct page_token_wish *wish,
                     char ret_text[PAGE_TOKENS_TEXT_BYTES], struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    SCOPED_TEXT struct text text = {0};
    struct page_tokens tokens;
    char halves[2][CLOCK_TOKEN_BYTES];
    char made[PAGE_TOKENS_TEXT_BYTES];
    char hash[SHA256_HEX_BYTES];
    if (page_tokens_read(state_dir_fd, &arena, &tokens, err) < 0 ||
        check_name(wish->name, &tokens, err) < 0 || clock_make_token(halves[0], err) < 0 ||
        clock_make_token(halves[1], err) < 0)
        return -1;
    snprintf(made, sizeof made, "dm_%s%s", halves[0], halves[1]);
    sha256_hex(made, strlen(made), hash);
    struct page_token token = {
        .name = wish->name, .is_operator = wish->is_operator, .hash = hash, .made_at = clock_now()};
    for (size_t i = 0; i < tokens.count; i++)
        write_token(&tokens.items[i], &text);
    write_token(&token, &text);
    if (page_files_write(state_dir_fd, PAGE_TOKENS_FILE, text_string(&text), err) < 0)
        return -1;
    memcpy(ret_text, made, sizeof made);
    return 0;
}

static int remove_token(int state_dir_fd, const char *name, struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    SCOPED_TEXT struct text text = {0};
    struct page_tokens tokens;
    struct suggest suggest;
    bool is_found = false;
    if (page_tokens_read(state_dir_fd, &arena, &tokens, err) < 0)
        return -1;
    suggest_begin(&suggest, name);
    for (size_t i = 0; i < tokens.count; i++) {
        suggest_offer(&suggest, tokens.items[i].name);
        if (strcmp(tokens.items[i].name, name) == 0)
            is_found = true;
        else
            write_token(&tokens.items[i], &text);
    }
    if (is_found)
        return page_files_write(state_dir_fd, PAGE_TOKENS_FILE, text_string(&text), err);
    error_set(err, ERROR_KIND_NOT_FOUND, "there is no token `%.80s`", name);
    if (suggest_best(&suggest) != NULL)
        error_help(err, "did you mean `%s`?", suggest_best(&suggest));
    return -1;
}

int page_tokens_add(int state_dir_fd, const struct page_token_wish *wish,
                    char ret_text[PAGE_TOKENS_TEXT_BYTES], struct error *err)
{
    struct lock_file lock;
    if (lock_file_wait(state_dir_fd, LOCK_NAME, duration_seconds(LOCK_WAIT_S), &lock, err) < 0)
        return -1;
    int result = add_token(state_dir_fd, wish, ret_text, err);
    lock_file_release(&lock);
    return result;
}

int page_tokens_remove(int state_dir_fd, const char *name, struct error *err)
{
    struct lock_file lock;
    if (lock_file_wait(state_dir_fd, LOCK_NAME, duration_seconds(LOCK_WAIT_S), &lock, err) < 0)
        return -1;
    int result = remove_token(state_dir_fd, name, err);
    lock_file_release(&lock);
    return result;
}

int page_tokens_check_address(int state_dir_fd, int listen_fd, struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    struct page_tokens tokens;
    char address[TCP_ADDRESS_BYTES];
    if (tcp_listen_address(listen_fd, address, err) < 0 ||
        page_tokens_read(state_dir_fd, &arena, &tokens, err) < 0)
        return -1;
    if (tcp_listen_is_loopback(listen_fd) || tokens.count > 0)
        return 0;
    error_set(err, ERROR_KIND_REFUSED, "others could reach the page at %s, and nobody has a token",
              address);
    return error_help(err, "make one: datemill token add NAME --role viewer|operator\n"
                           "or let everybody read and nobody change: --read-only");
}

const struct page_token *page_tokens_find(const struct page_tokens *tokens, const char *text)
{
    char hash[SHA256_HEX_BYTES];
    const struct page_token *found = NULL;
    sha256_hex(text, strlen(text), hash);
    for (size_t i = 0; i < tokens->count; i++) {
        if (page_tokens_is_equal(hash, tokens->items[i].hash))
            found = &tokens->items[i];
    }
    return found;
}

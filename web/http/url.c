#include "web/http/url.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ESCAPE_BYTES 3 /* %2F */

enum decoding {
    DECODE_PATH, /* '+' is itself; an encoded '/' and every control character are refused */
    DECODE_VALUE /* '+' is a space; newlines and tabs are fine, as forms send them */
};

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool is_refused(char c, enum decoding how)
{
    if (c == '\n' || c == '\r' || c == '\t')
        return how == DECODE_PATH;
    return (unsigned char)c < ' ' || c == 0x7f;
}

/* The byte that an escape at `bytes` stands for, or -1. */
static int decode_escape(const char *bytes, size_t length, enum decoding how)
{
    if (length < ESCAPE_BYTES)
        return -1;
    int high = hex_value(bytes[1]);
    int low = hex_value(bytes[2]);
    if (high < 0 || low < 0)
        return -1;
    int value = high * 16 + low;
    return value == '/' && how == DECODE_PATH ? -1 : value;
}

/* False for what is refused. The text belongs to the arena. */
static bool decode(const char *bytes, size_t length, enum decoding how, struct arena *arena,
                   const char **ret_text)
{
    char *out = arena_alloc(arena, length + 1);
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        char c = bytes[i];
        if (c == '%') {
            int value = decode_escape(bytes + i, length - i, how);
            if (value < 0)
                return false;
            c = (char)value;
            i += ESCAPE_BYTES - 1;
        } else if (c == '+' && how == DECODE_VALUE) {
            c = ' ';
        }
        if (is_refused(c, how))
            return false;
        out[used++] = c;
    }
    if (utf8_valid_prefix(out, used) != used)
        return false;
    *ret_text = out;
    return true;
}

static int fail(const char *what, struct error *err)
{
    return error_set(err, ERROR_KIND_INVALID, "the %s of the request is malformed", what);
}

/* `a=1&b=2&c`. */
static int parse_pairs(const char *bytes, size_t length, struct arena *arena,
                       struct http_pairs *ret_pairs, struct error *err)
{
    struct http_pair *items = NULL;
    size_t count = 0;
    size_t capacity = 0;
    const char *end = bytes + length;
    while (bytes < end) {
        const char *stop = memchr(bytes, '&', (size_t)(end - bytes));
        if (stop == NULL)
            stop = end;
        const char *equals = memchr(bytes, '=', (size_t)(stop - bytes));
        size_t name_length = (size_t)((equals == NULL ? stop : equals) - bytes);
        const char *value = equals == NULL ? stop : equals + 1;
        if (count == HTTP_MAX_PAIRS)
            return error_set(err, ERROR_KIND_INVALID, "more than %d parameters", HTTP_MAX_PAIRS);
        if (stop > bytes) {
            items = arena_grow(arena, items, count, &capacity, sizeof *items);
            if (!decode(bytes, name_length, DECODE_VALUE, arena, &items[count].name) ||
                !decode(value, (size_t)(stop - value), DECODE_VALUE, arena, &items[count].value))
                return fail("query", err);
            count++;
        }
        bytes = stop + 1;
    }
    *ret_pairs = (struct http_pairs){items, count};
    return 0;
}

/* Parts that file systems and browsers understand in ways of their own. */
static bool has_dots(const char *path)
{
    while (*path != '\0') {
        path += strspn(path, "/");
        size_t length = strcspn(path, "/");
        if (length <= 2 && length > 0 && strspn(path, ".") >= length)
            return true;
        path += length;
    }
    return false;
}

int url_parse_target(const char *target, struct arena *arena, const char **ret_path,
                     struct http_pairs *ret_query, struct error *err)
{
    size_t length = strlen(target);
    if (length > HTTP_MAX_TARGET_BYTES)
        return error_set(err, ERROR_KIND_INVALID, "the URL is longer than %d bytes",
                         HTTP_MAX_TARGET_BYTES);
    const char *question = strchr(target, '?');
    size_t path_length = question == NULL ? length : (size_t)(question - target);
    const char *path;
    if (target[0] != '/' || !decode(target, path_length, DECODE_PATH, arena, &path) ||
        has_dots(path))
        return fail("path", err);
    struct http_pairs query = {0};
    if (question != NULL &&
        parse_pairs(question + 1, length - path_length - 1, arena, &query, err) < 0)
        return -1;
    *ret_path = path;
    *ret_query = query;
    return 0;
}

int url_parse_form(const char *body, size_t length, struct arena *arena,
                   struct http_pairs *ret_pairs, struct error *err)
{
    return parse_pairs(body, length, arena, ret_pairs, err);
}

void url_append_encoded(struct text *text, const char *value)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (; *value != '\0'; value++) {
        if (strchr(plain, *value) != NULL)
            text_append_char(text, *value);
        else
            text_append_format(text, "%%%02X", (unsigned)(unsigned char)*value);
    }
}

/* ---- writing ---- */

static void add(struct url *url, const char *mark, const char *name, const char *value)
{
    SCOPED_TEXT struct text text = {0};
    text_append(&text, url->text);
    text_append(&text, mark);
    if (name != NULL) {
        url_append_encoded(&text, name);
        text_append_char(&text, '=');
    }
    url_append_encoded(&text, value);
    url->text = arena_copy(url->arena, text_string(&text), text.length);
}

void url_begin(struct url *url, struct arena *arena, const char *path)
{
    *url = (struct url){.arena = arena, .text = path, .has_query = strchr(path, '?') != NULL};
}

void url_part(struct url *url, const char *part)
{
    add(url, url->text[0] != '\0' && url->text[strlen(url->text) - 1] == '/' ? "" : "/", NULL,
        part);
}

void url_part_int(struct url *url, int64_t part)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRId64, part);
    url_part(url, digits);
}

void url_query(struct url *url, const char *name, const char *value)
{
    add(url, url->has_query ? "&" : "?", name, value);
    url->has_query = true;
}

void url_query_int(struct url *url, const char *name, int64_t value)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRId64, value);
    url_query(url, name, digits);
}

void url_fragment(struct url *url, const char *fragment)
{
    add(url, "#", NULL, fragment);
}

const char *url_string(const struct url *url)
{
    return url->text;
}

#include "scheduler/base/json_out.h"

#include "scheduler/base/utf8.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

void json_out_init(struct json_out *json, struct text *text)
{
    *json = (struct json_out){.text = text};
}

/* What has to stand before the next item: nothing, or a comma. */
static void separate(struct json_out *json)
{
    if (json->is_after_key) {
        json->is_after_key = false;
        return;
    }
    if (json->depth == 0)
        return;
    uint32_t bit = UINT32_C(1) << (json->depth - 1);
    if ((json->has_items & bit) != 0)
        text_append_char(json->text, ',');
    json->has_items |= bit;
}

static void begin(struct json_out *json, char bracket)
{
    assert(json->depth < JSON_OUT_MAX_DEPTH);
    separate(json);
    text_append_char(json->text, bracket);
    json->has_items &= ~(UINT32_C(1) << json->depth);
    json->depth++;
}

static void end(struct json_out *json, char bracket)
{
    assert(json->depth > 0 && !json->is_after_key);
    json->depth--;
    text_append_char(json->text, bracket);
}

void json_out_begin_object(struct json_out *json)
{
    begin(json, '{');
}

void json_out_end_object(struct json_out *json)
{
    end(json, '}');
}

void json_out_begin_array(struct json_out *json)
{
    begin(json, '[');
}

void json_out_end_array(struct json_out *json)
{
    end(json, ']');
}

/* The letter after the backslash, or 0 when the byte has no short form. */
static char short_escape(char byte)
{
    switch (byte) {
    case '"':
    case '\\':
        return byte;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

static void append_escaped(struct text *text, char byte)
{
    char letter = short_escape(byte);
    if (letter != 0) {
        text_append_char(text, '\\');
        text_append_char(text, letter);
    } else {
        text_append_format(text, "\\u%04x", (unsigned)(unsigned char)byte);
    }
}

static bool is_plain(char byte)
{
    unsigned char code = (unsigned char)byte;
    return code >= 0x20 && code < 0x7f && byte != '"' && byte != '\\';
}

static void append_quoted(struct text *text, const char *bytes, size_t length)
{
    text_append_char(text, '"');
    size_t i = 0;
    while (i < length) {
        size_t plain = i;
        while (plain < length && is_plain(bytes[plain]))
            plain++;
        text_append_bytes(text, bytes + i, plain - i);
        i = plain;
        if (i == length)
            break;
        int32_t code;
        size_t step = utf8_decode(bytes + i, length - i, &code);
        if (code < 0)
            text_append(text, "\xEF\xBF\xBD");
        else if (code < 0x80)
            append_escaped(text, bytes[i]);
        else
            text_append_bytes(text, bytes + i, step);
        i += step;
    }
    text_append_char(text, '"');
}

void json_out_key(struct json_out *json, const char *key)
{
    assert(json->depth > 0 && !json->is_after_key);
    separate(json);
    append_quoted(json->text, key, strlen(key));
    text_append_char(json->text, ':');
    json->is_after_key = true;
}

void json_out_bytes(struct json_out *json, const char *bytes, size_t length)
{
    separate(json);
    append_quoted(json->text, bytes, length);
}

void json_out_string(struct json_out *json, const char *value)
{
    if (value == NULL)
        json_out_null(json);
    else
        json_out_bytes(json, value, strlen(value));
}

void json_out_int(struct json_out *json, int64_t value)
{
    separate(json);
    text_append_format(json->text, "%" PRId64, value);
}

void json_out_bool(struct json_out *json, bool value)
{
    json_out_raw(json, value ? "true" : "false");
}

void json_out_null(struct json_out *json)
{
    json_out_raw(json, "null");
}

void json_out_raw(struct json_out *json, const char *json_text)
{
    separate(json);
    text_append(json->text, json_text);
}

void json_out_pair_string(struct json_out *json, const char *key, const char *value)
{
    json_out_key(json, key);
    json_out_string(json, value);
}

void json_out_pair_int(struct json_out *json, const char *key, int64_t value)
{
    json_out_key(json, key);
    json_out_int(json, value);
}

void json_out_pair_bool(struct json_out *json, const char *key, bool value)
{
    json_out_key(json, key);
    json_out_bool(json, value);
}

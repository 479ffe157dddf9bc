#include "nodes/warehouse/json_tape.h"

#include "scheduler/base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ONES UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)
#define REPLACEMENT "\xef\xbf\xbd"

struct reader {
    struct json_tape *tape;
    const char *at;
    const char *end;
    const char *bytes;
    size_t parent;   /* open array or object */
    bool is_open;    /* there is one */
    bool is_last;    /* nothing follows `end` */
    bool is_partial; /* it stopped because the bytes ended */
};

void json_tape_free(struct json_tape *tape)
{
    free(tape->items);
    *tape = (struct json_tape){0};
}

static void skip_blanks(struct reader *reader)
{
    const char *at = reader->at;
    while (at < reader->end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r'))
        at++;
    reader->at = at;
}

/* The first byte that is a quote, a backslash or a control character. */
static const char *find_special(const char *at, const char *end)
{
    while (end - at >= 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        uint64_t quote = word ^ (ONES * '"');
        uint64_t backslash = word ^ (ONES * '\\');
        uint64_t hit = ((quote - ONES) & ~quote) | ((backslash - ONES) & ~backslash) |
                       ((word - ONES * 0x20) & ~word);
        if ((hit & HIGHS) != 0)
            break;
        at += 8;
    }
    while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20)
        at++;
    return at;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Steps over one escape; at is on the backslash. */
static bool skip_escape(struct reader *reader)
{
    if (reader->end - reader->at < 2) {
        reader->is_partial = true;
        return false;
    }
    char letter = reader->at[1];
    if (letter != 'u') {
        if (letter == '\0' || strchr("\"\\/bfnrt", letter) == NULL)
            return false;
        reader->at += 2;
        return true;
    }
    for (int i = 2; i < 6; i++) {
        if (reader->at + i >= reader->end) {
            reader->is_partial = true;
            return false;
        }
        if (!is_hex(reader->at[i]))
            return false;
    }
    reader->at += 6;
    return true;
}

/* Reads a string whose quote is at `at`; the part between the quotes is returned. */
static bool read_string(struct reader *reader, uint32_t *ret_start, uint32_t *ret_end,
                        bool *ret_has_escape)
{
    bool has_escape = false;
    const char *start = ++reader->at;
    for (;;) {
        reader->at = find_special(reader->at, reader->end);
        if (reader->at == reader->end) {
            reader->is_partial = true;
            return false;
        }
        if (*reader->at == '"')
            break;
        has_escape = true;
        if (*reader->at != '\\' || !skip_escape(reader))
            return false;
    }
    *ret_start = (uint32_t)(start - reader->bytes);
    *ret_end = (uint32_t)(reader->at - reader->bytes);
    *ret_has_escape = has_escape;
    reader->at++;
    return true;
}

static size_t skip_digits(struct reader *reader)
{
    const char *start = reader->at;
    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9')
        reader->at++;
    return (size_t)(reader->at - start);
}

static bool has_more(struct reader *reader)
{
    if (reader->at < reader->end)
        return true;
    if (!reader->is_last)
        reader->is_partial = true;
    return false;
}

static bool read_number(struct reader *reader)
{
    if (*reader->at == '-')
        reader->at++;
    bool has_zero = reader->at < reader->end && *reader->at == '0';
    if (has_zero)
        reader->at++;
    else if (skip_digits(reader) == 0)
        return has_more(reader) && false;
    if (has_more(reader) && *reader->at == '.') {
        reader->at++;
        if (skip_digits(reader) == 0)
            return has_more(reader) && false;
    }
    if (has_more(reader) && (*reader->at == 'e' || *reader->at == 'E')) {
        reader->at++;
        if (has_more(reader) && (*reader->at == '+' || *reader->at == '-'))
            reader->at++;
        if (skip_digits(reader) == 0)
            return has_more(reader) && false;
    }
    return has_more(reader) || reader->is_last;
}

static bool read_word(struct reader *reader, const char *word)
{
    for (; *word != '\0'; word++, reader->at++) {
        if (reader->at == reader->end) {
            reader->is_partial = true;
            return false;
        }
        if (*reader->at != *word)
            return false;
    }
    return true;
}

static struct json_tape_item *add_item(struct reader *reader, enum json_tape_kind kind)
{
    struct json_tape *tape = reader->tape;
    if (tape->count == tape->capacity)
        tape->items = memory_grow(tape->items, tape->count, &tape->capacity, sizeof *tape->items);
    struct json_tape_item *item = &tape->items[tape->count];
    *item = (struct json_tape_item){.kind = (uint8_t)kind,
                                    .start = (uint32_t)(reader->at - reader->bytes),
                                    .parent = (uint32_t)reader->parent};
    tape->count++;
    item->next = (uint32_t)tape->count;
    return item;
}

/* Reads a value that is no array or object, into the item that was added for it. */
static bool read_scalar(struct reader *reader, struct json_tape_item *item)
{
    switch (*reader->at) {
    case '"':
        item->kind = JSON_TAPE_STRING;
        return read_string(reader, &item->start, &item->end, &item->has_escape);
    case 't':
    case 'f':
        item->kind = JSON_TAPE_BOOL;
        if (!read_word(reader, *reader->at == 't' ? "true" : "false"))
            return false;
        break;
    case 'n':
        if (!read_word(reader, "null"))
            return false;
        break;
    default:
        if (*reader->at != '-' && (*reader->at < '0' || *reader->at > '9'))
            return false;
        item->kind = JSON_TAPE_NUMBER;
        if (!read_number(reader))
            return false;
    }
    item->end = (uint32_t)(reader->at - reader->bytes);
    return true;
}

/* Reads `"name":` and leaves the reader on the value. */
static bool read_key(struct reader *reader, struct json_tape_item *key)
{
    if (*reader->at != '"' ||
        !read_string(reader, &key->key_start, &key->key_end, &key->has_key_escape))
        return false;
    skip_blanks(reader);
    if (reader->at == reader->end) {
        reader->is_partial = true;
        return false;
    }
    if (*reader->at != ':')
        return false;
    reader->at++;
    skip_blanks(reader);
    reader->is_partial = reader->at == reader->end;
    return !reader->is_partial;
}

static void close_container(struct reader *reader)
{
    struct json_tape *tape = reader->tape;
    struct json_tape_item *item = &tape->items[reader->parent];
    reader->at++;
    item->end = (uint32_t)(reader->at - reader->bytes);
    item->next = (uint32_t)tape->count;
    reader->is_open = reader->parent != item->parent;
    reader->parent = item->parent;
}

/* Reads one value or opens one array or object, with its key inside an object. */
static bool read_item(struct reader *reader, bool is_member)
{
    struct json_tape_item key = {0};
    if (is_member && !read_key(reader, &key))
        return false;
    char first = *reader->at;
    enum json_tape_kind kind = JSON_TAPE_NULL;
    if (first == '{' || first == '[')
        kind = first == '{' ? JSON_TAPE_OBJECT : JSON_TAPE_ARRAY;
    size_t index = reader->tape->count;
    if (!reader->is_open)
        reader->parent = index;
    struct json_tape_item *item = add_item(reader, kind);
    item->key_start = key.key_start;
    item->key_end = key.key_end;
    item->has_key_escape = key.has_key_escape;
    if (kind == JSON_TAPE_NULL)
        return read_scalar(reader, item);
    reader->parent = index;
    reader->is_open = true;
    reader->at++;
    return true;
}

/* After a value, inside an open container: steps over the comma, or closes containers. Leaves the
 * reader on the next value, or with nothing open. */
static bool read_separators(struct reader *reader)
{
    while (reader->is_open) {
        skip_blanks(reader);
        if (reader->at == reader->end) {
            reader->is_partial = true;
            return false;
        }
        bool is_object = reader->tape->items[reader->parent].kind == JSON_TAPE_OBJECT;
        bool is_empty = reader->tape->count == reader->parent + 1;
        if (*reader->at == (is_object ? '}' : ']')) {
            close_container(reader);
            continue;
        }
        if (!is_empty) {
            if (*reader->at != ',')
                return false;
            reader->at++;
            skip_blanks(reader);
        }
        reader->is_partial = reader->at == reader->end;
        return !reader->is_partial;
    }
    return true;
}

enum json_tape_result json_tape_read(struct json_tape *tape, const char *bytes, size_t length,
                                     bool is_last, size_t *ret_end)
{
    assert(length <= JSON_TAPE_MAX_BYTES);
    tape->bytes = bytes;
    tape->count = 0;
    struct reader reader = {
        .tape = tape, .at = bytes, .end = bytes + length, .bytes = bytes, .is_last = is_last};
    skip_blanks(&reader);
    bool is_good = reader.at < reader.end;
    reader.is_partial = !is_good;
    bool is_member = false;
    while (is_good) {
        is_good = read_item(&reader, is_member) && read_separators(&reader);
        if (!reader.is_open)
            break;
        is_member = tape->items[reader.parent].kind == JSON_TAPE_OBJECT;
    }
    *ret_end = (size_t)(reader.at - bytes);
    if (is_good)
        return JSON_TAPE_WHOLE;
    return reader.is_partial ? JSON_TAPE_PARTIAL : JSON_TAPE_WRONG;
}

bool json_tape_read_document(struct json_tape *tape, const char *bytes, size_t length)
{
    size_t end;
    if (json_tape_read(tape, bytes, length, true, &end) != JSON_TAPE_WHOLE)
        return false;
    while (end < length && strchr(" \t\r\n", bytes[end]) != NULL && bytes[end] != '\0')
        end++;
    return end == length;
}

size_t json_tape_first(const struct json_tape *tape, size_t index)
{
    return tape->items[index].next == index + 1 ? 0 : index + 1;
}

size_t json_tape_next(const struct json_tape *tape, size_t index)
{
    const struct json_tape_item *item = &tape->items[index];
    return item->next == tape->items[item->parent].next ? 0 : item->next;
}

static bool key_is(const struct json_tape *tape, const struct json_tape_item *item, const char *key,
                   size_t key_length)
{
    const char *text = tape->bytes + item->key_start;
    size_t length = item->key_end - item->key_start;
    if (!item->has_key_escape)
        return length == key_length && memcmp(text, key, length) == 0;
    struct text decoded = {0};
    json_tape_unescape(text, length, &decoded);
    bool is_same =
        decoded.length == key_length && memcmp(text_string(&decoded), key, key_length) == 0;
    text_free(&decoded);
    return is_same;
}

size_t json_tape_member(const struct json_tape *tape, size_t object, const char *key,
                        size_t key_length)
{
    if (tape->items[object].kind != JSON_TAPE_OBJECT)
        return 0;
    for (size_t i = json_tape_first(tape, object); i != 0; i = json_tape_next(tape, i)) {
        if (key_is(tape, &tape->items[i], key, key_length))
            return i;
    }
    return 0;
}

const char *json_tape_text(const struct json_tape *tape, size_t index, size_t *ret_length)
{
    const struct json_tape_item *item = &tape->items[index];
    uint32_t quote = item->kind == JSON_TAPE_STRING ? 1 : 0;
    *ret_length = item->end - item->start + 2 * quote;
    return tape->bytes + item->start - quote;
}

static uint32_t read_hex(const char *at)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        uint32_t digit = (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
        value = value << 4 | digit;
    }
    return value;
}

static void append_code(struct text *out, uint32_t code)
{
    char bytes[4];
    size_t length = 0;
    if (code < 0x80) {
        bytes[length++] = (char)code;
    } else if (code < 0x800) {
        bytes[length++] = (char)(0xc0 | code >> 6);
        bytes[length++] = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        bytes[length++] = (char)(0xe0 | code >> 12);
        bytes[length++] = (char)(0x80 | (code >> 6 & 0x3f));
        bytes[length++] = (char)(0x80 | (code & 0x3f));
    } else {
        bytes[length++] = (char)(0xf0 | code >> 18);
        bytes[length++] = (char)(0x80 | (code >> 12 & 0x3f));
        bytes[length++] = (char)(0x80 | (code >> 6 & 0x3f));
        bytes[length++] = (char)(0x80 | (code & 0x3f));
    }
    text_append_bytes(out, bytes, length);
}

/* Decodes \uXXXX at `at`, with the second half of a pair; returns the bytes used. */
static size_t append_unicode(struct text *out, const char *at, const char *end)
{
    uint32_t code = read_hex(at + 2);
    size_t used = 6;
    if (code >= 0xd800 && code < 0xdc00 && end - at >= 12 && at[6] == '\\' && at[7] == 'u') {
        uint32_t low = read_hex(at + 8);
        if (low >= 0xdc00 && low < 0xe000) {
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            used = 12;
        }
    }
    if (code == 0 || (code >= 0xd800 && code < 0xe000))
        text_append(out, REPLACEMENT);
    else
        append_code(out, code);
    return used;
}

void json_tape_unescape(const char *bytes, size_t length, struct text *out)
{
    const char *at = bytes;
    const char *end = bytes + length;
    while (at < end) {
        const char *plain = memchr(at, '\\', (size_t)(end - at));
        if (plain == NULL)
            plain = end;
        text_append_bytes(out, at, (size_t)(plain - at));
        at = plain;
        if (at == end)
            break;
        if (at[1] == 'u') {
            at += append_unicode(out, at, end);
            continue;
        }
        static const char letters[] = "\"\\/bfnrt";
        static const char meanings[] = "\"\\/\b\f\n\r\t";
        const char *found = strchr(letters, at[1]);
        text_append_char(out, meanings[found - letters]);
        at += 2;
    }
}

void json_tape_compact(const char *bytes, size_t length, struct text *out)
{
    size_t start = 0;
    bool is_string = false;
    for (size_t i = 0; i < length; i++) {
        char c = bytes[i];
        if (c == '"') {
            is_string = !is_string;
        } else if (is_string && c == '\\') {
            i++;
        } else if (!is_string && (c == ' ' || c == '\n' || c == '\t' || c == '\r')) {
            text_append_bytes(out, bytes + start, i - start);
            start = i + 1;
        }
    }
    text_append_bytes(out, bytes + start, length - start);
}

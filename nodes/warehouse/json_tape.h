/* One JSON document, checked to the letter and laid out as a tape of values that can be walked.
 *
 * The bytes are borrowed: they must outlive the tape's use. The tape keeps its memory from one
 * document to the next, so that reading a million rows allocates a few times. Nesting is limited
 * by the size of a record only; nothing recurses. Strings are not decoded until asked for; UTF-8 is
 * whoever read the bytes' business. */
#ifndef DATEMILL_NODES_WAREHOUSE_JSON_TAPE_H
#define DATEMILL_NODES_WAREHOUSE_JSON_TAPE_H

#include "scheduler/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_tape_kind {
    JSON_TAPE_NULL,
    JSON_TAPE_BOOL,
    JSON_TAPE_NUMBER,
    JSON_TAPE_STRING,
    JSON_TAPE_ARRAY,
    JSON_TAPE_OBJECT
};

struct json_tape_item {
    uint32_t start;     /* of the value's text; a string's is behind its quote */
    uint32_t end;       /* one behind it; a string's is before its quote */
    uint32_t next;      /* index of the item behind this value and all in it */
    uint32_t key_start; /* of the name of a member of an object */
    uint32_t key_end;
    uint32_t parent; /* index of the array or object it stands in; its own at the top */
    uint8_t kind;    /* enum json_tape_kind */
    bool has_escape; /* a string with a backslash */
    bool has_key_escape;
};

struct json_tape {
    const char *bytes; /* borrowed */
    struct json_tape_item *items;
    size_t count;
    size_t capacity;
};

enum json_tape_result {
    JSON_TAPE_WHOLE,   /* one value was read; *ret_end is one behind it */
    JSON_TAPE_PARTIAL, /* the bytes end inside it (or a number touches their end) */
    JSON_TAPE_WRONG    /* *ret_end is where it stops being JSON */
};

#define JSON_TAPE_MAX_BYTES ((size_t)UINT32_MAX - 1)

void json_tape_free(struct json_tape *tape);

/* Reads the value at the beginning of the bytes (blanks before it are skipped). `length` is at most
 * JSON_TAPE_MAX_BYTES. With `is_last` nothing follows the bytes, so that a number may end with
 * them. */
enum json_tape_result json_tape_read(struct json_tape *tape, const char *bytes, size_t length,
                                     bool is_last, size_t *ret_end);

/* True if the bytes are exactly one value with nothing but blanks around it. */
bool json_tape_read_document(struct json_tape *tape, const char *bytes, size_t length);

/* The first item in an array or object, 0 if it is empty; and the one after `index` beside it, 0 at
 * the end. */
size_t json_tape_first(const struct json_tape *tape, size_t index);
size_t json_tape_next(const struct json_tape *tape, size_t index);

/* The index of the member called `key`, the first if there are several; 0 if there is none. */
size_t json_tape_member(const struct json_tape *tape, size_t object, const char *key,
                        size_t key_length);

/* A value's text as it is written, a string with its quotes. Borrowed from the document. */
const char *json_tape_text(const struct json_tape *tape, size_t index, size_t *ret_length);

/* Appends a string without its escapes; U+0000 and lone surrogates become U+FFFD. */
void json_tape_unescape(const char *bytes, size_t length, struct text *out);

/* Appends a value without the blanks between its parts. */
void json_tape_compact(const char *bytes, size_t length, struct text *out);

#endif

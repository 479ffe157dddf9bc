/* Writing JSON into a text: commas, quoting and nesting are taken care of.
 *
 *     struct json_out json;
 *     json_out_init(&json, &text);
 *     json_out_begin_object(&json);
 *     json_out_key(&json, "id");
 *     json_out_int(&json, 12);
 *     json_out_end_object(&json);
 *
 * Strings must be UTF-8; invalid bytes are written as U+FFFD. Output is on one line. */
#ifndef DATEMILL_BASE_JSON_OUT_H
#define DATEMILL_BASE_JSON_OUT_H

#include "scheduler/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_OUT_MAX_DEPTH 32

struct json_out {
    struct text *text;
    uint32_t has_items; /* bit d: the open level d has an item already */
    int depth;          /* open objects and arrays */
    bool is_after_key;
};

void json_out_init(struct json_out *json, struct text *text);
void json_out_begin_object(struct json_out *json);
void json_out_end_object(struct json_out *json);
void json_out_begin_array(struct json_out *json);
void json_out_end_array(struct json_out *json);
void json_out_key(struct json_out *json, const char *key);
void json_out_string(struct json_out *json, const char *value); /* NULL writes null */
void json_out_bytes(struct json_out *json, const char *bytes, size_t length);
void json_out_int(struct json_out *json, int64_t value);
void json_out_bool(struct json_out *json, bool value);
void json_out_null(struct json_out *json);
void json_out_raw(struct json_out *json, const char *json_text); /* written as it stands */

/* key and value in one call */
void json_out_pair_string(struct json_out *json, const char *key, const char *value);
void json_out_pair_int(struct json_out *json, const char *key, int64_t value);
void json_out_pair_bool(struct json_out *json, const char *key, bool value);

#endif

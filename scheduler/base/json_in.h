/* Reading JSON of the size of a configuration or a message (cJSON underneath, seen only here).
 *
 * Depth, size and number of values are limited; duplicate keys are an error. Lookups take NULL and
 * wrong types calmly: they return the fallback, so that a reader checks once, at the end. */
#ifndef DATEMILL_BASE_JSON_IN_H
#define DATEMILL_BASE_JSON_IN_H

#include "scheduler/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json;

#define JSON_IN_MAX_BYTES ((size_t)16 << 20)
#define JSON_IN_MAX_DEPTH 64
#define JSON_IN_MAX_VALUES ((size_t)1 << 20) /* of all levels together */

enum json_kind {
    JSON_KIND_NULL,
    JSON_KIND_BOOL,
    JSON_KIND_NUMBER,
    JSON_KIND_STRING,
    JSON_KIND_ARRAY,
    JSON_KIND_OBJECT
};

/* Reads exactly one value from bytes that need no NUL at the end; trailing text is an error. The
 * caller frees with json_free(). */
int json_parse(const char *bytes, size_t length, struct json **ret_json, struct error *err);
void json_free(struct json *json);

enum json_kind json_kind_of(const struct json *json); /* NULL is JSON_KIND_NULL */

/* Borrowed from `json`; NULL when there is no such key, or `json` is no object. */
const struct json *json_get(const struct json *json, const char *key);
const char *json_get_string(const struct json *json, const char *key, const char *fallback);
int64_t json_get_int(const struct json *json, const char *key,
                     int64_t fallback); /* exact to 2^53 */
bool json_get_bool(const struct json *json, const char *key, bool fallback);

const char *json_as_string(const struct json *json, const char *fallback);
int64_t json_as_int(const struct json *json, int64_t fallback);

/* Items of an array or members of an object, in order; NULL at the end. */
const struct json *json_first(const struct json *json);
const struct json *json_next(const struct json *item);
const char *json_key(const struct json *item); /* the member's name, NULL in an array */
size_t json_count(const struct json *json);

#endif

/* Whether bytes are one JSON value, by RFC 8259 to the letter, before anything is built from them.
 *
 * Stricter than the library that builds the values (json_in.c): it lets only UTF-8 pass, no control
 * characters and no U+0000 in strings, no numbers such as `01` or `1.`, no lone surrogates. It
 * does not recurse and allocates nothing. */
#ifndef DATEMILL_BASE_JSON_CHECK_H
#define DATEMILL_BASE_JSON_CHECK_H

#include "scheduler/base/error.h"

#include <stddef.h>

#define JSON_CHECK_MAX_DEPTH 64

struct json_limits {
    size_t bytes;
    size_t depth;  /* objects and arrays open at once, at most JSON_CHECK_MAX_DEPTH */
    size_t values; /* of all levels together */
};

/* Fails with line and column of the first byte that is wrong, or when there is more than the limits
 * allow. `*ret_values` counts the values of all levels. Duplicate keys are not its business. */
int json_check(const char *bytes, size_t length, struct json_limits limits, size_t *ret_values,
               struct error *err);

#endif

/* JSON with names to fill in: `{"text": "${flow} of ${bizdate} failed"}`.
 *
 * `${name}` stands for a value within strings only, and a value is written as JSON writes strings:
 * whatever it holds, the result is JSON of the same shape. `$${` is `${` itself. Names are letters,
 * digits and `_`. */
#ifndef DATEMILL_BASE_JSON_TEMPLATE_H
#define DATEMILL_BASE_JSON_TEMPLATE_H

#include "scheduler/base/error.h"
#include "scheduler/base/text.h"

#include <stddef.h>

#define JSON_TEMPLATE_MAX_BYTES ((size_t)256 << 10)

struct json_template {
    const char *bytes; /* need no NUL at the end */
    size_t length;
};

/* The value of a name, NULL = there is none. Borrowed until the next call. */
struct json_template_values {
    const char *(*find)(const void *data, const char *name, size_t length);
    const void *data;
};

/* Fails (INVALID, with line and column) unless the bytes are JSON in which each name has a value.
 * `ret_text` gets the filled text, appended; NULL: it is only checked. */
int json_template_fill(struct json_template template, struct json_template_values values,
                       struct text *ret_text, struct error *err);

#endif

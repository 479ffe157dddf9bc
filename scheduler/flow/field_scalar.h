/* One scalar by its kind: from text to a number, or words that say what was expected. */
#ifndef DATEMILL_FLOW_FIELD_SCALAR_H
#define DATEMILL_FLOW_FIELD_SCALAR_H

#include "nodes/field.h"
#include "scheduler/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FIELD_NAME_MAX 63

/* [A-Za-z_][A-Za-z0-9_]{0,62} */
bool field_is_name(const char *text, size_t length);

/* Checks `text` by the field's kind (a scalar kind), choices and bounds; *ret_number is the value
 * of INTEGER, DURATION, SIZE and BOOL, else 0. The error's text is a sentence about the text alone,
 * as "expected a whole number, not `two`". */
int field_scalar_parse(const struct field *field, const char *text, int64_t *ret_number,
                       struct error *err);

/* How a kind is called: "text", "a whole number", "a duration such as 30s, 5m, 1h30m" */
const char *field_kind_words(enum field_kind kind);

bool field_kind_is_scalar(enum field_kind kind);

#endif

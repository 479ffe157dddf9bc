/* One value as it travels through SQLite, and how it becomes another type: the same rules for CAST,
 * for INSERT and for the fields of a CSV file. */
#ifndef DATEMILL_NODES_WAREHOUSE_VALUE_H
#define DATEMILL_NODES_WAREHOUSE_VALUE_H

#include "nodes/warehouse/column_type.h"
#include "nodes/warehouse/decimal.h"
#include "scheduler/base/civil.h"
#include "scheduler/base/error.h"
#include "scheduler/base/text.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_kind {
    VALUE_NULL,
    VALUE_INT,
    VALUE_REAL,
    VALUE_TEXT,
    VALUE_DECIMAL,
    VALUE_BINARY
};

#define VALUE_SCRATCH_BYTES 128

struct value {
    enum value_kind kind;
    int64_t integer;
    double real;
    const char *bytes; /* TEXT, BINARY (without its tag): borrowed, or in scratch or in `owned` */
    size_t length;
    struct decimal decimal;
    char scratch[VALUE_SCRATCH_BYTES];
    struct text owned; /* freed by value_free() */
};

/* Point in time of a DATE, DATETIME or TIMESTAMP. */
struct value_moment {
    struct civil_time time;
    int32_t nanosecond;
    bool has_time; /* false: a date alone */
};

enum value_strictness {
    VALUE_CAST,    /* CAST: fractions are cut, long VARCHARs too */
    VALUE_IMPLICIT /* INSERT, CSV: what would lose something is an error; DECIMAL's scale is cut */
};

/* Borrows from `source`, as long as SQLite keeps it. */
void value_read(sqlite3_value *source, struct value *ret_value);
void value_set_text(struct value *value, const char *bytes, size_t length); /* borrowed */
void value_free(struct value *value);

/* Gives it to SQLite as a function's result. */
void value_result(sqlite3_context *context, const struct value *value);

/* NULL stays NULL. Fails naming the value and the type: "'abc' is no BIGINT". `to` may be `from`'s
 * successor, never `from` itself. */
int value_convert(const struct value *from, struct column_type type, enum value_strictness strict,
                  struct value *to, struct error *err);

/* As text, as CONCAT shows it; a DECIMAL without trailing zeros. Borrowed from the value, whose
 * scratch it may use. */
const char *value_text(struct value *value, size_t *ret_length);

/* Less, equal, greater as -1, 0, 1: text with text by its bytes, a number with anything as numbers.
 * Fails when a text is no number. Neither is NULL. */
int value_compare(const struct value *a, const struct value *b, int *ret_order, struct error *err);

/* A number's value; text is read as one. False if it is none. */
bool value_to_double(const struct value *value, double *ret_number);
bool value_to_decimal(const struct value *value, struct decimal *ret_decimal); /* exactly */

/* Reads `2021-11-11`, `2021-11-11 02:30:45`, `2021-11-11 02:30:45.123` (also with a T). */
bool value_parse_moment(const char *text, size_t length, struct value_moment *ret_moment);

/* `kind` is DATE, DATETIME (milliseconds if there are any) or TIMESTAMP. Returns the length. */
size_t value_format_moment(const struct value_moment *moment, enum type_kind kind,
                           char buffer[VALUE_SCRATCH_BYTES]);

/* Appends for a message: 'abc', at most 60 bytes of it. */
void value_show(const struct value *value, struct text *out);

#endif

/* Decimal numbers, exactly: 54 digits before the point and 36 behind it.
 *
 * A DECIMAL(38,18) fits with room for sums and for one product. Every value has one form, so two
 * equal values have equal blobs, and blobs sort (memcmp, then length) as the values do: SQLite
 * groups, joins and orders them without knowing what they are. */
#ifndef DATEMILL_NODES_WAREHOUSE_DECIMAL_H
#define DATEMILL_NODES_WAREHOUSE_DECIMAL_H

#include "scheduler/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DECIMAL_LIMB 1000000000 /* a limb counts from 0 to one less */
#define DECIMAL_LIMB_DIGITS 9
#define DECIMAL_FRACTION_LIMBS 4
#define DECIMAL_INTEGER_LIMBS 6
#define DECIMAL_LIMBS (DECIMAL_FRACTION_LIMBS + DECIMAL_INTEGER_LIMBS)
#define DECIMAL_DIGITS (DECIMAL_LIMBS * DECIMAL_LIMB_DIGITS)
#define DECIMAL_TEXT_BYTES (DECIMAL_DIGITS + 4) /* sign, "0.", NUL */
#define DECIMAL_BLOB_BYTES 48                   /* at most */

struct decimal {
    bool is_negative;             /* never for zero */
    uint32_t limb[DECIMAL_LIMBS]; /* limb[0] counts 10^-36 */
};

enum decimal_reading {
    DECIMAL_READING_EXACT,
    DECIMAL_READING_CUT,       /* digits behind the 36th were dropped */
    DECIMAL_READING_TOO_LARGE, /* more than 54 digits before the point */
    DECIMAL_READING_NO_NUMBER
};

/* Reads `-12.50`, `.5`, `3.`, `1.5e3`; blanks around it are allowed, anything else is no number.
 * `ret_decimal` is set for EXACT and CUT only. */
enum decimal_reading decimal_parse(const char *text, size_t length, struct decimal *ret_decimal);

struct decimal decimal_from_int(int64_t value);

/* The whole part, cut; false when it does not fit. */
bool decimal_to_int(const struct decimal *decimal, int64_t *ret_value);
double decimal_to_double(const struct decimal *decimal);

/* Shortest form without an exponent: `36527.16`, `-0.5`, `0`. Returns the length. */
size_t decimal_format(const struct decimal *decimal, char buffer[DECIMAL_TEXT_BYTES]);

bool decimal_is_zero(const struct decimal *decimal);
int decimal_compare(const struct decimal *a, const struct decimal *b);

/* False when the result does not fit; digits behind the 36th are dropped. */
bool decimal_add(const struct decimal *a, const struct decimal *b, struct decimal *ret_sum);
bool decimal_subtract(const struct decimal *a, const struct decimal *b, struct decimal *ret_rest);
bool decimal_multiply(const struct decimal *a, const struct decimal *b,
                      struct decimal *ret_product);

/* `b` is not zero; 18 digits behind the point, the rest dropped. */
bool decimal_divide(const struct decimal *a, const struct decimal *b, struct decimal *ret_quotient);
struct decimal decimal_negate(const struct decimal *decimal);

/* Keeps `scale` (0 to 36) digits behind the point: the rest is dropped, or rounded half away from
 * zero. */
void decimal_cut(struct decimal *decimal, int scale);
bool decimal_round(struct decimal *decimal, int scale);

/* Digits before the point, 0 for values below one. */
int decimal_integer_digits(const struct decimal *decimal);

/* The tagged blob; decimal_decode() returns false for bytes that are none. */
size_t decimal_encode(const struct decimal *decimal, unsigned char buffer[DECIMAL_BLOB_BYTES]);
bool decimal_decode(const void *bytes, size_t length, struct decimal *ret_decimal);

/* Adding many: exact, in any order; takes 2^33 values. */
struct decimal_sum {
    int64_t limb[DECIMAL_LIMBS]; /* each limb on its own; carries wait for the end */
};

void decimal_sum_add(struct decimal_sum *sum, const struct decimal *decimal);
void decimal_sum_remove(struct decimal_sum *sum, const struct decimal *decimal);
bool decimal_sum_result(const struct decimal_sum *sum, struct decimal *ret_decimal);

#endif
